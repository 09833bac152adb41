"""What is measured of a policy at a checkpoint: scores per domain and depth, KL to the base, entropy, lengths.

The settings are the same for all arms and seeds of a study. Test domains are measured, never used to choose.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from moiety.evaluation import Evaluation, Row, evaluate
from moiety.judge import Judge
from moiety.models.policy import TorchPolicy
from moiety.recipe import EvaluationRecipe
from moiety.runs import read_json, write_json
from moiety.tasks import Task
from moiety.train.data import Row as TokenRow
from moiety.train.data import encode_rows, micro_batches, padded_batch
from moiety.train.losses import token_logprobs
from moiety.train.scoring import learnt_logits

SAMPLED_DOMAIN = "recombined"
KL_TASKS = 100
MAX_TOKENS = 8192


@dataclass(frozen=True, slots=True)
class Sets:
    """The tasks of each measured domain. `train` are the functions an arm trains on, in one phrasing each."""

    domains: Mapping[str, Sequence[Task]]

    @classmethod
    def of(cls, sets: Mapping[str, Sequence[Task]], dose: Sequence[Sequence[Task]], *, with_atoms: bool) -> Sets:
        """Return the measured tasks of an arm; an arm of atoms alone is trained on them."""
        atoms = list({task.behaviour_key: task for task in reversed(sets["atoms"])}.values())[::-1]
        train = [rows[0] for rows in dose] or (atoms if with_atoms else [])
        names = ("validation", "recombined", "deeper", "retention")
        return cls({"train": train, "atoms": atoms, **{name: sets[name] for name in names}})


@dataclass(frozen=True, slots=True)
class Measurement:
    """All that one checkpoint gave."""

    step: int
    evaluations: Mapping[str, Evaluation]
    kl: float | None
    entropy: float | None

    def as_json(self, recipe: EvaluationRecipe) -> dict[str, Any]:
        """Return the checkpoint's entry in `result.json`."""
        scores = {name: e.scores(pass_at=recipe.pass_at_k) for name, e in self.evaluations.items()}
        rows = [row for evaluation in self.evaluations.values() for row in evaluation.rows]
        train, test = scores.get("train"), scores["recombined"]
        verdicts = Counter(row.verdict for row in rows)
        return {
            "step": self.step,
            "scores": scores,
            "gap": None if train is None else train["greedy"] - test["greedy"],
            "kl": self.kl,
            "entropy": self.entropy,
            "completion_tokens": sum(row.num_tokens for row in rows) / len(rows),
            "verdicts": dict(sorted(verdicts.items())),
            "truncated": sum(row.truncated for row in rows),
        }

    def write(self, folder: Path) -> None:
        """Keep the measurement in `folder`, until the arm is done."""
        rows = {name: [dataclasses.asdict(row) for row in e.rows] for name, e in self.evaluations.items()}
        content = {"step": self.step, "rows": rows, "kl": self.kl, "entropy": self.entropy}
        write_json(folder / f"measured-{self.step:08d}.json", content)

    @staticmethod
    def is_written(folder: Path, step: int) -> bool:
        """Tell whether the measurement of a step is kept in `folder`."""
        return (folder / f"measured-{step:08d}.json").exists()

    @classmethod
    def read_all(cls, folder: Path) -> list[Measurement]:
        """Return all that `folder` keeps, by step."""
        found = [read_json(path) for path in sorted(folder.glob("measured-*.json"))]
        return [
            cls(
                one["step"],
                {name: Evaluation(tuple(Row(**row) for row in rows)) for name, rows in one["rows"].items()},
                one["kl"],
                one["entropy"],
            )
            for one in found
        ]

    @staticmethod
    def write_samples(path: Path, measurements: Sequence[Measurement]) -> None:
        """Write every judged completion of all checkpoints as Parquet."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        rows = [
            {"step": m.step, "set": name, **dataclasses.asdict(row)}
            for m in measurements
            for name, evaluation in m.evaluations.items()
            for row in evaluation.rows
        ]
        pq.write_table(pa.Table.from_pylist(rows), path, compression="zstd")


def measure(
    policy: TorchPolicy,
    reference: Any,
    sets: Sets,
    judge: Judge,
    recipe: EvaluationRecipe,
    *,
    step: int,
    full: bool,
    seed: int,
) -> Measurement:
    """Evaluate every domain greedily, validation by sampling where asked, and `recombined` so at a full checkpoint.

    All domains share their decode batches: small batches cost almost as much as full ones.
    """
    labelled = [(name, task) for name, tasks in sets.domains.items() for task in tasks]
    everything = [task for _, task in labelled]
    greedy = evaluate(policy, everything, judge, max_new_tokens=recipe.max_new_tokens, seed=seed)
    rows: dict[str, list[Row]] = {name: [] for name, tasks in sets.domains.items() if tasks}
    for (name, _), row in zip(labelled, greedy.rows, strict=True):
        rows[name].append(row)

    def sampled(name: str, num_samples: int) -> list[Row]:
        """Sample a domain's tasks, which joins its rows."""
        found = evaluate(
            policy,
            sets.domains[name],
            judge,
            greedy=False,
            num_samples=num_samples,
            temperature=recipe.temperature,
            max_new_tokens=recipe.max_new_tokens,
            seed=seed,
        ).rows
        rows[name] += found
        return list(found)

    if recipe.validation_samples:
        sampled("validation", recipe.validation_samples)
    if not full:
        return Measurement(step, {name: Evaluation(tuple(found)) for name, found in rows.items()}, None, None)
    samples = sampled(SAMPLED_DOMAIN, recipe.num_samples)
    evaluations = {name: Evaluation(tuple(found)) for name, found in rows.items()}
    prompts = {task.task_id: task.prompt for task in sets.domains[SAMPLED_DOMAIN]}
    kl, entropy = divergence(policy, reference, [r for r in samples if r.index == 0][:KL_TASKS], prompts)
    return Measurement(step, evaluations, kl, entropy)


def divergence(
    policy: TorchPolicy, reference: Any, rows: Sequence[Row], prompts: Mapping[str, str]
) -> tuple[float, float]:
    """Return KL(policy, reference) and the policy's entropy, in nats a token, estimated on its own samples.

    Means over all sampled tokens of log p - log q (the k1 estimator) and of -log p, at temperature 1. A cut completion
    is read with an end-of-text token.
    """
    pairs = [(prompts[row.task_id], row.completion) for row in rows]
    encoded = encode_rows(policy.tokenizer, pairs)
    own, count = total_logprob(policy.model, encoded)
    other, _ = total_logprob(reference, encoded)
    return (own - other) / count, -own / count


@torch.no_grad()
def total_logprob(model: Any, rows: Sequence[TokenRow]) -> tuple[float, int]:
    """Return the sum of log-probabilities of all completion tokens, and their number."""
    total, count = 0.0, 0
    for part in micro_batches([len(row) for row in rows], max_tokens=MAX_TOKENS):
        logprobs = token_logprobs(*learnt_logits(model, padded_batch([rows[i] for i in part])))
        total += float(logprobs.sum())
        count += len(logprobs)
    return total, count
