"""The CPU limit is one limit: the same program gets the same verdict, however busy the machine is."""

from __future__ import annotations

import collections

import pytest

from judge.burners import busy
from moiety.judge import Job, Judge, Verdict

LIMIT_S = 0.1
# What the program uses, in limits, by its own clock; and the verdicts that are right.
SHARES = {
    0.5: {Verdict.PASS},
    0.9: {Verdict.PASS, Verdict.TIMEOUT},
    1.1: {Verdict.PASS, Verdict.TIMEOUT},
    1.5: {Verdict.TIMEOUT},
    2.0: {Verdict.TIMEOUT},
    4.0: {Verdict.TIMEOUT},
}


@pytest.mark.parametrize("share", [0.5, 1.5])
def test_a_limit_holds_beside_busy_processes(share: float) -> None:
    _same_verdicts([share], num_runs=4)


@pytest.mark.full
@pytest.mark.parametrize("num_zygotes", [1, 2])
def test_a_limit_holds_beside_busy_processes_in_full(num_zygotes: int) -> None:
    _same_verdicts([*SHARES], num_runs=100, num_zygotes=num_zygotes)


def _same_verdicts(shares: list[float], *, num_runs: int, num_zygotes: int = 2) -> None:
    jobs = [_job(share, run) for run in range(num_runs) for share in shares]
    with busy(8), Judge(zygotes=num_zygotes) as judge:
        outcomes = judge.judge([job for job in jobs for _ in range(3)])  # each with its duplicates
        again = judge.judge(jobs)
    counts = collections.Counter((job_share(job), one.verdict.value) for job, one in zip(jobs, again, strict=True))
    print(f"\n{num_runs} runs, {num_zygotes} zygotes: {dict(sorted(counts.items()))}")
    for number, job in enumerate(jobs):
        drawn = {one.verdict for one in [*outcomes[3 * number : 3 * number + 3], again[number]]}
        assert len(drawn) == 1, (job_share(job), drawn)
        assert drawn <= SHARES[job_share(job)], (job_share(job), outcomes[3 * number])


def _job(share: float, run: int) -> Job:
    # The clock is read seldom: a system call is time of the kernel, which is charged in another way.
    source = (
        f"import time\ndef f(x):\n    while time.process_time() < {share * LIMIT_S}:\n"
        f"        for _ in range(2000): pass\n    return x\n# {share} {run}\n"
    )
    return Job(source, "f", ((1,),), (1,), cpu_limit_s=LIMIT_S)


def job_share(job: Job) -> float:
    """Return what a program uses, in limits."""
    return float(job.source.rsplit("# ", 1)[1].split()[0])
