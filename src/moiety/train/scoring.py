"""Logits of the learnt tokens of a batch: what every loss starts from.

Only states that predict a learnt token meet the output matrix, a seventh of the tiny model's weights.
Supported shapes take our forward pass, others the module's own, packed or a row a line as `packing` says; so do
adapters and gradient checkpointing, which live in the modules.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from moiety.models.forward import hidden_states, own_forward, supported, weights_of
from moiety.models.lora import BasePolicy, without_adapters
from moiety.train.config import Precision
from moiety.train.data import Batch, block_mask, unpacked
from moiety.train.packing import packed_inputs, reads_packed


def autocast(precision: Precision, device: str = "cpu") -> torch.autocast:
    """Return the context under which matrix products run in `precision`."""
    reduced = precision == "bf16" or (precision == "auto" and multiplies_bf16(device))
    return torch.autocast(device, dtype=torch.bfloat16, enabled=reduced)


def multiplies_bf16(device: str = "cpu") -> bool:
    """Return True if the device multiplies matrices faster in bf16 than in fp32: processors with AMX or AVX-512 do."""
    if device != "cpu":
        return device == "cuda" and torch.cuda.is_bf16_supported()
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()  # absent before torch 2.10
    return any(capabilities.get(name, False) for name in ("amx_bf16", "avx512_bf16"))


def learnt_logits(model: Any, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return fp32 logits (D, vocabulary) and targets (D,) of the learnt tokens, in line order."""
    if isinstance(model, BasePolicy):
        with without_adapters(model.model) as base:
            return learnt_logits(base, batch)
    if supported(model):
        return _logits_of(model, learnt_states(model, batch)), _targets(model, batch)
    (logits,) = _module_rows(model, model, batch, lambda outputs: outputs.logits)
    return logits.float(), _targets(model, batch)


def learnt_states(model: Any, batch: Batch) -> Tensor:
    """Return the model's last normed states (D, width) that predict the learnt tokens, in line order."""
    if not own_forward(model):
        (states,) = _module_rows(model, model.base_model, batch, lambda outputs: outputs.last_hidden_state)
        return states
    device = model.device
    tokens, positions = batch.tokens.to(device), batch.positions.to(device)
    mask = None if batch.segments is None else block_mask(batch.segments.to(device))
    return _rows(hidden_states(weights_of(model), tokens, positions, mask), batch)


def learnt_logits_and_states(model: Any, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """Return `learnt_logits` and, third, `learnt_states`, from one forward pass."""
    if supported(model):
        states = learnt_states(model, batch)
        return _logits_of(model, states), _targets(model, batch), states
    with _last_states(model) as last:
        logits, states = _module_rows(model, model, batch, lambda outputs: outputs.logits, lambda _: last[-1])
    return logits.float(), _targets(model, batch), states


@contextlib.contextmanager
def _last_states(model: Any) -> Iterator[list[Tensor]]:
    """Yield a list that keeps what the trunk under the head gave last: `outputs.hidden_states` may lack the norm."""
    last: list[Tensor] = []

    def keep(_module: Any, _inputs: Any, outputs: Any) -> None:
        last[:] = [outputs.last_hidden_state]

    handle = model.base_model.register_forward_hook(keep)
    try:
        yield last
    finally:
        handle.remove()


def _logits_of(model: Any, states: Tensor) -> Tensor:
    if own_forward(model):
        return functional.linear(states, model.lm_head.weight).float()
    logits: Tensor = model.lm_head(states).float()
    return logits


def _module_rows(model: Any, module: Any, batch: Batch, *read: Callable[[Any], Tensor]) -> list[Tensor]:
    """Return what each of `read` takes (B, T, any) from the outputs of `module`, at the learnt tokens in line order.

    `module` is the model, or its trunk without the head.
    """
    if reads_packed(model, batch):
        outputs = module(**packed_inputs(module, batch))
        return [_rows(of(outputs), batch) for of in read]
    parts, places = unpacked(batch)
    found: list[list[Tensor]] = []
    for part in parts:
        outputs = module(**packed_inputs(module, part))
        found.append([_rows(of(outputs), part) for of in read])
    return [torch.cat(pieces).index_select(0, places.to(model.device)) for pieces in zip(*found, strict=True)]


def _rows(outputs: Tensor, batch: Batch) -> Tensor:
    """Return the rows of `outputs` (B, T, any) that predict a learnt token."""
    return outputs[:, :-1].reshape(-1, outputs.shape[-1]).index_select(0, _where(batch).to(outputs.device))


def _targets(model: Any, batch: Batch) -> Tensor:
    targets: Tensor = batch.tokens.to(model.device)[:, 1:].reshape(-1)[_where(batch).to(model.device)]
    return targets


def _where(batch: Batch) -> Tensor:
    """Return the flat positions, in lines one token shorter, that predict a learnt token."""
    return batch.loss_mask[:, 1:].reshape(-1).nonzero().squeeze(1)
