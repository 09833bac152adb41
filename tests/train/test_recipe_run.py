"""A training by recipe alone: a checkpoint that is not ours from SFT to GRPO with adapters, kills, and bad input."""

import importlib.util
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from recipe_folder import make_folder, moiety, weights
from transformers import AutoModelForCausalLM, AutoTokenizer

from foreign_model import some_tasks
from moiety.models.policy import load_policy
from moiety.runs import read_json, read_jsonl

HAS_TRL = importlib.util.find_spec("trl") is not None


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a checkpoint, tasks, the recipes and a run of SFT."""
    return make_folder(tmp_path_factory.mktemp("training"))


@pytest.fixture(autouse=True)
def _inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def test_sft_by_recipe_leaves_an_ordinary_checkpoint_and_its_books(folder: Path) -> None:
    run = folder / "runs" / "sft"
    metrics = read_jsonl(run / "metrics.jsonl")
    assert [row["step"] for row in metrics] == list(range(1, 13))
    assert metrics[-1]["loss"] < metrics[0]["loss"]
    result = read_json(run / "result.json")
    assert [row["step"] for row in result["checkpoints"]] == [0, 6, 12]
    assert result["budget"]["gradient_steps"] == 12
    assert not (run / "state").exists()
    assert {"recipe.json", "timing.jsonl", "machine.json"} <= {path.name for path in run.iterdir()}
    policy = load_policy(run / "checkpoint")
    assert policy.wording.chat
    assert (
        policy.encode(["a\nb\n"])
        == AutoTokenizer.from_pretrained(run / "checkpoint")(["<s><|user|>a\nb<|bot|>"], add_special_tokens=False)[
            "input_ids"
        ]
    )


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")  # peft's, when it loads
def test_grpo_with_adapters_goes_on_from_sft_by_recipe_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from peft import PeftModel

    assert moiety("rl", "rl.toml", "--out", "runs/rl", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["algorithm"] == "grpo"
    assert [row["step"] for row in shown["checkpoints"]] == [0, 3]
    metrics = read_jsonl(folder / "runs/rl/metrics.jsonl")
    assert metrics[0]["policy/kl"] == pytest.approx(0, abs=1e-6)
    assert metrics[-1]["policy/kl"] > 1e-6
    base = AutoModelForCausalLM.from_pretrained("runs/sft/checkpoint")
    tokens = torch.arange(5, 25)[None]
    with torch.no_grad():
        merged = AutoModelForCausalLM.from_pretrained("runs/rl/checkpoint")(tokens).logits
        before = base(tokens).logits
        adapted = PeftModel.from_pretrained(base, "runs/rl/adapter")(tokens).logits
    torch.testing.assert_close(adapted, merged, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(before, merged, atol=1e-3)


@pytest.mark.parametrize(
    "changes",
    [
        ["algorithm=ppo", "ppo.shared_trunk=true", "lora.rank=2"],
        ["algorithm=ppo", "lora.target_modules=['q_proj','down_proj']"],
        ["algorithm=reinforce", "lora.dropout=0.1", "gradient_checkpointing=true"],
        ["algorithm=grpo", "precision=bf16", "lora.rank=2"],
        ["algorithm=rejection", "sft.steps=2", "sft.length=200", "chat_template=false"],
    ],
    ids=lambda changes: f"{changes[0].partition('=')[2]}-{changes[1]}",
)
def test_every_algorithm_takes_adapters(changes: list[str], folder: Path, request: pytest.FixtureRequest) -> None:
    out = folder / "runs" / re.sub(r"\W+", "-", request.node.name)
    command = "sft" if changes[0].endswith("rejection") else "rl"
    assert moiety(command, "rl.toml", *changes, "rl.steps=2", "validation=[]", "--out", str(out)) == 0
    assert (out / "adapter" / "adapter_model.safetensors").is_file()
    assert all(bool(value.isfinite().all()) for value in weights(out / "checkpoint").values())


@pytest.mark.skipif(not HAS_TRL, reason="the extra trl is not installed")
@pytest.mark.filterwarnings("ignore")
def test_the_same_recipes_go_through_trl(folder: Path) -> None:
    assert moiety("sft", "sft.toml", "engine=trl", "sft.steps=2", "checkpoints=[]", "--out", "runs/trl-sft") == 0
    start_at = "checkpoint=runs/trl-sft/checkpoint"
    assert moiety("rl", "rl.toml", "engine=trl", "rl.steps=1", start_at, "--out", "runs/trl-rl") == 0
    for name, steps in (("trl-sft", 2), ("trl-rl", 1)):
        result = read_json(folder / "runs" / name / "result.json")
        assert [row["step"] for row in result["checkpoints"]] == [0, steps]
    assert (folder / "runs/trl-rl/adapter/adapter_model.safetensors").is_file()


@pytest.mark.full
@pytest.mark.skipif(not HAS_TRL, reason="the extra trl is not installed")
def test_two_processes_train_as_one(folder: Path) -> None:
    """What `accelerate launch --num_processes 2` starts: the first process writes, both have a share."""
    for name, processes in (("one", 1), ("two", 2)):
        command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", str(processes), "--standalone"]
        arguments = ["sft", "sft.toml", "engine=trl", "sft.steps=2", "checkpoints=[]", "device=cpu", "threads=1"]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
        subprocess.run(
            [*command, "-m", "moiety", *arguments, "--out", f"runs/{name}"], env=environment, check=True, timeout=300
        )
    one, two = (read_jsonl(folder / "runs" / name / "metrics.jsonl") for name in ("one", "two"))
    assert [step["loss"] for step in two] == pytest.approx([step["loss"] for step in one], rel=1e-4)
    assert (folder / "runs/two/checkpoint/config.json").is_file()


def test_a_missing_extra_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moiety.train.run.trl_installed", lambda: False)
    assert moiety("sft", "sft.toml", "engine=trl", "--out", "runs/none") == 2
    assert capsys.readouterr().err == "error: engine = 'trl' needs the extra: pip install 'moiety[trl]'\n"
    assert not (folder / "runs/none").exists()


def test_pretraining_takes_text_longer_than_a_row_and_tasks(folder: Path) -> None:
    (folder / "book.txt").write_text("\n".join(task.reference_solution for task in some_tasks()) * 3)
    changes = ["algorithm=pretrain", "data=['book.txt','train.jsonl']", "checkpoints=[]"]
    sizes = ["pretrain.steps=4", "pretrain.length=64", "pretrain.batch=2"]
    assert moiety("pretrain", "sft.toml", *changes, *sizes, "--out", "runs/pretrain") == 0
    assert len(read_jsonl(folder / "runs/pretrain/metrics.jsonl")) == 4
    assert read_json(folder / "runs/pretrain/result.json")["checkpoints"][0]["step"] == 0


def test_rows_too_long_are_dropped_said_and_recorded(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"question": "say", "answer": "x = 1\n" * count} for count in (1, 2, 200, 3)]
    (folder / "said.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    changes = ["data=said.jsonl", "validation=[]", "checkpoints=[]", "sft.steps=1", "sft.length=100"]
    assert moiety("sft", "sft.toml", *changes, "sft.too_long=drop", "--out", "runs/dropped") == 0
    shown = capsys.readouterr().err
    assert shown.count("rows: prompt from question, solution from answer\n") == 1
    assert shown.count("1 of 4 rows is longer than sft.length = 100, the longest has ") == 1
    result = read_json(folder / "runs/dropped/result.json")
    assert (result["rows"], result["rows_dropped"]["count"]) == (4, 1)
    assert result["rows_dropped"]["longest"] > 200


@pytest.mark.parametrize("command", ["sft", pytest.param("rl", marks=pytest.mark.full)])
def test_killed_at_random_it_ends_with_the_same_weights_and_metrics(command: str, folder: Path) -> None:
    rng = random.Random(command)
    arguments = [f"{command}.toml", "save_every=1", "validation=[]", "checkpoints=[]"]
    assert moiety(command, *arguments, "--out", "runs/whole") == 0
    for _ in range(3):
        process = start(command, *arguments)
        wanted = rng.randrange(1, 4)
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            told = folder / "runs/killed/metrics.jsonl"
            if told.exists() and told.read_text().count("\n") >= wanted:
                break
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert len(list((folder / "runs/killed/state").glob("state-*"))) <= 2
    assert start(command, *arguments).wait(120) == 0
    for name in ("metrics.jsonl", "result.json", "checkpoint/model.safetensors"):
        assert (folder / "runs/killed" / name).read_bytes() == (folder / "runs/whole" / name).read_bytes(), name
    for name in ("killed", "whole"):
        shutil.rmtree(folder / "runs" / name)


def start(command: str, *arguments: str) -> subprocess.Popen[bytes]:
    program = [sys.executable, "-m", "moiety", command, *arguments, "--out", "runs/killed"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)


def test_an_interrupted_run_says_how_to_go_on(folder: Path) -> None:
    changes = ["sft.steps=100000", "validation=[]", "--out", "runs/i"]
    # A shell that runs the tests in the background has them, and all that they start, ignore interruptions.
    heeding = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); import moiety.cli as c; c.main()"
    )
    program = [sys.executable, "-c", heeding, "sft", "sft.toml", *changes]
    process = subprocess.Popen(program, stderr=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"})
    while not (folder / "runs/i/metrics.jsonl").exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"interrupted; to resume: moiety sft sft.toml" in errors


def test_rewards_that_are_all_equal_are_said_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An untrained model solves nothing; a run that goes on does not say it again."""
    changes = ["checkpoint=llama", "rl.reward=binary", "rl.steps=2", "validation=[]", "rl.max_new_tokens=4"]
    assert moiety("rl", "rl.toml", *changes, "--out", "runs/silent") == 0
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning: ")]
    assert said == [
        "warning: nothing can be learnt from the rewards of step 1, mean 0.00: the policy solves nothing yet: "
        'SFT first, easier tasks, more samples of a task, or reward = "per_test"'
    ]
    rows = read_jsonl(folder / "runs/silent/metrics.jsonl")
    assert [row["reward/without_signal"] for row in rows] == [1, 1]
