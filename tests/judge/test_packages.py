"""Packages that the user names can be imported by programs, and nothing that lies beside them."""

from __future__ import annotations

import functools
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from judge.modes import MODES, run_in
from moiety import cli
from moiety.errors import UserError
from moiety.judge import Judge, loading, packages

pytest.importorskip("numpy")
REFUSED = (
    "another package", "another package by path", "the judge", "a file beside it", "the folder that holds it",
    "writes into it", "without leave",
)  # fmt: skip
ANSWERS = {"computes": [1.0, 2.0], "cold parts": 7, "threads": "1", "multiplies": 300.0, "patched": None}


@functools.cache
def suite(mode: str) -> dict[str, Any]:
    """Run every program once in `mode`."""
    return run_in(mode, "package_host.py")


@pytest.mark.parametrize("mode", MODES)
def test_a_package_that_is_allowed_works(mode: str) -> None:
    found = suite(mode)
    for name, answer in ANSWERS.items():
        assert found[name] == found[f"again: {name}"] == ["pass", answer, ""], name


@pytest.mark.parametrize("mode", MODES)
def test_its_random_numbers_are_the_same_every_time(mode: str) -> None:
    found = suite(mode)
    assert found["draws"] == found["again: draws"]
    assert found["draws"][0] == "pass"


@pytest.mark.parametrize("mode", MODES)
def test_the_memory_limit_counts_beyond_what_is_loaded(mode: str) -> None:
    assert suite(mode)["fills"][0] == "memory"


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("mode", MODES)
def test_what_lies_beside_it_stays_out_of_reach(mode: str, name: str) -> None:
    verdict, answer, detail = suite(mode)[name]
    assert (verdict, answer) == ("raised", None)
    assert any(error in detail for error in ("ModuleNotFoundError", "PermissionError", "OSError", "FileNotFoundError"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no_such_package_of_anyone", "not installed here"),
        ("two words", "expected the name of a package"),
        ("", "expected the name of a package"),
        ("../x", "expected the name of a package"),
        ("moiety", "not of the judge's own"),
        ("moiety.judge", "not of the judge's own"),
    ],
)
def test_a_name_that_is_no_package_is_one_line(name: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        Judge(zygotes=1, allow_import=(name,))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n", "threads"),
        ("raise RuntimeError('two\\nlines')\n", "RuntimeError: two lines"),
        ("import no_such_part\n", "ModuleNotFoundError"),
        ("raise SystemExit\n", "SystemExit"),
    ],
)
def test_a_package_that_cannot_be_loaded_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, said: str
) -> None:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "odd_package_of_ours.py").write_text(source)
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])
    with pytest.raises(UserError, match="allow_import: 'odd_package_of_ours'") as caught:
        Judge(zygotes=1, allow_import=("odd_package_of_ours",))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_a_zygote_is_told_is_read_as_it_was_written() -> None:
    told = ("json", *packages.found(["numpy", "numpy"]))
    warm, allowed, folders = loading.split(told)
    assert (warm, allowed) == (("json",), ("numpy",))
    assert folders
    assert packages.found([]) == ()


@pytest.mark.parametrize("memory_bytes", [0, -1, 1 << 60])
def test_a_memory_limit_is_checked(memory_bytes: int) -> None:
    with pytest.raises(UserError, match="memory_bytes"):
        Judge(zygotes=1, memory_bytes=memory_bytes)


def test_verdicts_with_other_packages_or_memory_are_kept_apart() -> None:
    with Judge(zygotes=1) as plain, Judge(zygotes=1, allow_import=("numpy",)) as other:
        assert plain.setting != other.setting
    with Judge(zygotes=1, memory_bytes=64 << 20) as small:
        assert small.setting not in (plain.setting, other.setting)


def test_the_command_allows_a_package(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    task = {"task_id": "S", "tests": [{"input": "2\n", "output": "4.0\n"}]}
    sample = {"task_id": "S", "solution": "import numpy\nprint(float(numpy.square(int(input()))))\n"}
    (tmp_path / "tasks.jsonl").write_text(json.dumps(task) + "\n")
    (tmp_path / "samples.jsonl").write_text(json.dumps(sample) + "\n")
    files = [str(tmp_path / name) for name in ("tasks.jsonl", "samples.jsonl")]
    out = tmp_path / "out.jsonl"
    keys = []
    for options, verdict in (([], "raised"), (["--allow-import", "numpy", "--memory", "256"], "pass")):
        assert _status(["judge", *files, "--out", str(out), *options]) == 0
        line = json.loads(out.read_text())
        assert line["verdict"] == verdict
        keys.append(line["key"])
    assert keys[0] != keys[1]
    assert _status(["judge", *files, "--out", str(out), "--allow-import", "no_such_package"]) == 2
    assert "no_such_package" in capfd.readouterr().err


def _status(arguments: list[str]) -> object:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    return ended.value.code or 0
