"""REINFORCE with a leave-one-out baseline: the plain policy gradient, a completion being one action.

Ahmadian et al. 2024, RLOO (arXiv 2402.14740). A rollout's advantage is its reward less the mean of the others of its
group: unbiased, not scaled by the group's deviation as in GRPO. The KL penalty is part of the reward (k1, summed over
the completion). Rollouts with no advantage never reach the backward pass, unless the entropy bonus has a gradient
there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from moiety.models.policy import TorchPolicy
from moiety.models.tiny import num_parameters
from moiety.train.config import ReinforceConfig
from moiety.train.data import Batch, OnCheckpoint
from moiety.train.losses import (
    entropy,
    has_signal,
    leave_one_out_advantages,
    reinforce_loss,
    rollout_weights,
    token_logprobs,
)
from moiety.train.metrics import Budget, Metrics, OnStep, ignore
from moiety.train.onpolicy import Rollout, Score, accumulate, reference_or_copy, sampled_divergence, train_on_policy
from moiety.train.optimise import learning_rate_at, new_optimiser, step_optimiser
from moiety.train.resume import Resume, Stateful
from moiety.train.scoring import learnt_logits


def train_reinforce(
    policy: TorchPolicy,
    prompts: Sequence[str],
    score: Score,
    config: ReinforceConfig,
    *,
    seed: int,
    reference: Any = None,
    on_step: OnStep = ignore,
    on_checkpoint: OnCheckpoint | None = None,
    resume: Resume | None = None,
) -> Budget:
    """Train the policy's model in place and return what it cost.

    `reference` is the model that the KL is taken to; None is a copy of the policy at the start. With `resume` it goes
    on where it was killed. Raises UserError at a step whose loss is not finite.
    """
    reference = reference_or_copy(reference, policy.model)
    return train_on_policy(
        policy, prompts, score, config,
        ReinforceLearner(policy.model, reference, config, new_optimiser(policy.model, config.optimiser)),
        stage="reinforce", seed=seed, budget=Budget(num_parameters(policy.model)), reference=reference,
        on_step=on_step, on_checkpoint=on_checkpoint, resume=resume,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReinforceLearner:
    """The policy with its optimiser."""

    model: Any
    reference: Any
    config: ReinforceConfig
    optimiser: torch.optim.AdamW

    def parts(self) -> dict[str, Stateful]:
        """Return the policy and its optimiser."""
        return {"model": self.model, "optimiser": self.optimiser}

    def learn(self, rollout: Rollout, *, step: int, budget: Budget) -> Metrics:
        """Take one step."""
        config, valid = self.config, rollout.valid
        advantages = leave_one_out_advantages(self._rewards(rollout, budget=budget), valid).flatten()
        kept = (valid.flatten() if config.entropy_coef else advantages != 0).nonzero().flatten().tolist()
        rate = learning_rate_at(step - 1, config.optimiser, steps=config.steps)
        loss, norm = 0.0, 0.0
        if kept:
            loss = self._accumulate(rollout, advantages, kept)
            budget.tokens_trained += sum(len(rollout.rows[i]) for i in kept)
            norm = step_optimiser(
                self.optimiser, config.optimiser, learning_rate=rate, loss=loss, step=step, stage="reinforce"
            )
            budget.gradient_steps += 1
        return {
            "loss": loss,
            "learning_rate": rate,
            "gradient_norm": norm,
            "reward/signal_fraction": float(has_signal(rollout.rewards, valid).float().mean()),
        }

    def _rewards(self, rollout: Rollout, *, budget: Budget) -> Tensor:
        """Return the rewards (P, G), less the KL penalty where there is one."""
        if not self.config.kl_coef:
            return rollout.rewards
        budget.tokens_referenced += sum(map(len, rollout.rows))
        divergence = sampled_divergence(self.reference, rollout.rows, rollout.samples, self.config)
        penalty = torch.stack([one.sum() for one in divergence]).cpu().view_as(rollout.rewards)
        return rollout.rewards - self.config.kl_coef * penalty

    def _accumulate(self, rollout: Rollout, advantages: Tensor, kept: list[int]) -> float:
        """Accumulate the step's gradient and return the loss; means are over all valid rollouts."""
        lengths, config = rollout.lengths, self.config
        weights = torch.zeros(len(lengths))
        valid = rollout.valid.flatten()
        weights[valid] = rollout_weights(lengths[valid], normalisation="sum")

        def part_loss(batch: Batch, indices: list[int]) -> Tensor:
            logits, targets = learnt_logits(self.model, batch)
            logprobs = token_logprobs(logits, targets, temperature=config.temperature)
            weights_D = weights[indices].repeat_interleave(lengths[indices]).to(logprobs.device)
            advantages_D = advantages[indices].repeat_interleave(lengths[indices]).to(logprobs.device)
            loss = reinforce_loss(logprobs, advantages_D, weights_D)
            if config.entropy_coef:
                loss = loss - config.entropy_coef * (entropy(logits, temperature=config.temperature) * weights_D).sum()
            return loss

        self.model.train()
        return accumulate(self.model, rollout.rows, kept, part_loss, config)
