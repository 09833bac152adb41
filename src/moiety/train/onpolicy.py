"""What the algorithms of reinforcement learning share: draw rollouts, have them scored, learn from them, keep books.

Each algorithm is a `Learner` in a file of its own. Not a judge: rewards come from a callback.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any, Protocol

import torch
from torch import Tensor

from moiety.errors import UserError
from moiety.models.lora import dropout_stream
from moiety.models.policy import TorchPolicy
from moiety.models.sampling import Sample
from moiety.models.tiny import num_parameters
from moiety.rng import derive
from moiety.train.config import RLConfig
from moiety.train.data import Batch, OnCheckpoint, Row, micro_batches, padded_batch, shuffled_epochs
from moiety.train.losses import has_signal, kl_k3, lacks_signal, token_logprobs
from moiety.train.metrics import Budget, Metrics, OnStep, ignore
from moiety.train.resume import Ledger, Resume, Stateful
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
    """One step's rollouts. `rows` and `samples` are flat in group order.

    `rewards` (P, G) are 0 where `valid` (P, G) is false: there the machine failed, and nothing is learnt.
    """

    rows: list[Row]
    samples: list[Sample]
    rewards: Tensor
    valid: Tensor
    counts: dict[str, int]
    times: Metrics

    @property
    def lengths(self) -> Tensor:
        """The tokens of each completion, flat."""
        return torch.tensor([len(row.completion) for row in self.rows])


class Learner(Protocol):
    """An algorithm: what it makes of one step's rollouts."""

    @property
    def stage(self) -> str:
        """Its name, which is also that of its random streams."""

    @property
    def critic_parameters(self) -> int:
        """The parameters of its critic alone; 0 without one."""

    @property
    def across_groups(self) -> bool:
        """Whether it learns from rewards that differ between groups alone."""

    def parts(self) -> dict[str, Stateful]:
        """Return all that learning changes."""

    def learn(self, rollout: Rollout, *, step: int, budget: Budget) -> Metrics:
        """Take the optimiser steps of one rollout, add their cost to `budget` and return what is to be logged."""


def train_on_policy(
    policy: TorchPolicy,
    prompts: Sequence[str],
    score: Score,
    config: RLConfig,
    learner: Learner,
    *,
    seed: int,
    reference: Any,
    on_step: OnStep = ignore,
    on_checkpoint: OnCheckpoint | None = None,
    resume: Resume | None = None,
) -> Budget:
    """Train the policy's model in place with `learner` and return what it cost.

    With `resume` it goes on where it was killed: metrics are told again from the first step, checkpoints are not.
    """
    stage = learner.stage
    if not prompts:
        raise UserError(f"{stage}: no prompts to train on")
    model = policy.model.eval()
    budget = Budget(num_parameters(model), critic_parameters=learner.critic_parameters)
    kl_every = 1 if config.kl_coef else config.kl_every
    source = shuffled_epochs(len(prompts), seed=derive(seed, stage, "prompts"))
    identity = [stage, seed, asdict(config), list(prompts)]
    ledger = Ledger(resume, identity, learner.parts(), budget, on_step)
    done = ledger.restore()
    source = islice(source, done * config.prompts_per_step, None)
    if on_checkpoint is not None and done == 0 and 0 in config.checkpoint_steps:
        on_checkpoint(0, model)
    for step in range(done + 1, config.steps + 1):
        chosen = list(islice(source, config.prompts_per_step))
        rollout = draw_rollout(policy, prompts, chosen, score, config, seed=derive(seed, stage, "rollout", step))
        started = time.perf_counter()
        budget.prompts += len(chosen)
        budget.tokens_sampled += sum(len(sample.tokens) for sample in rollout.samples)
        dropout_stream(model, seed, stage, step)
        learnt = learner.learn(rollout, step=step, budget=budget)
        model.eval()
        drawn = rollout_metrics(rollout, across_groups=learner.across_groups)
        metrics = {"step": step, **learnt, **drawn, **budget.metrics()}
        if step % kl_every == 0 or step in (1, config.steps):
            one_of_each = slice(None, None, config.group_size)
            metrics["policy/kl"] = estimate_kl(
                reference, rollout.rows[one_of_each], rollout.samples[one_of_each], config
            )
        ledger.tell(metrics, {**rollout.times, "time/train_s": time.perf_counter() - started})
        if on_checkpoint is not None and step in config.checkpoint_steps:
            on_checkpoint(step, model)
        ledger.keep(step)
    return budget


