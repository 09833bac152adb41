"""Holding an answer against the expected one, outside the candidate's process.

The mode is the data set's. The answer arrives as bytes: equal bytes pass at once in the modes where equality is
reflexive, and only then is anything decoded, strictly and within a length that the expected answer sets.
"""

from __future__ import annotations

import math
from typing import Any

from moiety.judge.codec import CodecError, decode, encode
from moiety.judge.verdicts import Comparison, Verdict

_NUMBERS = (int, float, bool, complex)


def compare(answer: bytes, expected: bytes, comparison: Comparison, tolerance: float) -> Verdict:
    """Return PASS, WRONG, or PROTOCOL for bytes that no honest encoder writes."""
    if answer == expected:
        return Verdict.PASS
    if len(answer) > 4 * len(expected) + 1024:
        return Verdict.WRONG
    try:
        value = decode(answer)
    except CodecError:
        return Verdict.PROTOCOL
    if comparison is Comparison.EXACT:
        return Verdict.WRONG
    return Verdict.PASS if matches(value, decode(expected), comparison, tolerance) else Verdict.WRONG


def matches(value: Any, wanted: Any, comparison: Comparison, tolerance: float) -> bool:
    """Tell whether a plain value meets the wanted one under `comparison`."""
    if comparison is Comparison.PYTHON:
        return bool(value == wanted)
    if comparison is Comparison.UNORDERED:
        return _bag(value) == _bag(wanted)
    if comparison is Comparison.CLOSE:
        return _close(value, wanted, tolerance)
    if comparison is Comparison.TEXT:
        return type(value) is str and type(wanted) is str and _lines(value) == _lines(wanted)
    return encode(value) == encode(wanted)


def _bag(value: Any) -> tuple[str, list[bytes]]:
    if type(value) is list or type(value) is tuple:
        return type(value).__name__, sorted(encode(item) for item in value)
    return "", [encode(value)]


def _close(value: Any, wanted: Any, tolerance: float) -> bool:
    if type(value) is float or type(wanted) is float:
        if type(value) not in _NUMBERS or type(wanted) not in _NUMBERS:
            return False
        return _near(value, wanted, tolerance)
    if isinstance(wanted, (list, tuple)):
        if type(value) is not type(wanted) or len(value) != len(wanted):
            return False
        return all(_close(a, b, tolerance) for a, b in zip(value, wanted, strict=True))
    if isinstance(wanted, dict):
        if type(value) is not dict or value.keys() != wanted.keys():
            return False
        return all(_close(value[key], item, tolerance) for key, item in wanted.items())
    return bool(value == wanted)


def _near(value: Any, wanted: Any, tolerance: float) -> bool:
    if isinstance(value, complex) or isinstance(wanted, complex):
        return bool(abs(value - wanted) <= tolerance * max(1.0, abs(wanted)))
    try:
        if math.isnan(wanted):
            return math.isnan(value)
        return math.isclose(value, wanted, rel_tol=tolerance, abs_tol=tolerance)
    except OverflowError:  # an int beyond every float
        return False


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.replace("\r\n", "\n").rstrip().split("\n")]
