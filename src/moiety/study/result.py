"""`result.json`: findings, arms, health checks and data of a finished study. It holds no time and no path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from moiety.recipe import Recipe
from moiety.recipe.models import RL_ALGORITHMS
from moiety.runs import read_json, read_jsonl
from moiety.study.findings import findings
from moiety.study.plan import ordered_arms
from moiety.study.readings import Readings

FORMAT = 1
NOTES = (
    "Atomic tasks are training tasks: `atoms` is measured with held-out tests, but its functions are not held out.",
    "Sampled scores and pass@k are measured at the last step of each arm; other checkpoints are greedy.",
)


def study_result(recipe: Recipe, run_dir: Path) -> dict[str, Any]:
    """Return the document for `result.json`."""
    readings = Readings(run_dir, tuple(recipe.seeds))
    arms = [readings.arm(arm.name, seed) for arm in ordered_arms(recipe) for seed in recipe.seeds]
    manifest = read_json(run_dir / "data" / "manifest.json")
    return {
        "format": FORMAT,
        "name": recipe.name,
        "recipe": recipe.resolved(),
        "recipe_hash": recipe.recipe_hash,
        "seeds": list(recipe.seeds),
        "findings": findings(recipe, readings),
        "arms": arms,
        "health": health_checks(run_dir, arms),
        "data": {
            "counts": manifest["counts"],
            "shared_keys": manifest["shared_keys"],
            "rejections": manifest["rejections"],
            "dataset_hash": manifest["dataset_hash"],
            "space": manifest["space"],
        },
        "notes": [rl_note(recipe), *NOTES],
        "commands": ["make study", f"moiety study {recipe.name}"],
    }


def rl_note(recipe: Recipe) -> str:
    """Say which algorithms RL is in this study, and that PPO is the paper's."""
    names = [name.upper() for name in RL_ALGORITHMS if any(arm.algorithm == name for arm in recipe.arms)]
    if not names:
        return "No arm is of RL. The paper's algorithm is PPO."
    return f"RL here is {' and '.join(names)}. The paper's algorithm is PPO" + (
        "." if "PPO" in names else "; it is not among these arms."
    )


def health_checks(run_dir: Path, arms: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the checks that say whether the study could show anything; on train and validation only."""
    checks: list[dict[str, Any]] = []
    for arm in arms:
        where = f"{arm['arm']}, seed {arm['seed']}"
        last = arm["checkpoints"][-1]["scores"]
        if arm["algorithm"] == "sft" and arm["k"] == 20 and arm["start"] is None:
            checks.append(_check(f"{where}: passes its training tasks", last["train"]["greedy"], 0.95))
        if arm["algorithm"] in RL_ALGORITHMS:
            rise = _reward_rise(read_jsonl(run_dir / "arms" / f"{arm['arm']}-seed{arm['seed']}" / "metrics.jsonl"))
            checks.append(_check(f"{where}: raises its train reward", rise, 0.0, strict=True))
        if arm["algorithm"] == "base" and arm["base"] == "exposed":
            depths = last["validation"]["by_depth"]
            shallowest = depths[min(depths, key=int)]["greedy"]
            checks.append(_check(f"{where}: solves atomic tasks", last["atoms"]["greedy"], 0.70))
            checks.append(_check(f"{where}: solves some of depth {min(depths, key=int)}", shallowest, 0.0, strict=True))
    return checks


def _reward_rise(metrics: list[dict[str, Any]]) -> float:
    """Return the mean reward of the last quarter of the steps less that of the first; at least one step each."""
    rewards = [row["reward/mean"] for row in metrics]
    quarter = max(1, len(rewards) // 4)
    return float(sum(rewards[-quarter:]) - sum(rewards[:quarter])) / quarter


def _check(name: str, value: float, threshold: float, *, strict: bool = False) -> dict[str, Any]:
    passed = value > threshold if strict else value >= threshold
    return {"name": name, "value": value, "threshold": threshold, "passed": passed}
