"""Rewards that are all equal: said once, with what to do, recorded in the metrics, and no update in either engine."""

import importlib.util
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_training import PAIRS, equal, small_policy, weights

from moiety.train.config import GRPOConfig, OptimiserConfig, PPOConfig, ReinforceConfig, RLConfig
from moiety.train.metrics import Budget, Metrics, SignalWatch
from moiety.train.onpolicy import Scores, reward_metrics
from moiety.train.rl import train_by_reward

PROMPTS = [prompt for prompt, _ in PAIRS]
SHARED: dict[str, Any] = {
    "steps": 3, "prompts_per_step": 2, "group_size": 4, "max_new_tokens": 8,
    "optimiser": OptimiserConfig(learning_rate=1e-2, warmup_steps=0, schedule="constant"),
}  # fmt: skip
NEEDS_TRL = pytest.mark.skipif(importlib.util.find_spec("trl") is None, reason="needs the extra [trl]")


def metrics(mean: float, *, judged: int = 8, silent: bool = True, step: int = 1) -> Metrics:
    return {"step": step, "reward/mean": mean, "reward/judged": judged, "reward/without_signal": float(silent)}


@pytest.mark.parametrize(
    ("reward", "told", "said"),
    [
        (
            "binary", metrics(0.0),
            'the policy solves nothing yet: SFT first, easier tasks, more samples of a task, or reward = "per_test"',
        ),
        ("per_test", metrics(0.0), "solves nothing yet: SFT first, easier tasks, more samples of a task"),
        ("staged", metrics(1.0), "mean 1.00: the policy solves all of them already: harder tasks"),
        ("binary", metrics(0.5), 'have one reward: more samples, tasks solved at times, or reward = "per_test"'),
        ("binary", metrics(0.0, judged=0), "no completion could be judged, so there is no reward: run `moiety doctor`"),
        (
            "binary", {"step": 0, "reward/mean": 0.0, "rejection/accepted": 0},
            "warning: no sample was accepted, the policy stays as it is: SFT first",
        ),
    ],
)  # fmt: skip
def test_what_is_said(reward: str, told: Metrics, said: str) -> None:
    line = SignalWatch(reward).look(told)
    assert line is not None
    assert said in line
    assert line.startswith("warning: ")
    assert "\n" not in line
    assert ("per_test" in line) == ("per_test" in said)


def test_it_is_said_at_the_first_step_without_a_signal_and_only_once() -> None:
    watch = SignalWatch("binary")
    steps = [metrics(0.5, silent=False, step=1), metrics(0.0, step=2), metrics(0.0, step=3), metrics(1.0, step=4)]
    lines = [watch.look(told) for told in steps]
    assert [line is not None for line in lines] == [False, True, False, False]
    assert "the rewards of step 2, mean 0.00" in str(lines[1])
    resumed = SignalWatch("binary")
    assert [resumed.look(told, told_before=True) for told in steps[:3]] == [None] * 3
    assert resumed.look(steps[3]) is None
    assert SignalWatch("").look({"step": 1, "loss": 2.0}) is None


def constant(reward: float | None) -> Any:
    return lambda indices, _: Scores([reward] * len(indices))


def by_prompt(indices: Sequence[int], texts: Sequence[str]) -> Scores:
    """Reward by the task alone: groups are flat, and differ from one another."""
    assert len(texts) == len(indices)
    return Scores([float(index % 2) for index in indices])


def share_of_a(indices: Sequence[int], texts: Sequence[str]) -> Scores:
    return Scores([text.count("a") / max(1, len(text)) for _, text in zip(indices, texts, strict=True)])


def train(config: RLConfig, score: Any) -> tuple[list[Metrics], Budget, bool]:
    """Train by our own loop and return the metrics, the budget and whether the weights stayed."""
    policy, told = small_policy(), list[Metrics]()
    before = weights(policy)
    budget = train_by_reward(policy, PROMPTS, score, config, seed=0, on_step=lambda one, _: told.append(one))
    return told, budget, equal(before, weights(policy))


@pytest.mark.parametrize("config", [GRPOConfig(**SHARED), ReinforceConfig(**SHARED), PPOConfig(**SHARED)])
@pytest.mark.parametrize("reward", [0.0, 1.0, 0.3, None])
def test_equal_rewards_are_recorded_and_no_update(config: RLConfig, reward: float | None) -> None:
    told, budget, stayed = train(config, constant(reward))
    assert [one["reward/without_signal"] for one in told] == [1, 1, 1]
    assert [one["reward/judged"] for one in told] == [0 if reward is None else 8] * 3
    assert (budget.gradient_steps, budget.tokens_trained, stayed) == (0, 0, True)


