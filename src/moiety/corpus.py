"""The pretraining corpus: documents (prompt, completion) for the two bases.

`clean`: compositions of generic operations, and target atoms one at a time in words that tasks do not use; no target
atom is ever composed. `exposed`: compositions in which a stated share of steps are target atoms.
No document, and no run of target atoms inside one, is a function of the validation or test split: membership goes by
the hash of the behaviour key (`splits.split_of`), so the corpus need not know which functions were drawn.
Not tokens: those are `train`'s.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from moiety.atoms.definition import Atom
from moiety.processes import worker_pool
from moiety.rng import stream
from moiety.splits import HELD_OUT_PARAPHRASES, split_of
from moiety.synthesis.admit import depends_on_input
from moiety.synthesis.bank import Evaluator
from moiety.synthesis.describe import TEMPLATES, describe, paraphrases
from moiety.synthesis.graph import Graph, typed_chain
from moiety.synthesis.limits import SizeLimitError
from moiety.synthesis.render import render_inline, signature
from moiety.types import is_subtype

CHUNK = 500
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
    in the paraphrase kept from tasks.
    """

    atomic_share: float
    target_share: float
    depth_weights: tuple[float, ...]
    base_words: bool


class Writer:
    """Write documents of a mixture; one per index, each from its own random stream."""

    def __init__(
        self, atoms: Sequence[Atom], generic: Sequence[Atom], mixture: Mixture, *, seed: int, name: str
    ) -> None:
        self._targets = tuple(sorted((a for a in atoms if len(a.inputs) == 1), key=lambda a: a.name))
        self._generic = tuple(sorted(generic, key=lambda a: a.name))
        self._names = {a.name for a in self._targets}
        self._mixture, self._seed, self._name = mixture, seed, name
        self._evaluator = Evaluator()
        self._allowed: dict[tuple[str, ...], bool] = {}

    def document(self, index: int) -> Document:
        """Return document number `index` of the stage."""
        rng = stream(self._seed, "corpus", self._name, index)
        for _ in range(MAX_TRIES):
            graph = self._graph(rng)
            if graph is not None and self._is_allowed(graph):
                return self._write(graph, rng)
        raise RuntimeError(f"no document in {MAX_TRIES} tries: the mixture {self._mixture} leaves nothing to write")

    def _graph(self, rng: random.Random) -> Graph | None:
        mixture = self._mixture
        if rng.random() < mixture.atomic_share:
            atom = rng.choice(self._targets)
            return typed_chain([atom], atom.inputs)
        depth = 1 + rng.choices(range(len(mixture.depth_weights)), mixture.depth_weights)[0]
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
        if graph.atoms not in self._allowed:
            self._allowed[graph.atoms] = self._check(graph)
        return self._allowed[graph.atoms]

    def _check(self, graph: Graph) -> bool:
        try:
            varies = depends_on_input(graph, self._evaluator.outputs(graph))
            if not varies or split_of(self._evaluator.behaviour(graph).key) != "train":
                return False
            parts = [part for run in target_runs(graph, self._names) for part in _parts(run)]
            return all(split_of(self._evaluator.behaviour(part).key) == "train" for part in parts)
        except SizeLimitError:
            return False

    def _write(self, graph: Graph, rng: random.Random) -> Document:
        options = paraphrases(graph, "en")
        lone = graph.size == 1 and graph.atoms[0] in self._names
        if lone and self._mixture.base_words:
            wording = [len(options[0]) - 1 - rng.randrange(HELD_OUT_PARAPHRASES)]
        else:
            wording = [rng.randrange(len(clauses)) for clauses in options]
        instruction = describe(graph, template=rng.randrange(len(TEMPLATES["en"])), wording=wording)
        runs = tuple("+".join(run.atoms) for run in target_runs(graph, self._names) if run.size > 1)
        return Document(f"{instruction}\n{signature(graph)}\n", render_inline(graph), runs)


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


def _chunk(bounds: tuple[int, int]) -> list[Document]:
    assert _writer is not None
    return [_writer.document(index) for index in range(*bounds)]


def documents(writer: Writer, *, start: int = 0, workers: int = 1) -> Iterator[Document]:
    """Yield documents from index `start` on, without end, in order; the same whatever the number of workers."""
    bounds = iter((first, first + CHUNK) for first in range(start, 1 << 40, CHUNK))
    if workers <= 1:
        _start(writer)
        for pair in bounds:
            yield from _chunk(pair)
        return
    with worker_pool(workers, _start, writer) as pool:
        while True:
            batch = [next(bounds) for _ in range(4 * workers)]
            for chunk in pool.imap(_chunk, batch):
                yield from chunk
