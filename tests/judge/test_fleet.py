"""Faults of the machine, simulated: they are retried, never scored, and no program can choose them."""

from __future__ import annotations

import marshal
import os
import selectors
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from moiety.judge import Comparison, JudgeError, Verdict, encode, observe, wire
from moiety.judge.fleet import Fleet
from moiety.judge.settle import Settled
from moiety.judge.worker import CONFIRM_FACTOR, Report, Task, Worker

SLEEP = "import time\ndef f(x):\n    time.sleep(60)\n"
BUSY = "import time\ndef f(x):\n    while time.process_time() < {s}: pass\n    return x\n"
GOOD = "def f(x):\n    return x\n"


class Driver:
    """A fleet of real zygotes in this process, and what it settled."""

    def __init__(self, zygotes: int) -> None:
        self._selector = selectors.DefaultSelector()
        self.settled: dict[int, Settled] = {}
        self.fleet = Fleet(self._selector, self._finish, memory_bytes=256 << 20, warm=())
        assert self.fleet.start(zygotes, (2, 1, 0))[0] is not None

    def _finish(self, task: Task, settled: Settled) -> None:
        if task.canary is None:
            self.settled[task.number] = settled

    def run(self, *tasks: Task) -> list[Verdict]:
        """Judge tasks and return their verdicts."""
        self.fleet.add(list(tasks))
        while len(self.settled) < len(tasks):
            self.fleet.dispatch()
            for key, _ in self._selector.select(self.fleet.timeout_s()):
                if self._selector.get_map().get(key.fd) is key:
                    key.data()
        return [self.settled[task.number].verdict for task in tasks]


@pytest.fixture
def driver() -> Iterator[Driver]:
    """Return a driver of one zygote, stopped after the test."""
    made = Driver(1)
    yield made
    made.fleet.stop()


def task(source: str, number: int = 0, *, cpu_limit_s: float = 0.1, wall_factor: float = 1.0) -> Task:
    body = marshal.dumps((source, "f", False, (marshal.dumps((1,), 2),)), 2)
    expected = (encode(1),)
    return Task(number, body, 1, expected, Comparison.EXACT, 0.0, cpu_limit_s, 0, None, wall_factor=wall_factor)


