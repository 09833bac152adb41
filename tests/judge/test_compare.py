"""Comparison modes, frames and verdicts, as pure functions."""

# A case stays on its line.
# ruff: noqa: E501

from __future__ import annotations

import struct
from typing import Any

import pytest

from moiety.judge import Comparison, Verdict, encode, wire
from moiety.judge.answers import as_tree
from moiety.judge.compare import compare
from moiety.judge.verdicts import TREES

E, P, U, C, T = Comparison.EXACT, Comparison.PYTHON, Comparison.UNORDERED, Comparison.CLOSE, Comparison.TEXT
L, W, S, N = Comparison.LISTS, Comparison.WRAPPED, Comparison.AS_SETS, Comparison.PRESENCE
R = Comparison.ROOT
NAN, INF = float("nan"), float("inf")
NAN_BYTES = struct.pack(">d", NAN)


def encoded(value: Any, mode: Comparison) -> bytes:
    """Return the bytes in which a program's answer arrives under `mode`."""
    return encode(as_tree(value)) if mode in TREES else encode(value)


@pytest.mark.parametrize(
    ("mode", "answer", "expected", "passes"),
    [
        (E, 1, 1, True), (E, True, 1, False), (E, 1.0, 1, False), (E, (1,), [1], False), (E, {2: 1, 1: 2}, {1: 2, 2: 1}, True),
        (P, True, 1, True), (P, 1.0, 1, True), (P, (1,), [1], False), (P, [1.0], [1], True), (P, {1.0}, {1}, True),
        (U, [2, 1], [1, 2], True), (U, [2, 1, 1], [1, 2, 2], False), (U, (2, 1), [1, 2], False), (U, [[2, 1]], [[1, 2]], False),
        (U, "ba", "ab", False), (U, [True, 1], [1, 1], False),
        (C, 0.1 + 0.2, 0.3, True), (C, 0.31, 0.3, False), (C, NAN, 1.0, False), (C, 1.0, NAN, False), (C, NAN, NAN, True),
        (C, INF, INF, True), (C, INF, 1e308, False), (C, 1e308, INF, False), (C, -INF, INF, False), (C, 1e308, -1e308, False),
        (C, "0.3", 0.3, False), (C, [0.3], (0.3,), False), (C, [], [0.0], False), (C, 10**400, 1.0, False), (C, None, 0.0, False),
        (C, 4 + 4e-7, 4, False), (C, 0.9999999, True, False), (C, [1.0000000001], [1], False), (C, 4.0, 4, True), (C, True, 1, True),
        (C, 4, 4.0, True), (C, 4, 4.0000001, False), (C, [1, 0.3], [1, 0.1 + 0.2], True), (C, [1.0000001, 0.3], [1, 0.3], False),
        (C, {"a": 0.3}, {"a": 0.1 + 0.2}, False), (C, [("a", 0.3)], [("a", 0.1 + 0.2)], False), (C, [[0.3], []], [[0.1 + 0.2], []], False),
        (C, [[0.3]], [[0.1 + 0.2]], True), (C, 1e9 + 50, 1e9, True), (C, 1e9 + 150, 1e9, False), (C, 1j + 1e-9, 1j, True),
        (C, complex(1.7e308, 1.7e308), 1.0, False), (C, complex(1.7e308, 1.7e308), 1e308 + 0j, False), (C, 10**400, 10**400 + 1, False),
        (C, {NAN, float("-nan")}, {1.0}, False), (C, 1.0, {float("nan"), float("nan")}, False), (C, {1: 2, 0: 1}, {0: 1, 1: 2}, True),
        (L, (1, (2,)), [1, [2]], True), (L, 3, [3], False), (L, [3.0], [3], True), (L, [3.0000001], [3], False), (L, {"a": (1,)}, {"a": [1]}, True),
        (W, 3, [3], True), (W, [3], [3], True), (W, [[3]], [3], False), (W, 3, [3, 4], False), (W, (1, 2), [[1, 2]], True), (W, [], [], True),
        (S, [2, 1, 1], (1, 2), True), (S, [1], [1, 2], False), (S, 1, [1], False), (S, [[1]], [1], False), (S, [[1], [2]], [[2], [1]], False),
        (R, 2.0, [-2, 1], True), (R, 2, [-2, 1], True), (R, 2.0000005, [-2, 1], True), (R, 2.0000005, [-2000, 1000], False), (R, 1.0, [-2, 1], False),
        (R, NAN, [-2, 1], False), (R, INF, [-2, 1], False), (R, 1e300, [0, 0, 0, 1], False), (R, True, [-1, 1], False), (R, "2", [-2, 1], False), (R, 2j, [4, 0, 1], False), (R, [-2, 1], [-2, 1], False),
        (N, "x", 7, True), (N, None, 7, False), (N, True, 7, True), (N, False, 7, False), (N, 0, None, False), (N, False, None, True),
        (T, "1 \n2\n\n", "1\n2", True), (T, "1\r\n2", "1\n2", True), (T, " 1", "1", False), (T, 1, "1", False), (T, "", "\n", True),
    ],
)  # fmt: skip
def test_modes(mode: Comparison, answer: Any, expected: Any, passes: bool) -> None:
    verdict = compare(encoded(answer, mode), encoded(expected, mode), mode, 1e-6)
    assert verdict is (Verdict.PASS if passes else Verdict.WRONG)


