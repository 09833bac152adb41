"""Many programs, attacks and honest ones one to one: every honest one passes, and nothing piles up."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from judge.attacks import EXPECTED, FORGE, INPUTS
from judge.evils import HONEST, OUTSIDE, RESOURCES
from judge.more_evils import MORE
from moiety.judge import Job, Judge, Verdict

_COSTLY = {
    "sleep", "deadlock", "stops itself", "fork at import, answered by the child",
    "double-forked survivor", "60 MB string", "endless list", "1.5 GB", "1000 threads",
}  # fmt: skip
_COSTLY_HONEST = {"100 MB of memory", "cold imports", "common imports"}


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc")
def test_soak() -> None:
    _soak(num_programs=400)


@pytest.mark.full
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc")
def test_soak_in_full() -> None:
    _soak(num_programs=100_000)


def _soak(*, num_programs: int) -> None:
    draw = random.Random(0)
    every = [evil for evil in (*FORGE, *RESOURCES, *OUTSIDE, *MORE) if evil.name not in _COSTLY]
    evils = [evil.source for evil in every if Verdict.TIMEOUT not in evil.verdicts]
    honest = [source for name, source in HONEST if name not in _COSTLY_HONEST]
    with Judge(zygotes=2, cache=False) as pool:
        marks = []
        for _ in range(4):
            batch = [draw.choice(honest if number % 2 else evils) for number in range(num_programs // 4)]
            outcomes = pool.judge([Job(source, "f", INPUTS, EXPECTED, cpu_limit_s=1.0) for source in batch])
            for number, outcome in enumerate(outcomes):
                assert outcome.passed is bool(number % 2), (batch[number], outcome)
            marks.append(_state(pool.supervisor))
    assert all(mark["zombies"] == 0 for mark in marks)
    assert len({mark["descriptors"] for mark in marks}) == 1
    assert marks[-1]["memory"] <= marks[0]["memory"] * 1.2 + 1000


def _state(supervisor: int) -> dict[str, int]:
    """Return zombies, descriptors and resident KiB of the supervisor and its zygotes."""
    family = [supervisor, *map(int, Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split())]
    status = [Path(f"/proc/{process}/status").read_text() for process in family]
    fields = [dict(line.split(":", 1) for line in text.splitlines() if ":" in line) for text in status]
    return {
        "zombies": sum("Z" in one["State"] for one in fields),
        "descriptors": len(list(Path(f"/proc/{supervisor}/fd").iterdir())),
        "memory": sum(int(one.get("VmRSS", "0").split()[0]) for one in fields),
    }
