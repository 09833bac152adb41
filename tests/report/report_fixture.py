"""A finished study with plausible numbers, written as a run directory: what the report is tested on.

Not measured: the levels are drawn near those of prototypes, so that pages made of it look like real ones.
"""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEPTHS = {
    "recombined": (2, 3),
    "deeper": (4,),
    "atoms": (1,),
    "validation": (2, 3),
    "train": (1, 2, 3),
    "retention": (1, 2, 3, 4),
}
COUNTS = {"recombined": 150, "deeper": 100, "atoms": 50, "validation": 75, "train": 60, "retention": 50}


@dataclass(frozen=True)
class Plan:
    """One arm of the made-up study; levels are final fractions: recombined, train, retention at depth 1 to 4."""

    arm: str
    label: str
    algorithm: str
    level: float
    train: float
    kept: tuple[float, float, float, float]
    atoms: bool = True
    k: int = 50
    start: str | None = None
    steps: int = 60
    learning_rate: float = 1e-3


def plans(base: str) -> list[Plan]:
    """Return the arms of one base; the clean one starts near 0."""
    low = 0.25 if base == "clean" else 1.0
    floor = (0.97, 0.93, 0.88, 0.71)
    gone = (0.61, 0.29, 0.16, 0.02)
    kept = (0.98, 0.94, 0.81, 0.42)
    rl = "rl-from-base"
    arms = [
        Plan("base", "base", "base", 0.585 * low, 0.55 * low, floor, k=0, steps=0),
        Plan("sft-atoms", "SFT atoms", "sft", 0.015, 0.99, (0.64, 0.0, 0.0, 0.0), k=0),
        Plan("sft-k20", "SFT 20 synthetics", "sft", 0.20 * low, 1.0, (0.35, 0.2, 0.1, 0.0), atoms=False, k=20),
        Plan("sft-atoms-k5", "SFT atoms + 5", "sft", 0.26 * low, 0.99, gone, k=5),
        Plan("sft-atoms-k20", "SFT atoms + 20", "sft", 0.487 * low, 0.99, gone, k=20),
        Plan("sft-atoms-k50", "SFT atoms + 50", "sft", 0.647 * low**0.7, 0.985, gone, k=50),
        Plan("sft-atoms-k200", "SFT atoms + 200", "sft", 0.742 * low**0.4, 0.94, (0.7, 0.45, 0.3, 0.09), k=200),
        Plan(
            "sft-rl-rate",
            "SFT atoms + 50 at RL's rate",
            "sft",
            0.55 * low,
            0.91,
            (0.8, 0.5, 0.3, 0.1),
            learning_rate=3e-4,
        ),
        Plan("rejection-from-base", "rejection SFT from base", "rejection", 0.66 * low, 0.80, (0.95, 0.88, 0.7, 0.3)),
        Plan(
            rl, "RL from base", "grpo", 0.765 if low == 1 else 0.0, 0.88 if low == 1 else 0.06, kept, learning_rate=3e-4
        ),
        Plan("sft-50-short", "SFT(50, 15 steps)", "sft", 0.315 * low, 0.62, (0.9, 0.8, 0.6, 0.2), steps=15),
    ]
    start = f"{base}-sft-50-short"
    arms += [
        Plan(
            "short-rl",
            "SFT(50, 15 steps) → RL",
            "grpo",
            0.675 * low**0.6,
            0.94,
            (0.9, 0.8, 0.55, 0.2),
            start=start,
            learning_rate=3e-4,
        ),
        Plan("short-sft", "SFT(50, 15 steps) → SFT", "sft", 0.61 * low**0.6, 0.99, gone, start=start),
        Plan(
            "short-rejection",
            "SFT(50, 15 steps) → rejection SFT",
            "rejection",
            0.47 * low,
            0.8,
            (0.88, 0.7, 0.4, 0.1),
            start=start,
        ),
    ]
    return arms


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
                "ignores_input": 10_412,
                "single_atom_equal": 2_307,
                "call_without_effect": 4_120,
                "few_outputs": 981,
            },
            "dataset_hash": "b20c9d5e71fa4486" * 4,
            "space": {"atoms": 50, "graphs of depth 2": 1_184, "graphs of depth 3": 27_940, "exact": True},
        },
        "commands": ["moiety study quick", "moiety report runs/quick"],
        "notes": ["RL in these runs is GRPO; PPO, which the paper used, is not yet included."],
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
            spent = {"step": 1, "time/rollout_s": 31.25, "time/update_s": 22.5}
            (home / "timing.jsonl").write_text(json.dumps(spent) + "\n", encoding="utf-8")
    if times:
        stages = [{"stage": "pretrain", "seconds": 144.0}, {"stage": "evaluation", "seconds": 61.5}]
        (folder / "timing.jsonl").write_text("".join(json.dumps(row) + "\n" for row in stages), encoding="utf-8")
        machine = {"hostname": "never-printed", "cores": 2, "torch": "2.13.0", "python": "3.11.2"}
        (folder / "machine.json").write_text(json.dumps(machine), encoding="utf-8")
    return folder


