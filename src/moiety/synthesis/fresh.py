"""Whether a near-miss that no test tells is another function at all: both on fresh inputs, step by step.

A mutant that agrees with its function on NUM_FRESH inputs outside the bank and all candidates for tests counts as
equivalent. Fresh inputs come in growing groups, since most mutants that differ do so early. What is known of one step
(that a wrong one gives the same as the right one, of the same values) serves every function that begins alike.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, Final

from moiety.atoms.definition import Atom
from moiety.synthesis.derived import Choice
from moiety.synthesis.graph import Call, Graph
from moiety.synthesis.limits import MAX_SIZE
from moiety.synthesis.pools import GROUPS, Pool

_HASHED: Final = frozenset((int, str))  # types of which equal values are the same; few values come often
MAX_NODES: Final = 200_000
MAX_CELLS: Final = 800_000
Column = list[Any]


class _Failure:
    """What stands for a value that was not given; equal to itself alone."""


TOO_LARGE: Final = _Failure()
RAISED: Final = _Failure()


def differs(graph: Graph, mutant: Graph, pool: Pool) -> bool:
    """Tell whether two functions differ on a fresh input."""
    runs = _runs()
    runs.trim()
    return not all(_agree(graph, mutant, runs.inputs(pool, group), runs) for group in range(len(GROUPS)))


def _agree(graph: Graph, mutant: Graph, inputs: Sequence[int], runs: FreshRuns) -> bool:
    """Tell whether two functions agree on a group. Of equal length, they are compared after every step."""
    right, wrong = list(inputs), list(inputs)
    for call in graph.calls:
        right.append(runs.apply(call, right))
    aligned = len(graph.calls) == len(mutant.calls)
    for call in mutant.calls:
        wrong.append(runs.apply(call, wrong))
        if aligned:
            wrong[-1] = runs.merged(wrong[-1], right[len(wrong) - 1])
    return runs.merged(wrong[-1], right[-1]) == right[-1]


class FreshRuns:
    """Columns of values as nodes: which call of which nodes each is. Equal columns found so are made one node.

    Columns are computed when two nodes are compared, and again where they were forgotten.
    """

    def __init__(self) -> None:
        self._nodes: dict[tuple[int, tuple[int, ...]], int] = {}
        self._made: list[tuple[Atom, tuple[int, ...]] | Column] = []
        self._columns: dict[int, Column] = {}
        self._failing: set[int] = set()
        self._cells = 0
        self._inputs: dict[tuple[Pool, int], tuple[int, ...]] = {}

    def trim(self) -> None:
        """Forget everything if that is much. Only between two functions."""
        if len(self._made) > MAX_NODES:
            self.__init__()  # type: ignore[misc]

    def inputs(self, pool: Pool, group: int) -> tuple[int, ...]:
        """Return the nodes of a group of a pool's fresh inputs."""
        key = (pool, group)
        if key not in self._inputs:
            first, end = GROUPS[group]
            columns = [[row[i] for row in pool.fresh[first:end]] for i in range(len(pool.inputs))]
            self._inputs[key] = tuple(range(len(self._made), len(self._made) + len(columns)))
            self._made += columns
        return self._inputs[key]

    def apply(self, call: Call, nodes: Sequence[int]) -> int:
        """Return the node of a call on the nodes before it."""
        taken = tuple([nodes[i] for i in call.arguments])
        key = (id(call.atom), taken)
        found = self._nodes.get(key)
        if found is None:
            found = self._nodes[key] = len(self._made)
            self._made.append((call.atom, taken))  # the atom is held, so that its id stays its own
        return found

    def merged(self, node: int, other: int) -> int:
        """Return `other` where the two columns are equal, else `node`."""
        if node == other:
            return other
        mine, theirs = self.column(node), self.column(other)
        if mine != theirs or list(map(type, mine)) != list(map(type, theirs)):
            return node
        made = self._made[node]
        if not isinstance(made, list):
            self._nodes[id(made[0]), made[1]] = other
        return other

    def column(self, node: int) -> Column:
        """Return the values of a node."""
        made = self._made[node]
        if isinstance(made, list):
            return made
        found = self._columns.get(node)
        if found is None:
            atom, taken = made
            found = _computed(atom, [self.column(i) for i in taken], whole=self._failing.isdisjoint(taken))
            if TOO_LARGE in found or RAISED in found:
                self._failing.add(node)
            if self._cells > MAX_CELLS:
                self._columns.clear()
                self._cells = 0
            self._columns[node] = found
            self._cells += len(found)
        return found


def _computed(atom: Atom, columns: Sequence[Column], *, whole: bool) -> Column:
    """Return what an atom gives of columns, with failures for values that are not there; `whole`: none is missing."""
    if isinstance(atom, Choice):
        return [_chosen(*row) for row in zip(*columns, strict=True)]
    function = atom.function
    try:
        if not whole:
            made = [_attempt(function, row) for row in zip(*columns, strict=True)]
        elif len(columns) == 1 and set(map(type, columns[0])) <= _HASHED:
            known = {value: function(value) for value in set(columns[0])}
            made = [known[value] for value in columns[0]]
        elif len(columns) == 1:
            made = [function(value) for value in columns[0]]
        else:
            made = [function(*row) for row in zip(*columns, strict=True)]
    except Exception:
        made = [_attempt(function, row) for row in zip(*columns, strict=True)]
    if atom.output.annotation not in ("int", "bool"):
        return [TOO_LARGE if not isinstance(v, _Failure) and len(v) > MAX_SIZE else v for v in made]
    return made


def _chosen(flag: Any, first: Any, second: Any) -> Any:
    return flag if isinstance(flag, _Failure) else first if flag else second


def _attempt(function: Any, row: tuple[Any, ...]) -> Any:
    for value in row:
        if isinstance(value, _Failure):
            return value
    try:
        return function(*row)
    except Exception:
        return RAISED


@functools.cache
def _runs() -> FreshRuns:
    """Return the runs of this process."""
    return FreshRuns()
