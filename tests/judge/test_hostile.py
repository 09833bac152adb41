"""A step in which one program of ten is hostile to the judge itself: every honest verdict right, none lost."""

from __future__ import annotations

import collections
import math
import random
import time
from typing import Any

import pytest

from judge.attacks import EXPECTED, INPUTS
from judge.idlers import IDLERS
from moiety.judge import Comparison, Job, Judge, Outcome, Verdict

LIMIT_S = 0.1
# An honest program takes a tenth of its limit, as `calibrate` sets it; every third is wrong.
_HONEST = (
    "import time\ndef f(xs):\n    end = time.process_time() + 0.0025\n    while time.process_time() < end:\n"
    "        for _ in range(200): pass\n    return {answer}\n"
)
_DENIES = (
    "import sys\ndef f(xs):\n    frame = sys._getframe(1)\n    while 'page' not in frame.f_locals:\n"
    "        frame = frame.f_back\n    frame.f_locals['page'][:8] = bytes(8)\n    import os\n    os._exit(0)\n"
)
_HOGS = (
    "def f(xs):\n    kept = []\n    while True: kept.append(bytearray(1 << 24))\n",
    "import os\ndef f(xs):\n    for _ in range(3):\n        if not os.fork():\n            kept = bytearray(60 << 20)\n"
    "            while True: pass\n    while True: os.wait()\n",
)
_ENDERS = (
    _DENIES,
    "import os, signal\ndef f(xs):\n    os.kill(os.getpid(), signal.SIGKILL)\n",
    "import os, signal\ndef f(xs):\n    os.kill(os.getppid(), signal.SIGKILL)\n    while True: pass\n",
    "import ctypes\ndef f(xs):\n    ctypes.string_at(1)\n",
    "import os\ndef f(xs):\n    for _ in range(8):\n        if not os.fork():\n            while True: pass\n"
    "    os._exit(0)\n",
)
_NUMBERS: tuple[tuple[str, Any, Comparison], ...] = (
    ("complex(1.7e308, 1.7e308)", 1.0, Comparison.CLOSE),
    ("1", {math.nan, -math.nan}, Comparison.PYTHON),
    ("[10 ** 400]", [1.5], Comparison.CLOSE),
    ("'\\ud800'", "\\ud801", Comparison.TEXT),
)


def test_hostile_programs_cost_no_sibling_its_verdict() -> None:
    _step(num_programs=120)


@pytest.mark.full
@pytest.mark.parametrize("level", [2, 1])
def test_hostile_programs_cost_no_sibling_its_verdict_in_full(level: int) -> None:
    _step(num_programs=20_000, level=level)


def _step(*, num_programs: int, level: int | None = None) -> None:
    draw = random.Random(0)
    hostile = [_hostile(draw, number) for number in range(num_programs // 10)]
    honest = [_honest(number) for number in range(num_programs - len(hostile))]
    mixed = [*hostile, *honest]
    draw.shuffle(mixed)
    with Judge(zygotes=2, cache=False, level=level) as judge:
        judge.judge(honest[:8])
        alone_s, calm = _timed(judge, honest)
        mixed_s, outcomes = _timed(judge, mixed)
    print(f"\n{len(honest)} honest programs: {alone_s:.1f} s; and {len(hostile)} hostile ones: {mixed_s:.1f} s")
    evil = {id(job) for job in hostile}
    found = [(job, one) for job, one in zip(mixed, outcomes, strict=True) if id(job) in evil]
    print(dict(collections.Counter(one.verdict.value for _, one in found)))
    assert [one.verdict for one in calm] == [_right(job) for job in honest]
    assert [one.verdict for job, one in zip(mixed, outcomes, strict=True) if id(job) not in evil] == [
        _right(job) for job in mixed if id(job) not in evil
    ]
    for job, one in found:
        assert one.verdict not in (Verdict.PASS, Verdict.INFRA), (job.source, one)


def _timed(judge: Judge, jobs: list[Job]) -> tuple[float, list[Outcome]]:
    start_s = time.monotonic()
    outcomes = judge.judge(jobs)
    return time.monotonic() - start_s, outcomes


def _honest(number: int) -> Job:
    answer = "sorted(xs)" if number % 3 else "xs"
    return Job(_HONEST.format(answer=answer) + f"# {number}", "f", INPUTS, EXPECTED, cpu_limit_s=LIMIT_S)


def _right(job: Job) -> Verdict:
    return Verdict.PASS if "return sorted(xs)" in job.source else Verdict.WRONG


def _hostile(draw: random.Random, number: int) -> Job:
    kind = number % 4
    if kind == 0:
        answer, expected, comparison = draw.choice(_NUMBERS)
        return Job(f"def f(): return {answer}", "f", ((),), (expected,), cpu_limit_s=LIMIT_S, comparison=comparison)
    source = draw.choice(([evil.source for evil in IDLERS], _HOGS, _ENDERS)[kind - 1])
    return Job(source, "f", INPUTS, EXPECTED, cpu_limit_s=LIMIT_S)
