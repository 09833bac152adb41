"""Shorter functions: every small graph of a signature, and what is left of a graph with calls taken out.

Only the graphs; that none of them behaves like a longer one is admission's part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from moiety.atoms.definition import Atom
from moiety.synthesis.draw import build
from moiety.synthesis.graph import Call, Graph, is_replaceable
from moiety.synthesis.steps import steps_of
from moiety.types import ValueType, is_subtype


def small_graphs(atoms: Sequence[Atom], inputs: tuple[ValueType, ...]) -> Iterator[Graph]:
    """Yield every well-typed graph of size one that uses all inputs, then of size two whose second call uses the first.

    A function all of whose inputs matter cannot equal one that does not use them all.
    """
    everything = set(range(len(inputs)))
    singles = list(single_calls(atoms, inputs))
    yield from (Graph(inputs, (call,)) for call in singles if everything <= set(call.arguments))
    for single in singles:
        left = everything - set(single.arguments)
        for call in single_calls(atoms, (*inputs, single.atom.output)):
            if len(inputs) in call.arguments and left <= set(call.arguments):
                yield Graph(inputs, (single, call))


def small_conditionals(atoms: Sequence[Atom], inputs: tuple[ValueType, ...]) -> Iterator[Graph]:
    """Yield every well-typed conditional of size two over one input."""
    if len(inputs) == 1:
        for form in ("if10", "if01"):
            for step in steps_of(form, atoms):
                if is_subtype(inputs[0], step.takes):
                    yield Graph(inputs, build([step]).calls)


def single_calls(atoms: Sequence[Atom], values: tuple[ValueType, ...]) -> Iterator[Call]:
    """Yield every well-typed call of an atom on some of the values."""
    for atom in atoms:
        choices: list[tuple[int, ...]] = [()]
        for wanted in atom.inputs:
            fitting = [i for i, t in enumerate(values) if is_subtype(t, wanted)]
            choices = [(*head, i) for head in choices for i in fitting]
        for arguments in choices:
            yield Call(atom, arguments)


def removals(graph: Graph) -> Iterator[tuple[int, int]]:
    """Yield a value, and one it was made from that can stand for it: the calls between them are left out."""
    first = len(graph.inputs)
    sources: list[set[int]] = [set() for _ in range(first)]
    for call in graph.calls:
        sources.append(set(call.arguments).union(*(sources[i] for i in call.arguments)))
    for value in range(first, first + len(graph.calls)):
        for by in sorted(sources[value], reverse=True):
            if is_replaceable(graph, value, by):
                yield value, by
