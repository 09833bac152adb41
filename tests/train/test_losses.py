"""The losses against numbers worked out by hand."""

import math

import pytest
import torch

from moiety.train.losses import (
    clipped_surrogate,
    completion_cross_entropy,
    entropy,
    group_advantages,
    kl_k1,
    kl_k3,
    rollout_weights,
    token_logprobs,
)

LOGITS = torch.tensor([[0.0, math.log(3)], [math.log(4), 0.0]])  # probabilities (1/4, 3/4) and (4/5, 1/5)


def test_cross_entropy_is_the_mean_negative_log_likelihood() -> None:
    loss = completion_cross_entropy(LOGITS, torch.tensor([1, 1]))
    assert loss.item() == pytest.approx(-(math.log(3 / 4) + math.log(1 / 5)) / 2)


def test_token_logprobs_at_two_temperatures() -> None:
    targets = torch.tensor([0, 0])
    assert token_logprobs(LOGITS, targets).tolist() == pytest.approx([math.log(1 / 4), math.log(4 / 5)])
    # temperature 1/2 squares the odds: 1 to 9 and 16 to 1
    warm = token_logprobs(LOGITS, targets, temperature=0.5).tolist()
    assert warm == pytest.approx([math.log(1 / 10), math.log(16 / 17)])


def test_entropy() -> None:
    expected = [-(p * math.log(p) + (1 - p) * math.log(1 - p)) for p in (1 / 4, 4 / 5)]
    assert entropy(LOGITS).tolist() == pytest.approx(expected)
    assert entropy(torch.zeros(1, 8)).item() == pytest.approx(math.log(8))


def test_z_scored_advantages() -> None:
    rewards = torch.tensor([[1.0, 0.0, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0]])
    advantages = group_advantages(rewards, torch.ones(2, 4, dtype=torch.bool), epsilon=0.0 + 1e-12)
    unit = 0.5 / math.sqrt(1 / 3)  # deviations of 1/2, sample variance 4 (1/4) / 3
    assert advantages[0].tolist() == pytest.approx([unit, -unit, -unit, unit])
    assert advantages[1].tolist() == [0.0, 0.0, 0.0, 0.0]


def test_mean_centred_advantages_leave_the_scale() -> None:
    rewards = torch.tensor([[1.0, 0.0, 0.0, 0.0]])
    advantages = group_advantages(rewards, torch.ones(1, 4, dtype=torch.bool), kind="mean_centred")
    assert advantages.tolist() == [[0.75, -0.25, -0.25, -0.25]]


def test_a_rollout_that_was_not_judged_counts_nowhere() -> None:
    rewards = torch.tensor([[1.0, 0.0, 9.0], [5.0, 9.0, 9.0], [9.0, 9.0, 9.0]])
    valid = torch.tensor([[True, True, False], [True, False, False], [False, False, False]])
    advantages = group_advantages(rewards, valid, kind="mean_centred")
    assert advantages.tolist() == [[0.5, -0.5, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    scored = group_advantages(rewards, valid)
    assert scored[0].tolist() == pytest.approx([math.sqrt(0.5), -math.sqrt(0.5), 0.0], abs=1e-3)


def test_weights_of_a_token_by_token_and_by_sequence() -> None:
    lengths = torch.tensor([1, 3])
    assert rollout_weights(lengths, normalisation="token").tolist() == [0.25, 0.25]
    assert rollout_weights(lengths, normalisation="sequence").tolist() == pytest.approx([1 / 2, 1 / 6])


def test_the_clipped_surrogate() -> None:
    ratios = torch.tensor([1.5, 1.5, 0.5, 0.5, 1.1])
    advantages = torch.tensor([1.0, -1.0, 1.0, -1.0, 2.0])
    old = torch.zeros(5)
    weights = torch.full((5,), 0.2)
    # min(rA, clip(r)A): 1.2, -1.5, 0.5, -0.8, 2.2
    loss = clipped_surrogate(ratios.log(), old, advantages, weights)
    assert loss.item() == pytest.approx(-(1.2 - 1.5 + 0.5 - 0.8 + 2.2) / 5)
    higher = clipped_surrogate(ratios.log(), old, advantages, weights, clip_low=0.3, clip_high=0.4)
    assert higher.item() == pytest.approx(-(1.4 - 1.5 + 0.5 - 0.7 + 2.2) / 5)


def test_on_policy_the_gradient_is_the_weighted_advantage() -> None:
    logprobs = torch.tensor([-1.0, -2.0], requires_grad=True)
    loss = clipped_surrogate(logprobs, logprobs.detach(), torch.tensor([2.0, -1.0]), torch.tensor([0.5, 0.25]))
    (gradient,) = torch.autograd.grad(loss, logprobs)
    assert gradient.tolist() == pytest.approx([-1.0, 0.25])


def test_kl_estimators() -> None:
    logprobs, reference = torch.tensor([math.log(0.5), math.log(0.2)]), torch.tensor([math.log(0.25), math.log(0.4)])
    assert kl_k1(logprobs, reference).tolist() == pytest.approx([math.log(2), -math.log(2)])
    assert kl_k3(logprobs, reference).tolist() == pytest.approx([0.5 - 1 + math.log(2), 2 - 1 - math.log(2)])


def test_both_kl_estimators_are_unbiased() -> None:
    p, q = torch.tensor([0.5, 0.3, 0.2]), torch.tensor([0.2, 0.3, 0.5])
    exact = float((p * (p / q).log()).sum())
    for estimator in (kl_k1, kl_k3):
        assert float((p * estimator(p.log(), q.log())).sum()) == pytest.approx(exact)


def test_wrong_ranks_are_refused() -> None:
    with pytest.raises(AssertionError):
        completion_cross_entropy(LOGITS, torch.tensor([[0], [1]]))
    with pytest.raises(AssertionError):
        clipped_surrogate(torch.zeros(2), torch.zeros(2), torch.zeros(3), torch.zeros(2))
    with pytest.raises(AssertionError):
        group_advantages(torch.zeros(4), torch.ones(4, dtype=torch.bool))
