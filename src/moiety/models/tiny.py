"""The tiny model: a Qwen3 shape of about 0.92 M parameters, in fp32, that trains in minutes on two cores.

One key-value head and a head size of 64, not many small heads: clearly faster on a CPU.
Not a new architecture: it is an ordinary `transformers` model, saved as an ordinary checkpoint folder.
"""

from typing import Any

import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

from moiety.rng import derive


def tiny_config(
    *,
    vocab_size: int = 1024,
    width: int = 128,
    num_layers: int = 4,
    num_heads: int = 2,
    num_kv_heads: int = 1,
    head_size: int = 64,
    feed_forward: int = 384,
    context: int = 512,
    eos_token_id: int | None = None,
    pad_token_id: int | None = None,
) -> Any:
    """Return the `transformers` configuration of the tiny shape."""
    return Qwen3Config(
        vocab_size=vocab_size,
        hidden_size=width,
        num_hidden_layers=num_layers,
        num_attention_heads=num_heads,
        num_key_value_heads=num_kv_heads,
        head_dim=head_size,
        intermediate_size=feed_forward,
        max_position_embeddings=context,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=eos_token_id,
        pad_token_id=pad_token_id,
    )


def new_tiny_model(config: Any, *, seed: int) -> Any:
    """Return a model with random weights drawn from `seed`; torch's global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(seed, "model", "init"))
        model: Any = Qwen3ForCausalLM(config)
    return model.float().eval()


def num_parameters(model: Any) -> int:
    """Count the model's parameters, tied ones once."""
    return sum(parameter.numel() for parameter in model.parameters())
