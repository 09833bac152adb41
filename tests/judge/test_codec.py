"""The codec: equal bytes if and only if exactly equal; strict on bytes that nobody encoded."""

# A case stays on its line.
# ruff: noqa: E501

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moiety.judge import CodecError, decode, encode, equal

_HASHABLE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3),
    max_leaves=6,
)
_VALUES: st.SearchStrategy[Any] = st.recursive(
    _HASHABLE | st.complex_numbers(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(_HASHABLE, inner) | st.sets(_HASHABLE) | st.tuples(inner),
    max_leaves=20,
)


@given(_VALUES)
@settings(max_examples=100, deadline=None)
def test_round_trip_is_canonical(value: Any) -> None:
    data = encode(value)
    back = decode(data)
    assert type(back) is type(value)
    assert encode(back) == data


@given(st.binary(max_size=60))
@settings(max_examples=150, deadline=None)
def test_random_bytes_are_refused_or_canonical(data: bytes) -> None:
    try:
        value = decode(data)
    except CodecError:
        return
    assert encode(value) == data


@given(_VALUES, st.data())
@settings(max_examples=150, deadline=None)
def test_changed_bytes_are_refused_or_canonical(value: Any, draw: st.DataObject) -> None:
    data = bytearray(encode(value))
    at = draw.draw(st.integers(0, len(data) - 1))
    data[at] = draw.draw(st.integers(0, 255))
    try:
        value = decode(bytes(data))
    except CodecError:
        return
    assert encode(value) == bytes(data)


@pytest.mark.parametrize(
    ("a", "b"),
    [(True, 1), (1, 1.0), ((1,), [1]), (0.0, -0.0), ("1", 1), (b"a", "a"), ({1}, frozenset({1})), (None, False), ([], ()),
     ({1: 2}, {True: 2}), ("é", "e\u0301"), ([1, 2], [2, 1])],
)  # fmt: skip
def test_what_is_not_equal(a: Any, b: Any) -> None:
    assert not equal(a, b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ({1: 2, 3: 4}, {3: 4, 1: 2}),
        ({1, 2, 3}, {3, 2, 1}),
        (float("nan"), -float("nan")),
        (10**400, 10**400),
        ([{}], [{}]),
    ],
)
def test_what_is_equal(a: Any, b: Any) -> None:
    assert equal(a, b)


class _List(list[int]):
    pass


@pytest.mark.parametrize("value", [object(), _List(), iter([]), bytearray(b"x"), range(3), int, Ellipsis, lambda: 0])
def test_only_exact_builtin_types(value: Any) -> None:
    with pytest.raises(CodecError):
        encode(value)


def test_depth_is_capped_both_ways() -> None:
    value: Any = []
    for _ in range(64):
        value = [value]
    assert decode(encode(value)) == value
    with pytest.raises(CodecError):
        encode([value])
    with pytest.raises(CodecError):
        decode(b"L1:" * 70 + b"N")


@pytest.mark.parametrize(
    "data",
    [b"", b"X", b"I1:", b"I0:", b"I2:0f", b"I2:-0", b"I1:F", b"I1: ", b"I01:1", b"I+1:1", b"I1_0:1111111111", b"S1:\xff",
     b"L2:N", b"L99999999999:", b"M1:N", b"E2:I1:1I1:1", b"E2:I1:2I1:1", b"E1:L0:", b"NN", b"D1234567", b"T:", b"E2:FI1:0",
     b"D" + struct.pack(">Q", 0x7FF8000000000001), b"L-1:", b"S\xb2:ab"],
)  # fmt: skip
def test_bytes_no_encoder_writes(data: bytes) -> None:
    with pytest.raises(CodecError):
        decode(data)


def test_elements_built_to_collide_are_refused() -> None:
    forms = sorted(encode(i * (2**61 - 1)) for i in range(1000))
    with pytest.raises(CodecError, match="collide"):
        decode(b"E1000:" + b"".join(forms))


def test_length_is_capped() -> None:
    with pytest.raises(CodecError):
        decode(encode("x" * 100), max_bytes=50)
