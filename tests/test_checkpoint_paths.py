"""A wrong path of a checkpoint fails at once, names what was meant, and asks no hub and imports no torch."""

import subprocess
import sys
from pathlib import Path

import pytest

from moiety.checkpoint_paths import check_checkpoint_path
from moiety.errors import UserError


@pytest.fixture(autouse=True)
def _runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make runs with and without a checkpoint, an adapter, a study's arms and a bare model."""
    monkeypatch.chdir(tmp_path)
    files = [
        "runs/sft/recipe.json",
        "runs/sft/checkpoint/config.json",
        "runs/sft/checkpoint/tokenizer.json",
        "runs/sft/adapter/adapter_config.json",
        "runs/begun/recipe.json",
        "runs/nan/recipe.json",
        "runs/nan/checkpoint-step-00000003/config.json",
        "runs/study/recipe.json",
        "runs/study/arms/a-seed0/checkpoint/config.json",
        "runs/study/arms/b-seed0/checkpoint/config.json",
        "bare/config.json",
        "empty/notes.txt",
    ]
    for name in files:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("runs/sft", "runs/sft is a run folder; did you mean runs/sft/checkpoint?"),
        ("runs/sft/", "runs/sft is a run folder; did you mean runs/sft/checkpoint?"),
        ("./runs/sft", "runs/sft is a run folder; did you mean runs/sft/checkpoint?"),
        ("runs/begun", "runs/begun is a run folder; it has no checkpoint yet"),
        ("runs/nan", "runs/nan is a run folder; did you mean runs/nan/checkpoint-step-00000003?"),
        ("runs/study", "did you mean runs/study/arms/a-seed0/checkpoint or runs/study/arms/b-seed0/checkpoint?"),
        (
            "runs/sft/adapter",
            "expected the checkpoint that has them merged in; did you mean runs/sft/checkpoint?",
        ),
        ("runs/sft/chekpoint", "runs/sft/chekpoint: no such checkpoint folder; did you mean runs/sft/checkpoint?"),
        ("runs/nope", "runs/nope: no such checkpoint folder"),
        ("runs/nope/checkpoint", "runs/nope/checkpoint: no such checkpoint folder"),
        ("/nowhere/model", "/nowhere/model: no such checkpoint folder"),
        ("../model", "../model: no such checkpoint folder"),
        ("~/model", "~/model: no such checkpoint folder"),
        ("C:\\model", "C:\\model: no such checkpoint folder"),
        ("my model", "my model: no such checkpoint folder"),
        ("bare", "bare: the checkpoint has no tokenizer (tokenizer.json)"),
        ("bare/config.json", "bare/config.json: is a file; expected a checkpoint folder"),
        ("empty", "empty: not a checkpoint folder: it has no config.json"),
        ("runs", "runs: not a checkpoint folder: it has no config.json"),
    ],
)
def test_a_local_path_that_holds_no_checkpoint_is_one_line(name: str, message: str) -> None:
    with pytest.raises(UserError) as refused:
        check_checkpoint_path(name)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "name", ["runs/sft/checkpoint", "gpt2", "Qwen/Qwen3-0.6B", "org/some.model_v1.5", Path("runs/sft/checkpoint")]
)
def test_checkpoints_and_names_of_the_hub_pass(name: str | Path) -> None:
    check_checkpoint_path(name)


def test_a_path_is_never_a_name_of_the_hub() -> None:
    with pytest.raises(UserError, match="no such checkpoint folder"):
        check_checkpoint_path(Path("Qwen/Qwen3-0.6B"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["sft", "lora-sft", "data=x.jsonl", "checkpoint=runs/sft"],
        ["rl", "lora-grpo", "data=x.jsonl", "checkpoint=runs/sft"],
        ["eval", "runs/sft", "x.jsonl"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_commands_refuse_it_before_they_import_torch(arguments: list[str]) -> None:
    script = """
import sys
import moiety.cli
try:
    moiety.cli.main(sys.argv[1:])
except SystemExit as ended:
    print(ended.code, sorted({"torch", "transformers"} & set(sys.modules)))
"""
    ended = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)
    assert ended.stdout == "2 []\n"
    assert ended.stderr == "error: runs/sft is a run folder; did you mean runs/sft/checkpoint?\n"
