"""Test inputs that tell a function from its near-misses, and hold the edges of its input types.

Inputs are chosen to kill the mutants (`mutate`) set aside for choosing; the kill rate is measured on the others. The
edges (0, the empty list, one element, ...) are what a reader tries first, whether or not a mutant shows there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from moiety.atoms.definition import Atom
from moiety.rng import stream
from moiety.synthesis.bank import Evaluator, Values
from moiety.synthesis.duel import Duel
from moiety.synthesis.fresh import differs
from moiety.synthesis.graph import Graph
from moiety.synthesis.mutate import left_out, mutants
from moiety.synthesis.pools import pool_of
from moiety.synthesis.store import shared_store

NUM_CANDIDATES = 40  # of a function, besides as many as it has tests
NUM_SHARED = 120  # of a signature, from which those of a function are drawn
NUM_MEASURED = 8  # mutants that tests are not chosen against, on which the kill rate is measured
LEAST_ORDINARY = 0.75  # of the number asked for: so many tests show no edge, which keeps the kill rates what they were


@dataclass(frozen=True, slots=True)
class TestPlan:
    """How many tests a function gets, and the least share of unseen near-misses that those of either side must tell.

    A side has more than its number where the edges of the inputs leave too few that show none (LEAST_ORDINARY).
    """

    __test__ = False

    num_reward: int = 8
    num_held_out: int = 12
    min_kill_rate: float = 0.0
    seed: int = 0


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
    graph: Graph, atoms: Sequence[Atom], plan: TestPlan, *, identity: str, widen: int = 1
) -> TestInputs | None:
    """Return reward and held-out tests, chosen from `widen` times the usual candidates.

    Each side has every edge of the inputs on which the function stays within the limits. The two sides have no other
    input in common than an edge that one input alone shows, such as 0: a side without it would pass what fails there.
    None when there are not enough, when a constant, an input itself or a function with a step missing passes them, or
    when one of their kill rates is below the plan's. Every stream is named by `identity` (a key of the graph), so
    that a task's tests never depend on its neighbours.
    """
    store = shared_store()
    store.trim()
    rng = stream(plan.seed, "inputs", identity)
    needed = plan.num_reward + plan.num_held_out
    duel = Duel(graph, pool_of(graph.inputs, widen * max(NUM_SHARED, 2 * needed), plan.seed), store)
    ordinary = duel.pool.ordinary
    order = rng.sample(ordinary, min(len(ordinary), widen * (NUM_CANDIDATES + needed)))
    half = len(order) * plan.num_reward // needed
    found = mutants(graph, atoms, rng=stream(plan.seed, "mutants", identity))
    shortened = [duel.without(value, by) for value, by in left_out(graph)]
    near_misses = [*shortened, *map(duel.near_miss, found[NUM_MEASURED:])]
    sides = zip((order[:half], order[half:]), (plan.num_reward, plan.num_held_out), duel.edges(rng), strict=True)
    picked = []
    for places, count, edges in sides:
        total = max(count, math.ceil(LEAST_ORDINARY * count) + len(edges))
        picked.append(duel.pick(places, near_misses, total, edges=edges))
        if len(picked[-1]) < total:
            return None
    if any(duel.passes_on_little(chosen, shortened) for chosen in picked):
        return None
    return _measured(duel, found[:NUM_MEASURED], picked, plan.min_kill_rate)


Sides = tuple[bool, bool]


def _rates(kills: Sequence[Sides]) -> tuple[float, float] | None:
    """Return the shares of mutants that reward and held-out tests tell, None where there is no mutant."""
    reward, held_out = ([sides[i] for sides in kills] for i in (0, 1))
    return (sum(reward) / len(kills), sum(held_out) / len(kills)) if kills else None


def _is_low(kills: Sequence[Sides], least: float) -> bool:
    return min(_rates(kills) or (1.0,)) < least


def _measured(
    duel: Duel, mutants: Sequence[Graph], picked: Sequence[Sequence[int]], min_kill_rate: float
) -> TestInputs | None:
    """Return the tests with their kill rates on mutants that they were not chosen against; None if one is low.

    Whether a mutant that no test tells is real takes longest to see, so that is asked last.
    """
    kills: list[Sides] = []
    unknown: list[Graph] = []
    for mutant in mutants:
        near_miss = duel.near_miss(mutant)
        sides = duel.told(near_miss, picked[0]), duel.told(near_miss, picked[1])
        if any(sides):
            kills.append(sides)
        else:
            unknown.append(mutant)
    equivalents = 0
    while not _is_low(kills, min_kill_rate):
        if not unknown:
            reward, held_out = [tuple([duel.test(place) for place in chosen]) for chosen in picked]
            rates = _rates(kills) or (None, None)
            return TestInputs(reward, held_out, rates[0], rates[1], equivalents)
        if _differs(duel, unknown.pop()):
            kills.append((False, False))
        else:
            equivalents += 1
    return None


def _differs(duel: Duel, mutant: Graph) -> bool:
    """Tell whether a mutant that no test tells is another function: on the bank, or on a fresh input."""
    store, graph = duel.store, duel.graph
    probes = Evaluator(store).probes(graph.inputs)
    if store.run(mutant, probes)[-1] != store.run(graph, probes)[-1]:
        return True
    return differs(graph, mutant, duel.pool)
