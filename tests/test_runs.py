"""The run format: whole or nothing, canonical, locked, and refused to another recipe."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from moiety.errors import UserError
from moiety.runs import (
    append_jsonl,
    atomic_directory,
    canonical_hash,
    canonical_json,
    differing_fields,
    is_complete,
    open_run,
    read_json,
    read_jsonl,
    write_json,
)


def test_canonical_json_does_not_depend_on_order() -> None:
    assert canonical_json({"b": 1, "a": [1.5, "é", None, True]}) == '{"a":[1.5,"é",null,true],"b":1}'
    assert canonical_hash({"a": 1, "b": 2}) == canonical_hash({"b": 2, "a": 1})
    assert canonical_hash({"a": 1}) != canonical_hash({"a": 1.5})


def test_canonical_json_refuses_what_json_cannot_hold() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json(float("nan"))


def test_write_json_is_canonical_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    write_json(tmp_path / "deep" / "a.json", {"b": 1, "a": [2]})
    assert (tmp_path / "deep" / "a.json").read_bytes() == b'{\n "a": [\n  2\n ],\n "b": 1\n}\n'
    assert read_json(tmp_path / "deep" / "a.json") == {"a": [2], "b": 1}
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["a.json"]


def test_what_killed_processes_left_is_removed(tmp_path: Path) -> None:
    finished = subprocess.Popen([sys.executable, "-c", ""])
    finished.wait()
    (tmp_path / f".a.json.partial-{finished.pid}").write_text("{")
    (tmp_path / f".d.partial-{finished.pid}").mkdir()
    write_json(tmp_path / "a.json", 1)
    with atomic_directory(tmp_path / "d"):
        pass
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.json", "d"]


@pytest.mark.parametrize("content", [None, b"{", b"\xff"])
def test_read_json_names_the_file(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"x\.json: "):
        read_json(path)


def test_jsonl_drops_a_line_cut_by_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    append_jsonl(path, {"step": 1, "loss": 0.5})
    append_jsonl(path, {"step": 2, "loss": 0.25})
    with path.open("a") as file:
        file.write('{"step": 3, "lo')
    assert read_jsonl(path) == [{"step": 1, "loss": 0.5}, {"step": 2, "loss": 0.25}]


@pytest.mark.parametrize("line", ["{", "[1]"])
def test_jsonl_names_the_malformed_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "m.jsonl").write_text(f'{{"a": 1}}\n{line}\n')
    with pytest.raises(UserError, match=r"m\.jsonl:2: "):
        read_jsonl(tmp_path / "m.jsonl")


def test_atomic_directory_publishes_all_or_nothing(tmp_path: Path) -> None:
    target = tmp_path / "arms" / "a"

    def fail_halfway() -> None:
        with atomic_directory(target) as partial:
            (partial / "x").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    assert list((tmp_path / "arms").iterdir()) == []
    with atomic_directory(target) as partial:
        (partial / "x").write_text("whole")
        assert not is_complete(target)
    assert is_complete(target)
    assert (target / "x").read_text() == "whole"
    with pytest.raises(FileExistsError), atomic_directory(target):
        pass


def test_atomic_directory_keeps_the_one_published_meanwhile(tmp_path: Path) -> None:
    with atomic_directory(tmp_path / "a") as partial:
        (partial / "x").write_text("late")
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "x").write_text("early")
    assert (tmp_path / "a" / "x").read_text() == "early"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_open_run_writes_the_recipe_first_and_accepts_it_again(tmp_path: Path) -> None:
    for _ in range(2):
        with open_run(tmp_path / "r", {"rl": {"steps": 40}, "seeds": (0, 1)}) as run_dir:
            assert [p.name for p in run_dir.iterdir() if p.name != ".lock"] == ["recipe.json"]
    assert read_json(tmp_path / "r" / "recipe.json") == {"rl": {"steps": 40}, "seeds": [0, 1]}


def test_open_run_names_the_fields_of_another_recipe(tmp_path: Path) -> None:
    with open_run(tmp_path / "r", {"rl": {"steps": 60}, "arm": [{"name": "a", "k": 1}]}):
        pass
    with (
        pytest.raises(UserError) as raised,
        open_run(tmp_path / "r", {"rl": {"steps": 40}, "arm": [{"name": "b", "k": 2}, {"name": "a", "k": 1}]}),
    ):
        pass
    assert str(raised.value) == (
        f"{tmp_path / 'r'} holds a run of another recipe: arm.b is absent there, present here; "
        "rl.steps is 60 there, 40 here"
    )


def test_texts_that_differ_are_told_by_their_first_line_that_does(tmp_path: Path) -> None:
    with open_run(tmp_path / "r", {"file": "one\ntwo\nthree\n"}):
        pass
    for text, line in (("one\nTwo\nthree\n", 2), ("one\ntwo\nthree\nfour\n", 4), ("0", 1)):
        expected = f"another recipe: file differs from line {line} on$"
        with pytest.raises(UserError, match=expected), open_run(tmp_path / "r", {"file": text}):
            pass


def test_differing_fields_tells_true_from_one() -> None:
    assert differing_fields({"a": 1, "b": {"c": [1, 2]}}, {"a": True, "b": {"c": [1, 3]}}) == [
        ("a", 1, True),
        ("b.c", [1, 2], [1, 3]),
    ]


def test_open_run_refuses_a_folder_that_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(UserError, match=r"no recipe\.json"), open_run(tmp_path, {}):
        pass
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_open_run_in_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"), open_run(tmp_path / "file" / "run", {}):
        pass


def test_a_second_process_is_refused_by_number_and_let_in_after_a_kill(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys\nfrom moiety.runs import open_run\n"
        "with open_run(pathlib.Path(sys.argv[1]), {}):\n print('in', flush=True)\n input()"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "r")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"in\n"
        with pytest.raises(UserError, match=f"in use by process {other.pid}$"), open_run(tmp_path / "r", {}):
            pass
        other.kill()
        other.wait()
    with open_run(tmp_path / "r", {}) as run_dir:
        assert (run_dir / ".lock").read_text() == str(os.getpid())
    assert json.loads((tmp_path / "r" / "recipe.json").read_text()) == {}
