"""What is checked of a job before it is taken, and how it is encoded for the supervisor.

A mistake of the caller must be one line here: behind this door it would be a verdict on an innocent program.
"""

from __future__ import annotations

import marshal
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TypeGuard

from moiety.errors import UserError
from moiety.judge import wire
from moiety.judge.answers import as_tree
from moiety.judge.codec import MAX_BYTES, MAX_DEPTH, CodecError, encode
from moiety.judge.verdicts import TREES, Comparison, Job, Style

LONGEST_LIMIT_S = 86_400.0
_SHOWN = 60
Message = tuple[Any, ...]


class Encoder:
    """Encode jobs, each distinct object of inputs or expected answers once: the jobs of a group share them."""

    def __init__(self) -> None:
        # Each object is kept beside its id, which may else become that of another object.
        self._inputs: dict[tuple[int, bool], tuple[object, tuple[bytes, ...]]] = {}
        self._expected: dict[tuple[int, bool, bool], tuple[object, tuple[bytes, ...]]] = {}

    def messages(self, jobs: Iterable[Job], *, cached: bool) -> list[Message]:
        """Return what the supervisor is told of jobs, all of which exist before the first is encoded."""
        return [self._message(job, cached=cached) for job in list(jobs)]

    def _message(self, job: Job, *, cached: bool) -> Message:
        if not isinstance(job, Job):
            raise _wrong("job", job, "a Job")
        _check_program(job.source, job.entry_point, job.style)
        stdio, trees = job.style is Style.STDIO, job.comparison in TREES
        inputs = self._inputs.get((id(job.inputs), stdio))
        if inputs is None:
            inputs = self._inputs[id(job.inputs), stdio] = (job.inputs, blobs(job.inputs, style=job.style))
        kind = (id(job.expected), stdio, trees)
        expected = self._expected.get(kind)
        if expected is None:
            answers = _answers(job.expected, stdio=stdio, trees=trees)
            expected = self._expected[kind] = (job.expected, answers)
        if not inputs[1]:
            raise _wrong("inputs", job.inputs, "at least one tuple of arguments")
        if len(inputs[1]) != len(expected[1]):
            raise UserError(
                f"judge: expected: {len(expected[1])} answers: expected one for each of the {len(inputs[1])} inputs"
            )
        if not isinstance(job.comparison, Comparison):
            raise _wrong("comparison", job.comparison, f"one of {', '.join(str(one) for one in Comparison)}")
        if not _is_number(job.tolerance) or not 0 <= job.tolerance <= sys.float_info.max:
            raise _wrong("tolerance", job.tolerance, "a finite number, at least 0")
        how = (job.comparison.value, float(job.tolerance), limit_s(job.cpu_limit_s))
        whole = body(job.source, job.entry_point, job.style, inputs[1])
        return (whole, len(inputs[1]), expected[1], *how, _flags(job.style, trees=trees), cached)


def run_message(
    source: str,
    entry_point: str,
    inputs: Sequence[tuple[Any, ...]],
    *,
    cpu_limit_s: float,
    style: Style,
    want_arguments: bool,
    trees: bool,
) -> Message:
    """Return what the supervisor is told of a program whose answers are handed back."""
    _check_program(source, entry_point, style)
    given = blobs(inputs, style=style, max_depth=wire.TREE_DEPTH if trees and want_arguments else MAX_DEPTH)
    flags = _flags(style, trees=trees) | (wire.WANT_ARGUMENTS if want_arguments else 0)
    whole = body(source, entry_point, style, given)
    return (whole, len(given), None, Comparison.EXACT.value, 0.0, limit_s(cpu_limit_s), flags, False)


def limit_s(value: object) -> float:
    """Return a CPU limit, checked."""
    if not _is_number(value) or not 0 < value <= LONGEST_LIMIT_S:
        raise _wrong("cpu_limit_s", value, f"seconds above 0 and at most {LONGEST_LIMIT_S:g}")
    return float(value)


