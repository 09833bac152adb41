"""A policy from a model and its tokenizer: text in, completions out.

Not a chat: every prompt stands alone, worded as `prompts` says. Plain text where nothing else is said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from moiety.errors import UserError
from moiety.models.decode import AS_WEIGHTS, SamplingPrecision
from moiety.models.hf import end_ids, load_checkpoint
from moiety.models.module import vocabulary_rows
from moiety.models.prompts import PLAIN, ChatTemplate, Prompt, PromptFormat, prompt_format
from moiety.models.sampling import Sample, sample
from moiety.models.tokenizer import decode_tokens, encode_pairs, encode_texts
from moiety.rollout import Completion


@dataclass(frozen=True, slots=True)
class TorchPolicy:
    """A `rollout.Policy` over a torch model.

    `max_rows` bounds the decode batch; `max_context` the tokens of prompt and completion, beside the model's own bound.
    """

    model: Any
    tokenizer: Any
    max_rows: int = 256
    wording: PromptFormat = PLAIN
    precision: SamplingPrecision = AS_WEIGHTS
    max_context: int | None = None

    @property
    def context(self) -> int:
        """The most tokens that a prompt and its completion may have together."""
        return min(bound for bound in (own_context(self.model.config), self.max_context, 1 << 40) if bound)

    @property
    def end_ids(self) -> tuple[int, ...]:
        """The tokens that end a completion: the tokenizer's first, then others of the generation configuration."""
        return end_ids(self.model, self.tokenizer)

    def encode(self, prompts: Sequence[Prompt]) -> list[list[int]]:
        """Return the tokens of each prompt, worded for this policy."""
        texts = [self.wording.text(self.tokenizer, prompt) for prompt in prompts]
        encoded = encode_texts(self.tokenizer, texts)
        self._check_tokens(encoded)
        return encoded

    def encode_pairs(self, pairs: Sequence[tuple[Prompt, str]]) -> list[tuple[list[int], list[int]]]:
        """Return the tokens of each prompt, worded for this policy, and of its completion, without an end."""
        worded = [(self.wording.text(self.tokenizer, prompt), completion) for prompt, completion in pairs]
        encoded = encode_pairs(self.tokenizer, worded)
        self._check_tokens([part for pair in encoded for part in pair])
        return encoded

    def _check_tokens(self, encoded: Sequence[Sequence[int]]) -> None:
        """Raise UserError for a token without an embedding."""
        rows = vocabulary_rows(self.model)
        largest = max((max(row, default=0) for row in encoded), default=0)
        if largest >= rows:
            token = self.tokenizer.convert_ids_to_tokens(largest)
            raise UserError(f"a text holds the token {token!r} ({largest}), but the model has {rows} embeddings")

    def complete(
        self,
        prompts: Sequence[str],
        *,
        num_samples: int,
        temperature: float,
        max_new_tokens: int,
        seed: int,
    ) -> list[list[Completion]]:
        """Return `num_samples` completions for each prompt, in order. Temperature 0 is greedy (sampled once)."""
        _, samples = self.rollout(
            prompts,
            num_samples=1 if temperature == 0 else num_samples,
            temperature=temperature,
            max_new_tokens=max_new_tokens,
            seed=seed,
        )
        texts = iter(self.texts([one for group in samples for one in group]))
        groups = [
            [
                Completion(
                    text=next(texts),
                    num_tokens=len(one.tokens),
                    truncated=one.truncated,
                    logprob=sum(one.logprobs),
                    chat=self.wording.chat,
                )
                for one in group
            ]
            for group in samples
        ]
        return [group * num_samples for group in groups] if temperature == 0 else groups

    def rollout(
        self,
        prompts: Sequence[str],
        *,
        num_samples: int,
        temperature: float,
        max_new_tokens: int,
        seed: int,
    ) -> tuple[list[list[int]], list[list[Sample]]]:
        """Return each prompt's tokens and its samples. Raises UserError for a prompt longer than the context allows."""
        tokens, context = self.encode(prompts), self.context
        longest = max((len(row) for row in tokens), default=0)
        if longest + max_new_tokens > context:
            raise UserError(
                f"max_new_tokens={max_new_tokens} and the longest prompt ({longest} tokens) exceed the model's "
                f"context of {context} tokens"
            )
        samples = sample(
            self.model,
            tokens,
            num_samples=num_samples,
            temperature=temperature,
            max_new_tokens=max_new_tokens,
            seed=seed,
            eos_id=self.end_ids,
            max_rows=self.max_rows,
            precision=self.precision,
        )
        return tokens, samples

    def texts(self, samples: Sequence[Sample]) -> list[str]:
        """Return the text of each sample, without the end-of-text token.

        A chat message begins without the one blank that tokenizers such as Llama's put before its first word.
        """
        tokens = [one.tokens if one.truncated else one.tokens[:-1] for one in samples]
        texts = decode_tokens(self.tokenizer, tokens)
        return [text[1:] if text[:1] == " " != text[1:2] else text for text in texts] if self.wording.chat else texts


def own_context(config: Any) -> int | None:
    """Return the most tokens that a model's configuration allows, or None.

    Where the rotary frequencies change with the length of the longest text, a text's log-probabilities would depend on
    its neighbours and a completion's on when it was sampled: such a model is used up to the length where they change.
    """
    bounds = [getattr(config, name, None) for name in ("max_position_embeddings", "max_seq_len")]
    rope = getattr(config, "rope_parameters", None) or {}
    kinds = [rope, *(one for one in rope.values() if isinstance(one, dict))]  # some families have one a layer type
    if any(one.get("rope_type") in ("dynamic", "longrope") for one in kinds):
        bounds += [one.get("original_max_position_embeddings") for one in (*kinds, config.to_dict())]
    return min((bound for bound in bounds if bound), default=None)


def load_policy(
    path: Path | str,
    *,
    device: str = "cpu",
    dtype: torch.dtype = torch.float32,
    max_rows: int = 256,
    chat_template: ChatTemplate = "auto",
    chat_template_kwargs: Mapping[str, Any] | None = None,
) -> TorchPolicy:
    """Load a checkpoint folder (or a hub name) as a policy; `chat_template` is as in `prompt_format`."""
    checkpoint = load_checkpoint(path, device=device, dtype=dtype)
    wording = wording_of(path, checkpoint.tokenizer, chat_template, chat_template_kwargs)
    return TorchPolicy(model=checkpoint.model, tokenizer=checkpoint.tokenizer, max_rows=max_rows, wording=wording)


def wording_of(
    path: Path | str, tokenizer: Any, chat_template: ChatTemplate, template_kwargs: Mapping[str, Any] | None
) -> PromptFormat:
    """Return how prompts are worded for a checkpoint. Raises UserError, naming the checkpoint, as `prompt_format`."""
    try:
        return prompt_format(tokenizer, chat_template=chat_template, template_kwargs=template_kwargs)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
