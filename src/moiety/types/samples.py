"""Seeded samples of each value type, the edge cases that probes start with, and the edges that every task is tested on.

Not a search for counterexamples (no shrinking) and not the behaviour bank, which draws from here.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from typing import Any, Final

from moiety.types.kinds import SMALL_NAT_MAX, ValueType, contains, root_type, value_type

EDGE_FRACTION: Final = 0.1

# Edge cases: empty, one element, negative, repeated, sorted, long. A type has those of its parent that it contains.
_EDGES: Final[dict[str, tuple[Any, ...]]] = {
    "int": (0, 1, -1, 2, 10, -10, 7, -8, 100, 12, -123, 255, 1001, 30, 9876, -5),
    "bool": (False, True),
    "str": (
        *("", "a", "ab", "aa", "A", " ", "7", "abc", "level", "a b", "aabbb", "Hello World", "12 apples"),
        *("a,b,,c", "  two  gaps ", "x1y22z", "the cat sat on the mat"),
    ),
    "list[int]": (
        *([], [0], [5], [-3], [2, 2], [1, 2], [2, 1], [1, 2, 3], [3, 2, 1], [4, 4, 4, 4], [-1, 0, 1], [1, 1, 2, 2, 1]),
        *([7, -7, 7], [10, 3, 10, -5, 3, 8], [0, 0, 1], [5, 1, 4, 2, 3, 9, 8, 6, 7, 0, -2, 11, -4, 12, 5]),
    ),
    "list[str]": (
        *([], [""], ["a"], ["b", "a"], ["a", "a"], ["aa", "b", "aa"], ["Ab", "ab", "AB"], ["x", "", "y z"]),
        *(["3", "12", "-4"], ["one", "two", "three", "four", "five", "six", "seven"], ["bbb", "a", "cc"], ["", ""]),
    ),
    "list[bool]": ([], [True], [False], [True, False], [False, True], [True, True, True], [False, False, True, False]),
    "list[list[int]]": (
        *([], [[]], [[1]], [[1, 2], [3, 4]], [[], [2], []], [[1, 2, 3], [4], [5, 6]], [[1, 2, 3]], [[1], [2], [3]]),
        *([[2, 2], [2, 2]], [[-1, 0], [0, -1]], [[1, 2, 3], [4, 5, 6]], [[3, 1], [2], [], [5, 4, 6, 0]]),
    ),
}

# What a total function must also bear, but what would make an unreadable test.
_STRESS: Final[dict[str, tuple[Any, ...]]] = {
    "int": (10**18, -(10**18), 10**17 + 3, 2**59, 999_999_999, 1000, 997),
    "str": (
        *("é", "ß", "²", "١", "中文", "İ", "a\nb\tc", "\x00", "'\"\\", "\U0001f600", "-", "-7", "3.5"),
        *("x" * 200, "a b " * 60),
    ),
    "list[int]": ([10**18, -(10**18), 10**18], list(range(100)), [3] * 100, list(range(60, -60, -1)), [1000, 999] * 20),
    "list[str]": (["é", "ß", "²"], ["\n", "\t", " "], ["word"] * 80, [str(n) for n in range(100)], ["x" * 150, ""]),
    "list[bool]": ([True] * 100, [False, True] * 50),
    "list[list[int]]": ([[n] * (n % 5) for n in range(40)], [[10**18], [-(10**18)]], [list(range(9))] * 9, [[], []]),
}

# What a reader tries first, the plainest first: each edge with the values that show it. A type has the edges of its
# parent that some value of its own shows. Behaviour keys depend on `_EDGES`, not on these, so these may grow.
_EDGE_VALUES: Final[dict[str, tuple[tuple[Any, ...], ...]]] = {
    # The last edge is a tie at a half of ten; 1 and -1 are ties at a half of two.
    "int": ((0,), (1,), (-1,), (5, -5, 15, -15, 25, 35)),
    "small_nat": ((SMALL_NAT_MAX,),),
    "bool": ((False,), (True,)),
    # The last two edges are a leading capital, in words that read alike backwards but for it, and nothing but spaces.
    "str": (
        *(("",), ("a", "e", "k", "z"), ("aa", "bbb", "ee", "zzzz"), ("Level", "Aha", "Otto", "Eve")),
        (" ", "  ", "   "),
    ),
    # The last edge is an even length: the middle lies between two elements, and so may the mean.
    "list[int]": (
        *(([],), ([5], [-3], [8], [12]), ([2, 2], [4, 4, 4], [-1, -1], [7, 7, 7, 7])),
        ([1, 2], [2, 1], [4, 3], [-1, 0]),
    ),
    "list[str]": (
        *(([],), (["b"], ["ab"], ["Cat"], ["x y"]), (["a", "a"], ["ab", "ab", "ab"], ["dd", "dd"], ["C", "C", "C"])),
        (["b", "a"], ["a", "b"], ["cd", "e"], ["f", "gh"]),
    ),
    "list[bool]": (([],), ([True], [False]), ([True, True], [False, False, False], [True, True, True], [False, False])),
    # One empty row, one cell, one row, one column, all equal, and an empty row among others.
    "list[list[int]]": (
        *(([],), ([[]],), ([[5]], [[-3]], [[8]], [[12]]), ([[1, 2, 3]], [[4, 0]], [[7, -2, 5]], [[6, 6, 1, 2]])),
        ([[1], [2], [3]], [[4], [0]], [[7], [-2], [5]], [[6], [6], [1], [2]]),
        ([[2, 2], [2, 2]], [[3, 3, 3], [3, 3, 3]], [[-1, -1], [-1, -1], [-1, -1]], [[7, 7], [7, 7]]),
        ([[], [2], []], [[1, 2], [], [3]], [[], [4, -1]], [[5], []]),
    ),
}
_ITEMS: Final = {"list[int]": "int", "list[str]": "str", "list[bool]": "bool"}


def _fresh(value: Any) -> Any:
    return [_fresh(item) for item in value] if type(value) is list else value


def edge_cases(t: ValueType) -> tuple[Any, ...]:
    """Return the readable edge cases of a type, the plainest first; lists are fresh on every call."""
    return tuple(_fresh(value) for value in _edges(t.name))


@functools.cache
def _edges(name: str) -> tuple[Any, ...]:
    t = value_type(name)
    return tuple(value for value in _EDGES[root_type(t).name] if contains(t, value))


def edge_values(t: ValueType) -> tuple[tuple[Any, ...], ...]:
    """Return the edges of a type, the plainest first: each as the values that show it, of which one is enough.

    Of a list, the edges of its elements side by side are an edge too. Lists are fresh on every call.
    """
    return tuple(tuple(map(_fresh, values)) for values in _edge_values(t.name))


@functools.cache
def _edge_values(name: str) -> tuple[tuple[Any, ...], ...]:
    t = value_type(name)
    found = [*_EDGE_VALUES.get(name, ())]
    if name in _ITEMS:
        items = [values[0] for values in _edge_values(_ITEMS[name])]
        found.append((items, items[::-1], items[len(items) // 2 :] + items[: len(items) // 2]))
    if t.parent is not None:
        found = [*_edge_values(t.parent), *found]
    kept = (tuple(value for value in values if contains(t, value)) for values in found)
    return tuple(values for values in kept if values)


def stress_cases(t: ValueType) -> tuple[Any, ...]:
    """Return huge, long and foreign values of a type: for checks of totality, not for tests of tasks."""
    return tuple(_fresh(value) for value in _STRESS.get(root_type(t).name, ()) if contains(t, value))


def _sample_int(rng: random.Random) -> int:
    return rng.randint(-20, 30) if rng.random() < 0.7 else rng.randint(-999, 9999)


def _sample_nonneg(rng: random.Random) -> int:
    return rng.randint(0, 30) if rng.random() < 0.7 else rng.randint(0, 9999)


def _sample_small(rng: random.Random) -> int:
    return rng.randint(0, 30) if rng.random() < 0.7 else rng.randint(0, 120)


_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_MIXED = _LETTERS + "ABCDEFGHIJ" + "0123456789" + "     " + ".,-!?"
_FEW_LETTERS = "aabbcdeA"


def _sample_word(rng: random.Random, *, longest: int = 6) -> str:
    letters = _FEW_LETTERS if rng.random() < 0.3 else _LETTERS
    return "".join(rng.choice(letters) for _ in range(rng.randint(1, longest)))


def _sample_str(rng: random.Random, *, shortest: int = 0) -> str:
    kind = rng.random()
    if kind < 0.35:
        return " ".join(_sample_word(rng, longest=5) for _ in range(rng.randint(1, 3)))
    if kind < 0.55:
        return "".join(rng.choice(_FEW_LETTERS) for _ in range(rng.randint(max(shortest, 1), 8)))
    if kind < 0.65:
        return str(rng.randint(-99, 99999))
    return "".join(rng.choice(_MIXED) for _ in range(rng.randint(shortest, 10)))


def _sample_ints(rng: random.Random, *, shortest: int = 0) -> list[int]:
    length = rng.randint(shortest, 9)
    kind = rng.random()
    if kind < 0.25:
        pool = [rng.randint(-9, 9) for _ in range(3)]
        return [rng.choice(pool) for _ in range(length)]
    xs = [rng.randint(-20, 30) for _ in range(length)]
    return sorted(xs) if kind < 0.35 else xs


def _sample_strs(rng: random.Random, *, shortest: int = 0) -> list[str]:
    length = rng.randint(shortest, 6)
    pool = [_sample_word(rng) if rng.random() < 0.8 else _sample_str(rng) for _ in range(max(1, length))]
    return [rng.choice(pool) for _ in range(length)] if rng.random() < 0.3 else pool[:length]


def _sample_rows(rng: random.Random) -> list[list[int]]:
    if rng.random() < 0.5:
        return _sample_grid(rng)
    return [[rng.randint(-9, 20) for _ in range(rng.randint(0, 4))] for _ in range(rng.randint(0, 5))]


def _sample_grid(rng: random.Random) -> list[list[int]]:
    width = rng.randint(1, 4)
    return [[rng.randint(-9, 20) for _ in range(width)] for _ in range(rng.randint(1, 4))]


_SAMPLERS: Final[dict[str, Callable[[random.Random], Any]]] = {
    "int": _sample_int,
    "nonneg_int": _sample_nonneg,
    "small_nat": _sample_small,
    "bool": lambda rng: rng.random() < 0.5,
    "str": _sample_str,
    "nonempty_str": lambda rng: _sample_str(rng, shortest=1),
    "list[int]": _sample_ints,
    "nonempty list[int]": lambda rng: _sample_ints(rng, shortest=1),
    "list[str]": _sample_strs,
    "nonempty list[str]": lambda rng: _sample_strs(rng, shortest=1),
    "list[bool]": lambda rng: [rng.random() < 0.5 for _ in range(rng.randint(0, 8))],
    "list[list[int]]": _sample_rows,
    "grid": _sample_grid,
}


def sample(t: ValueType, rng: random.Random) -> Any:
    """Draw one small readable value; `EDGE_FRACTION` of the draws are edge cases."""
    if rng.random() < EDGE_FRACTION:
        return _fresh(rng.choice(_edges(t.name)))
    return _SAMPLERS[t.name](rng)
