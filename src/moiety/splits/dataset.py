"""The study's train, validation and test sets, disjoint by construction.

Domains: `recombined` (new compositions of the training atoms), `deeper` (more atoms than any training composition),
`retention` (compositions of generic pretraining operations only). `atoms` are the atomic tasks themselves: they are
trained on, and measured with held-out tests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from moiety.atoms.definition import Atom
from moiety.rng import stream
from moiety.splits.disjoint import check_disjoint
from moiety.splits.phrasing import task_phrasings
from moiety.splits.select import Selection, lone_functions, select
from moiety.synthesis.inputs import TestPlan
from moiety.tasks import Task, make_task

MIN_KILL_RATE = 0.7


@dataclass(frozen=True, slots=True)
class DataPlan:
    """How many functions of each cell to take. Keys of the mappings are depths; counts are functions, not rows."""

    train: Mapping[int, int]
    validation: Mapping[int, int]
    recombined: Mapping[int, int]
    deeper: Mapping[int, int]
    retention: Mapping[int, int]
    phrasings: int = 4
    num_reward_tests: int = 8
    num_held_out_tests: int = 12


@dataclass(frozen=True)
class DataSet:
    """All tasks of a study by set name, with how they came about."""

    sets: Mapping[str, tuple[Task, ...]]
    rejections: Mapping[str, int]
    space: Mapping[str, Mapping[str, int]]


def build_data(atoms: Sequence[Atom], generic: Sequence[Atom], plan: DataPlan, *, seed: int) -> DataSet:
    """Return the sets `atoms`, `train`, `validation`, `recombined`, `deeper` and `retention`.

    Raises UserError for a request that the space cannot satisfy, LeakError should two sets share a key.
    """
    counts = {"train": plan.train, "validation": plan.validation}
    wanted = {(split, depth): count for split, cells in counts.items() for depth, count in cells.items()}
    wanted |= {("test", depth): count for depth, count in (*plan.recombined.items(), *plan.deeper.items())}
    tests = TestPlan(plan.num_reward_tests, plan.num_held_out_tests, MIN_KILL_RATE, seed)
    targets = select(atoms, wanted, tests, name="target")
    kept = select(generic, {("test", d): n for d, n in plan.retention.items()}, tests, name="generic")
    sets = {
        "atoms": atomic_tasks(atoms, plan, seed=seed),
        "train": _tasks(targets, "train", "train", plan.train, plan.phrasings, seed),
        "validation": _tasks(targets, "validation", "validation", plan.validation, 1, seed),
        "recombined": _tasks(targets, "test", "recombined", plan.recombined, 1, seed),
        "deeper": _tasks(targets, "test", "deeper", plan.deeper, 1, seed),
        "retention": _tasks(kept, "test", "retention", plan.retention, 1, seed),
    }
    check_disjoint(sets)
    drawn = (("target", targets), ("generic", kept))
    rejections = {f"{name}: {cause}": count for name, s in drawn for cause, count in s.rejections.items()}
    space = {f"{name} depth {depth}": _cell(s, depth) for name, s in drawn for depth in s.well_typed}
    return DataSet(sets, dict(sorted(rejections.items())), space)


def _cell(selection: Selection, depth: int) -> dict[str, int]:
    return {
        "well-typed": selection.well_typed[depth],
        "drawn": selection.drawn[depth],
        "admitted": selection.admitted[depth],
    }


def _tasks(
    selection: Selection, split: str, domain: str, cells: Mapping[int, int], phrasings: int, seed: int
) -> tuple[Task, ...]:
    tasks: list[Task] = []
    for depth in sorted(cells):
        for admitted, tests in selection.taken[split, depth][: cells[depth]]:
            options = task_phrasings(admitted.graph, phrasings, seed=seed, identity=admitted.behaviour.key)
            tasks += [make_task(admitted, phrasing, tests, split=split, domain=domain) for phrasing in options]
    return tuple(tasks)


def draw_tasks(
    atoms: Sequence[Atom], *, count: int, depth: int, split: str = "train", phrasings: int = 1, seed: int
) -> list[Task]:
    """Return tasks over `count` distinct functions of one depth and split: verified tasks without a study.

    Raises UserError when fewer than `count` exist.
    """
    tests = TestPlan(min_kill_rate=MIN_KILL_RATE, seed=seed)
    drawn = select(atoms, {(split, depth): count}, tests, name="target")
    return list(_tasks(drawn, split, f"depth-{depth}", {depth: count}, phrasings, seed))


def atomic_tasks(atoms: Sequence[Atom], plan: DataPlan, *, seed: int) -> tuple[Task, ...]:
    """Return `plan.phrasings` tasks for each unary atom. Raises UserError naming an atom that admission refuses."""
    unary = [atom for atom in atoms if len(atom.inputs) == 1]
    wanted = TestPlan(plan.num_reward_tests, plan.num_held_out_tests, seed=seed)
    tasks: list[Task] = []
    for admitted, tests in lone_functions(unary, atoms, wanted):
        for phrasing in task_phrasings(admitted.graph, plan.phrasings, seed=seed, identity=admitted.behaviour.key):
            tasks.append(make_task(admitted, phrasing, tests, split="train", domain="atoms"))
    return tuple(tasks)


def balanced_order(tasks: Sequence[Task], *, seed: int) -> list[list[Task]]:
    """Order the functions of a training pool so that every prefix is balanced over depths and atoms.

    Returns one list of rows (the phrasings) per function; the first k make the dose k, so doses are nested. At each
    place the depth with fewest functions is due, and of its functions the one whose atoms were used least; ties go to
    a seeded order.
    """
    groups: dict[str, list[Task]] = {}
    for task in tasks:
        groups.setdefault(task.behaviour_key, []).append(task)
    left = sorted(groups.values(), key=lambda rows: rows[0].behaviour_key)
    stream(seed, "dose order").shuffle(left)
    used: Counter[str] = Counter()
    depths: Counter[int] = Counter()
    ordered: list[list[Task]] = []
    while left:
        due = min({rows[0].depth for rows in left}, key=lambda d: (depths[d], d))
        best = min(
            (i for i, rows in enumerate(left) if rows[0].depth == due),
            key=lambda i: sum(used[a] for a in left[i][0].atoms) / len(left[i][0].atoms),
        )
        rows = left.pop(best)
        used.update(rows[0].atoms)
        depths[due] += 1
        ordered.append(rows)
    return ordered
