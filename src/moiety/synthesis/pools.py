"""The inputs of a signature that the tests of its functions are drawn from, and fresh ones apart from them."""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from moiety.rng import derive, stream
from moiety.synthesis.bank import Values, bank, probe_inputs
from moiety.types import ValueType, edge_values, sample

NUM_FRESH: Final = 1000
GROUPS: Final = ((0, 50), (50, 250), (250, NUM_FRESH))
NUM_OF_EDGE: Final = 4  # inputs that show one edge of one of several arguments: two are chosen, some may grow too large
TRIES: Final = 20


@dataclass(frozen=True, eq=False)
class Pool:
    """Candidates for the tests of all functions of a signature: those of the edges, then `ordinary` ones.

    Each of `edges` holds the places in `rows` of the inputs that show one edge of the signature, the plainest first.
    """

    inputs: tuple[ValueType, ...]
    rows: tuple[Values, ...]
    edges: tuple[tuple[int, ...], ...]
    ordinary: range

    @functools.cached_property
    def fresh(self) -> tuple[Values, ...]:
        """Inputs that are neither in the bank nor among the candidates."""
        without = (*bank(self.inputs), *self.rows)
        return tuple(probe_inputs(self.inputs, NUM_FRESH, seed=0, path=("fresh",), without=without))


@functools.lru_cache(maxsize=1024)
def pool_of(inputs: tuple[ValueType, ...], count: int, seed: int) -> Pool:
    """Return the pool of a signature: the same for all functions of a data set."""
    places: dict[str, int] = {}
    rows: list[Values] = []
    edges: list[tuple[int, ...]] = []
    for edge in _edges(inputs, stream(derive(seed, "edges"), *[t.name for t in inputs])):
        for arguments in edge:
            if places.setdefault(repr(arguments), len(rows)) == len(rows):
                rows.append(arguments)
        edges.append(tuple(dict.fromkeys([places[repr(arguments)] for arguments in edge])))
    ordinary = probe_inputs(inputs, count, seed=derive(seed, "inputs"), path=(), without=rows)
    return Pool(inputs, (*rows, *ordinary), tuple(edges), range(len(rows), len(rows) + len(ordinary)))


def _edges(inputs: tuple[ValueType, ...], rng: random.Random) -> Iterator[list[Values]]:
    """Yield the edges of a signature: those of each argument beside ordinary others, then all at their plainest."""
    for position, edged in enumerate(inputs):
        for values in edge_values(edged):
            count = len(values) if len(inputs) == 1 else max(NUM_OF_EDGE, len(values))
            shown = [values[number % len(values)] for number in range(count)]
            yield [
                tuple([value if i == position else _ordinary(t, rng) for i, t in enumerate(inputs)]) for value in shown
            ]
    if len(inputs) > 1:
        yield [tuple([edge_values(t)[0][0] for t in inputs])]


def _ordinary(t: ValueType, rng: random.Random) -> Any:
    """Return a sample that shows no edge; of a type that has few other values, maybe one that does."""
    edges = {repr(value) for values in edge_values(t) for value in values}
    drawn = (sample(t, rng) for _ in range(TRIES))
    return next((value for value in drawn if repr(value) not in edges), edge_values(t)[-1][-1])
