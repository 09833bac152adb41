"""Limits hold for a program and all that it starts: time, memory and threads, at both levels, as both users."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from judge.attacks import Attack
from judge.families import CPU_LIMIT_S, EVERY, HONEST, MEMORY, TASKS
from judge.modes import MODES, run_in

QUICK = ("user-2", "root-1")


@functools.cache
def suite(mode: str) -> dict[str, Any]:
    """Run every program once in `mode`."""
    return run_in(mode, "family_host.py")


def _modes() -> list[Any]:
    return [pytest.param(mode, marks=() if mode in QUICK else pytest.mark.full) for mode in MODES]


@pytest.mark.parametrize("evil", EVERY, ids=lambda evil: evil.name)
@pytest.mark.parametrize("mode", _modes())
def test_all_that_a_program_starts_is_within_its_limits(mode: str, evil: Attack) -> None:
    verdict, cpu_s, detail = suite(mode)["outcomes"][evil.name]
    assert verdict in {wanted.value for wanted in evil.verdicts}, detail
    if mode.endswith("2") and evil not in TASKS:
        assert verdict != "raised" or "nobody" in evil.name, detail  # processes can be started there
    if evil not in MEMORY:  # looked at every 10 ms, later where the machine is busy; no run has a longer limit
        assert cpu_s < CPU_LIMIT_S + 0.5


@pytest.mark.parametrize("name", [name for name, _ in HONEST])
@pytest.mark.parametrize("mode", _modes())
def test_honest_programs_with_threads_and_children_pass(mode: str, name: str) -> None:
    verdict, _, detail = suite(mode)["outcomes"][name]
    assert verdict == "pass", detail


@pytest.mark.parametrize("mode", _modes())
def test_no_datagram_leaves(mode: str) -> None:
    found = suite(mode)
    assert found["received"] == 0
    assert all(found["outcomes"][name][0] == "raised" for name in found["outcomes"] if name.startswith("datagram"))
