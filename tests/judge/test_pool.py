"""The pool as a trainer sees it: order, cache, faults of the machine, death, and what may not stay behind."""

# A program stays on its line.
# ruff: noqa: E501

from __future__ import annotations

import asyncio
import dataclasses
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from moiety.errors import UserError
from moiety.judge import Job, Judge, JudgeError, Style, Verdict, calibrate, canary, isolation_report
from moiety.judge.door import Encoder

GOOD = "def f(xs):\n    return sorted(xs)\n"
JOB = Job(GOOD, "f", (([3, 1],), ([2],)), ([1, 3], [2]))
LOOP = "def f(xs):\n    while True: pass\n"
PAIRS = (("2\n", "4\n"), ("-3\n", "-6\n"))
HAS_PROC = Path("/proc/self/task").is_dir()


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    """Return a pool of two zygotes at the best level of this machine."""
    with Judge(zygotes=2) as pool:
        yield pool


def children(process: int) -> list[int]:
    """Return the processes a process has started: none if it has just ended."""
    try:
        return [int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def supervisor_of(pool: Judge) -> int:
    return pool.supervisor


def test_order_and_parts(judge: Judge) -> None:
    sources = [GOOD, "def f(xs):\n    return [1, 3]\n", "def f(", "def f(xs):\n    return xs[1]\n"]
    outcomes = judge.judge([dataclasses.replace(JOB, source=source) for source in sources])
    assert [one.verdict for one in outcomes] == [Verdict.PASS, Verdict.WRONG, Verdict.LOAD_ERROR, Verdict.WRONG]
    assert outcomes[1].tests == (Verdict.PASS, Verdict.WRONG)
    assert outcomes[1].passed_fraction == 0.5
    assert outcomes[3].tests == (Verdict.WRONG, Verdict.RAISED)


def test_async_and_futures_agree(judge: Judge) -> None:
    (direct,) = judge.judge([JOB])
    (awaited,) = asyncio.run(judge.judge_async([JOB]))
    assert direct == awaited == judge.submit(JOB).result()


def test_rollouts_are_judged_as_they_finish(judge: Judge) -> None:
    async def rollout(number: int) -> tuple[int, bool]:
        await asyncio.sleep(0.001 * number)
        source = GOOD if number % 2 else "def f(xs):\n    return 0\n"
        return number, (await judge.judge_async([dataclasses.replace(JOB, source=source)]))[0].passed

    async def step() -> list[tuple[int, bool]]:
        return [await done for done in asyncio.as_completed([rollout(number) for number in range(20)])]

    assert sorted(asyncio.run(step())) == [(number, bool(number % 2)) for number in range(20)]


def test_an_early_exit_keeps_what_was_answered(judge: Judge) -> None:
    source = "import os\ndef f(xs):\n    if len(xs) == 1: os._exit(0)\n    return sorted(xs)\n"
    (outcome,) = judge.judge([dataclasses.replace(JOB, source=source)])
    assert (outcome.verdict, outcome.tests) == (Verdict.INCOMPLETE, (Verdict.PASS, Verdict.INCOMPLETE))


def test_every_call_gets_a_fresh_input(judge: Judge) -> None:
    source = "seen = []\ndef f(xs):\n    seen.append(xs)\n    xs.append(len(seen))\n    return xs\n"
    job = Job(source, "f", (([],), ([],)), ([1], [2]))
    assert judge.judge([job])[0].passed


def test_run_decodes_and_names_what_was_raised(judge: Judge) -> None:
    done = judge.run("def f(n):\n    return {n: (10 // n, 'é')}\n", "f", [(5,), (0,)])
    assert done.outputs == ({5: (2, "é")}, None)
    assert (done.tests, done.raised) == ((Verdict.PASS, Verdict.RAISED), ("", "ZeroDivisionError"))


def test_run_refuses_bytes_no_encoder_writes(judge: Judge) -> None:
    source = (
        "import sys, os\ndef f():\n    write = sys._getframe(1).f_locals['write']\n"
        "    write(1, 0, b'PASS')\n    write(20, 1, b'')\n    os._exit(0)\n"
    )
    assert judge.run(source, "f", [()]).verdict is Verdict.PROTOCOL


@pytest.mark.parametrize(
    ("source", "verdict"),
    [
        ("n = int(input())\nprint(n * 2)\n", Verdict.PASS),
        ("import sys\nprint(int(sys.stdin.readline()) * 2, file=sys.stdout)\nraise SystemExit\n", Verdict.PASS),
        ("print(int(open(0).read()) * 2)\n", Verdict.PASS),
        ("import sys\nsys.stdout.buffer.write(b'%d\\n' % (int(sys.stdin.buffer.read()) * 2))\n", Verdict.PASS),
        ("if __name__ == '__main__':\n    print(2 * int(input()))\n", Verdict.PASS),
        ("print(0)\n", Verdict.WRONG),
        ("import sys\nprint(4)\nsys.exit(1)\n", Verdict.RAISED),
        ("import os\nprint(4)\nos._exit(0)\n", Verdict.WRONG),  # what was not flushed is lost
        ("import os\nprint(int(input()) * 2, flush=True)\nos._exit(0)\n", Verdict.PASS),
        ("import os\nprint(4, flush=True)\nos._exit(1)\n", Verdict.INCOMPLETE),
        ("input(); input()\n", Verdict.RAISED),
    ],
)
def test_programs_that_read_and_print(judge: Judge, source: str, verdict: Verdict) -> None:
    jobs = [Job(source, "", ((given,),), (wanted,), style=Style.STDIO) for given, wanted in PAIRS]
    outcomes = [one.verdict for one in judge.judge(jobs)]
    assert next((one for one in outcomes if one is not Verdict.PASS), Verdict.PASS) is verdict


def test_a_program_that_prints_has_one_test_a_job(judge: Judge) -> None:
    with pytest.raises(UserError, match="expected one input: a stdin/stdout program has one test a job"):
        judge.judge([Job("print(1)", "", (("",), ("",)), ("1", "1"), style=Style.STDIO)])


def test_same_verdict_every_time() -> None:
    source = "import random\ndef f(xs):\n    return [hash('a') % 100, random.random(), list({'a', 'b', 'c'})]\n"
    with Judge(zygotes=2, cache=False) as one, Judge(zygotes=1, cache=False) as two:
        answers = [pool.run(source, "f", [([],)]).outputs for pool in (one, one, two)]
    assert answers[0] == answers[1] == answers[2]


def test_cache_and_equal_programs_in_flight() -> None:
    with Judge(zygotes=1) as pool:
        outcomes = pool.judge([JOB] * 50 + [dataclasses.replace(JOB, expected=([3, 1], [2]))])
    assert [one.verdict for one in outcomes] == [Verdict.PASS] * 50 + [Verdict.WRONG]


LOTTERY = {
    "exits": "import os\ndef f(xs):\n    if os.urandom(1)[0] & 3: os._exit(0)\n    return sorted(xs)\n",
    "raises": "import os\ndef f(xs):\n    if os.urandom(1)[0] & 3: raise ValueError\n    return sorted(xs)\n",
    "takes memory": "import os\ndef f(xs):\n    if os.urandom(1)[0] & 3: raise MemoryError\n    return sorted(xs)\n",
    "crashes": "import os, ctypes\ndef f(xs):\n    if os.urandom(1)[0] & 3: ctypes.string_at(1)\n    return sorted(xs)\n",
    "loops": "import os\ndef f(xs):\n    while os.urandom(1)[0] & 3: pass\n    while os.urandom(1)[0] & 255: pass\n"
    "    return sorted(xs)\n",
    "loops for ever": LOOP,
    "sleeps": "import os, time\ndef f(xs):\n    if os.urandom(1)[0] & 3: time.sleep(1000)\n    return sorted(xs)\n",
    "tampers": "import os, sys\ndef f(xs):\n    if os.urandom(1)[0] & 3:\n"
    "        sys._getframe(1).f_locals['write'](1, 5, b'')\n        os._exit(0)\n    return sorted(xs)\n",
}


@pytest.mark.parametrize("how", [*LOTTERY])
def test_equal_programs_are_drawn_once(judge: Judge, how: str) -> None:
    job = dataclasses.replace(JOB, source=LOTTERY[how], cpu_limit_s=0.1)
    together = judge.judge([job] * 20)
    later = [judge.judge([job])[0] for _ in range(5)]
    assert len({(one.verdict, one.tests) for one in [*together, *later]}) == 1


def test_a_job_that_ends_the_supervisor_ends_alone() -> None:
    with Judge(zygotes=2) as pool:
        honest = [dataclasses.replace(JOB, source=f"{GOOD}# {number}") for number in range(60)]
        before = [pool.submit(job) for job in honest[:30]]
        killer = list(Encoder().messages([JOB], cached=False)[0])
        killer[3] = "a comparison that nobody knows"
        (doomed,) = pool._submit([tuple(killer)])
        after = [pool.submit(job) for job in honest[30:]]
        assert doomed.result(120)[:2] == ("crashed", ("crashed", "crashed"))
        assert all(future.result(120).passed for future in [*before, *after])


@pytest.mark.parametrize(
    "value",
    [
        {"b": 1, "a": [2]},
        {3, 1, 2},
        10**4000,
        -(10**50),
        "",
        [],
        {},
        (),
        None,
        b"",
        [[]],
        {1: {(): frozenset()}},
        "\ud800\0é",
        1j,
        True,
    ],
    ids=repr,
)
def test_plain_answers_pass(judge: Judge, value: Any) -> None:
    backwards = dict(reversed(value.items())) if type(value) is dict else value
    assert judge.judge([Job("def f(x):\n    return x\n", "f", ((backwards,),), (value,))])[0].passed


def test_calibrated_limit(judge: Judge) -> None:
    assert calibrate(judge, GOOD, "f", [([1],)]) == 0.1
    slow = (
        "def f(xs):\n    import time\n    end = time.process_time() + 0.05\n    while time.process_time() < end: pass\n"
    )
    assert 0.5 <= calibrate(judge, slow, "f", [([],)]) < 5
    with pytest.raises(UserError):
        calibrate(judge, "import os\nos._exit(0)", "f", [([],)])


@pytest.mark.parametrize("jobs", [dataclasses.replace(JOB, inputs=(), expected=()), dataclasses.replace(JOB, expected=([],)),
                                  dataclasses.replace(JOB, inputs=((object(),), ([2],)))])  # fmt: skip
def test_impossible_jobs_are_refused(judge: Judge, jobs: Job) -> None:
    with pytest.raises(UserError):
        judge.judge([jobs])


def test_ten_megabytes_of_source(judge: Judge) -> None:
    source = "x = 1\n" * 1_700_000 + GOOD
    (outcome,) = judge.judge([dataclasses.replace(JOB, source=source)])
    assert outcome.verdict in (Verdict.TIMEOUT, Verdict.MEMORY)


def test_level_zero_is_refused_unless_accepted() -> None:
    with pytest.raises(UserError, match="allow_unsafe"):
        Judge(level=0)
    with Judge(zygotes=1, level=0, allow_unsafe=True) as pool:
        assert pool.level == 0
        assert [one.verdict for one in pool.judge([JOB, dataclasses.replace(JOB, source="def f(xs): pass")])] == [
            Verdict.PASS, Verdict.WRONG,
        ]  # fmt: skip


def test_an_interpreter_that_does_not_start_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(JudgeError, match="did not start"):
        Judge(zygotes=1)


def test_every_level_is_reported() -> None:
    report = isolation_report()
    assert [one.level for one in report] == [2, 1, 0]
    assert report[2].available
    assert all(one.available or (one.reason and one.hint) for one in report)


def test_a_failing_canary_stops_the_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    with Judge(zygotes=1, memory_bytes=8 << 20) as pool, pytest.raises(JudgeError, match="canary"):
        pool.judge([JOB] * 3)
    assert canary.tasks()[0].canary is not None
    monkeypatch.undo()


def test_a_closed_judge_says_so() -> None:
    pool = Judge(zygotes=1)
    pool.close()
    pool.close()
    with pytest.raises(JudgeError):
        pool.judge([JOB])


@pytest.mark.skipif(not HAS_PROC, reason="needs /proc")
def test_a_zygote_has_one_thread_and_little_memory() -> None:
    ballast = bytearray(b"x") * (200 << 20)  # of the trainer: no process of ours may weigh it
    with Judge(zygotes=1) as fresh:
        assert fresh.judge([JOB])[0].passed
        family = [fresh.supervisor, *children(fresh.supervisor)]
        status = [Path(f"/proc/{process}/status").read_text() for process in family]
    fields = [dict(line.split(":", 1) for line in text.splitlines()) for text in status]
    assert [int(one["Threads"]) for one in fields] == [1, 1]
    assert all(int(one["VmRSS"].split()[0]) < 40_000 for one in fields), ballast[0]


def test_many_pools_start_at_once() -> None:
    with ThreadPoolExecutor(6) as threads:
        pools = list(threads.map(lambda _: Judge(zygotes=2), range(6)))
        verdicts = list(threads.map(lambda pool: pool.judge([JOB])[0].verdict, pools))
        list(threads.map(Judge.close, pools))
    assert verdicts == [Verdict.PASS] * 6


@pytest.mark.skipif(not HAS_PROC, reason="needs /proc")
def test_killing_zygotes_and_supervisor_changes_no_verdict() -> None:
    _kill_at_random(num_jobs=600, num_kills=12)


@pytest.mark.full
@pytest.mark.skipif(not HAS_PROC, reason="needs /proc")
def test_killing_zygotes_and_supervisor_changes_no_verdict_in_full() -> None:
    _kill_at_random(num_jobs=20_000, num_kills=200)


def _kill_at_random(*, num_jobs: int, num_kills: int) -> None:
    draw = random.Random(0)
    wrong = dataclasses.replace(JOB, source="def f(xs):\n    return xs\n")
    jobs = [draw.choice((JOB, wrong)) for _ in range(num_jobs)]
    with Judge(zygotes=2, cache=False) as pool:
        futures = [pool.submit(job) for job in jobs]
        for number in range(num_kills):
            futures[num_jobs * number // num_kills].result(60)
            supervisor = supervisor_of(pool)
            victims = [supervisor] if number % 4 == 3 else children(supervisor)
            if victims:
                try:
                    os.kill(draw.choice(victims), signal.SIGKILL)
                except ProcessLookupError:
                    continue
        outcomes = [future.result(60) for future in futures]
    assert [one.verdict for one in outcomes] == [Verdict.PASS if job is JOB else Verdict.WRONG for job in jobs]


@pytest.mark.skipif(not HAS_PROC, reason="needs /proc")
@pytest.mark.parametrize("how", ["kill", "exit"])
def test_no_process_outlives_the_trainer(how: str) -> None:
    trainer = textwrap.dedent(f"""
        import sys, time
        from moiety.judge import Job, Judge
        pool = Judge(zygotes=2)
        pool.submit(Job("def f():\\n    while True: pass", "f", ((),), (1,), cpu_limit_s=1000))
        print(pool.supervisor, flush=True)
        {"time.sleep(1000)" if how == "kill" else "sys.stdin.read()"}
    """)
    line = [sys.executable, "-c", trainer]
    process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    supervisor = int(process.stdout.readline())
    family = {supervisor, *children(supervisor)}
    family |= {grandchild for child in children(supervisor) for grandchild in children(child)}
    if how == "kill":
        process.kill()
    process.stdin.close()
    process.wait(30)
    process.stdout.close()
    for _ in range(200):
        alive = [one for one in family if _alive(one)]
        if not alive:
            return
        time.sleep(0.05)
    pytest.fail(f"still alive: {alive}")


def _alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
