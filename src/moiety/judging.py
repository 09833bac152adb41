"""A file of samples held against a file of tasks: our own tasks, or rows of a public benchmark.

The judging itself is `judge.samples`; here are what it must not know, our own tasks and pass@k.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from moiety.errors import UserError
from moiety.judge import (
    Comparison,
    Judge,
    Problem,
    RowError,
    Sample,
    judge_samples,
    problem,
    read_problems,
    read_samples,
    warm_modules,
)
from moiety.statistics import pass_at_k
from moiety.tasks import Task

_USUAL_KS = (1, 10, 100)


def problems_of(path: Path, *, held_out: bool = True) -> dict[str, Problem]:
    """Return the tasks of a file as problems. Our own are judged on held-out tests, or on the reward tests."""

    def of(row: Mapping[str, Any]) -> Problem:
        return _own(row, held_out=held_out) if "behaviour_key" in row else problem(row)

    return read_problems(path, of)


def _own(row: Mapping[str, Any], *, held_out: bool) -> Problem:
    try:
        task = Task.from_row(dict(row))
    except KeyError as error:
        raise RowError.missing(str(error.args[0])) from None
    except (ValueError, TypeError, IndexError, AttributeError) as error:
        raise RowError("tests", row.get("tests"), f"tests of a task ({error})") from None
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
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Judge a file of samples, write their verdicts to `out`, and return the scores.

    `start` is called with the modules to have loaded, once all input is known to be right. `ks` are those of pass@k;
    none: those of 1, 10 and 100 that the samples allow. The mean is over the tasks that have samples; UNSUPPORTED tasks
    and INFRA verdicts are left out.
    """
    wanted = read_samples(samples, problems)
    ks = _allowed(samples, wanted, ks)
    with start(warm_modules(f"{one.setup}\n{one.canonical}" for one in problems.values())) as judge:
        found = judge_samples(wanted, out, judge=judge, cpu_limit_s=cpu_limit_s, progress=progress)
        level = judge.level
    scores: dict[str, float | None] = {}
    for k in ks:
        enough = [pass_at_k(n, c, k) for n, c in found.counts.values() if n >= k]
        scores[str(k)] = sum(enough) / len(enough) if enough else None
    return {
        "tasks": len(problems), "tasks_without_samples": len(problems) - len({one.problem.task_id for one in wanted}),
        "unsupported_tasks": sorted({one.problem.task_id for one in wanted} - found.counts.keys()),
        "samples": len(wanted), "verdicts": found.verdicts, "pass_at_k": scores, "level": level,
    }  # fmt: skip


def _allowed(path: Path, samples: Sequence[Sample], ks: Sequence[int]) -> Sequence[int]:
    name, fewest = min(Counter(one.problem.task_id for one in samples).items(), key=lambda item: item[1])
    if ks and max(ks) > fewest:
        expected = f"expected at most {fewest}, the number of samples that {path} has of task {name}"
        raise UserError(f"--pass-at-k {max(ks)}: {expected}")
    return ks or [k for k in _USUAL_KS if k <= fewest]
