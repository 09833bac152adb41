"""A finished study with plausible numbers, written as a run directory: what the report is tested on.

Not measured: the levels are drawn near those of prototypes, so that pages made of it look like real ones.
"""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from report_plans import CONTRASTS, Plan, PlannedContrast, plans

DEPTHS = {
    "recombined": (2, 3),
    "deeper": (4,),
    "atoms": (1,),
    "validation": (2, 3),
    "train": (1, 2, 3),
    "retention": (1, 2, 3, 4),
}
COUNTS = {"recombined": 150, "deeper": 100, "atoms": 50, "validation": 75, "train": 60, "retention": 50}


def make_result(seeds: Sequence[int] = (0,), *, bases: Sequence[str] = ("clean", "exposed")) -> dict[str, Any]:
    """Return a `result.json` document as a study writes it."""
    arms = [_run(base, plan, seed) for base in bases for plan in plans(base) for seed in seeds]
    return {
        "format": 1,
        "name": "quick",
        "recipe": {
            "name": "quick",
            "data_seed": 0,
            "seeds": list(seeds),
            "rl": {"algorithm": "grpo", "group_size": 8, "kl_coef": 0.0},
        },
        "recipe_hash": "3f9a61c27d04b8e5" * 4,
        "seeds": list(seeds),
        "findings": _findings(len(seeds)),
        "arms": arms,
        "health": [
            {"name": "gold completions score 1", "value": 1.0, "threshold": 1.0, "passed": True},
            {"name": "empty completions score 0", "value": 0.0, "threshold": 0.0, "passed": True},
            {"name": "infra verdicts", "value": 0, "threshold": 0, "passed": True},
            {"name": "base passes compositions in training", "value": 0.0, "threshold": 0.02, "passed": False},
        ],
        "data": {
            "counts": {domain: {str(d): COUNTS[domain] for d in depths} for domain, depths in DEPTHS.items()},
            "shared_keys": {
                "recombined & train": 0,
                "recombined & pretraining": 0,
                "deeper & train": 0,
                "retention & pretraining": 0,
            },
            "rejections": {
                "target: ignores input": 10_412,
                "generic: ignores input": 812,
                "target: call without effect": 4_120,
                "target: equals an earlier function": 981,
            },
            "dataset_hash": "b20c9d5e71fa4486" * 4,
            "space": {
                "target depth 2": {"well-typed": 1_184, "drawn": 902, "admitted": 431},
                "generic depth 2": {"well-typed": 27_940, "drawn": 300, "admitted": 212},
            },
        },
        "commands": ["moiety study quick", "moiety report runs/quick"],
        "notes": ["RL here is GRPO. The paper's algorithm is PPO; it is not among these arms."],
    }


