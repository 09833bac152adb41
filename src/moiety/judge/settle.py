"""From a zygote's report to a verdict. Pure: no clock, no process, no file.

The candidate's page counts only where it agrees with how the process ended; the number of tests is the caller's.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass

from moiety.judge import wire
from moiety.judge.compare import compare
from moiety.judge.verdicts import Verdict
from moiety.judge.worker import Report, Task

_PER_TEST = {
    wire.RAISED: Verdict.RAISED,
    wire.UNSERIALISABLE: Verdict.UNSERIALISABLE,
    wire.MEMORY: Verdict.MEMORY,
}
_AT_THE_END = {
    wire.LOAD_ERROR: Verdict.LOAD_ERROR,
    wire.LOAD_RAISED: Verdict.RAISED,
    wire.LOAD_MEMORY: Verdict.MEMORY,
    wire.EXITED: Verdict.INCOMPLETE,
}


@dataclass(frozen=True, slots=True)
class Settled:
    """A verdict on a task, its tests, and for runs the answers as bytes."""

    verdict: Verdict
    tests: tuple[Verdict, ...]
    cpu_s: float
    detail: str
    answers: tuple[bytes, ...] = ()
    by_itself: bool = True  # the program ended so by its own hand, as far as can be seen

    @property
    def cacheable(self) -> bool:
        """Return True if equal jobs get this verdict too: else a program could be drawn until it passes."""
        return self.by_itself and self.verdict is not Verdict.INFRA


def whole(task: Task, verdict: Verdict, detail: str, cpu_s: float = 0.0, *, by_itself: bool = True) -> Settled:
    """Return `verdict` for the task and for each of its tests."""
    count = task.num_tests
    return Settled(verdict, (verdict,) * count, cpu_s, detail, (b"",) * count, by_itself=by_itself)


def settle(task: Task, report: Report, *, capped: bool, unread: bool = False) -> Settled:
    """Decide a report that is not a fault of the machine; whatever deciding raises is a verdict of this job alone.

    `capped`: the wall cap ended it, asleep. `unread`: its page denies that it read its job, which it did.
    """
    if unread:
        return whole(task, Verdict.PROTOCOL, "denies that it read its job", report.cpu_s)
    try:
        return _settle(task, report, capped=capped)
    except Exception as error:  # a page that our own code cannot handle must not end the supervisor
        return whole(task, Verdict.PROTOCOL, f"answers that cannot be read: {type(error).__name__}", report.cpu_s)


def _settle(task: Task, report: Report, *, capped: bool) -> Settled:
    try:
        frames, end = wire.parse_frames(report.page, task.num_tests)
    except wire.FrameError as error:
        frames, end, broken = [], None, str(error)
    else:
        broken = ""
    fate, detail = _fate(task, report, end, capped=capped, broken=broken)
    if fate is Verdict.PROTOCOL:
        return whole(task, fate, detail, report.cpu_s)
    tests, answers, raised = [], [], ""
    for index, (kind, body) in enumerate(frames):
        tests.append(_test(task, index, kind, body))
        answers.append(body)
        if kind == wire.RAISED and not raised:
            raised = f"test {index}: {_text(body)}"
    if Verdict.PROTOCOL in tests:
        return whole(task, Verdict.PROTOCOL, "an answer that no encoder writes", report.cpu_s)
    missing = task.num_tests - len(tests)
    tests += [fate] * missing
    answers += [b""] * missing
    verdict = fate if fate is not Verdict.PASS else next((t for t in tests if t is not Verdict.PASS), Verdict.PASS)
    return Settled(verdict, tuple(tests), report.cpu_s, detail or raised, tuple(answers))


def _fate(
    task: Task, report: Report, end: tuple[int, bytes] | None, *, capped: bool, broken: str
) -> tuple[Verdict, str]:
    """Return how the process as a whole ended: PASS means that it answered every test and left in order."""
    if report.flags & wire.OVER_CPU or report.cpu_s > task.cpu_limit_s:
        return Verdict.TIMEOUT, "over the CPU limit"
    if report.flags & wire.OVER_MEMORY:
        return Verdict.MEMORY, "its processes together over the memory limit"
    if report.flags & wire.OVER_TASKS:
        return Verdict.CRASHED, "too many threads"
    if capped:
        return Verdict.TIMEOUT, "not done at the wall cap"
    if broken:
        return Verdict.PROTOCOL, broken
    number = report.status & 0x7F
    if number:
        return Verdict.CRASHED, signal.strsignal(number) or f"signal {number}"
    code = report.status >> 8
    if end is None:
        return Verdict.INCOMPLETE, f"exit status {code}"
    if code:
        return Verdict.PROTOCOL, f"exit status {code} after its last frame"
    kind, body = end
    if kind == wire.DONE:
        return Verdict.PASS, ""
    return _AT_THE_END[kind], _text(body)


def _test(task: Task, index: int, kind: int, body: bytes) -> Verdict:
    if kind == wire.VALUE:
        if task.expected is None:
            return Verdict.PASS
        try:
            return compare(body, task.expected[index], task.comparison, task.tolerance)
        except Exception:  # an answer that cannot be compared with the expected one is not equal to it
            return Verdict.WRONG
    if kind == wire.TOO_LARGE:
        return Verdict.WRONG if task.expected is not None else Verdict.UNSERIALISABLE
    return _PER_TEST[kind]


def _text(body: bytes) -> str:
    return "".join(char if char.isprintable() else "?" for char in body[:200].decode("utf-8", "replace"))
