"""No mark that one program leaves can be seen by another: after it in the same zygote, or beside it in another one."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from judge.channels import CHANNELS
from judge.modes import MODES, run_in

QUICK = ("root-2", "user-1")  # each level and each user once


@functools.cache
def pairs(mode: str) -> dict[str, Any]:
    """Run every channel once in `mode` and return the verdicts of both programs by name."""
    found: dict[str, Any] = run_in(mode, "channel_host.py")["pairs"]
    return found


def _cases() -> list[Any]:
    return [
        pytest.param(mode, f"{one.name} {variant}".strip(), marks=() if mode in QUICK else pytest.mark.full)
        for mode in MODES
        for one in CHANNELS
        for variant in one.variants
        if int(mode[-1]) in one.levels
    ]


@pytest.mark.parametrize(("mode", "name"), _cases())
def test_a_mark_of_a_right_program_tells_a_wrong_one_nothing(mode: str, name: str) -> None:
    right, wrong = pairs(mode)[name]
    assert right == "pass"
    assert wrong in ("wrong", "raised")
