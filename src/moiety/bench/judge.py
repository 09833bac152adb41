"""How fast the judge is, against what else there is, on the same programs in the same run.

Rows are plain dicts, `{"name", "value", "unit", "against", "ratio"}`: `ratio` is this row's value over that of the row
named by `against`. Wall times; nothing else should run beside.
"""

from __future__ import annotations

import marshal
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from moiety.errors import UserError
from moiety.judge import Job, Judge, Verdict
from moiety.rng import stream

Row = dict[str, object]
_NUM_TESTS = 8
_TEMPLATES = (
    "def f(xs):\n    return sorted(x + {k} for x in xs)\n",
    "def f(xs):\n    total = 0\n    for x in xs:\n        total += x * {k}\n    return [total]\n",
    "def f(xs):\n    seen = set()\n    out = []\n    for x in xs:\n        if x % {k} not in seen:\n"
    "            seen.add(x % {k})\n            out.append(x)\n    return out\n",
    "from collections import Counter\n"
    "def f(xs):\n    return [k for k, n in Counter(x % {k} for x in xs).most_common()]\n",
    "def g(n):\n    return n if n < {k} else g(n // 2) + 1\ndef f(xs):\n    return [g(abs(x)) for x in xs]\n",
)
_FLOOR, _FRESH = "floor: fork and the same code, no communication", "fresh `python -I` per program"
_LOOP = "def f(xs):\n    while True:\n        pass\n"


def rows(*, num_programs: int = 400, contention: bool = False) -> list[Row]:
    """Measure every executor that this machine has, and return one row per figure."""
    if contention:
        return _contention_rows()
    jobs = _jobs(num_programs)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    floors = {kind: num_programs / _floor_s(jobs, cores, kind) for kind in ("code", "empty")}
    fresh = _fresh_interpreter(jobs, cores)
    found: list[Row] = [
        _row("floor: empty fork", floors["empty"], None, None),
        _row(_FLOOR, floors["code"], None, None),
        _row(_FRESH, fresh, None, None),
    ]
    evalplus = _evalplus(jobs, cores)
    if evalplus is not None:
        found.append(_row("EvalPlus untrusted_check", evalplus, None, None))
    for level in (2, 1, 0):
        found += _pool_rows(jobs, level, cores, fresh=fresh, floor=floors["code"], evalplus=evalplus)
    return found


def _row(name: str, value: float, against: str | None, base: float | None, unit: str = "programs/s") -> Row:
    ratio = None if base is None else round(value / base, 3)
    return {"name": name, "value": round(value, 3), "unit": unit, "against": against, "ratio": ratio}


def _jobs(count: int) -> list[Job]:
    draw = stream(0, "bench", "judge")
    return [_job(draw, _TEMPLATES[index % len(_TEMPLATES)].format(k=draw.randint(2, 9))) for index in range(count)]


def _job(draw: random.Random, source: str) -> Job:
    inputs = tuple(([draw.randint(-20, 30) for _ in range(draw.randint(0, 8))],) for _ in range(_NUM_TESTS))
    namespace: dict[str, Callable[[list[int]], object]] = {}
    exec(source, namespace)
    expected = tuple(namespace["f"](list(xs)) for (xs,) in inputs)
    return Job(f"{source}# {draw.random()}\n", "f", inputs, expected)


def _pool_rows(
    jobs: list[Job], level: int, cores: int, *, fresh: float, floor: float, evalplus: float | None
) -> list[Row]:
    """Return the figures of our pool at one isolation level."""
    name = f"moiety, level {level}"
    try:
        rate, each_s = _pool(jobs, level, cores)
    except UserError:  # this machine has no such level
        return []
    found = [_row(name, rate, _FRESH, fresh), _row(f"{name}, of the floor", rate, _FLOOR, floor)]
    if evalplus is not None:
        found.append(_row(f"{name}, of EvalPlus", rate, "EvalPlus untrusted_check", evalplus))
    if level != 2:
        return found
    cuts = statistics.quantiles(each_s, n=100)
    found.append(_row(f"{name}, p50", cuts[49] * 1000, None, None, "ms"))
    found.append(_row(f"{name}, p99", cuts[98] * 1000, None, None, "ms"))
    single, _ = _pool(jobs, level, 1)
    found.append(_row(f"{name}, {cores} zygotes", rate, f"{name}, 1 zygote", single))
    for limit_s in (1.0, 0.1):
        mixed = [_with_loop(job, index, limit_s) for index, job in enumerate(jobs)]
        found.append(_row(f"{name}, 1 % endless loops, limit {limit_s:g} s", _pool(mixed, level, cores)[0], name, rate))
    return found


