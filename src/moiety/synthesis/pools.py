"""The inputs of a signature that the tests of its functions are drawn from, and fresh ones apart from them."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

from moiety.rng import derive
from moiety.synthesis.bank import Values, bank, probe_inputs
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
