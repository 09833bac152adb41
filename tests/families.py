"""Tiny models of many families, with random weights large enough for every part of them to count."""

from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM

VOCABULARY = 300
COMMON = {"vocab_size": VOCABULARY, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 1}
ATTENTION = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
LIKE_LLAMA = {**ATTENTION, "intermediate_size": 64, "num_key_value_heads": 2, "max_position_embeddings": 256}
LIKE_GPT = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 256}
HEADS_OF_8 = {"head_dim": 8}
WINDOW = {"sliding_window": 128}
EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
FAMILIES: dict[str, dict[str, Any]] = {
    "bloom": {"hidden_size": 32, "n_layer": 2, "n_head": 4},
    "codegen": {**LIKE_GPT, "rotary_dim": 4},
    "cohere": LIKE_LLAMA,
    "falcon": ATTENTION,
    "falcon-alibi": {**ATTENTION, "alibi": True},
    "gemma": {**LIKE_LLAMA, **HEADS_OF_8},
    "gemma2": {**LIKE_LLAMA, **HEADS_OF_8, **WINDOW},
    "gemma3_text": {**LIKE_LLAMA, **HEADS_OF_8, **WINDOW},
    "gpt2": LIKE_GPT,
    "gpt_bigcode": LIKE_GPT,
    "gpt_neo": {
        "hidden_size": 32, "num_layers": 2, "num_heads": 4, "max_position_embeddings": 256, "window_size": 128,
        "attention_types": [[["global", "local"], 1]],
    },
    "gpt_neox": {**LIKE_LLAMA, "rotary_pct": 0.5},
    "gptj": {**LIKE_GPT, "rotary_dim": 4},
    "granite": LIKE_LLAMA,
    "lfm2": {**LIKE_LLAMA, "layer_types": ["conv", "full_attention"]},
    "llama": LIKE_LLAMA,
    "llama4_text": {
        **LIKE_LLAMA, **HEADS_OF_8, "num_local_experts": 2, "intermediate_size_mlp": 64, "attention_chunk_size": 128,
    },
    "mamba": {"hidden_size": 32, "num_hidden_layers": 2, "state_size": 8},
    "mistral": {**LIKE_LLAMA, **WINDOW},
    "mixtral": {**LIKE_LLAMA, "num_local_experts": 4},
    "mpt": {"d_model": 32, "n_layers": 2, "n_heads": 4, "max_seq_len": 256},
    "olmo2": LIKE_LLAMA,
    "opt": {**ATTENTION, "ffn_dim": 64, "word_embed_proj_dim": 32, "max_position_embeddings": 256},
    "phi": LIKE_LLAMA,
    "phi3": {**LIKE_LLAMA, "pad_token_id": 0},
    "qwen2": LIKE_LLAMA,
    "qwen2_moe": {**LIKE_LLAMA, **EXPERTS, "shared_expert_intermediate_size": 32},
    "qwen3": {**LIKE_LLAMA, **HEADS_OF_8},
    "recurrent_gemma": {
        **LIKE_LLAMA, **HEADS_OF_8, "num_hidden_layers": 3, "attention_window_size": 128, "lru_width": 32,
    },
    "stablelm": LIKE_LLAMA,
    "starcoder2": LIKE_LLAMA,
    "xglm": {"d_model": 32, "num_layers": 2, "attention_heads": 4, "ffn_dim": 64, "max_position_embeddings": 256},
}  # fmt: skip
EAGER_ONLY = ("bloom", "codegen", "gemma2", "gpt_neo", "gptj", "mamba", "mpt", "xglm")


def family(name: str, *, attention: str = "eager", tied: bool = False, **changes: Any) -> Any:
    """Return a model of a family in evaluation mode."""
    sizes = {**COMMON, **FAMILIES[name], "tie_word_embeddings": tied, **changes}
    config = AutoConfig.for_model(name.removesuffix("-alibi"), **sizes)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        auto: Any = AutoModelForCausalLM
        model: Any = auto.from_config(config, attn_implementation=attention)
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.ndim >= 2:
                    parameter.normal_(std=0.2)
    return model.eval()
