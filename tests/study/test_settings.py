"""From a recipe to the settings of each algorithm."""

from pathlib import Path

import pytest

from moiety.errors import UserError
from moiety.recipe import ArmRecipe, Recipe, load_recipe
from moiety.study.result import rl_note
from moiety.study.settings import grpo_config, learning_rate_of, ppo_config, reinforce_config, sft_config, steps_of
from moiety.train.config import PPOConfig

RECIPE = Path(__file__).parent / "tiny.toml"


def arm_of(recipe: Recipe, name: str) -> ArmRecipe:
    return next(arm for arm in recipe.arms if arm.name == name)


def test_rl_arms_share_their_settings_and_sft_has_its_own() -> None:
    recipe = load_recipe(RECIPE, ["rl.kl_coef=0.5", "rl.learning_rate=2e-4", "sft.learning_rate=3e-3", "rl.steps=7"])
    ppo, reinforce, sft = (arm_of(recipe, name) for name in ("ppo", "sft_reinforce", "sft"))
    assert [steps_of(recipe, arm) for arm in (ppo, reinforce, sft)] == [7, 7, 3]
    assert [learning_rate_of(recipe, arm) for arm in (ppo, reinforce, sft)] == [2e-4, 2e-4, 3e-3]
    assert learning_rate_of(recipe, arm_of(recipe, "base")) is None
    assert sft_config(recipe, sft, steps=3).optimiser.learning_rate == 3e-3
    for config in (
        grpo_config(recipe, arm_of(recipe, "rl"), steps=7),
        reinforce_config(recipe, reinforce, steps=7),
        ppo_config(recipe, ppo, steps=7),
    ):
        assert (config.steps, config.group_size, config.kl_coef, config.max_new_tokens) == (7, 2, 0.5, 24)
        assert config.optimiser.learning_rate == 2e-4


def test_a_recipe_says_of_ppo_what_the_trainer_would() -> None:
    recipe = load_recipe(RECIPE)
    config, default = ppo_config(recipe, arm_of(recipe, "ppo"), steps=2), PPOConfig()
    for field in recipe.ppo.model_dump(exclude={"critic_learning_rate"}):
        assert getattr(config, field) == getattr(default, field), field
    assert config.critic_optimiser == default.critic_optimiser
    other = load_recipe(RECIPE, ["ppo.epochs=3", "ppo.shared_trunk=true", "ppo.critic_learning_rate=5e-4"])
    config = ppo_config(other, arm_of(other, "ppo"), steps=2)
    assert (config.epochs, config.shared_trunk, config.critic_optimiser.learning_rate) == (3, True, 5e-4)


def test_too_many_minibatches_are_refused() -> None:
    expected = r"ppo\.minibatches: need at most rl\.prompts_per_step x rl\.group_size = 8, got 9"
    with pytest.raises(UserError, match=expected):
        load_recipe(RECIPE, ["ppo.minibatches=9"])


def test_the_note_names_the_algorithms() -> None:
    assert rl_note(load_recipe(RECIPE)) == "RL here is GRPO and PPO and REINFORCE. The paper's algorithm is PPO."
    alone = load_recipe(RECIPE, [f"arm.{name}.algorithm=grpo" for name in ("ppo", "sft_reinforce")])
    assert rl_note(alone) == "RL here is GRPO. The paper's algorithm is PPO; it is not among these arms."
