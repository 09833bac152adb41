"""What a training's validation tasks give at a step: greedy and sampled pass@k, every judged completion kept.

A step is measured once: after a kill what is on disk stands, and would come out the same. Not a test set: nothing here
knows of any.
"""

import dataclasses
from pathlib import Path
from typing import Any

from moiety.evaluation import evaluate
from moiety.judge import Judge
from moiety.models.policy import TorchPolicy
from moiety.recipe.train import TrainRecipe
from moiety.rng import derive
from moiety.runs import read_json, write_json
from moiety.tasks import Task


@dataclasses.dataclass(frozen=True, slots=True)
class Validation:
    """The tasks that a policy is measured on; none, and nothing is measured."""

    recipe: TrainRecipe
    policy: TorchPolicy
    tasks: list[Task]
    judge: Judge | None
    run_dir: Path

    def measure(self, step: int) -> None:
        """Measure the policy as it is after `step`, unless that was done before a kill."""
        path = self.run_dir / "validation" / f"step-{step:08d}.json"
        if not self.tasks or self.judge is None or path.exists():
            return
        table = self.recipe.evaluation
        found = evaluate(
            self.policy, self.tasks, self.judge,
            num_samples=table.num_samples, temperature=table.temperature, max_new_tokens=table.max_new_tokens,
            held_out=all(task.held_out_tests is not None for task in self.tasks),
            seed=derive(self.recipe.seed, "validation"),
        )  # fmt: skip
        self._write_samples(path.with_suffix(".parquet"), [dataclasses.asdict(row) for row in found.rows])
        write_json(path, {"step": step, **found.scores(pass_at=table.pass_at_k), "verdicts": found.verdicts()})

    def _write_samples(self, path: Path, rows: list[dict[str, Any]]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows), path, compression="zstd")

    def results(self) -> list[dict[str, Any]]:
        """Return what each measured step gave, in order."""
        return [read_json(path) for path in sorted((self.run_dir / "validation").glob("step-*.json"))]
