"""Mass synthesis: admitted, distinct tasks a second and core, and what each check costs."""

from __future__ import annotations

import cProfile
import pstats
import time
from collections.abc import Callable, Iterator
from typing import Any

from moiety.atoms import catalogue
from moiety.processes import collect_rarely
from moiety.rng import stream
from moiety.splits import split_of, task_phrasings
from moiety.synthesis.admit import Admission, Admitted, Rejection
from moiety.synthesis.draw import Cell, Space
from moiety.synthesis.inputs import TestPlan, choose_inputs
from moiety.tasks import make_task

CELLS = tuple(Cell(depth, shape) for shape in ("chain", "map", "tree", "conditional", "pair") for depth in (2, 3, 4))

CHECKS = {
    "run": "values on the bank",
    "_equals_a_part": "calls taken out",
    "_is_longer": "shorter functions",
    "value_matters": "every value matters",
    "mutants": "near-misses",
    "pick": "choosing inputs",
    "_measured": "kill rate on unseen near-misses, with",
    "_differs": "equivalence on fresh inputs",
    "render": "source",
    "describe": "instruction",
}


class _Clock:
    """Seconds of CPU by the name of what took them."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def __call__(self, name: str, function: Callable[..., Any], *arguments: Any, **settings: Any) -> Any:
        started = time.process_time()
        result = function(*arguments, **settings)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - started
        return result


def bench_synth(*, drawn: int = 3000, warm: int = 1500) -> list[dict[str, Any]]:
    """Draw `drawn` functions of all shapes and depths 2 to 4 on one core, after `warm` to fill what is remembered."""
    collect_rarely()
    space = Space(catalogue())
    admission = Admission(space.atoms, shaped=True)
    for _ in _made(space, admission, warm, "warm", _Clock()):
        pass
    clock = _Clock()
    started = time.process_time()
    keys = list(_made(space, admission, drawn, "bench", clock))
    total = time.process_time() - started
    rows: list[dict[str, Any]] = [
        {"name": "distinct tasks", "value": len(set(keys)) / total, "unit": "tasks/s/core"},
        {"name": "admitted of drawn", "value": 100 * len(keys) / drawn, "unit": "%"},
    ]
    for name, seconds in clock.seconds.items():
        cost = {"name": name, "value": 1000 * seconds / len(keys), "unit": "ms a task"}
        rows.append({**cost, "against": "all work", "ratio": seconds / total})
    return rows + _shares(space, admission, drawn // 6)


def _shares(space: Space, admission: Admission, drawn: int) -> list[dict[str, Any]]:
    """Return what each check takes of all work, by a profile (which counts small calls too high).

    Raises KeyError for a check that no function of that name makes.
    """
    profile = cProfile.Profile()
    profile.runcall(lambda: list(_made(space, admission, drawn, "profile", _Clock())))
    stats = pstats.Stats(profile)
    cost = {name: taken[3] for (_, _, name), taken in stats.stats.items()}  # type: ignore[attr-defined]
    total = stats.total_tt  # type: ignore[attr-defined]
    return [
        {"name": f"of it: {check}", "value": 100 * cost[name] / total, "unit": "% of a profile"}
        for name, check in CHECKS.items()
    ]


def _made(space: Space, admission: Admission, count: int, name: str, clock: _Clock) -> Iterator[str]:
    rng = stream(0, "bench synth", name)
    for number in range(count):
        graph = clock("draw", space.draw, CELLS[number % len(CELLS)], rng)
        decision = clock("admission", admission.decide, graph)
        if isinstance(decision, Rejection):
            continue
        assert isinstance(decision, Admitted)
        key = decision.behaviour.key
        wanted = TestPlan(min_kill_rate=0.95)
        tests = clock("tests against near-misses", choose_inputs, graph, space.atoms, wanted, identity=key)
        if tests is None:
            continue
        phrasing = task_phrasings(graph, 1, seed=0, identity=key)[0]
        place = {"split": split_of(key), "domain": "bench"}
        clock("words, source and keys", make_task, decision, phrasing, tests, **place)
        yield key
