"""Near-misses of a function: the mistakes a model makes, as well-typed functions of the same output.

A step dropped, two neighbours or two operands swapped, an atom replaced by one that fits or by a flawed form of itself
(a constant or an edge case wrong), an extra step at the end.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from moiety.atoms.definition import Atom
from moiety.synthesis.derived import Choice, Mapped, mapped
from moiety.synthesis.flaws import flawed
from moiety.synthesis.graph import Call, Graph, replaced
from moiety.types import is_subtype

MAX_MUTANTS = 20
MAX_STRUCTURAL = 6
MAX_FLAWED = 6


def mutants(graph: Graph, atoms: Sequence[Atom], *, rng: random.Random) -> list[Graph]:
    """Return up to MAX_MUTANTS well-typed near-misses that return the same annotated type, in a random order."""
    found = _some(_structural(graph), graph, MAX_STRUCTURAL, rng)
    found += _some(_with_flaws(graph), graph, MAX_FLAWED, rng)
    places = [(position, atom) for position in range(len(graph.calls) + 1) for atom in atoms]
    rng.shuffle(places)
    for position, atom in places:
        if len(found) == MAX_MUTANTS:
            break
        found += [m for m in _with_atom(graph, position, atom) if m.output.annotation == graph.output.annotation]
    rng.shuffle(found)
    return found


def _some(candidates: Iterator[Graph], graph: Graph, count: int, rng: random.Random) -> list[Graph]:
    fitting = [mutant for mutant in candidates if mutant.output.annotation == graph.output.annotation]
    rng.shuffle(fitting)
    return fitting[:count]


def _structural(graph: Graph) -> Iterator[Graph]:
    """Yield the graphs without one call, with the operands of one call swapped, and with two neighbours swapped."""
    first, calls = len(graph.inputs), graph.calls
    for position, call in enumerate(calls):
        for by in dict.fromkeys(call.arguments):
            shorter = replaced(graph, first + position, by)
            if shorter is not None:
                yield shorter
        if len(call.arguments) > 1:
            *head, a, b = call.arguments
            yield from _changed(graph, {position: Call(call.atom, (*head, b, a))})
        before = calls[position - 1] if position else call
        if before.atom != call.atom and len(call.arguments) == 1 == len(before.arguments):
            swapped = {position - 1: Call(call.atom, before.arguments), position: Call(before.atom, call.arguments)}
            yield from _changed(graph, swapped)


def _with_flaws(graph: Graph) -> Iterator[Graph]:
    """Yield the graphs in which one call does its atom slightly wrong."""
    for position, call in enumerate(graph.calls):
        if isinstance(call.atom, Mapped):
            wrong: Iterator[Atom | None] = (mapped(flaw) for flaw in flawed(call.atom.element))
        else:
            wrong = iter(() if isinstance(call.atom, Choice) else flawed(call.atom))
        for flaw in wrong:
            assert flaw is not None
            yield from _changed(graph, {position: Call(flaw, call.arguments)})


def _with_atom(graph: Graph, position: int, atom: Atom) -> Iterator[Graph]:
    """Yield the graph with `atom` in place of a call's or, at the end, as an extra call, where the types fit."""
    if position == len(graph.calls):
        if len(atom.inputs) == 1 and is_subtype(graph.output, atom.inputs[0]):
            yield from _changed(graph, {position: Call(atom, (len(graph.inputs) + position - 1,))})
        return
    call = graph.calls[position]
    other = mapped(atom) if isinstance(call.atom, Mapped) else atom
    if other is None or other == call.atom or isinstance(call.atom, Choice):
        return
    if len(other.inputs) == len(call.arguments) and _fits(graph, position, other):
        yield from _changed(graph, {position: Call(other, call.arguments)})


def _fits(graph: Graph, position: int, atom: Atom) -> bool:
    """Tell whether an atom takes what a call takes and gives what those that use its value need."""
    call, value = graph.calls[position], len(graph.inputs) + position
    if not all(is_subtype(graph.types[i], t) for i, t in zip(call.arguments, atom.inputs, strict=True)):
        return False
    later = graph.calls[position + 1 :]
    uses = (t for c in later for i, t in zip(c.arguments, c.atom.inputs, strict=True) if i == value)
    return all(is_subtype(atom.output, wanted) for wanted in uses)


def _changed(graph: Graph, changed: dict[int, Call]) -> Iterator[Graph]:
    """Yield the graph with some calls changed or added, or nothing where types do not fit."""
    count = max(len(graph.calls), *(position + 1 for position in changed))
    calls = tuple(changed[i] if i in changed else graph.calls[i] for i in range(count))
    try:
        yield Graph(graph.inputs, calls)
    except ValueError:
        return
