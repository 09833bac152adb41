"""Broken atoms are found and named."""

from collections.abc import Callable
from typing import Any

import pytest

from moiety.atoms import Atom, atom, check_atom
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


@broken([(("a",), "a")] * 3)
def talkative(s: str) -> str:
    print(s)
    return s


@pytest.mark.parametrize(
    ("candidate", "message"),
    [
        (partial, r"atom partial: raises IndexError on \(\[\],\): need a total function on list\[int\]"),
        (mistyped, r"atom mistyped: on \(-1,\): need a value of nonneg_int, got -1"),
        (half_boolean, r"atom half_boolean: on \(-1,\): need a value of int, got True"),
        (impure, r"atom impure: changes its argument on \(\[2, 1\],\): need a pure function"),
        (forgetful, r"atom forgetful: two calls differ on \(1,\): need a deterministic function"),
        (talkative, r"atom talkative: uses print: need a pure function"),
        (leaning, r"atom leaning: its source by itself raises NameError on \(1,\): need a body"),
        (misjudged, r"atom misjudged: example \(1,\): need 1, got 2"),
        (misplaced, r"atom misplaced: example \(\[\],\): need a value of nonempty list\[int\], got \[\]"),
        (endless, r"atom endless: on \(1000000000000000000,\): need at most 200000 lines run"),
    ],
)
def test_broken_promises_are_named(candidate: Atom, message: str) -> None:
    with pytest.raises(UserError, match=message):
        check_atom(candidate, seed=0, num_samples=200)
