"""Near-misses of a function: the mistakes a model makes, as well-typed functions of the same output.

A step dropped, two neighbours or two operands swapped, an atom replaced by one that fits, an extra step at the end.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from moiety.atoms.definition import Atom
from moiety.synthesis.derived import Choice, Mapped, mapped
from moiety.synthesis.graph import Call, Graph, replaced, typed_chain

MAX_MUTANTS = 24


def mutants(graph: Graph, atoms: Sequence[Atom], *, rng: random.Random) -> list[Graph]:
    """Return up to MAX_MUTANTS well-typed near-misses that return the same annotated type."""
    if graph.shape == "chain":
        return _of_chain(graph, atoms, rng)
    found = [m for m in _structural(graph) if m.output.annotation == graph.output.annotation]
    rng.shuffle(found)
    del found[MAX_MUTANTS // 2 :]
    edits = [(position, atom) for position in range(len(graph.calls) + 1) for atom in atoms]
    rng.shuffle(edits)
    for position, atom in edits:
        if len(found) == MAX_MUTANTS:
            break
        mutant = _with_atom(graph, position, atom)
        if mutant is not None and mutant.output.annotation == graph.output.annotation:
            found.append(mutant)
    rng.shuffle(found)
    return found


def _of_chain(graph: Graph, atoms: Sequence[Atom], rng: random.Random) -> list[Graph]:
    steps = [call.atom for call in graph.calls]
    sequences: list[list[Atom]] = []
    for i in range(len(steps)):
        sequences.append(steps[:i] + steps[i + 1 :])
        if i + 1 < len(steps):
            sequences.append([*steps[:i], steps[i + 1], steps[i], *steps[i + 2 :]])
        sequences += [[*steps[:i], other, *steps[i + 1 :]] for other in atoms if other is not steps[i]]
    sequences += [[*steps, extra] for extra in atoms]
    rng.shuffle(sequences)
    found: list[Graph] = []
    for sequence in sequences:
        mutant = typed_chain(sequence, graph.inputs) if all(len(a.inputs) == 1 for a in sequence) else None
        if mutant is not None and mutant.output.annotation == graph.output.annotation:
            found.append(mutant)
            if len(found) == MAX_MUTANTS:
                break
    return found


def _structural(graph: Graph) -> Iterator[Graph]:
    """Yield the graphs without one call, with the operands of one call swapped, and with two neighbours swapped."""
    first, calls = len(graph.inputs), graph.calls
    for position, call in enumerate(calls):
        for by in call.arguments:
            shorter = replaced(graph, first + position, by)
            if shorter is not None:
                yield shorter
        if len(call.arguments) > 1:
            *head, a, b = call.arguments
            yield from _graph(graph, {position: Call(call.atom, (*head, b, a))})
        if position and len(call.arguments) == 1 == len(calls[position - 1].arguments):
            before = calls[position - 1]
            swapped = {position - 1: Call(call.atom, before.arguments), position: Call(before.atom, call.arguments)}
            yield from _graph(graph, swapped)


def _with_atom(graph: Graph, position: int, atom: Atom) -> Graph | None:
    """Return the graph with `atom` in place of a call's, or, at the end, as an extra call; None where it cannot be."""
    if position == len(graph.calls):
        if len(atom.inputs) != 1:
            return None
        return next(_graph(graph, {position: Call(atom, (len(graph.inputs) + position - 1,))}), None)
    call = graph.calls[position]
    if isinstance(call.atom, Choice):
        return None
    other = mapped(atom) if isinstance(call.atom, Mapped) else atom
    if other is None or other == call.atom or len(other.inputs) != len(call.arguments):
        return None
    return next(_graph(graph, {position: Call(other, call.arguments)}), None)


def _graph(graph: Graph, changed: dict[int, Call]) -> Iterator[Graph]:
    """Yield the graph with some calls changed, or nothing where types do not fit."""
    count = max(len(graph.calls), *(position + 1 for position in changed))
    calls = tuple(changed[i] if i in changed else graph.calls[i] for i in range(count))
    try:
        yield Graph(graph.inputs, calls)
    except ValueError:
        return
