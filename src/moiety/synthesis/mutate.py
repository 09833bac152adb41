"""Near-misses of a function: the mistakes a model makes, as well-typed functions of the same output.

Two neighbours or two operands swapped, an atom replaced by one that fits or by a flawed form of itself
(a constant or an edge case wrong), an extra step at the end. A change that changes nothing by itself (operands of a
sum swapped, a sorted list sorted) is no mistake and left out. Steps dropped are apart: every test must tell them all.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator, Sequence

from moiety.atoms.definition import Atom
from moiety.synthesis.derived import WIRING, Mapped, mapped
from moiety.synthesis.flaws import flawed
from moiety.synthesis.fresh import differs
from moiety.synthesis.graph import Call, Graph, is_replaceable, replaced, trusted, uses
from moiety.synthesis.pools import pool_of
from moiety.types import ValueType, is_subtype

MAX_MUTANTS = 24
MAX_STRUCTURAL = 3
MAX_FLAWED = 8
SPARE = 12  # replacements drawn besides those needed, for extra steps that change nothing


def mutants(graph: Graph, atoms: Sequence[Atom], *, rng: random.Random) -> list[Graph]:
    """Return up to MAX_MUTANTS well-typed near-misses that return the same annotated type, in a random order."""
    structural = list(_structural(graph))
    found = rng.sample(structural, min(len(structural), MAX_STRUCTURAL))
    flaws = list(_flaws(graph))
    found += [_changed(graph, *flaw) for flaw in rng.sample(flaws, min(len(flaws), MAX_FLAWED))]
    places = list(_replacements(graph, _catalogue(tuple(atoms))))
    needed = MAX_MUTANTS - len(found)
    for number in rng.sample(range(len(places)), min(len(places), needed + SPARE)):
        if len(found) == MAX_MUTANTS:
            break
        position, atom = places[number]
        if position < len(graph.calls):
            found.append(_changed(graph, position, atom))
        elif _adds_something(graph.calls[-1].atom, atom):
            found.append(trusted(graph.inputs, (*graph.calls, Call(atom, (len(graph.types) - 1,)))))
    rng.shuffle(found)
    return found


def left_out(graph: Graph) -> Iterator[tuple[int, int]]:
    """Yield the calls that can be left out: the place of their value, and that of one it was made from which fits."""
    for value, call in enumerate(graph.calls, start=len(graph.inputs)):
        yield from ((value, by) for by in dict.fromkeys(call.arguments) if is_replaceable(graph, value, by))


def without_a_step(graph: Graph) -> Iterator[Graph]:
    """Yield the functions of the same output in which one call's value is replaced by one it was made from."""
    return (replaced(graph, value, by) for value, by in left_out(graph))


def _structural(graph: Graph) -> Iterator[Graph]:
    """Yield the graphs with the operands of one call swapped, and with two neighbours swapped."""
    calls = graph.calls
    for position, call in enumerate(calls):
        if len(call.arguments) > 1 and _has_two_sides(call.atom):
            *head, a, b = call.arguments
            if a != b and _fit(graph, (*head, b, a), call.atom):
                yield trusted(graph.inputs, _with(calls, {position: Call(call.atom, (*head, b, a))}))
        before = calls[position - 1] if position else call
        if before.atom != call.atom and len(call.arguments) == 1 == len(before.arguments):
            swapped = {position - 1: Call(call.atom, before.arguments), position: Call(before.atom, call.arguments)}
            try:
                other = Graph(graph.inputs, _with(calls, swapped))
            except ValueError:
                continue
            same_output = other.output.annotation == graph.output.annotation
            if same_output and (
                call.arguments[0] != _value(graph, position - 1) or _order_matters(before.atom, call.atom)
            ):
                yield other


def _value(graph: Graph, position: int) -> int:
    return len(graph.inputs) + position


def _with(calls: tuple[Call, ...], changed: dict[int, Call]) -> tuple[Call, ...]:
    return tuple([changed.get(position, call) for position, call in enumerate(calls)])


def _changed(graph: Graph, position: int, atom: Atom) -> Graph:
    """Return the graph with another atom, which fits, in a call."""
    calls = graph.calls
    changed = Call(atom, calls[position].arguments)
    return trusted(graph.inputs, (*calls[:position], changed, *calls[position + 1 :]))


def _fit(graph: Graph, arguments: tuple[int, ...], atom: Atom) -> bool:
    return all(is_subtype(graph.types[i], wanted) for i, wanted in zip(arguments, atom.inputs, strict=True))


