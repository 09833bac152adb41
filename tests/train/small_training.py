"""A small policy and task for the tests of training: repeat the word of the prompt."""

import functools
import random
from typing import Any

import torch

from moiety.models.policy import TorchPolicy
from moiety.models.tiny import new_tiny_model, tiny_config
from moiety.models.tokenizer import train_tokenizer
from moiety.train.data import Row

WORDS = ["alpha", "beta", "gamma", "delta", "omega", "sigma"]
PAIRS = [(f"say {word}\n", f"{word} {word}\n") for word in WORDS]

torch.set_num_threads(1)  # tests share the cores


@functools.cache
def small_tokenizer() -> Any:
    return train_tokenizer([(prompt + completion) * 5 for prompt, completion in PAIRS], vocab_size=320)


def small_policy() -> TorchPolicy:
    tokenizer = small_tokenizer()
    config = tiny_config(
        vocab_size=len(tokenizer),
        width=64,
        num_layers=2,
        feed_forward=96,
        context=128,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return TorchPolicy(model=new_tiny_model(config, seed=0), tokenizer=tokenizer)


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
