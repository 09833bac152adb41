"""Stub."""

from moiety.atoms.definition import Atom


def generic_operations() -> tuple[Atom, ...]:
    return ()
