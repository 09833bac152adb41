"""One optimiser step on a rollout, a row's advantage being that of all its tokens: what GRPO and REINFORCE share.

Weights come from all judged rows, so leaving out rows that have no gradient leaves the gradient as it was.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import torch
from torch import Tensor

from moiety.train.config import RLConfig
from moiety.train.data import Batch
from moiety.train.losses import entropy, rollout_weights, token_logprobs
from moiety.train.metrics import Budget, Metrics
from moiety.train.onpolicy import Rollout, accumulate
from moiety.train.optimise import learning_rate_at, new_optimiser, step_optimiser
from moiety.train.resume import Stateful
from moiety.train.scoring import learnt_logits


@dataclass(frozen=True, slots=True)
class Part:
    """A micro-batch: log-probabilities with their gradient, advantages and weights, one number a learnt token (D,)."""

    batch: Batch
    logprobs: Tensor
    advantages: Tensor
    weights: Tensor


@dataclass(frozen=True, slots=True)
class OneUpdateLearner:
    """The policy with its optimiser, of an algorithm that takes one step a rollout and has no critic."""

    model: Any
    reference: Any
    config: RLConfig
    optimiser: torch.optim.AdamW
    stage: str = ""
    critic_parameters: int = 0
    across_groups: bool = False

    @classmethod
    def new(cls, model: Any, reference: Any, config: RLConfig, *, seed: int) -> Self:  # noqa: ARG003
        """Return a learner at its start."""
        return cls(model, reference, config, new_optimiser(model, config.optimiser))

    def parts(self) -> dict[str, Stateful]:
        """Return the policy and its optimiser."""
        return {"model": self.model, "optimiser": self.optimiser}


def learnt_rows(advantages: Tensor, valid: Tensor, *, every: bool) -> list[int]:
    """Return the rollouts that a step learns from: those with an advantage, or with `every` all that were judged."""
    return (valid if every else advantages != 0).flatten().nonzero().flatten().tolist()


def update(
    learner: OneUpdateLearner,
    rollout: Rollout,
    advantages: Tensor,
    kept: Sequence[int],
    part_loss: Callable[[Part], Tensor],
    *,
    normalisation: Literal["token", "sequence", "sum"],
    step: int,
    budget: Budget,
) -> Metrics:
    """Take one step on the `kept` rows and return what is to be logged; without any the policy stays as it is.

    `advantages` (rows,) holds one number a row; the entropy bonus is added here. Raises UserError, with the weights as
    they were, when the loss is not finite.
    """
    config = learner.config
    rate = learning_rate_at(step - 1, config.optimiser, steps=config.steps)
    if not kept:
        return {"loss": 0.0, "learning_rate": rate, "gradient_norm": 0.0}
    valid, lengths = rollout.valid.flatten(), rollout.lengths
    weights = torch.zeros(len(lengths))
    weights[valid] = rollout_weights(lengths[valid], normalisation=normalisation)

    def loss_of(batch: Batch, indices: list[int]) -> Tensor:
        logits, targets = learnt_logits(learner.model, batch)
        logprobs = token_logprobs(logits, targets, temperature=config.temperature)
        weights_D, advantages_D = (
            numbers[indices].repeat_interleave(lengths[indices]).to(logprobs.device)
            for numbers in (weights, advantages)
        )
        loss = part_loss(Part(batch, logprobs, advantages_D, weights_D))
        if config.entropy_coef:
            loss = loss - config.entropy_coef * (entropy(logits, temperature=config.temperature) * weights_D).sum()
        return loss

    learner.model.train()
    budget.tokens_trained += sum(len(rollout.rows[i]) for i in kept)
    loss = accumulate(learner.model, rollout.rows, kept, loss_of, config)
    norm = step_optimiser(
        learner.optimiser, config.optimiser, learning_rate=rate, loss=loss, step=step, stage=learner.stage
    )
    budget.gradient_steps += 1
    return {"loss": loss, "learning_rate": rate, "gradient_norm": norm}
