"""All well-typed functions: how many there are, any one of them by its number, one drawn at random.

A function is a sequence of steps (`steps`); a cell of the space fixes depth, shape, number of inputs and size. Counts
are exact (dynamic programming over types), and so is the way back from a number to a function. A size is drawn first,
each with equal chance, then a function of that size, each with equal chance: over all functions alike, nearly every one
would be of the greatest size. An order in which none comes twice is `order`.
"""

from __future__ import annotations

import bisect
import functools
import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from moiety.atoms.definition import Atom
from moiety.errors import UserError
from moiety.synthesis.graph import SHAPES, Call, Graph
from moiety.synthesis.steps import FORMS, NEW, TAKEN, Step, steps_of
from moiety.types import ValueType, is_subtype

Plan = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """What is asked of a function: depth, shape (labels joined by `+`), inputs, and the ends of two ranges (None: any).

    `lengths` of the output say what runs must give; no count knows of them.
    """

    depth: int
    shape: str = "chain"
    inputs: int = 1
    sizes: tuple[int, int] | None = None
    lengths: tuple[int, int] | None = None

    def __str__(self) -> str:
        said = [f"{self.shape} of depth {self.depth}"]
        if self.inputs > 1:
            said.append(f"{self.inputs} inputs")
        for name, ends in (("size", self.sizes), ("output length", self.lengths)):
            if ends is not None:
                said.append(f"{name} {ends[0]}" if ends[0] == ends[1] else f"{name} {ends[0]} to {ends[1]}")
        return ", ".join(said)


def plans(cell: Cell) -> list[Plan]:
    """Return the sequences of forms whose functions are of the cell. Raises UserError for an unknown shape."""
    labels = set(cell.shape.split("+")) - {"chain"}
    if not labels <= set(SHAPES):
        raise UserError(f"shape {cell.shape!r}: need {', '.join(SHAPES)}, or several of them joined by +")
    forms = [form for form in FORMS.values() if form.label in labels or not form.label]
    found: list[Plan] = []

    def extend(head: Plan, depth: int) -> None:
        if depth == cell.depth:
            used = [FORMS[name] for name in head]
            size = sum(form.size for form in used)
            fits = cell.sizes is None or cell.sizes[0] <= size <= cell.sizes[1]
            inputs = 1 + sum(form.new_inputs for form in used)
            if {form.label for form in used if form.label} == labels and inputs == cell.inputs and fits:
                found.append(head)
            return
        for form in forms:
            after = form.depth_after(depth)
            if after <= cell.depth:
                extend((*head, form.name), after)

    extend((), 0)
    return found


