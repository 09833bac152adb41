"""Typed graphs of atomic functions: the synthetic functions themselves.

A graph is a straight-line program: its inputs are values 0 … n-1, each call appends one value, the last call's value
is the output. Depth, size and shape are read off the graph; nothing here runs a check or writes a sentence.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from moiety.atoms.definition import Atom
from moiety.synthesis.derived import WIRING, Choice, Mapped, Pair, plain_name
from moiety.types import ValueType, is_subtype

SHAPES = ("tree", "conditional", "map", "pair")


@dataclass(frozen=True, slots=True)
class Call:
    """One application of an atom: `arguments` are indices of earlier values."""

    atom: Atom
    arguments: tuple[int, ...]


@dataclass(frozen=True)
class Graph:
    """A well-typed composition of atoms.

    Raises ValueError when an argument's type is not a subtype of what its atom declares.
    """

    inputs: tuple[ValueType, ...]
    calls: tuple[Call, ...]

    def __post_init__(self) -> None:
        types = list(self.inputs)
        for call in self.calls:
            if len(call.arguments) != len(call.atom.inputs):
                raise ValueError(f"{call.atom.name} takes {len(call.atom.inputs)} arguments, got {len(call.arguments)}")
            for index, wanted in zip(call.arguments, call.atom.inputs, strict=True):
                if not 0 <= index < len(types) or not is_subtype(types[index], wanted):
                    raise ValueError(f"argument {index} of {call.atom.name} must be an earlier value of {wanted.name}")
            types.append(call.atom.output)

    @functools.cached_property
    def output(self) -> ValueType:
        """The type of the result (of the first input, for the empty graph)."""
        return self.calls[-1].atom.output if self.calls else self.inputs[0]

    @functools.cached_property
    def types(self) -> tuple[ValueType, ...]:
        """The type of every value: the inputs, then one per call."""
        return (*self.inputs, *(call.atom.output for call in self.calls))

    @property
    def size(self) -> int:
        """Number of atom calls in the graph; a choice or a pair is not one."""
        return sum(not isinstance(call.atom, WIRING) for call in self.calls)

    @functools.cached_property
    def depth(self) -> int:
        """Number of atoms on the longest path from an input to the output; a map counts as its atom."""
        depths = [0] * len(self.inputs)
        for call in self.calls:
            depths.append(max(depths[i] for i in call.arguments) + (not isinstance(call.atom, WIRING)))
        return depths[-1] if self.calls else 0

    @functools.cached_property
    def shape(self) -> str:
        """`chain`, or its labels joined by `+`.

        `tree` joins values by an atom, `conditional` chooses, `map` maps over a list, `pair` gives a tuple of two.
        """
        labels = {
            "tree": any(len(c.arguments) > 1 and not isinstance(c.atom, WIRING) for c in self.calls),
            "conditional": any(isinstance(c.atom, Choice) for c in self.calls),
            "map": any(isinstance(c.atom, Mapped) for c in self.calls),
            "pair": any(isinstance(c.atom, Pair) for c in self.calls),
        }
        return "+".join(name for name in SHAPES if labels[name]) or "chain"

    @property
    def atoms(self) -> tuple[str, ...]:
        """Names of the atoms in order of their calls."""
        names = (plain_name(call.atom) for call in self.calls)
        return tuple(name for name in names if name is not None)

    @functools.cached_property
    def segments(self) -> tuple[range, ...]:
        """The steps: runs of calls (by position) of which later calls use the last value alone."""
        first, last_use = len(self.inputs), {}
        for position, call in enumerate(self.calls):
            last_use.update(dict.fromkeys(call.arguments, position))
        uses = {i: [p for p, c in enumerate(self.calls) if i in c.arguments] for i in range(first)}
        found, start = [], 0
        for position in range(len(self.calls)):
            open_values = [v for v in range(first + position) if last_use.get(v, -1) > position]
            if all(v < first and uses[v][0] > position for v in open_values):
                found.append(range(start, position + 1))
                start = position + 1
        return tuple(found)

    @functools.cached_property
    def family(self) -> str:
        """The graph with its atoms replaced by their type signatures: what tasks of one cluster share."""
        parts = [",".join(t.name for t in self.inputs)]
        for call in self.calls:
            taken = ",".join(t.annotation for t in call.atom.inputs)
            parts.append(f"({taken})->{call.atom.output.annotation}@{','.join(map(str, call.arguments))}")
        return " ".join(parts)


def trusted(inputs: tuple[ValueType, ...], calls: tuple[Call, ...]) -> Graph:
    """Return a graph whose types are known to fit, without looking."""
    graph = object.__new__(Graph)
    graph.__dict__.update(inputs=inputs, calls=calls)
    return graph


# Beside other inputs a table is not called `rows`: instructions speak of inputs by name, and of "the rows of rows".
_NAMES_AMONG_SEVERAL = {"rows": "grid"}


def input_names(graph: Graph) -> tuple[str, ...]:
    """Return one parameter name per input, numbered from the second of a kind on (`xs`, `xs2`)."""
    wanted = [t.variable for t in graph.inputs]
    if len(wanted) > 1:
        wanted = [_NAMES_AMONG_SEVERAL.get(name, name) for name in wanted]
    counts = [wanted[: place + 1].count(name) for place, name in enumerate(wanted)]
    return tuple(f"{name}{count}" if count > 1 else name for name, count in zip(wanted, counts, strict=True))


def chain(atoms: Sequence[Atom]) -> Graph:
    """Compose unary atoms in order of application. Raises ValueError when types do not fit."""
    if not atoms:
        raise ValueError("a chain needs at least one atom")
    return Graph(atoms[0].inputs, tuple(Call(atom, (step,)) for step, atom in enumerate(atoms)))


def run_graph(graph: Graph, arguments: Sequence[Any]) -> list[Any]:
    """Return every value of the graph for one list of arguments: the inputs, then one per call."""
    values = list(arguments)
    for call in graph.calls:
        values.append(call.atom.function(*[values[i] for i in call.arguments]))
    return values


def is_replaceable(graph: Graph, value: int, by: int) -> bool:
    """Tell whether an earlier value fits wherever `value` is used; for the output, one of its type that a call gave."""
    given, first = graph.types[by], len(graph.inputs)
    if value == len(graph.types) - 1:
        return by >= first and given.annotation == graph.output.annotation
    return all(is_subtype(given, wanted) for wanted in uses(graph, value))


def uses(graph: Graph, value: int) -> Iterator[ValueType]:
    """Yield what each use of a value needs it to be."""
    for call in graph.calls[max(0, value + 1 - len(graph.inputs)) :]:
        if value in call.arguments:
            yield from (t for i, t in zip(call.arguments, call.atom.inputs, strict=True) if i == value)


def replaced(graph: Graph, value: int, by: int) -> Graph:
    """Return the graph in which every use of `value` reads the earlier value `by`, which must fit.

    Calls that nothing uses any more are left out, inputs stay.
    """
    first = len(graph.inputs)
    calls = [tuple([by if i == value else i for i in c.arguments]) for c in graph.calls]
    output = first + len(calls) - 1
    needed = {by if value == output else output}
    for position in range(output, first - 1, -1):
        if position in needed:
            needed.update(calls[position - first])
    kept = sorted(position for position in needed if position >= first)
    places = {**{i: i for i in range(first)}, **{position: first + k for k, position in enumerate(kept)}}
    return trusted(
        graph.inputs,
        tuple([Call(graph.calls[p - first].atom, tuple([places[i] for i in calls[p - first]])) for p in kept]),
    )


def typed_chain(atoms: Sequence[Atom], inputs: tuple[ValueType, ...]) -> Graph | None:
    """Compose `atoms` over the given input types, or None when the types do not fit or `atoms` is empty."""
    if not atoms:
        return None
    try:
        return Graph(inputs, tuple(Call(atom, (step,)) for step, atom in enumerate(atoms)))
    except ValueError:
        return None
