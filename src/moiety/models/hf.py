"""Load and save any causal language model as an ordinary Hugging Face checkpoint folder.

Not a hub client: a folder or a name goes to `transformers` as it is. Saving is not atomic here; `train.checkpoint` is.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from moiety.errors import UserError


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model with its tokenizer."""

    model: Any
    tokenizer: Any


def load_checkpoint(path: Path | str, *, device: str = "cpu", dtype: torch.dtype = torch.float32) -> Checkpoint:
    """Load a checkpoint folder (or a hub name); the model is in evaluation mode.

    Raises UserError for a folder without a model or without a tokenizer that has an end-of-text token.
    """
    folder = Path(path)
    if folder.exists() and not (folder / "config.json").is_file():
        raise UserError(f"{path}: not a checkpoint folder: it has no config.json")
    if not folder.exists() and (str(path).startswith(("/", ".", "~")) or str(path).count("/") > 1):
        raise UserError(f"{path}: no such checkpoint folder")  # and no name of the hub: those are OWNER/NAME
    if folder.exists() and not any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer_config.json")):
        raise UserError(f"{path}: the checkpoint has no tokenizer (tokenizer.json)")
    try:
        tokenizer = AutoTokenizer.from_pretrained(str(path))
        model: Any = AutoModelForCausalLM.from_pretrained(str(path), dtype=dtype)
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot load a causal language model: {str(error).splitlines()[0]}") from error
    if tokenizer.eos_token_id is None:
        raise UserError(f"{path}: the tokenizer names no end-of-text token (eos_token)")
    return Checkpoint(model=model.to(device).eval(), tokenizer=tokenizer)


def end_ids(model: Any, tokenizer: Any) -> tuple[int, ...]:
    """Return the tokens that end a completion: the tokenizer's first, then others of the generation configuration."""
    stated = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    others = [] if stated is None else [stated] if isinstance(stated, int) else list(stated)
    return tuple(dict.fromkeys([tokenizer.eos_token_id, *others]))


def save_files(checkpoint: Checkpoint, folder: Path) -> None:
    """Write the model (safetensors) and the tokenizer into an existing folder.

    The generation configuration names the tokens that end a completion, so that a server stops at them.
    """
    model = checkpoint.model
    ends = end_ids(model, checkpoint.tokenizer)
    if getattr(model, "generation_config", None) is not None:
        model.generation_config.eos_token_id = ends[0] if len(ends) == 1 else list(ends)
    model.save_pretrained(folder)
    checkpoint.tokenizer.save_pretrained(folder)
