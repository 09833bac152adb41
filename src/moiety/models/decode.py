"""The decode loop under `sampling`: prefill distinct prompts, then one token a step for every live row.

Prompts are padded on the left, so all rows write the same cache column; pads are masked. The query heads that share a
key-value head are treated as so many query positions of it: keys and values are never repeated.
Norm weights and the attention scale are folded into the projections that follow them.
Not for training: everything runs in inference mode, in the weights' own precision.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from moiety.models.forward import Shape, Weights, hidden_states, rope_tables, weights_of


@dataclass(frozen=True, slots=True)
class Decoded:
    """Sampled tokens and log-probabilities, (rows, max_new_tokens) each, valid up to `lengths` (rows,)."""

    tokens: Tensor
    logprobs: Tensor
    lengths: Tensor


@dataclass(frozen=True, slots=True)
class SamplingPrecision:
    """The precision of the weights and of the cache while sampling; None leaves it as the weights have it."""

    weights: torch.dtype | None = None
    cache: torch.dtype | None = None


AS_WEIGHTS = SamplingPrecision()


@dataclass(slots=True)
class _Cache:
    """Keys and values, (layers, rows, kv heads, columns, head size), the last column written, and the pad bias."""

    keys: Tensor
    values: Tensor
    bias: Tensor | None  # (rows, 1, columns): -inf where a row is padded
    used: int

    def keep(self, rows: Tensor) -> None:
        """Drop every row that `rows` (indices) does not name; the memory is kept."""
        n, used = len(rows), self.used
        for layer in range(self.keys.shape[0]):
            for store in (self.keys, self.values):
                store[layer, :n, :, :used] = store[layer, rows, :, :used]
        self.keys, self.values = self.keys[:, :n], self.values[:, :n]
        self.bias = None if self.bias is None else self.bias[rows]


@torch.inference_mode()
def rollout(
    model: Any,
    prompts: Sequence[Sequence[int]],
    *,
    uniforms: Tensor | None,
    temperature: float,
    max_new_tokens: int,
    end_ids: Sequence[int],
    precision: SamplingPrecision = AS_WEIGHTS,
) -> Decoded:
    """Decode one completion for each prompt of a supported shape. `uniforms` is (rows, max_new_tokens), or None."""
    weights = weights_of(model, dtype=precision.weights)
    device = weights.embedding.device
    states, cache, lengths = _prefill(weights, prompts, max_new_tokens, precision.cache)
    folded = _fold(weights)
    positions = lengths.clone()
    cos, sin = rope_tables(weights.shape, torch.arange(int(lengths.max()) + max_new_tokens, device=device))
    cos, sin = cos.to(states.dtype), sin.to(states.dtype)
    out = empty(len(prompts), max_new_tokens, device)
    uniforms = None if uniforms is None else uniforms.to(device)
    live = torch.arange(len(prompts), device=device)  # the output row of each batch row
    done = torch.zeros(len(prompts), dtype=torch.bool, device=device)
    for step in range(max_new_tokens):
        token, logprob = choose(
            functional.linear(states, weights.head), None if uniforms is None else uniforms[live, step], temperature
        )
        out.tokens[live, step], out.logprobs[live, step] = token, logprob
        ended = is_end(token, end_ids) & ~done
        if step + 1 == max_new_tokens:
            out.lengths[live[ended]] = step + 1
            break
        if bool(ended.any()):
            out.lengths[live[ended]] = step + 1
            done |= ended
            finished = int(done.sum())
            if finished == len(done):
                break
            if finished * 8 >= len(done):
                rows = (~done).nonzero().squeeze(1)
                cache.keep(rows)
                live, done, token, positions = live[rows], done[rows], token[rows], positions[rows]
        states = _step(weights.shape, folded, token, cos[positions], sin[positions], cache)
        positions += 1
    return out


def choose(logits: Tensor, uniforms: Tensor | None, temperature: float) -> tuple[Tensor, Tensor]:
    """Return a token and its log-probability for each row of `logits` (rows, vocabulary); None is greedy.

    A token is the first whose cumulative probability exceeds the row's uniform number. The number is scaled by the
    row's own total, so that rounding of the sum cannot step past the last token; a token of probability 0 is never
    chosen, for its cumulative probability equals its predecessor's.
    """
    logits = logits.float()
    if uniforms is None:
        token = logits.argmax(dim=-1)
        return token, logits.log_softmax(dim=-1).gather(1, token.unsqueeze(1)).squeeze(1)
    probabilities = (logits if temperature == 1 else logits / temperature).softmax(dim=-1)
    cumulative = probabilities.cumsum(dim=-1)
    target = uniforms.unsqueeze(1) * cumulative[:, -1:]
    token = torch.searchsorted(cumulative, target, right=True).clamp_(max=logits.shape[-1] - 1)
    return token.squeeze(1), probabilities.gather(1, token).log().squeeze(1)


def empty(rows: int, max_new_tokens: int, device: torch.device) -> Decoded:
    """Return what a rollout begins with: no tokens, and every row of full length."""
    return Decoded(
        tokens=torch.zeros(rows, max_new_tokens, dtype=torch.long, device=device),
        logprobs=torch.zeros(rows, max_new_tokens, device=device),
        lengths=torch.full((rows,), max_new_tokens, device=device),
    )


def pad_left(prompts: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Return tokens (rows, T), positions (rows, T) and lengths (rows,)."""
    lengths = torch.tensor([len(prompt) for prompt in prompts], device=device)
    width = int(lengths.max())
    tokens = torch.tensor([[0] * (width - len(prompt)) + list(prompt) for prompt in prompts], device=device)
    positions = torch.arange(width, device=device) - (width - lengths).unsqueeze(1)
    return tokens, positions, lengths


