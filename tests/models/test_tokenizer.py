"""The tokenizer is lossless, deterministic across processes, and an ordinary Hugging Face one."""

import hashlib
import random
import subprocess
import sys
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from moiety.errors import UserError
from moiety.models.tokenizer import decode_tokens, encode_texts, train_tokenizer
from small_model import small_tokenizer


def digest_of_a_vocabulary() -> str:
    rng = random.Random(0)
    texts = [" ".join("".join(rng.choices("abcde", k=rng.randrange(1, 9))) for _ in range(30)) for _ in range(40)]
    return hashlib.sha256(train_tokenizer(texts, vocab_size=400).backend_tokenizer.to_str().encode()).hexdigest()


@pytest.mark.parametrize("text", ["", "def f(xs):\n    return xs[::-1]\n", "把列表反转 é🙂\t\x00", "  trailing  \n\n"])
def test_text_survives(text: str) -> None:
    tokenizer = small_tokenizer()
    assert decode_tokens(tokenizer, encode_texts(tokenizer, [text])) == [text]


def test_the_vocabulary_does_not_depend_on_the_process() -> None:
    script = "import runpy, sys; print(runpy.run_path(sys.argv[1])['digest_of_a_vocabulary']())"
    command = [sys.executable, "-c", script, __file__]
    environment = {"PYTHONHASHSEED": "1", "PYTHONPATH": str(Path(__file__).parents[1])}
    other = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == digest_of_a_vocabulary()


def test_it_loads_as_an_ordinary_tokenizer(tmp_path: Path) -> None:
    tokenizer = small_tokenizer()
    tokenizer.save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    text = "def f(xs):\n    return sorted(xs)\n"
    assert loaded(text)["input_ids"] == tokenizer(text)["input_ids"]
    assert (loaded.eos_token, loaded.pad_token) == ("<|endoftext|>", "<|pad|>")


def test_a_vocabulary_below_the_bytes_is_refused() -> None:
    with pytest.raises(UserError, match="at least 258"):
        train_tokenizer(["a"], vocab_size=100)
