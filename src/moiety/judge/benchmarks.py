"""Solutions of benchmark problems, judged each in the way of its form.

Asserts run in a trusted process against a stub (`stub`); inputs with a canonical solution take the ordinary path; each
test of a stdin/stdout program is a process of its own. The canonical program is judged first: it sets the CPU limit;
where it does not pass, the problem is `unsupported` and no solution is failed for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Generic, TypeVar

from moiety.judge.answers import from_tree
from moiety.judge.calibrate import FACTOR, FLOOR_S
from moiety.judge.fields import Problem
from moiety.judge.pool import Judge
from moiety.judge.stub import TestRunner
from moiety.judge.verdicts import Job, Outcome, Style, Verdict

_GOLD_LIMIT_S = 60.0
_MOST_INPUT = 1 << 25  # bytes of the file that a program reads; its own limit for files
_SAME_FOR_ALL = (Verdict.LOAD_ERROR, Verdict.TIMEOUT, Verdict.INFRA)  # later tests of a program are not run
T = TypeVar("T")


class _Once(Generic[T]):
    """Values by key, each made once, by the first thread that asks; one that does not count is made again."""

    def __init__(self, counts: Callable[[T], bool]) -> None:
        self._lock = threading.Lock()
        self._made: dict[str, Future[T]] = {}
        self._counts = counts

    def get(self, key: str, make: Callable[[], T]) -> T:
        with self._lock:
            future = self._made.get(key)
            mine = future is None
            if future is None:
                future = self._made[key] = Future()
        if mine:
            try:
                future.set_result(make())
            except BaseException as error:
                future.set_exception(error)
                raise
            if not self._counts(future.result()):
                with self._lock:
                    del self._made[key]
        return future.result()


@dataclass(frozen=True, slots=True)
class _Gold:
    """How the canonical program did, what it answered, and the CPU time that a limit follows: that of one test of a
    stdin/stdout program, else of all."""

    outcome: Outcome
    expected: tuple[Any, ...]
    cpu_s: float


class Bench:
    """Judges solutions of problems, from any thread. Use as a context manager."""

    def __init__(self, judge: Judge, *, cpu_limit_s: float = FLOOR_S) -> None:
        """`cpu_limit_s` is the least CPU limit: of one test of a stdin/stdout program, else of all tests of a program.

        A test whose row has a limit of its own has that one.
        """
        self._judge, self._cpu_limit_s = judge, cpu_limit_s
        self._gold: _Once[_Gold] = _Once(lambda gold: gold.outcome.verdict is not Verdict.INFRA)
        self._lock = threading.Lock()
        self._idle: list[TestRunner] = []

    def judge(self, task: Problem, source: str) -> Outcome:
        """Return the outcome of a whole program on a problem."""
        if any(task.style is Style.STDIO and len(given) > _MOST_INPUT // 4 for (given, *_) in task.inputs):
            return _unsupported(task, f"an input of more than {_MOST_INPUT // 4} characters")
        if not task.canonical or task.cpu_limit_s is not None:
            limit_s = task.cpu_limit_s or task.test_limit_s or self._cpu_limit_s
            return self._judge_once(task, source, task.expected, limit_s)[0]
        gold = self._gold.get(task.digest, lambda: self._judge_gold(task))
        if gold.outcome.infra:
            return gold.outcome
        if not gold.outcome.passed:
            detail = f"the canonical program: {gold.outcome.verdict.value}: {gold.outcome.detail}".rstrip(": ")
            return _unsupported(task, detail)
        if source == task.canonical:
            return gold.outcome
        limit_s = task.test_limit_s or max(self._cpu_limit_s, FACTOR * gold.cpu_s)
        outcome = self._judge_once(task, source, gold.expected, limit_s)[0]
        if outcome.verdict is Verdict.UNSUPPORTED:  # the canonical program's answers led the test elsewhere
            return Outcome(Verdict.WRONG, (Verdict.WRONG,), outcome.cpu_s, outcome.near_limit, outcome.detail)
        return outcome

    def _judge_gold(self, task: Problem) -> _Gold:
        expected = task.expected
        if not task.test and not expected:
            expected, failed = self._answers(task)
            if failed is not None:
                return _Gold(failed, (), 0.0)
        outcome, slowest_s = self._judge_once(task, task.canonical, expected, _GOLD_LIMIT_S)
        return _Gold(outcome, expected, slowest_s)

    def _judge_once(
        self, task: Problem, source: str, expected: tuple[Any, ...], limit_s: float
    ) -> tuple[Outcome, float]:
        """Return the outcome, and the CPU time to be compared with a limit."""
        if task.test:
            with self._runner() as runner:
                outcome = runner.run(
                    source=source, entry_point=task.entry_point, setup=task.setup, test=task.test, cpu_limit_s=limit_s
                )
            return outcome, outcome.cpu_s
        job = Job(source, task.entry_point, task.inputs, expected, limit_s, task.comparison, task.tolerance, task.style)
        if task.style is Style.STDIO:
            return self._judge_tests(job)
        (outcome,) = self._judge.judge([job])
        return outcome, outcome.cpu_s

    def _judge_tests(self, job: Job) -> tuple[Outcome, float]:
        """Judge each test of a stdin/stdout program by itself, up to the first whose end is that of all."""
        ended: list[Outcome] = []
        for given, wanted in zip(job.inputs, job.expected, strict=True):
            (outcome,) = self._judge.judge([replace(job, inputs=(given,), expected=(wanted,))])
            ended.append(outcome)
            if outcome.verdict in _SAME_FOR_ALL:
                break
        tests = [one.verdict for one in ended]
        left = len(job.inputs) - len(tests)
        failed = [number for number, verdict in enumerate(tests) if verdict is not Verdict.PASS]
        first = ended[failed[0]] if failed else ended[-1]
        detail = f"test {failed[0]}: {first.detail.removeprefix('test 0: ')}".rstrip(": ") if failed else ""
        if left:
            detail += f"; after test {len(tests) - 1} none was run"
        cpu_s, near = sum(one.cpu_s for one in ended), any(one.near_limit for one in ended)
        whole = Outcome(first.verdict, (*tests, *[tests[-1]] * left), cpu_s, near, detail)
        return whole, max(one.cpu_s for one in ended)

    def _answers(self, task: Problem) -> tuple[tuple[Any, ...], Outcome | None]:
        """Return what the canonical program answers, or its outcome if it does not answer every input."""
        done = self._run_canonical(task, task.inputs)
        outputs = list(done.outputs)
        tests = list(done.tests)
        for index, verdict in enumerate(tests):
            if verdict is Verdict.UNSERIALISABLE:  # an answer by itself may be larger
                alone = self._run_canonical(task, (task.inputs[index],))
                tests[index], outputs[index] = alone.tests[0], alone.outputs[0]
        bad = next((verdict for verdict in tests if verdict is not Verdict.PASS), None)
        if bad is None and (done.verdict is Verdict.PASS or done.verdict is Verdict.UNSERIALISABLE):
            return tuple(map(from_tree, outputs)), None
        verdict = bad or done.verdict
        return (), Outcome(verdict, tuple(tests), done.cpu_s, False, done.detail)

    def _run_canonical(self, task: Problem, inputs: tuple[tuple[Any, ...], ...]) -> Any:
        return self._judge.run(task.canonical, task.entry_point, inputs, cpu_limit_s=_GOLD_LIMIT_S, trees=True)

    @contextmanager
    def _runner(self) -> Iterator[TestRunner]:
        """Lend a trusted process; one whose test was broken off is not used again."""
        with self._lock:
            runner = self._idle.pop() if self._idle else None
        runner = runner or TestRunner(self._judge)
        try:
            yield runner
        except BaseException:
            runner.close()
            raise
        with self._lock:
            self._idle.append(runner)

    def close(self) -> None:
        """End the trusted processes."""
        while self._idle:
            self._idle.pop().close()

    def __enter__(self) -> Bench:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _unsupported(task: Problem, detail: str) -> Outcome:
    return Outcome(Verdict.UNSUPPORTED, (Verdict.UNSUPPORTED,) * (len(task.inputs) or 1), 0.0, False, detail)
