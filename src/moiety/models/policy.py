"""A policy from a model and its tokenizer: text in, completions out.

Not a chat: every prompt stands alone, worded as `prompts` says. Plain text where nothing else is said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from moiety.errors import UserError
from moiety.models.decode import AS_WEIGHTS, SamplingPrecision
from moiety.models.hf import end_ids, load_checkpoint
from moiety.models.prompts import PLAIN, ChatTemplate, Prompt, PromptFormat, prompt_format
from moiety.models.sampling import Sample, sample
from moiety.models.tokenizer import decode_tokens, encode_texts
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
        own: int | None = getattr(self.model.config, "max_position_embeddings", None)
        return min(bound for bound in (own, self.max_context, 1 << 40) if bound)

    @property
    def end_ids(self) -> tuple[int, ...]:
        """The tokens that end a completion: the tokenizer's first, then others of the generation configuration."""
        return end_ids(self.model, self.tokenizer)

    def encode(self, prompts: Sequence[Prompt]) -> list[list[int]]:
        """Return the tokens of each prompt, worded for this policy."""
        return encode_texts(self.tokenizer, [self.wording.text(self.tokenizer, prompt) for prompt in prompts])

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
        """Return the text of each sample, without the end-of-text token."""
        return decode_tokens(self.tokenizer, [one.tokens if one.truncated else one.tokens[:-1] for one in samples])


def load_policy(
    path: Path | str,
    *,
    device: str = "cpu",
    dtype: torch.dtype = torch.float32,
    max_rows: int = 256,
    chat_template: ChatTemplate = "auto",
) -> TorchPolicy:
    """Load a checkpoint folder (or a hub name) as a policy; `chat_template` is as in `prompt_format`."""
    checkpoint = load_checkpoint(path, device=device, dtype=dtype)
    wording = prompt_format(checkpoint.tokenizer, chat_template=chat_template)
    return TorchPolicy(model=checkpoint.model, tokenizer=checkpoint.tokenizer, max_rows=max_rows, wording=wording)
