"""From the recipe of one training to the settings of its stage.

Not a check: `recipe.train` has done that. A study's own conversion is `study.settings`.
"""

from dataclasses import replace
from typing import Any

from moiety.recipe import PPORecipe, RLRecipe, TrainRecipe
from moiety.train.config import (
    GRPOConfig,
    OptimiserConfig,
    PPOConfig,
    Precision,
    PretrainConfig,
    ReinforceConfig,
    RejectionConfig,
    RLConfig,
    SFTConfig,
)


def pretrain_config(recipe: TrainRecipe, precision: Precision) -> PretrainConfig:
    """Return the settings of pretraining."""
    table = recipe.pretrain
    assert table is not None
    return PretrainConfig(
        steps=table.steps,
        batch_rows=table.batch,
        row_tokens=table.length,
        optimiser=OptimiserConfig(
            learning_rate=table.learning_rate,
            warmup_steps=max(1, round(table.warmup_fraction * table.steps)),
            final_fraction=0.05,
            weight_decay=table.weight_decay,
        ),
        prompt_loss=table.prompt_loss,
        precision=precision,
        compile=table.compile,
    )


def sft_config(recipe: TrainRecipe, precision: Precision) -> SFTConfig:
    """Return the settings of supervised fine-tuning."""
    table = recipe.sft
    assert table is not None
    return SFTConfig(
        steps=table.steps,
        epochs=table.epochs,
        batch_rows=table.batch,
        row_tokens=table.length,
        optimiser=OptimiserConfig(
            learning_rate=table.learning_rate, warmup_steps=table.warmup_steps, weight_decay=table.weight_decay
        ),
        precision=precision,
        micro_batch_tokens=recipe.micro_batch_tokens,
        checkpoint_steps=recipe.checkpoints,
    )


def rejection_config(recipe: TrainRecipe, precision: Precision) -> RejectionConfig:
    """Return the settings of rejection sampling: sampled as in RL, trained as in SFT."""
    assert recipe.rejection is not None
    assert recipe.rl is not None
    return RejectionConfig(
        num_samples=recipe.rejection.num_samples,
        max_new_tokens=recipe.rl.max_new_tokens,
        temperature=recipe.rl.temperature,
        sft=sft_config(recipe, precision),
    )


def rl_config(recipe: TrainRecipe, precision: Precision) -> RLConfig:
    """Return the settings of the recipe's algorithm of reinforcement learning."""
    rl = recipe.rl
    assert rl is not None
    shared: dict[str, Any] = {
        **sampled_settings(rl, learning_rate=rl.learning_rate),
        "steps": rl.steps,
        "micro_batch_tokens": recipe.micro_batch_tokens,
        "precision": precision,
        "checkpoint_steps": recipe.checkpoints,
    }
    if recipe.algorithm == "reinforce":
        return ReinforceConfig(**shared)
    if recipe.algorithm == "grpo":
        assert recipe.grpo is not None
        return GRPOConfig(**shared, **recipe.grpo.model_dump())
    assert recipe.ppo is not None
    return PPOConfig(**shared, **ppo_settings(recipe.ppo))


def sampled_settings(rl: RLRecipe, *, learning_rate: float) -> dict[str, Any]:
    """Return what a table says alike of every algorithm of reinforcement learning."""
    return {
        "prompts_per_step": rl.prompts_per_step,
        "group_size": rl.group_size,
        "max_new_tokens": rl.max_new_tokens,
        "temperature": rl.temperature,
        "optimiser": OptimiserConfig(
            learning_rate=learning_rate, warmup_steps=rl.warmup_steps, schedule="constant"
        ),
        "kl_coef": rl.kl_coef,
    }  # fmt: skip


def ppo_settings(ppo: PPORecipe) -> dict[str, Any]:
    """Return what a table says of PPO alone."""
    critic = replace(PPOConfig().critic_optimiser, learning_rate=ppo.critic_learning_rate)
    return {**ppo.model_dump(exclude={"critic_learning_rate"}), "critic_optimiser": critic}
