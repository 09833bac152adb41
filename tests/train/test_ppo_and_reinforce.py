"""What every algorithm of reinforcement learning must do, and what PPO and REINFORCE do beside it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from small_training import PAIRS, equal, small_policy, weights
from transformers import GPT2Config, GPT2LMHeadModel

from moiety.errors import UserError
from moiety.models.policy import TorchPolicy
from moiety.models.sampling import Sample
from moiety.train.config import GRPOConfig, OptimiserConfig, PPOConfig, ReinforceConfig, RLConfig, SFTConfig
from moiety.train.critic import new_critic
from moiety.train.data import Row, encode_rows, padded_batch
from moiety.train.grpo import GRPOLearner
from moiety.train.losses import token_logprobs
from moiety.train.metrics import Budget
from moiety.train.onpolicy import Score, Scores, draw_rollout, rollout_metrics
from moiety.train.optimise import new_optimiser
from moiety.train.reinforce import ReinforceLearner
from moiety.train.rl import train_by_reward
from moiety.train.scoring import learnt_logits, learnt_logits_and_states, learnt_states
from moiety.train.sft import finetune

PROMPTS = [prompt for prompt, _ in PAIRS]
SHARED: dict[str, Any] = {
    "steps": 20, "prompts_per_step": 6, "group_size": 8, "max_new_tokens": 12,
    "optimiser": OptimiserConfig(learning_rate=1e-3, warmup_steps=2, schedule="constant"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Algorithm:
    """How it trains, with settings for the small policy."""

    train: Callable[..., Budget]
    config: RLConfig


ALGORITHMS = {
    "grpo": Algorithm(train_by_reward, GRPOConfig(**SHARED)),
    "reinforce": Algorithm(train_by_reward, ReinforceConfig(**SHARED)),
    "ppo": Algorithm(train_by_reward, PPOConfig(**SHARED)),
    "ppo-shared": Algorithm(train_by_reward, PPOConfig(**SHARED, shared_trunk=True)),
}
EVERY = pytest.mark.parametrize("algorithm", ALGORITHMS.values(), ids=ALGORITHMS)
NEW = pytest.mark.parametrize("algorithm", [ALGORITHMS["reinforce"], ALGORITHMS["ppo"]], ids=["reinforce", "ppo"])


def repeated(indices: Sequence[int], texts: Sequence[str]) -> Scores:
    """Reward the completion that repeats its prompt's word."""
    passed = [text == PAIRS[i][1] for i, text in zip(indices, texts, strict=True)]
    return Scores([float(one) for one in passed], {"verdict/pass": sum(passed)})


def share_of_a(_: Sequence[int], texts: Sequence[str]) -> Scores:
    """Reward the share of letters that are an a: every group has a signal."""
    return Scores([text.count("a") / max(1, len(text)) for text in texts])


def started_policy() -> TorchPolicy:
    """Return a policy that passes about one in five."""
    policy = small_policy()
    optimiser = OptimiserConfig(learning_rate=5e-3, warmup_steps=3)
    sft = SFTConfig(steps=36, batch_rows=4, row_tokens=64, optimiser=optimiser)
    finetune(policy.model, encode_rows(policy.tokenizer, PAIRS), sft, seed=0)
    return policy


def train(
    algorithm: Algorithm, policy: TorchPolicy, *, score: Score = share_of_a, seed: int = 0, **changes: Any
) -> tuple[list[dict[str, float]], Budget]:
    metrics: list[dict[str, float]] = []
    config = replace(algorithm.config, **changes)
    budget = algorithm.train(policy, PROMPTS, score, config, seed=seed, on_step=lambda step, _: metrics.append(step))
    return metrics, budget


@EVERY
def test_it_raises_the_train_reward(algorithm: Algorithm) -> None:
    metrics, _ = train(algorithm, started_policy(), score=repeated)
    rewards = [step["reward/mean"] for step in metrics]
    assert sum(rewards[-5:]) / 5 > sum(rewards[:5]) / 5 + 0.08


