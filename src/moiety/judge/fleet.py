"""The zygotes of a supervisor: one job each at a time, wall caps, burials and replacements.

A death of a zygote is a fault of the machine and its job is run again; a job that brings down a third one is CRASHED,
so that no program can choose to have no verdict. A CPU timeout counts at once where the machine can tell that it stole
no time meanwhile; else it is confirmed by a second run with a longer limit.
"""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable

from moiety.judge import canary, observe, wire
from moiety.judge.settle import Settled, settle, whole
from moiety.judge.verdicts import JudgeError, Verdict
from moiety.judge.worker import StartError, Task, Worker, start_worker

_GRACE_S, _MAX_RETRIES, _MAX_DEATHS, _START_TRIES = 2.0, 2, 3, 5
_SOLO_FACTOR = 5.0
_STARVED_SHARE = 0.5
_STOLEN_SHARE, _MAX_REFUSED = 0.1, 10


class Fleet:
    """All zygotes at one level, and the jobs not yet settled."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        finish: Callable[[Task, Settled], None],
        *,
        memory_bytes: int,
        warm: tuple[str, ...],
    ) -> None:
        self._selector, self._finish = selector, finish
        self._memory_bytes, self._warm = memory_bytes, warm
        self._level = 0
        self._workers: list[Worker] = []
        self._queue: deque[Task] = deque()
        self._alone: deque[Task] = deque()
        self._stolen = observe.StolenTime()
        self._memory_kills = observe.MemoryKills()
        self._refused = 0  # forks, one after the other

    def start(self, zygotes: int, levels: tuple[int, ...]) -> tuple[int | None, list[str]]:
        """Start the zygotes at the first of `levels` that works here. Returns it, and why the others did not."""
        reasons: list[str] = []
        for level in levels:
            try:
                first = start_worker(level, memory_bytes=self._memory_bytes, warm=self._warm)
            except StartError as error:
                reasons.append(f"level {level}: {error}")
                continue
            self._level = level
            self._adopt(first)
            for _ in range(zygotes - 1):
                self._replace()
            return level, reasons
        return None, reasons

    @property
    def backlog(self) -> int:
        """Return how many jobs no zygote has yet."""
        return len(self._queue) + len(self._alone)

    def add(self, tasks: list[Task], *, first: bool = False) -> None:
        """Take jobs, at the end of the queue or at its head."""
        if first:
            self._queue.extendleft(reversed(tasks))
        else:
            self._queue.extend(tasks)

    def stop(self) -> None:
        """Kill every zygote and all that it started."""
        for worker in self._workers:
            worker.close()
        self._workers.clear()

    def timeout_s(self) -> float | None:
        """Return the time to the next wall cap, None if there is none."""
        nearest_s = min((worker.deadline_s for worker in self._workers), default=float("inf"))
        return None if nearest_s == float("inf") else max(0.0, nearest_s - time.monotonic())

    def dispatch(self) -> None:
        """Enforce the wall caps, and give each idle zygote a job."""
        now_s = time.monotonic()
        self._stolen.note(now_s)
        for worker in [worker for worker in self._workers if worker.deadline_s <= now_s]:
            self._meet_cap(worker)
        for worker in self._workers:
            if worker.task is None:
                self._assign(worker)

    def _assign(self, worker: Worker) -> None:
        task = self._next(worker)
        if task is None:
            return
        worker.give(task)
        if worker.outgoing:
            self._selector.register(worker.jobs, selectors.EVENT_WRITE, lambda: self._feed(worker))

    def _next(self, worker: Worker) -> Task | None:
        if worker.served % canary.EVERY == 0 and not worker.checks:
            worker.checks = canary.tasks()
            worker.served += 1
        if worker.checks:
            return worker.checks.pop()
        if self._alone:  # two retries beside others failed: now with the machine to itself
            return None if any(other.task for other in self._workers) else self._alone.popleft()
        return self._queue.popleft() if self._queue else None

    def _feed(self, worker: Worker) -> None:
        worker.flush()
        if not worker.outgoing:
            self._selector.unregister(worker.jobs)

    def _on_result(self, worker: Worker) -> None:
        try:
            report = worker.receive()
        except EOFError:
            self._bury(worker)
            return
        if report is None:
            return
        task = worker.task
        if report.flags & wire.FORK_REFUSED and task is not None:
            self._refuse(worker, task)
            return
        self._refused = 0
        if task is None or worker.outgoing or report.flags & wire.JOB_UNREAD:
            self._bury(worker)  # its job pipe cannot be trusted to be in step
            return
        given_s, starved, capped = worker.given_s, worker.starved, worker.capped
        worker.task, worker.deadline_s = None, float("inf")
        self._assign(worker)  # it forks while its last answers are compared
        if starved:
            self._retry(task)
            return
        killed = report.status & 0x7F == signal.SIGKILL and not (report.flags or capped)
        if killed and self._memory_kills.any_since(given_s):
            self._out_of_memory(task)
            return
        settled = settle(task, report, capped=capped)
        if settled.verdict is Verdict.TIMEOUT and not capped and self._doubtful(task, given_s):
            task.confirms = True
            self._queue.append(task)
        else:
            self._finish(task, settled)

    def _refuse(self, worker: Worker, task: Task) -> None:
        """Start another zygote for one that could not fork: the program never ran."""
        self._refused += 1
        if self._refused >= _MAX_REFUSED:
            raise JudgeError(
                f"fork was refused {_MAX_REFUSED} times in a row: too many processes, or too little memory"
            )
        time.sleep(0.01 * self._refused)
        worker.task = None
        self._bury(worker)
        if task.canary is None:
            self._retry(task, "fork refused")

    def _doubtful(self, task: Task, given_s: float) -> bool:
        """Tell whether the CPU time of a job may hold time that a hypervisor stole. A second run is believed."""
        if task.confirms:
            return False
        stolen_s = self._stolen.since(given_s)
        return stolen_s is None or stolen_s >= _STOLEN_SHARE * task.cpu_limit_s

    def _meet_cap(self, worker: Worker) -> None:
        """End a job at its wall cap: TIMEOUT if it slept, a fault of the machine if it waited for a core."""
        task = worker.task
        assert task is not None
        pids = observe.children(worker.process)
        if worker.capped or worker.starved or pids is None:  # cannot be killed alone
            worker.task = None
            self._bury(worker)
            if worker.starved:
                self._retry(task)
            else:
                self._finish(task, whole(task, Verdict.TIMEOUT, "asleep at the wall cap"))
        elif pids:
            stolen_s = (self._stolen.since(worker.given_s) or 0.0) / (os.cpu_count() or 1)
            waited_s = max(observe.waited_s(pid) for pid in pids) + stolen_s
            worker.starved = waited_s >= _STARVED_SHARE * task.wall_limit_s
            worker.capped = not worker.starved
            worker.deadline_s = time.monotonic() + _GRACE_S
            for pid in pids:
                observe.kill_child(pid, worker.process)
        elif worker.strikes < _MAX_RETRIES:  # not forked yet, or just ended
            worker.strikes += 1
            worker.deadline_s = time.monotonic() + task.wall_limit_s
        else:
            self._bury(worker)

    def _retry(self, task: Task, why: str = "runnable but starved at the wall cap") -> None:
        """Run again what the machine spoilt: beside others, then alone for longer, then give it up as no value."""
        task.faults += 1
        if task.faults <= _MAX_RETRIES:
            self._queue.append(task)
        elif task.faults == _MAX_RETRIES + 1:
            task.wall_factor *= _SOLO_FACTOR
            self._alone.append(task)
        else:
            self._finish(task, whole(task, Verdict.INFRA, why))

    def _out_of_memory(self, task: Task) -> None:
        """Run again what the kernel killed as memory ran out. Alone on the machine it is the program's own doing."""
        if task.faults <= _MAX_RETRIES:
            self._retry(task)
        else:
            self._finish(task, whole(task, Verdict.MEMORY, "killed as the machine's memory ran out, alone on it"))

    def _bury(self, worker: Worker) -> None:
        """Remove a zygote, start another, and run its job again unless it was the third that the job brought down."""
        task = worker.task
        if worker.outgoing:
            self._selector.unregister(worker.jobs)
        self._selector.unregister(worker.results)
        self._workers.remove(worker)
        worker.close()
        self._replace()
        if task is None or task.canary is not None:
            return
        if self._memory_kills.any_since(worker.given_s):
            self._out_of_memory(task)
            return
        task.deaths += 1
        if task.deaths < _MAX_DEATHS:
            self._queue.appendleft(task)
        else:
            self._finish(task, whole(task, Verdict.CRASHED, "brought down its sandbox three times"))

    def _replace(self) -> None:
        for attempt in range(_START_TRIES):
            try:
                self._adopt(start_worker(self._level, memory_bytes=self._memory_bytes, warm=self._warm))
            except StartError as error:
                if attempt == _START_TRIES - 1:
                    raise JudgeError(f"cannot start a zygote at level {self._level}: {error}") from error
                time.sleep(0.05 * 2**attempt)
            else:
                return

    def _adopt(self, worker: Worker) -> None:
        self._workers.append(worker)
        self._selector.register(worker.results, selectors.EVENT_READ, lambda: self._on_result(worker))
