"""Every task is tested on the edges of its input types: programs that fail there alone are wrong."""

from collections.abc import Iterator
from typing import Any

import pytest

from moiety.atoms import catalogue
from moiety.atoms.own import own_atoms
from moiety.judge import Judge, Verdict
from moiety.judge.codec import encode
from moiety.reward import judge_completions
from moiety.rng import stream
from moiety.splits import task_phrasings
from moiety.splits.select import lone_functions
from moiety.synthesis.admit import Admitted
from moiety.synthesis.bank import Evaluator
from moiety.synthesis.draw import Cell, Space
from moiety.synthesis.graph import run_graph
from moiety.synthesis.inputs import TestInputs, TestPlan, choose_inputs
from moiety.synthesis.limits import SizeLimitError, within_limits
from moiety.synthesis.pools import pool_of
from moiety.tasks import Task, make_task
from moiety.types import contains, value_type
from small_synth import SHAPES

# By the annotation of an argument: how a program asks for an edge, and a value that shows it.
LISTS: tuple[tuple[str, list[Any]], ...] = (
    ("{x} == []", []),
    ("len({x}) == 1", [4]),
    ("len({x}) > 1 and {x}.count({x}[0]) == len({x})", [9, 9]),
)
EDGES: dict[str, tuple[tuple[str, Any], ...]] = {
    "int": (
        *(("{x} == 0", 0), ("{x} == 1", 1), ("{x} == -1", -1), ("{x} % 10 == 5", 5)),
        ("{x} == 1000", 1000),  # the largest small_nat
    ),
    "bool": (("{x}", True), ("not {x}", False)),
    "str": (
        *(("{x} == ''", ""), ("len({x}) == 1", "q"), ("len({x}) > 1 and len(set({x})) == 1", "qq")),
        *(("{x}[:1].isupper()", "Quo"), ("{x}.isspace()", " ")),
    ),
    "list[int]": (*LISTS, ("len({x}) == 2 and {x}[0] != {x}[1]", [6, 7]), ("{{0, 1, -1}} <= set({x})", [-1, 0, 1])),
    "list[str]": (
        *((asked, [str(n) for n in value]) for asked, value in LISTS),
        *(("'' in {x} and len({x}) > 1", ["q", ""]), ("any(s[:1].isupper() for s in {x})", ["Q", "r"])),
    ),
    "list[bool]": (("{x} == []", []), ("len({x}) == 1", [True]), ("True in {x} and False in {x}", [True, False])),
    "list[list[int]]": (
        *(("{x} == []", []), ("{x} == [[]]", [[]]), ("len({x}) == 1 and len({x}[0]) == 1", [[4]])),
        *(("len({x}) == 1 and len({x}[0]) > 1", [[4, 3]]), ("[] in {x} and len({x}) > 1", [[], [4]])),
        ("len({x}) > 1 and all(len(row) == 1 for row in {x})", [[4], [3]]),
    ),
}
CELLS = [Cell(d, s, n) for s in (*SHAPES, "pair") for d in (2, 3, 4) for n in ((1, 2, 3) if s == "tree" else (1,))]
OWN = """from moiety.atoms import atom
from moiety.types import Grid, NonEmptyInts, NonEmptyStr, NonEmptyStrs, Rows, SmallNat

C = ("do {x}", "make {x}", "get {x}", "run {x}")


@atom(topic="own", english=C, chinese=C, examples=[((1,), [1, 77]), ((0,), [0, 77]), ((77,), [77, 77])])
def own_pair(n: SmallNat) -> NonEmptyInts:
    return [n, 77]


@atom(topic="own", english=C, chinese=C, examples=[(([1],), 177), (([0],), 77), (([2, 3],), 377)])
def own_last(xs: NonEmptyInts) -> int:
    return 100 * xs[-1] + 77


@atom(topic="own", english=C, chinese=C, examples=[(("a",), "a77"), (("bc",), "c77"), (("D",), "D77")])
def own_letter(s: NonEmptyStr) -> NonEmptyStr:
    return s[-1] + "77"


@atom(topic="own", english=C, chinese=C, examples=[((["a"],), "77a"), ((["bc", ""],), "77"), ((["D"],), "77D")])
def own_word(words: NonEmptyStrs) -> NonEmptyStr:
    return "77" + words[-1]


@atom(topic="own", english=C, chinese=C, examples=[(([[1]],), 771), (([[1, 2]],), 771), (([[0]],), 770)])
def own_corner(rows: Grid) -> int:
    return rows[0][0] + 770


@atom(topic="own", english=C, chinese=C, examples=[(([[1]],), [77, 1]), (([],), [77]), (([[]],), [77, 0])])
def own_lengths(rows: Rows) -> NonEmptyInts:
    return [77, *[len(row) for row in rows]]
"""


def compositions(count: int, seed: int) -> Iterator[tuple[Admitted, TestInputs]]:
    space, evaluator = Space(catalogue()), Evaluator()
    number = found = 0
    while found < count:
        graph = space.draw(CELLS[number % len(CELLS)], stream(seed, "edges", number))
        number += 1
        try:
            behaviour = evaluator.behaviour(graph)
        except SizeLimitError:
            continue
        tests = choose_inputs(graph, space.atoms, TestPlan(min_kill_rate=0.95), identity=behaviour.key)
        if tests is not None:
            found += 1
            yield Admitted(graph, behaviour), tests


