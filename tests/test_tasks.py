"""Tasks survive a file, and a bad file is named with its row."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from moiety.errors import UserError
from moiety.splits import DataSet
from moiety.tasks import Tests, dataset_hash, read_tasks, write_tasks


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_round_trip(tmp_path: Path, small_data: DataSet, suffix: str) -> None:
    tasks = [*small_data.sets["atoms"], *small_data.sets["recombined"]]
    path = tmp_path / f"tasks.{suffix}"
    write_tasks(path, tasks)
    again = read_tasks(path)
    assert again == tasks
    assert dataset_hash(again) == dataset_hash(tasks)


@pytest.mark.parametrize("name", ["t.jsonl.gz", "t.json", "t.json.gz", "t.parquet.gz"])
def test_a_compressed_file_is_the_plain_one(tmp_path: Path, small_data: DataSet, name: str) -> None:
    tasks = list(small_data.sets["recombined"][:3])
    plain = tmp_path / ("plain.parquet" if "parquet" in name else "plain.jsonl")
    write_tasks(plain, tasks)
    content = plain.read_bytes() if "parquet" in name else b"\xef\xbb\xbf" + plain.read_bytes()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    assert read_tasks(tmp_path / name) == tasks


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"depth": "2"}, ":1: depth: '2': expected a whole number, as in a task of `moiety synth`"),
        ({"depth": True}, ":1: depth: True: expected a whole number"),
        ({"tests": "[[1]]"}, ":1: tests: '[[1]]': expected tests of a task of `moiety synth` ("),
        ({"tests": None}, ":1: tests: None: expected tests of a task"),
        ({"held_out_tests": 3}, ":1: held_out_tests: 3: expected tests of a task"),
        ({"atoms": "sort"}, ":1: atoms: 'sort': expected a list of names"),
        ({"reward_kill_rate": "1"}, ":1: reward_kill_rate: '1': expected a number or nothing"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, small_data: DataSet, changes: dict[str, Any], message: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps(small_data.sets["atoms"][0].as_row() | changes))
    with pytest.raises(UserError) as error:
        read_tasks(path)
    assert str(error.value).startswith(f"{path}{message}")


def test_values_keep_their_types() -> None:
    tests = Tests((([1, 2],), ([True],), (((1,),),)), (2**70, None, "é\n"))
    again = Tests.from_text(tests.to_text())
    assert again == tests
    assert type(again.inputs[1][0][0]) is bool


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no such file"),
        ("{", ":1: line: '{': expected JSON"),
        ('{"task_id": "a"}\n', ":1: split: missing: expected a task of `moiety synth`"),
    ],
)
def test_bad_files(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "bad.jsonl"
    if content:
        path.write_text(content)
    with pytest.raises(UserError, match=message) as error:
        read_tasks(path)
    assert str(path) in str(error.value)


def test_the_job_never_mixes_the_tests(small_data: DataSet) -> None:
    task = small_data.sets["recombined"][0]
    reward, held_out = task.job("x"), task.job("x", held_out=True)
    assert task.held_out_tests is not None
    assert reward.inputs == task.tests.inputs
    assert held_out.inputs == task.held_out_tests.inputs
    shared = set(map(repr, reward.inputs)) & set(map(repr, held_out.inputs))
    assert shared <= {"([],)", "('',)", "(0,)", "(1,)", "(-1,)"}  # edges that no other input shows
