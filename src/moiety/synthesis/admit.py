"""Admission: which graphs become tasks. Every rejection has a cause, and none depends on what was accepted before.

The checks, in order of cost: all probes run within the size limits; the output depends on the input; no shorter
function behaves alike; every call matters. (That the tests are strong is checked where they are chosen.)
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from moiety.atoms.definition import Atom
from moiety.synthesis.bank import Behaviour, Evaluator
from moiety.synthesis.derived import Choice, Pair, mapped
from moiety.synthesis.graph import Graph, trusted
from moiety.synthesis.limits import SizeLimitError
from moiety.synthesis.short_functions import NUM_FEW, ShortFunctions
from moiety.synthesis.shorter import removals, single_calls, small_conditionals, small_graphs
from moiety.synthesis.store import FALSE, TRUE, Numbers, Store
from moiety.types import ValueType

MIN_DISTINCT_OUTPUTS = 3
MIN_RARER_BOOLEAN = 0.20
MIN_BRANCH_SHARE = 0.20
MIN_MATTERING_PAIRS = 0.10
NUM_PAIRS = 32
PAIRS_AT_ONCE = 8


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

    The functions of size one and two that a longer graph must differ from are found once per input signature;
    `shaped` has maps and conditionals among them.
    """

    def __init__(self, atoms: Sequence[Atom], *, shaped: bool = False, store: Store | None = None) -> None:
        maps = [m for m in map(mapped, atoms) if m is not None] if shaped else []
        self._catalogue, self._shaped = tuple(atoms), shaped
        self._atoms = (*atoms, *maps)
        self.evaluator = Evaluator(store)
        self._store = self.evaluator.store
        self._short: dict[tuple[ValueType, ...], ShortFunctions] = {}

    def decide(self, graph: Graph) -> Admitted | Rejection:
        """Return the graph with its behaviour, or the first cause it is refused for."""
        self._store.trim()
        if self._hardly_branches(graph):
            return Rejection.RARE_BRANCH
        try:
            numbers = self.evaluator.run(graph)
        except SizeLimitError:
            return Rejection.SIZE
        columns = [self._store.columns[number] for number in numbers]
        first = len(graph.inputs)
        if not depends_on_input(graph, columns[-1]):
            return Rejection.CONSTANT
        if numbers[-1] in numbers[:first]:
            return Rejection.IDENTITY
        if first > 1 and not all(value_matters(graph, columns, i, self._store) for i in range(first)):
            return Rejection.IDLE_INPUT
        if len(graph.calls) > 1:
            if self._equals_a_part(graph, numbers):
                return Rejection.SHORTER
            if not all(value_matters(graph, columns, i, self._store) for i in range(first, len(columns) - 1)):
                return Rejection.IDLE_CALL
        behaviour = self.evaluator.seen(graph, numbers[-1])
        if len(graph.calls) == 1:
            return Admitted(graph, behaviour)
        if self._is_longer(graph, columns[-1], behaviour.key) or self._pairs_little(graph, numbers):
            return Rejection.SHORTER
        return Admitted(graph, behaviour)

    def _hardly_branches(self, graph: Graph) -> bool:
        """Tell whether a branch of a choice is taken on less than a fifth of the probes; only its test is run."""
        for call in graph.calls:
            if isinstance(call.atom, Choice):
                head = trusted(graph.inputs, graph.calls[: call.arguments[0] + 1 - len(graph.inputs)])
                flags = self._store.columns[self._store.run(head, self.evaluator.probes(graph.inputs))[-1]]
                if min(flags) >= FALSE and min(flags.count(TRUE), flags.count(FALSE)) < MIN_BRANCH_SHARE * len(flags):
                    return True
        return False

    def _equals_a_part(self, graph: Graph, numbers: Sequence[int]) -> bool:
        """Tell whether a graph equals one with calls left out; most that it does not equal are told by a few probes."""
        few = [self._store.column(self._store.columns[number][-NUM_FEW:]) for number in numbers]
        return any(
            self._output_with(graph, few, *removal) == few[-1]
            and self._output_with(graph, numbers, *removal) == numbers[-1]
            for removal in removals(graph)
        )

    def _output_with(self, graph: Graph, columns: Sequence[int], value: int, by: int) -> int:
        """Return the output column where an earlier value stands for another."""
        changed = {value: columns[by]}
        after = value + 1 - len(graph.inputs)
        for place, call in enumerate(graph.calls[after:], start=value + 1):
            if not changed.keys().isdisjoint(call.arguments):
                taken = tuple([changed.get(i, columns[i]) for i in call.arguments])
                changed[place] = self._store.applied(call.atom).column(taken)
        return changed[len(columns) - 1]

    def _is_longer(self, graph: Graph, output: Numbers, key: str) -> bool:
        """Return True if a function of size one or two behaves like this longer graph."""
        if graph.inputs not in self._short:
            graphs = itertools.chain(small_graphs(self._atoms, graph.inputs), self._conditionals(graph.inputs))
            self._short[graph.inputs] = ShortFunctions(graphs, graph.inputs, self.evaluator)
        smallest = self._short[graph.inputs].smallest_size(graph, output, key)
        return smallest is not None and smallest < graph.size

    def _pairs_little(self, graph: Graph, numbers: Sequence[int]) -> bool:
        """Tell whether a graph pairs a value with itself, or does by more calls what two single ones do."""
        last = graph.calls[-1]
        if not isinstance(last.atom, Pair):
            return False
        values = {numbers[i] for i in last.arguments}
        if len(values) == 1:
            return True
        given = numbers[: len(graph.inputs)]
        short = {*given, *(self._store.apply(call, given) for call in single_calls(self._catalogue, graph.inputs))}
        return graph.size > 2 and values <= short

    def _conditionals(self, inputs: tuple[ValueType, ...]) -> Iterator[Graph]:
        return small_conditionals(self._catalogue, inputs) if self._shaped else iter(())


