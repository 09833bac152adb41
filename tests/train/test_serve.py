"""A checkpoint that was trained here is served by `transformers serve` and answers."""

import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from foreign_model import write_foreign_checkpoint, write_task_files
from moiety.recipe import TrainRecipe
from moiety.train.run import run_training

NEEDED = ("fastapi", "uvicorn", "openai")
MISSING = [name for name in NEEDED if importlib.util.find_spec(name) is None]
START_S = 120.0


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


def ask(port: int, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/completions",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: dict[str, Any] = json.loads(answer.read())
    return found


@pytest.mark.skipif(bool(MISSING), reason=f"transformers serve needs {', '.join(MISSING)}: pip install 'moiety[dev]'")
def test_a_trained_checkpoint_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_foreign_checkpoint(tmp_path / "llama")
    write_task_files(tmp_path)
    sft = {"steps": 2, "batch": 2, "length": 200}
    recipe = TrainRecipe.model_validate({"algorithm": "sft", "checkpoint": "llama", "data": "train.jsonl", "sft": sft})
    checkpoint = run_training(recipe, out=tmp_path / "run", quiet=True) / "checkpoint"
    port = free_port()
    program = [sys.executable, "-c", "from transformers.cli.transformers import main; main()", "serve"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    with (tmp_path / "serve.log").open("wb") as log:
        server = subprocess.Popen(
            [*program, "--port", str(port), "--host", "127.0.0.1", "--device", "cpu", str(checkpoint)],
            stdout=log, stderr=log, env=environment,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + START_S
        while True:
            try:
                answer = ask(port, {"model": str(checkpoint), "prompt": "def f(", "max_tokens": 8})
                break
            except (urllib.error.URLError, ConnectionError):
                assert server.poll() is None, (tmp_path / "serve.log").read_text()
                assert time.monotonic() < deadline, (tmp_path / "serve.log").read_text()
                time.sleep(0.5)
    finally:
        server.terminate()
        server.wait(30)
    assert len(answer["choices"]) == 1
    assert isinstance(answer["choices"][0]["text"], str)
    assert 0 < answer["usage"]["completion_tokens"] <= 8
