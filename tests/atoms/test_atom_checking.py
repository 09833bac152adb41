"""Broken atoms are found and named; a user's own file is loaded or refused in one line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moiety.atoms import Atom, atom, check_atom, load_atoms
from moiety.errors import UserError
from moiety.types import NonEmptyInts, NonNegInt

FACTOR = 3


def broken(examples: Any) -> Callable[[Callable[..., Any]], Atom]:
    clauses = ("do {x}", "make {x}", "get {x}", "run {x}")
    return atom(topic="own", english=clauses, chinese=clauses, examples=examples)


@broken([(([1],), 1), (([2],), 2), (([3],), 3)])
def partial(xs: list[int]) -> int:
    return xs[0]


@broken([((1,), 1), ((2,), 2), ((3,), 3)])
def mistyped(n: int) -> NonNegInt:
    return n


@broken([((1,), 1), ((2,), 2), ((3,), 3)])
def half_boolean(n: int) -> int:
    return n if n >= 0 else True


@broken([(([1],), [1])] * 3)
def impure(xs: list[int]) -> list[int]:
    xs.sort()
    return list(xs)


@broken([((1,), 1)] * 3)
def forgetful(n: int) -> int:
    import time

    return n + time.perf_counter_ns()


@broken([((1,), 3)] * 3)
def leaning(n: int) -> int:
    return n * FACTOR


@broken([((1,), 2)] * 3)
def misjudged(n: int) -> int:
    return n


@broken([(([],), 0)] * 3)
def misplaced(xs: NonEmptyInts) -> int:
    return len(xs)


@broken([((1,), 0)] * 3)
def endless(n: int) -> int:
    steps = 0
    while steps < abs(n) - 1:
        steps += 1
    return steps


@pytest.mark.parametrize(
    ("candidate", "message"),
    [
        (partial, r"atom partial: raises IndexError on \(\[\],\): need a total function on list\[int\]"),
        (mistyped, r"atom mistyped: on \(-1,\): need a value of nonneg_int, got -1"),
        (half_boolean, r"atom half_boolean: on \(-1,\): need a value of int, got True"),
        (impure, r"atom impure: changes its argument on \(\[2, 1\],\): need a pure function"),
        (forgetful, r"atom forgetful: two calls differ on \(1,\): need a deterministic function"),
        (leaning, r"atom leaning: its source by itself raises NameError on \(1,\): need a body"),
        (misjudged, r"atom misjudged: example \(1,\): need 1, got 2"),
        (misplaced, r"atom misplaced: example \(\[\],\): need a value of nonempty list\[int\], got \[\]"),
        (endless, r"atom endless: on \(1000000000000000000,\): need at most 200000 lines run"),
    ],
)
def test_broken_promises_are_named(candidate: Atom, message: str) -> None:
    with pytest.raises(UserError, match=message):
        check_atom(candidate, seed=0, num_samples=200)


HEADER = "from moiety.atoms import atom\n\nC = ('do {x}', 'make {x}', 'get {x}', 'run {x}')\n\n"
GOOD = """
@atom(topic="own", english=C, chinese=C, examples=[((1,), 8), ((0,), 7), ((-7,), 0)])
def plus_seven(n: int) -> int:
    return n + 7
"""


def test_own_atoms_load(tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text(HEADER + GOOD)
    (loaded,) = load_atoms(path)
    assert (loaded.name, loaded.source) == ("plus_seven", "def plus_seven(n: int) -> int:\n    return n + 7\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "own.py: need at least one function decorated with @atom, got none"),
        ("def f(:\n", "own.py:1: invalid syntax"),
        ("\nimport nothing_of_this_name\n", "own.py:2: ModuleNotFoundError"),
        (HEADER + GOOD.replace("plus_seven", "gray_code"), "own.py: atom gray_code: need a name of its own"),
        (HEADER + GOOD.replace("n + 7", "7 // n"), "own.py: atom plus_seven: example"),
        (HEADER + GOOD.replace("8)", "9)"), r"own.py: atom plus_seven: example \(1,\): need 8, got 9"),
        (HEADER + GOOD.replace("n: int", "n: missing"), r"own.py:7: NameError: name 'missing' is not defined"),
        (HEADER + GOOD.replace("n: int", "n: set"), "own.py: atom plus_seven: n: need one of"),
        (HEADER + GOOD.replace("n: int", "n: 'missing'"), "own.py: atom plus_seven: need known annotations"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "own.py"
    path.write_text(text)
    with pytest.raises(UserError, match=message) as caught:
        load_atoms(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.py: need a Python file of atoms"):
        load_atoms(tmp_path / "none.py")
