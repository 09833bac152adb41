"""A checkpoint that is not ours: a Llama shape with its own tokenizer, special tokens and chat template."""

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from moiety import draw_tasks, quick_atoms
from moiety.tasks import Task, write_tasks

SPECIAL = ["<pad>", "<s>", "</s>", "<|user|>", "<|bot|>"]
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}<|user|>{{ m['content'] }}{% endfor %}"
    "{% if add_generation_prompt %}<|bot|>{% endif %}"
)


def some_tasks(count: int = 12) -> list[Task]:
    """Return tasks of one atom each."""
    return draw_tasks(quick_atoms(), count=count, depth=1, seed=0)


def write_task_files(folder: Path) -> None:
    """Write `train.jsonl`, of eight tasks, and `validation.parquet`, of four."""
    tasks = some_tasks()
    write_tasks(folder / "train.jsonl", tasks[:8])
    write_tasks(folder / "validation.parquet", tasks[8:])


def foreign_tokenizer() -> Any:
    """Return a byte-level BPE tokenizer with a chat template."""
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=420,
        special_tokens=SPECIAL,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    trained.train_from_iterator([t.prompt + t.reference_solution for t in some_tasks()], trainer)
    wrapper: Any = PreTrainedTokenizerFast
    tokenizer = wrapper(tokenizer_object=trained, pad_token="<pad>", bos_token="<s>", eos_token="</s>")
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def foreign_model(tokenizer: Any, *, context: int = 256) -> Any:
    """Return a Llama of two layers with random weights."""
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        intermediate_size=96, max_position_embeddings=context, tie_word_embeddings=False, bos_token_id=1,
        eos_token_id=2, pad_token_id=0,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model: Any = LlamaForCausalLM(config)
    return model.eval()


def write_foreign_checkpoint(folder: Path, *, context: int = 256) -> None:
    """Write the checkpoint folder."""
    tokenizer = foreign_tokenizer()
    foreign_model(tokenizer, context=context).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
