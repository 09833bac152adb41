"""Printed answers compared token by token: numbers may be written otherwise, floats may differ a little.

An expected integer is met by its exact value alone. What Python reads as a number and no problem means as one (`nan`,
`inf`, `1_000`, digits of other scripts) is text. The cost is linear in the length of both texts.
"""

from __future__ import annotations

import math
import re
from itertools import zip_longest

_TOKEN = re.compile(r"\S+")
_NUMBER = re.compile(r"([+-]?)([0-9]*)(\.?)([0-9]*)(?:[eE]([+-]?[0-9]{1,4}))?")
_LONGEST = 400  # characters of a float: reading one takes time that grows with the square of its length


def same_tokens(text: str, wanted: str, tolerance: float) -> bool:
    """Return True if two texts have the same tokens, numbers within `tolerance`, absolute or relative."""
    pairs = zip_longest(_TOKEN.finditer(text), _TOKEN.finditer(wanted))
    return all(one and other and _same(one[0], other[0], tolerance) for one, other in pairs)


def _same(token: str, wanted: str, tolerance: float) -> bool:
    if token == wanted:
        return True
    one, other = _NUMBER.fullmatch(token), _NUMBER.fullmatch(wanted)
    if one is None or other is None or not (one[2] or one[4]) or not (other[2] or other[4]):
        return False
    if _exactly(one) == _exactly(other):
        return True
    is_integer = not other[3] and not other[5]
    if is_integer or len(token) > _LONGEST or len(wanted) > _LONGEST:
        return False
    value, goal = float(token), float(wanted)
    return math.isfinite(goal) and abs(value - goal) <= tolerance * max(1.0, abs(goal))


def _exactly(number: re.Match[str]) -> tuple[str, str, int]:
    """Return sign, digits without zeros at either end, and exponent: equal for equal numbers however written."""
    sign, whole, _, fraction, exponent = number.groups()
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return "", "", 0
    bare = digits.rstrip("0")
    return sign.strip("+"), bare, int(exponent or 0) - len(fraction) + len(digits) - len(bare)
