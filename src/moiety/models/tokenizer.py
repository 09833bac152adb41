"""A byte-level BPE tokenizer of our own, saved as an ordinary Hugging Face fast tokenizer.

Byte level, so every string has tokens and there is no unknown one. Sennrich et al. 2016 (arXiv 1508.07909).
Not a chat template: a prompt is plain text, a completion ends at the end-of-text token.
"""

from collections.abc import Iterable
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from moiety.errors import UserError

END_OF_TEXT = "<|endoftext|>"
PAD = "<|pad|>"


def train_tokenizer(texts: Iterable[str], *, vocab_size: int = 1024) -> Any:
    """Train on `texts` and return a Hugging Face fast tokenizer; equal texts in equal order give equal vocabularies."""
    smallest = len(pre_tokenizers.ByteLevel.alphabet()) + 2
    if vocab_size < smallest:
        raise UserError(f"vocab_size must be at least {smallest} (256 bytes and 2 special tokens), got {vocab_size}")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[END_OF_TEXT, PAD],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer=trainer)
    wrapper: Any = PreTrainedTokenizerFast  # untyped
    return wrapper(
        tokenizer_object=tokenizer,
        eos_token=END_OF_TEXT,
        pad_token=PAD,
        clean_up_tokenization_spaces=False,
        padding_side="left",
    )


def encode_texts(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    """Return the tokens of each text, without special tokens."""
    if not texts:
        return []
    encoded: list[list[int]] = tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]
    return encoded


def decode_tokens(tokenizer: Any, rows: list[list[int]]) -> list[str]:
    """Return the text of each row of tokens, byte for byte, special tokens left out."""
    decoded: list[str] = tokenizer.batch_decode(rows, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return decoded
