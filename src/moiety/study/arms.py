"""One arm with one seed: load where it starts, train, measure at each checkpoint, publish the folder.

The folder holds `result.json` (scores and budget, no times), `metrics.jsonl` (a line per optimiser step),
`samples.parquet` (every judged completion) and `checkpoint/`. How each algorithm trains is `train`'s part.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from moiety.judge import Judge
from moiety.models.hf import load_checkpoint
from moiety.models.policy import TorchPolicy
from moiety.models.tiny import num_parameters
from moiety.recipe import ArmRecipe, Recipe
from moiety.reward import judge_completions, reward_of
from moiety.rng import derive
from moiety.runs import append_jsonl, atomic_directory, read_json, write_json
from moiety.study.data import load_sets
from moiety.study.draw import dose, training_tasks
from moiety.study.measure import Measurement, Sets, measure
from moiety.study.plan import Node, base_folder, state_folder
from moiety.study.schedule import Report
from moiety.study.settings import (
    grpo_config,
    learning_rate_of,
    ppo_config,
    reinforce_config,
    rejection_config,
    sft_config,
    steps_of,
)
from moiety.train.checkpoint import save_checkpoint
from moiety.train.data import encode_rows, plan_batches
from moiety.train.metrics import Budget, Metrics
from moiety.train.onpolicy import Scores
from moiety.train.rejection import train_by_rejection
from moiety.train.resume import Resume
from moiety.train.rl import train_by_reward
from moiety.train.sft import finetune

Spent = TypeVar("Spent")


def arm_recipe(recipe: Recipe, name: str) -> ArmRecipe:
    """Return the arm called `name`."""
    return next(arm for arm in recipe.arms if arm.name == name)


def run_arm(recipe: Recipe, node: Node, run_dir: Path, cache_dir: Path, *, report: Report) -> None:
    """Train and measure one arm, and publish `node.folder`."""
    Arm(recipe, node, run_dir, cache_dir, report).run()


class Arm:
    """What the steps of one arm share. Not kept after `run`."""

    def __init__(self, recipe: Recipe, node: Node, run_dir: Path, cache_dir: Path, report: Report) -> None:
        self.recipe, self.node, self.run_dir, self.report = recipe, node, run_dir, report
        self.arm = arm_recipe(recipe, node.arm)
        self.base = base_folder(recipe, cache_dir, seed=node.seed) / self.arm.base
        start = run_dir / "arms" / f"{self.arm.start}-seed{node.seed}" / "checkpoint" if self.arm.start else self.base
        checkpoint = load_checkpoint(start)
        self.model, self.tokenizer = checkpoint.model, checkpoint.tokenizer
        self.sets = load_sets(run_dir / "data")
        self.dose = dose(self.sets["train"], self.arm.k, seed=node.seed)
        self.rows = training_tasks(self.sets["atoms"] if self.arm.atoms else [], self.dose)
        self.seed = derive(node.seed, "arm", self.arm.name)
        self.steps = self._steps()
        self.state = state_folder(run_dir, node)

    def run(self) -> None:
        """Train, measuring at each declared step, and publish the folder."""
        arm = self.arm
        with atomic_directory(self.node.folder) as partial, self._judge() as judge:
            self.partial, self.judge = partial, judge
            self.policy = TorchPolicy(self.model, self.tokenizer)
            self.reference = load_checkpoint(self.base).model
            self.on_checkpoint(0, self.model)
            budget = self._train() if arm.algorithm != "base" else Budget(num_parameters(self.model))
            if arm.algorithm != "base":
                self.on_checkpoint(self.steps, self.model)
            self.measured = Measurement.read_all(self.state)
            Measurement.write_samples(partial / "samples.parquet", self.measured)
            save_checkpoint(self.model, self.tokenizer, partial / "checkpoint")
            write_json(partial / "result.json", self._result(budget))
            shutil.rmtree(self.state, ignore_errors=True)

    def _judge(self) -> Judge:
        return Judge(zygotes=1, require_level=self.recipe.judge_level)

    def _steps(self) -> int:
        if self.arm.match_flops:
            folder = self.run_dir / "arms" / f"{self.arm.match_flops}-seed{self.node.seed}"
            return self._steps_for_flops(read_json(folder / "result.json")["budget"]["flops"])
        return steps_of(self.recipe, self.arm)

    def _steps_for_flops(self, flops: int) -> int:
        """Return the first step after which SFT has spent at least `flops`."""
        lengths = [len(row) for row in self._sft_rows()]
        spent, size = 0, num_parameters(self.model)
        for step, lines in enumerate(self._batches(lengths), start=1):
            spent += 6 * size * sum(lengths[i] for line in lines for i in line)
            if spent >= flops:
                return step
        raise AssertionError("batches repeat without end")

    def _batches(self, lengths: Sequence[int]) -> Iterator[list[list[int]]]:
        sft = self.recipe.sft
        seed = derive(self.seed, "train")
        return plan_batches(lengths, batch_rows=sft.batch, row_tokens=sft.length, seed=seed, steps=1_000_000)

    def _sft_rows(self) -> list[Any]:
        return encode_rows(self.tokenizer, [(t.prompt, t.reference_solution) for t in self.rows])

    def on_step(self, metrics: Metrics, _times: Metrics) -> None:
        """Keep a step's metrics and tell how far the arm is."""
        append_jsonl(self.partial / "metrics.jsonl", metrics)
        shown = f"reward {metrics['reward/mean']:.2f}" if "reward/mean" in metrics else f"loss {metrics['loss']:.3f}"
        self.report(int(metrics["step"]), self.steps, shown)

    def on_checkpoint(self, step: int, model: Any) -> None:
        """Measure the policy as it is; the first and the last checkpoint in full."""
        if step == 0 and self.arm.algorithm != "base" and not self.arm.checkpoints:
            return
        if Measurement.is_written(self.state, step):
            return
        self.report(step, max(self.steps, 1), "evaluation")
        measured = measure(
            TorchPolicy(model, self.tokenizer),
            self.reference,
            Sets.of(self.sets, self.dose, with_atoms=self.arm.atoms),
            self.judge,
            self.recipe.evaluation,
            step=step,
            full=step == self.steps,
            seed=derive(self.node.seed, "evaluation"),
        )
        measured.write(self.state)

    def _train(self) -> Budget:
        recipe, arm, steps = self.recipe, self.arm, self.steps
        match arm.algorithm:
            case "grpo":
                return self._by_reward(train_by_reward, grpo_config(recipe, arm, steps=steps))
            case "ppo":
                return self._by_reward(train_by_reward, ppo_config(recipe, arm, steps=steps))
            case "reinforce":
                return self._by_reward(train_by_reward, reinforce_config(recipe, arm, steps=steps))
            case "rejection":
                return self._by_reward(train_by_rejection, rejection_config(recipe, arm, steps=steps)).budget
            case _:
                return finetune(
                    self.model,
                    self._sft_rows(),
                    sft_config(recipe, arm, steps=steps),
                    seed=derive(self.seed, "train"),
                    on_step=self.on_step,
                    on_checkpoint=self.on_checkpoint,
                    resume=Resume.of_steps(self.state, self.steps),
                )

    def _by_reward(self, train: Callable[..., Spent], config: object) -> Spent:
        """Train on the arm's prompts with the judge's reward."""
        return train(
            self.policy,
            [task.prompt for task in self.rows],
            self._score,
            config,
            seed=derive(self.seed, "train"),
            on_step=self.on_step,
            on_checkpoint=self.on_checkpoint,
            resume=Resume.of_steps(self.state, self.steps),
        )

    def _score(self, indices: Sequence[int], texts: Sequence[str]) -> Scores:
        outcomes = judge_completions(self.judge, [self.rows[i] for i in indices], texts)
        counts = Counter(f"verdict/{outcome.verdict.value}" for outcome in outcomes)
        return Scores([reward_of(outcome, kind=self.recipe.rl.reward) for outcome in outcomes], dict(counts))

    def _result(self, budget: Budget) -> dict[str, Any]:
        arm, base = self.arm, read_json(self.base / "base.json")
        return {
            "arm": arm.name,
            "label": arm.label,
            "seed": self.node.seed,
            "base": arm.base,
            "algorithm": arm.algorithm,
            "start": arm.start,
            "atoms": arm.atoms,
            "k": arm.k,
            "steps": self.steps,
            "learning_rate": learning_rate_of(self.recipe, arm),
            "budget": {
                "prompts": len({task.prompt for task in self.rows}),
                "gradient_steps": budget.gradient_steps,
                "tokens_trained": budget.tokens_trained,
                "tokens_sampled": budget.tokens_sampled,
                "flops": budget.flops,
                "epochs_per_row": budget.prompts / len(self.rows) if self.rows else 0.0,
                "base_target_compositions": base["target_compositions"],
            },
            "checkpoints": [one.as_json(self.recipe.evaluation) for one in self.measured],
        }
