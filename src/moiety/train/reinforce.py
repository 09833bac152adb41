"""REINFORCE with a leave-one-out baseline: the plain policy gradient, a completion being one action.

Ahmadian et al. 2024, RLOO (arXiv 2402.14740). A rollout's advantage is its reward less the mean of the others of its
group: unbiased, not scaled by the group's deviation as in GRPO. The KL penalty is part of the reward (k1, summed over
the completion). Rollouts with no advantage never reach the backward pass, unless the entropy bonus has a gradient
there.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from moiety.train.config import ReinforceConfig
from moiety.train.losses import leave_one_out_advantages, reinforce_loss
from moiety.train.metrics import Budget, Metrics
from moiety.train.onpolicy import Rollout, sampled_divergence
from moiety.train.update import OneUpdateLearner, Part, learnt_rows, update


def reinforce_advantages(rewards: Tensor, valid: Tensor, config: ReinforceConfig) -> tuple[Tensor, list[int]]:
    """Return the advantage of each rollout, flat, and the rollouts that are learnt from.

    With a KL penalty those are all that were judged: where the policy still is its reference, rounding alone would say.
    """
    advantages = leave_one_out_advantages(rewards, valid).flatten()
    return advantages, learnt_rows(advantages, valid, every=config.kl_coef != 0 or config.entropy_coef != 0)


@dataclass(frozen=True, slots=True)
class ReinforceLearner(OneUpdateLearner):
    """Rewards less those of the others of a group, and the plain policy gradient."""

    config: ReinforceConfig
    stage: str = "reinforce"

    def learn(self, rollout: Rollout, *, step: int, budget: Budget) -> Metrics:
        """Take one step."""
        rewards = self._rewards(rollout, budget=budget)
        advantages, kept = reinforce_advantages(rewards, rollout.valid, self.config)
        return update(self, rollout, advantages, kept, _part_loss, normalisation="sum", step=step, budget=budget)

    def _rewards(self, rollout: Rollout, *, budget: Budget) -> Tensor:
        """Return the rewards (P, G), less the KL penalty where there is one."""
        if not self.config.kl_coef:
            return rollout.rewards
        budget.tokens_referenced += sum(map(len, rollout.rows))
        divergence = sampled_divergence(self.reference, rollout.rows, rollout.samples, self.config)
        penalty = torch.stack([one.sum() for one in divergence]).cpu().view_as(rollout.rewards)
        return rollout.rewards - self.config.kl_coef * penalty


def _part_loss(part: Part) -> Tensor:
    """Return a micro-batch's part of the loss."""
    return reinforce_loss(part.logprobs, part.advantages, part.weights)