def task_of(admitted: Admitted, tests: TestInputs) -> Task:
    phrasing = task_phrasings(admitted.graph, 1, seed=0, identity=admitted.behaviour.key)[0]
    return make_task(admitted, phrasing, tests, split="train", domain="edges")


def parameters(task: Task) -> list[str]:
    return [part.partition(":")[0] for part in task.signature[6:].partition(")")[0].split(", ")]


def asked_edges(task: Task, admitted: Admitted) -> Iterator[str]:
    """Yield the conditions of the edges on which the function is defined."""
    for position, (name, t) in enumerate(zip(parameters(task), admitted.graph.inputs, strict=True)):
        for condition, value in EDGES[t.annotation]:
            rows = [(*row[:position], value, *row[position + 1 :]) for row in task.tests.inputs]
            fits = contains(t, value) and (value != 1000 or t.name == "small_nat")
            if fits and any(all(map(within_limits, run_graph(admitted.graph, row))) for row in rows):
                yield condition.format(x=name)


def holds(condition: str, task: Task, arguments: tuple[Any, ...]) -> bool:
    return bool(eval(condition, dict(zip(parameters(task), arguments, strict=True))))


def missing_edges(functions: Iterator[tuple[Admitted, TestInputs]]) -> list[str]:
    found = []
    for admitted, tests in functions:
        task = task_of(admitted, tests)
        assert task.held_out_tests is not None
        for condition in asked_edges(task, admitted):
            for name, side in (("reward", task.tests), ("held out", task.held_out_tests)):
                if not any(holds(condition, task, arguments) for arguments in side.inputs):
                    found.append(f"{task.reference_solution}{name}: {condition}")
    return found


def test_every_atomic_task_holds_the_edges_of_its_type() -> None:
    assert missing_edges(lone_functions(catalogue(), catalogue(), TestPlan())) == []


def test_tasks_of_all_shapes_hold_the_edges_of_each_argument() -> None:
    assert missing_edges(compositions(60, seed=1)) == []


@pytest.mark.full
def test_three_thousand_tasks_hold_the_edges_of_each_argument() -> None:
    assert missing_edges(compositions(3000, seed=2)) == []


def test_tasks_of_own_atoms_hold_the_edges_of_their_own_domains() -> None:
    atoms = own_atoms((("own.py", OWN),))
    functions = list(lone_functions(atoms, (*catalogue(), *atoms), TestPlan()))
    assert [admitted.graph.atoms for admitted, _ in functions] == [(name,) for name in sorted(a.name for a in atoms)]
    assert missing_edges(iter(functions)) == []
    for admitted, tests in functions:
        (t,) = admitted.graph.inputs
        assert all(contains(t, arguments[0]) for arguments, _ in (*tests.reward, *tests.held_out))


def test_few_tests_asked_for_hold_the_edges_too() -> None:
    functions = list(lone_functions(catalogue(), catalogue(), TestPlan(4, 4)))
    assert missing_edges(iter(functions)) == []
    assert max(len(tests.reward) for _, tests in functions) <= 3 + 11


def wrong_at(condition: str, task: Task, does: str) -> str:
    names = ", ".join(parameters(task))
    guard = f"{task.signature}\n    if {condition}:\n        {does}\n    return right({names})\n"
    return f"{task.reference_solution}\n\nright = f\n\n\n{guard}"


def test_a_program_that_fails_at_an_edge_alone_is_wrong() -> None:
    lone = [f for f in lone_functions(catalogue(), catalogue(), TestPlan()) if f[0].graph.calls[0].atom.quick]
    tasks, programs, expected = [], [], []
    for admitted, tests in (*lone[::5], *compositions(16, seed=3)):
        task = task_of(admitted, tests)
        for condition in asked_edges(task, admitted):
            tasks += [task, task]
            programs += [wrong_at(condition, task, does) for does in ("return -987654321", "raise ValueError")]
            expected += [Verdict.WRONG, Verdict.RAISED]
    assert len(programs) > 200
    with Judge(zygotes=2) as judge:
        for held_out in (False, True):
            outcomes = judge_completions(judge, tasks, programs, held_out=held_out)
            assert [p for p, o, v in zip(programs, outcomes, expected, strict=True) if o.verdict is not v] == []


@pytest.mark.parametrize("name", ["int", "list[int]", "str", "grid"])
def test_the_two_sides_share_only_what_is_alone_in_showing_an_edge(name: str) -> None:
    t = value_type(name)
    alone = {encode(row) for row in {"int": ((0,), (1,), (-1,)), "list[int]": (([],),), "str": (("",),)}.get(name, ())}
    for admitted, tests in lone_functions([a for a in catalogue() if a.inputs == (t,)], catalogue(), TestPlan()):
        reward, held_out = ({encode(arguments) for arguments, _ in side} for side in (tests.reward, tests.held_out))
        assert reward & held_out == alone, admitted.graph.atoms
        assert len(reward) == len(tests.reward)
        assert len(held_out) == len(tests.held_out)


def test_an_edge_of_one_argument_stands_beside_ordinary_others() -> None:
    pool = pool_of((value_type("list[int]"), value_type("int")), 120, 0)
    assert pool.rows[pool.edges[-1][0]] == ([], 0)
    for edge in pool.edges[:5]:
        assert all(pool.rows[place][1] not in (0, 1, -1, 5, 15) for place in edge)
    assert all(len(edge) >= 4 for edge in pool.edges[:-1])
    texts = [repr(row) for row in pool.rows]
    assert len(texts) == len(set(texts))
    assert not set(texts) & {repr(row) for row in pool.fresh}
