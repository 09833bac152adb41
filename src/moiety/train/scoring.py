"""Logits of the learnt tokens of a batch: what every loss starts from.

Only states that predict a learnt token meet the output matrix, a seventh of the tiny model's weights.
Supported shapes take our forward pass, others the module's own with the same mask; so do adapters and gradient
checkpointing, which live in the modules.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from moiety.models.forward import hidden_states, own_forward, supported, weights_of
from moiety.models.lora import BasePolicy, without_adapters
from moiety.train.config import Precision
from moiety.train.data import Batch, block_mask


def autocast(precision: Precision, device: str = "cpu") -> torch.autocast:
    """Return the context under which matrix products run in `precision`."""
    reduced = precision == "bf16" or (precision == "auto" and multiplies_bf16(device))
    return torch.autocast(device, dtype=torch.bfloat16, enabled=reduced)


def multiplies_bf16(device: str = "cpu") -> bool:
    """Tell whether the device multiplies matrices faster in bf16 than in fp32, as processors with AMX or AVX-512 do."""
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
    return _rows(_module_outputs(model, batch).logits, batch).float(), _targets(model, batch)


def learnt_states(model: Any, batch: Batch) -> Tensor:
    """Return the model's last normed states (D, width) that predict the learnt tokens, in line order."""
    if not own_forward(model):
        return _rows(_module_outputs(model.base_model, batch).last_hidden_state, batch)
    device = model.device
    tokens, positions = batch.tokens.to(device), batch.positions.to(device)
    mask = None if batch.segments is None else block_mask(batch.segments.to(device))
    return _rows(hidden_states(weights_of(model), tokens, positions, mask), batch)


def learnt_logits_and_states(model: Any, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """Return `learnt_logits` and, third, `learnt_states`, from one forward pass."""
    if supported(model):
        states = learnt_states(model, batch)
        return _logits_of(model, states), _targets(model, batch), states
    outputs = _module_outputs(model, batch, output_hidden_states=True)
    states = _rows(outputs.hidden_states[-1], batch)
    return _rows(outputs.logits, batch).float(), _targets(model, batch), states


def _logits_of(model: Any, states: Tensor) -> Tensor:
    if own_forward(model):
        return functional.linear(states, model.lm_head.weight).float()
    logits: Tensor = model.lm_head(states).float()
    return logits


def _module_outputs(module: Any, batch: Batch, **options: bool) -> Any:
    """Return the outputs of the module's own forward pass with our mask."""
    device = module.device
    mask = None if batch.segments is None else block_mask(batch.segments.to(device))
    tokens, positions = batch.tokens.to(device), batch.positions.to(device)
    return module(input_ids=tokens, position_ids=positions, attention_mask=mask, use_cache=False, **options)


def _rows(outputs: Tensor, batch: Batch) -> Tensor:
    """Return the rows of `outputs` (B, T, any) that predict a learnt token."""
    return outputs[:, :-1].reshape(-1, outputs.shape[-1]).index_select(0, _where(batch).to(outputs.device))


def _targets(model: Any, batch: Batch) -> Tensor:
    targets: Tensor = batch.tokens.to(model.device)[:, 1:].reshape(-1)[_where(batch).to(model.device)]
    return targets


def _where(batch: Batch) -> Tensor:
    """Return the flat positions, in lines one token shorter, that predict a learnt token."""
    return batch.loss_mask[:, 1:].reshape(-1).nonzero().squeeze(1)
