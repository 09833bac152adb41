"""Run a script of the suite as root or as an unprivileged user, at one isolation level, and read what it printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).resolve().parents[1]
MODES = ("root-2", "root-1", "user-2", "user-1")


def run_in(mode: str, script: str, *arguments: str) -> dict[str, Any]:
    """Run `tests/judge/<script> LEVEL ARGUMENTS` in `mode`, "user-level", and return the document it printed."""
    user, _, level = mode.partition("-")
    if user == "root" and os.geteuid():
        pytest.skip("needs root")
    line = [sys.executable, "-P", str(TESTS / "judge" / script), level, *arguments]
    if user == "user" and not os.geteuid():
        paths = [sys.base_prefix, sys.prefix, str(TESTS.parent)]
        line = [sys.executable, "-P", str(TESTS / "judge/as_nobody.py"), *paths, "--", *line]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])}
    done = subprocess.run(line, capture_output=True, text=True, timeout=300, env=environment, cwd="/tmp", check=False)
    if "cannot be had on this machine" in done.stderr:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert not done.returncode, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document
