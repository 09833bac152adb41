"""GRPO raises a reward, repeats bit for bit, and drops only what has no gradient."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from small_training import equal, small_policy, weights

from moiety.errors import UserError
from moiety.models.policy import TorchPolicy
from moiety.train.config import GRPOConfig, OptimiserConfig, SFTConfig
from moiety.train.data import encode_rows
from moiety.train.onpolicy import Scores
from moiety.train.rl import train_by_reward
from moiety.train.sft import finetune

CONFIG = GRPOConfig(
    steps=12, prompts_per_step=4, group_size=8, max_new_tokens=10,
    optimiser=OptimiserConfig(learning_rate=3e-3, warmup_steps=2, schedule="constant"),
)  # fmt: skip
PROMPTS = ["say alpha\n", "say beta\n", "say gamma\n", "say delta\n", "say omega\n"]


def share_of_a(indices: Sequence[int], texts: Sequence[str]) -> Scores:
    """Reward the share of letters that are an a."""
    assert len(indices) == len(texts)
    return Scores(rewards=[text.count("a") / max(1, len(text)) for text in texts], counts={"verdict/pass": len(texts)})


def train(policy: TorchPolicy, config: GRPOConfig, *, seed: int = 0, score: Any = share_of_a) -> list[dict[str, float]]:
    metrics: list[dict[str, float]] = []
    train_by_reward(policy, PROMPTS, score, config, seed=seed, on_step=lambda step, _: metrics.append(step))
    return metrics


def test_a_reward_rises_and_the_books_balance() -> None:
    policy = small_policy()
    finetune(
        policy.model, encode_rows(policy.tokenizer, [(p, p[4:]) for p in PROMPTS]),
        SFTConfig(steps=10, batch_rows=2, row_tokens=64), seed=0,
    )  # fmt: skip
    seen: list[int] = []
    metrics: list[dict[str, float]] = []
    config = replace(CONFIG, steps=35, checkpoint_steps=(0, 10, 35), kl_every=10)
    budget = train_by_reward(
        policy, PROMPTS, share_of_a, config, seed=0,
        on_step=lambda step, _: metrics.append(step), on_checkpoint=lambda step, _: seen.append(step),
    )  # fmt: skip
    assert metrics[-1]["reward/mean"] > metrics[0]["reward/mean"] + 0.15
    assert seen == [0, 10, 35]
    assert [step["step"] for step in metrics if "policy/kl" in step] == [1, 10, 20, 30, 35]
    assert metrics[0]["policy/kl"] == pytest.approx(0.0, abs=1e-5)
    assert metrics[-1]["policy/kl"] > 0.01
    assert budget.flops == 2 * budget.num_parameters * (3 * budget.tokens_trained + budget.tokens_sampled)
    assert metrics[-1]["tokens/sampled"] == budget.tokens_sampled
    assert metrics[0]["verdict/pass"] == 32
    assert 0 < metrics[0]["policy/entropy"] < 6


def test_it_repeats_bit_for_bit() -> None:
    results = []
    for seed in (0, 0, 1):
        policy = small_policy()
        metrics = train(policy, replace(CONFIG, steps=3), seed=seed)
        results.append((metrics, weights(policy)))
    assert results[0][0] == results[1][0]
    assert equal(results[0][1], results[1][1])
    assert results[0][0] != results[2][0]


@pytest.mark.parametrize("normalisation", ["token", "sequence"])
def test_dropping_flat_groups_leaves_the_gradient(normalisation: Any) -> None:
    """A vanishing KL weight keeps every group in the backward pass; the first step must be the same."""

    def only_alpha(indices: Sequence[int], texts: Sequence[str]) -> Scores:
        return Scores(
            rewards=[text.count("a") / len(text) if i == 0 else 1.0 for i, text in zip(indices, texts, strict=True)]
        )

    results = []
    for kl_coef in (0.0, 1e-30):
        policy = small_policy()
        optimiser = OptimiserConfig(learning_rate=1e-3, clip_norm=0)
        config = replace(CONFIG, steps=1, prompts_per_step=5, optimiser=optimiser, normalisation=normalisation)
        metrics = train(policy, replace(config, kl_coef=kl_coef), score=only_alpha)
        results.append((metrics[0], weights(policy)))
    dropped, whole = results
    assert dropped[0]["reward/signal_fraction"] == pytest.approx(0.2)
    assert dropped[0]["tokens/trained"] < whole[0]["tokens/trained"] / 3
    assert dropped[0]["gradient_norm"] == pytest.approx(whole[0]["gradient_norm"], rel=1e-4)
    assert dropped[0]["loss"] == pytest.approx(whole[0]["loss"], abs=1e-6)


def test_micro_batches_leave_the_gradient() -> None:
    norms = []
    for budget in (64, 4096):
        metrics = train(small_policy(), replace(CONFIG, steps=1, micro_batch_tokens=budget))
        norms.append((metrics[0]["gradient_norm"], metrics[0]["loss"]))
    assert norms[0] == pytest.approx(norms[1], rel=1e-4, abs=1e-6)


def test_faults_of_the_machine_are_masked() -> None:
    def half(indices: Sequence[int], texts: Sequence[str]) -> Scores:
        rewards = share_of_a(indices, texts).rewards
        return Scores(rewards=[None if i % 2 else reward for i, reward in enumerate(rewards)])

    metrics = train(small_policy(), replace(CONFIG, steps=2), score=half)
    assert 0 <= metrics[0]["reward/mean"] <= 1
    nothing = train(small_policy(), replace(CONFIG, steps=2), score=lambda i, _: Scores(rewards=[None] * len(i)))
    assert nothing[-1]["tokens/trained"] == 0


def test_without_signal_the_policy_stays() -> None:
    policy = small_policy()
    before = weights(policy)
    metrics = train(policy, replace(CONFIG, steps=2), score=lambda i, _: Scores(rewards=[1.0] * len(i)))
    assert metrics[-1]["reward/signal_fraction"] == 0
    assert equal(before, weights(policy))


def test_a_kl_penalty_holds_the_policy_back() -> None:
    free, held = (train(small_policy(), replace(CONFIG, kl_coef=kl_coef)) for kl_coef in (0.0, 5.0))
    assert held[-1]["policy/kl"] < free[-1]["policy/kl"] / 2


def test_an_entropy_bonus_keeps_entropy() -> None:
    config = replace(CONFIG, steps=15)
    free, held = (train(small_policy(), replace(config, entropy_coef=coef)) for coef in (0.0, 0.3))
    assert held[-1]["policy/entropy"] > free[-1]["policy/entropy"]


def test_a_loss_that_is_not_finite_stops_with_the_step_named() -> None:
    def late(indices: Sequence[int], texts: Sequence[str]) -> Scores:
        rewards = share_of_a(indices, texts).rewards
        calls.append(1)
        return Scores(rewards=[float("nan") if len(calls) == 3 else reward for reward in rewards])

    calls: list[int] = []
    with pytest.raises(UserError, match=r"grpo: the loss is nan .* at step 3"):
        train(small_policy(), replace(CONFIG, steps=5), score=late)


def test_no_prompts_is_an_error() -> None:
    with pytest.raises(UserError, match="no prompts"):
        train_by_reward(small_policy(), [], share_of_a, CONFIG, seed=0)
