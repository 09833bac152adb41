"""Test inputs that tell a function from its near-misses.

Inputs are chosen to kill the mutants (`mutate`) set aside for choosing; the kill rate is measured on the others. One
input that tells a mutant is enough, so mutants are run input by input, and no further than needed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from moiety.atoms.definition import Atom
from moiety.rng import stream
from moiety.synthesis.bank import Evaluator, Values
from moiety.synthesis.fresh import differs
from moiety.synthesis.graph import Graph
from moiety.synthesis.mutate import mutants, without_a_step
from moiety.synthesis.pools import Pool, pool_of
from moiety.synthesis.store import TOO_LARGE, Program, Row, Store, run_row, shared_store

NUM_CANDIDATES = 40  # of a function, besides as many as it has tests
NUM_SHARED = 120  # of a signature, from which those of a function are drawn
NUM_MEASURED = 8  # mutants that tests are not chosen against, on which the kill rate is measured
MIN_DISTINCT = 3


@dataclass(frozen=True, slots=True)
class TestInputs:
    """Inputs and expected outputs of reward and held-out tests, and the kill rate of each on unseen mutants.

    A rate is None when no mutant was left to measure it on; mutants that agree on all fresh inputs are `equivalents`.
    """

    __test__ = False

    reward: tuple[tuple[Values, Any], ...]
    held_out: tuple[tuple[Values, Any], ...]
    reward_kill_rate: float | None
    held_out_kill_rate: float | None
    equivalents: int = 0


def choose_inputs(
    graph: Graph,
    atoms: Sequence[Atom],
    *,
    num_reward: int,
    num_held_out: int,
    seed: int,
    identity: str,
    min_kill_rate: float = 0.0,
    widen: int = 1,
) -> TestInputs | None:
    """Return reward and held-out tests with no input in common, chosen from `widen` times the usual candidates.

    None when there are not enough, when a constant, an input itself or a function with a step missing passes them, or
    when one of their kill rates is below `min_kill_rate`. Every stream is named by `identity` (a key of the graph), so
    that a task's tests never depend on its neighbours.
    """
    store = shared_store()
    store.trim()
    rng = stream(seed, "inputs", identity)
    needed = num_reward + num_held_out
    duel = Duel(graph, pool_of(graph.inputs, widen * max(NUM_SHARED, 2 * needed), seed), store)
    everything = range(len(duel.pool.rows))
    order = rng.sample(everything, min(len(everything), widen * (NUM_CANDIDATES + needed)))
    half = len(order) * num_reward // needed
    found = mutants(graph, atoms, rng=stream(seed, "mutants", identity))
    shortened = [store.program(shorter) for shorter in without_a_step(graph)]
    choosing = [*shortened, *map(store.program, found[NUM_MEASURED:])]
    picked = [
        duel.pick(places, choosing, count)
        for places, count in ((order[:half], num_reward), (order[half:], num_held_out))
    ]
    if len(picked[0]) < num_reward or len(picked[1]) < num_held_out:
        return None
    if any(duel.passes_on_little(chosen, shortened) for chosen in picked):
        return None
    return duel.measured(found[:NUM_MEASURED], picked, min_kill_rate)


Sides = tuple[bool, bool]


def _rates(kills: Sequence[Sides]) -> tuple[float, float] | None:
    """Return the shares of mutants that reward and held-out tests tell, None where there is no mutant."""
    reward, held_out = ([sides[i] for sides in kills] for i in (0, 1))
    return (sum(reward) / len(kills), sum(held_out) / len(kills)) if kills else None


def _is_low(kills: Sequence[Sides], least: float) -> bool:
    return min(_rates(kills) or (1.0,)) < least


class _Outputs(dict[int, int]):
    """The number of the function's output on each input asked for."""

    def __init__(self, program: Program, rows: Sequence[Row]) -> None:
        super().__init__()
        self._program, self._rows = program, rows

    def __missing__(self, place: int) -> int:
        output = self[place] = run_row(self._program, self._rows[place])
        return output


