"""Trainings by recipe that cannot go on: bad input, another recipe, a loss that is not finite, too little memory."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from recipe_folder import SFT, make_folder, moiety, weights

from foreign_model import foreign_model, foreign_tokenizer, some_tasks, write_foreign_checkpoint
from moiety.runs import read_jsonl
from moiety.tasks import write_tasks

HAS_TRL = importlib.util.find_spec("trl") is not None


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a checkpoint, tasks, the recipes and a run of SFT."""
    return make_folder(tmp_path_factory.mktemp("training"))


@pytest.fixture(autouse=True)
def _inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def without_tokenizer(folder: Path) -> None:
    foreign_model(foreign_tokenizer()).save_pretrained(folder / "bare")


def without_end(folder: Path) -> None:
    tokenizer = foreign_tokenizer()
    model = foreign_model(tokenizer)
    tokenizer.eos_token = None
    model.save_pretrained(folder / "endless")
    tokenizer.save_pretrained(folder / "endless")


def without_template(folder: Path) -> None:
    tokenizer = foreign_tokenizer()
    model = foreign_model(tokenizer)
    tokenizer.chat_template = None
    model.save_pretrained(folder / "wordless")
    tokenizer.save_pretrained(folder / "wordless")


def with_text(folder: Path) -> None:
    (folder / "words.jsonl").write_text('{"prompt": "say", "solution": "x = 1"}\n')


def with_epochs(folder: Path) -> None:
    (folder / "epochs.toml").write_text(SFT.replace("steps = 12", "epochs = 1").replace("[6]", "[6000]"))


def nothing(folder: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("prepare", "command", "changes", "message"),
    [
        (without_tokenizer, "sft", ["checkpoint=bare"], "bare: the checkpoint has no tokenizer (tokenizer.json)"),
        (without_end, "sft", ["checkpoint=endless"], "endless: the tokenizer names no end-of-text token (eos_token)"),
        (without_template, "sft", ["checkpoint=wordless", "chat_template=true"], "wordless: chat_template: the"),
        (nothing, "sft", ["checkpoint=runs/no/checkpoint"], "runs/no/checkpoint: no such checkpoint folder"),
        (nothing, "sft", ["algorithm=dpo"], "override algorithm=dpo: algorithm: need 'pretrain', 'sft', 'rejection', "),
        (
            nothing,
            "sft",
            ["algorithm=grpo", "rl.steps=20"],
            "sft.toml: algorithm: need sft or rejection, got 'grpo'",
        ),
        (nothing, "sft", ["sft.length=20"], "8 of 8 rows are longer than sft.length = 20, the longest has "),
        (
            nothing,
            "sft",
            ["checkpoints=[13]"],
            "override checkpoints=[13]: checkpoints: need none after the last st",
        ),
        (
            nothing,
            "rl",
            ["checkpoints=[4]"],
            "override checkpoints=[4]: checkpoints: need none after the last ste",
        ),
        (
            with_epochs,
            "epochs",
            ["seed=0"],
            "checkpoints: need none after the last step, ",
        ),
        (nothing, "sft", ["sft.length=1000"], "sft.length: need at most the context of 256 tokens, got 1000"),
        (nothing, "rl", ["rl.max_new_tokens=220"], "8 of 8 prompts leave no room for rl.max_new_tokens = 220 in the"),
        (
            nothing,
            "rl",
            ["max_context=30"],
            "8 of 8 prompts leave no room for rl.max_new_tokens = 24 in the context",
        ),
        (
            nothing,
            "rl",
            ["lora.target_modules=['q_prj']"],
            "lora.target_modules: no linear module is called 'q_prj'",
        ),
        (nothing, "rl", ["data=no.jsonl"], "no.jsonl: no such file"),
        (
            with_text,
            "rl",
            ["data=words.jsonl"],
            "words.jsonl:1: behaviour_key: missing: expected a row of `moiety",
        ),
        (nothing, "rl", ["device=cuda:7"], "device: 'cuda:7' is not there"),
        (nothing, "rl", ["algorithm=ppo", "engine=trl"], "override engine=trl: engine: TRL has no ppo"),
        (nothing, "rl", ["sampels=3"], "override sampels=3: sampels: unknown key"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_bad_input_is_one_line_and_leaves_nothing(
    prepare: Any, command: str, changes: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(folder)
    assert moiety("rl" if command == "rl" else "sft", f"{command}.toml", *changes, "--out", "runs/bad") == 2
    shown = capsys.readouterr().err
    assert shown.startswith(f"error: {message}"), shown
    assert shown.count("\n") == 1
    assert not (folder / "runs" / "bad").exists()


def test_a_folder_of_another_recipe_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert moiety("sft", "sft.toml", "sft.batch=3", "--out", "runs/sft") == 2
    assert "holds a run of another recipe: sft.batch is 2 there, 3 here" in capsys.readouterr().err


def test_a_loss_that_is_not_finite_keeps_the_last_good_policy(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tokenizer = foreign_tokenizer()
    model = foreign_model(tokenizer)
    rare = max(tokenizer("\x07", add_special_tokens=False)["input_ids"])
    with torch.no_grad():
        model.model.embed_tokens.weight[rare] = float("inf")
    model.save_pretrained(folder / "poisoned")
    tokenizer.save_pretrained(folder / "poisoned")
    tasks = some_tasks(12)
    write_tasks(folder / "clean.jsonl", tasks[:8])
    with (folder / "clean.jsonl").open("a") as file:
        row = tasks[8].as_row()
        file.write(json.dumps({**row, "reference_solution": row["reference_solution"] + "# \x07\n"}) + "\n")
    changes = ["checkpoint=poisoned", "data=clean.jsonl", "validation=[]", "sft.batch=1", "save_every=1", "seed=3"]
    assert moiety("sft", "sft.toml", *changes, "--out", "runs/nan") == 2
    shown = capsys.readouterr().err
    steps = len(read_jsonl(folder / "runs/nan/metrics.jsonl"))
    assert f"sft: the loss is nan and the gradient norm nan at step {steps + 1}; the step was not taken" in shown
    kept = folder / "runs/nan" / f"checkpoint-step-{steps:08d}"
    assert f"The policy after step {steps} is in {kept}" in shown
    assert len(weights(kept)) > 0
    assert not (folder / "runs/nan/result.json").exists()


def test_too_little_memory_names_the_knobs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_foreign_checkpoint(folder / "wide", context=16384)
    (folder / "wide.toml").write_text(SFT.replace("steps = 12", "epochs = 1"))
    sizes = ["sft.length=16384", "sft.batch=4000", "micro_batch_tokens=100000000"]
    changes = ["checkpoint=wide", "validation=[]", "checkpoints=[]", *sizes]
    assert moiety("sft", "wide.toml", *changes, "--out", "runs/oom") == 2
    shown = capsys.readouterr().err
    expected = "sft: out of memory: lower micro_batch_tokens (now 100000000), set gradient_checkpointing = true, train"
    assert expected in shown