@EVERY
def test_it_repeats_bit_for_bit(algorithm: Algorithm) -> None:
    results = []
    for seed in (0, 0, 1):
        policy = small_policy()
        metrics, _ = train(algorithm, policy, seed=seed, steps=3)
        results.append((metrics, weights(policy)))
    assert results[0][0] == results[1][0]
    assert equal(results[0][1], results[1][1])
    assert not equal(results[0][1], results[2][1])


class CutPolicy(TorchPolicy):
    """Cuts every other sample to its first token."""

    def rollout(self, *args: Any, **options: Any) -> tuple[list[list[int]], list[list[Sample]]]:
        tokens, groups = super().rollout(*args, **options)
        return tokens, [
            [one if g % 2 else Sample(one.tokens[:1], one.logprobs[:1], truncated=True) for g, one in enumerate(group)]
            for group in groups
        ]


@EVERY
def test_faults_of_the_machine_are_masked(algorithm: Algorithm) -> None:
    """What was not judged leaves no trace in the weights, whatever was sampled there."""

    def every_other(indices: Sequence[int], texts: Sequence[str]) -> Scores:
        rewards = share_of_a(indices, texts).rewards
        return Scores([reward if j % 2 else None for j, reward in enumerate(rewards)])

    plain = small_policy()
    cut = CutPolicy(small_policy().model, plain.tokenizer)
    before = weights(plain)
    for policy in (plain, cut):
        train(algorithm, policy, score=every_other, steps=1)
    assert not equal(before, weights(plain))
    assert equal(weights(plain), weights(cut))


@EVERY
def test_with_nothing_judged_nothing_is_learnt(algorithm: Algorithm) -> None:
    policy = small_policy()
    before = weights(policy)
    _, budget = train(algorithm, policy, score=lambda i, _: Scores([None] * len(i)), steps=2)
    assert (budget.tokens_trained, budget.gradient_steps) == (0, 0)
    assert equal(before, weights(policy))


@EVERY
def test_without_signal_the_policy_stays(algorithm: Algorithm) -> None:
    policy = small_policy()
    before = weights(policy)
    metrics, _ = train(algorithm, policy, score=lambda i, _: Scores([1.0] * len(i)), steps=2)
    assert metrics[-1]["reward/signal_fraction"] == 0
    assert equal(before, weights(policy))


@EVERY
def test_every_algorithm_logs_the_same_keys(algorithm: Algorithm) -> None:
    metrics, budget = train(algorithm, small_policy(), steps=2)
    expected, _ = train(ALGORITHMS["grpo"], small_policy(), steps=2)
    assert set(metrics[0]) >= set(expected[0])
    assert metrics[0]["policy/kl"] == pytest.approx(0.0, abs=1e-5)
    assert metrics[-1]["flops"] == budget.flops
    assert metrics[-1]["tokens/trained"] == budget.tokens_trained


@NEW
def test_a_kl_penalty_holds_the_policy_back(algorithm: Algorithm) -> None:
    free, held = (train(algorithm, small_policy(), steps=8, kl_coef=coef)[0] for coef in (0.0, 2.0))
    assert held[-1]["policy/kl"] < free[-1]["policy/kl"] / 2


@NEW
def test_an_entropy_bonus_keeps_entropy(algorithm: Algorithm) -> None:
    free, held = (train(algorithm, started_policy(), steps=8, entropy_coef=coef)[0] for coef in (0.0, 1.0))
    assert held[-1]["policy/entropy"] > free[-1]["policy/entropy"]


@EVERY
def test_micro_batches_leave_the_gradient(algorithm: Algorithm) -> None:
    changes: dict[str, Any] = {"epochs": 1, "minibatches": 1} if isinstance(algorithm.config, PPOConfig) else {}
    first, second = (
        train(algorithm, small_policy(), steps=1, micro_batch_tokens=tokens, **changes)[0][0] for tokens in (64, 4096)
    )
    assert first["gradient_norm"] == pytest.approx(second["gradient_norm"], rel=1e-4)
    assert first["loss"] == pytest.approx(second["loss"], rel=1e-4, abs=1e-6)


