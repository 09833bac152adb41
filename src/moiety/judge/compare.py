"""An answer is compared with the expected one here, outside the candidate's process.

The mode is the data set's. The answer arrives as bytes: equal bytes pass at once, and only else is anything decoded,
strictly and within a length that the expected answer sets. Whatever an answer holds, the result is a verdict.
"""

from __future__ import annotations

import math
from typing import Any

from moiety.judge import wire
from moiety.judge.answers import from_tree
from moiety.judge.codec import CodecError, decode, encode
from moiety.judge.tokens import same_tokens
from moiety.judge.verdicts import TREES, Comparison, Verdict

_RELATIVE, _LEAST_ABSOLUTE = 1e-7, 1e-6  # EvalPlus's own: the second where a row has none and only floats are expected


def compare(answer: bytes, expected: bytes, comparison: Comparison, tolerance: float) -> Verdict:
    """Return PASS, WRONG, or PROTOCOL for bytes that no honest encoder writes."""
    if answer == expected and comparison is not Comparison.ROOT:  # there the expected value is no answer
        return Verdict.PASS
    if len(answer) > 4 * len(expected) + 1024:
        return Verdict.WRONG
    try:
        value = _decoded(answer, comparison)
    except CodecError:
        return Verdict.PROTOCOL
    if comparison is Comparison.EXACT:
        return Verdict.WRONG
    try:
        met = matches(value, _decoded(expected, comparison), comparison, tolerance)
    except (CodecError, ArithmeticError, ValueError, TypeError, RecursionError, MemoryError):
        met = False  # such as an expected set with two NaNs, which only equal bytes can meet
    return Verdict.PASS if met else Verdict.WRONG


def _decoded(data: bytes, comparison: Comparison) -> Any:
    return from_tree(decode(data, max_depth=wire.TREE_DEPTH)) if comparison in TREES else decode(data)


def matches(value: Any, wanted: Any, comparison: Comparison, tolerance: float) -> bool:
    """Return True if a plain value meets the wanted one under `comparison`."""
    if comparison is Comparison.PYTHON:
        return bool(value == wanted)
    if comparison is Comparison.UNORDERED:
        return _bag(value) == _bag(wanted)
    if comparison is Comparison.CLOSE:
        return _close(value, wanted, tolerance)
    if comparison is Comparison.LISTS or comparison is Comparison.WRAPPED:
        value, wanted = _listed(value), _listed(wanted)
        alone = comparison is Comparison.WRAPPED and type(wanted) is list and len(wanted) == 1
        return bool(value == wanted) or (alone and bool(value == wanted[0]))
    if comparison is Comparison.ROOT:
        return _is_root(value, wanted, tolerance)
    if comparison is Comparison.AS_SETS:
        return bool(value == wanted) or set(value) == set(wanted)
    if comparison is Comparison.PRESENCE:
        return _present(value) == _present(wanted)
    if comparison is Comparison.TEXT or comparison is Comparison.TOKENS:
        if type(value) is not str or type(wanted) is not str:
            return False
        if _lines(value) == _lines(wanted):
            return True
        return comparison is Comparison.TOKENS and same_tokens(value, wanted, tolerance)
    return encode(value) == encode(wanted)


def _bag(value: Any) -> tuple[str, list[bytes]]:
    if type(value) is list or type(value) is tuple:
        return type(value).__name__, sorted(encode(item) for item in value)
    return "", [encode(value)]


def _is_root(value: Any, coefficients: list[Any], tolerance: float) -> bool:
    if type(value) not in (int, float):
        return False
    total = sum(one * math.pow(value, power) for power, one in enumerate(coefficients))
    return bool(abs(total) <= tolerance)


def _present(value: Any) -> bool:
    return value if type(value) is bool else value is not None


def _listed(value: Any) -> Any:
    """Return a value with lists for its tuples: JSON has no tuples, so a wanted answer cannot hold one."""
    if type(value) is list or type(value) is tuple:
        return [_listed(item) for item in value]
    if type(value) is dict:
        return {key: _listed(item) for key, item in value.items()}
    return value


def _close(value: Any, wanted: Any, tolerance: float) -> bool:
    """Return True if a value equals the wanted one, or is near it where floats are wanted."""
    if value == wanted:
        return True
    if type(value) is not type(wanted) or _shape(wanted) is None or (not tolerance and not _floats(wanted)):
        return False
    return _near(value, wanted, tolerance or _LEAST_ABSOLUTE)


def _floats(wanted: Any) -> bool:
    if type(wanted) is list or type(wanted) is tuple:
        return bool(wanted) and all(type(item) is float for item in wanted)
    return type(wanted) is float


def _shape(wanted: Any) -> tuple[int, ...] | None:
    """Return the shape of numbers nested as an array has them, None for anything else: that is compared exactly."""
    if type(wanted) in (int, float, bool, complex):
        return ()
    if type(wanted) is not list and type(wanted) is not tuple:
        return None
    shapes = {_shape(item) for item in wanted}
    if len(shapes) > 1 or None in shapes:
        return None
    return (len(wanted), *(shapes.pop() or () if shapes else ()))


def _near(value: Any, wanted: Any, tolerance: float) -> bool:
    if type(wanted) is list or type(wanted) is tuple:
        if type(value) is not type(wanted) or len(value) != len(wanted):
            return False
        return all(_near(one, other, tolerance) for one, other in zip(value, wanted, strict=True))
    if type(wanted) is complex and type(value) in (int, float, complex):
        return value == wanted or _within(abs(value - wanted), abs(wanted), tolerance)
    if type(wanted) is not float or type(value) not in (int, float):
        return bool(value == wanted)  # an integer or a truth value is wanted: exactly that
    if math.isnan(wanted):
        return math.isnan(value)
    return value == wanted or _within(abs(value - wanted), abs(wanted), tolerance)


def _within(error: float, size: float, tolerance: float) -> bool:
    return math.isfinite(size) and error <= tolerance + _RELATIVE * size


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.replace("\r\n", "\n").rstrip().split("\n")]
