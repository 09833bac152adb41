"""One shard: a run of the seeded order over the functions of one cell, admitted, worded and written with its counts.

A shard depends on the recipe, its cell and its number alone, so shards may be made in any order, by any worker, twice.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from moiety.atoms.definition import Atom
from moiety.errors import UserError
from moiety.recipe import SynthRecipe
from moiety.rng import stream
from moiety.runs import write_json
from moiety.splits import split_of, task_phrasings
from moiety.synth.part import Part, Wording
from moiety.synth.plan import Quota
from moiety.synthesis.admit import Admission, Admitted, Rejection
from moiety.synthesis.draw import Cell, space_of
from moiety.synthesis.graph import Graph
from moiety.synthesis.inputs import TestInputs, TestPlan, choose_inputs
from moiety.synthesis.order import Order
from moiety.synthesis.vocabulary import coin_words, rename_helpers, reword
from moiety.tasks import Task, make_task, write_tasks
from moiety.types import size

LENGTH = "output length outside the range asked for"
KEY_BYTES = 16  # of a behaviour key: enough that no two of a million functions share them
AGAIN = "behaves like an earlier one of its shard"


@dataclass(slots=True)
class ShardCounts:
    """What became of a shard's functions."""

    drawn: int = 0
    rejections: Counter[str] = field(default_factory=Counter)
    kill_rates: Counter[tuple[float | None, float | None]] = field(default_factory=Counter)


class Maker:
    """Make shards of a recipe; one per process, since admission remembers what it computed."""

    def __init__(self, recipe: SynthRecipe, atoms: tuple[Atom, ...], part: Part | None = None) -> None:
        self._recipe, self._atoms = recipe, atoms
        self._part = part or Part((Wording("synthetic", recipe.phrasings),))
        self.space = space_of(atoms)
        self._admission = _admission_of(part.catalogue if part is not None else self.space.atoms)
        self._words = coin_words([atom.name for atom in atoms], seed=recipe.seed)
        self._orders: dict[Cell, Order] = {}

    def write(self, quota: Quota, number: int, path: Path) -> int:
        """Write shard `number` of a cell: its tasks, then its counts, which say that it is whole.

        Returns how many functions were admitted.
        """
        counts = ShardCounts()
        functions = list(self._functions(quota, number, counts))
        write_tasks(path, [task for tasks in functions for task in tasks])
        record = {
            "drawn": counts.drawn,
            "admitted": len(functions),
            "rejections": dict(sorted(counts.rejections.items())),
            "kill_rates": sorted([[*rates, count] for rates, count in counts.kill_rates.items()], key=str),
            "keys": "".join([tasks[0].behaviour_key[: 2 * KEY_BYTES] for tasks in functions]),
        }
        write_json(path.with_suffix(".json"), record)
        return len(functions)

    def _graphs(self, quota: Quota, number: int) -> Iterator[Graph]:
        cell, first = quota.cell, number * quota.shard
        if cell not in self._orders:
            self._orders[cell] = Order(self.space, cell, seed=self._recipe.seed, path=("synth",))
        order = self._orders[cell]
        return (order[place] for place in range(first, min(first + quota.shard, quota.exist)))

    def _functions(self, quota: Quota, number: int, counts: ShardCounts) -> Iterator[list[Task]]:
        seen: set[str] = set()
        for graph in self._graphs(quota, number):
            counts.drawn += 1
            refused = self._part.refuses(graph, self._admission.evaluator)
            if refused:
                counts.rejections[refused] += 1
                continue
            decision = self._admission.decide(graph)
            if isinstance(decision, Rejection):
                counts.rejections[decision.value] += 1
                continue
            cause, tests = self._tests(decision, quota.cell, seen)
            if tests is None:
                counts.rejections[cause] += 1
                continue
            seen.add(decision.behaviour.key)
            counts.kill_rates[tests.reward_kill_rate, tests.held_out_kill_rate] += 1
            yield self.tasks_of(decision, tests)

    def _tests(self, admitted: Admitted, cell: Cell, seen: set[str]) -> tuple[str, TestInputs | None]:
        recipe, key = self._recipe, admitted.behaviour.key
        if key in seen:
            return AGAIN, None
        if cell.lengths is not None:
            outputs = admitted.behaviour.outputs
            low, high = cell.lengths
            if not low <= round(sum(map(size, outputs)) / len(outputs)) <= high:
                return LENGTH, None
        plan = TestPlan(recipe.num_reward_tests, recipe.num_held_out_tests, recipe.min_kill_rate, recipe.seed)
        return Rejection.WEAK_TESTS.value, choose_inputs(admitted.graph, self.space.atoms, plan, identity=key)

    def tasks_of(self, admitted: Admitted, tests: TestInputs) -> list[Task]:
        """Return the rows of an admitted function with its tests."""
        recipe, key = self._recipe, admitted.behaviour.key
        rng = stream(recipe.seed, "synth", "words", key)
        axes = (recipe.language, recipe.rendering, recipe.vocabulary)
        language, rendering, vocabulary = (_pick(axis, rng) for axis in axes)
        if vocabulary == "named":
            admitted = replace(admitted, graph=reword(admitted.graph, self._words))
        graph = admitted.graph
        given = recipe.helpers_in_prompt
        tasks: list[Task] = []
        for wording in self._part.wordings:
            phrasings = task_phrasings(
                graph,
                wording.count,
                seed=recipe.seed,
                identity=key,
                language=wording.language or language,
                held_out=wording.held_out,
            )
            if len(phrasings) < wording.count:
                raise UserError(f"phrasings: {wording.count} asked for, but {graph.atoms} has {len(phrasings)}")
            place = {"split": wording.split or split_of(key), "domain": wording.domain}
            written = {**place, "rendering": rendering, "vocabulary": vocabulary}
            tasks += [make_task(admitted, p, tests, **written, helpers_in_prompt=given) for p in phrasings]
        return tasks if vocabulary == "described" else [self._renamed(task) for task in tasks]

    def _renamed(self, task: Task) -> Task:
        """Return a task whose helpers bear their words, those of the prompt too."""
        helpers = task.helpers and rename_helpers(task.helpers, self._words).rstrip("\n")
        source = task.reference_solution
        if task.rendering == "helpers":
            source = rename_helpers(source, self._words)
        return replace(task, helpers=helpers, reference_solution=source)


@functools.lru_cache(maxsize=2)
def _admission_of(atoms: tuple[Atom, ...]) -> Admission:
    """Return the admission over a catalogue; what it remembers serves every recipe."""
    return Admission(atoms, shaped=True)


def _pick(weights: dict[str, float], rng: Any) -> str:
    names = list(weights)
    chosen: str = rng.choices(names, [weights[name] for name in names])[0]
    return chosen