class Duel:
    """A function against its near-misses on the inputs of a pool."""

    def __init__(self, graph: Graph, pool: Pool, store: Store) -> None:
        self.graph, self.pool, self._store = graph, pool, store
        if pool not in store.pools:
            store.pools[pool] = [store.row(arguments) for arguments in pool.rows]
        self._rows = store.pools[pool]
        self.expected = _Outputs(store.program(graph), self._rows)

    def told(self, mutant: Program, places: Iterable[int]) -> bool:
        """Tell whether one of some inputs tells a mutant from the function."""
        rows, expected = self._rows, self.expected
        return any(run_row(mutant, rows[place]) != expected[place] for place in places)

    def pick(self, pool: Sequence[int], mutants: Sequence[Program], count: int) -> list[int]:
        """Choose up to `count` inputs: half with new outputs, then one for each mutant not told yet, then new outputs.

        Ties go to the order of the pool. Inputs on which a value grows over the limits are passed over.
        """
        chosen = self._varied(pool, [], count // 2)
        for mutant in mutants:
            if len(chosen) < count and not self.told(mutant, chosen):
                telling = (place for place in self._usable(pool) if self.told(mutant, (place,)))
                chosen += itertools.islice(telling, 1)
        return self._varied(pool, chosen, count)

    def _varied(self, pool: Sequence[int], chosen: Sequence[int], count: int) -> list[int]:
        """Fill up to `count` with inputs that give new outputs, then with any."""
        found = list(chosen)
        seen = {self.expected[place] for place in found}
        for place in self._usable(pool):
            if len(found) >= count:
                return found
            if self.expected[place] not in seen:
                seen.add(self.expected[place])
                found.append(place)
        left = (place for place in self._usable(pool) if place not in found)
        return [*found, *itertools.islice(left, count - len(found))]

    def _usable(self, places: Iterable[int]) -> Iterator[int]:
        return (place for place in places if self.expected[place] != TOO_LARGE)

    def passes_on_little(self, chosen: Sequence[int], shortened: Sequence[Program]) -> bool:
        """Tell whether a constant, or hardly more, an input itself or the function without a step passes some tests."""
        least = 2 if self.graph.output.annotation == "bool" else MIN_DISTINCT
        if len({self.expected[place] for place in chosen}) < least:
            return True
        for position in range(len(self.graph.inputs)):
            if all(self.expected[place] == self._rows[place][position] for place in chosen):
                return True
        return any(not self.told(program, chosen) for program in shortened)

    def measured(
        self, mutants: Sequence[Graph], picked: Sequence[Sequence[int]], min_kill_rate: float
    ) -> TestInputs | None:
        """Return the tests with their kill rates on mutants that they were not chosen against; None if one is low.

        Whether a mutant that no test tells is real takes longest to see, so that is asked last.
        """
        told = [(mutant, self._told_by(mutant, picked)) for mutant in mutants]
        kills = [sides for _, sides in told if any(sides)]
        unknown = [mutant for mutant, sides in told if not any(sides)]
        equivalents = 0
        while not _is_low(kills, min_kill_rate):
            if not unknown:
                reward, held_out = [tuple([self._test(place) for place in chosen]) for chosen in picked]
                rates = _rates(kills) or (None, None)
                return TestInputs(reward, held_out, rates[0], rates[1], equivalents)
            if self._differs(unknown.pop()):
                kills.append((False, False))
            else:
                equivalents += 1
        return None

    def _told_by(self, mutant: Graph, picked: Sequence[Sequence[int]]) -> Sides:
        program = self._store.program(mutant)
        return self.told(program, picked[0]), self.told(program, picked[1])

    def _test(self, place: int) -> tuple[Values, Any]:
        return self.pool.rows[place], self._store.values[self.expected[place]]

    def _differs(self, mutant: Graph) -> bool:
        """Tell whether a mutant that no test tells is another function: on the bank, or on a fresh input."""
        probes = Evaluator(self._store).probes(self.graph.inputs)
        if self._store.run(mutant, probes)[-1] != self._store.run(self.graph, probes)[-1]:
            return True
        return differs(self.graph, mutant, self.pool)
