"""The behaviour bank: fixed probes per input signature, and what identifies a function by them.

The bank never depends on a recipe's seed, so that keys of different data sets can be compared. What atoms give of the
probes is computed once and shared by every check (`store`).
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from moiety.rng import stream
from moiety.synthesis.graph import Graph
from moiety.synthesis.limits import SizeLimitError
from moiety.synthesis.store import RAISED, TOO_LARGE, Numbers, Store, shared_store
from moiety.types import ValueType, edge_cases, sample

BANK_VERSION = 1
NUM_PROBES = 64
_BANK_SEED = 0x6D6F6965747921

Values = tuple[Any, ...]


def probe_inputs(
    inputs: tuple[ValueType, ...],
    count: int,
    *,
    seed: int,
    path: tuple[str | int, ...],
    without: Sequence[Values] = (),
) -> list[Values]:
    """Return up to `count` distinct argument tuples that are not in `without`.

    Edge cases come first, then samples from the named stream.
    """
    rng = stream(seed, *path, *[t.name for t in inputs])
    left_out = {repr(arguments) for arguments in without}  # by text, which for plain values is exact
    found: dict[str, Values] = {}

    def add(arguments: Values) -> None:
        text = repr(arguments)
        if text not in left_out:
            found.setdefault(text, arguments)

    for position, value_type in enumerate(inputs):
        for value in edge_cases(value_type)[: count // (4 * len(inputs))]:
            add(tuple([value if i == position else sample(t, rng) for i, t in enumerate(inputs)]))
    for _ in range(count * 20):
        if len(found) >= count:
            break
        add(tuple([sample(t, rng) for t in inputs]))
    return list(found.values())[:count]


@functools.cache
def bank(inputs: tuple[ValueType, ...]) -> tuple[Values, ...]:
    """Return the probes of an input signature."""
    return tuple(probe_inputs(inputs, NUM_PROBES, seed=_BANK_SEED, path=("bank", BANK_VERSION)))


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a function gives on each probe of its bank, and its key."""

    outputs: tuple[Any, ...]
    key: str


class Evaluator:
    """Run graphs on the bank; what was computed once is remembered in a store, by default that of the process."""

    def __init__(self, store: Store | None = None) -> None:
        self.store = shared_store() if store is None else store

    def run(self, graph: Graph) -> list[int]:
        """Return the numbers of the graph's columns on its bank. Raises SizeLimitError."""
        columns = self.store.run(graph, self.probes(graph.inputs))
        for call, column in zip(graph.calls, columns[len(graph.inputs) :], strict=True):
            numbers = self.store.columns[column]
            if RAISED in numbers:
                raise ValueError(f"atom {call.atom.name} raised on an input of its declared domain")
            if TOO_LARGE in numbers:
                raise SizeLimitError(f"a value of {'+'.join(graph.atoms)} grew over the size limit")
        return columns

    def probes(self, inputs: tuple[ValueType, ...]) -> Numbers:
        """Return the columns of an input signature's bank."""
        found: Numbers | None = self.store.pools.get(inputs)
        if found is None:
            found = self.store.pools[inputs] = self.store.pool(bank(inputs))
        return found

    def outputs(self, graph: Graph) -> Numbers:
        """Return the numbers of the outputs on the bank, good until the next graph. Raises SizeLimitError."""
        self.store.trim()
        return self.store.columns[self.run(graph)[-1]]

    def behaviour(self, graph: Graph) -> Behaviour:
        """Return the values and the key of a graph on its bank. Raises SizeLimitError."""
        self.store.trim()
        return self.seen(graph, self.run(graph)[-1])

    def seen(self, graph: Graph, column: int) -> Behaviour:
        """Return the behaviour of a graph whose output is that column of the bank."""
        store = self.store
        return Behaviour(tuple([store.values[number] for number in store.columns[column]]), self.key(graph, column))

    def key(self, graph: Graph, column: int) -> str:
        """Return the behaviour key of a graph whose output is that column of the bank."""
        return _key(graph.inputs, graph.output, [self.store.form(number) for number in self.store.columns[column]])


def behaviour_key(inputs: tuple[ValueType, ...], output: ValueType, outputs: tuple[bytes, ...]) -> str:
    """Return SHA-256 of the signature, the bank version and the canonical outputs on the bank."""
    return _key(inputs, output, [len(form).to_bytes(8, "big") + form for form in outputs])


def _key(inputs: tuple[ValueType, ...], output: ValueType, forms: Sequence[bytes]) -> str:
    signature = ",".join(t.name for t in inputs) + "->" + output.annotation
    header = f"bank {BANK_VERSION} {len(forms)} {signature}\n".encode()
    return hashlib.sha256(header + b"".join(forms)).hexdigest()
