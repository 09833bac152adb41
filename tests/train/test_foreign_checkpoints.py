"""Checkpoints of other families and precisions through the commands: trained, refused in one line, or measured."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from families import family
from foreign_model import TEMPLATE, foreign_model, foreign_tokenizer, some_tasks, write_task_files
from moiety import cli
from moiety.models.hf import stored_precision
from moiety.runs import read_json, read_jsonl

torch.set_num_threads(1)
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # transformers', of kernels that are not installed
RECIPE = """
name = "s"
algorithm = "sft"
checkpoint = "x"
data = "train.jsonl"
device = "cpu"
[sft]
steps = 2
batch = 2
length = 256
learning_rate = 1e-2
[rl]
steps = 1
prompts_per_step = 2
group_size = 2
learning_rate = 1e-3
max_new_tokens = 4
[evaluation]
max_new_tokens = 4
num_samples = 1
pass_at_k = [1]
"""
THINKING = TEMPLATE + "{% if enable_thinking is defined and enable_thinking is false %}<|user|><|bot|>{% endif %}"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with tasks and a recipe, which is the working folder."""
    write_task_files(tmp_path)
    (tmp_path / "s.toml").write_text(RECIPE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def moiety(*arguments: str) -> int:
    """Return the status of a command."""
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    return int(ended.value.code or 0)


def write(model: Any, *, template: str | None = None) -> None:
    tokenizer = foreign_tokenizer()
    tokenizer.chat_template = template
    model.save_pretrained("base")
    tokenizer.save_pretrained("base")


def weights(folder: str) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = load_file(f"{folder}/model.safetensors")
    return found


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("bloom", "base: a model of type 'bloom' does not keep packed rows apart; it is trained on one row a line"),
        ("mamba", "base: a model of type 'mamba' does not keep packed rows apart; it is trained on one row a line"),
        ("gemma2", None),
    ],
)
def test_every_family_is_fine_tuned_and_says_once_how(
    name: str, said: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    write(family(name, vocab_size=420))
    assert moiety("sft", "s.toml", "checkpoint=base", "--out", "run") == 0
    losses = [row["loss"] for row in read_jsonl(Path("run/metrics.jsonl"))]
    assert losses[1] < losses[0]
    shown = capsys.readouterr().err
    assert shown.count("does not keep packed rows apart") == (said is not None)
    assert said is None or said in shown


def test_a_family_without_a_cache_learns_from_rewards_and_says_that_it_is_slow(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write(family("mamba", vocab_size=420))
    assert moiety("rl", "s.toml", "algorithm=grpo", "checkpoint=base", "--out", "run") == 0
    assert "base: a model of type 'mamba' keeps no cache of ours" in capsys.readouterr().err
    assert (Path("run") / "checkpoint" / "config.json").is_file()


@pytest.mark.parametrize(
    ("setting", "expected"),
    [((), torch.bfloat16), (("save_precision=fp32",), torch.float32), (("lora.rank=2",), torch.bfloat16)],
)
def test_a_checkpoint_is_saved_in_the_precision_it_had(
    setting: tuple[str, ...], expected: torch.dtype, capsys: pytest.CaptureFixture[str]
) -> None:
    write(foreign_model(foreign_tokenizer()).to(torch.bfloat16))
    assert moiety("sft", "s.toml", "checkpoint=base", *setting, "--out", "run") == 0
    named = str(expected).removeprefix("torch.")
    assert f"checkpoint ({named})" in capsys.readouterr().out
    assert stored_precision("run/checkpoint") == expected
    assert read_json(Path("run/result.json"))["weights"] == named
    changed = [one for name, one in weights("run/checkpoint").items() if not torch.equal(one, weights("base")[name])]
    assert changed


def test_weights_too_large_for_fp16_are_saved_in_fp32_and_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    model = foreign_model(foreign_tokenizer())
    with torch.no_grad():
        model.model.norm.weight[0] = 70_000
        model.lm_head.weight[:, 0] = 0
    write(model)
    assert moiety("sft", "s.toml", "checkpoint=base", "save_precision=fp16", "--out", "run") == 0
    assert "checkpoint (float32)" in capsys.readouterr().out
    assert stored_precision("run/checkpoint") == torch.float32


def test_variables_of_the_chat_template_reach_training_and_measuring(capsys: pytest.CaptureFixture[str]) -> None:
    write(foreign_model(foreign_tokenizer()), template=THINKING)
    trained = {}
    for name, value in (("off", "false"), ("on", "true")):
        changes = [f"chat_template_kwargs={{enable_thinking={value}}}", "validation=validation.parquet"]
        assert moiety("sft", "s.toml", "checkpoint=base", *changes, "--out", name) == 0
        trained[name] = read_json(Path(name) / "result.json")["budget"]["tokens_trained"]
    assert trained["off"] > trained["on"]
    capsys.readouterr()
    assert moiety("sft", "s.toml", "checkpoint=base", "chat_template_kwargs={enable_thnking=true}", "--out", "no") == 2
    assert capsys.readouterr().err.startswith(
        "error: base: chat_template_kwargs: the checkpoint's chat template has no"
    )
    options = ["--max-new-tokens", "4", "--chat-template-kwargs", '{"enable_thinking": false}']
    assert moiety("eval", "base", "validation.parquet", *options) == 0
    assert moiety("eval", "base", "validation.parquet", *options[:3], '{"enable_thnking": false}') == 2
    assert moiety("eval", "base", "validation.parquet", *options[:3], "enable_thinking=false") == 2
    assert "--chat-template-kwargs: need a JSON object" in capsys.readouterr().err


def with_words(tokenizer: Any) -> None:
    tokenizer.add_tokens(["returning", "defined"])


def with_template(tokenizer: Any) -> None:
    tokenizer.chat_template = "{{ raise_exception('need a system message') }}"


@pytest.mark.parametrize(
    ("change", "message"),
    [(with_words, "tokens without an embedding"), (with_template, "need a system message")],
)
@pytest.mark.parametrize(
    "arguments",
    [["sft", "s.toml"], ["rl", "s.toml", "algorithm=grpo"], ["eval", "base", "validation.parquet"]],
    ids=lambda arguments: arguments[0],
)
def test_a_checkpoint_that_cannot_be_right_is_one_line_for_every_command(
    change: Any, message: str, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    tokenizer = foreign_tokenizer()
    foreign_model(tokenizer).save_pretrained("base")
    change(tokenizer)
    tokenizer.save_pretrained("base")
    more = [] if arguments[0] == "eval" else ["checkpoint=base", "--out", "run"]
    capsys.readouterr()
    assert moiety(*arguments, *more) == 2
    shown = capsys.readouterr().err
    assert [line for line in shown.splitlines() if "error" in line] == [shown.splitlines()[-1]]
    assert message in shown
    assert "Traceback" not in shown
    assert not Path("run").exists()


def test_the_check_at_loading_can_be_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    model = foreign_model(foreign_tokenizer())
    with torch.no_grad():
        model.model.embed_tokens.weight.mul_(float("nan"))
    write(model)
    assert moiety("sft", "s.toml", "checkpoint=base", "--out", "run") == 2
    assert "are not finite; check_checkpoint = false (eval: --no-check) leaves this" in capsys.readouterr().err
    assert not Path("run").exists()
    assert moiety("sft", "s.toml", "checkpoint=base", "check_checkpoint=false", "--out", "run") == 2
    assert "the loss is nan" in capsys.readouterr().err


def test_eval_keeps_every_completion_with_its_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    import pyarrow.parquet as pq

    write(foreign_model(foreign_tokenizer()))
    options = ["--max-new-tokens", "4", "--num-samples", "2", "--device", "cpu"]
    assert moiety("eval", "base", "validation.parquet", *options, "--out", "kept/rows.jsonl", "--json") == 0
    scores = json.loads(capsys.readouterr().out)
    rows = read_jsonl(Path("kept/rows.jsonl"))
    assert len(rows) == 4 * 3
    assert {row["mode"] for row in rows} == {"greedy", "sampled"}
    assert {row["task_id"] for row in rows} == {task.task_id for task in some_tasks()[8:]}
    assert {row["verdict"] for row in rows} <= {verdict for domain in scores.values() for verdict in domain["verdicts"]}
    for out, file in (("rows.parquet", "rows.parquet"), ("folder", "folder/samples.parquet")):
        assert moiety("eval", "base", "validation.parquet", *options, "--out", out) == 0
        assert f"completions: {file}" in capsys.readouterr().out
        assert pq.read_table(file).to_pylist() == rows
    assert read_json(Path("folder/scores.json")) == scores


def test_eval_in_bf16_scores_every_task(capsys: pytest.CaptureFixture[str]) -> None:
    write(foreign_model(foreign_tokenizer()))
    options = ["--max-new-tokens", "4", "--device", "cpu", "--precision", "bf16", "--json"]
    assert moiety("eval", "base", "validation.parquet", *options) == 0
    scores = json.loads(capsys.readouterr().out)
    assert sum(count for domain in scores.values() for count in domain["verdicts"].values()) == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "rows.csv"], "rows.csv: expected a .parquet or .jsonl file, or a folder"),
        (["--device", "gpu"], "--device: need auto, cpu, mps, cuda or cuda:N, got 'gpu'"),
        (["--device", "cuda:9"], "device: 'cuda:9' is not there"),
        (["--precision", "int8"], "precision"),
    ],
    ids=lambda value: value[1] if isinstance(value, list) else "",
)
def test_bad_options_of_eval_are_refused(options: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    write(foreign_model(foreign_tokenizer()))
    capsys.readouterr()
    assert moiety("eval", "base", "validation.parquet", *options) == 2
    assert message in capsys.readouterr().err
