"""How large a value may grow on the way through a function."""

from __future__ import annotations

from typing import Any, Final

from moiety.types import size

MAX_SIZE: Final = 256
MAX_INTEGER: Final = 10**18
ONE_CELL: Final = 2**26  # an integer below takes one cell; lists are of one type


class SizeLimitError(Exception):
    """A value on the way grew over the size limit, so the function is refused."""


def within_limits(value: Any) -> bool:
    """Tell whether a value is small enough to go on computing with: its size, and every integer in it."""
    return _cells(value) <= MAX_SIZE


def _cells(value: Any) -> int:
    """Return `types.size` of a value in one pass, or more than MAX_SIZE when an integer in it is out of bounds."""
    kind = type(value)
    if kind is int:
        return size(value) if -MAX_INTEGER <= value <= MAX_INTEGER else MAX_SIZE + 1
    if kind is str:
        return len(value)
    if kind is not list:
        return size(value)
    if value and type(value[0]) is int and min(value) > -ONE_CELL and max(value) < ONE_CELL:
        return len(value)
    total = 0
    for item in value:
        total += _cells(item) or 1
        if total > MAX_SIZE:
            break
    return total
