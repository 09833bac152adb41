"""The losses, as pure functions of tensors.

Not where batches, models or coefficients live. Letters: D learnt tokens in a flat row, P prompts, G group members,
V vocabulary, B rows of T tokens. Every function states its ranks on its first line.
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


def leave_one_out_advantages(rewards_P_G: Tensor, valid_P_G: Tensor) -> Tensor:
    """Return each rollout's reward less the mean of the other valid ones of its group, (P, G).

    Rollouts that are not valid count nowhere and get 0, and so does one without others. Ahmadian et al. 2024
    (arXiv 2402.14740), after Kool et al. 2019: the baseline does not depend on the rollout, so there is no bias.
    """
    assert rewards_P_G.ndim == 2, rewards_P_G.shape
    assert valid_P_G.shape == rewards_P_G.shape, (rewards_P_G.shape, valid_P_G.shape)
    rewards = rewards_P_G.masked_fill(~valid_P_G, 0.0)
    count = valid_P_G.sum(dim=1, keepdim=True)
    baseline = (rewards.sum(dim=1, keepdim=True) - rewards) / (count - 1).clamp(min=1)
    return (rewards - baseline) * valid_P_G * has_signal(rewards_P_G, valid_P_G).unsqueeze(1)


def has_signal(rewards_P_G: Tensor, valid_P_G: Tensor) -> Tensor:
    """Tell, for each group (P,), whether its valid rewards differ; one that is no number differs from all."""
    assert rewards_P_G.ndim == 2, rewards_P_G.shape
    assert valid_P_G.shape == rewards_P_G.shape, (rewards_P_G.shape, valid_P_G.shape)
    largest = rewards_P_G.masked_fill(~valid_P_G, -torch.inf).amax(dim=1)
    smallest = rewards_P_G.masked_fill(~valid_P_G, torch.inf).amin(dim=1)
    return ~(largest <= smallest)


def lacks_signal(rewards_P_G: Tensor, valid_P_G: Tensor, *, across_groups: bool = False) -> bool:
    """Return True if no group's valid rewards differ or, with `across_groups`, no two valid rewards of any do."""
    shape = (1, -1) if across_groups else rewards_P_G.shape
    return not bool(has_signal(rewards_P_G.reshape(shape), valid_P_G.reshape(shape)).any())


def generalised_advantages(
    rewards_B_T: Tensor, values_B_T: Tensor, mask_B_T: Tensor, *, discount: float, trace: float
) -> tuple[Tensor, Tensor]:
    """Return the advantages (B, T) of each token and the returns that the critic learns; both are 0 off the mask.

    A_t = d_t + discount trace A_t+1 with d_t = r_t + discount V_t+1 - V_t, and returns A + V: Schulman et al. 2016
    (arXiv 1506.02438), whose lambda is `trace`. `mask_B_T` is true from a row's first token to its last; an episode
    ends with it, so that nothing follows: a cut completion is judged as it stands.
    """
    assert rewards_B_T.ndim == 2, rewards_B_T.shape
    assert rewards_B_T.shape == values_B_T.shape == mask_B_T.shape
    rewards, values = rewards_B_T.masked_fill(~mask_B_T, 0.0), values_B_T.masked_fill(~mask_B_T, 0.0)
    following = torch.cat([values[:, 1:], values.new_zeros(len(values), 1)], dim=1)
    surprises = rewards + discount * following - values
    advantages = torch.zeros_like(surprises)
    carried = surprises.new_zeros(len(surprises))
    for t in reversed(range(surprises.shape[1])):
        carried = surprises[:, t] + discount * trace * carried
        advantages[:, t] = carried
    return advantages, advantages + values


