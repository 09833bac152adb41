"""GRPO: rollouts in groups, advantages within each group, one clipped policy-gradient step.

Shao et al. 2024 (arXiv 2402.03300). One optimiser step a rollout, so the old log-probabilities are those of the policy
itself. Groups whose rewards are all equal have no gradient and never reach the backward pass; means are still taken
over the full batch. Not a judge: rewards come from a callback.
"""

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from moiety.errors import UserError
from moiety.models.policy import TorchPolicy
from moiety.models.sampling import Sample
from moiety.models.tiny import num_parameters
from moiety.rng import derive
from moiety.train.config import GRPOConfig
from moiety.train.data import OnCheckpoint, Row, micro_batches, padded_batch, shuffled_epochs
from moiety.train.losses import entropy, group_advantages, grpo_loss, kl_k3, rollout_weights, token_logprobs
from moiety.train.metrics import Budget, OnStep, ignore
from moiety.train.optimise import learning_rate_at, new_optimiser, step_optimiser
from moiety.train.scoring import autocast, learnt_logits


@dataclass(frozen=True, slots=True)
class Scores:
    """What the caller's scoring returns: a reward for each text, None where the machine failed, and counts to log."""

    rewards: list[float | None]
    counts: dict[str, int] = field(default_factory=dict)


Score = Callable[[Sequence[int], Sequence[str]], Scores]
"""Called with prompt indices and completion texts of equal length."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """One step's rollouts, flat in group order: rows of tokens, their samples, advantages and which are valid."""

    rows: list[Row]
    samples: list[Sample]
    advantages: Tensor
    valid: Tensor


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
) -> Budget:
    """Train the policy's model in place and return what it cost.

    `reference` is the model that the KL is taken to; None is a copy of the policy at the start. Raises UserError at a
    step whose loss is not finite.
    """
    if not prompts:
        raise UserError("grpo: no prompts to train on")
    model = policy.model.eval()
    if reference is None:
        reference = copy.deepcopy(model).requires_grad_(False)
    kl_every = 1 if config.kl_coef else config.kl_every
    optimiser = new_optimiser(model, config.optimiser)
    budget = Budget(num_parameters=num_parameters(model))
    source = shuffled_epochs(len(prompts), seed=derive(seed, "grpo", "prompts"))
    if on_checkpoint is not None and 0 in config.checkpoint_steps:
        on_checkpoint(0, model)
    for step in range(1, config.steps + 1):
        started = time.perf_counter()
        chosen = list(islice(source, config.prompts_per_step))
        stream = derive(seed, "grpo", "rollout", step)
        rows, samples = _sample(policy, [prompts[p] for p in chosen], config, seed=stream)
        sampled = time.perf_counter()
        scores = score([p for p in chosen for _ in range(config.group_size)], policy.texts(samples))
        scored = time.perf_counter()
        rewards = torch.tensor([0.0 if reward is None else reward for reward in scores.rewards])
        valid = torch.tensor([reward is not None for reward in scores.rewards])
        groups = (len(chosen), config.group_size)
        advantages = group_advantages(rewards.view(groups), valid.view(groups), kind=config.advantage)
        rollout = Rollout(rows=rows, samples=samples, advantages=advantages.flatten(), valid=valid)
        budget.prompts += len(chosen)
        budget.tokens_sampled += sum(len(sample.tokens) for sample in samples)
        rate = learning_rate_at(step - 1, config.optimiser, steps=config.steps)
        loss, norm = _accumulate(model.train(), reference, rollout, config, budget=budget), 0.0
        if loss is not None:
            norm = step_optimiser(optimiser, config.optimiser, learning_rate=rate, loss=loss, step=step, stage="grpo")
            budget.gradient_steps += 1
        model.eval()
        metrics = {
            "step": step,
            "loss": 0.0 if loss is None else loss,
            "learning_rate": rate,
            "gradient_norm": norm,
            "reward/mean": float(rewards[valid].mean()) if bool(valid.any()) else 0.0,
            "reward/signal_fraction": float((advantages != 0).any(dim=1).float().mean()),
            **_sampling_metrics(samples),
            **{name: float(count) for name, count in scores.counts.items()},
            **budget.metrics(),
        }
        if step % kl_every == 0 or step in (1, config.steps):
            metrics["policy/kl"] = estimate_kl(
                reference, rollout.rows[:: config.group_size], samples[:: config.group_size], config
            )
        times = {
            "time/rollout_s": sampled - started,
            "time/score_s": scored - sampled,
            "time/train_s": time.perf_counter() - scored,
        }
        on_step(metrics, times)
        if on_checkpoint is not None and step in config.checkpoint_steps:
            on_checkpoint(step, model)
    return budget


