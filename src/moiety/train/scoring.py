"""Logits of the learnt tokens of a batch: what every loss starts from.

Only states that predict a learnt token meet the output matrix, a seventh of the tiny model's weights.
Supported shapes take our forward pass, others the module's own with the same mask.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from moiety.models.forward import hidden_states, supported, weights_of
from moiety.train.config import Precision
from moiety.train.data import Batch, block_mask


def autocast(precision: Precision, device: str = "cpu") -> torch.autocast:
    """Return the context under which matrix products run in `precision`."""
    reduced = precision == "bf16" or (precision == "auto" and multiplies_bf16(device))
    return torch.autocast(device, dtype=torch.bfloat16, enabled=reduced)


def multiplies_bf16(device: str = "cpu") -> bool:
    """Tell whether the device has matrix products in bf16: AMX on a CPU, which runs others without it slowly."""
    if device != "cpu":
        return device == "cuda" and torch.cuda.is_bf16_supported()
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()  # absent before torch 2.10
    return bool(capabilities.get("amx_bf16", False))


def learnt_logits(model: Any, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return fp32 logits (D, vocabulary) and targets (D,) of the learnt tokens, in line order."""
    device = model.device
    where = batch.loss_mask[:, 1:].reshape(-1).nonzero().squeeze(1).to(device)
    targets = batch.tokens.to(device)[:, 1:].reshape(-1)[where]
    tokens, positions = batch.tokens.to(device), batch.positions.to(device)
    mask = None if batch.segments is None else block_mask(batch.segments.to(device))
    if supported(model):
        weights = weights_of(model)
        states = hidden_states(weights, tokens, positions, mask)[:, :-1].reshape(-1, weights.shape.width)
        return functional.linear(states.index_select(0, where), weights.head).float(), targets
    logits = model(input_ids=tokens, position_ids=positions, attention_mask=mask, use_cache=False).logits
    return logits[:, :-1].reshape(-1, logits.shape[-1]).index_select(0, where).float(), targets
