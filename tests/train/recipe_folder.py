"""A folder to train in by recipe: a checkpoint that is not ours, tasks, recipes, and a run of SFT."""

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from foreign_model import write_foreign_checkpoint, write_task_files
from moiety import cli

SFT = """
name = "sft"
algorithm = "sft"
checkpoint = "llama"
data = "train.jsonl"
validation = "validation.parquet"
checkpoints = [6]
save_every = 3
[sft]
steps = 12
batch = 2
length = 200
learning_rate = 5e-3
[evaluation]
max_new_tokens = 40
num_samples = 2
pass_at_k = [1]
"""
RL = """
name = "rl"
algorithm = "grpo"
checkpoint = "runs/sft/checkpoint"
data = "train.jsonl"
validation = "validation.parquet"
save_every = 1
[rl]
steps = 3
prompts_per_step = 3
group_size = 3
learning_rate = 1e-2
max_new_tokens = 24
kl_coef = 0.1
reward = "staged"
[grpo]
entropy_coef = 0.01
[lora]
rank = 4
[evaluation]
max_new_tokens = 24
num_samples = 2
pass_at_k = [1, 2]
"""


def make_folder(where: Path) -> Path:
    """Fill a folder with a checkpoint, tasks, the recipes and a run of SFT, and return it."""
    write_foreign_checkpoint(where / "llama")
    write_task_files(where)
    (where / "sft.toml").write_text(SFT)
    (where / "rl.toml").write_text(RL)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(where)
        torch.set_num_threads(1)
        assert moiety("sft", "sft.toml", "--out", "runs/sft") == 0
    return where


def moiety(*arguments: str) -> int:
    """Return the status of a command."""
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    code = ended.value.code
    assert code is None or isinstance(code, int)
    return code or 0


def weights(checkpoint: Path) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = AutoModelForCausalLM.from_pretrained(checkpoint).state_dict()
    return state
