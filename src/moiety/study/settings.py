"""From a recipe and an arm to the settings of the stage that trains it.

Not a check: `recipe` has done that. What a recipe does not say has the default of `train.config`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from moiety.recipe import ArmRecipe, Recipe
from moiety.recipe.models import RL_ALGORITHMS
from moiety.train.config import GRPOConfig, PPOConfig, ReinforceConfig, RejectionConfig, SFTConfig
from moiety.train.settings import ppo_settings, sampled_settings


def steps_of(recipe: Recipe, arm: ArmRecipe) -> int:
    """Return the steps of an arm that is not matched to another."""
    if arm.algorithm == "base":
        return 0
    return arm.steps or (recipe.rl.steps if arm.algorithm in RL_ALGORITHMS else recipe.sft.steps)


def learning_rate_of(recipe: Recipe, arm: ArmRecipe) -> float | None:
    """Return the peak learning rate of an arm; None where nothing is trained."""
    if arm.algorithm == "base":
        return None
    stage = recipe.rl if arm.algorithm in RL_ALGORITHMS else recipe.sft
    return arm.learning_rate or stage.learning_rate


def sft_config(recipe: Recipe, arm: ArmRecipe, *, steps: int) -> SFTConfig:
    """Return the settings of supervised fine-tuning."""
    rate = arm.learning_rate or recipe.sft.learning_rate
    return SFTConfig(
        steps=steps,
        batch_rows=recipe.sft.batch,
        row_tokens=recipe.sft.length,
        optimiser=replace(SFTConfig().optimiser, learning_rate=rate),
        precision=recipe.sft.precision,
        checkpoint_steps=_checkpoints(arm, steps),
    )


def rejection_config(recipe: Recipe, arm: ArmRecipe, *, steps: int) -> RejectionConfig:
    """Return the settings of rejection sampling: sampled as in RL, trained as in SFT."""
    return RejectionConfig(
        num_samples=recipe.rejection.num_samples,
        max_new_tokens=recipe.rl.max_new_tokens,
        temperature=recipe.rl.temperature,
        sft=sft_config(recipe, arm, steps=steps),
    )


def grpo_config(recipe: Recipe, arm: ArmRecipe, *, steps: int) -> GRPOConfig:
    """Return the settings of GRPO."""
    return GRPOConfig(**_rl_settings(recipe, arm, steps))


def reinforce_config(recipe: Recipe, arm: ArmRecipe, *, steps: int) -> ReinforceConfig:
    """Return the settings of REINFORCE."""
    return ReinforceConfig(**_rl_settings(recipe, arm, steps))


def ppo_config(recipe: Recipe, arm: ArmRecipe, *, steps: int) -> PPOConfig:
    """Return the settings of PPO."""
    return PPOConfig(**_rl_settings(recipe, arm, steps), **ppo_settings(recipe.ppo))


def _rl_settings(recipe: Recipe, arm: ArmRecipe, steps: int) -> dict[str, Any]:
    """Return what the algorithms of reinforcement learning have in common."""
    sampled = sampled_settings(recipe.rl, learning_rate=arm.learning_rate or recipe.rl.learning_rate)
    return {**sampled, "steps": steps, "checkpoint_steps": _checkpoints(arm, steps)}


def _checkpoints(arm: ArmRecipe, steps: int) -> tuple[int, ...]:
    return tuple(step for step in arm.checkpoints if 0 < step < steps)
