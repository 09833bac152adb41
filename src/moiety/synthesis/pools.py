"""The inputs of a signature that tests are drawn from, and fresh ones, on which a near-miss may prove equivalent.

A mutant that agrees with its function on NUM_FRESH inputs outside the bank and all candidates for tests counts as
equivalent. Fresh inputs come in growing groups, since most mutants that differ do so early.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

from moiety.rng import derive
from moiety.synthesis.bank import Values, bank, probe_inputs
from moiety.synthesis.graph import Graph
from moiety.synthesis.store import Numbers, Store
from moiety.types import ValueType

NUM_FRESH: Final = 1000
GROUPS: Final = ((0, 50), (50, 250), (250, NUM_FRESH))


@dataclass(frozen=True, eq=False)
class Pool:
    """Candidates for the tests of all functions of a signature."""

    inputs: tuple[ValueType, ...]
    rows: tuple[Values, ...]

    @functools.cached_property
    def fresh(self) -> tuple[Values, ...]:
        """Inputs that are neither in the bank nor among the candidates."""
        without = (*bank(self.inputs), *self.rows)
        return tuple(probe_inputs(self.inputs, NUM_FRESH, seed=0, path=("fresh",), without=without))


@functools.lru_cache(maxsize=1024)
def pool_of(inputs: tuple[ValueType, ...], count: int, seed: int) -> Pool:
    """Return the pool of a signature: the same for all functions of a data set."""
    return Pool(inputs, tuple(probe_inputs(inputs, count, seed=derive(seed, "inputs"), path=())))


def differs(graph: Graph, mutant: Graph, pool: Pool) -> bool:
    """Tell whether two functions differ on a fresh input."""
    store = _store()
    store.trim()
    for first, end in GROUPS:
        columns: Numbers | None = store.pools.get((pool, first))
        if columns is None:
            columns = store.pools[pool, first] = store.pool(pool.fresh[first:end])
        if columns and not _agree(graph, mutant, columns, store):
            return True
    return False


def _agree(graph: Graph, mutant: Graph, inputs: Numbers, store: Store) -> bool:
    """Tell whether two functions give one column.

    Step by step: once the calls left are the same and so is every value they use, there is nothing left to run.
    """
    if len(graph.calls) != len(mutant.calls):
        return store.run(graph, inputs)[-1] == store.run(mutant, inputs)[-1]
    right, wrong = list(inputs), list(inputs)
    pairs = list(zip(graph.calls, mutant.calls, strict=True))
    last = max((step for step, (a, b) in enumerate(pairs) if a is not b), default=0)
    for step, (a, b) in enumerate(pairs):
        right.append(store.apply(a, right))
        wrong.append(store.apply(b, wrong))
        if step >= last:
            used = {i for call, _ in pairs[step + 1 :] for i in call.arguments if i < len(right)}
            if all(right[i] == wrong[i] for i in used or (-1,)):
                return True
    return False


@functools.cache
def _store() -> Store:
    """Return the store of fresh inputs, apart from others: most of their values are never seen again."""
    return Store(share=0.4)
