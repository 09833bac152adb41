"""Answers of benchmark programs as trees: what crosses, as what, and that nothing a program wrote can lie."""

# A case stays on its line.
# ruff: noqa: E501, ARG005

from __future__ import annotations

import enum
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from moiety.judge import CodecError
from moiety.judge.answers import as_tree, as_trees, from_tree, from_trees

Point = namedtuple("Point", "x y")
LIES = {"__eq__": lambda a, b: True, "__hash__": lambda a: 0, "__len__": lambda a: 3, "__iter__": lambda a: iter("lie"), "items": lambda a: [("l", "ie")],
        "__getitem__": lambda a, i: "lie", "__str__": lambda a: "lie", "__int__": lambda a: 9, "__float__": lambda a: 9.0, "__pos__": lambda a: 9,
        "__class__": property(lambda a: int), "__repr__": lambda a: "lie", "__index__": lambda a: 9, "__neg__": lambda a: 9}  # fmt: skip


class Colour(enum.IntEnum):
    RED = 3


def liar(base: Any, value: Any) -> Any:
    """Return the value as an instance of a subclass that lies in every method."""
    return type("Liar", (base,), dict(LIES))(value)


def moved() -> OrderedDict[str, int]:
    """Return an OrderedDict whose order is not that of insertion."""
    made = OrderedDict(a=1, b=2)
    made.move_to_end("a")
    return made


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        *((liar(type(value), value), value) for value in (7, 1.5, "text", [1, 2], (1, 2), {"k": 1}, {1, 2}, frozenset({1}), b"ab")),
        (Counter("aab"), {"a": 2, "b": 1}), (defaultdict(list, {1: [2]}), {1: [2]}), (Point(1, [2]), (1, [2])), (Colour.RED, 3),
        (np.float64(1.5), 1.5), (np.int64(3), 3), (np.bool_(True), True), (np.str_("a"), "a"), ([np.int8(1), {np.int64(2): 3}], [1, {2: 3}]),
        (range(2, 9, 3), range(2, 9, 3)), (bytearray(b"ab"), bytearray(b"ab")), ({"a": 1}.keys(), {"a"}), ({"a": 1}.items(), {("a", 1)}),
        ({(1, frozenset({2})): None}, {(1, frozenset({2})): None}), (int, int), ([None, True, 1j], [None, True, 1j]), (10**30, 10**30),
    ],
    ids=repr,
)  # fmt: skip
def test_what_crosses_and_as_what(value: Any, plain: Any) -> None:
    made = from_tree(as_tree(value))
    assert (made, type(made)) == (plain, type(plain))


def test_a_dict_keeps_its_order() -> None:
    assert list(from_tree(as_tree({"b": 1, "a": [{"z": 1, "y": 2}]}))) == ["b", "a"]
    assert list(from_tree(as_tree(moved())).items()) == [("b", 2), ("a", 1)]


@pytest.mark.parametrize(
    "make", [lambda: map(str, [1, 2]), lambda: (str(n) for n in (1, 2)), lambda: iter(["1", "2"]), lambda: reversed(["2", "1"]), lambda: filter(None, ["1", "", "2"])]
)  # fmt: skip
def test_an_iterator_is_one_on_the_trusted_side_and_no_list_in_a_comparison(make: Callable[[], Iterator[str]]) -> None:
    tree = as_tree(make())
    live = from_tree(tree, live=True)
    assert next(live) == "1"
    assert list(live) == ["2"]
    assert from_tree(tree) == from_tree(as_tree(make()))
    assert from_tree(tree) != ["1", "2"]


def test_views_queues_and_arrays_are_what_they_were() -> None:
    given = [{"a": 1}.keys(), {1: [2]}.items(), {1: 2}.values(), deque([1]), np.array([[1, 2]])]
    keys, items, values, queue, array = (from_tree(as_tree(one), live=True) for one in given)
    assert keys == {"a"}
    assert list(items) == [(1, [2])]
    assert list(values) == [2]
    assert queue == deque([1])
    assert array.tolist() == [[1, 2]]


def endless() -> Iterator[int]:
    while True:
        yield 1


def nested(depth: int) -> list[Any]:
    made: list[Any] = []
    for _ in range(depth):
        made = [made]
    return made


@pytest.mark.parametrize(
    "value", [object(), lambda: 1, endless(), nested(70), type("A", (), {}), {range(3)}, {1: object()}, ValueError, print],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_cannot_cross_is_refused(value: Any) -> None:
    with pytest.raises(CodecError):
        as_tree(value)


def test_a_list_within_itself_is_refused() -> None:
    made: list[Any] = []
    made.append(made)
    with pytest.raises(CodecError, match="nested too deeply"):
        as_tree(made)


def test_an_answer_that_is_an_argument_itself_stays_one() -> None:
    xs, ys = [1], {"a": 1}
    assert from_tree(as_tree(xs, (ys, xs)), arguments=(ys, xs)) is xs
    assert from_tree(as_tree([1], (ys, xs)), arguments=(ys, xs)) is not xs
    one, other, third = from_trees(as_trees((xs, xs, [1])), live=True)
    assert one is other
    assert one is not third
