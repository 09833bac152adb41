"""Decoding through a module's own forward pass: slower than `decode`, for every shape that it does not know.

With the module's cache of keys and values where that gives the logits of the whole text read again, which is measured
once a model on two short prompts; else the whole text is read again at each step. Not for training.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from moiety.models.decode import AS_WEIGHTS, Decoded, SamplingPrecision, choose, empty, is_end, pad_left
from moiety.models.module import asked_once, evaluating, forward_inputs, nats_allowed, takes, vocabulary_rows

LOGITS_AT_ONCE = 1 << 27  # numbers of a vocabulary's width that one pass may hold: half a GiB in fp32


@torch.inference_mode()
def rollout_with_module(
    model: Any,
    prompts: Sequence[Sequence[int]],
    *,
    uniforms: Tensor | None,
    temperature: float,
    max_new_tokens: int,
    end_ids: Sequence[int],
    precision: SamplingPrecision = AS_WEIGHTS,
) -> Decoded:
    """Decode like `decode.rollout`. Weights and cache keep their precision; products run in `precision.weights`."""
    device = model.device
    text = _Cached(model, prompts) if keeps_cache(model) else _ReadAgain(model, prompts)
    out = empty(len(prompts), max_new_tokens, device)
    done = torch.zeros(len(prompts), dtype=torch.bool, device=device)
    token: Tensor | None = None
    for step in range(max_new_tokens):
        with torch.autocast(device.type, dtype=precision.weights, enabled=precision.weights is not None):
            logits = text.next_logits(token)
        token, logprob = choose(logits, None if uniforms is None else uniforms[:, step].to(device), temperature)
        out.tokens[:, step], out.logprobs[:, step] = token, logprob
        ended = is_end(token, end_ids) & ~done
        out.lengths[ended] = step + 1
        done |= ended
        if bool(done.all()):
            break
    return out


class _Cached:
    """Prompts padded on the left, and the module's own cache of what it has read."""

    def __init__(self, model: Any, prompts: Sequence[Sequence[int]]) -> None:
        self.model = model
        self.tokens, positions, self.lengths = pad_left(prompts, model.device)
        self.attention = (positions >= 0).long()
        self.positions = positions.clamp(min=0)
        self.cache: Any = None

    def next_logits(self, token: Tensor | None) -> Tensor:
        """Return the logits (rows, vocabulary) after `token` (rows,), or after the prompts where there is none yet."""
        if token is not None:
            self.tokens, self.positions = token.unsqueeze(1), self.positions[:, -1:] + 1
            self.attention = torch.cat([self.attention, self.attention.new_ones(len(token), 1)], dim=1)
        inputs = forward_inputs(
            self.model, input_ids=self.tokens, attention_mask=self.attention, position_ids=self.positions,
            past_key_values=self.cache, use_cache=True, logits_to_keep=1,
        )  # fmt: skip
        result = self.model(**inputs)
        self.cache = result.past_key_values
        logits: Tensor = result.logits[:, -1]
        return logits


class _ReadAgain:
    """The whole text of each row, padded on the right: what a causal model gives at a token depends on no pad."""

    def __init__(self, model: Any, prompts: Sequence[Sequence[int]]) -> None:
        self.model = model
        self.rows = [list(prompt) for prompt in prompts]

    def next_logits(self, token: Tensor | None) -> Tensor:
        """Return the logits (rows, vocabulary) after `token` (rows,), or after the prompts where there is none yet."""
        if token is not None:
            for row, number in zip(self.rows, token.tolist(), strict=True):
                row.append(number)
        width = max(map(len, self.rows))
        last = torch.tensor([len(row) - 1 for row in self.rows], device=self.model.device)
        tokens = torch.tensor([row + [0] * (width - len(row)) for row in self.rows], device=self.model.device)
        kept: Tensor = torch.unique(last)  # sorted; positions whose logits are wanted by some row
        picks = takes(self.model, "logits_to_keep")
        columns = torch.searchsorted(kept, last) if picks else last
        numbers = (len(kept) if picks else width) * vocabulary_rows(self.model)
        found = []
        at_once = max(1, LOGITS_AT_ONCE // numbers)
        for part in torch.split(torch.arange(len(last), device=last.device), at_once):
            inputs = forward_inputs(self.model, input_ids=tokens[part], use_cache=False, logits_to_keep=kept)
            logits = self.model(**inputs).logits
            found.append(logits[torch.arange(len(part), device=part.device), columns[part]])
        return torch.cat(found)


@asked_once
def keeps_cache(model: Any) -> bool:
    """Return True if the module's cache gives the logits of the whole text, prompts of two lengths padded on the left.

    Compared are three tokens; a module without such a cache, or without a mask that hides the pads, does not.
    """
    if not takes(model, "past_key_values", "attention_mask"):
        return False
    size = vocabulary_rows(model)
    prompts = [[(5 + 3 * n) % size for n in range(4)], [(7 + 5 * n) % size for n in range(9)]]
    cached, whole = _Cached(model, prompts), _ReadAgain(model, prompts)
    token: Tensor | None = None
    with evaluating(model):
        for _ in range(3):
            try:
                ours = cached.next_logits(token).float().log_softmax(-1)
            except (TypeError, ValueError, RuntimeError, IndexError, AttributeError):
                return False
            known = whole.next_logits(token).float().log_softmax(-1)
            token = known.argmax(dim=-1)
            differs = (ours - known).gather(1, token.unsqueeze(1)).abs().max()
            if not bool(differs <= nats_allowed(model.dtype)):
                return False
    return True
