"""The losses, as pure functions of tensors.

Not where batches, models or coefficients live. Letters: D learnt tokens in a flat row, P prompts, G group members,
V vocabulary. Every function states its ranks on its first line.
"""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional


def _check(logits_D_V: Tensor, targets_D: Tensor) -> None:
    """Assert the ranks of logits and their targets."""
    assert logits_D_V.ndim == 2, logits_D_V.shape
    assert targets_D.shape == logits_D_V.shape[:1], (logits_D_V.shape, targets_D.shape)


def completion_cross_entropy(logits_D_V: Tensor, targets_D: Tensor) -> Tensor:
    """Return the mean negative log-likelihood of the learnt tokens, in nats."""
    _check(logits_D_V, targets_D)
    return functional.cross_entropy(logits_D_V, targets_D)


def token_logprobs(logits_D_V: Tensor, targets_D: Tensor, *, temperature: float = 1.0) -> Tensor:
    """Return the log-probability (D,) of each target under softmax(logits / temperature)."""
    _check(logits_D_V, targets_D)
    return -functional.cross_entropy(
        logits_D_V / temperature if temperature != 1 else logits_D_V, targets_D, reduction="none"
    )


def group_advantages(
    rewards_P_G: Tensor,
    valid_P_G: Tensor,
    *,
    kind: Literal["z_scored", "mean_centred"] = "z_scored",
    epsilon: float = 1e-4,
) -> Tensor:
    """Return each rollout's advantage within its group, (P, G); rollouts that are not valid count nowhere and get 0.

    Z-scored by the sample standard deviation: Shao et al. 2024 (arXiv 2402.03300). Mean-centred leaves the scale, and
    so weighs easy and hard prompts alike: Dr. GRPO, Liu et al. 2025 (arXiv 2503.20783).
    """
    assert rewards_P_G.ndim == 2, rewards_P_G.shape
    assert valid_P_G.shape == rewards_P_G.shape, (rewards_P_G.shape, valid_P_G.shape)
    valid = valid_P_G.to(rewards_P_G.dtype)
    rewards = rewards_P_G.masked_fill(~valid_P_G, 0.0)
    count = valid.sum(dim=1, keepdim=True)
    centred = (rewards - rewards.sum(dim=1, keepdim=True) / count.clamp(min=1)) * valid
    if kind == "mean_centred":
        return centred
    deviation = (centred.square().sum(dim=1, keepdim=True) / (count - 1).clamp(min=1)).sqrt()
    return centred / (deviation + epsilon)


def rollout_weights(lengths_D: Tensor, *, normalisation: Literal["token", "sequence"]) -> Tensor:
    """Return, for each rollout of `lengths_D` tokens, the weight of each of its tokens in the mean over the batch.

    "token" weighs all tokens alike (DAPO, Yu et al. 2025, arXiv 2503.14476); "sequence" all rollouts alike, as GRPO
    first did, which favours short correct and long wrong completions.
    """
    assert lengths_D.ndim == 1, lengths_D.shape
    lengths = lengths_D.float()
    if normalisation == "token":
        return (1.0 / lengths.sum()).expand_as(lengths)
    return 1.0 / (lengths * len(lengths))


def grpo_loss(
    logprobs_D: Tensor,
    old_logprobs_D: Tensor,
    advantages_D: Tensor,
    weights_D: Tensor,
    *,
    clip_low: float = 0.2,
    clip_high: float = 0.2,
) -> Tensor:
    """Return the clipped surrogate, -sum w min(r A, clip(r) A), of the learnt tokens.

    Schulman et al. 2017 (arXiv 1707.06347) with group-relative advantages (arXiv 2402.03300).
    """
    assert logprobs_D.ndim == 1, logprobs_D.shape
    assert logprobs_D.shape == old_logprobs_D.shape == advantages_D.shape == weights_D.shape
    ratio = (logprobs_D - old_logprobs_D).exp()
    clipped = ratio.clamp(1 - clip_low, 1 + clip_high)
    return -(torch.minimum(ratio * advantages_D, clipped * advantages_D) * weights_D).sum()


def kl_k1(logprobs_D: Tensor, reference_logprobs_D: Tensor) -> Tensor:
    """Return log p - log q of each token sampled from p: unbiased for KL(p, q), of any sign."""
    assert logprobs_D.ndim == 1, logprobs_D.shape
    assert reference_logprobs_D.shape == logprobs_D.shape, (logprobs_D.shape, reference_logprobs_D.shape)
    return logprobs_D - reference_logprobs_D


def kl_k3(logprobs_D: Tensor, reference_logprobs_D: Tensor) -> Tensor:
    """Return q/p - 1 - log q/p of each token sampled from p: unbiased, never negative, less variance than k1.

    Schulman 2020, "Approximating KL divergence"; used by GRPO (arXiv 2402.03300).
    """
    assert logprobs_D.ndim == 1, logprobs_D.shape
    assert reference_logprobs_D.shape == logprobs_D.shape, (logprobs_D.shape, reference_logprobs_D.shape)
    difference = reference_logprobs_D - logprobs_D
    return difference.exp() - 1 - difference


def entropy(logits_D_V: Tensor, *, temperature: float = 1.0) -> Tensor:
    """Return the entropy (D,) of softmax(logits / temperature), in nats."""
    assert logits_D_V.ndim == 2, logits_D_V.shape
    logprobs = (logits_D_V / temperature).log_softmax(dim=-1)
    return -(logprobs.exp() * logprobs).sum(dim=-1)
