"""A byte-level BPE tokenizer of our own, saved as an ordinary Hugging Face fast tokenizer.

Byte level, so every string has tokens and there is no unknown one. Sennrich et al. 2016 (arXiv 1508.07909).
Not a chat template: a prompt is plain text, a completion ends at the end-of-text token.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from moiety.errors import UserError

END_OF_TEXT = "<|endoftext|>"
PAD = "<|pad|>"
NEVER_MERGED = (")", ":", "x", "0")  # texts to encode a completion after; one that merges with it is passed over


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


def encode_pairs(tokenizer: Any, pairs: Sequence[tuple[str, str]]) -> list[tuple[list[int], list[int]]]:
    """Return the tokens of each (prompt, completion), such that `decode_tokens` gives the completion back.

    The two are encoded apart, so that no token reaches across. A tokenizer that begins every text with a blank of its
    own (as SentencePiece does) would put one between them: there the completion's tokens are those that follow the
    prompt's in the whole, or those of the completion after some other text.
    """
    prompts = encode_texts(tokenizer, [prompt for prompt, _ in pairs])
    completions = encode_texts(tokenizer, [completion for _, completion in pairs])
    sample = next(((text, ids) for (_, text), ids in zip(pairs, completions, strict=True) if text.strip()), None)
    if sample is not None and decode_tokens(tokenizer, [sample[1]]) == [" " + sample[0]]:
        completions = [_encode_after(tokenizer, *pair) for pair in pairs]
    return list(zip(prompts, completions, strict=True))


def _encode_after(tokenizer: Any, prompt: str, completion: str) -> list[int]:
    """Return the completion's tokens without a blank of the tokenizer's own before them."""
    for before in (prompt, *NEVER_MERGED):
        head, whole = encode_texts(tokenizer, [before, before + completion])
        if head and whole[: len(head)] == head and decode_tokens(tokenizer, [whole[len(head) :]]) == [completion]:
            return whole[len(head) :]
    return encode_texts(tokenizer, [completion])[0]


def decode_tokens(tokenizer: Any, rows: list[list[int]]) -> list[str]:
    """Return the text of each row of tokens as it reads after other text, byte for byte, special tokens left out.

    A decoder may drop the first blank of a text, which between a prompt and its completion means something. So each
    row is decoded after itself too, where its first blank stays, and the first half is cut off.
    """
    options = {"skip_special_tokens": True, "clean_up_tokenization_spaces": False}
    alone: list[str] = tokenizer.batch_decode(rows, **options)
    twice: list[str] = tokenizer.batch_decode([row + row for row in rows], **options)
    return [_with_first_blank(text, both.removeprefix(text)) for text, both in zip(alone, twice, strict=True)]


def _with_first_blank(alone: str, after: str) -> str:
    """Return the text as it reads after other text, where that differs from the text alone by its first blanks only.

    Bytes that are no character of their own may make one across the seam: then the text alone stands.
    """
    return after if after.endswith(alone) and not after.removesuffix(alone).strip(" ") else alone
