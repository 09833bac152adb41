"""What a trainer has around it changes neither level nor verdict: signals, umask, descriptors, limits, variables."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from judge.surrounded import SURROUNDINGS

TESTS = Path(__file__).resolve().parents[1]
VERDICTS = ["pass", "wrong", "timeout", "crashed", "pass", "pass"]
TOGETHER = [
    "umask 077", "every signal ignored", "every signal blocked", "no standard descriptors", "a folder that is gone",
    "few descriptors", "nice", "variables of Python",
]  # fmt: skip
QUICK = ("SIGCHLD ignored", "umask 027", "SIGPIPE at its default", "no standard descriptors", "few descriptors")


@functools.cache
def _found(*names: str, as_user: bool = False) -> Any:
    line = [sys.executable, "-P", str(TESTS / "judge/surrounded.py"), *names]
    if as_user and not os.geteuid():
        paths = [sys.base_prefix, sys.prefix, str(TESTS.parent)]
        line = [sys.executable, "-P", str(TESTS / "judge/as_nobody.py"), *paths, "--", *line]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])}
    done = subprocess.run(line, capture_output=True, text=True, timeout=300, env=environment, check=False)
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)


def _check(*names: str, as_user: bool = False) -> None:
    level, *rounds = _found("plain", as_user=as_user)
    expected = [one if level == 2 or one != "crashed" else rounds[0][3] for one in VERDICTS]
    assert rounds == [expected, expected]
    assert _found(*names, as_user=as_user) == [level, expected, expected]


@pytest.mark.parametrize("name", QUICK)
def test_surroundings_change_nothing(name: str) -> None:
    _check(name)


@pytest.mark.parametrize("as_user", [False, True])
def test_all_of_them_together_change_nothing(as_user: bool) -> None:
    _check(*TOGETHER, as_user=as_user)


@pytest.mark.full
@pytest.mark.parametrize("as_user", [False, True])
@pytest.mark.parametrize("name", [name for name in SURROUNDINGS if name != "plain"])
def test_each_of_them_changes_nothing(name: str, as_user: bool) -> None:
    _check(name, as_user=as_user)
