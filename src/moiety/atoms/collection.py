"""The catalogue of atomic functions: one hundred, in ten topics of ten.

Not a registry: each topic module ends with its own `ATOMS`, and the catalogue is their concatenation.
A user's own atoms come from a file (`own`) and stand beside the catalogue, never in it.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

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
from moiety.errors import UserError, did_you_mean


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


def atom_named(name: str, *, among: Sequence[Atom] | None = None) -> Atom:
    """Return the atom called `name`, of the catalogue unless others are given. Raises UserError."""
    known = {atom.name: atom for atom in (catalogue() if among is None else among)}
    if name not in known:
        raise UserError(f"no atom is called {name!r}{did_you_mean(name, list(known))}")
    return known[name]
