"""The files of a training: forms of rows and of files, conversations in the template, rows that are too long."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from foreign_model import foreign_model, foreign_tokenizer, some_tasks
from moiety.errors import UserError
from moiety.models.policy import TorchPolicy
from moiety.models.prompts import PromptFormat, prompt_format
from moiety.recipe.train import TrainRecipe
from moiety.tasks import write_tasks
from moiety.train.inputs import Inputs, check_prompts, read_inputs, sft_rows

USER, BOT = {"role": "user", "content": "Add."}, {"role": "assistant", "content": "x = 1"}


def policy(*, chat: bool = True) -> TorchPolicy:
    tokenizer = foreign_tokenizer()
    return TorchPolicy(foreign_model(tokenizer), tokenizer, wording=prompt_format(tokenizer, chat_template=chat))


def recipe(path: Path, algorithm: str = "sft", **sft: Any) -> TrainRecipe:
    tables = {"sft": {"steps": 1, **sft}, "rl": {"steps": 1}, "pretrain": {"steps": 1}}
    return TrainRecipe.model_validate({"algorithm": algorithm, "checkpoint": "x", "data": str(path), **tables})


def inputs_of(tmp_path: Path, rows: list[dict[str, Any]], **options: Any) -> Inputs:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return read_inputs(recipe(path, **options))


@pytest.mark.parametrize("algorithm", ["sft", "grpo", "pretrain"])
@pytest.mark.parametrize("name", ["t.jsonl", "t.jsonl.gz", "t.json.gz", "t.parquet", "t.parquet.gz"])
def test_tasks_of_every_file_are_tasks(tmp_path: Path, name: str, algorithm: str) -> None:
    tasks = some_tasks(3)
    plain = tmp_path / ("plain.parquet" if "parquet" in name else "plain.jsonl")
    write_tasks(plain, tasks)
    content = plain.read_bytes()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    found = read_inputs(recipe(tmp_path / name, algorithm))
    assert found.tasks == tasks
    assert [one.place for one in found.examples] == [f"{tmp_path / name}:{n}" for n in (1, 2, 3)]


def test_a_folder_is_read_without_its_manifest(tmp_path: Path) -> None:
    write_tasks(tmp_path / "b.jsonl", some_tasks(2))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress((tmp_path / "b.jsonl").read_bytes()))
    (tmp_path / "manifest.json").write_text("{}")
    assert len(read_inputs(recipe(tmp_path)).examples) == 4


def test_what_was_taken_is_said_once(tmp_path: Path) -> None:
    alike = [{"instruction": "a", "input": "", "output": "b"}, {"instruction": "a", "input": "c", "output": "b"}]
    assert inputs_of(tmp_path, alike).taken == "prompt from instruction + input, solution from output"
    mixed = [{"question": "a", "answer": "b"}, *alike]
    assert inputs_of(tmp_path, mixed).taken == (
        "prompt from instruction + input, solution from output (2 rows); "
        "prompt from question, solution from answer (1 row)"
    )
    named = [{"prompt": "a", "question": "b", "answer": "c"}]
    assert inputs_of(tmp_path, named, prompt_field="question").examples[0].prompt == "b\n"


@pytest.mark.parametrize(
    ("rows", "algorithm", "message"),
    [
        ([{"prompt": "a", "question": "b", "answer": "c"}], "sft", ":1: prompt and question: both given: expected one"),
        ([{"text": "a"}], "sft", ":1: solution: missing: expected a solution to learn beside the prompt, or a task"),
        ([{"question": "a", "answer": "b"}, {"prompt": 1, "answer": "b"}], "sft", ":2: prompt: 1: expected text"),
        ([{"question": "a", "answer": "b"}], "grpo", ":1: behaviour_key: missing: expected a row of `moiety synth`"),
        ([{"behaviour_key": "x"}], "sft", ":1: task_id: missing: expected a task of `moiety synth`"),
    ],
)
def test_rows_that_cannot_be_used(tmp_path: Path, rows: list[dict[str, Any]], algorithm: str, message: str) -> None:
    with pytest.raises(UserError) as error:
        inputs_of(tmp_path, rows, algorithm=algorithm)
    assert str(error.value).startswith(f"{tmp_path / 'rows.jsonl'}{message}")


def test_a_conversation_is_rendered_through_the_template(tmp_path: Path) -> None:
    turns = [{"role": "system", "content": "Be brief."}, USER, BOT, {"role": "user", "content": "Again."}]
    found = inputs_of(tmp_path, [{"messages": [*turns, {"role": "assistant", "content": "x = 2"}]}])
    chat = policy()
    (row,) = sft_rows(found, chat, row_tokens=200).rows
    assert chat.tokenizer.decode(row.prompt) == "<s><|user|>Be brief.<|user|>Add.<|user|>x = 1<|user|>Again.<|bot|>"
    assert chat.tokenizer.decode(row.completion) == "x = 2</s>"
    with pytest.raises(UserError, match=r"rows\.jsonl:1: messages: system, user, assistant, user: expected one user's"):
        sft_rows(found, policy(chat=False), row_tokens=200)


def test_one_turn_needs_no_template() -> None:
    system = {"role": "system", "content": "Be brief."}
    assert PromptFormat().text(None, (USER,)) == "Add.\n"
    assert PromptFormat(prefix="<s>").text(None, (system, USER)) == "<s>Be brief.\n\nAdd.\n"


def test_a_template_that_refuses_a_row_names_it(tmp_path: Path) -> None:
    chat = policy()
    chat.tokenizer.chat_template = (
        "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
        "{{ m.content }}{% endfor %}"
    )
    rows = [{"messages": [USER, BOT]}, {"messages": [{"role": "system", "content": "s"}, USER, BOT]}]
    with pytest.raises(UserError, match=r"rows\.jsonl:2: .*no system"):
        sft_rows(inputs_of(tmp_path, rows), chat, row_tokens=200)


def test_rows_that_are_too_long_are_counted_or_dropped(tmp_path: Path) -> None:
    rows = [{"prompt": "a", "completion": "b " * count} for count in (3, 90, 4, 70)]
    found, chat = inputs_of(tmp_path, rows), policy()
    longest = max(map(len, sft_rows(found, chat, row_tokens=250).rows))
    with pytest.raises(UserError) as error:
        sft_rows(found, chat, row_tokens=60)
    said = f"2 of 4 rows are longer than sft.length = 60, the longest has {longest} tokens ({tmp_path}/rows.jsonl:2)"
    assert str(error.value) == f'{said}; raise sft.length or set sft.too_long = "drop"'
    kept = sft_rows(found, chat, row_tokens=60, too_long="drop")
    assert (len(kept.rows), kept.dropped, kept.longest, kept.said) == (2, 2, longest, f"{said}: dropped")
    with pytest.raises(UserError, match=r"4 of 4 rows are longer .*; raise sft\.length$"):
        sft_rows(found, chat, row_tokens=5, too_long="drop")
    with pytest.raises(UserError, match="1 of 4 rows is longer than"):
        sft_rows(found, chat, row_tokens=longest - 1)


def test_prompts_without_room_are_counted(tmp_path: Path) -> None:
    rows = [{"prompt": "a " * count, "completion": "b"} for count in (3, 110, 120)]
    found = inputs_of(tmp_path, rows)
    check_prompts(found.examples, policy(), max_new_tokens=20, knob="rl.max_new_tokens")
    message = r"2 of 3 prompts leave no room for rl\.max_new_tokens = 200 in the context of 256 tokens, the longest has"
    with pytest.raises(UserError, match=message):
        check_prompts(found.examples, policy(), max_new_tokens=200, knob="rl.max_new_tokens")