@pytest.mark.parametrize(
    ("answer", "expected", "passes"),
    [
        (0.3, 0.1 + 0.2, True), ([0.3, 1.0], [0.1 + 0.2, 1.0], True), ([0.3, 1], [0.1 + 0.2, 1], False), ([[0.3]], [[0.1 + 0.2]], False),
        (4e-7, 0.0, True), (2e-6, 0.0, False), (3, 3.0000001, False), ((0.3,), (0.1 + 0.2,), True),
    ],
)  # fmt: skip
def test_without_a_tolerance_only_floats_alone_have_one(answer: Any, expected: Any, passes: bool) -> None:
    verdict = compare(encoded(answer, C), encoded(expected, C), C, 0.0)
    assert verdict is (Verdict.PASS if passes else Verdict.WRONG)


NODES = [("unknown", []), ("range", ["a"]), ("dict", [1]), ("set", [[1]]), ("set", [1, 1]), ("tuple", 3), ("argument", 0), (1, 2), ("type", "eval"),
         ("bytearray", "zz"), ("keys", [1, True]), ("set", [n * (2**61 - 1) for n in range(40)]), (), {"a": 1}, {1}]  # fmt: skip


@pytest.mark.parametrize("mode", sorted(TREES))
@pytest.mark.parametrize("tree", NODES, ids=repr)
def test_trees_that_no_answer_has_are_tampering(mode: Comparison, tree: Any) -> None:
    assert compare(encode(tree), encode([0] * 1000), mode, 1e-6) is Verdict.PROTOCOL


@pytest.mark.parametrize("mode", sorted(set(Comparison) - {R}))
@pytest.mark.parametrize("expected", [b"E2:D" + NAN_BYTES + b"D" + NAN_BYTES, b"S20000000:" + b"x" * 20_000_000])
def test_an_expected_answer_that_cannot_be_decoded_is_met_by_equal_bytes_alone(
    mode: Comparison, expected: bytes
) -> None:
    assert compare(expected, expected, mode, 1e-6) is Verdict.PASS
    assert compare(encode(1), expected, mode, 1e-6) is Verdict.WRONG


@pytest.mark.parametrize("mode", list(Comparison))
def test_a_long_answer_is_never_decoded(mode: Comparison) -> None:
    assert compare(b"\xff" * 10_000, encode(1), mode, 1e-6) is Verdict.WRONG


@pytest.mark.parametrize("mode", list(Comparison))
def test_bytes_no_encoder_writes_are_tampering(mode: Comparison) -> None:
    assert compare(b"PASS", encode([1]), mode, 1e-6) is Verdict.PROTOCOL


def frame(kind: int, index: int, body: bytes = b"", length: int | None = None) -> bytes:
    return struct.pack("<BII", kind, index, len(body) if length is None else length) + body


HEAD = wire.PAGE.pack(1, 0)


def test_frames_in_order() -> None:
    page = HEAD + frame(wire.VALUE, 0, b"N") + frame(wire.RAISED, 1, b"KeyError") + frame(wire.DONE, 2)
    assert wire.parse_frames(page, 2) == ([(wire.VALUE, b"N"), (wire.RAISED, b"KeyError")], (wire.DONE, b""))


@pytest.mark.parametrize(
    "frames",
    [
        b"x", frame(wire.VALUE, 1), frame(wire.VALUE, 0) * 2, frame(wire.DONE, 0), frame(0, 0), frame(255, 0),
        frame(wire.VALUE, 0, length=1), frame(wire.VALUE, 0, length=2**32 - 1), frame(wire.EXITED, 0) + frame(wire.VALUE, 0),
        frame(wire.VALUE, 0) + frame(wire.VALUE, 1) + frame(wire.VALUE, 2), frame(wire.VALUE, 0) + frame(wire.DONE, 2),
    ],
)  # fmt: skip
def test_frames_that_no_writer_writes(frames: bytes) -> None:
    with pytest.raises(wire.FrameError):
        wire.parse_frames(HEAD + frames, 2)