def _run(base: str, plan: Plan, seed: int) -> dict[str, Any]:
    rng = random.Random(f"{base} {plan.arm} {seed}")
    own = {p.arm: p for p in plans(base)}
    from_name = "base" if plan.start is None else plan.start.removeprefix(f"{base}-")
    origin, shift = own[from_name], rng.uniform(-0.025, 0.025)
    shares = [0.0] if plan.algorithm == "base" else [0.0, 0.25, 0.5, 0.75, 1.0]
    is_rl = plan.algorithm == "grpo"
    return {
        "arm": f"{base}-{plan.arm}",
        "label": plan.label,
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
    rows = [
        ("F1a", "Atoms are needed", True, "clean", 0.117, 0.052, "sft-atoms-k20", "sft-k20"),
        ("F1a", "Atoms are needed", False, "exposed", 0.287, 0.069, "sft-atoms-k20", "sft-k20"),
        ("F1b", "Synthetics are needed", True, "clean", 0.107, 0.048, "sft-atoms-k20", "sft-atoms"),
        ("F1c", "A handful is enough", False, "clean", 143.0, 57.0, "sft-atoms-k200", "sft-atoms"),
        ("F2a", "RL − SFT at equal steps", True, "exposed", 0.065, 0.058, "short-rl", "short-sft"),
        ("F2b", "RL − SFT at equal FLOPs", False, "exposed", -0.021, 0.055, "short-rl", "short-sft"),
        ("F2c", "RL − SFT at its validation-best step", True, "exposed", 0.038, 0.061, "short-rl", "short-sft"),
        (
            "F3a",
            "Train − test gap at equal train pass rate",
            True,
            "exposed",
            0.142,
            0.071,
            "sft-atoms-k50",
            "rl-from-base",
        ),
        ("F3b", "Best-to-last drop on validation", False, "exposed", 0.018, 0.043, "sft-atoms-k50", "rl-from-base"),
        (
            "F3c",
            "Base skills kept at equal validation score",
            True,
            "exposed",
            0.377,
            0.094,
            "rl-from-base",
            "sft-atoms-k50",
        ),
    ]
    return [_finding(n_seeds, *row) for row in rows]


def _finding(
    n: int, id_: str, title: str, primary: bool, base: str, effect: float, half: float, a: str, b: str
) -> dict[str, Any]:
    low, high = effect - half, effect + half
    read = "supported" if low > 0 else "contradicted" if high < 0 else "undecided"
    return {
        "id": id_,
        "title": title,
        "claim": f"{title}, stated in advance.",
        "verdict": read if n >= 3 else "undecided",
        "in_these_runs": read,
        "effect": effect,
        "interval": [low, high],
        "interval_tasks": [effect - 0.8 * half, effect + 0.8 * half],
        "interval_seeds": [low, high] if n > 1 else None,
        "n_seeds": n,
        "n_tasks": 300,
        "n_families": 84,
        "smallest_visible_effect": half,
        "seeds_to_halve": 4 * n,
        "p_value": 0.0004 if low > 0 else 0.21,
        "p_holm": (0.0024 if low > 0 else 0.42) if primary else None,
        "primary": primary,
        "base": base,
        "domain": "recombined",
        "arms": [f"{base}-{a}", f"{base}-{b}"],
        "reading": "last",
        "sentence": f"{id_} on base/{base}, last step: an effect that these {n * 300} paired readings give.",
    }
