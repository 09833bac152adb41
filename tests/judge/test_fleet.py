"""Faults of the machine, simulated: they are retried, never scored, and no program can choose them."""

from __future__ import annotations

import dataclasses
import marshal
import os
import selectors
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from judge.burners import busy
from judge.idlers import IDLERS
from moiety.judge import Comparison, JudgeError, Verdict, encode, observe, spawn, wire
from moiety.judge.fleet import Fleet
from moiety.judge.settle import Settled, settle
from moiety.judge.worker import Report, Task, Worker

SLEEP = "import time\ndef f(x):\n    time.sleep(60)\n"
BUSY = "import time\ndef f(x):\n    while time.process_time() < {s}: pass\n    return x\n"
GOOD = "def f(x):\n    return x\n"


OWN_DOING = {evil.name: evil.source for evil in IDLERS}


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


def test_a_starved_program_gets_more_time_and_then_the_machine_to_itself(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def starving(pid: int, _: float) -> float:
        asked.append(pid)
        return 1e9

    monkeypatch.setattr(observe, "starved_s", starving)
    starved = task(SLEEP, wall_factor=0.1)
    assert driver.run(starved) == [Verdict.TIMEOUT]
    assert (len(set(asked)), starved.alone, starved.faults) == (2, True, 0)
    assert len(asked) > 4  # each of the two runs was given more than its wall cap


def test_a_program_starved_for_a_while_ends_as_it_would_have(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observe, "starved_s", lambda *_: 1e9)
    slow = task("import time\ndef f(x):\n    time.sleep(0.25)\n    return x\n", wall_factor=0.1)
    assert driver.run(slow) == [Verdict.PASS]


@pytest.mark.parametrize("source", [*OWN_DOING.values()], ids=[*OWN_DOING])
def test_no_program_is_starved_by_its_own_doing(driver: Driver, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    monkeypatch.setattr(observe.StolenTime, "since", lambda *_: 0.0)
    victim = task(source, cpu_limit_s=0.3, wall_factor=0.15)
    with busy(4):
        assert driver.run(victim)[0] in (Verdict.TIMEOUT, Verdict.RAISED)  # no process may be forked below level 2
    assert not victim.alone


@pytest.mark.parametrize("source", [SLEEP, BUSY.format(s=1000)])
def test_stolen_time_at_the_wall_cap_excuses_no_sleeper(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    monkeypatch.setattr(observe.StolenTime, "since", lambda *_: 1e9)
    assert driver.run(task(source, wall_factor=0.1)) == [Verdict.TIMEOUT]


@pytest.mark.parametrize("stolen_s", [0.0, 1.0, None])
@pytest.mark.parametrize(("used_s", "runs"), [(0.02, (0, 0)), (0.15, (0, 1)), (0.35, (1, 0)), (1000, (1, 0))])
def test_where_time_may_be_stolen_two_runs_at_the_same_limit_decide(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, stolen_s: float | None, used_s: float, runs: tuple[int, int]
) -> None:
    monkeypatch.setattr(observe.StolenTime, "since", lambda *_: stolen_s)
    one = task(BUSY.format(s=used_s), cpu_limit_s=0.2)
    over, within = runs
    assert driver.run(one) == [Verdict.TIMEOUT if over else Verdict.PASS]
    again = stolen_s == 1.0 or (stolen_s is None and over)
    assert (one.over, one.within) == ((2 * over, 2 * within) if again else (over, within))
    assert driver.settled[0].cpu_s < 0.3


def test_one_disturbed_run_does_not_decide(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    stolen = iter([1.0, 0.0])
    monkeypatch.setattr(observe.StolenTime, "since", lambda *_: next(stolen))
    reports = iter([wire.OVER_CPU, 0])
    receive = Worker.receive

    def disturbed(self: Worker) -> Report | None:
        report = receive(self)
        if report is not None and self.task is not None and self.task.canary is None:
            report.flags |= next(reports)
        return report

    monkeypatch.setattr(Worker, "receive", disturbed)
    one = task(GOOD, cpu_limit_s=1.0)
    assert driver.run(one) == [Verdict.PASS]
    assert (one.over, one.within) == (1, 0)


def test_others_are_served_while_programs_sleep_and_zygotes_start(driver: Driver) -> None:
    driver.fleet.add([task(SLEEP, number, wall_factor=1000) for number in range(3)])
    honest = [task(GOOD, number) for number in range(3, 40)]
    assert driver.run(*honest) == [Verdict.PASS] * 37
    assert set(driver.settled) == set(range(3, 40))  # with one zygote, and three programs asleep
    assert len(driver.fleet._workers) == 4


def test_a_zygote_that_does_not_start_is_started_again(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    start, calls = spawn.start, iter(range(100))

    def failing(line: list[str], *, level: int, keep: tuple[int, ...], user_namespace: bool) -> int:
        if next(calls) < 3:
            raise OSError("no more processes")
        return start(line, level=level, keep=keep, user_namespace=user_namespace)

    monkeypatch.setattr(spawn, "start", failing)
    driver.fleet.dispatch()
    os.kill(driver.fleet._workers[0].process, signal.SIGKILL)
    assert driver.run(task(GOOD)) == [Verdict.PASS]
    assert next(calls) == 4


@pytest.mark.parametrize(
    ("flags", "page", "verdict"),
    [(wire.JOB_UNREAD, bytes(8), Verdict.PROTOCOL), (0, b"\1\0\0\0\xff\xff\xff\xff", Verdict.INCOMPLETE)],
)
def test_a_page_that_lies_ends_its_own_job_only(flags: int, page: bytes, verdict: Verdict) -> None:
    one = task(GOOD)
    assert settle(one, Report(0, flags, 0.0, page), capped=False, unread=bool(flags)).verdict is verdict


@pytest.mark.parametrize(
    ("comparison", "answer", "expected"),
    [
        (Comparison.CLOSE, encode(complex(1.7e308, 1.7e308)), encode(1.0)),
        (Comparison.CLOSE, encode(1.0), encode(complex(1.7e308, -1.7e308))),
        (Comparison.PYTHON, encode({1}), encode({float("nan"), -float("nan")})),
        (Comparison.UNORDERED, encode([2]), b"I999:"),
        (Comparison.PYTHON, encode(1), b""),
        (Comparison.CLOSE, encode([10**400]), encode([1.5])),
    ],
)
def test_what_cannot_be_compared_is_wrong(comparison: Comparison, answer: bytes, expected: bytes) -> None:
    frames = wire.FRAME.pack(wire.VALUE, 0, len(answer)) + answer + wire.FRAME.pack(wire.DONE, 1, 0)
    page = wire.PAGE.pack(1, wire.PAGE.size + len(frames)) + frames
    one = dataclasses.replace(task(GOOD), expected=(expected,), comparison=comparison, tolerance=1e-6)
    settled = settle(one, Report(0, 0, 0.0, page), capped=False)
    assert (settled.verdict, settled.cacheable) == (Verdict.WRONG, True)


def test_a_job_that_brings_down_three_zygotes_is_crashed(driver: Driver) -> None:
    victim = task(SLEEP)
    driver.fleet.add([victim])
    for _ in range(3):
        while not any(worker.task is victim for worker in driver.fleet._workers):
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
    totals = iter([(1.0, 5.0), (1.0, 5.0), (1.5, 5.0), (1.75, 5.25)])
    monkeypatch.setattr(observe.StolenTime, "_cores", lambda *_: next(totals))
    stolen = observe.StolenTime()
    if stolen._file is None:
        pytest.skip("no /proc/stat")
    start_s = stolen._read_s
    stolen.note(start_s + 1)
    stolen.note(start_s + 2)
    assert stolen.since(start_s + 1.5) == 0.75  # of the core that lost most


def test_stolen_time_of_this_machine_is_told_for_each_core() -> None:
    stolen = observe.StolenTime()
    if stolen._file is None:
        pytest.skip("no /proc/stat")
    assert len(stolen._cores(stolen._file)) == os.cpu_count()