def _flaws(graph: Graph) -> Iterator[tuple[int, Atom]]:
    """Yield the calls with the flawed forms of their atoms."""
    for position, call in enumerate(graph.calls):
        if not isinstance(call.atom, WIRING):
            yield from ((position, flaw) for flaw in _flawed(call.atom))


@functools.lru_cache(maxsize=4096)
def _flawed(atom: Atom) -> tuple[Atom, ...]:
    if not isinstance(atom, Mapped):
        return flawed(atom)
    return tuple(wrong for wrong in map(mapped, flawed(atom.element)) if wrong is not None)


def _replacements(graph: Graph, catalogue: _Catalogue) -> Iterator[tuple[int, Atom]]:
    """Yield the calls with the atoms that fit in their place and, after the last, those that fit as an extra call."""
    last = len(graph.calls) - 1
    for position, call in enumerate(graph.calls):
        if isinstance(call.atom, WIRING):
            continue
        fitting = catalogue.fitting(
            tuple([graph.types[i] for i in call.arguments]),
            frozenset(uses(graph, _value(graph, position))),
            graph.output.annotation if position == last else None,
            isinstance(call.atom, Mapped),
        )
        yield from ((position, atom) for atom in fitting if atom.name != call.atom.name)
    extra = catalogue.fitting((graph.output,), frozenset(), graph.output.annotation, False)
    yield from ((last + 1, atom) for atom in extra)


class _Catalogue:
    """Which atoms of a catalogue fit in a place."""

    def __init__(self, atoms: tuple[Atom, ...]) -> None:
        self._atoms = atoms
        self._maps = [m for m in map(mapped, atoms) if m is not None]
        self._known: dict[object, list[Atom]] = {}

    def fitting(
        self, taken: tuple[ValueType, ...], wanted: frozenset[ValueType], annotation: str | None, maps: bool
    ) -> list[Atom]:
        """Return the atoms (or maps of atoms) that take values of some types and give what all uses need."""
        key = (taken, wanted, annotation, maps)
        if key not in self._known:
            self._known[key] = [
                atom
                for atom in (self._maps if maps else self._atoms)
                if len(atom.inputs) == len(taken)
                and all(is_subtype(t, w) for t, w in zip(taken, atom.inputs, strict=True))
                and all(is_subtype(atom.output, w) for w in wanted)
                and annotation in (None, atom.output.annotation)
            ]
        return self._known[key]


_catalogue = functools.lru_cache(maxsize=8)(_Catalogue)


@functools.lru_cache(maxsize=4096)
def _has_two_sides(atom: Atom) -> bool:
    """Tell whether swapping the last two operands of an atom makes a difference, types allowing."""
    a, b = atom.inputs[-2:]
    if isinstance(atom, WIRING) or not (is_subtype(a, b) and is_subtype(b, a)):
        return True
    places = tuple(range(len(atom.inputs)))
    swapped = trusted(atom.inputs, (Call(atom, (*places[:-2], places[-1], places[-2])),))
    return differs(trusted(atom.inputs, (Call(atom, places),)), swapped, pool_of(atom.inputs, 0, 0))


@functools.lru_cache(maxsize=16_384)
def _order_matters(first: Atom, second: Atom) -> bool:
    """Tell whether two atoms in a row make a difference to the same two the other way round."""
    return _rows_differ((first, second), (second, first))


@functools.lru_cache(maxsize=16_384)
def _adds_something(last: Atom, extra: Atom) -> bool:
    """Tell whether an atom ever changes what another gives."""
    return isinstance(last, WIRING) or _rows_differ((last,), (last, extra))


def _rows_differ(one: tuple[Atom, ...], other: tuple[Atom, ...]) -> bool:
    """Tell whether two rows of atoms differ on what both take; the later atoms take one value."""
    inputs = one[0].inputs
    if other[0] is not one[0]:
        inputs = tuple([a if is_subtype(a, b) else b for a, b in zip(inputs, other[0].inputs, strict=True)])
    graphs = []
    for atoms in (one, other):
        calls = [Call(atoms[0], tuple(range(len(inputs))))]
        calls += [Call(atom, (len(inputs) + step,)) for step, atom in enumerate(atoms[1:])]
        graphs.append(trusted(inputs, tuple(calls)))
    return differs(graphs[0], graphs[1], pool_of(inputs, 0, 0))
