"""Tiny checkpoints of many families, with random weights large enough for every part of them to count."""

import functools
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM

VOCABULARY = 300
COMMON = {"vocab_size": VOCABULARY, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 1}
LIKE_LLAMA = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 256,
}  # fmt: skip
LIKE_GPT = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 256}
HEADS_OF_8 = {"head_dim": 8}
FAMILIES: dict[str, dict[str, Any]] = {
    "qwen2": LIKE_LLAMA,
    "qwen3": {**LIKE_LLAMA, **HEADS_OF_8},
    "llama": LIKE_LLAMA,
    "mistral": {**LIKE_LLAMA, "sliding_window": 128},
    "gemma": {**LIKE_LLAMA, **HEADS_OF_8},
    "gemma2": {**LIKE_LLAMA, **HEADS_OF_8, "sliding_window": 128},
    "gemma3_text": {**LIKE_LLAMA, **HEADS_OF_8, "sliding_window": 128},
    "gpt2": LIKE_GPT,
    "gpt_neo": {
        "hidden_size": 32, "num_layers": 2, "num_heads": 4, "max_position_embeddings": 256,
        "attention_types": [[["global", "local"], 1]], "window_size": 128,
    },
    "gpt_neox": {**LIKE_LLAMA, "rotary_pct": 0.5},
    "gptj": {**LIKE_GPT, "rotary_dim": 4},
    "codegen": {**LIKE_GPT, "rotary_dim": 4},
    "gpt_bigcode": LIKE_GPT,
    "phi": LIKE_LLAMA,
    "phi3": {**LIKE_LLAMA, "pad_token_id": 0},
    "opt": {"hidden_size": 32, "ffn_dim": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "word_embed_proj_dim": 32,
            "max_position_embeddings": 256},
    "stablelm": LIKE_LLAMA,
    "starcoder2": LIKE_LLAMA,
    "falcon": {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 256},
    "falcon_alibi": {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "alibi": True},
    "olmo2": LIKE_LLAMA,
    "cohere": LIKE_LLAMA,
    "granite": LIKE_LLAMA,
    "qwen2_moe": {**LIKE_LLAMA, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32,
                  "shared_expert_intermediate_size": 32},
    "mixtral": {**LIKE_LLAMA, "num_local_experts": 4},
    "bloom": {"hidden_size": 32, "n_layer": 2, "n_head": 4},
    "mpt": {"d_model": 32, "n_layers": 2, "n_heads": 4, "max_seq_len": 256},
    "mamba": {"hidden_size": 32, "num_hidden_layers": 2, "state_size": 8},
    "mamba2": {"hidden_size": 32, "num_hidden_layers": 2, "state_size": 8, "num_heads": 8, "head_dim": 8, "n_groups": 1, "chunk_size": 16},
    "recurrent_gemma": {**LIKE_LLAMA, "num_hidden_layers": 3, "attention_window_size": 128, "lru_width": 32, **HEADS_OF_8},
    "lfm2": {**LIKE_LLAMA, "layer_types": ["conv", "full_attention"]},
    "gpt_oss": {**LIKE_LLAMA, **HEADS_OF_8, "num_local_experts": 4, "num_experts_per_tok": 2, "sliding_window": 128},
    "qwen3_next": {**LIKE_LLAMA, **HEADS_OF_8, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32,
       "shared_expert_intermediate_size": 32, "layer_types": ["linear_attention", "full_attention"], "linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 8, "linear_value_head_dim": 8},
    "jamba": {**LIKE_LLAMA, "attn_layer_period": 2, "attn_layer_offset": 1, "use_mamba_kernels": False},
    "rwkv": {"hidden_size": 32, "num_hidden_layers": 2, "attention_hidden_size": 32, "intermediate_size": 64},
    "xglm": {"d_model": 32, "num_layers": 2, "attention_heads": 4, "ffn_dim": 64, "max_position_embeddings": 256},
    "llama4_text": {**LIKE_LLAMA, **HEADS_OF_8, "num_local_experts": 2, "intermediate_size_mlp": 64, "attention_chunk_size": 128},
    "deepseek_v3": {**LIKE_LLAMA, "n_routed_experts": 4, "num_experts_per_tok": 2, "n_group": 1, "topk_group": 1, "moe_intermediate_size": 32, "kv_lora_rank": 8, "q_lora_rank": 16, "qk_rope_head_dim": 8, "qk_nope_head_dim": 8, "v_head_dim": 8, "num_key_value_heads": 4},
}  # fmt: skip


def family(name: str, *, attention: str = "sdpa", tied: bool = False, **changes: Any) -> Any:
    sizes = {**COMMON, **FAMILIES[name], "tie_word_embeddings": tied, **changes}
    config = AutoConfig.for_model(name.removesuffix("_alibi"), **sizes)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model: Any = AutoModelForCausalLM.from_config(config, attn_implementation=attention)
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.ndim >= 2:
                    parameter.normal_(std=0.2)
    return model.eval()
