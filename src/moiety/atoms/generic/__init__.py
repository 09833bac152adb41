"""Generic parameterised operations: what pretraining composes to teach a model the form, not the target atoms.

Same form as the atoms (unary, one final return, the same idioms and value types), but none equals an atom of the
catalogue in behaviour; a test checks that. Not part of the catalogue, and never part of a task.
"""

from __future__ import annotations

import functools

from moiety.atoms.definition import Atom
from moiety.atoms.generic import lists, numbers, selections, strings, tables, text_measures, words
from moiety.atoms.generic.family import Family
from moiety.errors import UserError

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
def generic_operations(count: int | None = None) -> tuple[Atom, ...]:
    """Return generic operations: every one, or `count` of them spread evenly over the families.

    Fewer operations are learnt better by a small model in the same time. A family's second parameter value is used
    only once every family has given its first. Raises UserError when there are not so many.
    """
    if count is None:
        return tuple(operation for family in families() for operation in family.operations())
    most = max(len(family.values) for family in families())
    ordered = [family.operations()[i] for i in range(most) for family in families() if i < len(family.values)]
    if not 1 <= count <= len(ordered):
        raise UserError(f"need 1 to {len(ordered)} generic operations, got {count}")
    if count < len(families()):
        return tuple(ordered[i * len(families()) // count] for i in range(count))
    return tuple(ordered[:count])
