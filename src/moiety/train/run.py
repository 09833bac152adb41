"""One training by its recipe, from files to a run folder: what `moiety pretrain`, `sft` and `rl` do.

The folder holds `recipe.json` (first), `metrics.jsonl` (a line a step), `validation/` (scores and judged completions of
each measured step), `checkpoint/` (an ordinary Hugging Face folder; with LoRA `adapter/` too), `result.json` (last).
Times are in `timing.jsonl` and `machine.json` alone. The same call goes on after a kill and ends with the same weights
and metrics. Rewards come from the judge alone. Not a study: one policy, no arms.
"""

import importlib
import platform
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from moiety.errors import UserError
from moiety.judge import Judge
from moiety.models.hf import PRECISIONS
from moiety.models.lora import merge_adapters, save_adapter
from moiety.models.prompts import PLAIN
from moiety.progress import Progress
from moiety.recipe.models import RL_ALGORITHMS
from moiety.recipe.train import TrainRecipe
from moiety.reward import judge_completions, reward_of
from moiety.rng import derive
from moiety.runs import (
    RECIPE_FILE,
    append_jsonl,
    atomic_directory,
    canonical_hash,
    open_run,
    read_json,
    write_json,
)
from moiety.train.checkpoint import fits, save_checkpoint
from moiety.train.data import Row, plan_batches
from moiety.train.inputs import Fitted, Inputs, check_prompts, pretrain_rows, read_inputs, sft_rows
from moiety.train.loading import Loaded, checkpoint_digest, load_policy_to_train
from moiety.train.measure import Validation
from moiety.train.metrics import Budget, Metrics, SignalWatch
from moiety.train.onpolicy import Scores
from moiety.train.optimise import NotFiniteError
from moiety.train.pretrain import pretrain_model
from moiety.train.rejection import train_by_rejection
from moiety.train.resume import Resume, load_part, newest_state
from moiety.train.rl import train_by_reward
from moiety.train.settings import pretrain_config, rejection_config, rl_config, sft_config
from moiety.train.sft import finetune
from moiety.train.trl_fields import trl_installed
from moiety.train.trl_trainer import is_main_process

STATE, CHECKPOINT, ADAPTER, RESULT = "state", "checkpoint", "adapter", "result.json"
NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


def run_training(recipe: TrainRecipe, *, out: Path | None = None, quiet: bool = False) -> Path:
    """Train by a recipe, or go on where it was stopped, and return the run folder.

    Raises UserError for input that cannot be used (nothing is written then), a folder of another recipe, a loss that is
    not finite, and too little memory.
    """
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    if recipe.engine == "trl" and not trl_installed():
        raise UserError("engine = 'trl' needs the extra: pip install 'moiety[trl]'")
    inputs = read_inputs(recipe)
    resolved = {
        **recipe.model_dump(mode="json"),
        "files": inputs.digests,
        "checkpoint_sha256": checkpoint_digest(recipe.checkpoint),
    }
    run_dir = (out or Path("runs") / f"{recipe.name}-{canonical_hash(resolved)[:10]}").absolute()
    if (run_dir / RESULT).exists():
        if not is_main_process():
            return run_dir
        with open_run(run_dir, resolved):
            shutil.rmtree(run_dir / STATE, ignore_errors=True)
            return run_dir
    if recipe.engine == "trl" and not is_main_process():
        _Job(recipe, inputs, run_dir).follow()
        return run_dir
    # A folder that was begun is checked before a checkpoint is loaded; a new one is begun after all has been checked.
    begun = (run_dir / RECIPE_FILE).exists()
    job = None if begun else _Job(recipe, inputs, run_dir)
    with open_run(run_dir, resolved), Progress(quiet=quiet) as progress:
        job = job or _Job(recipe, inputs, run_dir)
        try:
            job.run(progress)
        except RuntimeError as error:  # torch.OutOfMemoryError is one
            if not any(words in str(error) for words in NO_MEMORY):
                raise
            raise UserError(out_of_memory(recipe)) from error
    return run_dir


def out_of_memory(recipe: TrainRecipe) -> str:
    """Return the knobs that would lessen the memory of a training, with what they are at."""
    knobs = [f"micro_batch_tokens (now {recipe.micro_batch_tokens})"]
    if recipe.algorithm == "pretrain":
        assert recipe.pretrain is not None
        knobs = [f"pretrain.batch (now {recipe.pretrain.batch})"]
    if recipe.algorithm not in ("sft", "pretrain"):
        knobs += [f"decode_rows (now {recipe.decode_rows})"]
        assert recipe.rl is not None
        knobs += [f"rl.prompts_per_step (now {recipe.rl.prompts_per_step})"]
    advice = f"lower {' or '.join(knobs)}"
    if not recipe.gradient_checkpointing:
        advice += ", set gradient_checkpointing = true"
    if recipe.lora is None:
        advice += ", train adapters alone with a table [lora]"
    return f"{recipe.algorithm}: out of memory: {advice}"


