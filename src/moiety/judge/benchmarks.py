"""Holding solutions against problems of benchmarks.

Asserts run in a trusted process against a stub (`stub`); inputs with a canonical solution, and stdin/stdout, take the
ordinary path. The canonical program is judged first: it sets the CPU limit, and where even its answers cannot cross as
plain data no other answer is failed for that.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from types import TracebackType
from typing import Generic, TypeVar

from moiety.judge.calibrate import FACTOR, FLOOR_S
from moiety.judge.pool import Judge
from moiety.judge.problems import Problem
from moiety.judge.stub import TestRunner
from moiety.judge.verdicts import Comparison, Execution, Job, Outcome, Verdict

_GOLD_LIMIT_S = 20.0
_NOT_PLAIN = (Verdict.UNSERIALISABLE, Verdict.UNSUPPORTED)
T = TypeVar("T")


class _Once(Generic[T]):
    """Values by key, each made once, by the first thread that asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[str, Future[T]] = {}

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
        return future.result()


class Bench:
    """Judges solutions of problems, from any thread. Use as a context manager."""

    def __init__(self, judge: Judge, *, cpu_limit_s: float = FLOOR_S) -> None:
        """`cpu_limit_s` is the least CPU limit: of all inputs of a program, or of one call of an assert."""
        self._judge, self._cpu_limit_s = judge, cpu_limit_s
        self._gold: _Once[Execution] = _Once()
        self._gold_outcome: _Once[Outcome] = _Once()
        self._lock = threading.Lock()
        self._idle: list[TestRunner] = []

    def judge(self, task: Problem, source: str) -> Outcome:
        """Return the outcome of a whole program on a problem."""
        if not task.canonical or task.cpu_limit_s is not None:
            return self._judge_once(task, source, task.cpu_limit_s or self._cpu_limit_s)
        gold = self._gold_outcome.get(task.digest, lambda: self._judge_once(task, task.canonical, _GOLD_LIMIT_S))
        if gold.verdict in _NOT_PLAIN:
            return _unsupported(len(gold.tests), gold.detail or "the canonical answer is not plain data")
        if source == task.canonical:
            return gold
        return self._judge_once(task, source, max(self._cpu_limit_s, FACTOR * gold.cpu_s))

    def _judge_once(self, task: Problem, source: str, limit_s: float) -> Outcome:
        if task.test:
            with self._runner() as runner:
                return runner.run(
                    source=source, entry_point=task.entry_point, setup=task.setup, test=task.test, cpu_limit_s=limit_s
                )
        expected, comparison = task.expected, task.comparison
        if not expected:
            gold = self._gold.get(task.digest, lambda: self._answers(task))
            if gold.verdict is not Verdict.PASS:
                return _unsupported(len(task.inputs), f"the canonical program: {gold.verdict.value}")
            expected, comparison = gold.outputs, Comparison.CLOSE
        job = Job(source, task.entry_point, task.inputs, expected, limit_s, comparison, task.tolerance, task.style)
        return self._judge.judge([job])[0]

    def _answers(self, task: Problem) -> Execution:
        return self._judge.run(task.canonical, task.entry_point, task.inputs, cpu_limit_s=_GOLD_LIMIT_S)

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


def _unsupported(num_tests: int, detail: str) -> Outcome:
    return Outcome(Verdict.UNSUPPORTED, (Verdict.UNSUPPORTED,) * num_tests, 0.0, False, detail)
