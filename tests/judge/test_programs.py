"""Programs that read and print behave as `python3 program.py < input > output` does, test by test."""

# A program stays on its line.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from moiety.judge import Bench, Comparison, Job, Judge, Outcome, Style, Verdict, problem

SUM = "print(sum(map(int, data.split()[1:])))\n"
RIGHT = {
    "input": "input()\nprint(sum(map(int, input().split())))\n",
    "read of descriptor 0": "import os\ndata = os.read(0, 1 << 20)\n" + SUM,
    "fileno": "import os, sys\ndata = os.read(sys.stdin.fileno(), 1 << 20)\n" + SUM,
    "open(0)": "data = open(0).read()\n" + SUM,
    "/dev/stdin": "data = open('/dev/stdin').read()\n" + SUM,
    "/dev/stdin by os.open": "import os\ndata = os.read(os.open('/dev/stdin', os.O_RDONLY), 1 << 20)\n" + SUM,
    "/proc/self/fd/0 by pathlib": "from pathlib import Path\ndata = Path('/proc/self/fd/0').read_text()\n" + SUM,
    "fileinput": "import fileinput\ndata = ''.join(fileinput.input())\n" + SUM,
    "mmap": "import mmap\ndata = mmap.mmap(0, 0, prot=mmap.PROT_READ)[:]\n" + SUM,
    "readlines": "import sys\ndata = ''.join(sys.stdin.readlines())\n" + SUM,
    "buffer": "import sys\ndata = sys.stdin.buffer.read()\n" + SUM,
    "lines": "import sys\ndata = ''.join(line for line in sys.stdin)\n" + SUM,
    "read twice by seek": "import sys\nsys.stdin.read()\nsys.stdin.seek(0)\ndata = sys.stdin.read()\n" + SUM,
    "write of descriptor 1": "import os\ndata = open(0).read()\nos.write(1, b'%d' % sum(map(int, data.split()[1:])))\n",
    "stdout.buffer": "import sys\ndata = open(0).read()\nsys.stdout.buffer.write(b'%d' % sum(map(int, data.split()[1:])))\n",
    "/dev/stdout": "data = open(0).read()\nprint(sum(map(int, data.split()[1:])), file=open('/dev/stdout', 'w'))\n",
    "an own stream left open": "out = open(1, 'w', closefd=False)\ndata = open(0).read()\nout.write(str(sum(map(int, data.split()[1:]))))\n",
    "descriptor 1 closed at last": "import os\ndata = open(0).read()\nprint(sum(map(int, data.split()[1:])), flush=True)\nos.close(1)\n",
    "all other descriptors closed": "import os\nos.closerange(3, 256)\ndata = open(0).read()\n" + SUM,
    "exit": "data = open(0).read()\n" + SUM + "exit()\n",
    "quit": "data = open(0).read()\n" + SUM + "quit(0)\n",
    "sys.exit": "import sys\ndata = open(0).read()\n" + SUM + "sys.exit(0)\n",
    "os._exit": "import os, sys\ndata = open(0).read()\n" + SUM + "sys.stdout.flush()\nos._exit(0)\n",
    "main": "import sys\ndef main():\n    data = open(0).read()\n    " + SUM + "if __name__ == '__main__':\n    sys.exit(main())\n",
    "a thread that is not joined": "import threading, time\ndef main():\n    time.sleep(0.05)\n    data = open(0).read()\n    " + SUM + "threading.Thread(target=main).start()\n",
    "a thread with a stack of 64 MB": "import sys, threading\nsys.setrecursionlimit(10**6)\nthreading.stack_size(1 << 26)\ndef main():\n    data = open(0).read()\n    " + SUM + "threading.Thread(target=main).start()\n",
    "an executor that is not shut down": "from concurrent.futures import ThreadPoolExecutor\ndata = open(0).read()\nThreadPoolExecutor(1).submit(lambda: print(sum(map(int, data.split()[1:]))))\n",
    "atexit": "import atexit\ndata = open(0).read()\natexit.register(lambda: print(sum(map(int, data.split()[1:]))))\n",
    "own stdout flushed at exit": "import atexit, io, os, sys\nsys.stdout = io.StringIO()\natexit.register(lambda: os.write(1, sys.stdout.getvalue().encode()))\ndata = open(0).read()\n" + SUM,
    "asyncio": "import asyncio\nasync def main():\n    data = open(0).read()\n    " + SUM + "asyncio.run(main())\n",
    "stderr": "import sys\nprint('debug', file=sys.stderr, flush=True)\ndata = open(0).read()\n" + SUM,
    "a BOM": "\ufeffdata = open(0).read()\n" + SUM,
    "its own module": "import __main__, pickle\nclass A: pass\nassert __main__.A is A\nassert type(pickle.loads(pickle.dumps(A()))) is A\ndata = open(0).read()\n" + SUM,
}  # fmt: skip


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    """Return a pool at the best level."""
    with Judge(zygotes=2) as made:
        yield made


@pytest.fixture(scope="module")
def low() -> Iterator[Judge]:
    """Return a pool at level 1, where a file must be given too."""
    with Judge(zygotes=1, level=1) as made:
        yield made


def job(source: str, given: str = "3\n1 2 3\n", wanted: str = "6\n") -> Job:
    return Job(source, "", ((given,),), (wanted,), 2.0, Comparison.TOKENS, style=Style.STDIO)


@pytest.mark.parametrize("pool", ["judge", "low"])
def test_every_way_to_read_write_and_end(pool: str, request: pytest.FixtureRequest) -> None:
    outcomes = request.getfixturevalue(pool).judge([job(source) for source in RIGHT.values()])
    assert {name: (one.verdict, one.detail) for name, one in zip(RIGHT, outcomes, strict=True) if not one.passed} == {}


