"""A file of samples held against a file of tasks: our own tasks, or rows of a public benchmark.

The judging itself is `judge.samples`; here are what it must not know, our own tasks and pass@k.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from moiety.errors import UserError
from moiety.extraction import is_fenced
from moiety.judge import (
    Comparison,
    Judge,
    Problem,
    Sample,
    judge_samples,
    problem,
    read_problems,
    read_samples,
    warm_modules,
)
from moiety.rows import RowError
from moiety.statistics import pass_at_k
from moiety.tasks import Task

_USUAL_KS = (1, 10, 100)


def problems_of(path: Path, *, held_out: bool = True) -> dict[str, Problem]:
    """Return the tasks of a file as problems. Our own are judged on held-out tests, or on the reward tests."""

    def of(row: Mapping[str, Any]) -> Problem:
        return _own(row, held_out=held_out) if "behaviour_key" in row else problem(row)

    return read_problems(path, of)


def _own(row: Mapping[str, Any], *, held_out: bool) -> Problem:
    task = Task.from_row(row)
    if held_out and task.held_out_tests is None:
        raise RowError("held_out_tests", None, "tests; give --reward-tests to judge on the others")
    job = task.job("", held_out=held_out)
    return Problem(
        task.task_id, task.entry_point, prompt=task.program(""), canonical=task.program(task.reference_solution),
        inputs=job.inputs, expected=job.expected, comparison=Comparison.EXACT, cpu_limit_s=job.cpu_limit_s,
    )  # fmt: skip


def score_samples(
    problems: Mapping[str, Problem],
    samples: Path,
    out: Path,
    *,
    start: Callable[[Sequence[str]], Judge],
    ks: Sequence[int] = (),
    cpu_limit_s: float,
    extract: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Judge a file of samples, write their verdicts to `out`, and return the scores.

    `start` is called with the modules to have loaded, once all input is known to be right. `ks` are those of pass@k;
    none: those of 1, 10 and 100 that the samples allow. The mean is over the tasks that have samples; UNSUPPORTED tasks
    and INFRA verdicts are left out, and so are answers of benchmark programs that cannot cross (UNSERIALISABLE): the
    benchmark's own harness might pass them. `pass_at_k_with_left_out` counts these as failures. With `extract` samples
    are answers of a chat model; without it `fenced_samples` says how many hold a fence of Markdown and are no Python,
    which are rather such answers than programs.
    """
    wanted = read_samples(samples, problems, extract=extract)
    ks = _allowed(samples, wanted, ks)
    with start(warm_modules(f"{one.setup}\n{one.canonical}" for one in problems.values())) as judge:
        found = judge_samples(wanted, out, judge=judge, cpu_limit_s=cpu_limit_s, progress=progress)
        level = judge.level
    with_left_out = {
        task: (n + found.left_out.get(task, 0), c)
        for task in found.counts.keys() | found.left_out.keys()
        for n, c in [found.counts.get(task, (0, 0))]
    }
    return {
        "tasks": len(problems), "tasks_without_samples": len(problems) - len({one.problem.task_id for one in wanted}),
        "unsupported_tasks": sorted({one.problem.task_id for one in wanted} - with_left_out.keys()),
        "samples": len(wanted), "verdicts": found.verdicts, "pass_at_k": _pass_at(ks, found.counts), "level": level,
        "left_out": sum(found.left_out.values()), "pass_at_k_with_left_out": _pass_at(ks, with_left_out),
        "fenced_samples": 0 if extract else sum(is_fenced(one.source) for one in wanted),
    }  # fmt: skip


def _pass_at(ks: Sequence[int], counts: Mapping[str, tuple[int, int]]) -> dict[str, float | None]:
    """Return the mean pass@k over the tasks with at least k samples, in the order of their names."""
    scores: dict[str, float | None] = {}
    for k in ks:
        enough = [pass_at_k(n, c, k) for _, (n, c) in sorted(counts.items()) if n >= k]
        scores[str(k)] = sum(enough) / len(enough) if enough else None
    return scores


def _allowed(path: Path, samples: Sequence[Sample], ks: Sequence[int]) -> Sequence[int]:
    name, fewest = min(Counter(one.problem.task_id for one in samples).items(), key=lambda item: item[1])
    if ks and max(ks) > fewest:
        expected = f"expected at most {fewest}, the number of samples that {path} has of task {name}"
        raise UserError(f"--pass-at-k {max(ks)}: {expected}")
    return ks or [k for k in _USUAL_KS if k <= fewest]
