"""Rejection sampling: supervised fine-tuning on the policy's own accepted samples.

Yuan et al. 2023, RFT (arXiv 2308.01825). One round: sample, score, keep what was accepted, fine-tune. It sees the same
prompts and rewards as reinforcement learning, but no rejected sample. Not an exploration: with nothing accepted the
policy stays as it was, which is a legal outcome.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from moiety.errors import UserError
from moiety.models.policy import TorchPolicy
from moiety.models.tiny import num_parameters
from moiety.rng import derive
from moiety.train.config import RejectionConfig
from moiety.train.data import OnCheckpoint, Row
from moiety.train.metrics import Budget, OnStep, ignore
from moiety.train.onpolicy import Score
from moiety.train.resume import Resume
from moiety.train.sft import finetune


@dataclass(frozen=True, slots=True)
class RejectionResult:
    """What a round cost and yielded: distinct accepted samples, prompts with at least one, and counts from scoring."""

    budget: Budget
    num_accepted: int
    num_prompts_accepted: int
    counts: dict[str, int]


def train_by_rejection(
    policy: TorchPolicy,
    prompts: Sequence[str],
    score: Score,
    config: RejectionConfig,
    *,
    seed: int,
    on_step: OnStep = ignore,
    on_checkpoint: OnCheckpoint | None = None,
    resume: Resume | None = None,
) -> RejectionResult:
    """Train the policy's model in place on its own accepted samples of `prompts`.

    With `resume` training goes on where it was killed; the samples are drawn again, and are the same.
    """
    if not prompts:
        raise UserError("rejection: no prompts to sample from")
    budget = Budget(num_parameters=num_parameters(policy.model))
    started = time.perf_counter()
    tokens, groups = policy.rollout(
        prompts,
        num_samples=config.num_samples,
        temperature=config.temperature,
        max_new_tokens=config.max_new_tokens,
        seed=derive(seed, "rejection", "rollout"),
    )
    samples = [(p, sample) for p, group in enumerate(groups) for sample in group]
    sampled = time.perf_counter()
    scores = score([p for p, _ in samples], policy.texts([sample for _, sample in samples]))
    scored = time.perf_counter()
    budget.tokens_sampled = sum(len(sample.tokens) for _, sample in samples)
    kept: dict[int, dict[tuple[int, ...], None]] = {}  # prompt -> its distinct accepted samples, first come
    for (p, sample), reward in zip(samples, scores.rewards, strict=True):
        accepted = reward is not None and reward >= config.accept_reward and not sample.truncated
        own = kept.setdefault(p, {}) if accepted else {}
        if accepted and (config.max_per_prompt is None or len(own) < config.max_per_prompt):
            own[tuple(sample.tokens)] = None
    rows = [Row(tuple(tokens[p]), completion) for p, own in kept.items() for completion in own]
    valid = [reward for reward in scores.rewards if reward is not None]
    on_step(
        {
            "step": 0,
            "reward/mean": sum(valid) / len(valid) if valid else 0.0,
            "rejection/accepted": len(rows),
            "rejection/prompts_accepted": len(kept),
            **{name: float(count) for name, count in scores.counts.items()},
            **budget.metrics(),
        },
        {"time/rollout_s": sampled - started, "time/score_s": scored - sampled},
    )
    if rows:
        finetune(
            policy.model, rows, config.sft, seed=seed, budget=budget,
            on_step=on_step, on_checkpoint=on_checkpoint, resume=resume,
        )  # fmt: skip
    elif on_checkpoint is not None:
        for step in config.sft.checkpoint_steps:
            on_checkpoint(step, policy.model)
    return RejectionResult(budget=budget, num_accepted=len(rows), num_prompts_accepted=len(kept), counts=scores.counts)
