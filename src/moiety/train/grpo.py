"""GRPO: rollouts in groups, advantages within each group, one clipped policy-gradient step.

Shao et al. 2024 (arXiv 2402.03300). One optimiser step a rollout, so the old log-probabilities are those of the policy
itself. Groups whose rewards are all equal have no gradient and never reach the backward pass; means are still taken
over the full batch.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from moiety.train.config import GRPOConfig
from moiety.train.losses import clipped_surrogate, group_advantages, kl_k3, token_logprobs
from moiety.train.metrics import Budget, Metrics
from moiety.train.onpolicy import Rollout
from moiety.train.scoring import learnt_logits
from moiety.train.update import OneUpdateLearner, Part, learnt_rows, update


def grpo_advantages(rewards: Tensor, valid: Tensor, config: GRPOConfig) -> tuple[Tensor, list[int]]:
    """Return the advantage of each rollout, flat, and the rollouts that are learnt from."""
    advantages = group_advantages(rewards, valid, kind=config.advantage).flatten()
    return advantages, learnt_rows(advantages, valid, every=config.kl_coef != 0 or config.entropy_coef != 0)


@dataclass(frozen=True, slots=True)
class GRPOLearner(OneUpdateLearner):
    """Advantages within a group, and the clipped surrogate."""

    config: GRPOConfig
    stage: str = "grpo"

    def learn(self, rollout: Rollout, *, step: int, budget: Budget) -> Metrics:
        """Take one step."""
        config = self.config
        advantages, kept = grpo_advantages(rollout.rewards, rollout.valid, config)
        if config.kl_coef:
            budget.tokens_referenced += sum(len(rollout.rows[i]) for i in kept)
        return update(
            self, rollout, advantages, kept, self._part_loss,
            normalisation=config.normalisation, step=step, budget=budget,
        )  # fmt: skip

    def _part_loss(self, part: Part) -> Tensor:
        """Return a micro-batch's part of the loss."""
        config = self.config
        loss = clipped_surrogate(
            part.logprobs, part.logprobs.detach(), part.advantages, part.weights,
            clip_low=config.clip_low, clip_high=config.clip_high,
        )  # fmt: skip
        if config.kl_coef:
            with torch.no_grad():
                known = token_logprobs(*learnt_logits(self.reference, part.batch), temperature=config.temperature)
            loss = loss + config.kl_coef * (kl_k3(part.logprobs, known) * part.weights).sum()
        return loss