@pytest.mark.parametrize(
    ("config", "silent"), [(GRPOConfig(**SHARED), 1), (ReinforceConfig(**SHARED), 1), (PPOConfig(**SHARED), 0)]
)
def test_a_critic_learns_from_groups_that_differ(config: RLConfig, silent: int) -> None:
    told, _, stayed = train(replace(config, prompts_per_step=6), by_prompt)
    assert [one["reward/without_signal"] for one in told] == [silent] * 3
    assert stayed == bool(silent)


def test_a_signal_in_one_group_is_one() -> None:
    torch = pytest.importorskip("torch")
    rewards, valid = torch.tensor([[0.0, 0.0], [0.0, 1.0]]), torch.ones(2, 2, dtype=torch.bool)
    assert reward_metrics(rewards, valid) == {
        "reward/mean": 0.25, "reward/judged": 4, "reward/signal_fraction": 0.5, "reward/without_signal": 0.0,
    }  # fmt: skip
    valid[1, 1] = False
    assert reward_metrics(rewards, valid)["reward/without_signal"] == 1


def train_with_trl(config: RLConfig, score: Any, folder: Path) -> tuple[list[Metrics], Budget, bool]:
    from moiety.train.trl_engine import train_with_trl as through_trl

    policy, told = small_policy(), list[Metrics]()
    before = weights(policy)
    budget = through_trl(
        policy, PROMPTS, score, config, seed=0, folder=folder, on_step=lambda one, _: told.append(one)
    )  # fmt: skip
    return told, budget, equal(before, weights(policy))


@NEEDS_TRL
@pytest.mark.parametrize("config", [GRPOConfig(**SHARED), ReinforceConfig(**SHARED)])
@pytest.mark.parametrize("reward", [0.0, 1.0, None])
def test_both_engines_count_a_step_without_a_signal_alike(
    config: RLConfig, reward: float | None, tmp_path: Path
) -> None:
    ours, own, _ = train(config, constant(reward))
    theirs, other, stayed = train_with_trl(config, constant(reward), tmp_path)
    assert (other.gradient_steps, other.tokens_trained, other.prompts) == (0, 0, own.prompts)
    assert stayed
    for key in ("loss", "learning_rate", "gradient_norm", "tokens/trained", "reward/without_signal", "reward/mean"):
        assert [one[key] for one in theirs] == pytest.approx([one[key] for one in ours]), key


@NEEDS_TRL
def test_momentum_does_not_move_the_weights_in_a_step_without_a_signal(tmp_path: Path) -> None:
    """Both engines learn in the first step alone, and end with the weights that it left."""
    states = []

    def first_step_only(indices: Sequence[int], texts: Sequence[str]) -> Scores:
        states.append(len(texts))
        return share_of_a(indices, texts) if len(states) == 1 else Scores([0.0] * len(texts))

    config = GRPOConfig(**SHARED)
    for engine in ("moiety", "trl"):
        ends = []
        for steps in (1, 3):
            states.clear()
            policy = small_policy()
            setting = replace(config, steps=steps)
            if engine == "moiety":
                budget = train_by_reward(policy, PROMPTS, first_step_only, setting, seed=0)
            else:
                from moiety.train.trl_engine import train_with_trl as through_trl

                budget = through_trl(policy, PROMPTS, first_step_only, setting, seed=0, folder=tmp_path / str(steps))
            assert budget.gradient_steps == 1
            ends.append(weights(policy))
        assert equal(*ends), engine


@NEEDS_TRL
@pytest.mark.parametrize(
    "config",
    [
        GRPOConfig(**SHARED, kl_coef=0.1),
        ReinforceConfig(**SHARED, kl_coef=0.1),
        GRPOConfig(**SHARED, entropy_coef=0.1),
    ],
)
def test_with_another_term_both_engines_take_the_step(config: RLConfig, tmp_path: Path) -> None:
    _, own, _ = train(config, constant(0.0))
    _, other, _ = train_with_trl(config, constant(0.0), tmp_path)
    assert (own.gradient_steps, other.gradient_steps) == (3, 3)
    assert own.tokens_trained > 0
    assert other.tokens_trained > 0


@NEEDS_TRL
@pytest.mark.parametrize("through", ["moiety", "trl"])
def test_tokens_of_rollouts_without_an_advantage_are_not_counted(through: str, tmp_path: Path) -> None:
    """The rollouts of the first step are the same whatever the rewards, so the counts of both groups add up."""
    counts = {}
    for name, groups in (("both", (0, 1)), ("first", (0,)), ("second", (1,))):

        def score(indices: Sequence[int], texts: Sequence[str], groups: tuple[int, ...] = groups) -> Scores:
            assert len(indices) == 8
            return Scores([float(i % 2) if i // 4 in groups else 0.0 for i in range(len(texts))])

        config = GRPOConfig(**{**SHARED, "steps": 1})
        told = train(config, score) if through == "moiety" else train_with_trl(config, score, tmp_path / name)
        counts[name] = told[1].tokens_trained
    assert counts["first"] > 0
    assert counts["second"] > 0
    assert counts["first"] + counts["second"] == counts["both"]
