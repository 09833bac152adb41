"""The zygotes of a supervisor: one job each at a time, wall caps, burials and replacements.

A death of a zygote is a fault of the machine and its job is run again; a job that brings down a third one is CRASHED,
so that no program can choose to have no verdict. Where the machine stole time while a program ran near its CPU limit,
two runs of three at that same limit decide. A program that the machine keeps from running gets more time; one that
sleeps, or keeps itself from running, does not.
"""

from __future__ import annotations

import array
import contextlib
import fcntl
import selectors
import signal
import termios
import time
from collections import deque
from collections.abc import Callable
from functools import partial

from moiety.judge import canary, observe, wire
from moiety.judge.settle import Settled, settle, whole
from moiety.judge.starting import START_TRIES, Nursery, StartError
from moiety.judge.verdicts import JudgeError, Verdict
from moiety.judge.worker import Task, Worker

_GRACE_S, _MAX_RETRIES, _MAX_DEATHS, _MAX_IN_A_ROW = 2.0, 2, 3, 10
_STARVED_SHARE, _PATIENCE = 0.5, 5.0  # of its wall cap a program must have waited; how many caps it then gets
# A limit is kept to within a half, a run to within what was stolen from it: a quarter leaves room for ticks of 10 ms.
_STOLEN_SHARE, _NEAR_SHARE, _DECIDING_RUNS = 0.25, 0.5, 2
_SPARES_EACH, _MOST_SPARES = 4, 16  # zygotes that serve in place of those whose program sleeps
_LONGEST_SLEEP_S = 3600.0  # of the event loop: epoll counts milliseconds in 31 bits


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
        self._nursery = Nursery(selector, self._adopt, memory_bytes=memory_bytes, warm=warm)
        self._level, self._zygotes = 0, 0
        self._workers: list[Worker] = []
        self._queue: deque[Task] = deque()
        self._alone: deque[Task] = deque()
        self._stolen = observe.StolenTime()
        self._memory_kills = observe.MemoryKills()
        self._refused = 0  # forks, one after the other
        self._died = 0  # zygotes, one after the other, at a canary

    def start(self, zygotes: int, levels: tuple[int, ...]) -> tuple[int | None, list[str]]:
        """Start the zygotes at the first of `levels` that works here. Returns it, and why the others did not."""
        reasons: list[str] = []
        for level in levels:
            try:
                first = self._nursery.start_first(level)
            except StartError as error:
                reasons.append(f"level {level}: {error}")
                continue
            self._level, self._zygotes = level, zygotes
            self._adopt(first)
            self._nursery.order(zygotes - 1)
            self._nursery.wait()
            return level, reasons
        return None, reasons

    @property
    def backlog(self) -> int:
        """Return how many jobs no zygote has yet."""
        return len(self._queue) + len(self._alone)

    def add(self, tasks: list[Task]) -> None:
        """Take jobs, at the end of the queue."""
        self._queue.extend(tasks)

    def stop(self) -> None:
        """Kill every zygote and all that it started."""
        for worker in self._workers:
            self._nursery.bury(worker)
        self._workers.clear()
        self._nursery.stop()

    def timeout_s(self) -> float | None:
        """Return the time to the next moment at which something is due, None if there is none."""
        nearest_s = min((worker.deadline_s for worker in self._workers), default=float("inf"))
        nearest_s = min(nearest_s, self._nursery.next_s())
        if nearest_s == float("inf"):
            return None
        return min(max(0.0, nearest_s - time.monotonic()), _LONGEST_SLEEP_S)

    def dispatch(self) -> None:
        """Enforce the wall caps, keep up the number of zygotes, and give each idle one a job."""
        now_s = time.monotonic()
        self._stolen.note(now_s)
        for worker in [worker for worker in self._workers if worker.deadline_s <= now_s]:
            self._look_at(worker, now_s)
        self._nursery.tick(now_s)
        self._man()
        for worker in self._workers:
            if worker.task is None:
                self._assign(worker)

    def _man(self) -> None:
        """Order zygotes for those that are gone, and spare ones while programs sleep and others wait."""
        lingering = sum(worker.lingering for worker in self._workers) if self._queue else 0
        spares = min(lingering, _SPARES_EACH * self._zygotes, _MOST_SPARES)
        missing = self._zygotes + spares - len(self._workers) - self._nursery.num_coming
        if missing > 0:
            self._nursery.order(missing)
        if not self._workers and self._nursery.failures >= START_TRIES:
            raise JudgeError(f"cannot start a zygote at level {self._level}: {self._nursery.reason}")

    def _assign(self, worker: Worker) -> None:
        task = self._next(worker)
        if task is None:
            return
        worker.give(task)
        if worker.outgoing:
            self._selector.register(worker.jobs, selectors.EVENT_WRITE, partial(self._feed, worker))

    def _next(self, worker: Worker) -> Task | None:
        if len(self._workers) > self._zygotes:  # spares: no more programs compute at once than there are zygotes
            computing = sum(one.task is not None and not one.lingering for one in self._workers)
            if computing >= self._zygotes:
                return None
        if worker.served % canary.EVERY == 0 and not worker.checks:
            worker.checks = canary.tasks()
            worker.served += 1
        if worker.checks:
            return worker.checks.pop()
        if self._alone:  # with the machine to itself
            return None if any(one.task for one in self._workers) else self._alone.popleft()
        if not self._queue or any(one.task is not None and one.task.alone for one in self._workers):
            return None
        return self._queue.popleft()

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
        self._refused = self._died = 0
        unread = bool(report.flags & wire.JOB_UNREAD)
        if task is None or worker.outgoing or (unread and not _drained(worker)):
            self._bury(worker)  # its job pipe cannot be trusted to be in step
            return
        given_s, starved, capped = worker.given_s, worker.starved, worker.capped
        worker.rest()
        self._assign(worker)  # it forks while its last answers are compared
        if starved:
            task.alone = True
            self._alone.append(task)
            return
        killed = report.status & 0x7F == signal.SIGKILL and not (report.flags or capped)
        if killed and self._memory_kills.any_since(given_s):
            self._out_of_memory(task)
            return
        settled = settle(task, report, capped=capped, unread=unread)
        if self._disturbed(task, settled, given_s, capped=capped):
            self._queue.append(task)
        else:
            self._finish(task, settled)

    def _disturbed(self, task: Task, settled: Settled, given_s: float, *, capped: bool) -> bool:
        """Return True if time stolen from this run may have moved it over its CPU limit, or under it.

        Two runs on the same side decide even so.
        """
        over = settled.verdict is Verdict.TIMEOUT and not capped
        if capped or not (over or settled.cpu_s > _NEAR_SHARE * task.cpu_limit_s):
            return False
        stolen_s = self._stolen.since(given_s)
        if stolen_s is None:  # it is not told, and so never taken off: only a run that seems over may be wrong
            disturbed = over
        else:
            disturbed = stolen_s >= _STOLEN_SHARE * task.cpu_limit_s
        task.over += over
        task.within += not over
        return disturbed and max(task.over, task.within) < _DECIDING_RUNS

    def _refuse(self, worker: Worker, task: Task) -> None:
        """Start another zygote for one that could not fork: the program never ran."""
        self._refused += 1
        if self._refused >= _MAX_IN_A_ROW:
            raise JudgeError(
                f"fork was refused {_MAX_IN_A_ROW} times in a row: too many processes, or too little memory"
            )
        worker.rest()
        self._bury(worker)
        self._nursery.pause(self._refused)
        if task.canary is None:
            self._retry(task, "fork refused")

    def _look_at(self, worker: Worker, now_s: float) -> None:
        """Meet a moment of a job: it lingers, or it is at its wall cap, or it did not die when killed there."""
        task = worker.task
        assert task is not None
        if now_s < worker.cap_s and not worker.lingering:
            worker.lingering, worker.deadline_s = True, worker.cap_s
            return
        pids = observe.children(worker.process)
        if worker.capped or worker.starved or pids is None:  # cannot be killed alone
            starved = worker.starved
            worker.rest()
            self._bury(worker)
            if starved:
                self._alone.append(task)
                task.alone = True
            else:
                self._finish(task, whole(task, Verdict.TIMEOUT, "not done at the wall cap"))
        elif pids:
            self._meet_cap(worker, task, pids, now_s)
        elif worker.strikes < _MAX_RETRIES:  # not forked yet, or just ended
            worker.strikes += 1
            worker.deadline_s = now_s + task.wall_limit_s
        else:
            self._bury(worker)

    def _meet_cap(self, worker: Worker, task: Task, pids: list[int], now_s: float) -> None:
        """Give a program more time if the machine kept it from running, and end it if not.

        One that is kept from running for long runs again with the machine to itself, where the cap is the end.
        """
        wall_s = now_s - worker.given_s
        waited_s = observe.starved_s(pids[0], wall_s) if len(pids) == 1 else None
        stolen_s = self._stolen.since(worker.given_s) or 0.0
        starved = waited_s is not None and waited_s + stolen_s >= _STARVED_SHARE * wall_s
        if starved and wall_s < _PATIENCE * task.wall_limit_s:
            worker.deadline_s = now_s + task.wall_limit_s
            return
        worker.starved = starved and not task.alone
        worker.capped = not worker.starved
        worker.deadline_s = now_s + _GRACE_S
        for pid in pids:
            observe.kill_child(pid, worker.process)

    def _retry(self, task: Task, why: str) -> None:
        """Run again what the machine spoilt: beside others, then alone, then give it up as no value."""
        task.faults += 1
        if task.faults <= _MAX_RETRIES:
            self._queue.append(task)
        elif task.faults == _MAX_RETRIES + 1:
            task.alone = True
            self._alone.append(task)
        else:
            self._finish(task, whole(task, Verdict.INFRA, why))

    def _out_of_memory(self, task: Task) -> None:
        """Run again what the kernel killed as memory ran out. Alone on the machine it is the program's own doing."""
        if task.faults <= _MAX_RETRIES:
            self._retry(task, "killed as the memory of the machine ran out")
        else:
            self._finish(task, whole(task, Verdict.MEMORY, "killed as the machine's memory ran out, alone on it"))

    def _bury(self, worker: Worker) -> None:
        """Remove a zygote, and run its job again unless it was the third that the job brought down."""
        task = worker.task
        if worker.outgoing:
            self._selector.unregister(worker.jobs)
        self._selector.unregister(worker.results)
        self._workers.remove(worker)
        self._nursery.bury(worker)
        if task is None:
            return
        if task.canary is not None:
            self._died += 1
            if self._died >= _MAX_IN_A_ROW:
                raise JudgeError(f"{_MAX_IN_A_ROW} zygotes in a row died at a program known to be good")
            return
        if self._memory_kills.any_since(worker.given_s):
            self._out_of_memory(task)
            return
        task.deaths += 1
        if task.deaths < _MAX_DEATHS:
            (self._alone if task.alone else self._queue).appendleft(task)
        else:
            detail = "brought down its sandbox three times"
            self._finish(task, whole(task, Verdict.CRASHED, detail, by_itself=False))

    def _adopt(self, worker: Worker) -> None:
        self._workers.append(worker)
        self._selector.register(worker.results, selectors.EVENT_READ, partial(self._on_result, worker))


def _drained(worker: Worker) -> bool:
    """Return True if the job pipe of a zygote is empty: then its job was read, whatever the page says."""
    unread = array.array("i", [1])
    with contextlib.suppress(OSError):
        fcntl.ioctl(worker.jobs, termios.FIONREAD, unread)
    return not unread[0]