def _visible(positions: Tensor) -> Tensor | None:
    """Return the causal mask (rows, 1, T, T) that hides pads, or None where there are none."""
    if bool((positions[:, 0] == 0).all()):
        return None
    T = positions.shape[1]
    diagonal = torch.eye(T, dtype=torch.bool, device=positions.device)  # a pad sees itself: no empty softmax
    causal = torch.ones(T, T, dtype=torch.bool, device=positions.device).tril()
    return ((positions >= 0)[:, None, None, :] & causal) | diagonal


def is_end(token: Tensor, end_ids: Sequence[int]) -> Tensor:
    """Return which rows (rows,) have drawn one of the tokens that end a completion."""
    ended = token == end_ids[0]
    for other in end_ids[1:]:
        ended = ended | (token == other)
    return ended


def _prefill(
    weights: Weights, prompts: Sequence[Sequence[int]], max_new_tokens: int, cache_dtype: torch.dtype | None
) -> tuple[Tensor, _Cache, Tensor]:
    """Run each distinct prompt once; return the last states (rows, width), the filled cache and prompt lengths."""
    distinct = {tuple(prompt): i for i, prompt in reversed(list(enumerate(prompts)))}
    order = {prompt: i for i, prompt in enumerate(distinct)}
    device = weights.embedding.device
    row = torch.tensor([order[tuple(prompt)] for prompt in prompts], device=device)
    tokens, positions, lengths = pad_left(list(distinct), device)
    filled: list[tuple[Tensor, Tensor]] = []
    mask = _visible(positions)
    states = hidden_states(weights, tokens, positions.clamp(min=0), mask, cache=filled)[:, -1]
    used = tokens.shape[1]
    shape = weights.shape
    size = (len(weights.layers), len(prompts), shape.num_kv_heads, used + max_new_tokens, shape.head_size)
    kept_as = cache_dtype or states.dtype
    keys, values = torch.empty(size, device=device, dtype=kept_as), torch.empty(size, device=device, dtype=kept_as)
    for layer, (key, value) in enumerate(filled):
        keys[layer, :, :, :used], values[layer, :, :, :used] = key[row], value[row]
    bias = None
    if mask is not None:
        bias = torch.zeros(len(distinct), 1, used + max_new_tokens, device=device, dtype=states.dtype)
        bias[:, 0, :used].masked_fill_(positions < 0, float("-inf"))
        bias = bias[row].repeat_interleave(shape.num_kv_heads, dim=0).view(len(prompts), shape.num_kv_heads, 1, -1)
    return states[row], _Cache(keys=keys, values=values, bias=bias, used=used), lengths[row]


