"""PPO: a critic, generalised advantages, and several clipped steps on each rollout.

Schulman et al. 2017 (arXiv 1707.06347) with advantages of Schulman et al. 2016 (arXiv 1506.02438), as Ouyang et al.
2022 (arXiv 2203.02155) train language models: a token is an action, the reward stands at the last one, and the KL
penalty (k1), where there is one, is a reward at each. Every judged rollout is trained on, flat groups too: the critic
learns from them. Only a step whose rewards are all equal is passed over: its advantages are the critic's errors alone,
and an optimiser that scales its steps would follow them as far as any others.

Old log-probabilities are the sampler's, not recomputed: they are those of the distribution that was sampled, so the
ratio also corrects what training in another precision changes, and a forward pass over every rollout is saved. In
fp32 both agree to rounding.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from moiety.models.tiny import num_parameters
from moiety.rng import derive
from moiety.train.config import PPOConfig
from moiety.train.critic import Critic, new_critic
from moiety.train.data import Batch, Row, shuffled_epochs
from moiety.train.losses import (
    clipped_surrogate,
    clipped_value_loss,
    entropy,
    generalised_advantages,
    lacks_signal,
    token_logprobs,
)
from moiety.train.metrics import Budget, Metrics
from moiety.train.onpolicy import Rollout, accumulate, by_row, sampled_divergence
from moiety.train.optimise import learning_rate_at, mean, new_optimiser, step_optimiser
from moiety.train.resume import Stateful
from moiety.train.scoring import learnt_logits, learnt_logits_and_states


@dataclass(frozen=True, slots=True)
class Experience:
    """The judged rollouts of one step; each list holds one entry a row, each tensor one number a token."""

    rows: list[Row]
    old_logprobs: list[Tensor]
    values: list[Tensor]
    advantages: list[Tensor]
    returns: list[Tensor]


@dataclass(frozen=True, slots=True)
class PPOLearner:
    """The policy and the critic, each with its optimiser."""

    model: Any
    reference: Any
    critic: Critic
    config: PPOConfig
    optimiser: torch.optim.AdamW
    critic_optimiser: torch.optim.AdamW
    seed: int
    stage: str = "ppo"
    across_groups: bool = True

    @classmethod
    def new(cls, model: Any, reference: Any, config: PPOConfig, *, seed: int) -> Self:
        """Return a learner at its start; the critic is new and is dropped at the end."""
        critic = new_critic(model, shared_trunk=config.shared_trunk)
        optimisers = new_optimiser(model, config.optimiser), new_optimiser(critic, config.critic_optimiser)
        return cls(model, reference, critic, config, *optimisers, seed)

    @property
    def critic_parameters(self) -> int:
        """The parameters of the critic alone."""
        return num_parameters(self.critic)

    def parts(self) -> dict[str, Stateful]:
        """Return the policy and the critic, with their optimisers; a shared trunk is the policy."""
        trunk = {} if self.critic.shared else {"trunk": self.critic.trunk}
        optimisers = {"optimiser": self.optimiser, "critic_optimiser": self.critic_optimiser}
        return {"model": self.model, "head": self.critic.head, **trunk, **optimisers}

    def learn(self, rollout: Rollout, *, step: int, budget: Budget) -> Metrics:
        """Take the optimiser steps of one rollout."""
        config = self.config
        metrics = {
            "loss": 0.0,
            "learning_rate": learning_rate_at(step - 1, config.optimiser, steps=config.steps),
            "gradient_norm": 0.0,
        }
        if not self._tells_anything(rollout):
            return metrics
        experience = self._experience(rollout, budget=budget)
        taken = []
        for chosen in self._minibatches(len(experience.rows), step=step):
            taken.append(self._step(experience, chosen, step=step))
            budget.gradient_steps += 1
            budget.tokens_trained += sum(len(experience.rows[i]) for i in chosen)
        values, returns = torch.cat(experience.values), torch.cat(experience.returns)
        return {
            **metrics,
            **{name: mean(one[name] for one in taken) for name in taken[0]},
            "gradient_steps": budget.gradient_steps,
            "critic/value_mean": float(values.mean()),
            "critic/explained_variance": explained_variance(values, returns),
        }

    def _tells_anything(self, rollout: Rollout) -> bool:
        """Return True if any two judged rewards differ, or another term has a gradient."""
        other = self.config.kl_coef != 0 or self.config.entropy_coef != 0
        return bool(rollout.valid.any()) and (
            other or not lacks_signal(rollout.rewards, rollout.valid, across_groups=self.across_groups)
        )

    def _experience(self, rollout: Rollout, *, budget: Budget) -> Experience:
        """Value the judged rollouts and return them with their advantages."""
        config = self.config
        kept = rollout.valid.flatten().nonzero().flatten().tolist()
        rows, samples = [rollout.rows[i] for i in kept], [rollout.samples[i] for i in kept]
        count = sum(map(len, rows))
        values = by_row(rows, self._values, config)
        budget.tokens_valued += count
        budget.tokens_referenced += count if self.critic.shared else 0
        rewards = [torch.zeros_like(one) for one in values]
        if config.kl_coef:
            divergence = sampled_divergence(self.reference, rows, samples, config)
            rewards = [-config.kl_coef * one for one in divergence]
            budget.tokens_referenced += count
        for one, reward in zip(rewards, rollout.rewards.flatten()[kept].tolist(), strict=True):
            one[-1] += reward
        advantages, returns = _advantages(rewards, values, config)
        old = [torch.tensor(sample.logprobs, device=values[0].device) for sample in samples]
        return Experience(rows=rows, old_logprobs=old, values=values, advantages=advantages, returns=returns)

    def _values(self, batch: Batch) -> Tensor:
        return self.critic.values(batch)

    def _minibatches(self, count: int, *, step: int) -> Iterator[list[int]]:
        """Yield the rows of each optimiser step: every row once an epoch, in parts of nearly equal size."""
        config = self.config
        stream = derive(self.seed, "ppo", "minibatches", step)
        order = list(shuffled_epochs(count, seed=stream, epochs=config.epochs))
        parts = min(config.minibatches, count)
        for epoch in range(config.epochs):
            for m in range(parts):
                yield order[epoch * count + m * count // parts : epoch * count + (m + 1) * count // parts]

    def _step(self, experience: Experience, chosen: list[int], *, step: int) -> Metrics:
        """Take a step of the critic, then of the policy: one that is refused leaves the policy as it was."""
        config = self.config
        sums = dict.fromkeys(("policy/clip_fraction", "critic/loss"), 0.0)
        weight = 1.0 / sum(len(experience.rows[i].completion) for i in chosen)

        def part_loss(batch: Batch, indices: list[int]) -> Tensor:
            return self._part_loss(batch, experience, indices, weight, sums)

        self.model.train()
        loss = accumulate(self.model, experience.rows, chosen, part_loss, config)
        norms = [
            step_optimiser(
                optimiser, settings, learning_rate=learning_rate_at(step - 1, settings, steps=config.steps),
                loss=loss, step=step, stage="ppo",
            )
            for optimiser, settings in (
                (self.critic_optimiser, config.critic_optimiser), (self.optimiser, config.optimiser)
            )
        ]  # fmt: skip
        return {"loss": loss, "gradient_norm": norms[1], "critic/gradient_norm": norms[0], **sums}

    def _part_loss(
        self, batch: Batch, experience: Experience, indices: list[int], weight: float, sums: Metrics
    ) -> Tensor:
        """Return a micro-batch's part of the loss, each token weighing `weight`, and add to the `sums` to log."""
        config = self.config
        old, old_values, advantages, returns = (
            torch.cat([numbers[i] for i in indices])
            for numbers in (experience.old_logprobs, experience.values, experience.advantages, experience.returns)
        )
        logits, targets, values = self._logits_and_values(batch)
        logprobs = token_logprobs(logits, targets, temperature=config.temperature)
        weights = torch.full_like(logprobs, weight)
        loss = clipped_surrogate(logprobs, old, advantages, weights, clip_low=config.clip, clip_high=config.clip)
        value_loss = clipped_value_loss(values, old_values, returns, weights, clip=config.value_clip)
        clipped = ((logprobs.detach() - old).exp() - 1).abs() > config.clip
        sums["policy/clip_fraction"] += float(clipped.sum()) * weight
        sums["critic/loss"] += value_loss.item()
        loss = loss + config.value_coef * value_loss
        if config.entropy_coef:
            loss = loss - config.entropy_coef * (entropy(logits, temperature=config.temperature) * weights).sum()
        return loss

    def _logits_and_values(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Return logits, targets and values; a shared trunk takes one forward pass."""
        if self.critic.shared:
            logits, targets, states = learnt_logits_and_states(self.model, batch)
            return logits, targets, self.critic.values_of(states)
        logits, targets = learnt_logits(self.model, batch)
        return logits, targets, self.critic.values(batch)


def _advantages(
    rewards: Sequence[Tensor], values: Sequence[Tensor], config: PPOConfig
) -> tuple[list[Tensor], list[Tensor]]:
    """Return the advantages and returns of each row's tokens."""
    lengths = torch.tensor([len(one) for one in values])
    padded = pad_sequence(list(rewards), batch_first=True)
    mask = (torch.arange(padded.shape[1]) < lengths.unsqueeze(1)).to(padded.device)
    advantages, returns = generalised_advantages(
        padded, pad_sequence(list(values), batch_first=True), mask, discount=config.discount, trace=config.gae_trace
    )
    if config.normalise_advantages:
        known = advantages[mask]
        advantages = (advantages - known.mean()) / (known.std(correction=0) + 1e-8)
    cut = lengths.tolist()
    return [a[:n] for a, n in zip(advantages, cut, strict=True)], [r[:n] for r, n in zip(returns, cut, strict=True)]


def explained_variance(values: Tensor, returns: Tensor) -> float:
    """Return 1 - Var(returns - values) / Var(returns): 1 for a critic that knows, 0 for a constant."""
    spread = float(returns.var(correction=0))
    return 1.0 - float((returns - values).var(correction=0)) / spread if spread > 1e-8 else 0.0
