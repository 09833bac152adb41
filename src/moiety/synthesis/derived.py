"""Calls that are not one atom: an atom mapped over a list, the choice between two values, and two values in a tuple.

All are atoms in form, so that graphs, keys and checks treat them like any other call; none is in a catalogue and none
is ever asked for alone.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from moiety.atoms.definition import Atom, compile_source
from moiety.types import ValueType, pair_type, root_type, value_type

MAP: Final = "map"
CHOICE: Final = "choice"
PAIR: Final = "pair"
_LIST_OF: Final = {"int": "list[int]", "str": "list[str]", "bool": "list[bool]", "list[int]": "list[list[int]]"}
_PLAIN: Final = ("list[int]", "list[str]")  # whose elements tell by themselves what an atom gives of them
MAX_ELEMENTS: Final = 100_000  # of a mapped atom, that are remembered
_MAPPED: Final = """{source}

def map_{name}(items: {taken}) -> {given}:
    return [{name}(item) for item in items]
"""
_CHOOSE: Final = """def choose(flag: bool, first: {type}, second: {type}) -> {type}:
    return first if flag else second
"""
_PAIR: Final = """def pair(first: {first}, second: {second}) -> {pair}:
    return first, second
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


@dataclass(frozen=True)
class Pair(Atom):
    """Two values in a tuple, in order."""

    __hash__ = Atom.__hash__

    def __reduce__(self) -> tuple[Any, ...]:
        return pair, self.inputs


WIRING: Final = (Choice, Pair)  # calls that apply no atom


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
        function=_over_elements(atom) if taken in _PLAIN else compile_source(source, name),
        english=atom.english,
        chinese=atom.chinese,
        examples=(),
        element=atom,
    )


def _over_elements(atom: Atom) -> Callable[[list[Any]], list[Any]]:
    """Return an atom over the elements of a list; what it gives of an element is remembered."""
    known: dict[Any, Any] = {}

    def over(items: list[Any]) -> list[Any]:
        if len(known) > MAX_ELEMENTS:
            known.clear()
        for item in items:
            if item not in known:
                known[item] = atom.function(item)
        return [known[item] for item in items]

    return over


@functools.cache
def choice(value: ValueType) -> Choice:
    """Return the choice between two values of a type."""
    source = _CHOOSE.format(type=value.annotation)
    return _wiring(Choice, "choose", CHOICE, (value_type("bool"), value, value), value, source)


@functools.cache
def pair(first: ValueType, second: ValueType) -> Pair:
    """Return the tuple of two values of two types, whose roots it takes."""
    inputs = (root_type(first), root_type(second))
    output = pair_type(*inputs)
    source = _PAIR.format(first=inputs[0].annotation, second=inputs[1].annotation, pair=output.annotation)
    return _wiring(Pair, "pair", PAIR, inputs, output, source)


AnyWiring = TypeVar("AnyWiring", Choice, Pair)


def _wiring(
    kind: type[AnyWiring], name: str, topic: str, inputs: tuple[ValueType, ...], output: ValueType, source: str
) -> AnyWiring:
    """Return a call that applies no atom: it may be put inline, and its one wording is empty."""
    return kind(
        name=name,
        topic=topic,
        inputs=inputs,
        output=output,
        source=source,
        inlinable=True,
        quick=True,
        function=compile_source(source, name),
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
    """Return the name of the catalogue's atom that a call applies, None where it applies none."""
    if isinstance(atom, WIRING):
        return None
    return atom.element.name if isinstance(atom, Mapped) else atom.name
