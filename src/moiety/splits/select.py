"""Drawing functions for splits: each belongs to the split that the hash of its behaviour key gives.

Whatever is drawn and in whatever order, so that adding data later moves nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from moiety.atoms.definition import Atom
from moiety.errors import UserError
from moiety.splits.assign import split_of
from moiety.synthesis.admit import Admission, Admitted, Rejection
from moiety.synthesis.draw import Cell as Kind
from moiety.synthesis.draw import Space
from moiety.synthesis.graph import Call, Graph
from moiety.synthesis.inputs import TestInputs, TestPlan, choose_inputs
from moiety.synthesis.order import shuffled

WIDENED = (1, 4, 16)  # an atom cannot be drawn again: where few inputs tell anything, more are tried
Cell = tuple[str, int]


@dataclass(slots=True)
class Selection:
    """What drawing gave: admitted functions with their tests per cell, rejections by cause, sizes of the cells."""

    taken: dict[Cell, list[tuple[Admitted, TestInputs]]] = field(default_factory=dict)
    rejections: Counter[str] = field(default_factory=Counter)
    well_typed: dict[int, int] = field(default_factory=dict)
    drawn: Counter[int] = field(default_factory=Counter)
    admitted: Counter[int] = field(default_factory=Counter)


def select(atoms: Sequence[Atom], wanted: Mapping[Cell, int], tests: TestPlan, *, name: str) -> Selection:
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
        for graph in shuffled(space, Kind(depth), seed=tests.seed, path=("select", name)):
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
                found = choose_inputs(graph, space.atoms, tests, identity=key)
                if found is None:
                    selection.rejections[Rejection.WEAK_TESTS.value] += 1
                else:
                    selection.taken[cell].append((decision, found))
        _require(selection, need, depth, name)
    return selection


def _require(selection: Selection, need: Mapping[str, int], depth: int, name: str) -> None:
    for split, count in need.items():
        found = len(selection.taken[split, depth])
        if found < count:
            raise UserError(
                f"{name}: {count} distinct functions of depth {depth} asked for split {split}, "
                f"but only {found} were admitted of {selection.drawn[depth]} drawn "
                f"({selection.well_typed[depth]} well-typed chains exist)"
            )


def lone_functions(
    atoms: Sequence[Atom], catalogue: Sequence[Atom], plan: TestPlan
) -> Iterator[tuple[Admitted, TestInputs]]:
    """Yield each atom alone, by name, with its tests. Raises UserError naming an atom that admission refuses."""
    admission = Admission(catalogue)
    for atom in sorted(atoms, key=lambda a: a.name):
        decision = admission.decide(Graph(atom.inputs, (Call(atom, tuple(range(len(atom.inputs)))),)))
        if isinstance(decision, Rejection):
            raise UserError(f"atom {atom.name}: refused as an atomic task: {decision.value}")
        key = decision.behaviour.key
        tried = (choose_inputs(decision.graph, catalogue, plan, identity=key, widen=widen) for widen in WIDENED)
        tests = next((found for found in tried if found is not None), None)
        if tests is None:
            raise UserError(f"atom {atom.name}: refused as an atomic task: {Rejection.WEAK_TESTS.value}")
        yield decision, tests
