"""A small tokenizer, model and task for the tests of training: repeat the word of the prompt."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from moiety.models.policy import TorchPolicy
from moiety.models.tiny import new_tiny_model, tiny_config
from moiety.models.tokenizer import train_tokenizer
from moiety.train.data import Row

WORDS = ["alpha", "beta", "gamma", "delta", "omega", "sigma"]


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    return train_tokenizer([f"say {word}\n{word} {word}\n" * 5 for word in WORDS], vocab_size=320)


@pytest.fixture
def new_policy(tokenizer: Any) -> Callable[[], TorchPolicy]:
    config = tiny_config(
        vocab_size=len(tokenizer), width=64, num_layers=2, num_heads=2, feed_forward=96, context=128,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    return lambda: TorchPolicy(model=new_tiny_model(config, seed=0), tokenizer=tokenizer)


@pytest.fixture
def rows() -> list[Row]:
    """Return rows of random tokens, of 3 to 30 tokens."""
    rng = random.Random(0)

    def tokens(low: int, high: int) -> tuple[int, ...]:
        return tuple(rng.randrange(2, 250) for _ in range(rng.randrange(low, high)))

    return [Row(tokens(1, 12), (*tokens(1, 18), 0)) for _ in range(40)]


@pytest.fixture
def pairs() -> list[tuple[str, str]]:
    return [(f"say {word}\n", f"{word} {word}\n") for word in WORDS]
