"""The study's train, validation and test sets, disjoint by construction, and the check that they are.

A composition belongs to the split that the hash of its behaviour key gives, whatever is drawn and in whatever order,
so adding data later moves nothing. Domains: `recombined` (new compositions of the training atoms), `deeper` (more
atoms than any training composition), `retention` (compositions of generic pretraining operations only). `atoms` are
the atomic tasks themselves: they are trained on, and measured with held-out tests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from moiety.atoms.definition import Atom
from moiety.errors import UserError
from moiety.rng import stream
from moiety.splits.assign import split_of
from moiety.splits.phrasing import task_phrasings
from moiety.synthesis.admit import Admission, Admitted, Rejection
from moiety.synthesis.draw import Cell as Kind
from moiety.synthesis.draw import Space
from moiety.synthesis.graph import Call, Graph
from moiety.synthesis.inputs import TestInputs, choose_inputs
from moiety.tasks import Task, make_task

MIN_KILL_RATE = 0.7
WIDENED = (1, 4, 16)  # an atom cannot be drawn again: where few inputs tell anything, more are tried
Cell = tuple[str, int]


class LeakError(UserError):
    """A key is shared by sets that must be disjoint."""


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


@dataclass(slots=True)
class Selection:
    """What drawing gave: admitted functions with their tests per cell, rejections by cause, sizes of the cells."""

    taken: dict[Cell, list[tuple[Admitted, TestInputs]]] = field(default_factory=dict)
    rejections: Counter[str] = field(default_factory=Counter)
    well_typed: dict[int, int] = field(default_factory=dict)
    drawn: Counter[int] = field(default_factory=Counter)
    admitted: Counter[int] = field(default_factory=Counter)


def select(
    atoms: Sequence[Atom], wanted: Mapping[Cell, int], *, num_reward: int, num_held_out: int, seed: int, name: str
) -> Selection:
    """Draw functions until every cell (split, depth) holds what is wanted.

    Of functions with equal behaviour the first in the seeded order stays. Raises UserError when a cell has fewer
    functions than wanted, saying how many there are.
    """
    space, admission, selection = Space(atoms), Admission(atoms), Selection()
    seen: set[str] = set()
    for depth in sorted({depth for _, depth in wanted}):
        need = {split: count for (split, d), count in wanted.items() if d == depth}
        selection.taken |= {(split, depth): [] for split in need}
        selection.well_typed[depth] = space.count(Kind(depth))
        for graph in space.shuffled(Kind(depth), seed=seed, path=("select", name)):
            if all(len(selection.taken[split, depth]) >= count for split, count in need.items()):
                break
            selection.drawn[depth] += 1
            decision = admission.decide(graph)
            if isinstance(decision, Rejection):
                selection.rejections[decision.value] += 1
                continue
            key = decision.behaviour.key
            if key in seen:
                selection.rejections["equals an earlier function"] += 1
                continue
            seen.add(key)
            selection.admitted[depth] += 1
            cell = (split_of(key), depth)
            if len(selection.taken.get(cell, ())) < need.get(cell[0], 0):
                _take(selection, cell, decision, space.atoms, num_reward, num_held_out, seed)
        _require(selection, need, depth, name)
    return selection


def _take(
    selection: Selection,
    cell: Cell,
    admitted: Admitted,
    atoms: Sequence[Atom],
    num_reward: int,
    num_held_out: int,
    seed: int,
) -> None:
    tests = choose_inputs(
        admitted.graph,
        atoms,
        num_reward=num_reward,
        num_held_out=num_held_out,
        seed=seed,
        identity=admitted.behaviour.key,
        min_kill_rate=MIN_KILL_RATE,
    )
    if tests is None:
        selection.rejections[Rejection.WEAK_TESTS.value] += 1
    else:
        selection.taken[cell].append((admitted, tests))


def _require(selection: Selection, need: Mapping[str, int], depth: int, name: str) -> None:
    for split, count in need.items():
        found = len(selection.taken[split, depth])
        if found < count:
            raise UserError(
                f"{name}: {count} distinct functions of depth {depth} asked for split {split}, "
                f"but only {found} were admitted of {selection.drawn[depth]} drawn "
                f"({selection.well_typed[depth]} well-typed chains exist)"
            )


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
    tests = {"num_reward": plan.num_reward_tests, "num_held_out": plan.num_held_out_tests}
    targets = select(atoms, wanted, **tests, seed=seed, name="target")
    kept = select(generic, {("test", d): n for d, n in plan.retention.items()}, **tests, seed=seed, name="generic")
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
    drawn = select(atoms, {(split, depth): count}, num_reward=8, num_held_out=12, seed=seed, name="target")
    return list(_tasks(drawn, split, f"depth-{depth}", {depth: count}, phrasings, seed))


def atomic_tasks(atoms: Sequence[Atom], plan: DataPlan, *, seed: int) -> tuple[Task, ...]:
    """Return `plan.phrasings` tasks for each unary atom. Raises UserError naming an atom that admission refuses."""
    unary = [atom for atom in atoms if len(atom.inputs) == 1]
    counts = {"num_reward": plan.num_reward_tests, "num_held_out": plan.num_held_out_tests}
    tasks: list[Task] = []
    for admitted, tests in lone_functions(unary, atoms, **counts, seed=seed):
        for phrasing in task_phrasings(admitted.graph, plan.phrasings, seed=seed, identity=admitted.behaviour.key):
            tasks.append(make_task(admitted, phrasing, tests, split="train", domain="atoms"))
    return tuple(tasks)


def lone_functions(
    atoms: Sequence[Atom], catalogue: Sequence[Atom], *, num_reward: int, num_held_out: int, seed: int
) -> Iterator[tuple[Admitted, TestInputs]]:
    """Yield each atom alone, by name, with its tests. Raises UserError naming an atom that admission refuses."""
    admission = Admission(catalogue)
    for atom in sorted(atoms, key=lambda a: a.name):
        decision = admission.decide(Graph(atom.inputs, (Call(atom, tuple(range(len(atom.inputs)))),)))
        if isinstance(decision, Rejection):
            raise UserError(f"atom {atom.name}: refused as an atomic task: {decision.value}")
        settings = {"num_reward": num_reward, "num_held_out": num_held_out, "seed": seed}
        tried = (
            choose_inputs(decision.graph, catalogue, **settings, identity=decision.behaviour.key, widen=widen)
            for widen in WIDENED
        )
        tests = next((found for found in tried if found is not None), None)
        if tests is None:
            raise UserError(f"atom {atom.name}: refused as an atomic task: {Rejection.WEAK_TESTS.value}")
        yield decision, tests


def shared_keys(sets: Mapping[str, Iterable[Task]]) -> dict[str, int]:
    """Return, per pair of sets, the number of keys of any of the three kinds that both hold."""
    keys = {
        name: {(kind, getattr(t, kind)) for t in tasks for kind in ("structure_key", "source_key", "behaviour_key")}
        for name, tasks in sets.items()
    }
    names = list(keys)
    return {f"{a} & {b}": len(keys[a] & keys[b]) for i, a in enumerate(names) for b in names[i + 1 :]}


def check_disjoint(sets: Mapping[str, Iterable[Task]]) -> dict[str, int]:
    """Return the counts of shared keys, all zero. Raises LeakError naming the first pair that shares one."""
    counts = shared_keys(sets)
    for pair, count in counts.items():
        if count:
            raise LeakError(f"{pair} share {count} keys; they must be disjoint")
    return counts


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
