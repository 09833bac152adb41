"""Every attack at levels 1 and 2, as root and as another user: no forged pass, no trace; honest programs pass."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from judge.attacks import FORGE, Attack
from judge.evils import HONEST, OUTSIDE, RESOURCES
from judge.idlers import IDLERS
from judge.modes import MODES, run_in
from judge.more_evils import MORE
from judge.pairs import THIEVES

EVILS = (*FORGE, *RESOURCES, *OUTSIDE, *MORE, *IDLERS)


@functools.cache
def suite(mode: str) -> dict[str, Any]:
    """Run the whole suite once in `mode` and return what it found."""
    return run_in(mode, "host.py")


@pytest.mark.parametrize("evil", EVILS, ids=lambda evil: evil.name)
@pytest.mark.parametrize("mode", MODES)
def test_no_attack_passes(mode: str, evil: Attack) -> None:
    verdict, detail = suite(mode)["outcomes"][evil.name]
    assert verdict in {wanted.value for wanted in evil.verdicts}, detail


@pytest.mark.parametrize("name", [name for name, _ in HONEST])
@pytest.mark.parametrize("mode", MODES)
def test_honest_programs_pass(mode: str, name: str) -> None:
    verdict, detail = suite(mode)["outcomes"][name]
    assert verdict == "pass", detail


@pytest.mark.parametrize("mode", MODES)
def test_no_attack_leaves_a_trace(mode: str) -> None:
    found = suite(mode)
    assert (found["visitors"], found["traces"], found["after"]) == (0, [], "pass")
    assert bool(found["uid"]) is mode.startswith("user")


@pytest.mark.parametrize("thief", THIEVES)
@pytest.mark.parametrize("mode", MODES)
def test_nothing_of_a_sibling_is_left(mode: str, thief: str) -> None:
    at = 2 * list(THIEVES).index(thief)
    honest, stolen = suite(mode)["pairs"][at : at + 2]
    assert honest == "pass"
    assert stolen in ("wrong", "raised")


def test_names_are_distinct() -> None:
    names = [evil.name for evil in EVILS] + [name for name, _ in HONEST]
    assert len(names) == len(set(names))
