"""Comparison modes, frames and verdicts, as pure functions."""

# A case stays on its line.
# ruff: noqa: E501

from __future__ import annotations

import struct
from typing import Any

import pytest

from moiety.judge import Comparison, Verdict, encode, wire
from moiety.judge.compare import compare

E, P, U, C, T = Comparison.EXACT, Comparison.PYTHON, Comparison.UNORDERED, Comparison.CLOSE, Comparison.TEXT


@pytest.mark.parametrize(
    ("mode", "answer", "expected", "passes"),
    [
        (E, 1, 1, True), (E, True, 1, False), (E, 1.0, 1, False), (E, (1,), [1], False), (E, {2: 1, 1: 2}, {1: 2, 2: 1}, True),
        (P, True, 1, True), (P, 1.0, 1, True), (P, (1,), [1], False), (P, [1.0], [1], True), (P, {1.0}, {1}, True),
        (U, [2, 1], [1, 2], True), (U, [2, 1, 1], [1, 2, 2], False), (U, (2, 1), [1, 2], False), (U, [[2, 1]], [[1, 2]], False),
        (U, "ba", "ab", False), (U, [True, 1], [1, 1], False),
        (C, 0.1 + 0.2, 0.3, True), (C, 0.31, 0.3, False), (C, [1.0000000001], [1], True), (C, float("nan"), 1.0, False),
        (C, float("inf"), float("inf"), True), (C, float("inf"), 1e308, False), (C, {"a": 0.3}, {"a": 0.1 + 0.2}, True),
        (C, "0.3", 0.3, False), (C, [0.3], (0.3,), False), (C, [], [0.0], False), (C, 10**400, 1.0, False), (C, None, 0.0, False),
        (T, "1 \n2\n\n", "1\n2", True), (T, "1\r\n2", "1\n2", True), (T, " 1", "1", False), (T, 1, "1", False), (T, "", "\n", True),
    ],
)  # fmt: skip
def test_modes(mode: Comparison, answer: Any, expected: Any, passes: bool) -> None:
    verdict = compare(encode(answer), encode(expected), mode, 1e-6)
    assert verdict is (Verdict.PASS if passes else Verdict.WRONG)


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