def write_run(folder: Path, result: dict[str, Any], *, steps: int = 60, times: bool = False) -> Path:
    """Write a run directory: the result, metrics of every run, and timing files where wanted."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")
    (folder / "recipe.json").write_text(json.dumps(result.get("recipe")), encoding="utf-8")
    for arm in result["arms"]:
        if arm["algorithm"] == "base":
            continue
        home = folder / "arms" / f"{arm['arm']}-seed{arm['seed']}"
        home.mkdir(parents=True)
        rows = _metrics(arm, steps)
        (home / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    if times:
        spent = {"seconds": 72.0, "cpu_s": 140.5, "peak_bytes": 900_000_000, "threads": 1, "exit": 0}
        nodes = ["pretrain clean seed 0", "rl-seed0", "rl-seed0"]
        lines = [json.dumps({"node": node} | spent) + "\n" for node in nodes]
        (folder / "timing.jsonl").write_text("".join(lines), encoding="utf-8")
        machine = {"hostname": "never-printed", "cores": 2, "torch": "2.13.0", "python": "3.11.2"}
        (folder / "machine.json").write_text(json.dumps(machine), encoding="utf-8")
    return folder


def _run(base: str, plan: Plan, seed: int) -> dict[str, Any]:
    rng = random.Random(f"{base} {plan.arm} {seed}")
    own = {p.arm: p for p in plans(base)}
    from_name = "base" if plan.start is None else plan.start.removeprefix(f"{base}-")
    origin, shift = own[from_name], rng.uniform(-0.025, 0.025)
    shares = [0.0] if plan.algorithm == "base" else [1.0] if plan.only_last else [0.0, 0.25, 0.5, 0.75, 1.0]
    is_rl = plan.algorithm == "grpo"
    return {
        "arm": f"{base}-{plan.arm}",
        "label": f"{plan.label} ({base})",
        "seed": seed,
        "base": base,
        "algorithm": plan.algorithm,
        "start": plan.start,
        "atoms": plan.atoms,
        "k": plan.k,
        "steps": plan.steps,
        "learning_rate": plan.learning_rate,
        "budget": {
            "prompts": 0 if plan.algorithm == "base" else 250 + plan.k,
            "gradient_steps": plan.steps,
            "tokens_trained": plan.steps * 4_096,
            "tokens_sampled": plan.steps * 25_600 if is_rl else 0,
            "flops": plan.steps * 4_096 * 6 * 0.92e6 * (6 if is_rl else 1),
            "epochs_per_row": plan.steps * 64 / (250 + plan.k),
            "base_target_compositions": 0 if base == "clean" else 8_231,
        },
        "checkpoints": [_checkpoint(plan, origin, share, shift, rng) for share in shares],
    }


def _checkpoint(plan: Plan, origin: Plan, share: float, shift: float, rng: random.Random) -> dict[str, Any]:
    def between(before: float, after: float, noise: float = 0.012) -> float:
        bent: float = share**0.6
        return min(
            max(before + (after - before) * bent + (shift + rng.uniform(-noise, noise)) * (after > 0.02), 0.0), 1.0
        )

    level, train = between(origin.level, plan.level), between(origin.train, plan.train, 0.0)
    kept = {str(d): between(a, b) for d, a, b in zip(range(1, 5), origin.kept, plan.kept, strict=True)}
    scores = {
        "recombined": _score("recombined", {"2": min(level * 1.25, 1.0), "3": level * 0.75}),
        "deeper": _score("deeper", {"4": level * (0.2 if plan.algorithm != "sft" else 0.05)}),
        "atoms": _score("atoms", {"1": min(0.3 + train * 0.7, 1.0)}),
        "validation": _score("validation", {"2": min(level * 1.2, 1.0), "3": level * 0.8}),
        "train": _score("train", {"1": min(train * 1.05, 1.0), "2": train, "3": train * 0.95}),
        "retention": _score("retention", kept),
    }
    return {
        "step": round(plan.steps * share),
        "scores": scores,
        "gap": scores["train"]["greedy"] - level,
        "kl": 0.0 if share == 0 else share * (0.9 if plan.algorithm == "sft" else 0.11),
        "entropy": 0.31 - 0.2 * share,
        "completion_tokens": 71.4,
        "verdicts": {"PASS": round(300 * level), "WRONG": 290 - round(290 * level), "RAISED": 10},
        "truncated": 2,
    }


def _score(domain: str, by_depth: dict[str, float]) -> dict[str, Any]:
    greedy = sum(by_depth.values()) / len(by_depth)
    parts = {d: {"count": COUNTS[domain], "greedy": value, "sampled": value * 0.8} for d, value in by_depth.items()}
    return {
        "greedy": greedy,
        "sampled": greedy * 0.8,
        "pass_at_k": {"1": greedy * 0.8, "8": min(greedy * 1.2, 1.0)} if domain in ("recombined", "deeper") else None,
        "by_depth": parts,
    }


def _metrics(arm: dict[str, Any], steps: int) -> list[dict[str, Any]]:
    rng = random.Random(f"metrics {arm['arm']} {arm['seed']}")
    rows: list[dict[str, Any]] = []
    before, after = (arm["checkpoints"][at]["scores"]["train"]["greedy"] for at in (0, -1))
    for step in range(1, steps + 1):
        row: dict[str, Any] = {"step": step, "loss": 1 / step, "tokens/trained": 4_096 * step, "flops": 2e10 * step}
        if arm["algorithm"] == "grpo":
            mean = min(max(before + (after - before) * (step / steps) ** 0.7 + rng.uniform(-0.05, 0.05), 0.0), 1.0)
            row |= {
                "reward/mean": mean,
                "reward/signal_fraction": min(4 * mean * (1 - mean) + 0.04, 1.0),
                "policy/kl": 0.1,
            }
        rows.append(row)
    return rows


def _findings(n_seeds: int) -> list[dict[str, Any]]:
    parts = [_finding(n_seeds, planned) for planned in CONTRASTS]
    titles = {
        "F1": "SFT needs atomic and synthetic functions, and a handful of the latter is enough",
        "F2": "RL on the same prompts improves generalization",
        "F3": "RL from scratch over-fits less than SFT",
    }
    alone = {"F1": "contradicted", "F2": "undecided", "F3": "supported"}
    wholes = [
        {
            "id": name,
            "title": title,
            "claim": title,
            "verdict": alone[name] if n_seeds >= 3 else "undecided",
            "in_these_runs": alone[name],
            "parts": [f"{name}{letter}" for letter in "abc"],
            "n_seeds": n_seeds,
            "primary": False,
            "sentence": "",
        }
        for name, title in titles.items()
    ]
    return [*wholes, *parts]


def _finding(n: int, planned: PlannedContrast) -> dict[str, Any]:
    effect, half = planned.effect, planned.half
    low, high = effect - half, effect + half
    read = "supported" if low > 0 else "contradicted" if high < 0 else "undecided"
    row = {
        "id": planned.id,
        "title": planned.title,
        "claim": f"{planned.better} scores higher than {planned.worse}",
        "verdict": read if n >= 3 else "undecided",
        "in_these_runs": read,
        "effect": effect,
        "interval": [low, high],
        "interval_tasks": [effect - 0.8 * half, effect + 0.8 * half],
        "interval_seeds": [low, high] if n > 1 else None,
        "best_effect": 0.8 * effect if planned.primary else None,
        "n_seeds": n,
        "n_tasks": 300,
        "n_families": 84,
        "smallest_visible_effect": half,
        "seeds_to_halve": 4 * n,
        "p_value": 0.0004 if low > 0 else 0.21,
        "p_holm": (0.0024 if low > 0 else 0.42) if planned.primary else None,
        "primary": planned.primary,
        "base": planned.base,
        "domain": "recombined",
        "arms": [f"{planned.base}-{planned.better}", f"{planned.base}-{planned.worse}"],
        "reading": "last",
        "sentence": f"{planned.title}: {100 * effect:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}].",
    }
    if planned.id == "F2a":
        row["sentence"] = "RL less SFT from the same checkpoint: +6.5 at equal steps, -2.1 at equal FLOPs."
    if planned.k_star is not None:
        row |= {"k_star": planned.k_star, "k_star_interval": [50, planned.k_star]}
    return row
