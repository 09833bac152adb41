"""Load and save any causal language model as an ordinary Hugging Face checkpoint folder.

What cannot be right is refused here: weights that the files lack, and a tokenizer whose tokens have no embedding.
Not a hub client: a name goes to `transformers` as it is. Saving is not atomic here; `train.checkpoint` is.
"""

from collections import Counter
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from moiety.checkpoint_paths import check_checkpoint_path
from moiety.errors import UserError
from moiety.models.module import vocabulary_rows

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
STORED = {"F32": torch.float32, "BF16": torch.bfloat16, "F16": torch.float16}  # as safetensors calls them


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model with its tokenizer; `stored` is the precision of the weights in the checkpoint's own files."""

    model: Any
    tokenizer: Any
    stored: torch.dtype = torch.float32


def load_checkpoint(path: Path | str, *, device: str = "cpu", dtype: torch.dtype = torch.float32) -> Checkpoint:
    """Load a checkpoint folder (or a hub name); the model is in evaluation mode.

    Raises UserError for a folder without a model or without a tokenizer that has an end-of-text token, for a checkpoint
    that lacks weights, and for tokens without an embedding.
    """
    check_checkpoint_path(path)
    try:
        tokenizer = AutoTokenizer.from_pretrained(str(path))
        stored = stored_precision(path)
        loaded: Any = AutoModelForCausalLM.from_pretrained(str(path), dtype=dtype, output_loading_info=True)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError, ImportError) as error:
        raise UserError(f"{path}: cannot load a causal language model: {_first_line(error)}") from error
    model, facts = loaded
    missing = sorted(facts["missing_keys"])
    if missing:
        raise UserError(f"{path}: the checkpoint lacks {len(missing)} of the model's weights, such as {missing[0]}")
    if tokenizer.eos_token_id is None:
        raise UserError(f"{path}: the tokenizer names no end-of-text token (eos_token)")
    _check_vocabulary(path, tokenizer, vocabulary_rows(model))
    return Checkpoint(model=model.to(device).eval(), tokenizer=tokenizer, stored=stored)


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def stored_precision(path: Path | str) -> torch.dtype:
    """Return the precision of most of the weights in a checkpoint's files, or what its configuration names."""
    counts: Counter[torch.dtype] = Counter()
    for file in sorted(Path(path).glob("*.safetensors")):
        with safe_open(file, framework="pt") as weights:
            for name in weights.keys():  # noqa: SIM118  # no mapping
                one = weights.get_slice(name)
                counts[STORED.get(one.get_dtype(), torch.float32)] += prod(one.get_shape())
    if counts:
        return max(counts, key=lambda kind: counts[kind])
    named: Any = getattr(AutoConfig.from_pretrained(str(path)), "dtype", None)
    return next((kind for kind in STORED.values() if kind == named), torch.float32)


def _check_vocabulary(path: Path | str, tokenizer: Any, rows: int) -> None:
    """Raise UserError where a token has no embedding.

    Special tokens other than the end are let be: of a model cut out of a larger one, such as a text model of one that
    sees images, the tokenizer may keep some that no text has. `TorchPolicy.encode` refuses a text that has one.
    """
    special = set(tokenizer.all_special_ids)
    special |= {number for number, token in tokenizer.added_tokens_decoder.items() if token.special}
    special.discard(tokenizer.eos_token_id)
    known = tokenizer.get_vocab()
    without = sorted((number, token) for token, number in known.items() if number >= rows and number not in special)
    if without:
        number, token = without[0]
        raise UserError(
            f"{path}: the tokenizer has {len(without)} tokens without an embedding, the first is {token!r} ({number}); "
            f"the model has {rows} rows. Resize them to {max(known.values()) + 1}, or use the model's own tokenizer"
        )


def end_ids(model: Any, tokenizer: Any) -> tuple[int, ...]:
    """Return the tokens that end a completion: the tokenizer's first, then others of the generation configuration."""
    stated = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    others = [] if stated is None else [stated] if isinstance(stated, int) else list(stated)
    return tuple(dict.fromkeys([tokenizer.eos_token_id, *others]))


def save_files(checkpoint: Checkpoint, folder: Path) -> None:
    """Write the model (safetensors) and the tokenizer into an existing folder.

    The generation configuration names the tokens that end a completion, so that a server stops at them. Weights are
    written in the precision they are in.
    """
    model = checkpoint.model
    ends = end_ids(model, checkpoint.tokenizer)
    if getattr(model, "generation_config", None) is not None:
        model.generation_config.eos_token_id = ends[0] if len(ends) == 1 else list(ends)
    model.save_pretrained(folder)
    checkpoint.tokenizer.save_pretrained(folder)