class Space:
    """All well-typed functions over a catalogue of atoms."""

    def __init__(self, atoms: Sequence[Atom]) -> None:
        self.atoms = tuple(sorted(atoms, key=lambda a: a.name))
        self._steps: dict[str, list[Step]] = {}
        self._options: dict[tuple[str, str], list[Step]] = {}
        self._ways: dict[tuple[Plan, str], int] = {}
        self._weights: dict[tuple[Plan, str], list[int]] = {}
        self._plans: dict[Cell, tuple[list[Plan], list[int]]] = {}
        self._by_size: dict[Cell, list[tuple[list[Plan], list[int]]]] = {}

    def steps(self, form: str, taken: ValueType | None) -> list[Step]:
        """Return the steps of a form that take a value of type `taken` (None: any, the function's first)."""
        name = "" if taken is None else taken.name
        if form not in self._steps:
            self._steps[form] = steps_of(form, self.atoms)
        if (form, name) not in self._options:
            fitting = [s for s in self._steps[form] if taken is None or is_subtype(taken, s.takes)]
            self._options[form, name] = fitting
        return self._options[form, name]

    def ways(self, plan: Plan, taken: ValueType | None) -> int:
        """Return how many functions a plan has that begin from a value of type `taken`."""
        if not plan:
            return 1
        key = (plan, "" if taken is None else taken.name)
        if key not in self._ways:
            self._ways[key] = sum(self.ways(plan[1:], step.gives) for step in self.steps(plan[0], taken))
        return self._ways[key]

    def count(self, cell: Cell) -> int:
        """Return the exact number of well-typed functions of a cell."""
        return sum(self._weighted(cell)[1])

    def _weighted(self, cell: Cell) -> tuple[list[Plan], list[int]]:
        if cell not in self._plans:
            found = [(plan, self.ways(plan, None)) for plan in plans(cell)]
            found = [(plan, count) for plan, count in found if count]
            self._plans[cell] = [plan for plan, _ in found], [count for _, count in found]
        return self._plans[cell]

    def sizes(self, cell: Cell) -> list[int]:
        """Return how many functions of each size (least first) a cell has. Raises UserError for an empty cell."""
        return [sum(ways) for _, ways in self._sized(cell)]

    def draw(self, cell: Cell, rng: random.Random) -> Graph:
        """Return one function of a cell: a size, then one of that size. Raises UserError for an empty cell."""
        sizes = self.sizes(cell)
        number = rng.randrange(len(sizes))
        return self.nth(cell, number, rng.randrange(sizes[number]))

    def nth(self, cell: Cell, number: int, rank: int) -> Graph:
        """Return the function of a rank, from 0, among those of a cell's size `number`, by plans and names."""
        plans_of_size, ways = self._sized(cell)[number]
        place, rank = _found(list(itertools.accumulate(ways)), rank)
        plan = plans_of_size[place]
        taken: ValueType | None = None
        picked: list[Step] = []
        for position in range(len(plan)):
            place, rank = _found(self._cumulative(plan[position:], taken), rank)
            picked.append(self.steps(plan[position], taken)[place])
            taken = picked[-1].gives
        return build(picked)

    def _sized(self, cell: Cell) -> list[tuple[list[Plan], list[int]]]:
        """Return the plans of each size with the number of functions of each."""
        if cell not in self._by_size:
            sized: dict[int, tuple[list[Plan], list[int]]] = {}
            for plan, ways in zip(*self._weighted(cell), strict=True):
                same = sized.setdefault(sum(FORMS[name].size for name in plan), ([], []))
                same[0].append(plan)
                same[1].append(ways)
            self._by_size[cell] = [sized[size] for size in sorted(sized)]
        if not self._by_size[cell]:
            raise UserError(f"no types allow a {cell}")
        return self._by_size[cell]

    def _cumulative(self, plan: Plan, taken: ValueType | None) -> list[int]:
        key = (plan, "" if taken is None else taken.name)
        if key not in self._weights:
            ways = [self.ways(plan[1:], step.gives) for step in self.steps(plan[0], taken)]
            self._weights[key] = list(itertools.accumulate(ways))
        return self._weights[key]

    def enumerate(self, cell: Cell) -> Iterator[Graph]:
        """Yield every function of a cell, plan by plan, in order of names."""

        def extend(plan: Plan, head: list[Step]) -> Iterator[list[Step]]:
            if not plan:
                yield head
                return
            for step in self.steps(plan[0], head[-1].gives if head else None):
                yield from extend(plan[1:], [*head, step])

        for plan in self._weighted(cell)[0]:
            for steps in extend(plan, []):
                yield build(steps)


def _found(cumulative: Sequence[int], rank: int) -> tuple[int, int]:
    """Return the place whose part of a sum holds a rank, and the rank within that part."""
    place = bisect.bisect_right(cumulative, rank)
    return place, rank - (cumulative[place - 1] if place else 0)


def build(steps: Sequence[Step]) -> Graph:
    """Return the graph of steps in a row; new inputs are numbered in the order of the steps that add them."""
    inputs: list[ValueType] = [steps[0].takes, *itertools.chain.from_iterable(step.new for step in steps)]
    calls: list[Call] = []
    current, next_input = 0, 1
    for step in steps:
        first = len(inputs) + len(calls)
        wires = {TAKEN: current, NEW: next_input}
        for atom, references in step.parts:
            calls.append(Call(atom, tuple(wires[r] if r < 0 else first + r for r in references)))
        next_input += len(step.new)
        current = len(inputs) + len(calls) - 1
    return Graph(tuple(inputs), tuple(calls))


@functools.lru_cache(maxsize=8)
def space_of(atoms: tuple[Atom, ...]) -> Space:
    """Return the space of a catalogue, shared by callers in one process."""
    return Space(atoms)
