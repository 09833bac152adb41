"""The steps that synthetic functions are made of: each takes the value the step before gave, and gives one.

A form fixes how the atoms of a step are wired: a single atom, a map, a fork whose two branches a binary atom joins, a
join with a new input, a conditional, a pair of two branches (the last step: no atom takes a tuple). References: -1 is
the value taken, -2 a new input, 0 … earlier parts of the step.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from moiety.atoms.definition import Atom
from moiety.synthesis.derived import choice, common_type, mapped, pair
from moiety.types import ValueType, is_subtype

TAKEN, NEW = -1, -2


@dataclass(frozen=True, slots=True)
class Form:
    """How the atoms of a step are wired.

    `label` is the shape it gives a function ("" for none), `size` the atoms it calls, `new_inputs` the inputs it adds.
    """

    name: str
    label: str
    size: int
    new_inputs: int = 0

    def depth_after(self, depth: int) -> int:
        """Return the depth of the value given, from the depth of the value taken."""
        if self.name in ("fork11", "fork10", "fork01"):
            return depth + 2
        if self.name in ("join1", "join1r"):
            return max(depth, 1) + 1
        return depth + 1


FORMS: dict[str, Form] = {
    form.name: form
    for form in (
        Form("unary", "", 1),
        Form("map", "map", 1),
        Form("fork11", "tree", 3),
        Form("fork10", "tree", 2),
        Form("fork01", "tree", 2),
        Form("join", "tree", 1, 1),
        Form("joinr", "tree", 1, 1),
        Form("join1", "tree", 2, 1),
        Form("join1r", "tree", 2, 1),
        Form("if11", "conditional", 3),
        Form("if10", "conditional", 2),
        Form("if01", "conditional", 2),
        Form("pair11", "pair", 2),
        Form("pair10", "pair", 1),
        Form("pair01", "pair", 1),
    )
}
Part = tuple[Atom, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Step:
    """A form with its atoms: `takes` the widest type of the value taken, `new` the types of the inputs it adds."""

    takes: ValueType
    gives: ValueType
    parts: tuple[Part, ...]
    new: tuple[ValueType, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parts, which order the steps of a form."""
        return tuple(atom.name for atom, _ in self.parts)


def steps_of(form: str, atoms: Sequence[Atom]) -> list[Step]:
    """Return every well-typed step of a form over a catalogue, in order of names."""
    unary = [a for a in atoms if len(a.inputs) == 1]
    binary = [a for a in atoms if len(a.inputs) == 2]
    if form == "unary":
        steps = [Step(a.inputs[0], a.output, ((a, (TAKEN,)),)) for a in unary]
    elif form == "map":
        steps = [Step(m.inputs[0], m.output, ((m, (TAKEN,)),)) for m in map(mapped, unary) if m is not None]
    elif form.startswith("fork"):
        steps = list(_forks(form, unary, binary))
    elif form.startswith("join"):
        steps = list(_joins(form, unary, binary))
    elif form.startswith("pair"):
        steps = list(_pairs(form, unary))
    else:
        steps = list(_conditionals(form, unary))
    return sorted(steps, key=lambda step: step.names)


def narrower(a: ValueType, b: ValueType) -> ValueType | None:
    """Return the type whose values both `a` and `b` hold, None where neither is a subtype of the other."""
    if is_subtype(a, b):
        return a
    return b if is_subtype(b, a) else None


def _forks(form: str, unary: Sequence[Atom], binary: Sequence[Atom]) -> Iterator[Step]:
    for join in binary:
        left, right = join.inputs
        for first in _branches(form[4] == "1", unary, left):
            for second in _branches(form[5] == "1", unary, right):
                wanted = (left if first is None else first.inputs[0], right if second is None else second.inputs[0])
                takes = narrower(*wanted)
                if takes is not None and first != second:
                    yield _branched(takes, first, second, join)


def _branched(takes: ValueType, first: Atom | None, second: Atom | None, last: Atom, *before: Atom) -> Step:
    """Return the step whose last call takes what `before` and two branches give; None is the value taken itself."""
    parts: list[Part] = [(a, (TAKEN,)) for a in (*before, first, second) if a is not None]
    branches = (TAKEN if first is None else len(before), TAKEN if second is None else len(parts) - 1)
    return Step(takes, last.output, (*parts, (last, (*range(len(before)), *branches))))


def _branches(has_atom: bool, unary: Sequence[Atom], wanted: ValueType) -> Sequence[Atom | None]:
    return [a for a in unary if is_subtype(a.output, wanted)] if has_atom else [None]


def _joins(form: str, unary: Sequence[Atom], binary: Sequence[Atom]) -> Iterator[Step]:
    reverse = form.endswith("r")
    for join in binary:
        old, new = reversed(join.inputs) if reverse else join.inputs
        for branch in _branches("1" in form, unary, new):
            parts: list[Part] = [] if branch is None else [(branch, (NEW,))]
            wires = (TAKEN, NEW if branch is None else 0)
            parts.append((join, wires[::-1] if reverse else wires))
            yield Step(old, join.output, tuple(parts), (new if branch is None else branch.inputs[0],))


def _conditionals(form: str, unary: Sequence[Atom]) -> Iterator[Step]:
    tests = [a for a in unary if a.output.annotation == "bool"]
    others: list[Atom | None] = [a for a in unary if a.output.annotation != "bool"]
    for test in tests:
        for first, second in itertools.product(*(others if bit == "1" else [None] for bit in form[2:])):
            takes: ValueType | None = test.inputs[0]
            for branch in (first, second):
                if takes is not None and branch is not None:
                    takes = narrower(takes, branch.inputs[0])
            if takes is None or first == second:
                continue
            gives = common_type(*(takes if b is None else b.output for b in (first, second)))
            if gives is not None:
                yield _branched(takes, first, second, choice(gives), test)


def _pairs(form: str, unary: Sequence[Atom]) -> Iterator[Step]:
    for first, second in itertools.product(*(unary if bit == "1" else [None] for bit in form[4:])):
        taken = [a.inputs[0] for a in (first, second) if a is not None]
        takes = narrower(taken[0], taken[-1])
        if takes is not None and first != second:
            both = pair(*(takes if a is None else a.output for a in (first, second)))
            yield _branched(takes, first, second, both)