def _sample(
    policy: TorchPolicy, prompts: Sequence[str], config: GRPOConfig, *, seed: int
) -> tuple[list[Row], list[Sample]]:
    """Draw a group of rollouts for each prompt, flat in group order."""
    tokens, groups = policy.rollout(
        prompts,
        num_samples=config.group_size,
        temperature=config.temperature,
        max_new_tokens=config.max_new_tokens,
        seed=seed,
    )
    pairs = [(prompt, sample) for prompt, group in zip(tokens, groups, strict=True) for sample in group]
    return [Row(tuple(prompt), tuple(sample.tokens)) for prompt, sample in pairs], [sample for _, sample in pairs]


def _accumulate(model: Any, reference: Any, rollout: Rollout, config: GRPOConfig, *, budget: Budget) -> float | None:
    """Accumulate the gradient of one step over micro-batches; return the loss, or None where there is no gradient.

    Weights come from all valid rollouts, so dropping those without an advantage leaves the gradient as it was.
    """
    lengths = torch.tensor([len(row.completion) for row in rollout.rows])
    weights = torch.zeros(len(lengths))
    if bool(rollout.valid.any()):
        weights[rollout.valid] = rollout_weights(lengths[rollout.valid], normalisation=config.normalisation)
    every = config.kl_coef != 0 or config.entropy_coef != 0
    kept = (rollout.valid if every else rollout.advantages != 0).nonzero().flatten().tolist()
    if not kept:
        return None
    total = 0.0
    for part in micro_batches([len(rollout.rows[i]) for i in kept], max_tokens=config.micro_batch_tokens):
        indices = torch.tensor([kept[i] for i in part])
        rows = [rollout.rows[i] for i in indices.tolist()]
        with autocast(config.precision, model.device.type):
            loss = _micro_loss(
                model, reference, rows, rollout.advantages[indices], weights[indices], lengths[indices], config
            )
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.item()
        count = sum(len(row) for row in rows)
        budget.tokens_trained += count
        budget.tokens_referenced += count if config.kl_coef else 0
    return total


def _micro_loss(
    model: Any,
    reference: Any,
    rows: list[Row],
    advantages: Tensor,
    weights: Tensor,
    lengths: Tensor,
    config: GRPOConfig,
) -> Tensor:
    """Return the part of the step's loss that `rows` hold; `advantages`, `weights`, `lengths` are one a row."""
    batch = padded_batch(rows)
    logits, targets = learnt_logits(model, batch)
    logprobs = token_logprobs(logits, targets, temperature=config.temperature)
    weights_D = weights.repeat_interleave(lengths).to(logprobs.device)
    advantages_D = advantages.repeat_interleave(lengths).to(logprobs.device)
    loss = grpo_loss(
        logprobs, logprobs.detach(), advantages_D, weights_D, clip_low=config.clip_low, clip_high=config.clip_high
    )
    if config.kl_coef:
        with torch.no_grad():
            reference_logprobs = token_logprobs(*learnt_logits(reference, batch), temperature=config.temperature)
        loss = loss + config.kl_coef * (kl_k3(logprobs, reference_logprobs) * weights_D).sum()
    if config.entropy_coef:
        loss = loss - config.entropy_coef * (entropy(logits, temperature=config.temperature) * weights_D).sum()
    return loss


@torch.no_grad()
def estimate_kl(reference: Any, rows: Sequence[Row], samples: Sequence[Sample], config: GRPOConfig) -> float:
    """Estimate the mean KL a token of the sampling policy to `reference` (k3) from the sampled tokens."""
    total, count = 0.0, 0
    for part in micro_batches([len(row) for row in rows], max_tokens=config.micro_batch_tokens):
        batch = padded_batch([rows[i] for i in part])
        logprobs = token_logprobs(*learnt_logits(reference, batch), temperature=config.temperature)
        sampled = torch.tensor([value for i in part for value in samples[i].logprobs], device=logprobs.device)
        total += float(kl_k3(sampled, logprobs).sum())
        count += len(sampled)
    return total / max(1, count)


def _sampling_metrics(samples: Sequence[Sample]) -> dict[str, float]:
    """Return what the samples alone tell; the entropy is the Monte Carlo estimate, minus the mean log-probability."""
    tokens = sum(len(sample.tokens) for sample in samples)
    return {
        "policy/entropy": -sum(sum(sample.logprobs) for sample in samples) / tokens,
        "tokens/completion_mean": tokens / len(samples),
        "completions/truncated": sum(sample.truncated for sample in samples),
    }
