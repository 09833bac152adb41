"""Tasks of all shapes against the mistakes that a model makes most."""

from typing import Any

import pytest

from moiety.atoms import catalogue
from moiety.judge import Judge, Verdict
from moiety.reward import judge_completions
from moiety.rng import stream
from moiety.splits import split_of, task_phrasings
from moiety.synthesis.admit import Admission, Rejection
from moiety.synthesis.draw import Cell, Space
from moiety.synthesis.fresh import differs
from moiety.synthesis.graph import Graph, run_graph
from moiety.synthesis.inputs import TestInputs, TestPlan, choose_inputs
from moiety.synthesis.mutate import mutants, without_a_step
from moiety.synthesis.pools import pool_of
from moiety.synthesis.render import render
from moiety.tasks import Task, make_task
from small_synth import SHAPES


def third_rates(graph: Graph, space: Space, key: str, tests: TestInputs) -> list[float]:
    """Return the kill rates on near-misses that neither choosing nor admission saw, empty where there are none."""
    seen = {mutant.calls for mutant in mutants(graph, space.atoms, rng=stream(0, "mutants", key))}
    third = [m for m in mutants(graph, space.atoms, rng=stream(1, "third", key)) if m.calls not in seen]

    def told(mutant: Graph, pairs: Any) -> bool:
        try:
            return any(repr(run_graph(mutant, arguments)[-1]) != repr(output) for arguments, output in pairs)
        except Exception:
            return True

    kills = [(told(m, tests.reward), told(m, tests.held_out)) for m in third]
    pool = pool_of(graph.inputs, 0, 0)
    real = [sides for m, sides in zip(third, kills, strict=True) if any(sides) or differs(graph, m, pool)]
    return [sum(side) / len(real) for side in zip(*real, strict=True)]


@pytest.mark.full
def test_two_thousand_tasks_of_all_shapes_hold_against_the_usual_mistakes() -> None:
    cells = [Cell(d, s, n) for s in (*SHAPES, "pair") for d in (2, 3, 4) for n in ((1, 2, 3) if s == "tree" else (1,))]
    space, admission = Space(catalogue()), Admission(catalogue(), shaped=True)
    tasks: list[Task] = []
    shortened: list[tuple[int, str]] = []
    rates: list[list[float]] = []
    for number in range(20_000):
        graph = space.draw(cells[number % len(cells)], stream(5, "mistakes", number))
        decision = admission.decide(graph)
        if isinstance(decision, Rejection):
            continue
        key = decision.behaviour.key
        tests = choose_inputs(graph, space.atoms, TestPlan(min_kill_rate=0.95), identity=key)
        if tests is None:
            continue
        if number % 4 == 0:
            rates.append(third_rates(graph, space, key, tests))
        shortened += [(len(tasks), render(shorter)[0]) for shorter in without_a_step(graph)]
        phrasing = task_phrasings(graph, 1, seed=0, identity=key)[0]
        tasks.append(make_task(decision, phrasing, tests, split=split_of(key), domain="synthetic"))
        if len(tasks) == 2000:
            break
    assert len(tasks) == 2000
    forgeries = {
        "empty": (tasks, ["" for _ in tasks]),
        "constant": (tasks, [f"{t.signature}\n    return {t.tests.expected[0]!r}\n" for t in tasks]),
        "identity": (tasks, [f"{t.signature}\n    return {t.signature[6:].partition(':')[0]}\n" for t in tasks]),
        "a step missing": ([tasks[i] for i, _ in shortened], [source for _, source in shortened]),
    }
    with Judge(zygotes=2) as judge:
        for held_out in (False, True):
            gold = judge_completions(judge, tasks, [t.reference_solution for t in tasks], held_out=held_out)
            assert {outcome.verdict for outcome in gold} == {Verdict.PASS}
            for name, (of, texts) in forgeries.items():
                outcomes = judge_completions(judge, of, texts, held_out=held_out)
                passed = [t.instruction for t, o in zip(of, outcomes, strict=True) if o.verdict is Verdict.PASS]
                assert not passed, (name, len(passed), passed[:3])
    for side, name in enumerate(("reward", "held-out")):
        values = sorted(rate[side] for rate in rates if rate)
        print(name, "kill rate: mean", sum(values) / len(values), "5th percentile", values[len(values) // 20])
        assert sum(values) / len(values) >= 0.97
