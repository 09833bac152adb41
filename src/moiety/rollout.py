"""What a policy is to the rest of the program: prompts in, scored-to-be completions out.

Torch-free. Not an implementation: those live in `models`; a simulated policy of known skill is one too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Completion:
    """Text a policy returned for a prompt.

    `num_tokens` counts the end-of-text token where there is one; `truncated` says there is none, because
    `max_new_tokens` was reached; `logprob` is the sum over tokens under the distribution that was sampled. `chat` says
    that the text is a chat model's answer, in which the program is to be found (`extract_program`).
    """

    text: str
    num_tokens: int
    truncated: bool
    logprob: float
    chat: bool = False


class Policy(Protocol):
    """Anything that completes prompts."""

    def complete(
        self,
        prompts: Sequence[str],
        *,
        num_samples: int,
        temperature: float,
        max_new_tokens: int,
        seed: int,
    ) -> list[list[Completion]]:
        """Return `num_samples` completions for each prompt, in order. Temperature 0 is greedy."""
        ...
