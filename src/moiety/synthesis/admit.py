"""Admission: which graphs become tasks. Every rejection has a cause, and none depends on what was accepted before.

The checks, in order of cost: all probes run within the size limits; the output depends on the input; every call
matters; no shorter function behaves alike. (That the tests are strong is checked where they are chosen.)
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from moiety.atoms.definition import Atom
from moiety.judge.codec import encode
from moiety.synthesis.bank import Behaviour, Evaluator, SizeLimitError
from moiety.synthesis.derived import Choice, mapped
from moiety.synthesis.draw import build
from moiety.synthesis.graph import Call, Graph, replaced, rerun, without_calls
from moiety.synthesis.steps import steps_of
from moiety.types import ValueType, is_subtype

MIN_DISTINCT_OUTPUTS = 3
MIN_RARER_BOOLEAN = 0.20
MIN_BRANCH_SHARE = 0.20
MIN_MATTERING_PAIRS = 0.10
NUM_PAIRS = 32


class Rejection(StrEnum):
    """Why a graph is not admitted."""

    SIZE = "size limit"
    CONSTANT = "output hardly depends on the input"
    IDENTITY = "equals the identity"
    IDLE_CALL = "a call does not matter"
    IDLE_INPUT = "an input does not matter"
    RARE_BRANCH = "a branch is hardly taken"
    SHORTER = "equals a shorter function"
    WEAK_TESTS = "tests too weak"


@dataclass(frozen=True, slots=True)
class Admitted:
    """A graph that passed, with its values on the bank."""

    graph: Graph
    behaviour: Behaviour


class Admission:
    """Decide on graphs over one catalogue of atoms.

    The functions of size one and two that a longer graph must differ from are enumerated once per input signature;
    `shaped` has maps and conditionals among them.
    """

    def __init__(self, atoms: Sequence[Atom], *, shaped: bool = False, evaluator: Evaluator | None = None) -> None:
        maps = [m for m in map(mapped, atoms) if m is not None] if shaped else []
        self._catalogue, self._shaped = tuple(atoms), shaped
        self._atoms = (*atoms, *maps)
        self.evaluator = evaluator or Evaluator()
        self._short: dict[tuple[ValueType, ...], dict[str, int]] = {}

    def decide(self, graph: Graph) -> Admitted | Rejection:
        """Return the graph with its behaviour, or the first cause it is refused for."""
        try:
            behaviour = self.evaluator.behaviour(graph)
        except SizeLimitError:
            return Rejection.SIZE
        if not depends_on_input(graph, behaviour):
            return Rejection.CONSTANT
        if not branches_are_taken(graph, behaviour):
            return Rejection.RARE_BRANCH
        if any(behaviour.outputs == tuple(map(encode, column)) for column in behaviour.columns[: len(graph.inputs)]):
            return Rejection.IDENTITY
        if len(graph.inputs) > 1 and not all(value_matters(graph, behaviour, i) for i in range(len(graph.inputs))):
            return Rejection.IDLE_INPUT
        if len(graph.calls) > 1:
            if self._equals_shorter(graph, behaviour.key):
                return Rejection.SHORTER
            if not all(call_matters(graph, behaviour, step) for step in range(len(graph.calls))):
                return Rejection.IDLE_CALL
        return Admitted(graph, behaviour)

    def _equals_shorter(self, graph: Graph, key: str) -> bool:
        smallest = self._short_functions(graph.inputs).get(key)
        if smallest is not None and smallest < graph.size:
            return True
        return any(self._key(shorter) == key for shorter in removals(graph))

    def _key(self, graph: Graph) -> str | None:
        try:
            return self.evaluator.behaviour(graph).key
        except SizeLimitError:
            return None

    def _conditionals(self, inputs: tuple[ValueType, ...]) -> Iterator[Graph]:
        return small_conditionals(self._catalogue, inputs) if self._shaped else iter(())

    def _short_functions(self, inputs: tuple[ValueType, ...]) -> dict[str, int]:
        """Return the smallest size per behaviour key over all well-typed graphs of size one and two."""
        if inputs not in self._short:
            smallest: dict[str, int] = {}
            for graph in itertools.chain(small_graphs(self._atoms, inputs), self._conditionals(inputs)):
                key = self._key(graph)
                if key is not None:
                    smallest[key] = min(graph.size, smallest.get(key, graph.size))
            self._short[inputs] = smallest
        return self._short[inputs]


def small_graphs(atoms: Sequence[Atom], inputs: tuple[ValueType, ...]) -> Iterator[Graph]:
    """Yield every well-typed graph of size one that uses all inputs, then of size two whose second call uses the first.

    A function all of whose inputs matter cannot equal one that does not use them all.
    """
    everything = set(range(len(inputs)))
    singles = list(_calls(atoms, inputs))
    yield from (Graph(inputs, (call,)) for call in singles if everything <= set(call.arguments))
    for single in singles:
        left = everything - set(single.arguments)
        for call in _calls(atoms, (*inputs, single.atom.output)):
            if len(inputs) in call.arguments and left <= set(call.arguments):
                yield Graph(inputs, (single, call))


def small_conditionals(atoms: Sequence[Atom], inputs: tuple[ValueType, ...]) -> Iterator[Graph]:
    """Yield every well-typed conditional of size two over one input."""
    if len(inputs) == 1:
        for form in ("if10", "if01"):
            for step in steps_of(form, atoms):
                if is_subtype(inputs[0], step.takes):
                    yield Graph(inputs, build([step]).calls)


def _calls(atoms: Sequence[Atom], values: tuple[ValueType, ...]) -> Iterator[Call]:
    for atom in atoms:
        choices: list[tuple[int, ...]] = [()]
        for wanted in atom.inputs:
            fitting = [i for i, t in enumerate(values) if is_subtype(t, wanted)]
            choices = [(*head, i) for head in choices for i in fitting]
        for arguments in choices:
            yield Call(atom, arguments)


def removals(graph: Graph) -> Iterator[Graph]:
    """Yield what is left when a connected run of calls is taken out, where types still fit.

    Of a chain, any run; of other graphs, every value is replaced by each value it was made from.
    """
    if graph.shape == "chain":
        for first in range(graph.size):
            for last in range(first, graph.size):
                shorter = without_calls(graph, first, last)
                if shorter is not None and shorter.output.annotation == graph.output.annotation:
                    yield shorter
        return
    first = len(graph.inputs)
    sources: list[set[int]] = [set() for _ in range(first)]
    for call in graph.calls:
        sources.append(set(call.arguments).union(*(sources[i] for i in call.arguments)))
    for value in range(first, first + len(graph.calls)):
        for by in sorted(sources[value], reverse=True):
            shorter = replaced(graph, value, by)
            if shorter is not None and shorter.output.annotation == graph.output.annotation:
                yield shorter


def branches_are_taken(graph: Graph, behaviour: Behaviour) -> bool:
    """Tell whether both branches of every choice are taken on at least a fifth of the probes."""
    for call in graph.calls:
        if isinstance(call.atom, Choice):
            flags = behaviour.columns[call.arguments[0]]
            share = sum(flags) / len(flags)
            if not MIN_BRANCH_SHARE <= share <= 1 - MIN_BRANCH_SHARE:
                return False
    return True


def depends_on_input(graph: Graph, behaviour: Behaviour) -> bool:
    """Tell whether the outputs vary: three distinct ones, or for bool both, the rarer on a fifth of the probes."""
    if graph.output.annotation == "bool":
        share = sum(value is True for value in behaviour.columns[-1]) / len(behaviour.outputs)
        return MIN_RARER_BOOLEAN <= share <= 1 - MIN_RARER_BOOLEAN
    return len(set(behaviour.outputs)) >= MIN_DISTINCT_OUTPUTS


def call_matters(graph: Graph, behaviour: Behaviour, step: int) -> bool:
    """Tell whether one call's value decides the output.

    Its value on one probe is put in place of its value on another: the output must change for a tenth of the pairs.
    Where it returns the type it takes, leaving it out must change the output on some probe.
    """
    return value_matters(graph, behaviour, len(graph.inputs) + step) and _bypass_changes(graph, behaviour, step)


def value_matters(graph: Graph, behaviour: Behaviour, position: int) -> bool:
    """Tell whether putting a value on one probe in place of its value on another changes a tenth of the outputs."""
    count = len(behaviour.outputs)
    stride = max(1, count // NUM_PAIRS)
    pairs = [(p, (p + count // 2 + 1) % count) for p in range(0, count, stride)]
    changed = 0
    for probe, other in pairs:
        values = [column[probe] for column in behaviour.columns]
        result = rerun(graph, values, position, behaviour.columns[position][other])
        changed += repr(result) != repr(values[-1])  # for plain values of one type, exact
    return changed >= MIN_MATTERING_PAIRS * len(pairs)


def _bypass_changes(graph: Graph, behaviour: Behaviour, step: int) -> bool:
    call = graph.calls[step]
    position = len(graph.inputs) + step
    for index in call.arguments:
        if not is_subtype(graph.types[index], call.atom.output):
            continue
        for probe in range(len(behaviour.outputs)):
            values = [column[probe] for column in behaviour.columns]
            if repr(rerun(graph, values, position, values[index])) != repr(values[-1]):
                break
        else:
            return False
    return True