@dataclass(frozen=True, slots=True)
class _Folded:
    """One block's weights for decoding, transposed for x @ w, norm weights and the attention scale folded in."""

    qkv: Tensor  # (width, (heads + 2 kv heads) * head size)
    head_norm: Tensor | None  # (heads + kv heads, head size), the query heads scaled by head size ** -0.5
    output: Tensor
    gate_up: Tensor
    down: Tensor


@dataclass(frozen=True, slots=True)
class _Model:
    embedding: Tensor
    layers: tuple[_Folded, ...]
    norm: Tensor


def _fold(weights: Weights) -> _Model:
    """Fold what can be folded, once per rollout."""
    shape = weights.shape
    heads, kv_heads, size = shape.num_heads, shape.num_kv_heads, shape.head_size
    layers = []
    for layer in weights.layers:
        qkv = layer.qkv * layer.attention_norm
        norm = None
        if layer.query_norm is not None and layer.key_norm is not None:
            norm = torch.cat(
                [layer.query_norm.expand(heads, size) * size**-0.5, layer.key_norm.expand(kv_heads, size)]
            ).contiguous()
        else:
            qkv[: heads * size] *= size**-0.5
        gate_up = layer.gate_up * layer.mlp_norm
        layers.append(
            _Folded(
                qkv=qkv.T.contiguous(),
                head_norm=norm,
                output=layer.output.T.contiguous(),
                gate_up=gate_up.T.contiguous(),
                down=layer.down.T.contiguous(),
            )
        )
    return _Model(embedding=weights.embedding, layers=tuple(layers), norm=weights.norm)


def _step(shape: Shape, model: _Model, token: Tensor, cos: Tensor, sin: Tensor, cache: _Cache) -> Tensor:
    """Append one token (rows,) to every row and return the final normed states (rows, width)."""
    B, heads, kv_heads, size = len(token), shape.num_heads, shape.num_kv_heads, shape.head_size
    cos, sin = cos.unsqueeze(1), sin.unsqueeze(1)
    column = cache.used
    cache.used = used = column + 1
    bias = None if cache.bias is None else cache.bias[..., :used]
    x = model.embedding[token]
    for i, layer in enumerate(model.layers):
        qkv = (_unit(x, shape.norm_eps) @ layer.qkv).view(B, heads + 2 * kv_heads, size)
        turned = qkv[:, : heads + kv_heads]
        if layer.head_norm is not None:
            turned = _unit(turned, shape.norm_eps) * layer.head_norm
        first, second = turned.chunk(2, dim=-1)
        turned = torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)
        keys, values = cache.keys[i], cache.values[i]
        keys[:, :, column], values[:, :, column] = turned[:, heads:], qkv[:, heads + kv_heads :]
        query = turned[:, :heads].view(B, kv_heads, heads // kv_heads, size)
        scores = query @ keys[:, :, :used].to(x.dtype).transpose(-1, -2)  # (B, kv heads, heads per kv head, used)
        if bias is not None:
            scores += bias
        mixed = (scores.softmax(dim=-1) @ values[:, :, :used].to(x.dtype)).view(B, heads * size)
        x = torch.addmm(x, mixed, layer.output)
        gate, up = (_unit(x, shape.norm_eps) @ layer.gate_up).chunk(2, dim=-1)
        x = torch.addmm(x, functional.silu(gate) * up, layer.down)
    return functional.rms_norm(x, (x.shape[-1],), model.norm, shape.norm_eps)


def _unit(x: Tensor, eps: float) -> Tensor:
    """Scale the last axis to unit root mean square."""
    return functional.rms_norm(x, (x.shape[-1],), None, eps)