def test_a_starved_program_has_no_value(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def starving(pid: int) -> float:
        asked.append(pid)
        return 1e9

    monkeypatch.setattr(observe, "waited_s", starving)
    starved = task(SLEEP, wall_factor=0.1)
    assert driver.run(starved) == [Verdict.INFRA]
    assert len(set(asked)) == 4  # first, two retries, and alone with a longer cap
    assert starved.wall_limit_s == pytest.approx(0.5)


def test_a_program_starved_once_is_judged_by_its_second_run(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def once(pid: int) -> float:
        asked.append(pid)
        return 1e9 if len(asked) == 1 else 0.0

    monkeypatch.setattr(observe, "waited_s", once)
    starved = task(SLEEP, wall_factor=0.1)
    assert driver.run(starved) == [Verdict.TIMEOUT]
    assert (starved.faults, len(asked)) == (1, 2)


def test_a_sleeper_cannot_choose_infra(driver: Driver) -> None:
    assert driver.run(task(SLEEP, wall_factor=0.1)) == [Verdict.TIMEOUT]


def test_stolen_time_at_the_wall_cap_is_starvation(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observe.StolenTime, "since", lambda *_: 1e9)
    assert driver.run(task(SLEEP, wall_factor=0.1)) == [Verdict.INFRA]


@pytest.mark.parametrize("stolen_s", [0.0, 0.5, None])
def test_a_timeout_is_confirmed_where_time_may_be_stolen(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, stolen_s: float | None
) -> None:
    monkeypatch.setattr(observe.StolenTime, "since", lambda *_: stolen_s)
    late, endless = task(BUSY.format(s=0.15), 0), task(BUSY.format(s=1000), 1)
    verdicts = driver.run(late, endless)
    if stolen_s == 0.0:
        assert verdicts == [Verdict.TIMEOUT, Verdict.TIMEOUT]
        assert not endless.confirms
    else:
        assert verdicts == [Verdict.PASS, Verdict.TIMEOUT]
        assert endless.run_limit_s == CONFIRM_FACTOR * endless.cpu_limit_s
        assert driver.settled[1].cpu_s >= endless.run_limit_s


def test_a_job_that_brings_down_three_zygotes_is_crashed(driver: Driver) -> None:
    victim = task(SLEEP)
    driver.fleet.add([victim])
    for _ in range(3):
        while driver.fleet._workers[0].task is not victim:
            driver.fleet.dispatch()
            for key, _ in driver._selector.select(1.0):
                key.data()
        os.kill(driver.fleet._workers[0].process, signal.SIGKILL)
        for key, _ in driver._selector.select(10.0):
            key.data()
    assert driver.settled[0].verdict is Verdict.CRASHED


def test_a_zygote_killed_by_others_changes_no_verdict(driver: Driver) -> None:
    victim = task(GOOD)
    driver.fleet.dispatch()
    os.kill(driver.fleet._workers[0].process, signal.SIGKILL)
    assert driver.run(victim) == [Verdict.PASS]
    assert victim.deaths <= 1


KILLED = "import os, signal\ndef f(x):\n    os.kill(os.getpid(), signal.SIGKILL)\n    os.abort()\n"


@pytest.mark.parametrize(
    ("counts", "verdict", "runs"),
    [
        ([0] * 9, Verdict.CRASHED, 1),  # the program's own hand
        ([0, 1, 1, 1, 1], Verdict.CRASHED, 2),  # killed once for memory, then by its own hand
        ([0, 1, 2, 3, 4], Verdict.MEMORY, 4),  # it alone fills the machine: no fault of the machine's
    ],
)
def test_a_kill_for_memory_is_run_again(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, counts: list[int], verdict: Verdict, runs: int
) -> None:
    if driver.fleet._level < 2:
        pytest.skip("needs level 2, where a program can send itself a signal")
    left = list(counts)
    monkeypatch.setattr(observe, "_memory_kills", lambda: left.pop(0) if len(left) > 1 else left[0])
    driver.fleet._memory_kills = observe.MemoryKills()
    killed = task(KILLED)
    assert driver.run(killed) == [verdict]
    assert killed.faults + 1 == runs


@pytest.mark.skipif(not Path("/proc/self/oom_score_adj").exists(), reason="needs Linux")
def test_zygotes_and_candidates_die_before_the_trainer(driver: Driver) -> None:
    worker = driver.fleet._workers[0]
    assert Path(f"/proc/{worker.process}/oom_score_adj").read_text() == "1000\n"
    assert int(Path("/proc/self/oom_score_adj").read_text()) < 1000


@pytest.mark.parametrize("canaries_too", [False, True])
def test_a_refused_fork_is_a_fault_of_the_machine(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, canaries_too: bool
) -> None:
    receive = Worker.receive

    def refused(self: Worker) -> Report | None:
        report = receive(self)
        if self.task is not None and (canaries_too or self.task.canary is None):
            return Report(0, wire.FORK_REFUSED, 0.0, b"")
        return report

    monkeypatch.setattr(Worker, "receive", refused)
    if canaries_too:
        with pytest.raises(JudgeError, match="fork was refused 10 times"):
            driver.run(task(GOOD))
    else:
        assert driver.run(task(GOOD)) == [Verdict.INFRA]


def test_stolen_time_is_counted_from_before_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    totals = iter([1.0, 1.0, 1.5, 1.75])
    monkeypatch.setattr(observe.StolenTime, "_total", lambda *_: next(totals))
    stolen = observe.StolenTime()
    if stolen._file is None:
        pytest.skip("no /proc/stat")
    start_s = stolen._read_s
    stolen.note(start_s + 1)
    stolen.note(start_s + 2)
    assert stolen.since(start_s + 1.5) == 0.75
