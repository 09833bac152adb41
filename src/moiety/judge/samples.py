"""Judging samples against problems: what `moiety judge TASKS SAMPLES --out FILE` does.

Verdicts are kept as they come in a journal beside the output, one line per distinct program, so that a run killed at
any moment goes on where it was; the output is written whole at the end, one line per sample in the order of the
samples. Not the place of pass@k: the counts go to `statistics`.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from moiety.errors import UserError
from moiety.judge.benchmarks import Bench
from moiety.judge.pool import Judge
from moiety.judge.problems import Problem, RowError
from moiety.judge.rows import read_rows
from moiety.judge.verdicts import Outcome, Verdict
from moiety.runs import canonical_json, write_text

CPU_LIMIT_S = 1.0  # an evaluation is lenient where a trainer is fast
_VERSION = 1  # of what is kept: a change makes earlier verdicts count no more
_NO_VALUE = (Verdict.INFRA, Verdict.UNSUPPORTED)
_KEPT = ("verdict", "detail", "passed", "tests")


@dataclass(frozen=True, slots=True)
class Sample:
    """A whole program for a problem."""

    problem: Problem
    source: str


@dataclass(frozen=True, slots=True)
class Summary:
    """Per task how many samples have a verdict that counts, and how many of them passed; and all verdicts counted."""

    counts: dict[str, tuple[int, int]]
    verdicts: dict[str, int]


def read_problems(path: Path, of: Callable[[Mapping[str, Any]], Problem]) -> dict[str, Problem]:
    """Return the problems of a jsonl, jsonl.gz or parquet file by task id; `of` makes one of a row."""
    problems: dict[str, Problem] = {}
    for number, row in read_rows(path):
        try:
            one = of(row)
        except RowError as error:
            raise UserError(f"{path}:{number}: {error}") from None
        if one.task_id in problems:
            raise UserError(f"{path}:{number}: task_id: {one.task_id!r}: expected a name that no other row has")
        problems[one.task_id] = one
    if not problems:
        raise UserError(f"{path}: no rows: expected at least one task")
    return problems


def read_samples(path: Path, problems: Mapping[str, Problem]) -> list[Sample]:
    """Return the samples of a file: {"task_id", "solution"} (a whole program) or {"task_id", "completion"}.

    A completion is put after the prompt of its task.
    """
    samples = []
    for number, row in read_rows(path):
        task = problems.get(str(row.get("task_id")))
        if task is None:
            shown = json.dumps(row["task_id"])[:80] if "task_id" in row else "missing"
            raise UserError(f"{path}:{number}: task_id: {shown}: expected the name of a task")
        given = [name for name in ("solution", "completion") if row.get(name) is not None]
        if len(given) != 1 or not isinstance(row[given[0]], str):
            shown = "both" if len(given) == 2 else "missing" if not given else json.dumps(row[given[0]])[:80]
            raise UserError(f"{path}:{number}: solution: {shown}: expected a text in `solution` or in `completion`")
        source = row[given[0]]
        samples.append(Sample(task, source if given[0] == "solution" else task.prompt + source))
    if not samples:
        raise UserError(f"{path}: no rows: expected at least one sample")
    return samples


def judge_samples(
    samples: Sequence[Sample],
    out: Path,
    *,
    judge: Judge,
    cpu_limit_s: float = CPU_LIMIT_S,
    progress: Callable[[int, int], None] | None = None,
) -> Summary:
    """Judge the samples on all zygotes, write their verdicts to `out`, and count them.

    Programs that an earlier run of the same judge finished are not run again, unless the machine was at fault. Raises
    UserError where `out` cannot be written or holds something else.
    """
    keys = [_key(sample, f"{judge.level} {judge.setting}", cpu_limit_s) for sample in samples]
    distinct = dict(zip(keys, samples, strict=True))
    with _journal(out) as (file, found):
        done = {key: line for key, line in found.items() if key in distinct}
        for key, line in _judged({k: s for k, s in distinct.items() if k not in done}, judge, cpu_limit_s):
            done[key] = line
            file.write(canonical_json({"key": key, **line}) + "\n")
            file.flush()
            if progress is not None:
                progress(len(done), len(distinct))
        lines = [
            {"task_id": sample.problem.task_id, "sample": number, "key": key, **done[key]}
            for number, (key, sample) in enumerate(zip(keys, samples, strict=True), 1)
        ]
        write_text(out, "".join(canonical_json(line) + "\n" for line in lines))
    _journal_of(out).unlink()
    return _summary(lines)


def _key(sample: Sample, setting: str, cpu_limit_s: float) -> str:
    """Return what a verdict depends on, as a hash."""
    how = f"{_VERSION} {platform.python_version()} {setting} {cpu_limit_s}"
    text = f"{how}\0{sample.problem.digest}\0{sample.source}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _judged(samples: dict[str, Sample], judge: Judge, cpu_limit_s: float) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (key, verdict and its detail) as programs end, in any order."""
    with Bench(judge, cpu_limit_s=cpu_limit_s) as bench, ThreadPoolExecutor(2 * judge.zygotes) as threads:
        started = {threads.submit(bench.judge, one.problem, one.source): key for key, one in samples.items()}
        try:
            for future in as_completed(started):
                yield started[future], _line(future.result())
        finally:
            threads.shutdown(cancel_futures=True)


def _line(outcome: Outcome) -> dict[str, Any]:
    passed = sum(test is Verdict.PASS for test in outcome.tests)
    detail = outcome.detail.encode("utf-8", "replace").decode()  # it may quote a program
    return dict(zip(_KEPT, (outcome.verdict.value, detail, passed, len(outcome.tests)), strict=True))


def _journal_of(out: Path) -> Path:
    return out.with_name(f"{out.name}.partial")


@contextlib.contextmanager
def _journal(out: Path) -> Iterator[tuple[TextIO, dict[str, dict[str, Any]]]]:
    """Yield the open journal of an output, and what it and an earlier output hold. Locked against a second run."""
    if out.is_dir():
        raise UserError(f"{out}: a folder: expected the name of a file")
    path = _journal_of(out)
    found = _lines_of(out)
    try:
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise UserError(f"{out}: cannot be written: {error.strerror}") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"{out}: in use by another run") from None
        whole = path.read_bytes().rpartition(b"\n")
        os.truncate(path, len(whole[0]) + len(whole[1]))  # a last line cut short by a kill
        found |= _lines_of(path)
        yield file, {key: line for key, line in found.items() if line["verdict"] != Verdict.INFRA.value}


def _lines_of(path: Path) -> dict[str, dict[str, Any]]:
    """Return what is kept of each program in an output or a journal."""
    if not path.exists():
        return {}
    found = {}
    for number, row in read_rows(path):
        if not {"key", *_KEPT} <= row.keys():
            raise UserError(f"{path}:{number}: key: missing: expected a line of an earlier run; move this file away")
        found[str(row["key"])] = {name: row[name] for name in _KEPT}
    return found


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
