"""The pretraining corpus: documents (prompt, completion) for the two bases.

`clean`: compositions of generic operations, and target atoms one at a time in words that tasks do not use; no target
atom is ever composed. `exposed`: compositions in which a stated share of steps are target atoms.
No document, and no run of target atoms inside one, is a function of the validation or test split: membership goes by
the hash of the behaviour key (`splits.split_of`), so the corpus need not know which functions were drawn.
Not tokens: those are `train`'s.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from moiety.atoms.definition import Atom
from moiety.processes import Workers
from moiety.rng import stream
from moiety.splits import HELD_OUT_PARAPHRASES, split_of
from moiety.synthesis.admit import Admitted, depends_on_input
from moiety.synthesis.bank import Evaluator
from moiety.synthesis.describe import TEMPLATES, describe, paraphrases
from moiety.synthesis.draw import Cell, space_of
from moiety.synthesis.graph import Graph, typed_chain
from moiety.synthesis.inputs import TestInputs
from moiety.synthesis.limits import SizeLimitError
from moiety.synthesis.render import render, signature
from moiety.tasks import Phrasing, Task, make_task
from moiety.types import is_subtype

CHUNK = 500
NO_TESTS = TestInputs((), (), None, None)
Made = TypeVar("Made", "Document", Task)
MAX_TRIES = 200


@dataclass(frozen=True, slots=True)
class Document:
    """One pretraining document. `targets` names the function's runs of two or more target atoms, if any."""

    prompt: str
    completion: str
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mixture:
    """What a stage is made of.

    `atomic_share`: documents that hold one target atom alone; `target_share`: chance that a composition's step is a
    target atom; `depth_weights`: relative weight of depth 1, 2, 3 …; `base_words`: whether lone atoms are worded only
    in the paraphrase kept from tasks; `shapes`: further shapes that generic operations alone are composed in, by
    `shaped_share` of the documents.
    """

    atomic_share: float
    target_share: float
    depth_weights: tuple[float, ...]
    base_words: bool
    shapes: tuple[str, ...] = ()
    shaped_share: float = 0.0


class Writer:
    """Write documents of a mixture; one per index, each from its own random stream."""

    def __init__(
        self, atoms: Sequence[Atom], generic: Sequence[Atom], mixture: Mixture, *, seed: int, name: str
    ) -> None:
        self._targets = tuple(sorted((a for a in atoms if len(a.inputs) == 1), key=lambda a: a.name))
        self._generic = tuple(sorted(generic, key=lambda a: a.name))
        self._names = {a.name for a in self._targets}
        self._mixture, self._seed, self._name = mixture, seed, name
        self._space = space_of(self._generic)
        self._evaluator = Evaluator()
        self._allowed: dict[tuple[object, ...], bool] = {}

    def document(self, index: int) -> Document:
        """Return document number `index` of the stage."""
        graph, phrasing = self._draft(index)
        text = describe(graph, template=phrasing.template, wording=phrasing.wording)
        runs = tuple("+".join(run.atoms) for run in target_runs(graph, self._names) if run.size > 1)
        return Document(f"{text}\n{signature(graph)}\n", render(graph)[0], runs)

    def task(self, index: int) -> Task:
        """Return document number `index` as a row of a task table, with its keys and without tests."""
        graph, phrasing = self._draft(index)
        admitted = Admitted(graph, self._evaluator.behaviour(graph))
        return make_task(admitted, phrasing, NO_TESTS, split="pretraining", domain="pretraining")

    def _draft(self, index: int) -> tuple[Graph, Phrasing]:
        rng = stream(self._seed, "corpus", self._name, index)
        for _ in range(MAX_TRIES):
            graph = self._graph(rng)
            if graph is not None and self._is_allowed(graph):
                return graph, self._phrasing(graph, rng)
        raise RuntimeError(f"no document in {MAX_TRIES} tries: the mixture {self._mixture} leaves nothing to write")

    def _graph(self, rng: random.Random) -> Graph | None:
        mixture = self._mixture
        if rng.random() < mixture.atomic_share:
            atom = rng.choice(self._targets)
            return typed_chain([atom], atom.inputs)
        depth = 1 + rng.choices(range(len(mixture.depth_weights)), mixture.depth_weights)[0]
        if mixture.shaped_share and rng.random() < mixture.shaped_share:
            return self._space.draw(Cell(depth, rng.choice(mixture.shapes)), rng)
        picked: list[Atom] = []
        for _ in range(depth):
            source = self._targets if rng.random() < mixture.target_share else self._generic
            fitting = [a for a in source if not picked or is_subtype(picked[-1].output, a.inputs[0])]
            if not fitting:
                return None
            picked.append(rng.choice(fitting))
        return typed_chain(picked, picked[0].inputs)

    def _is_allowed(self, graph: Graph) -> bool:
        if graph.size == 1 and graph.atoms[0] in self._names:
            return True
        identity = (graph.shape, *graph.atoms, *(call.arguments for call in graph.calls))
        if identity not in self._allowed:
            self._allowed[identity] = self._check(graph)
        return self._allowed[identity]

    def _check(self, graph: Graph) -> bool:
        try:
            varies = depends_on_input(graph, self._evaluator.outputs(graph))
            if not varies or split_of(self._evaluator.behaviour(graph).key) != "train":
                return False
            parts = [part for run in target_runs(graph, self._names) for part in _parts(run)]
            return all(split_of(self._evaluator.behaviour(part).key) == "train" for part in parts)
        except SizeLimitError:
            return False

    def _phrasing(self, graph: Graph, rng: random.Random) -> Phrasing:
        options = paraphrases(graph, "en")
        lone = graph.size == 1 and graph.atoms[0] in self._names
        if lone and self._mixture.base_words:
            wording = [len(options[0]) - 1 - rng.randrange(HELD_OUT_PARAPHRASES)]
        else:
            wording = [rng.randrange(len(clauses)) for clauses in options]
        return Phrasing(rng.randrange(len(TEMPLATES["en"])), tuple(wording))


