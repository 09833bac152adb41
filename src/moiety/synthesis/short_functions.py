"""The functions of size one and two over one input signature, found by behaviour.

There are tens of thousands for each signature, and a request for a hundred tasks asks for few of them. So all are run
on a few probes only, and those that agree there with the function in question are run on the whole bank.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from moiety.synthesis.bank import Evaluator
from moiety.synthesis.graph import Graph
from moiety.synthesis.limits import SizeLimitError
from moiety.synthesis.store import FALSE, Numbers
from moiety.types import ValueType

NUM_FEW = 8  # probes on which most functions that differ do so: the last ones of a bank, which are no edge cases


class ShortFunctions:
    """Answers which of `graphs`, all over the inputs `inputs`, behave like a given graph."""

    def __init__(self, graphs: Iterable[Graph], inputs: tuple[ValueType, ...], evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._alike: dict[bytes, list[Graph]] = {}  # by output on the few probes
        self._smallest: dict[bytes, dict[bytes, int]] = {}  # of the groups asked for: size by behaviour key
        store = evaluator.store
        few = tuple(store.column(store.columns[column][-NUM_FEW:]) for column in evaluator.probes(inputs))
        for graph in graphs:
            output = store.columns[store.run(graph, few)[-1]]
            if min(output) >= FALSE:  # no value on the way grew too large
                self._alike.setdefault(self._digest(graph, output), []).append(graph)

    def smallest_size(self, graph: Graph, output: Numbers, key: str) -> int | None:
        """Return the size of the smallest function of the behaviour key `key`, None where there is none.

        `output` is the graph's output on the whole bank.
        """
        digest = self._digest(graph, output[-NUM_FEW:])
        if digest not in self._smallest:
            self._smallest[digest] = self._sizes(self._alike.get(digest, ()))
        return self._smallest[digest].get(bytes.fromhex(key))

    def _sizes(self, graphs: Iterable[Graph]) -> dict[bytes, int]:
        smallest: dict[bytes, int] = {}
        for graph in graphs:
            try:
                key = bytes.fromhex(self._evaluator.key(graph, self._evaluator.run(graph)[-1]))
            except SizeLimitError:
                continue
            smallest[key] = min(graph.size, smallest.get(key, graph.size))
        return smallest

    def _digest(self, graph: Graph, output: Numbers) -> bytes:
        """Return a hash that stays when the store forgets its numbers."""
        forms = b"".join([self._evaluator.store.form(number) for number in output])
        return hashlib.sha256(graph.output.annotation.encode() + b"\n" + forms).digest()[:16]
