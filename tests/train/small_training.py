"""A small policy and task for the tests of training: repeat the word of the prompt."""

import functools
import random
from typing import Any

import torch

from moiety.models.policy import TorchPolicy
from moiety.models.tokenizer import train_tokenizer
from moiety.train.data import Row
from small_model import small_model

WORDS = ["alpha", "beta", "gamma", "delta", "omega", "sigma"]
PAIRS = [(f"say {word}\n", f"{word} {word}\n") for word in WORDS]

torch.set_num_threads(1)  # tests share the cores


@functools.cache
def small_tokenizer() -> Any:
    return train_tokenizer([(prompt + completion) * 5 for prompt, completion in PAIRS], vocab_size=320)


def small_policy() -> TorchPolicy:
    tokenizer = small_tokenizer()
    return TorchPolicy(model=small_model(tokenizer), tokenizer=tokenizer)


def random_rows() -> list[Row]:
    """Return rows of random tokens, of 3 to 30 tokens."""
    rng = random.Random(0)

    def tokens(low: int, high: int) -> tuple[int, ...]:
        return tuple(rng.randrange(2, 250) for _ in range(rng.randrange(low, high)))

    return [Row(tokens(1, 12), (*tokens(1, 18), 0)) for _ in range(40)]


def weights(policy: TorchPolicy) -> list[torch.Tensor]:
    """Return a copy of the policy's weights."""
    return [parameter.detach().clone() for parameter in policy.model.parameters()]


def equal(first: list[torch.Tensor], second: list[torch.Tensor]) -> bool:
    """Tell whether two copies are equal bit for bit."""
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
