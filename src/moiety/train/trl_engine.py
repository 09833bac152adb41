"""The same training through TRL: SFTTrainer, GRPOTrainer and RLOOTrainer with our reward, our metrics, our checkpoints.

For several devices (`accelerate launch`) and vLLM; `tests/train/test_trl_agreement.py` holds its losses to ours. What
differs from our own loops: its samples come from `generate` or vLLM; rollouts without a gradient pass through
the model too; rollouts that the machine failed on count in its denominators; `policy/entropy` is exact, not the Monte
Carlo estimate. Rows are packed, and prompts drawn, as by our own loops. TRL has no PPO. `trl` is imported only when it
is needed.
"""

import copy
import importlib.util
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from moiety.errors import UserError
from moiety.models.policy import TorchPolicy
from moiety.models.tiny import num_parameters
from moiety.models.tokenizer import encode_texts
from moiety.rng import derive
from moiety.runs import canonical_hash
from moiety.train.config import GRPOConfig, OptimiserConfig, Precision, ReinforceConfig, RLConfig, SFTConfig
from moiety.train.data import OnCheckpoint, Row, plan_batches, shuffled_epochs
from moiety.train.metrics import Budget, OnStep, ignore
from moiety.train.onpolicy import Score
from moiety.train.scoring import multiplies_bf16
from moiety.train.trl_books import Books, Rewards
from moiety.train.trl_fields import check_trl_fields
from moiety.train.trl_trainer import is_main_process, quiet, restored, run, scheduled

KEPT = 2


def finetune_with_trl(
    model: Any,
    tokenizer: Any,
    rows: Sequence[Row],
    config: SFTConfig,
    *,
    seed: int,
    folder: Path,
    extra: Mapping[str, Any] | None = None,
    every_steps: int = 10,
    on_step: OnStep = ignore,
    on_checkpoint: OnCheckpoint | None = None,
) -> Budget:
    """Fine-tune `model` in place through SFTTrainer and return what it cost.

    `extra` are fields of TRL's configuration. TRL's checkpoints lie in `folder`, one every `every_steps` steps, and the
    same call goes on from the newest whole one. Raises UserError for a row longer than a line, a field that is unknown
    or the recipe's, and a loss that is not finite.
    """
    extra = dict(extra or {})
    check_trl_fields("sft", extra)
    from datasets import Dataset
    from trl import SFTConfig as TRLConfig
    from trl import SFTTrainer

    parts = _parts(config.batch_rows, "batch_rows", size=extra.pop("per_device_train_batch_size", 1))
    options = {
        **_common(config.optimiser, config.precision, seed=derive(seed, "sft", "trl"), folder=folder),
        "max_steps": config.steps or -1, "num_train_epochs": 1, "save_steps": every_steps, "padding_free": True,
        "max_length": None, "dataset_kwargs": {"skip_prepare_dataset": True}, "train_sampling_strategy": "sequential",
        **parts, **extra,
    }  # fmt: skip
    identity = ["trl", "sft", seed, asdict(config), parts, extra, [asdict(row) for row in rows]]
    books = Books(
        stage="sft", config=config, budget=Budget(num_parameters(model)), on_step=on_step, on_checkpoint=on_checkpoint,
        num_rows=len(rows), identity=canonical_hash(identity),
    )  # fmt: skip
    lines = _packed_lines(rows, config, seed=seed)
    with quiet(), restored(model):
        trainer = scheduled(SFTTrainer, config.optimiser, books)(
            model=model, args=TRLConfig(**options), train_dataset=Dataset.from_list(lines),
            processing_class=_copy(tokenizer),
        )  # fmt: skip
        run(trainer, books, folder)
    return books.budget