def _with_loop(job: Job, index: int, limit_s: float) -> Job:
    source = _LOOP if index % 100 == 50 else job.source
    return Job(source, job.entry_point, job.inputs, job.expected, cpu_limit_s=limit_s)


def _pool(jobs: list[Job], level: int, zygotes: int) -> tuple[float, list[float]]:
    """Return programs per second of one batch, and the seconds of single programs, one at a time."""
    with Judge(zygotes=zygotes, level=level, allow_unsafe=level == 0, cache=False) as judge:
        judge.judge(jobs[: 4 * zygotes])
        start_s = time.perf_counter()
        outcomes = judge.judge(jobs)
        rate = len(jobs) / (time.perf_counter() - start_s)
        for job, outcome in zip(jobs, outcomes, strict=True):
            wanted = Verdict.TIMEOUT if job.source == _LOOP else Verdict.PASS
            assert outcome.verdict is wanted, outcome
        return rate, [_seconds(judge, job) for job in jobs[:200] if job.source != _LOOP]


def _seconds(judge: Judge, job: Job) -> float:
    start_s = time.perf_counter()
    judge.judge([job])
    return time.perf_counter() - start_s


def _floor_s(jobs: list[Job], cores: int, kind: str) -> float:
    """Return the wall seconds of the floor over all cores."""
    with tempfile.TemporaryDirectory() as folder:
        processes = []
        for core in range(cores):
            path = Path(folder) / str(core)
            path.write_bytes(marshal.dumps([_plain(job) for job in jobs[core::cores]], 2))
            line = [sys.executable, "-S", "-s", "-B", str(Path(__file__).with_name("floor.py")), str(path), kind]
            processes.append(subprocess.Popen(line, stdout=subprocess.PIPE, text=True))
        return max(float(process.communicate()[0]) for process in processes)


def _plain(job: Job) -> tuple[str, str, tuple[bytes, ...]]:
    return job.source, job.entry_point, tuple(marshal.dumps(arguments, 2) for arguments in job.inputs)


def _fresh_interpreter(jobs: Sequence[Job], cores: int) -> float:
    """Return programs per second of a new `python -I` for each, the expected answers compared outside of it."""
    tail = "\nimport sys\nprint(repr([f(*arguments) for arguments in eval(sys.stdin.read())]))\n"

    def check(job: Job) -> None:
        line = [sys.executable, "-I", "-c", job.source + tail]
        done = subprocess.run(line, input=repr(job.inputs), capture_output=True, text=True, timeout=10, check=True)
        assert done.stdout.strip() == repr(list(job.expected)), done

    return _threaded(check, jobs[:100], cores)


def _threaded(check: Callable[[Job], None], jobs: Sequence[Job], cores: int) -> float:
    start_s = time.perf_counter()
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(check, jobs))
    return len(jobs) / (time.perf_counter() - start_s)


def _evalplus(jobs: Sequence[Job], cores: int) -> float | None:
    """Return programs per second of EvalPlus's own check, None where its package is not installed."""
    if find_spec("evalplus") is None:
        return None
    untrusted_check = import_module("evalplus.eval").untrusted_check

    def check(job: Job) -> None:
        limits = [0.2] * len(job.inputs)
        verdict = untrusted_check("moiety", job.source, job.inputs, "f", job.expected, 0.0, limits)[0]
        assert verdict == "pass", verdict

    return _threaded(check, jobs, cores)


def _contention_rows() -> list[Row]:
    """Judge 1,000 right programs beside 8 busy processes: none may run out of time."""
    burners = [subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"]) for _ in range(8)]
    try:
        jobs = [Job(job.source, "f", job.inputs, job.expected, cpu_limit_s=0.1) for job in _jobs(1000)]
        with Judge(cache=False) as judge:
            outcomes = judge.judge(jobs)
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()
    counts = {verdict: sum(outcome.verdict is verdict for outcome in outcomes) for verdict in Verdict}
    wrong = len(jobs) - counts[Verdict.PASS]
    return [
        _row("false timeouts beside 8 busy processes", counts[Verdict.TIMEOUT], "right programs", 1000, "programs"),
        _row("not passed beside 8 busy processes", wrong, "right programs", 1000, "programs"),
    ]
