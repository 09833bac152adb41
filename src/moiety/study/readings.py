"""Per-task scores of a study's arms, read back from the samples on disk.

A reading is an arm at a step, on a domain: one value per task and seed. Nothing is decided here.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moiety.judge import Verdict
from moiety.runs import read_json
from moiety.statistics import TaskValue

Curve = list[tuple[int, float]]


@dataclass(frozen=True)
class Readings:
    """Scores of all arms and seeds of a run directory."""

    run_dir: Path
    seeds: tuple[int, ...]
    _tables: dict[tuple[str, int], dict[tuple[int, str, str], list[TaskValue]]] = field(default_factory=dict)

    def arm(self, name: str, seed: int) -> dict[str, Any]:
        """Return an arm's `result.json`."""
        result: dict[str, Any] = read_json(self._folder(name, seed) / "result.json")
        return result

    def curve(self, name: str, seed: int, domain: str) -> Curve:
        """Return (step, greedy score) at every measured checkpoint."""
        points = ((c["step"], c["scores"].get(domain, {}).get("greedy")) for c in self.arm(name, seed)["checkpoints"])
        return [(step, score) for step, score in points if score is not None]

    def last_step(self, name: str, seed: int) -> int:
        """Return the arm's last step."""
        return int(self.arm(name, seed)["steps"])

    def best_step(self, name: str, seed: int) -> int:
        """Return the first step with the best greedy validation score; step 0 is a candidate."""
        curve = self.curve(name, seed, "validation")
        return max(curve, key=lambda point: (point[1], -point[0]))[0]

    def values(
        self, name: str, domain: str, *, steps: dict[int, int] | None = None, mode: str = "greedy"
    ) -> list[TaskValue]:
        """Return one value per seed and task at the given step of each seed (default: the last)."""
        found: list[TaskValue] = []
        for seed in self.seeds:
            step = self.last_step(name, seed) if steps is None else steps[seed]
            found += self._table(name, seed).get((step, domain, mode), [])
        return found

    def best_steps(self, name: str) -> dict[int, int]:
        """Return the validation-best step of each seed."""
        return {seed: self.best_step(name, seed) for seed in self.seeds}

    def _folder(self, name: str, seed: int) -> Path:
        return self.run_dir / "arms" / f"{name}-seed{seed}"

    def _table(self, name: str, seed: int) -> dict[tuple[int, str, str], list[TaskValue]]:
        if (name, seed) not in self._tables:
            self._tables[name, seed] = _read_table(self._folder(name, seed) / "samples.parquet", seed)
        return self._tables[name, seed]


def _read_table(path: Path, seed: int) -> dict[tuple[int, str, str], list[TaskValue]]:
    import pyarrow.parquet as pq

    columns = ["step", "set", "mode", "task_id", "family", "depth", "verdict"]
    passed: dict[tuple[int, str, str, str], list[bool]] = defaultdict(list)
    facts: dict[str, tuple[str, int]] = {}
    for row in pq.read_table(path, columns=columns).to_pylist():
        if row["verdict"] != Verdict.INFRA.value:
            key = (row["step"], row["set"], row["mode"], row["task_id"])
            passed[key].append(row["verdict"] == Verdict.PASS.value)
            facts[row["task_id"]] = (row["family"], row["depth"])
    table: dict[tuple[int, str, str], list[TaskValue]] = defaultdict(list)
    for (step, domain, mode, task_id), outcomes in passed.items():
        family, depth = facts[task_id]
        value = sum(outcomes) / len(outcomes)
        table[step, domain, mode].append(TaskValue(seed, task_id, family, depth, value))
    return table


def keep(values: Sequence[TaskValue], task_ids: frozenset[str]) -> list[TaskValue]:
    """Return the values of some tasks only."""
    return [value for value in values if value.task_id in task_ids]


@functools.cache
def covered_tasks(run_dir: Path, k: int, seed: int) -> frozenset[str]:
    """Return the `recombined` tasks all of whose atoms occur in the first k synthetic functions of a seed's draw."""
    from moiety.study.data import load_sets
    from moiety.study.draw import dose

    sets = load_sets(run_dir / "data", ("train", "recombined"))
    atoms = {atom for rows in dose(sets["train"], k, seed=seed) for atom in rows[0].atoms}
    return frozenset(task.task_id for task in sets["recombined"] if atoms.issuperset(task.atoms))