@EVERY
def test_a_loss_that_is_not_finite_stops_with_the_step_named(algorithm: Algorithm) -> None:
    calls: list[int] = []

    def late(indices: Sequence[int], texts: Sequence[str]) -> Scores:
        calls.append(1)
        return Scores([float("nan") if len(calls) == 2 else reward for reward in share_of_a(indices, texts).rewards])

    with pytest.raises(UserError, match=r"the loss is nan .* at step 2"):
        train(algorithm, small_policy(), score=late, steps=3)


@pytest.mark.parametrize(
    ("learner_of", "config", "other_term"),
    [
        (GRPOLearner, GRPOConfig(**SHARED), "kl_coef"),
        (GRPOLearner, GRPOConfig(**SHARED, normalisation="sequence"), "entropy_coef"),
        (ReinforceLearner, ReinforceConfig(**SHARED), "entropy_coef"),
    ],
    ids=["grpo-kl", "grpo-entropy", "reinforce-entropy"],
)
def test_flat_groups_are_dropped_unless_another_term_has_a_gradient_there(
    learner_of: Callable[..., Any], config: Any, other_term: str
) -> None:
    """A vanishing weight of the other term keeps every group in the backward pass; the gradient must be the same."""

    def only_alpha(indices: Sequence[int], texts: Sequence[str]) -> Scores:
        rewards = share_of_a(indices, texts).rewards
        return Scores([reward if i == 0 else 1.0 for i, reward in zip(indices, rewards, strict=True)])

    gradients, tokens = [], []
    for weight in (0.0, 1e-30):
        policy = small_policy()
        rollout = draw_rollout(policy, PROMPTS, range(6), only_alpha, config, seed=0)
        settings = replace(config, optimiser=OptimiserConfig(clip_norm=0), **{other_term: weight})
        optimiser = new_optimiser(policy.model, settings.optimiser)
        budget = Budget(1)
        learner = learner_of(policy.model, small_policy().model, settings, optimiser)
        learner.learn(rollout, step=1, budget=budget)
        # After one step the first moment is a fixed share of the gradient.
        gradients.append(torch.cat([optimiser.state[p]["exp_avg"].flatten() for p in policy.model.parameters()]))
        tokens.append(budget.tokens_trained)
        assert rollout_metrics(rollout)["reward/signal_fraction"] == pytest.approx(1 / 6)
    dropped, whole = gradients
    assert tokens[0] < tokens[1] / 3
    assert float(dropped.norm()) > 0
    assert float((dropped - whole).norm()) < 1e-5 * float(whole.norm())


def test_a_step_of_ppo_is_epochs_times_minibatches_updates() -> None:
    metrics, budget = train(ALGORITHMS["ppo"], small_policy(), steps=2, epochs=3, minibatches=2)
    assert budget.gradient_steps == 2 * 3 * 2 == metrics[-1]["gradient_steps"]
    assert budget.tokens_trained == 3 * budget.tokens_valued
    assert budget.prompts == 12


def test_the_critic_is_counted() -> None:
    own, shared = (train(ALGORITHMS[name], small_policy(), steps=1)[1] for name in ("ppo", "ppo-shared"))
    assert own.critic_parameters == own.num_parameters + 65  # the small policy is 64 wide
    assert own.flops == 2 * own.num_parameters * (3 * own.tokens_trained + own.tokens_sampled) + (
        2 * own.critic_parameters * (3 * own.tokens_trained + own.tokens_valued)
    )
    assert shared.critic_parameters == 65
    assert shared.tokens_referenced == shared.tokens_valued == own.tokens_valued


