"""Whether a loaded policy samples from the model that it holds, asked of one small batch when it is loaded.

What is compared are log-probabilities of a few tokens: those that sampling gave against those of the module's own
forward pass, each row alone. Not a measure of quality.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from moiety.errors import UserError
from moiety.models.module import REDUCED_PRECISION_NATS, evaluating, nats_allowed, own_logits, vocabulary_rows
from moiety.models.policy import TorchPolicy
from moiety.models.sampling import sample

TRIED_TEXT = "def add_one(x):\n    return x + 1\n\n\nprint(add_one(2))\n"
TRIED_LENGTHS = (4, 9)
NEW_TOKENS = 3


@dataclass(frozen=True, slots=True)
class Trial:
    """Rows of a prompt and sampled tokens, with the log-probabilities of those, flat: sampled, and the model's own."""

    prompts: list[list[int]]
    completions: list[list[int]]
    sampled: Tensor
    own: Tensor


def check_sampling(policy: TorchPolicy, name: Path | str) -> Trial:
    """Sample a few tokens and return them with their log-probabilities.

    Raises UserError, naming the checkpoint, where sampling does not give those of the model's own forward pass.
    """
    model = policy.model
    prompts = tried_prompts(policy)
    groups = sample(
        model, prompts, num_samples=1, temperature=1.0, max_new_tokens=NEW_TOKENS, seed=0, eos_id=policy.end_ids,
        precision=policy.precision,
    )  # fmt: skip
    samples = [group[0] for group in groups]
    own = []
    with evaluating(model):
        for prompt, one in zip(prompts, samples, strict=True):
            logits = own_logits(model, torch.tensor([prompt + one.tokens]))[0, len(prompt) - 1 : -1].float()
            targets = torch.tensor(one.tokens, device=logits.device).unsqueeze(1)
            own.append(logits.log_softmax(dim=-1).gather(1, targets).squeeze(1).cpu())
    sampled = torch.tensor([value for one in samples for value in one.logprobs])
    trial = Trial(prompts, [one.tokens for one in samples], sampled, torch.cat(own))
    require_equal(policy, name, "sampled", sampled, trial.own)
    return trial


def tried_prompts(policy: TorchPolicy) -> list[list[int]]:
    """Return prompts of two lengths: the first tokens of a line of code."""
    tokens: Sequence[int] = policy.tokenizer(TRIED_TEXT, add_special_tokens=False)["input_ids"]
    rows = vocabulary_rows(policy.model)
    known = [token for token in tokens if token < rows] or [0]
    return [[known[i % len(known)] for i in range(length)] for length in TRIED_LENGTHS]


def require_equal(policy: TorchPolicy, name: Path | str, form: str, ours: Tensor, own: Tensor) -> None:
    """Raise UserError unless log-probabilities of a form, such as "packed", are the model's own."""
    model = policy.model
    kind = f"a model of type {model.config.model_type!r} with {model.config._attn_implementation} attention"
    if not bool(own.isfinite().all()):
        raise UserError(f"{name}: the log-probabilities of {kind} are not finite; {WITHOUT}")
    allowed = nats_allowed(model.dtype) if policy.precision.weights is None else REDUCED_PRECISION_NATS
    worst = float((ours.cpu() - own).abs().max())
    if not worst <= allowed:
        raise UserError(
            f"{name}: {form} log-probabilities of {kind} are off by {worst:.2g} nats from its own forward pass; "
            f"at most {allowed:g} is rounding; {WITHOUT}"
        )


WITHOUT = "check_checkpoint = false (eval: --no-check) leaves this check out"