def draw_rollout(
    policy: TorchPolicy, prompts: Sequence[str], chosen: Sequence[int], score: Score, config: RLConfig, *, seed: int
) -> Rollout:
    """Draw a group of rollouts for each of the `chosen` prompts and have them scored."""
    started = time.perf_counter()
    tokens, groups = policy.rollout(
        [prompts[p] for p in chosen],
        num_samples=config.group_size,
        temperature=config.temperature,
        max_new_tokens=config.max_new_tokens,
        seed=seed,
    )
    pairs = [(prompt, sample) for prompt, group in zip(tokens, groups, strict=True) for sample in group]
    samples = [sample for _, sample in pairs]
    sampled = time.perf_counter()
    scores = score([p for p in chosen for _ in range(config.group_size)], policy.texts(samples))
    shape = (len(chosen), config.group_size)
    return Rollout(
        rows=[Row(tuple(prompt), tuple(sample.tokens)) for prompt, sample in pairs],
        samples=samples,
        rewards=torch.tensor([0.0 if reward is None else reward for reward in scores.rewards]).view(shape),
        valid=torch.tensor([reward is not None for reward in scores.rewards]).view(shape),
        counts=scores.counts,
        times={"time/rollout_s": sampled - started, "time/score_s": time.perf_counter() - sampled},
    )


def rollout_metrics(rollout: Rollout, *, across_groups: bool = False) -> Metrics:
    """Return what the rollouts alone tell; the entropy is the Monte Carlo estimate, minus the mean log-probability."""
    samples, valid = rollout.samples, rollout.valid
    tokens = sum(len(sample.tokens) for sample in samples)
    return {
        **reward_metrics(rollout.rewards, valid, across_groups=across_groups),
        "policy/entropy": -sum(sum(sample.logprobs) for sample in samples) / tokens,
        "tokens/completion_mean": tokens / len(samples),
        "completions/truncated": sum(sample.truncated for sample in samples),
        **{name: float(count) for name, count in rollout.counts.items()},
    }


def reward_metrics(rewards: Tensor, valid: Tensor, *, across_groups: bool = False) -> Metrics:
    """Return what the rewards (P, G) alone tell: their mean, the groups in which they differ, and whether any do."""
    return {
        "reward/mean": float(rewards[valid].mean()) if bool(valid.any()) else 0.0,
        "reward/judged": int(valid.sum()),
        "reward/signal_fraction": float(has_signal(rewards, valid).float().mean()),
        "reward/without_signal": float(lacks_signal(rewards, valid, across_groups=across_groups)),
    }


@torch.no_grad()
def estimate_kl(reference: Any, rows: Sequence[Row], samples: Sequence[Sample], config: RLConfig) -> float:
    """Estimate the mean KL a token of the sampling policy to `reference` (k3) from the sampled tokens."""
    total, count = 0.0, 0
    for part in micro_batches([len(row) for row in rows], max_tokens=config.micro_batch_tokens):
        batch = padded_batch([rows[i] for i in part])
        logprobs = token_logprobs(*learnt_logits(reference, batch), temperature=config.temperature)
        sampled = torch.tensor([value for i in part for value in samples[i].logprobs], device=logprobs.device)
        total += float(kl_k3(sampled, logprobs).sum())
        count += len(sampled)
    return total / max(1, count)


PartLoss = Callable[[Batch, list[int]], Tensor]
"""Called with a micro-batch and the indices of its rows; returns their part of the loss."""


def accumulate(model: Any, rows: Sequence[Row], kept: Sequence[int], part_loss: PartLoss, config: RLConfig) -> float:
    """Accumulate the gradient of the `kept` rows over micro-batches and return the loss, the sum of its parts."""
    total = 0.0
    for part in micro_batches([len(rows[i]) for i in kept], max_tokens=config.micro_batch_tokens):
        indices = [kept[i] for i in part]
        batch = padded_batch([rows[i] for i in indices])
        with autocast(config.precision, model.device.type):
            loss = part_loss(batch, indices)
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.item()
    return total


@torch.no_grad()
def by_row(rows: Sequence[Row], of: Callable[[Batch], Tensor], config: RLConfig) -> list[Tensor]:
    """Return, for each row, what `of` gives for its learnt tokens: one number each, no gradient."""
    found: dict[int, Tensor] = {}
    for part in micro_batches([len(row) for row in rows], max_tokens=config.micro_batch_tokens):
        numbers = of(padded_batch([rows[i] for i in part]))
        found.update(zip(part, torch.split(numbers, [len(rows[i].completion) for i in part]), strict=True))
    return [found[i] for i in range(len(rows))]


def sampled_divergence(
    reference: Any, rows: Sequence[Row], samples: Sequence[Sample], config: RLConfig
) -> list[Tensor]:
    """Return log p - log q (k1) of each sampled token of each row, p being the policy that sampled, q `reference`."""

    def logprobs(batch: Batch) -> Tensor:
        return token_logprobs(*learnt_logits(reference, batch), temperature=config.temperature)

    return [
        torch.tensor(sample.logprobs, device=known.device) - known
        for sample, known in zip(samples, by_row(rows, logprobs, config), strict=True)
    ]
