"""Judging a file of samples against a file of tasks: what `moiety judge TASKS SAMPLES --out FILE` does.

The results are one JSON line a sample, appended as they come; a second run skips the samples whose line is there. Not
the place of pass@k: the counts go to `statistics`.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moiety.errors import UserError
from moiety.judge.benchmarks import CPU_LIMIT_S, Bench, Problem, problem
from moiety.judge.pool import Judge
from moiety.judge.stub import TestRunner
from moiety.judge.verdicts import Outcome, Verdict

_NO_VALUE = (Verdict.INFRA, Verdict.UNSUPPORTED)


@dataclass(frozen=True, slots=True)
class Summary:
    """Per task how many samples have a verdict that counts, and how many of them passed; and all verdicts counted."""

    counts: dict[str, tuple[int, int]]
    verdicts: dict[str, int]


def judge_samples(
    tasks: Path,
    samples: Path,
    out: Path,
    *,
    judge: Judge,
    cpu_limit_s: float = CPU_LIMIT_S,
    progress: Callable[[int, int], None] | None = None,
) -> Summary:
    """Judge every sample not yet in `out`, append its line, and return the counts over all of `out`.

    Samples are {"task_id", "solution"} (a whole program) or {"task_id", "completion"} (put after the prompt). Raises
    UserError that names file and line.
    """
    problems = read_problems(tasks)
    wanted = list(_read_samples(samples, problems))
    done = _read_done(out)
    with TestRunner(judge) as runner, out.open("a", encoding="utf-8") as file:
        bench = Bench(judge, runner, cpu_limit_s=cpu_limit_s)
        for number, (key, task, source) in enumerate(wanted):
            if key not in done:
                line = _line(key, task, bench.judge(task, source))
                if line["verdict"] != Verdict.INFRA.value:  # a fault of the machine is tried again by the next run
                    file.write(json.dumps(line, sort_keys=True) + "\n")
                    file.flush()
                done[key] = line
            if progress is not None:
                progress(number + 1, len(wanted))
    return _summary([done[key] for key, _, _ in wanted])


def read_problems(path: Path) -> dict[str, Problem]:
    """Return the problems of a jsonl, jsonl.gz or parquet file by task id."""
    problems: dict[str, Problem] = {}
    for number, row in _read_rows(path):
        try:
            one = problem(row)
        except UserError as error:
            raise UserError(f"{path}:{number}: {error}") from error
        if one.task_id in problems:
            raise UserError(f"{path}:{number}: task_id {one.task_id!r} for the second time")
        problems[one.task_id] = one
    return problems


def _read_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    if path.suffix == ".parquet":
        from pyarrow import parquet

        yield from enumerate(parquet.read_table(path).to_pylist(), 1)
        return
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line.decode("utf-8"))
        except ValueError as error:
            raise UserError(f"{path}:{number}: not a line of JSON in UTF-8: {error}") from error
        if not isinstance(row, dict):
            raise UserError(f"{path}:{number}: expected an object, got {type(row).__name__}")
        yield number, row


def _read_samples(path: Path, problems: dict[str, Problem]) -> Iterator[tuple[str, Problem, str]]:
    """Yield (key, problem, program): the key tells repeated samples of one text apart by their count."""
    seen: dict[str, int] = {}
    for number, row in _read_rows(path):
        task = problems.get(str(row.get("task_id")))
        if task is None:
            raise UserError(f"{path}:{number}: unknown task_id {row.get('task_id')!r}")
        if isinstance(row.get("solution"), str):
            source = row["solution"]
        elif isinstance(row.get("completion"), str):
            source = task.prompt + row["completion"]
        else:
            raise UserError(f"{path}:{number}: need a string in 'solution' or 'completion'")
        digest = hashlib.sha256(f"{task.task_id}\0{source}".encode("utf-8", "surrogatepass")).hexdigest()[:24]
        seen[digest] = seen.get(digest, 0) + 1
        yield f"{digest}-{seen[digest]}", task, source


def _read_done(out: Path) -> dict[str, dict[str, Any]]:
    """Return the lines of an earlier run; a last line cut short by a kill is dropped from the file."""
    if not out.exists():
        return {}
    data = out.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        out.write_bytes(whole)
    lines = [json.loads(line) for line in whole.splitlines()]
    return {line["sample"]: line for line in lines}


def _line(key: str, task: Problem, outcome: Outcome) -> dict[str, Any]:
    passed = sum(test is Verdict.PASS for test in outcome.tests)
    return {
        "task_id": task.task_id, "sample": key, "verdict": outcome.verdict.value, "detail": outcome.detail,
        "passed": passed, "tests": len(outcome.tests),
    }  # fmt: skip


def _summary(lines: list[dict[str, Any]]) -> Summary:
    counts: dict[str, tuple[int, int]] = {}
    verdicts: dict[str, int] = {}
    for line in lines:
        verdict = Verdict(line["verdict"])
        verdicts[verdict.value] = verdicts.get(verdict.value, 0) + 1
        if verdict not in _NO_VALUE:
            total, right = counts.get(line["task_id"], (0, 0))
            counts[line["task_id"]] = (total + 1, right + (verdict is Verdict.PASS))
    return Summary(counts, dict(sorted(verdicts.items())))