def rollout_weights(lengths_D: Tensor, *, normalisation: Literal["token", "sequence", "sum"]) -> Tensor:
    """Return, for each rollout of `lengths_D` tokens, the weight of each of its tokens in the mean over the batch.

    "token" weighs all tokens alike (DAPO, Yu et al. 2025, arXiv 2503.14476); "sequence" all rollouts alike, as GRPO
    first did, which favours short correct and long wrong completions; "sum" adds a rollout's tokens up, so that the
    whole completion is one action (arXiv 2402.14740).
    """
    assert lengths_D.ndim == 1, lengths_D.shape
    lengths = lengths_D.float()
    if normalisation == "token":
        return (1.0 / lengths.sum()).expand_as(lengths)
    if normalisation == "sum":
        return torch.full_like(lengths, 1.0 / len(lengths))
    return 1.0 / (lengths * len(lengths))


def clipped_surrogate(
    logprobs_D: Tensor,
    old_logprobs_D: Tensor,
    advantages_D: Tensor,
    weights_D: Tensor,
    *,
    clip_low: float = 0.2,
    clip_high: float = 0.2,
) -> Tensor:
    """Return the clipped surrogate, -sum w min(r A, clip(r) A), of the learnt tokens: the loss of PPO and of GRPO.

    Schulman et al. 2017 (arXiv 1707.06347), equation 7; r is the probability ratio to the policy that sampled.
    """
    assert logprobs_D.ndim == 1, logprobs_D.shape
    assert logprobs_D.shape == old_logprobs_D.shape == advantages_D.shape == weights_D.shape
    ratio = (logprobs_D - old_logprobs_D).exp()
    clipped = ratio.clamp(1 - clip_low, 1 + clip_high)
    return -(torch.minimum(ratio * advantages_D, clipped * advantages_D) * weights_D).sum()


def clipped_value_loss(
    values_D: Tensor, old_values_D: Tensor, returns_D: Tensor, weights_D: Tensor, *, clip: float
) -> Tensor:
    """Return 1/2 sum w max((V - R)^2, (V' - R)^2), V' being V kept within `clip` of what it was at the rollout.

    The squared error of Schulman et al. 2017 (arXiv 1707.06347), equation 9, with the clip of their code (Engstrom et
    al. 2020, arXiv 2005.12729); `clip` 0 leaves that out.
    """
    assert values_D.ndim == 1, values_D.shape
    assert values_D.shape == old_values_D.shape == returns_D.shape == weights_D.shape
    errors = (values_D - returns_D).square()
    if clip:
        near = old_values_D + (values_D - old_values_D).clamp(-clip, clip)
        errors = torch.maximum(errors, (near - returns_D).square())
    return 0.5 * (errors * weights_D).sum()


def reinforce_loss(logprobs_D: Tensor, advantages_D: Tensor, weights_D: Tensor) -> Tensor:
    """Return -sum w A log p of the sampled tokens, whose gradient is the policy gradient (Williams 1992).

    TRL's RLOOTrainer minimises minus the ratio of the whole completion's probabilities times A: another value, and on
    the policy's own rollouts the same gradient.
    """
    assert logprobs_D.ndim == 1, logprobs_D.shape
    assert logprobs_D.shape == advantages_D.shape == weights_D.shape
    return -(logprobs_D * advantages_D * weights_D).sum()


def kl_k1(logprobs_D: Tensor, reference_logprobs_D: Tensor) -> Tensor:
    """Return log p - log q of each token sampled from p: unbiased for KL(p, q), of any sign."""
    assert logprobs_D.ndim == 1, logprobs_D.shape
    assert reference_logprobs_D.shape == logprobs_D.shape, (logprobs_D.shape, reference_logprobs_D.shape)
    return logprobs_D - reference_logprobs_D


def kl_k3(logprobs_D: Tensor, reference_logprobs_D: Tensor) -> Tensor:
    """Return q/p - 1 - log q/p of each token sampled from p: unbiased, never negative, less variance than k1.

    Schulman 2020, "Approximating KL divergence"; used by GRPO (arXiv 2402.03300). Its gradient is not that of the KL:
    DeepSeek-V3.2 (arXiv 2512.02556) multiplies it by the ratio to the policy that sampled, as TRL does unless told not
    to (`use_bias_correction_kl`).
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