def test_the_samplers_logprobs_are_those_of_training() -> None:
    """So that the ratio is 1 before the first update, and nothing is clipped there."""
    policy = small_policy()
    metrics, _ = train(ALGORITHMS["ppo"], policy, steps=1, epochs=1, minibatches=1, clip=1e-3)
    assert metrics[0]["policy/clip_fraction"] == 0
    tokens, groups = policy.rollout(PROMPTS[:1], num_samples=3, temperature=1.0, max_new_tokens=8, seed=0)
    rows = [Row(tuple(tokens[0]), tuple(one.tokens)) for one in groups[0]]
    again = token_logprobs(*learnt_logits(policy.model, padded_batch(rows)))
    assert again.tolist() == pytest.approx([value for one in groups[0] for value in one.logprobs], abs=1e-4)


def test_the_critic_learns_what_is_to_come() -> None:
    metrics, _ = train(ALGORITHMS["ppo"], started_policy(), score=repeated, steps=15)
    assert metrics[0]["critic/value_mean"] == 0
    assert metrics[-1]["critic/explained_variance"] > 0.1
    assert abs(metrics[-1]["critic/value_mean"] - metrics[-1]["reward/mean"]) < 0.25


def test_a_new_critic_draws_no_random_number() -> None:
    state = torch.random.get_rng_state()
    new_critic(small_policy().model, shared_trunk=False)
    assert torch.equal(state, torch.random.get_rng_state())


def test_a_trunk_of_its_own_leaves_the_policy_be() -> None:
    """The critic's gradient reaches the policy only through a shared trunk."""
    for shared, moved in ((False, False), (True, True)):
        policy = small_policy()
        critic = new_critic(policy.model, shared_trunk=shared)
        torch.nn.init.ones_(critic.head.weight)
        batch = padded_batch([Row((5, 6), (7, 8, 0))])
        critic.values(batch).sum().backward()  # type: ignore[no-untyped-call]
        assert any(p.grad is not None for p in policy.model.parameters()) is moved


def test_states_give_the_logits() -> None:
    policy = small_policy()
    batch = padded_batch([Row((5, 6), (7, 8, 0)), Row((9,), (4, 0))])
    logits, targets, states = learnt_logits_and_states(policy.model, batch)
    assert targets.tolist() == [7, 8, 0, 4, 0]
    assert torch.equal(states, learnt_states(policy.model, batch))
    assert torch.equal(logits, learnt_logits(policy.model, batch)[0])
    assert torch.equal(logits, states @ policy.model.lm_head.weight.T)


def test_a_shape_that_only_the_library_knows_has_states_too() -> None:
    model: Any = GPT2LMHeadModel(GPT2Config(vocab_size=32, n_embd=16, n_layer=2, n_head=2, n_positions=16))
    model.eval()
    batch = padded_batch([Row((5, 6), (7, 8, 0)), Row((9,), (4, 0))])
    logits, targets, states = learnt_logits_and_states(model, batch)
    assert targets.tolist() == [7, 8, 0, 4, 0]
    assert torch.equal(states, learnt_states(model, batch))
    assert torch.equal(logits, learnt_logits(model, batch)[0])
    torch.testing.assert_close(logits, model.lm_head(states))
    assert new_critic(model, shared_trunk=False).values(batch).tolist() == [0.0] * 5


def test_settings_that_make_no_sense_are_named() -> None:
    with pytest.raises(UserError, match="group_size: expected at least 2, got 1"):
        ReinforceConfig(group_size=1)
    with pytest.raises(UserError, match="minibatches: expected 1 to 8, the rollouts, got 9"):
        PPOConfig(prompts_per_step=2, group_size=4, minibatches=9)
    with pytest.raises(UserError, match="gae_trace: expected a share in"):
        PPOConfig(gae_trace=1.5)
    with pytest.raises(UserError, match="no prompts"):
        train_by_reward(small_policy(), [], repeated, PPOConfig(), seed=0)
