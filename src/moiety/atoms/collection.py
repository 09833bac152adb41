"""The catalogue of atomic functions: one hundred, in ten topics of ten.

Not a registry: each topic module ends with its own `ATOMS`, and the catalogue is their concatenation.
A user's own atoms come from a file (`load_atoms`) and stand beside the catalogue, never in it.
"""

from __future__ import annotations

import functools

from moiety.atoms import (
    arithmetic,
    encoding,
    list_aggregation,
    list_selection,
    list_transformation,
    number_theory,
    sequences_grids,
    sorting,
    string_analysis,
    string_transformation,
)
from moiety.atoms.definition import Atom
from moiety.errors import UserError


@functools.cache
def catalogue() -> tuple[Atom, ...]:
    """Return every atom, topic by topic."""
    return (
        *arithmetic.ATOMS,
        *number_theory.ATOMS,
        *sorting.ATOMS,
        *list_transformation.ATOMS,
        *list_selection.ATOMS,
        *list_aggregation.ATOMS,
        *string_transformation.ATOMS,
        *string_analysis.ATOMS,
        *encoding.ATOMS,
        *sequences_grids.ATOMS,
    )


@functools.cache
def quick_atoms() -> tuple[Atom, ...]:
    """Return the atoms of the quick study: unary, short, with one final return."""
    return tuple(a for a in catalogue() if a.quick)


def atom_named(name: str) -> Atom:
    """Return the atom of the catalogue called `name`. Raises UserError."""
    for candidate in catalogue():
        if candidate.name == name:
            return candidate
    raise UserError(f"atom {name!r} is not in the catalogue; `moiety atoms` lists it")
