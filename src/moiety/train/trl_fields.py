"""Which fields of TRL's configurations a recipe may set in its table `[trl]`, and what to say of the others.

Not the settings themselves: `trl_engine` maps the recipe to them.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from moiety.errors import UserError, did_you_mean
from moiety.extras import missing_packages

CONFIGS = {"sft": "SFTConfig", "grpo": "GRPOConfig", "reinforce": "RLOOConfig"}
OF_RECIPE = {
    "learning_rate": "optimiser.learning_rate",
    "lr_scheduler_type": "optimiser.schedule",
    "lr_scheduler_kwargs": "optimiser.final_fraction",
    "warmup_steps": "optimiser.warmup_steps",
    "weight_decay": "optimiser.weight_decay",
    "adam_beta1": "optimiser.betas",
    "adam_beta2": "optimiser.betas",
    "max_grad_norm": "optimiser.clip_norm",
    "max_steps": "steps",
    "num_train_epochs": "epochs",
    "seed": "seed",
    "bf16": "precision",
    "fp16": "precision",
    "gradient_accumulation_steps": "batch_rows or prompts_per_step, and trl.per_device_train_batch_size",
    "steps_per_generation": "prompts_per_step and trl.per_device_train_batch_size",
    "generation_batch_size": "prompts_per_step and group_size",
    "max_length": "row_tokens",
    "num_generations": "group_size",
    "max_completion_length": "max_new_tokens",
    "temperature": "temperature",
    "beta": "kl_coef",
    "epsilon": "clip_low",
    "epsilon_high": "clip_high",
    "loss_type": "normalisation",
    "scale_rewards": "advantage",
    "entropy_coef": "entropy_coef",
}
"""Fields that follow from our own keys, named beside them, so that one setting has one place."""
OF_RUN = (
    "output_dir", "save_strategy", "save_steps", "save_total_limit", "logging_steps", "resume_from_checkpoint",
    "packing", "packing_strategy", "padding_free", "dataset_kwargs", "shuffle_dataset", "train_sampling_strategy",
    "num_iterations",
)  # fmt: skip
"""Fields that a run depends on: where files lie, what it tells, how rows are packed and in which order they come."""


def trl_installed() -> bool:
    """Tell whether the extra is there."""
    return not missing_packages("trl")


def check_trl_fields(algorithm: str, extra: Mapping[str, Any]) -> None:
    """Check the table `[trl]` of a recipe for an algorithm (sft, grpo or reinforce).

    Raises UserError, one line for each field, where one is unknown or set by the recipe's own keys; in one line where
    TRL lacks the algorithm or is not installed.
    """
    if algorithm not in CONFIGS:
        raise UserError(f'engine "trl": TRL has no {algorithm}; it has {", ".join(CONFIGS)}. Use engine = "moiety"')
    if not trl_installed():
        raise UserError("engine \"trl\" needs the extra: pip install 'moiety[trl]'")
    import trl

    config: Any = getattr(trl, CONFIGS[algorithm])
    known = [field.name for field in fields(config) if field.name not in OF_RUN and field.name not in OF_RECIPE]
    problems = [problem for name in extra if (problem := _problem(name, config.__name__, known)) is not None]
    if problems:
        raise UserError("\n".join(problems))


def _problem(name: str, config: str, known: list[str]) -> str | None:
    if name in known:
        return None
    if name in OF_RECIPE:
        return f"trl.{name}: set by the recipe's {OF_RECIPE[name]}"
    if name in OF_RUN:
        return f"trl.{name}: set by the run; leave it out"
    return f"trl.{name}: {config} has no such field{did_you_mean(name, known)}"