class _Job:
    """What the steps of one training share: everything loaded and checked, nothing written before `run`."""

    def __init__(self, recipe: TrainRecipe, inputs: Inputs, run_dir: Path) -> None:
        self.recipe, self.inputs, self.run_dir = recipe, inputs, run_dir
        self.loaded: Loaded = load_policy_to_train(recipe)
        self.policy = self.loaded.policy
        self.fitted = Fitted([])
        self.rows = self._rows()
        self.resume = Resume(run_dir / STATE, every_steps=recipe.save_every)
        tokens = recipe.evaluation.max_new_tokens
        check_prompts(inputs.validation, self.policy, max_new_tokens=tokens, knob="evaluation.max_new_tokens")

    def _rows(self) -> list[Any]:
        """Return the rows of a stage that has no rollouts, and check that the prompts of the others fit."""
        recipe, policy = self.recipe, self.policy
        if recipe.algorithm == "pretrain":
            assert recipe.pretrain is not None
            return pretrain_rows(self.inputs, policy, row_tokens=recipe.pretrain.length)
        if recipe.algorithm == "sft":
            assert recipe.sft is not None
            self.fitted = sft_rows(self.inputs, policy, row_tokens=recipe.sft.length, too_long=recipe.sft.too_long)
            _check_checkpoints(recipe, self.fitted.rows)
            return self.fitted.rows
        assert recipe.rl is not None
        tokens = recipe.rl.max_new_tokens
        check_prompts(self.inputs.examples, policy, max_new_tokens=tokens, knob="rl.max_new_tokens")
        return []

    def run(self, progress: Progress) -> None:
        """Train, measure, and publish the checkpoint and the result."""
        recipe, folder = self.recipe, self.run_dir
        self.progress, self.watch = progress, SignalWatch("" if recipe.rl is None else recipe.rl.reward)
        (folder / "metrics.jsonl").unlink(missing_ok=True)  # told again from the first step
        write_json(folder / "machine.json", self._machine())
        for line in (f"rows: {self.inputs.taken}", self.fitted.said, *self.loaded.notes(recipe)):
            if line:
                progress.say(line)
        judged = recipe.algorithm not in ("pretrain", "sft") or bool(self.inputs.validation)
        self.judge = Judge(require_level=recipe.judge_level) if judged else None
        try:
            self.validation = Validation(recipe, self.policy, self.inputs.validation_tasks, self.judge, folder)
            with progress.stage(recipe.algorithm, total=recipe.steps) as self.bar:
                self.validation.measure(0)
                try:
                    budget = self._train()
                except NotFiniteError as error:
                    raise UserError(f"{error}. {self._keep_last_good()}") from error
            self.validation.measure(budget.gradient_steps if recipe.steps is None else recipe.steps)
        finally:
            if self.judge is not None:
                self.judge.close()
        self._publish(folder / CHECKPOINT, folder / ADAPTER)
        write_json(folder / RESULT, self._result(budget))
        shutil.rmtree(folder / STATE, ignore_errors=True)

    def follow(self) -> None:
        """Train beside the process that writes, with a share of its rows or rollouts, and write nothing."""
        self.judge = None if self.recipe.algorithm == "sft" else Judge(require_level=self.recipe.judge_level)
        try:
            self._train_with_trl({"seed": derive(self.recipe.seed, "train")})
        finally:
            if self.judge is not None:
                self.judge.close()

    def _machine(self) -> dict[str, Any]:
        return {
            "host": platform.node(), "device": str(self.policy.model.device), "precision": self.loaded.precision,
            "threads": torch.get_num_threads(), "torch": torch.__version__,
        }  # fmt: skip

    def on_step(self, metrics: Metrics, times: Metrics) -> None:
        """Keep a step's metrics; one that is told again after a kill has no times."""
        append_jsonl(self.run_dir / "metrics.jsonl", metrics)
        step = int(metrics["step"])
        warning = self.watch.look(metrics, told_before=not times)
        if warning is not None:
            self.progress.say(warning)
        if not times:
            self.bar.skip(step)
            return
        append_jsonl(self.run_dir / "timing.jsonl", {"step": step, "at": round(time.time(), 3), **times})
        rewarded = self.recipe.algorithm in RL_ALGORITHMS
        self.bar.reach(step, note=f"reward {metrics['reward/mean']:.2f}" if rewarded else _loss_note(metrics))

    def on_checkpoint(self, step: int, _model: Any) -> None:
        """Measure the policy as it is."""
        self.validation.measure(step)

    def _train(self) -> Budget:
        recipe, precision, model = self.recipe, self.loaded.precision, self.policy.model
        told: dict[str, Any] = {"seed": derive(recipe.seed, "train"), "on_step": self.on_step}
        measured = {**told, "on_checkpoint": self.on_checkpoint}
        if recipe.engine == "trl":
            return self._train_with_trl(measured)
        if recipe.algorithm == "pretrain":
            return pretrain_model(model, self.rows, pretrain_config(recipe, precision), **told, resume=self.resume)
        if recipe.algorithm == "sft":
            return finetune(model, self.rows, sft_config(recipe, precision), **measured, resume=self.resume)
        prompts = [task.prompt for task in self.inputs.tasks]
        if recipe.algorithm == "rejection":
            rejection = rejection_config(recipe, precision)
            return train_by_rejection(
                self.policy, prompts, self.score, rejection, **measured, resume=self.resume
            ).budget
        return train_by_reward(
            self.policy, prompts, self.score, rl_config(recipe, precision),
            **measured, reference=self.loaded.reference(), resume=self.resume,
        )  # fmt: skip

    def _train_with_trl(self, callbacks: dict[str, Any]) -> Budget:
        """Train through TRL's trainers, which see prompts as they are worded for the model."""
        recipe, precision = self.recipe, self.loaded.precision
        engine = importlib.import_module("moiety.train.trl_engine")
        model = self.policy.model if self.loaded.adapters is None else self.loaded.adapters
        options = {
            "folder": self.run_dir / STATE, "every_steps": recipe.save_every, **callbacks,
            "extra": {**({"activation_checkpointing": True} if recipe.gradient_checkpointing else {}), **recipe.trl},
        }  # fmt: skip
        spent: Budget
        if recipe.algorithm == "sft":
            config = sft_config(recipe, precision)
            spent = engine.finetune_with_trl(model, self.policy.tokenizer, self.rows, config, **options)
            return spent
        policy, wording = replace(self.policy, model=model, wording=PLAIN), self.policy.wording
        prompts = [wording.text(policy.tokenizer, task.prompt) for task in self.inputs.tasks]
        spent = engine.train_with_trl(policy, prompts, self.score, rl_config(recipe, precision), **options)
        return spent

    def score(self, indices: Sequence[int], texts: Sequence[str]) -> Scores:
        """Return the judge's rewards of completions; None where the machine failed."""
        assert self.judge is not None
        assert self.recipe.rl is not None
        tasks, wording = [self.inputs.tasks[i] for i in indices], self.policy.wording
        outcomes = judge_completions(self.judge, tasks, texts, extract=wording.chat)
        counts = Counter(f"verdict/{outcome.verdict.value}" for outcome in outcomes)
        return Scores([reward_of(outcome, kind=self.recipe.rl.reward) for outcome in outcomes], dict(counts))

    def _publish(self, checkpoint: Path, adapter: Path) -> None:
        """Write the policy as an ordinary checkpoint, and its adapters alone beside it; the policy is spent then."""
        handle = self.loaded.adapters
        if handle is not None and not adapter.exists():
            with atomic_directory(adapter) as partial:
                save_adapter(handle, partial)
        if not checkpoint.exists():
            model = self.policy.model if handle is None else merge_adapters(handle)
            wanted = PRECISIONS.get(self.recipe.save_precision, self.loaded.stored)
            save_checkpoint(
                model, self.policy.tokenizer, checkpoint, dtype=wanted if fits(model, wanted) else torch.float32
            )

    def _keep_last_good(self) -> str:
        """Publish the newest state that was kept as a checkpoint, and say where it is."""
        found = newest_state(self.run_dir / STATE)
        if found is None:
            return f"No step was kept yet: {self.recipe.checkpoint} is as it was"
        load_part(self.policy.model, found["parts"]["model"])
        name = f"step-{found['step']:08d}"
        self._publish(self.run_dir / f"{CHECKPOINT}-{name}", self.run_dir / f"{ADAPTER}-{name}")
        return f"The policy after step {found['step']} is in {self.run_dir / f'{CHECKPOINT}-{name}'}"

    def _result(self, budget: Budget) -> dict[str, Any]:
        spent = {**asdict(budget), "flops": budget.flops}
        return {
            "name": self.recipe.name, "algorithm": self.recipe.algorithm, "engine": self.recipe.engine,
            "rows": len(self.inputs.examples), **self._dropped(),
            "budget": spent, "checkpoints": self.validation.results(),
            "weights": read_json(self.run_dir / CHECKPOINT / "config.json")["dtype"],
        }  # fmt: skip

    def _dropped(self) -> dict[str, Any]:
        """Return what was left out of the rows for its length; nothing where nothing was."""
        found = self.fitted
        return {"rows_dropped": {"count": found.dropped, "longest": found.longest}} if found.dropped else {}


def _check_checkpoints(recipe: TrainRecipe, rows: Sequence[Row]) -> None:
    """Raise UserError for a checkpoint after the last step where epochs say which that is; steps are checked before."""
    sft = recipe.sft
    assert sft is not None
    if sft.epochs is None or not recipe.checkpoints:
        return
    plan = plan_batches(
        [len(row) for row in rows], batch_rows=sft.batch, row_tokens=sft.length, seed=derive(recipe.seed, "train"),
        epochs=sft.epochs,
    )  # fmt: skip
    steps = sum(1 for _ in plan)
    if recipe.checkpoints[-1] > steps:
        expected = f"need none after the last step, {steps} with sft.epochs = {sft.epochs}"
        raise UserError(f"checkpoints: {expected}, got {recipe.checkpoints[-1]}")


def _loss_note(metrics: Metrics) -> str:
    return f"loss {metrics['loss']:.3f}" if "loss" in metrics else ""