def train_with_trl(
    policy: TorchPolicy,
    prompts: Sequence[str],
    score: Score,
    config: RLConfig,
    *,
    seed: int,
    folder: Path,
    extra: Mapping[str, Any] | None = None,
    every_steps: int = 10,
    on_step: OnStep = ignore,
    on_checkpoint: OnCheckpoint | None = None,
) -> Budget:
    """Train the policy's model in place through GRPOTrainer or, for a ReinforceConfig, RLOOTrainer.

    As `finetune_with_trl`; a score of None is no reward. The reference policy is the model as it is given. Raises
    UserError for PPO, which TRL has not.
    """
    extra = dict(extra or {})
    algorithm = {GRPOConfig: "grpo", ReinforceConfig: "reinforce"}.get(type(config), "ppo")
    check_trl_fields(algorithm, extra)
    import trl
    from datasets import Dataset

    if not prompts:
        raise UserError(f"{algorithm}: no prompts to train on")
    model, tokenizer = policy.model, policy.tokenizer
    tokens = encode_texts(tokenizer, list(prompts))
    rollouts = config.prompts_per_step * config.group_size
    width = max(map(len, tokens)) + config.max_new_tokens
    size = extra.pop("per_device_train_batch_size", max(1, config.micro_batch_tokens // width))
    parts = _parts(rollouts, "prompts_per_step x group_size", size=size)
    options = {
        **_common(config.optimiser, config.precision, seed=derive(seed, algorithm, "trl"), folder=folder),
        **_rl_options(config), **parts, "steps_per_generation": parts["gradient_accumulation_steps"],
        "save_steps": every_steps, **extra,
    }  # fmt: skip
    identity = ["trl", algorithm, seed, asdict(config), parts, extra, list(prompts)]
    books = Books(
        stage=algorithm, config=config, budget=Budget(num_parameters(model)), on_step=on_step,
        on_checkpoint=on_checkpoint, num_rows=len(prompts), identity=canonical_hash(identity),
    )  # fmt: skip
    order = shuffled_epochs(len(prompts), seed=derive(seed, algorithm, "prompts"))
    chosen = islice(order, config.steps * config.prompts_per_step)  # those of our own loop, in its order
    rows = [{"prompt": prompts[index], "index": index} for index in chosen]
    grpo = algorithm == "grpo"
    with quiet(), restored(model):
        if config.kl_coef and not hasattr(model, "peft_config"):
            _save_reference(model, folder)
        rewards = Rewards(score, tokens, policy, config, books)
        trainer = scheduled(trl.GRPOTrainer if grpo else trl.RLOOTrainer, config.optimiser, books)(
            model=model, reward_funcs=rewards.reward, train_dataset=Dataset.from_list(rows),
            args=(trl.GRPOConfig if grpo else trl.RLOOConfig)(**options), processing_class=_copy(tokenizer),
        )  # fmt: skip
        trainer._tokenize_prompts = rewards.tokenize  # as our engine does: no token is added to a prompt
        run(trainer, books, folder)
    return books.budget


def _rl_options(config: RLConfig) -> dict[str, Any]:
    """Return TRL's fields for our settings; the agreement tests check each mapping."""
    options: dict[str, Any] = {
        "max_steps": config.steps, "shuffle_dataset": False, "num_generations": config.group_size, "num_iterations": 1,
        "max_completion_length": config.max_new_tokens, "temperature": config.temperature, "top_p": 1.0, "top_k": 0,
        "beta": config.kl_coef, "use_vllm": torch.cuda.is_available() and importlib.util.find_spec("vllm") is not None,
    }  # fmt: skip
    if not isinstance(config, GRPOConfig):
        if config.entropy_coef:
            raise UserError(f"entropy_coef: TRL's RLOOTrainer has no entropy bonus, got {config.entropy_coef}")
        return options | {"normalize_advantages": False}
    return options | {
        "loss_type": {"token": "dapo", "sequence": "grpo"}[config.normalisation],
        "scale_rewards": {"z_scored": "group", "mean_centred": "none"}[config.advantage],
        "epsilon": config.clip_low, "epsilon_high": config.clip_high, "entropy_coef": config.entropy_coef,
        "use_bias_correction_kl": False,
    }  # fmt: skip


def _common(optimiser: OptimiserConfig, precision: Precision, *, seed: int, folder: Path) -> dict[str, Any]:
    """Return the fields that all trainers share; on a CPU in fp32 and without checkpointed activations."""
    on_cpu = not torch.cuda.is_available()
    reduced = precision == "bf16" or (precision == "auto" and not on_cpu and multiplies_bf16("cuda"))
    small = {"use_cpu": True, "activation_checkpointing": False} if on_cpu else {}
    return small | {
        "output_dir": str(folder), "seed": seed % 2**31, "bf16": reduced, "logging_steps": 1, "report_to": "none",
        "disable_tqdm": True, "logging_nan_inf_filter": False, "save_strategy": "steps", "save_total_limit": KEPT,
        "learning_rate": optimiser.learning_rate, "weight_decay": optimiser.weight_decay,
        "adam_beta1": optimiser.betas[0], "adam_beta2": optimiser.betas[1], "max_grad_norm": optimiser.clip_norm,
        "dataloader_pin_memory": not on_cpu,
    }  # fmt: skip


def _parts(rows: int, name: str, *, size: int) -> dict[str, int]:
    """Return how a step's rows are split over devices and micro-batches of at most `size` rows."""
    devices = int(os.environ.get("WORLD_SIZE", "1"))
    if rows % devices:
        raise UserError(f"{name}: need a multiple of the {devices} processes, got {rows}")
    share = rows // devices
    fitting = max(part for part in range(1, min(size, share) + 1) if share % part == 0)
    return {"per_device_train_batch_size": fitting, "gradient_accumulation_steps": share // fitting}


def _packed_lines(rows: Sequence[Row], config: SFTConfig, *, seed: int) -> list[dict[str, list[int]]]:
    """Return the packed lines of all steps as TRL reads them, in the order of our own loop.

    A prompt's tokens have no label, nor has the first of a row, which nothing predicts. One epoch holds all steps:
    TRL's own order begins anew where a run goes on after its first epoch.
    """
    plan = plan_batches(
        [len(row) for row in rows], batch_rows=config.batch_rows, row_tokens=config.row_tokens, seed=seed,
        steps=config.steps, epochs=config.epochs,
    )  # fmt: skip
    lines = []
    for line in (line for step in plan for line in step if line):
        tokens, labels = [], list[int]()
        for row in (rows[index] for index in line):
            tokens += [*row.prompt, *row.completion]
            learnt = max(1, len(row.prompt))
            labels += [-100] * learnt + tokens[len(labels) + learnt :]
        lines.append({"input_ids": tokens, "labels": labels, "seq_lengths": [len(rows[index]) for index in line]})
    return lines


def _save_reference(model: Any, folder: Path) -> None:
    """Save the model as it is, and name the place in its configuration: there TRL looks for its reference policy."""
    place = folder / "reference"
    if is_main_process() and not (place / "config.json").is_file():
        model.save_pretrained(place)
    model.config._name_or_path = str(place)


def _copy(tokenizer: Any) -> Any:
    """Return a copy for TRL to change: it sets a padding token."""
    return copy.deepcopy(tokenizer)
