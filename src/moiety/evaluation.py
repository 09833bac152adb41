"""Evaluation: what a policy scores on tasks, greedy and sampled, per domain and depth.

A domain's score is the unweighted mean of its per-depth scores. Every sample is kept as a row, so that scoring can be
redone without sampling. Faults of the machine are counted and left out, never scored 0. Not statistics: intervals and
verdicts are drawn from the rows elsewhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from moiety.errors import UserError
from moiety.extraction import extract_program
from moiety.judge import Judge, Verdict
from moiety.reward import judge_completions
from moiety.rng import derive
from moiety.rollout import Policy
from moiety.runs import canonical_json, write_bytes, write_json, write_text
from moiety.statistics import pass_at_k
from moiety.tasks import Task

MAX_INFRA_FRACTION = 0.01


class InfraError(Exception):
    """The machine failed on so many completions that scores would mean nothing."""


@dataclass(frozen=True, slots=True)
class Row:
    """One judged completion. `mode` is greedy or sampled; `index` counts the samples of a task from 0."""

    domain: str
    task_id: str
    depth: int
    family: str
    mode: str
    index: int
    verdict: str
    passed_fraction: float
    num_tokens: int
    truncated: bool
    near_limit: bool
    completion: str


@dataclass(frozen=True)
class Evaluation:
    """All rows of one checkpoint on one set of tasks."""

    rows: tuple[Row, ...]

    def scores(self, *, pass_at: Sequence[int] = (1,)) -> dict[str, Any]:
        """Return greedy and sampled pass@1, pass@k and the same by depth; None where a mode was not run."""
        greedy = self.task_scores("greedy")
        sampled = self.task_scores("sampled")
        by_depth = {
            str(depth): {
                "count": sum(d == depth for d, _ in self._tasks()),
                "greedy": _mean([v for (d, _), v in greedy.items() if d == depth]),
                "sampled": _mean([v for (d, _), v in sampled.items() if d == depth]),
            }
            for depth in sorted({d for d, _ in self._tasks()})
        }
        return {
            "greedy": _mean([cell["greedy"] for cell in by_depth.values()]),
            "sampled": _mean([cell["sampled"] for cell in by_depth.values()]),
            "pass_at_k": {str(k): self.pass_at(k) for k in pass_at} if sampled else None,
            "by_depth": by_depth,
        }

    def task_scores(self, mode: str) -> dict[tuple[int, str], float]:
        """Return the share of passing completions by (depth, task id); tasks lost to the machine are absent."""
        passed: dict[tuple[int, str], list[bool]] = defaultdict(list)
        for row in self.rows:
            if row.mode == mode and row.verdict != Verdict.INFRA.value:
                passed[row.depth, row.task_id].append(row.verdict == Verdict.PASS.value)
        return {task: sum(values) / len(values) for task, values in passed.items()}

    def pass_at(self, k: int) -> float | None:
        """Return unbiased pass@k as the mean over depths; tasks with fewer than k judged samples are left out."""
        outcomes: dict[tuple[int, str], list[bool]] = defaultdict(list)
        for row in self.rows:
            if row.mode == "sampled" and row.verdict != Verdict.INFRA.value:
                outcomes[row.depth, row.task_id].append(row.verdict == Verdict.PASS.value)
        by_depth: dict[int, list[float]] = defaultdict(list)
        for (depth, _), values in outcomes.items():
            if len(values) >= k:
                by_depth[depth].append(pass_at_k(len(values), sum(values), k))
        return _mean([_mean(values) for values in by_depth.values()])

    def verdicts(self) -> dict[str, int]:
        """Return how often each verdict was given."""
        return dict(sorted(Counter(row.verdict for row in self.rows).items()))

    def _tasks(self) -> set[tuple[int, str]]:
        return {(row.depth, row.task_id) for row in self.rows}


def evaluate(
    policy: Policy,
    tasks: Sequence[Task],
    judge: Judge,
    *,
    greedy: bool = True,
    num_samples: int = 0,
    temperature: float = 1.0,
    max_new_tokens: int,
    held_out: bool = True,
    seed: int,
) -> Evaluation:
    """Complete every task once greedily and `num_samples` times at `temperature`, and judge the completions.

    Raises InfraError when over 1 % of the completions got no verdict from the machine.
    """
    rows: list[Row] = []
    modes = ([("greedy", 1, 0.0)] if greedy else []) + ([("sampled", num_samples, temperature)] if num_samples else [])
    for mode, count, heat in modes:
        completions = policy.complete(
            [task.prompt for task in tasks],
            num_samples=count,
            temperature=heat,
            max_new_tokens=max_new_tokens,
            seed=derive(seed, "evaluate", mode),
        )
        flat = [(t, i, c) for t, group in zip(tasks, completions, strict=True) for i, c in enumerate(group)]
        programs = [extract_program(c.text, t.entry_point) if c.chat else c.text for t, _, c in flat]
        outcomes = judge_completions(judge, [t for t, _, _ in flat], programs, held_out=held_out)
        for (task, index, completion), outcome in zip(flat, outcomes, strict=True):
            rows.append(
                Row(
                    domain=task.domain,
                    task_id=task.task_id,
                    depth=task.depth,
                    family=task.family,
                    mode=mode,
                    index=index,
                    verdict=outcome.verdict.value,
                    passed_fraction=outcome.passed_fraction,
                    num_tokens=completion.num_tokens,
                    truncated=completion.truncated,
                    near_limit=outcome.near_limit,
                    completion=completion.text,
                )
            )
    lost = sum(row.verdict == Verdict.INFRA.value for row in rows)
    if lost > MAX_INFRA_FRACTION * len(rows):
        raise InfraError(f"the machine failed on {lost} of {len(rows)} completions; no score would mean anything")
    return Evaluation(tuple(rows))


SAMPLES_FILE, SCORES_FILE = "samples.parquet", "scores.json"


def check_samples_path(path: Path | None) -> None:
    """Raise UserError unless `write_samples` could write there: a file of a known kind, or a folder."""
    if path is None or path.is_dir():
        return
    if path.suffix not in ("", ".parquet", ".jsonl") or (path.exists() and not path.suffix):
        raise UserError(f"{path}: expected a .parquet or .jsonl file, or a folder")


def write_samples(path: Path, rows: Sequence[Row], scores: dict[str, Any]) -> Path:
    """Write every judged completion, a row each, to a .jsonl or .parquet file, and return the file.

    In a folder they are samples.parquet, and the scores lie beside them in scores.json.
    """
    if path.suffix == ".jsonl":
        write_text(path, "".join(canonical_json(asdict(row)) + "\n" for row in rows))
        return path
    file = path if path.suffix == ".parquet" and not path.is_dir() else path / SAMPLES_FILE
    write_bytes(file, _parquet(rows))
    if file != path:
        write_json(path / SCORES_FILE, scores)
    return file


def _parquet(rows: Sequence[Row]) -> bytes:
    """Return judged completions as the bytes of a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist([asdict(row) for row in rows]), sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _mean(values: Sequence[float | None]) -> float | None:
    present = [v for v in values if v is not None]
    return sum(present) / len(present) if present else None
