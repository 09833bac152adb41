"""The behaviour bank: fixed probes per input signature, and what identifies a function by them.

The bank never depends on a recipe's seed, so that keys of different data sets can be compared. Values are computed
once per call and prefix and shared by every check (`Evaluator`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from moiety.judge.codec import encode
from moiety.rng import stream
from moiety.synthesis.graph import Graph
from moiety.types import ValueType, edge_cases, sample, size

BANK_VERSION = 1
NUM_PROBES = 64
MAX_SIZE = 256
MAX_INTEGER = 10**18
ONE_CELL = 2**26  # an integer below takes one cell; lists are of one type
_BANK_SEED = 0x6D6F6965747921

Values = tuple[Any, ...]


class SizeLimitError(Exception):
    """A value on the way grew over the size limit, so the function is refused."""


def probe_inputs(inputs: tuple[ValueType, ...], count: int, *, seed: int, path: tuple[str | int, ...]) -> list[Values]:
    """Return up to `count` distinct argument tuples: edge cases first, then samples from the named stream."""
    rng = stream(seed, *path, *[t.name for t in inputs])
    found: dict[str, Values] = {}  # by text, which for plain values is exact
    for position, value_type in enumerate(inputs):
        for value in edge_cases(value_type)[: count // (4 * len(inputs))]:
            others = [value if i == position else sample(t, rng) for i, t in enumerate(inputs)]
            found.setdefault(repr(others), tuple(others))
    for _ in range(count * 20):
        if len(found) >= count:
            break
        arguments = [sample(t, rng) for t in inputs]
        found.setdefault(repr(arguments), tuple(arguments))
    return list(found.values())[:count]


def within_limits(value: Any) -> bool:
    """Tell whether a value is small enough to go on computing with: its size, and every integer in it."""
    return _cells(value) <= MAX_SIZE


def _cells(value: Any) -> int:
    """Return `types.size` of a value in one pass, or more than MAX_SIZE when an integer in it is out of bounds."""
    kind = type(value)
    if kind is int:
        return size(value) if -MAX_INTEGER <= value <= MAX_INTEGER else MAX_SIZE + 1
    if kind is str:
        return len(value)
    if kind is not list:
        return size(value)
    if value and type(value[0]) is int and min(value) > -ONE_CELL and max(value) < ONE_CELL:
        return len(value)
    total = 0
    for item in value:
        total += _cells(item) or 1
        if total > MAX_SIZE:
            break
    return total


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A function's values on its bank: `columns[v][p]` is value v (inputs first) on probe p."""

    columns: tuple[tuple[Any, ...], ...]
    outputs: tuple[bytes, ...]
    key: str


class Evaluator:
    """Run graphs on the bank, each prefix of calls once.

    `capacity` bounds the number of remembered prefixes; a full table is dropped whole, which changes no result.
    """

    def __init__(self, *, capacity: int = 20_000) -> None:
        self._banks: dict[tuple[str, ...], tuple[tuple[Any, ...], ...]] = {}
        self._columns: dict[tuple[object, ...], tuple[Any, ...]] = {}
        self._capacity = capacity

    def bank(self, inputs: tuple[ValueType, ...]) -> tuple[tuple[Any, ...], ...]:
        """Return the probes of an input signature as one column per input."""
        name = tuple(t.name for t in inputs)
        if name not in self._banks:
            rows = probe_inputs(inputs, NUM_PROBES, seed=_BANK_SEED, path=("bank", BANK_VERSION))
            self._banks[name] = tuple(zip(*rows, strict=True))
        return self._banks[name]

    def behaviour(self, graph: Graph) -> Behaviour:
        """Return the values and the key of a graph on its bank. Raises SizeLimitError."""
        columns = list(self.bank(graph.inputs))
        prefix: tuple[object, ...] = tuple(t.name for t in graph.inputs)
        for call in graph.calls:
            prefix = (*prefix, call.atom.name, call.arguments)
            column = self._columns.get(prefix)
            if column is None:
                column = self._apply(graph, columns, call.atom.function, call.arguments)
                if len(self._columns) >= self._capacity:
                    self._columns.clear()
                self._columns[prefix] = column
            columns.append(column)
        outputs = tuple(encode(value) for value in columns[-1])
        return Behaviour(tuple(columns), outputs, behaviour_key(graph.inputs, graph.output, outputs))

    def _apply(self, graph: Graph, columns: list[Any], function: Any, arguments: tuple[int, ...]) -> tuple[Any, ...]:
        picked = [columns[i] for i in arguments]
        column = tuple(function(*row) for row in zip(*picked, strict=True))
        if not all(within_limits(value) for value in column):
            raise SizeLimitError(f"a value of {'+'.join(graph.atoms)} grew over the size limit")
        return column


def behaviour_key(inputs: tuple[ValueType, ...], output: ValueType, outputs: tuple[bytes, ...]) -> str:
    """Return SHA-256 of the signature, the bank version and the canonical outputs on the bank."""
    digest = hashlib.sha256()
    signature = ",".join(t.name for t in inputs) + "->" + output.annotation
    digest.update(f"bank {BANK_VERSION} {len(outputs)} {signature}\n".encode())
    for output_bytes in outputs:
        digest.update(len(output_bytes).to_bytes(8, "big") + output_bytes)
    return digest.hexdigest()
