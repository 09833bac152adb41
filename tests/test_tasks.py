"""Tasks survive a file, and a bad file is named with its row."""

from pathlib import Path

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


def test_values_keep_their_types() -> None:
    tests = Tests((([1, 2],), ([True],), (((1,),),)), (2**70, None, "é\n"))
    again = Tests.from_text(tests.to_text())
    assert again == tests
    assert type(again.inputs[1][0][0]) is bool


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no such file"),
        ("{", "cannot be read as tasks"),
        ('{"task_id": "a"}\n', "row 1: missing field"),
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