def blobs(inputs: object, *, style: Style, max_depth: int = MAX_DEPTH) -> tuple[bytes, ...]:
    """Return the arguments of each test as the candidate reads them."""
    if not isinstance(inputs, (tuple, list)):
        raise _wrong("inputs", inputs, "a tuple of tuples of arguments")
    for index, arguments in enumerate(inputs):
        if not isinstance(arguments, (tuple, list)):
            raise _wrong(f"inputs[{index}]", arguments, "a tuple of arguments")
        if style is Style.STDIO and (len(arguments) != 1 or type(arguments[0]) is not str):
            raise _wrong(f"inputs[{index}]", arguments, "a tuple of one text, which the program reads")
        _plain(f"inputs[{index}]", tuple(arguments), max_depth=max_depth)
    if style is Style.STDIO and len(inputs) != 1:
        raise _wrong("inputs", inputs, "one input: a stdin/stdout program has one test a job")
    return tuple(marshal.dumps(tuple(arguments), 2) for arguments in inputs)


def _flags(style: Style, *, trees: bool) -> int:
    return (wire.FILES if style is Style.STDIO else 0) | (wire.TREES if trees else 0)


def body(source: str, entry_point: str, style: Style, given: tuple[bytes, ...]) -> bytes:
    """Return the job as the candidate reads it."""
    whole = marshal.dumps((source, entry_point, style is Style.STDIO, given), 2)
    if len(whole) > wire.MAX_MESSAGE:
        raise UserError(f"judge: source and inputs: {len(whole)} bytes: expected at most {wire.MAX_MESSAGE}")
    return whole


def _check_program(source: object, entry_point: object, style: object) -> None:
    if type(source) is not str:
        raise _wrong("source", source, "the text of a program")
    if not isinstance(style, Style):
        raise _wrong("style", style, f"one of {', '.join(str(one) for one in Style)}")
    if type(entry_point) is not str or (style is Style.CALL and not _is_name(entry_point)):
        raise _wrong("entry_point", entry_point, "the name of a function, or Class.method")


def _is_name(entry_point: str) -> bool:
    parts = entry_point.split(".")
    return len(parts) <= 2 and all(part.isidentifier() for part in parts)


def _answers(expected: object, *, stdio: bool, trees: bool) -> tuple[bytes, ...]:
    if not isinstance(expected, (tuple, list)):
        raise _wrong("expected", expected, "a tuple of one answer for each input")
    found = []
    for index, value in enumerate(expected):
        if stdio and type(value) is not str:
            raise _wrong(f"expected[{index}]", value, "a text, which the program prints")
        found.append(_plain_tree(f"expected[{index}]", value) if trees else _plain(f"expected[{index}]", value))
        if len(found[-1]) > MAX_BYTES:  # no answer may be that long, so no program could pass
            raise UserError(f"judge: expected[{index}]: {len(found[-1])} bytes: expected at most {MAX_BYTES}")
    if sum(map(len, found)) > wire.MAX_PAGE - wire.PAGE.size - (len(found) + 1) * wire.FRAME.size:
        raise UserError(f"judge: expected: {sum(map(len, found))} bytes: expected at most {wire.MAX_PAGE} in all")
    return tuple(found)


def _plain_tree(name: str, value: Any) -> bytes:
    try:
        return encode(as_tree(value), max_depth=wire.TREE_DEPTH)
    except CodecError as error:
        raise _wrong(name, value, f"plain data ({error})") from error


def _plain(name: str, value: Any, *, max_depth: int = MAX_DEPTH) -> bytes:
    try:
        return encode(value, max_depth=max_depth)
    except CodecError as error:
        raise _wrong(name, value, f"plain data ({error})") from error


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _wrong(name: str, value: object, wanted: str) -> UserError:
    try:
        shown = ascii(value)
    except Exception:  # an object of the caller's whose repr is broken: its mistake is said all the same
        shown = f"an object of {type(value).__name__}"
    if len(shown) > _SHOWN:
        shown = f"{shown[:_SHOWN]}..."
    return UserError(f"judge: {name}: {shown}: expected {wanted}")
