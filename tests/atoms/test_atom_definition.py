"""The decorator: plain source out, clear errors on what it cannot take."""

import pickle
from collections.abc import Callable
from typing import Any

import pytest

from moiety.atoms import Atom, atom, catalogue
from moiety.errors import UserError
from moiety.types import NonEmptyInts, NonNegInt

ENGLISH = ("do {x}", "make {x}", "get {x}", "run {x}")
CHINESE = ("做{x}", "取{x}", "求{x}", "算{x}")
EXAMPLES = (((1,), 2), ((2,), 3), ((0,), 1))


def make(function: Callable[..., Any], **changes: Any) -> Atom:
    options: dict[str, Any] = {"topic": "own", "english": ENGLISH, "chinese": CHINESE, "examples": EXAMPLES}
    return atom(**{**options, **changes})(function)


def first_above(xs: NonEmptyInts) -> NonNegInt:
    """Docstrings do not belong to the source."""
    head = xs[0]
    return max(head, 0)


def early(n: int) -> int:
    if n < 0:
        return 0
    return n


def recursive(n: int) -> int:
    return n if n <= 0 else recursive(n - 10**18)


def rebinds(n: int) -> int:
    n += 1
    return n


def shadows(xs: list[int]) -> list[int]:
    return [xs + 1 for xs in xs]


def test_source_is_plain() -> None:
    made = make(first_above, examples=((([1],), 1),) * 3)
    assert made.source == "def first_above(xs: list[int]) -> int:\n    head = xs[0]\n    return max(head, 0)\n"
    assert (made.inputs[0].name, made.output.name) == ("nonempty list[int]", "nonneg_int")
    assert made.inlinable
    assert made([4]) == 4


@pytest.mark.parametrize("function", [early, recursive, rebinds, shadows])
def test_what_cannot_stand_inline_says_so(function: Callable[..., Any]) -> None:
    assert not make(function).inlinable


def no_annotation(n) -> int:  # type: ignore[no-untyped-def]
    return int(n)


def unknown_type(n: dict[str, int]) -> int:
    return len(n)


def default(n: int = 0) -> int:
    return n


def nothing() -> int:
    return 0


def one_line(n: int) -> int: return n  # fmt: skip


@pytest.mark.parametrize(
    ("function", "changes", "message"),
    [
        (no_annotation, {}, "atom no_annotation: n: need a type annotation"),
        (unknown_type, {}, r"atom unknown_type: n: need one of int, .* got dict\[str, int\]"),
        (default, {}, "atom default: need one or more plain parameters"),
        (nothing, {}, "atom nothing: need one or more plain parameters"),
        (one_line, {}, "atom one_line: need the body on lines of its own"),
        (early, {"english": ENGLISH[:3]}, "atom early: english: need at least 4 different clauses, got 3"),
        (early, {"chinese": (CHINESE[0],) * 4}, "atom early: chinese: need at least 4 different clauses, got 1"),
        (early, {"english": (*ENGLISH, "do it")}, "english: need {x} and no other placeholder, got 'do it'"),
        (early, {"english": (*ENGLISH, "{x} {y}")}, "atom early: english: need {x} and no other"),
        (early, {"examples": EXAMPLES[:2]}, "atom early: examples: need at least 3, got 2"),
        (early, {"examples": ((1, 2),) * 3}, "atom early: examples: need a tuple of 1 arguments, got 1"),
    ],
)
def test_errors_name_the_atom(function: Callable[..., Any], changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        make(function, **changes)


def test_atoms_pickle_and_hash() -> None:
    copies = pickle.loads(pickle.dumps(catalogue()))
    assert copies == catalogue()
    assert len({*copies, *catalogue()}) == 100
    for copy, original in zip(copies, catalogue(), strict=True):
        arguments, output = original.examples[0]
        assert copy(*arguments) == output
