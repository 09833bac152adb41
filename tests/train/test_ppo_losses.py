"""The losses of PPO and REINFORCE against numbers worked out by hand and against finite differences."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from moiety.train.losses import (
    clipped_surrogate,
    clipped_value_loss,
    generalised_advantages,
    has_signal,
    leave_one_out_advantages,
    reinforce_loss,
    rollout_weights,
)
from moiety.train.ppo import explained_variance


def finite_differences(loss: Callable[[Tensor], Tensor], at: Tensor, *, step: float = 1e-6) -> list[float]:
    """Return the central differences of `loss` at a point in double precision."""
    found = []
    for i in range(len(at)):
        shift = torch.zeros_like(at)
        shift[i] = step
        found.append(float(loss(at + shift) - loss(at - shift)) / (2 * step))
    return found


def gradient(loss: Callable[[Tensor], Tensor], at: Tensor) -> list[float]:
    point = at.clone().requires_grad_()
    (found,) = torch.autograd.grad(loss(point), point)
    return [float(value) for value in found]


def doubles(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_generalised_advantages_by_hand() -> None:
    rewards = torch.tensor([[0.0, 0.0, 1.0], [0.0, 2.0, 99.0]])
    values = torch.tensor([[0.5, 0.25, 0.5], [1.0, 0.5, 99.0]])
    mask = torch.tensor([[True, True, True], [True, True, False]])
    advantages, returns = generalised_advantages(rewards, values, mask, discount=0.5, trace=0.5)
    # first row, surprises: 0 + 1/2 1/4 - 1/2 = -3/8; 0 + 1/2 1/2 - 1/4 = 0; 1 + 0 - 1/2 = 1/2; each carries 1/4
    assert advantages[0].tolist() == [-3 / 8 + 1 / 32, 1 / 8, 1 / 2]
    # second row, which ends at its second token: 0 + 1/2 1/2 - 1 = -3/4; 2 - 1/2 = 3/2
    assert advantages[1].tolist() == [-3 / 4 + 3 / 8, 3 / 2, 0.0]
    assert returns.tolist() == [[5 / 32, 3 / 8, 1.0], [5 / 8, 2.0, 0.0]]


def test_the_trace_goes_from_one_step_to_the_whole_return() -> None:
    rewards, values = torch.tensor([[1.0, 2.0, 4.0]]), torch.tensor([[0.5, 1.5, 2.5]])
    mask = torch.ones(1, 3, dtype=torch.bool)
    one_step, _ = generalised_advantages(rewards, values, mask, discount=1.0, trace=0.0)
    assert one_step[0].tolist() == [1 + 1.5 - 0.5, 2 + 2.5 - 1.5, 4 - 2.5]
    whole, returns = generalised_advantages(rewards, values, mask, discount=1.0, trace=1.0)
    assert returns[0].tolist() == [7.0, 6.0, 4.0]
    assert whole[0].tolist() == [6.5, 4.5, 1.5]


def test_the_value_loss_by_hand() -> None:
    values, old = torch.tensor([1.0, 1.0, 0.1]), torch.tensor([0.5, 0.0, 0.0])
    returns, weights = torch.tensor([2.0, 0.5, 1.0]), torch.tensor([0.5, 0.25, 0.25])
    # errors 1, 1/4, 81/100; with a clip of 1/5 the near values are 7/10, 1/5, 1/10: errors 169/100, 9/100, 81/100
    assert clipped_value_loss(values, old, returns, weights, clip=0.2).item() == pytest.approx(
        0.5 * (0.5 * 1.69 + 0.25 * 0.25 + 0.25 * 0.81)
    )
    assert clipped_value_loss(values, old, returns, weights, clip=0.0).item() == pytest.approx(
        0.5 * (0.5 * 1 + 0.25 * 0.25 + 0.25 * 0.81)
    )


def test_leave_one_out_by_hand() -> None:
    rewards = torch.tensor([[1.0, 0.0, 0.0, 1.0], [0.1, 0.1, 0.1, 0.1]])
    advantages = leave_one_out_advantages(rewards, torch.ones(2, 4, dtype=torch.bool))
    assert advantages[0].tolist() == pytest.approx([1 - 1 / 3, -2 / 3, -2 / 3, 1 - 1 / 3])
    assert advantages[1].tolist() == [0.0, 0.0, 0.0, 0.0]  # exactly, so that a flat group is dropped


def test_leave_one_out_leaves_out_what_was_not_judged() -> None:
    rewards = torch.tensor([[1.0, 0.5, 9.0], [5.0, 9.0, 9.0], [9.0, 9.0, 9.0]])
    valid = torch.tensor([[True, True, False], [True, False, False], [False, False, False]])
    assert leave_one_out_advantages(rewards, valid).tolist() == [[0.5, -0.5, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    assert has_signal(rewards, valid).tolist() == [True, False, False]


def test_leave_one_out_is_unbiased() -> None:
    """Over all pairs of rollouts of a two-armed bandit, the mean estimate is the gradient of the expected reward."""
    logit = doubles(0.3)
    rewards = (1.0, 0.25)

    def probabilities(x: Tensor) -> Tensor:
        return torch.cat([x.sigmoid(), 1 - x.sigmoid()])

    chances = probabilities(logit)
    estimate = 0.0
    for i in range(2):
        for j in range(2):
            pair = torch.tensor([[rewards[i], rewards[j]]], dtype=torch.float64)
            advantages = leave_one_out_advantages(pair, torch.ones(1, 2, dtype=torch.bool))[0]
            weights = rollout_weights(torch.tensor([1, 1]), normalisation="sum").double()

            def loss(x: Tensor, i: int = i, j: int = j, a: Tensor = advantages, w: Tensor = weights) -> Tensor:
                return reinforce_loss(probabilities(x).log()[[i, j]], a, w)

            estimate -= float(chances[i] * chances[j]) * gradient(loss, logit)[0]
    exact = finite_differences(lambda x: (probabilities(x) * doubles(*rewards)).sum(), logit)[0]
    assert estimate == pytest.approx(exact, abs=1e-9)


def test_reinforce_by_hand() -> None:
    logprobs, advantages = torch.tensor([-1.0, -2.0, -0.5]), torch.tensor([2.0, 2.0, -1.0])
    weights = rollout_weights(torch.tensor([2, 1]), normalisation="sum").repeat_interleave(torch.tensor([2, 1]))
    assert weights.tolist() == [0.5, 0.5, 0.5]
    assert reinforce_loss(logprobs, advantages, weights).item() == pytest.approx((2 + 4 - 0.5) / 2)


@pytest.mark.parametrize("clip", [0.1, 0.2, 0.4])
def test_the_gradients_are_those_of_finite_differences(clip: float) -> None:
    at = doubles(-1.0, -0.4, -2.0, -0.1)
    old, returns = doubles(-1.3, -0.3, -1.0, -0.15), doubles(0.5, -1.0, 0.0, 2.0)
    advantages, weights = doubles(1.0, -2.0, 0.5, -0.3), doubles(0.1, 0.2, 0.3, 0.4)

    def surrogate(logprobs: Tensor) -> Tensor:
        return clipped_surrogate(logprobs, old, advantages, weights, clip_low=clip, clip_high=clip)

    def value(values: Tensor) -> Tensor:
        return clipped_value_loss(values, old, returns, weights, clip=clip)

    def plain(logprobs: Tensor) -> Tensor:
        return reinforce_loss(logprobs, advantages, weights)

    for loss in (surrogate, value, plain):
        assert gradient(loss, at) == pytest.approx(finite_differences(loss, at), abs=1e-7)
    # Where the ratio is clipped in the advantage's favour nothing is left to gain: e^0.3 is above all of the clips' 1.1
    # and 1.2, below 1.4.
    assert (gradient(surrogate, at)[0] == 0.0) is (1 + clip < math.exp(0.3))


def test_explained_variance() -> None:
    returns = torch.tensor([0.0, 1.0, 0.0, 1.0])
    assert explained_variance(returns, returns) == 1.0
    assert explained_variance(torch.full((4,), 0.5), returns) == 0.0
    assert explained_variance(1 - returns, returns) == pytest.approx(-3.0)
    assert explained_variance(returns, torch.ones(4)) == 0.0


def test_wrong_shapes_are_refused() -> None:
    two, three, mask = torch.zeros(2), torch.zeros(3), torch.ones(1, 3, dtype=torch.bool)
    with pytest.raises(AssertionError):
        clipped_value_loss(two, two, three, two, clip=0.2)
    with pytest.raises(AssertionError):
        reinforce_loss(two, three, two)
    with pytest.raises(AssertionError):
        generalised_advantages(torch.zeros(3), torch.zeros(3), mask[0], discount=1.0, trace=1.0)
    with pytest.raises(AssertionError):
        leave_one_out_advantages(torch.zeros(1, 2), mask)
