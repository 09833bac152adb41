"""Save a checkpoint folder so that it is there whole or not at all.

An ordinary Hugging Face folder, published by rename. Not the state of a stage that was killed: that is `resume`.
"""

from pathlib import Path
from typing import Any

from moiety.models.hf import Checkpoint, save_files
from moiety.runs import atomic_directory


def save_checkpoint(model: Any, tokenizer: Any, folder: Path) -> None:
    """Write `model` and `tokenizer` to `folder`, replacing nothing until all is written."""
    with atomic_directory(folder) as temporary:
        save_files(Checkpoint(model=model, tokenizer=tokenizer), Path(temporary))
