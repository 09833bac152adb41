"""Generic parameterised operations: what pretraining composes to teach a model the form, not the target atoms.

Same form as the atoms (unary, one final return, the same idioms and value types), but none equals an atom of the
catalogue in behaviour; a test checks that. Not part of the catalogue, and never part of a task.
"""

from __future__ import annotations

import functools

from moiety.atoms.definition import Atom
from moiety.atoms.generic import lists, numbers, selections, strings, tables, text_measures, words
from moiety.atoms.generic.family import Family

__all__ = ["Family", "families", "generic_operations"]


def families() -> tuple[Family, ...]:
    """Return the families, by input type."""
    return (
        *numbers.FAMILIES,
        *lists.FAMILIES,
        *selections.FAMILIES,
        *tables.FAMILIES,
        *strings.FAMILIES,
        *text_measures.FAMILIES,
        *words.FAMILIES,
    )


@functools.cache
def generic_operations() -> tuple[Atom, ...]:
    """Return every generic operation, family by family."""
    return tuple(operation for family in families() for operation in family.operations())
