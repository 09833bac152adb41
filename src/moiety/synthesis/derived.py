"""Calls that are more than one atom: an atom mapped over a list, and the choice between two values.

Both are atoms in form, so that graphs, keys and checks treat them like any other call; neither is in a catalogue and
neither is ever asked for alone.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, Final

from moiety.atoms.definition import Atom, compile_source
from moiety.types import ValueType, root_type, value_type

MAP: Final = "map"
CHOICE: Final = "choice"
_LIST_OF: Final = {"int": "list[int]", "str": "list[str]", "bool": "list[bool]", "list[int]": "list[list[int]]"}
_MAPPED: Final = """{source}

def map_{name}(items: {taken}) -> {given}:
    return [{name}(item) for item in items]
"""
_CHOOSE: Final = """def choose(flag: bool, first: {type}, second: {type}) -> {type}:
    return first if flag else second
"""


@dataclass(frozen=True)
class Mapped(Atom):
    """An atom applied to every element of a list."""

    element: Atom

    __hash__ = Atom.__hash__

    def __reduce__(self) -> tuple[Any, ...]:
        return mapped, (self.element,)


@dataclass(frozen=True)
class Choice(Atom):
    """The first value where the flag is true, else the second."""

    __hash__ = Atom.__hash__

    def __reduce__(self) -> tuple[Any, ...]:
        return choice, (self.output,)


@functools.lru_cache(maxsize=4096)
def mapped(atom: Atom) -> Mapped | None:
    """Return the atom that applies `atom` to each element of a list; None where no list type holds such elements."""
    if len(atom.inputs) != 1 or atom.inputs[0].parent is not None:
        return None
    taken, given = _LIST_OF.get(atom.inputs[0].annotation), _LIST_OF.get(atom.output.annotation)
    if taken is None or given is None:
        return None
    name = f"map_{atom.name}"
    source = _MAPPED.format(source=atom.source, name=atom.name, taken=taken, given=given)
    return Mapped(
        name=name,
        topic=MAP,
        inputs=(value_type(taken),),
        output=value_type(given),
        source=source,
        inlinable=atom.inlinable,
        quick=atom.quick,
        function=compile_source(source, name),
        english=atom.english,
        chinese=atom.chinese,
        examples=(),
        element=atom,
    )


@functools.cache
def choice(value: ValueType) -> Choice:
    """Return the choice between two values of a type."""
    source = _CHOOSE.format(type=value.annotation)
    return Choice(
        name="choose",
        topic=CHOICE,
        inputs=(value_type("bool"), value, value),
        output=value,
        source=source,
        inlinable=True,
        quick=True,
        function=compile_source(source, "choose"),
        english=("",),
        chinese=("",),
        examples=(),
    )


def common_type(a: ValueType, b: ValueType) -> ValueType | None:
    """Return a type that both are subtypes of: one of them, or their common root; None where there is none."""
    if a.name == b.name:
        return a
    return root_type(a) if root_type(a).name == root_type(b).name else None


def plain_name(atom: Atom) -> str | None:
    """Return the name of the catalogue's atom that a call applies, None for a choice."""
    if isinstance(atom, Choice):
        return None
    return atom.element.name if isinstance(atom, Mapped) else atom.name
