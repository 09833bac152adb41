"""A stage that is stopped at any step and started again ends as if it had never been stopped, bit for bit."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from resumable_training import STAGES, STEPS, StoppedError, run_stage
from small_training import equal, small_policy, weights

from moiety.errors import UserError
from moiety.runs import read_jsonl
from moiety.train.config import SFTConfig
from moiety.train.data import Row
from moiety.train.resume import Resume, newest_state
from moiety.train.sft import finetune

HERE = Path(__file__).parent


def stopping_at(step: int, told: list[dict[str, float]]) -> Callable[[dict[str, float], Any], None]:
    """Return a step callback that remembers, and stops the stage before that step is kept."""

    def on_step(metrics: dict[str, float], times: Any) -> None:
        told.append(metrics)
        if metrics["step"] == step and times:
            raise StoppedError

    return on_step


@pytest.mark.parametrize("name", STAGES)
def test_a_stopped_stage_ends_as_if_it_had_not_been(name: str, tmp_path: Path) -> None:
    whole: list[dict[str, float]] = []
    uninterrupted = run_stage(name, stopping_at(-1, whole), resume=None)
    resume = Resume(tmp_path, every_steps=2)
    for stop in (1, 4, 5):
        with pytest.raises(StoppedError):
            run_stage(name, stopping_at(stop, []), resume=resume)
        assert len(list(tmp_path.iterdir())) == min(2, (stop - 1) // 2)
    again: list[dict[str, float]] = []
    resumed = run_stage(name, stopping_at(-1, again), resume=resume)
    assert again == whole
    assert [step["step"] for step in again if step["step"]] == list(range(1, STEPS + 1))
    assert equal(uninterrupted, resumed)


def sft(steps: int, resume: Resume | None, *, seed: int = 0) -> list[torch.Tensor]:
    policy = small_policy()
    rows = [Row((5, 6), (7, n, 0)) for n in range(8, 20)]
    finetune(policy.model, rows, SFTConfig(steps=steps, batch_rows=1, row_tokens=16), seed=seed, resume=resume)
    return weights(policy)


def test_a_damaged_state_is_passed_over(tmp_path: Path) -> None:
    resume = Resume(tmp_path, every_steps=2)
    expected = sft(7, resume)
    newest = max(tmp_path.iterdir())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state-00000004.pt", "state-00000006.pt"]
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    newest.write_bytes(content)
    found = newest_state(tmp_path)
    assert found is not None
    assert found["step"] == 4
    assert equal(sft(7, resume), expected)
    for path in tmp_path.iterdir():
        path.write_bytes(b"")
    assert newest_state(tmp_path) is None


def test_the_state_of_other_settings_is_refused(tmp_path: Path) -> None:
    resume = Resume(tmp_path, every_steps=2)
    sft(4, resume)
    for change in (partial(sft, 5), partial(sft, 4, seed=1)):
        with pytest.raises(UserError, match="holds the state of a stage with other settings"):
            change(resume)


@pytest.mark.full
@pytest.mark.parametrize("name", STAGES)
def test_killed_ten_times_it_gives_the_same_weights_and_metrics(name: str, tmp_path: Path) -> None:
    rng = random.Random(name)
    finish(start(name, tmp_path / "whole"))
    for _ in range(10):
        process = start(name, tmp_path / "killed", delay_s=0.1)
        for line in process.stdout or ():
            if line.startswith(b"step") and rng.random() < 0.2:
                time.sleep(rng.random() * 0.1)
                break
        process.send_signal(signal.SIGKILL)
        process.communicate()
    finish(start(name, tmp_path / "killed"))
    for file in ("weights.sha256", "metrics.jsonl"):
        assert (tmp_path / "killed" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()
    assert len(read_jsonl(tmp_path / "killed" / "metrics.jsonl")) >= STEPS
    assert len((tmp_path / "whole" / "weights.sha256").read_text()) == hashlib.sha256().digest_size * 2


def start(name: str, folder: Path, *, delay_s: float = 0.0) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(HERE / "resumable_training.py"), name, str(folder), str(delay_s)]
    path = os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": path}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)


def finish(process: subprocess.Popen[bytes]) -> None:
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors.decode()
