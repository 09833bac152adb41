"""The forward pass of Qwen3 and Llama shapes, written once for training and for prefill.

It reads the parameters of the ordinary Hugging Face module, so a checkpoint stays an ordinary checkpoint, and is
checked against that module's own forward. Query, key and value (and gate and up) projections run as one product each.
Not a model of its own: it holds no weights. Other shapes fall back to the module's forward.
Root-mean-square norm: Zhang and Sennrich 2019 (arXiv 1910.07467). Rotary positions: Su et al. 2021 (arXiv 2104.09864).
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from moiety.models.lora import effective_weight, has_adapters


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes that the forward pass needs, read from a Hugging Face configuration."""

    width: int
    num_heads: int
    num_kv_heads: int
    head_size: int
    norm_eps: float
    rope_theta: float


@dataclass(frozen=True, slots=True)
class Layer:
    """One block's weights; `query_norm` and `key_norm` are None in Llama shapes."""

    attention_norm: Tensor
    qkv: Tensor
    query_norm: Tensor | None
    key_norm: Tensor | None
    output: Tensor
    mlp_norm: Tensor
    gate_up: Tensor
    down: Tensor


@dataclass(frozen=True, slots=True)
class Weights:
    """A model's weights with the fused projections; gradients flow back to the module's own parameters."""

    shape: Shape
    embedding: Tensor
    layers: tuple[Layer, ...]
    norm: Tensor
    head: Tensor


def supported(model: Any) -> bool:
    """Return True if `weights_of` can read this Hugging Face model, and `hidden_states` computes what it computes."""
    config = model.config
    rope = getattr(config, "rope_parameters", None) or {}
    return (
        type(model).__name__ in ("Qwen3ForCausalLM", "LlamaForCausalLM")
        and config.hidden_act == "silu"
        and rope.get("rope_type", "default") == "default"
        and rope.get("partial_rotary_factor", 1.0) == 1.0
        and not getattr(config, "use_sliding_window", False)
        and set(getattr(config, "layer_types", None) or ["full_attention"]) == {"full_attention"}
        and not any(parameter.ndim == 1 and name.endswith("bias") for name, parameter in model.named_parameters())
    )


def own_forward(model: Any) -> bool:
    """Tell whether training takes our forward pass: not for adapters, which save memory only inside their modules.

    Nor for gradient checkpointing, which is the modules' too.
    """
    checkpointing = any(getattr(module, "gradient_checkpointing", False) for module in model.modules())
    return supported(model) and not checkpointing and not has_adapters(model)


def shape_of(model: Any) -> Shape:
    """Read the sizes from the model's configuration."""
    config = model.config
    return Shape(
        width=config.hidden_size,
        num_heads=config.num_attention_heads,
        num_kv_heads=config.num_key_value_heads,
        head_size=getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads,
        norm_eps=config.rms_norm_eps,
        rope_theta=float(config.rope_parameters["rope_theta"]),
    )


def weights_of(model: Any, *, dtype: torch.dtype | None = None) -> Weights:
    """Gather the model's weights, fusing the projections that read the same input; LoRA adapters are added in.

    With `dtype` they are those weights in another precision.
    """

    def weight(*modules: Any) -> Tensor:
        parts = [effective_weight(module) for module in modules]
        whole = parts[0] if len(parts) == 1 else torch.cat(parts)
        return whole if dtype is None else whole.to(dtype)

    layers = []
    for block in model.model.layers:
        attention, mlp = block.self_attn, block.mlp
        query_norm, key_norm = getattr(attention, "q_norm", None), getattr(attention, "k_norm", None)
        layers.append(
            Layer(
                attention_norm=weight(block.input_layernorm),
                qkv=weight(attention.q_proj, attention.k_proj, attention.v_proj),
                query_norm=None if query_norm is None else weight(query_norm),
                key_norm=None if key_norm is None else weight(key_norm),
                output=weight(attention.o_proj),
                mlp_norm=weight(block.post_attention_layernorm),
                gate_up=weight(mlp.gate_proj, mlp.up_proj),
                down=weight(mlp.down_proj),
            )
        )
    embedding = weight(model.model.embed_tokens)
    tied = model.lm_head.weight is model.model.embed_tokens.weight and not hasattr(model.lm_head, "lora_A")
    return Weights(
        shape=shape_of(model),
        embedding=embedding,
        layers=tuple(layers),
        norm=weight(model.model.norm),
        head=embedding if tied else weight(model.lm_head),
    )


def rms_norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """Scale `x` to unit root mean square over its last axis, then by `weight`."""
    return functional.rms_norm(x, (x.shape[-1],), weight.to(x.dtype), eps)


def rope_tables(shape: Shape, positions: Tensor) -> tuple[Tensor, Tensor]:
    """Return cosines and sines, each of the shape of `positions` with half a head size appended."""
    half = shape.head_size // 2
    exponents = torch.arange(half, dtype=torch.float32, device=positions.device) / half
    angles = positions.float().unsqueeze(-1) * (shape.rope_theta**-exponents)
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn each head (last axis) of `x` by its position's angles; the tables broadcast over heads."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


def hidden_states(
    weights: Weights,
    tokens: Tensor,
    positions: Tensor,
    mask: Tensor | None,
    *,
    cache: list[tuple[Tensor, Tensor]] | None = None,
) -> Tensor:
    """Return the final normed states, (B, T, width), of `tokens` (B, T) at `positions` (B, T).

    `mask` (B, 1, T, T), true where a query may look, replaces the plain causal mask. Where `cache` is a list, each
    layer appends its keys and values, (B, kv heads, T, head size), to it.
    """
    shape = weights.shape
    cos, sin = rope_tables(shape, positions)  # (B, T, head size / 2)
    cos, sin = cos.unsqueeze(2), sin.unsqueeze(2)
    x = functional.embedding(tokens, weights.embedding)
    for layer in weights.layers:
        x = x + _attention(shape, layer, x, cos, sin, mask, cache)
        gate, up = functional.linear(rms_norm(x, layer.mlp_norm, shape.norm_eps), layer.gate_up).chunk(2, dim=-1)
        x = x + functional.linear(functional.silu(gate) * up, layer.down)
    return rms_norm(x, weights.norm, shape.norm_eps)


def _attention(
    shape: Shape,
    layer: Layer,
    x: Tensor,
    cos: Tensor,
    sin: Tensor,
    mask: Tensor | None,
    cache: list[tuple[Tensor, Tensor]] | None,
) -> Tensor:
    """Return the attention branch's output, (B, T, width)."""
    B, T, _ = x.shape
    heads, kv_heads, size = shape.num_heads, shape.num_kv_heads, shape.head_size
    qkv = functional.linear(rms_norm(x, layer.attention_norm, shape.norm_eps), layer.qkv).view(
        B, T, heads + 2 * kv_heads, size
    )
    query, key, value = torch.split(qkv, [heads, kv_heads, kv_heads], dim=2)
    if layer.query_norm is not None and layer.key_norm is not None:
        query = rms_norm(query, layer.query_norm, shape.norm_eps)
        key = rms_norm(key, layer.key_norm, shape.norm_eps)
    query, key = rotate(query, cos, sin), rotate(key, cos, sin)
    query, key, value = query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2)  # (B, heads, T, size)
    if cache is not None:
        cache.append((key, value))
    value = value.to(query.dtype)
    mixed = functional.scaled_dot_product_attention(
        query, key.to(query.dtype), value, attn_mask=mask, is_causal=mask is None, enable_gqa=heads != kv_heads
    ).to(x.dtype)
    return functional.linear(mixed.transpose(1, 2).reshape(B, T, heads * size), layer.output)
