"""Judging samples against problems: what `moiety judge TASKS SAMPLES --out FILE` does.

Verdicts are kept as they come in a journal beside the output, one line per distinct program, so that a run killed at
any moment goes on where it was; the output is written whole at the end, one line per sample in the order of the
samples. Not the place of pass@k: the counts go to `statistics`.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import platform
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from moiety.errors import UserError
from moiety.extraction import defines, extract_program, parsed
from moiety.judge.benchmarks import Bench
from moiety.judge.fields import Problem
from moiety.judge.pool import Judge
from moiety.judge.verdicts import Comparison, Outcome, Style, Verdict
from moiety.rows import BOTH, MISSING, RowError, read_rows, row_error
from moiety.runs import canonical_json, write_text

CPU_LIMIT_S = 1.0  # an evaluation is lenient where a trainer is fast
_VERSION = 2  # of what is kept: a change makes earlier verdicts count no more
_NO_VALUE = (Verdict.INFRA, Verdict.UNSUPPORTED)
SAMPLE_FIELDS = ("solution", "completion", "generation", "output")
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
    left_out: dict[str, int]  # samples per task whose answers cannot cross: not counted for benchmarks


def read_problems(path: Path, of: Callable[[Mapping[str, Any]], Problem]) -> dict[str, Problem]:
    """Return the problems of a file of rows by task id; `of` makes one of a row."""
    problems: dict[str, Problem] = {}
    for number, row in read_rows(path):
        try:
            one = of(row)
        except RowError as error:
            raise row_error(path, number, error) from None
        if one.task_id in problems:
            raise row_error(path, number, RowError("task_id", one.task_id, "a name that no other row has"))
        problems[one.task_id] = one
    if not problems:
        raise UserError(f"{path}: no rows: expected at least one task")
    return problems


def read_samples(path: Path, problems: Mapping[str, Problem], *, extract: bool = False) -> list[Sample]:
    """Return the samples of a file: rows of a `task_id` and one of the fields in `SAMPLE_FIELDS`.

    A `completion` is put after the prompt of its task, the others are whole programs. With `extract` the text is a chat
    model's answer, and the program is taken out of it.
    """
    samples = []
    for number, row in read_rows(path):
        try:
            task = problems.get(str(row.get("task_id")))
            if task is None:
                raise RowError("task_id", row.get("task_id", MISSING), "the name of a task")
            samples.append(Sample(task, _source(task, row, extract=extract)))
        except RowError as error:
            raise row_error(path, number, error) from None
    if not samples:
        raise UserError(f"{path}: no rows: expected at least one sample")
    return samples


def _source(task: Problem, row: Mapping[str, Any], *, extract: bool) -> str:
    """Return the program that a row of samples gives."""
    given = [name for name in SAMPLE_FIELDS if row.get(name) is not None]
    if len(given) > 1:
        raise RowError(f"{given[0]} and {given[1]}", BOTH, "one of them")
    name = given[0] if given else SAMPLE_FIELDS[0]
    text = row[name] if given else MISSING
    if not isinstance(text, str):
        raise RowError(name, text, f"a text in one of {', '.join(SAMPLE_FIELDS)}")
    continues = name == "completion"
    if extract:
        text = extract_program(text, task.entry_point, script=task.style is Style.STDIO, given=task.prompt)
        continues = continues and not (task.entry_point and defines(text, task.entry_point))
    if not continues or not task.prompt:
        return text
    bodies = (text, textwrap.indent(text, "    ")) if extract else (text,)
    return next((task.prompt + body for body in bodies if parsed(task.prompt + body)), task.prompt + text)


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
            _append(file, canonical_json({"key": key, **line}) + "\n", out)
            if progress is not None:
                progress(len(done), len(distinct))
        lines = [
            {"task_id": sample.problem.task_id, "sample": number, "key": key, **done[key]}
            for number, (key, sample) in enumerate(zip(keys, samples, strict=True), 1)
        ]
        write_text(out, "".join(canonical_json(line) + "\n" for line in lines))
    _journal_of(out).unlink()
    return _summary(samples, lines)


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


def _append(file: BinaryIO, line: str, out: Path) -> None:
    """Write a line to the journal, unbuffered: after a full disk nothing is left that closing would write."""
    data = line.encode("utf-8")
    try:
        while data:
            data = data[file.write(data) :]
    except OSError as error:
        raise _unwritable(out, error) from None


def _unwritable(out: Path, error: OSError) -> UserError:
    kept = f"; what is judged is kept in {_journal_of(out).name}" if _journal_of(out).exists() else ""
    return UserError(f"{out}: cannot be written: {error.strerror}{kept}")


def _journal_of(out: Path) -> Path:
    return out.with_name(f"{out.name}.partial")


@contextlib.contextmanager
def _journal(out: Path) -> Iterator[tuple[BinaryIO, dict[str, dict[str, Any]]]]:
    """Yield the open journal of an output, and what it and an earlier output hold. Locked against a second run."""
    if out.exists() and not out.is_file():
        raise UserError(f"{out}: {'a folder' if out.is_dir() else 'a device'}: expected the name of a file")
    path = _journal_of(out)
    found = _lines_of(out)
    try:
        file = path.open("ab+", buffering=0)
    except OSError as error:
        raise _unwritable(out, error) from None
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


def _summary(samples: Sequence[Sample], lines: list[dict[str, Any]]) -> Summary:
    counts: dict[str, tuple[int, int]] = {}
    verdicts: dict[str, int] = {}
    left_out: dict[str, int] = {}
    for sample, line in zip(samples, lines, strict=True):
        verdict = Verdict(line["verdict"])
        verdicts[verdict.value] = verdicts.get(verdict.value, 0) + 1
        if verdict is Verdict.UNSERIALISABLE and sample.problem.comparison is not Comparison.EXACT:
            left_out[line["task_id"]] = left_out.get(line["task_id"], 0) + 1
        elif verdict not in _NO_VALUE:
            total, right = counts.get(line["task_id"], (0, 0))
            counts[line["task_id"]] = (total + 1, right + (verdict is Verdict.PASS))
    return Summary(counts, dict(sorted(verdicts.items())), left_out)
