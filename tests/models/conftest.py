"""A small tokenizer and model for the tests of models."""

import random
from typing import Any

import pytest

from moiety.models.tiny import new_tiny_model, tiny_config
from moiety.models.tokenizer import train_tokenizer

WORDS = ["reverse", "the list", "sorted(xs)", "return", "sum", "    xs = xs[::-1]", "def f(xs):", "把列表反转"]


def some_texts(count: int) -> list[str]:
    rng = random.Random(0)
    return ["\n".join(" ".join(rng.choices(WORDS, k=4)) for _ in range(3)) for _ in range(count)]


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    return train_tokenizer(some_texts(50), vocab_size=320)


@pytest.fixture
def model(tokenizer: Any) -> Any:
    config = tiny_config(
        vocab_size=len(tokenizer), width=64, num_layers=2, feed_forward=96, context=128,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    return new_tiny_model(config, seed=0)
