"""GRPO: rollouts in groups, advantages within each group, one clipped policy-gradient step.

Shao et al. 2024 (arXiv 2402.03300). One optimiser step a rollout, so the old log-probabilities are those of the policy
itself. Groups whose rewards are all equal have no gradient and never reach the backward pass; means are still taken
over the full batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from moiety.models.policy import TorchPolicy
from moiety.models.tiny import num_parameters
from moiety.train.config import GRPOConfig
from moiety.train.data import Batch, OnCheckpoint
from moiety.train.losses import clipped_surrogate, entropy, group_advantages, kl_k3, rollout_weights, token_logprobs
from moiety.train.metrics import Budget, Metrics, OnStep, ignore
from moiety.train.onpolicy import Rollout, Score, accumulate, reference_or_copy, train_on_policy
from moiety.train.optimise import learning_rate_at, new_optimiser, step_optimiser
from moiety.train.resume import Resume, Stateful
from moiety.train.scoring import learnt_logits


def train_grpo(
    policy: TorchPolicy,
    prompts: Sequence[str],
    score: Score,
    config: GRPOConfig,
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
        GRPOLearner(policy.model, reference, config, new_optimiser(policy.model, config.optimiser)),
        stage="grpo", seed=seed, budget=Budget(num_parameters(policy.model)), reference=reference,
        on_step=on_step, on_checkpoint=on_checkpoint, resume=resume,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class GRPOLearner:
    """The policy with its optimiser."""

    model: Any
    reference: Any
    config: GRPOConfig
    optimiser: torch.optim.AdamW

    def parts(self) -> dict[str, Stateful]:
        """Return the policy and its optimiser."""
        return {"model": self.model, "optimiser": self.optimiser}

    def learn(self, rollout: Rollout, *, step: int, budget: Budget) -> Metrics:
        """Take one step."""
        config = self.config
        advantages = group_advantages(rollout.rewards, rollout.valid, kind=config.advantage)
        rate = learning_rate_at(step - 1, config.optimiser, steps=config.steps)
        loss, norm = self._accumulate(rollout, advantages.flatten(), budget=budget), 0.0
        if loss is not None:
            norm = step_optimiser(
                self.optimiser, config.optimiser, learning_rate=rate, loss=loss, step=step, stage="grpo"
            )
            budget.gradient_steps += 1
        return {
            "loss": 0.0 if loss is None else loss,
            "learning_rate": rate,
            "gradient_norm": norm,
            "reward/signal_fraction": float((advantages != 0).any(dim=1).float().mean()),
        }

    def _accumulate(self, rollout: Rollout, advantages: Tensor, *, budget: Budget) -> float | None:
        """Accumulate the step's gradient; return the loss, or None where there is no gradient.

        Weights come from all valid rollouts, so dropping those without an advantage leaves the gradient as it was.
        """
        config, valid, lengths = self.config, rollout.valid.flatten(), rollout.lengths
        weights = torch.zeros(len(lengths))
        if bool(valid.any()):
            weights[valid] = rollout_weights(lengths[valid], normalisation=config.normalisation)
        every = config.kl_coef != 0 or config.entropy_coef != 0
        kept = (valid if every else advantages != 0).nonzero().flatten().tolist()
        if not kept:
            return None

        def part_loss(batch: Batch, indices: list[int]) -> Tensor:
            return self._part_loss(batch, advantages[indices], weights[indices], lengths[indices])

        self.model.train()
        count = sum(len(rollout.rows[i]) for i in kept)
        budget.tokens_trained += count
        budget.tokens_referenced += count if config.kl_coef else 0
        return accumulate(self.model, rollout.rows, kept, part_loss, config)

    def _part_loss(self, batch: Batch, advantages: Tensor, weights: Tensor, lengths: Tensor) -> Tensor:
        """Return a micro-batch's part of the loss; `advantages`, `weights` and `lengths` are one a row."""
        config = self.config
        logits, targets = learnt_logits(self.model, batch)
        logprobs = token_logprobs(logits, targets, temperature=config.temperature)
        weights_D = weights.repeat_interleave(lengths).to(logprobs.device)
        advantages_D = advantages.repeat_interleave(lengths).to(logprobs.device)
        loss = clipped_surrogate(
            logprobs, logprobs.detach(), advantages_D, weights_D, clip_low=config.clip_low, clip_high=config.clip_high
        )
        if config.kl_coef:
            with torch.no_grad():
                known = token_logprobs(*learnt_logits(self.reference, batch), temperature=config.temperature)
            loss = loss + config.kl_coef * (kl_k3(logprobs, known) * weights_D).sum()
        if config.entropy_coef:
            loss = loss - config.entropy_coef * (entropy(logits, temperature=config.temperature) * weights_D).sum()
        return loss
