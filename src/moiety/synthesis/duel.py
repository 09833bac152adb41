"""A function against its near-misses, input by input.

One input that tells a near-miss is enough, so they are run no further than needed: from the call in which they differ
on, and only up to the end of a step that gives what the function gives.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from moiety.synthesis.bank import Values
from moiety.synthesis.graph import Call, Graph
from moiety.synthesis.pools import Pool
from moiety.synthesis.store import TOO_LARGE, Applied, Numbers, Row, Store
from moiety.types import edge_values

MIN_DISTINCT = 3
Made = tuple[Applied, int | Numbers, bool]  # a call of one argument has its place alone; whether it ends a step


@dataclass(frozen=True, slots=True)
class NearMiss:
    """What is computed otherwise: `kept` values of the function stay, that of place `by` may follow, then `calls`."""

    kept: int
    by: int | None
    calls: list[Made]


class _Traces(dict[int, Numbers]):
    """The numbers of the function's values on each input asked for."""

    def __init__(self, calls: Sequence[Made], rows: Sequence[Row]) -> None:
        super().__init__()
        self._calls, self._rows = calls, rows

    def __missing__(self, place: int) -> Numbers:
        values = list(self._rows[place])
        for applied, taken, _ in self._calls:
            values.append(_result(applied, taken, values))
        trace = self[place] = tuple(values)
        return trace


def _result(applied: Applied, taken: int | Numbers, values: Sequence[int]) -> int:
    if isinstance(taken, int):
        return applied[values[taken]]
    return applied.of(tuple([values[i] for i in taken]))


class Duel:
    """A function against its near-misses on the inputs of a pool."""

    def __init__(self, graph: Graph, pool: Pool, store: Store) -> None:
        self.graph, self.pool, self.store = graph, pool, store
        if pool not in store.pools:
            store.pools[pool] = [store.row(arguments) for arguments in pool.rows]
        self._rows = store.pools[pool]
        ends = {step.stop - 1 for step in graph.segments}
        self._calls = [self._made(call, position in ends) for position, call in enumerate(graph.calls)]
        self._traces = _Traces(self._calls, self._rows)
        taken = dict.fromkeys([i for call in graph.calls for i in call.arguments if i >= len(graph.inputs)])
        self._plainest = [(i, store.number(edge_values(graph.types[i])[0][0])) for i in taken]

    def _made(self, call: Call, ends_step: bool) -> Made:
        taken = call.arguments
        return self.store.applied(call.atom), taken[0] if len(taken) == 1 else taken, ends_step

    def near_miss(self, mutant: Graph) -> NearMiss:
        """Return a mutant (the function with some calls changed, or one added) ready to be run."""
        calls = self.graph.calls
        changed = [k for k, (mine, its) in enumerate(zip(calls, mutant.calls, strict=False)) if mine is not its]
        if not changed:
            return NearMiss(len(self.graph.types), None, [self._made(mutant.calls[-1], False)])
        made = [
            self._made(mutant.calls[k], k >= changed[-1] and self._calls[k][2]) if k <= changed[-1] else self._calls[k]
            for k in range(changed[0], len(calls))
        ]
        return NearMiss(len(self.graph.inputs) + changed[0], None, made)

    def without(self, value: int, by: int) -> NearMiss:
        """Return the function in which an earlier value stands for another."""
        return NearMiss(value, by, self._calls[value + 1 - len(self.graph.inputs) :])

    def tells(self, place: int, near_miss: NearMiss) -> bool:
        """Tell whether an input tells a near-miss from the function."""
        trace = self._traces[place]
        values = list(trace[: near_miss.kept])
        if near_miss.by is not None:
            values.append(values[near_miss.by])
        for applied, taken, ends_step in near_miss.calls:
            result = applied[values[taken]] if isinstance(taken, int) else _result(applied, taken, values)
            if ends_step and result == trace[len(values)]:
                return False
            values.append(result)
        return values[-1] != trace[-1]

    def told(self, near_miss: NearMiss, places: Iterable[int]) -> bool:
        """Tell whether one of some inputs tells a near-miss from the function."""
        return any(self.tells(place, near_miss) for place in places)

    def edges(self, rng: random.Random) -> tuple[list[int], list[int]]:
        """Choose, for reward and for held-out tests, an input of each edge on which no value grows over the limits.

        The two sides share one only where there is no other of that edge.
        """
        sides: tuple[dict[int, None], dict[int, None]] = ({}, {})
        for edge in self.pool.edges:
            usable = list(itertools.islice(self._usable(rng.sample(edge, len(edge))), len(sides)))
            for side, place in zip(sides, (usable[:1], usable[-1:]), strict=True):
                side.update(dict.fromkeys(place))
        return list(sides[0]), list(sides[1])

    def pick(
        self, pool: Sequence[int], near_misses: Sequence[NearMiss], count: int, *, edges: Sequence[int] = ()
    ) -> list[int]:
        """Choose up to `count` inputs: `edges`, and of a pool such as give new outputs and such as tell near-misses.

        Half of the latter are for their outputs. Then come edges on the way, one for each near-miss not told yet, and
        new outputs. Ties go to the order of the pool. Inputs on which a value grows over the limits are passed over.
        """
        chosen = [*self._varied(pool, [], (count - len(edges)) // 2), *edges]
        chosen += itertools.islice(self._edges_on_the_way(pool, chosen), max(0, count - len(chosen)))
        for near_miss in near_misses:
            if len(chosen) >= count:
                break
            if not self.told(near_miss, chosen):
                telling = (place for place in self._usable(pool) if self.tells(place, near_miss))
                chosen += itertools.islice(telling, 1)
        return self._varied(pool, chosen, count)

    def _edges_on_the_way(self, pool: Sequence[int], chosen: Sequence[int]) -> Iterator[int]:
        """Yield inputs on which a call gets its type's plainest edge, such as 0, from another; none is chosen yet."""
        found = list(chosen)
        for value, plainest in self._plainest:
            if not any(self._traces[place][value] == plainest for place in found):
                place = next((p for p in self._usable(pool) if self._traces[p][value] == plainest), None)
                if place is not None:
                    found.append(place)
                    yield place

    def _varied(self, pool: Sequence[int], chosen: Sequence[int], count: int) -> list[int]:
        """Fill up to `count` with inputs that give new outputs, then with any."""
        found = list(chosen)
        seen = {self._expected(place) for place in found}
        for place in self._usable(pool):
            if len(found) >= count:
                return found
            if self._expected(place) not in seen:
                seen.add(self._expected(place))
                found.append(place)
        left = (place for place in self._usable(pool) if place not in found)
        return [*found, *itertools.islice(left, count - len(found))]

    def _expected(self, place: int) -> int:
        return self._traces[place][-1]

    def _usable(self, places: Iterable[int]) -> Iterator[int]:
        return (place for place in places if self._expected(place) != TOO_LARGE)

    def passes_on_little(self, chosen: Sequence[int], shortened: Sequence[NearMiss]) -> bool:
        """Tell whether a constant, or hardly more, an input itself or the function without a step passes some tests."""
        least = 2 if self.graph.output.annotation == "bool" else MIN_DISTINCT
        if len({self._expected(place) for place in chosen}) < least:
            return True
        for position in range(len(self.graph.inputs)):
            if all(self._expected(place) == self._rows[place][position] for place in chosen):
                return True
        return any(not self.told(near_miss, chosen) for near_miss in shortened)

    def test(self, place: int) -> tuple[Values, Any]:
        """Return an input and the output it must give."""
        return self.pool.rows[place], self.store.values[self._expected(place)]
