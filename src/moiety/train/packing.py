"""Whether packed rows may go through a module's own forward pass as they are packed, or one row a line.

They may where the family takes positions and a mask of its own, attention is one that reads such a mask, and two short
packed rows are measured not to see each other; once a model. Everywhere else rows are unpacked, which every causal
model reads right: alibi, recurrent and convolutional layers, windows shorter than a row. Not our own forward pass.
"""

from typing import Any

import torch
from torch import Tensor

from moiety.models.module import (
    asked_once,
    evaluating,
    forward_inputs,
    nats_allowed,
    own_logits,
    takes,
    vocabulary_rows,
)
from moiety.train.data import Batch, Row, block_mask, packed_batch

WINDOWS = ("sliding_window", "attention_window", "window_size", "attention_chunk_size")  # names of configurations


def reads_packed(model: Any, batch: Batch) -> bool:
    """Return True if a batch may go through the module's forward pass as it is."""
    if batch.segments is None:
        return True
    return keeps_rows_apart(model) and int(batch.positions.max()) < shortest_window(model.config)


def shortest_window(config: Any) -> int:
    """Return how many tokens back the shortest attention window of a model reaches; a mask of ours would replace it."""
    sizes = [
        value
        for name, value in config.to_dict().items()
        if name.endswith(WINDOWS) and isinstance(value, int) and not isinstance(value, bool) and value > 0
    ]
    return min(sizes, default=1 << 40)


def packed_inputs(model: Any, batch: Batch) -> dict[str, Any]:
    """Return the inputs of the module's forward pass for a batch; a packed one has our mask in the form it reads.

    Eager attention adds a mask to its scores, so a mask of true and false would hide nothing.
    """
    device = model.device
    inputs: dict[str, Any] = {"input_ids": batch.tokens.to(device), "use_cache": False}
    if batch.segments is not None:
        visible = block_mask(batch.segments.to(device))
        mask: Tensor = visible
        if model.config._attn_implementation == "eager":
            lowest = torch.finfo(model.dtype).min
            mask = torch.zeros_like(visible, dtype=model.dtype).masked_fill_(~visible, lowest)
        inputs |= {"position_ids": batch.positions.to(device), "attention_mask": mask}
    return forward_inputs(model, **inputs)


@asked_once
def keeps_rows_apart(model: Any) -> bool:
    """Return True if a packed row comes out as it does alone, and the same to the bit whatever its neighbours are."""
    if not takes(model, "position_ids", "attention_mask"):
        return False
    if model.config._attn_implementation not in ("sdpa", "eager"):
        return False  # flash and flex attention read no mask of ours
    size = vocabulary_rows(model)
    rows = [Row((), tuple((start + 3 * n) % size for n in range(7))) for start in (5, 11, 17, 23, 29)]
    lines = [[0, 1, 2], [3, 1, 4]]  # the same row between two pairs of others
    with evaluating(model):
        found = []
        for line in lines:
            batch = packed_batch(rows, [line], row_tokens=24, prompt_loss=True)
            try:
                found.append(model(**packed_inputs(model, batch)).logits[0, 7:14])
            except (TypeError, ValueError, RuntimeError, IndexError):
                return False
        alone = own_logits(model, torch.tensor([rows[1].completion]))[0]
    if not torch.equal(*found):
        return False
    packed, known = found[0].float().log_softmax(-1), alone.float().log_softmax(-1)
    likely = known.topk(4, dim=-1).indices  # reduced precision says little of rare tokens
    return bool((packed - known).gather(1, likely).abs().max() <= nats_allowed(model.dtype))