def target_runs(graph: Graph, names: set[str]) -> Iterator[Graph]:
    """Yield the maximal runs of consecutive target atoms in a chain, as graphs of their own."""
    run: list[Atom] = []
    for call in graph.calls:
        if call.atom.name in names:
            run.append(call.atom)
            continue
        if run:
            yield _as_graph(run)
        run = []
    if run:
        yield _as_graph(run)


def _as_graph(atoms: Sequence[Atom]) -> Graph:
    graph = typed_chain(atoms, atoms[0].inputs)
    assert graph is not None
    return graph


def _parts(run: Graph) -> Iterator[Graph]:
    """Yield every connected part of two or more calls of a run."""
    atoms = [call.atom for call in run.calls]
    for first in range(len(atoms)):
        for last in range(first + 2, len(atoms) + 1):
            yield _as_graph(atoms[first:last])


_writer: Writer | None = None


def _start(writer: Writer) -> None:
    global _writer
    _writer = writer


def _documents(bounds: tuple[int, int]) -> list[Document]:
    assert _writer is not None
    return [_writer.document(index) for index in range(*bounds)]


def _rows(bounds: tuple[int, int]) -> list[Task]:
    assert _writer is not None
    return [_writer.task(index) for index in range(*bounds)]


def documents(writer: Writer, *, start: int = 0, workers: int = 1) -> Iterator[Document]:
    """Yield documents from index `start` on, without end, in order; the same whatever the number of workers."""
    return _in_chunks(_documents, writer, start, 1 << 40, workers)


def document_tasks(writer: Writer, count: int, *, workers: int = 1) -> Iterator[Task]:
    """Yield the first `count` documents as rows of a task table, as `documents` does."""
    return _in_chunks(_rows, writer, 0, count, workers)


def _in_chunks(
    make: Callable[[tuple[int, int]], list[Made]], writer: Writer, start: int, end: int, workers: int
) -> Iterator[Made]:
    bounds = iter((first, min(first + CHUNK, end)) for first in range(start, end, CHUNK))
    if workers <= 1:
        _start(writer)
        for pair in bounds:
            yield from make(pair)
        return
    with Workers(workers, _start, writer) as pool:
        for chunk in pool.in_order(make, bounds):
            yield from chunk
