"""Save a checkpoint folder so that it is there whole or not at all.

An ordinary Hugging Face folder, published by rename. Not the state of a stage that was killed: that is `resume`.
"""

from pathlib import Path
from typing import Any

import torch

from moiety.models.hf import Checkpoint, save_files
from moiety.runs import atomic_directory


def save_checkpoint(model: Any, tokenizer: Any, folder: Path, *, dtype: torch.dtype | None = None) -> None:
    """Write `model` and `tokenizer` to `folder`, replacing nothing until all is written.

    With `dtype` the model's weights are turned into that precision, for good.
    """
    if dtype is not None:
        model = model.to(dtype)
    with atomic_directory(folder) as temporary:
        save_files(Checkpoint(model=model, tokenizer=tokenizer), Path(temporary))


def fits(model: Any, dtype: torch.dtype) -> bool:
    """Return True if no weight of a model is too large for a precision; those of fp16 end at 65504."""
    largest = torch.finfo(dtype).max
    return all(bool((one.detach().abs() <= largest).all()) for one in model.parameters() if one.is_floating_point())
