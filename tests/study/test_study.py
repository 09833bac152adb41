"""A whole study, end to end; killed in the middle it gives the same result."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from moiety.errors import UserError
from moiety.recipe import load_recipe
from moiety.runs import read_json
from moiety.study.data import load_sets

RECIPE = Path(__file__).parent / "tiny.toml"
COMPARED = ("recipe.json", "result.json", "data/manifest.json")
FINDINGS = {"F1", "F1a", "F1b", "F1c", "F2", "F2a", "F2b", "F2c", "F3", "F3a", "F3b", "F3c"}


def start_study(run_dir: Path, cache: Path, *, hash_seed: str = "0") -> subprocess.Popen[bytes]:
    environment = {**os.environ, "MOIETY_CACHE": str(cache), "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-m", "moiety", "study", str(RECIPE), "--out", str(run_dir)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(process: subprocess.Popen[bytes]) -> None:
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors.decode()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("study")
    finish(start_study(folder / "run", folder / "cache"))
    return folder / "run", folder / "cache"


def test_every_finding_has_a_verdict(finished: tuple[Path, Path]) -> None:
    result = read_json(finished[0] / "result.json")
    rows = {row["id"]: row for row in result["findings"]}
    assert set(rows) >= FINDINGS
    assert {row["verdict"] for row in rows.values()} == {"undecided"}, "one seed never decides"
    assert all(row["in_these_runs"] in ("supported", "contradicted", "undecided") for row in rows.values())


def test_every_arm_has_its_scores_and_budget(finished: tuple[Path, Path]) -> None:
    recipe = load_recipe(RECIPE)
    arms = {arm["arm"]: arm for arm in read_json(finished[0] / "result.json")["arms"]}
    assert set(arms) == {arm.name for arm in recipe.arms}
    for arm in arms.values():
        last = arm["checkpoints"][-1]
        assert last["step"] == arm["steps"]
        assert {"validation", "recombined", "deeper", "atoms", "retention"} <= set(last["scores"])
        assert last["kl"] is not None
        assert (arm["budget"]["flops"] > 0) == (arm["algorithm"] != "base")
    assert arms["sft_flops"]["budget"]["flops"] >= arms["sft_rl"]["budget"]["flops"]
    assert [c["step"] for c in arms["rl"]["checkpoints"]] == [0, 1, 2]


def test_no_time_and_no_path_in_the_result(finished: tuple[Path, Path]) -> None:
    text = (finished[0] / "result.json").read_text()
    assert str(finished[0]) not in text
    assert "time/" not in text
    metrics = (finished[0] / "arms" / "rl-seed0" / "metrics.jsonl").read_text()
    assert "time" not in metrics


def test_a_killed_study_resumes_to_the_same_result(finished: tuple[Path, Path], tmp_path: Path) -> None:
    run_dir, cache = tmp_path / "run", tmp_path / "cache"
    state = "state/*/state-*"  # of whichever arm is in the midst of its training; more arms follow each landmark
    for landmark in ("data/manifest.json", "arms/atoms-seed0", state, "arms/sft-seed0", state):
        process = start_study(run_dir, cache, hash_seed="7")
        wait_for(run_dir, landmark, process)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert process.stderr is not None
        process.stderr.close()
    finish(start_study(run_dir, cache, hash_seed="9"))
    for name in COMPARED:
        assert (run_dir / name).read_bytes() == (finished[0] / name).read_bytes(), name
    for arm in (finished[0] / "arms").iterdir():
        again = run_dir / "arms" / arm.name
        assert (again / "metrics.jsonl").exists() == (arm / "metrics.jsonl").exists()
        assert (again / "result.json").read_bytes() == (arm / "result.json").read_bytes()
    assert not (run_dir / "state").exists()


def wait_for(run_dir: Path, landmark: str, process: subprocess.Popen[bytes]) -> None:
    while not any(run_dir.glob(landmark)):
        assert process.poll() is None, "the study ended before it could be killed"
        time.sleep(0.05)


def test_a_rerun_does_nothing_again(finished: tuple[Path, Path]) -> None:
    timing = (finished[0] / "timing.jsonl").read_bytes()
    before = (finished[0] / "result.json").read_bytes()
    finish(start_study(finished[0], finished[1]))
    assert (finished[0] / "timing.jsonl").read_bytes() == timing
    assert (finished[0] / "result.json").read_bytes() == before


def test_an_edited_data_file_is_refused(finished: tuple[Path, Path], tmp_path: Path) -> None:
    folder = tmp_path / "data"
    shutil.copytree(finished[0] / "data", folder)
    (folder / "train.parquet").write_bytes((folder / "validation.parquet").read_bytes())
    with pytest.raises(UserError, match=r"train\.parquet: not the file that was proved disjoint"):
        load_sets(folder)


def test_a_run_of_another_recipe_is_refused(finished: tuple[Path, Path]) -> None:
    command = [sys.executable, "-m", "moiety", "study", str(RECIPE), "rl.steps=5", "--out", str(finished[0])]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 2
    assert found.stderr.count("\n") == 1
    assert "rl.steps is 2 there, 5 here" in found.stderr


def test_an_impossible_request_is_refused_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "moiety", "study", str(RECIPE), "data.recombined_per_depth=5000"]
    command += ["--out", str(tmp_path / "run")]
    environment = {**os.environ, "MOIETY_CACHE": str(tmp_path / "cache")}
    found = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert found.returncode == 2
    assert "distinct functions of depth 2 asked for split test" in found.stderr.splitlines()[-1]
    assert not (tmp_path / "run" / "data").exists()
    assert json.loads((tmp_path / "run" / "recipe.json").read_text())["name"] == "tiny"