def depends_on_input(graph: Graph, outputs: Numbers) -> bool:
    """Tell whether the outputs vary: three distinct ones, or for bool both, the rarer on a fifth of the probes."""
    if graph.output.annotation == "bool":
        return MIN_RARER_BOOLEAN <= outputs.count(TRUE) / len(outputs) <= 1 - MIN_RARER_BOOLEAN
    return len(set(outputs)) >= MIN_DISTINCT_OUTPUTS


def value_matters(graph: Graph, columns: Sequence[Numbers], position: int, store: Store) -> bool:
    """Tell whether one value decides the output.

    Its value on one probe is put in place of its value on another: the output must change for a tenth of the pairs.
    (Leaving a call out where types allow is one of the `removals`, so that it is known to change the output.)
    """
    groups = _pairs(len(columns[0]))
    needed = MIN_MATTERING_PAIRS * sum(len(probes) for probes, _ in groups)
    changed = 0
    for probes, others in groups:
        values: dict[int, Sequence[int]] = {position: [columns[position][other] for other in others]}
        for step, call in enumerate(graph.calls, start=len(graph.inputs)):
            if step > position and any(i in values for i in call.arguments):
                taken = [values[i] if i in values else [columns[i][p] for p in probes] for i in call.arguments]
                values[step] = store.applied(call.atom).numbers(taken)
        outputs = values.get(len(columns) - 1)
        if outputs is not None:
            changed += sum(output != columns[-1][p] for output, p in zip(outputs, probes, strict=True))
        if changed >= needed:
            return True
    return False


@functools.cache
def _pairs(count: int) -> list[tuple[list[int], list[int]]]:
    """Return the pairs of probes that are compared, in groups."""
    probes = list(range(0, count, max(1, count // NUM_PAIRS)))
    groups = [probes[i : i + PAIRS_AT_ONCE] for i in range(0, len(probes), PAIRS_AT_ONCE)]
    return [(group, [(p + count // 2 + 1) % count for p in group]) for group in groups]