@pytest.mark.parametrize(
    ("source", "verdict"),
    [
        ("print(7)\n", Verdict.WRONG), ("", Verdict.WRONG), ("print(6)\nraise SystemExit(1)\n", Verdict.RAISED), ("print(6)\nexit('no')\n", Verdict.RAISED),
        ("print(6)\n1 / 0\n", Verdict.RAISED), ("print(6", Verdict.LOAD_ERROR), ("print(6)\nwhile True: pass\n", Verdict.TIMEOUT),
        ("import os\nprint(6, flush=True)\nos._exit(3)\n", Verdict.INCOMPLETE), ("import os\nprint(6)\nos._exit(0)\n", Verdict.WRONG),
        ("import os\nprint(6, flush=True)\nos.kill(os.getpid(), 11)\n", Verdict.CRASHED), ("import sys\nsys.stdin.close()\nprint(input())\n", Verdict.RAISED),
        ("import atexit, os\natexit.register(os._exit, 5)\nprint(6)\n", Verdict.INCOMPLETE), ("import os\nos.memfd_create('x')\nprint(6)\n", Verdict.RAISED),
        ("import os\nwhile True: os.write(1, b'6' * 65536)\n", Verdict.RAISED), ("print('6 ' * 100_000)\n", Verdict.WRONG),
        ("open('/dev/stdin/../../etc/passwd')\nprint(6)\n", Verdict.RAISED),
    ],
)  # fmt: skip
def test_programs_that_must_not_pass(judge: Judge, source: str, verdict: Verdict) -> None:
    wanted = {Verdict.CRASHED, Verdict.RAISED} if verdict is Verdict.CRASHED else {verdict}  # level 1 bans the signal
    assert judge.judge([job(source)])[0].verdict in wanted


def test_large_inputs_and_outputs(judge: Judge) -> None:
    numbers = "30000\n" + "12345 " * 400_000
    lines = "1234567\n" * 500_000
    done = judge.judge(
        [
            job("data = open(0).read()\n" + SUM, numbers, str(12345 * 400_000)),
            job("print('1234567\\n' * 500_000)\n", "", lines),
        ]
    )
    assert [one.verdict for one in done] == [Verdict.PASS] * 2


def test_one_program_finds_nothing_of_another() -> None:
    leave = "import os\nos.write(1, b'6')\nos.write(0, b'secret')\nos.lseek(0, 3, 0)\n"
    look = "import os\nprint(os.lseek(0, 0, 1), os.lseek(1, 0, 1), os.fstat(1).st_size, open(0).read())\n"
    with Judge(zygotes=1) as one:
        outcomes = one.judge([job(leave), job(look, "abc\n", "0 0 0 abc\n")])
    assert [outcome.verdict for outcome in outcomes] == [Verdict.PASS] * 2


def judged(row: dict[str, Any], source: str, cpu_limit_s: float = 0.5) -> Outcome:
    with Judge(zygotes=2) as judge, Bench(judge, cpu_limit_s=cpu_limit_s) as bench:
        return bench.judge(problem({"task_id": "t", **row}), source)


SPIN = (
    "import time\nn = float(input())\nend = time.process_time() + n\nwhile time.process_time() < end: pass\nprint(n)\n"
)


def spins(*seconds: float) -> list[dict[str, str]]:
    return [{"input": f"{second}\n", "output": f"{second}\n"} for second in seconds]


@pytest.mark.parametrize("limit", [2, 2.0, "2 seconds", "2.0 s", "2000 ms", {"seconds": 2, "nanos": 0}])
def test_a_limit_is_of_each_test_and_the_row_may_set_it(limit: object) -> None:
    assert judged({"tests": spins(*[0.2] * 6), "time_limit": limit}, SPIN, 0.1).verdict is Verdict.PASS


def test_a_test_over_its_limit_is_the_last_that_is_run() -> None:
    outcome = judged({"tests": spins(0.0, 100.0, 0.0, 0.0), "time_limit": 0.3}, SPIN, 10.0)
    assert outcome.tests == (Verdict.PASS, Verdict.TIMEOUT, Verdict.TIMEOUT, Verdict.TIMEOUT)
    assert outcome.detail == "test 1: over the CPU limit; after test 1 none was run"


def test_the_limit_follows_the_slowest_test_of_the_canonical_program() -> None:
    row = {"tests": spins(0.0, 0.1), "canonical_solution": SPIN}
    assert judged(row, SPIN + "time.process_time() and [0 for _ in range(2_000_000)]\n", 0.05).verdict is Verdict.PASS


def test_tests_share_no_state() -> None:
    source = "import builtins\nbuiltins.n = getattr(builtins, 'n', 0) + 1\nprint(builtins.n)\n"
    assert judged({"tests": [{"input": "", "output": "1"}] * 3}, source).verdict is Verdict.PASS


def test_the_first_failing_test_gives_the_verdict_and_all_are_counted() -> None:
    outcome = judged(
        {"tests": [{"input": f"{n}", "output": f"{n}"} for n in (1, 0, 2)]}, "n = int(input())\nprint(n // n)\n"
    )
    assert outcome.tests == (Verdict.PASS, Verdict.RAISED, Verdict.WRONG)
    assert (outcome.verdict, outcome.detail) == (Verdict.RAISED, "test 1: ZeroDivisionError")


def test_a_canonical_program_that_fails_makes_the_row_unsupported() -> None:
    outcome = judged({"tests": [{"input": "1", "output": "2"}], "canonical_solution": "print(1)\n"}, "print(2)\n")
    assert (outcome.verdict, outcome.detail) == (Verdict.UNSUPPORTED, "the canonical program: wrong: test 0")
