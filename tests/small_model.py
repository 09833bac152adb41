"""A small tokenizer and model for the tests of models and of training."""

import functools
import random
from typing import Any

import torch

from moiety.models.tiny import new_tiny_model, tiny_config
from moiety.models.tokenizer import train_tokenizer

WORDS = ["reverse", "the list", "sorted(xs)", "return", "sum", "    xs = xs[::-1]", "def f(xs):", "把列表反转"]

torch.set_num_threads(1)  # tests share the cores


@functools.cache
def small_tokenizer() -> Any:
    rng = random.Random(0)
    texts = ["\n".join(" ".join(rng.choices(WORDS, k=4)) for _ in range(3)) for _ in range(50)]
    return train_tokenizer(texts, vocab_size=320)


def small_model(tokenizer: Any = None) -> Any:
    """Return a model with random weights for a tokenizer, `small_tokenizer()` where none is given."""
    tokenizer = tokenizer or small_tokenizer()
    config = tiny_config(
        vocab_size=len(tokenizer),
        width=64,
        num_layers=2,
        feed_forward=96,
        context=128,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return new_tiny_model(config, seed=0)
