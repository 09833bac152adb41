"""Drawing well-typed chains: how many there are, and a seeded order over them without repetition.

Counts are exact (dynamic programming over types). A cell of at most `ENUMERATE_UP_TO` chains is listed and shuffled; a
larger one is sampled uniformly, and drawing ends after a stated number of draws that gave nothing new.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from moiety.atoms.definition import Atom
from moiety.rng import stream
from moiety.synthesis.graph import Graph, chain
from moiety.types import is_subtype

ENUMERATE_UP_TO = 20_000
STALE_DRAWS = 5_000


class ChainSpace:
    """All well-typed chains over the unary atoms of a catalogue."""

    def __init__(self, atoms: Sequence[Atom]) -> None:
        self.atoms = tuple(sorted((a for a in atoms if len(a.inputs) == 1), key=lambda a: a.name))
        self._next = [[j for j, b in enumerate(self.atoms) if is_subtype(a.output, b.inputs[0])] for a in self.atoms]
        self._ways: list[list[int]] = [[1] * len(self.atoms)]

    def _ways_left(self, steps: int) -> list[int]:
        """Return, per atom, the number of chains that begin with it and have `steps` more atoms."""
        while len(self._ways) <= steps:
            last = self._ways[-1]
            self._ways.append([sum(last[j] for j in follow) for follow in self._next])
        return self._ways[steps]

    def count(self, depth: int) -> int:
        """Return the exact number of well-typed chains of a depth."""
        return sum(self._ways_left(depth - 1))

    def draw(self, depth: int, rng: random.Random) -> Graph:
        """Return one chain, each with equal chance."""
        options = list(range(len(self.atoms)))
        picked: list[Atom] = []
        for left in range(depth - 1, -1, -1):
            ways = self._ways_left(left)
            index = rng.choices(options, [ways[i] for i in options])[0]
            picked.append(self.atoms[index])
            options = self._next[index]
        return chain(picked)

    def enumerate(self, depth: int) -> Iterator[Graph]:
        """Yield every chain of a depth, in order of the atoms' names."""

        def extend(head: list[int]) -> Iterator[list[int]]:
            if len(head) == depth:
                yield head
                return
            for j in self._next[head[-1]]:
                yield from extend([*head, j])

        for first in range(len(self.atoms)):
            for indices in extend([first]):
                yield chain([self.atoms[i] for i in indices])

    def shuffled(self, depth: int, *, seed: int, path: tuple[str | int, ...]) -> Iterator[Graph]:
        """Yield distinct chains of a depth in the order that the named stream gives."""
        rng = stream(seed, *path, depth)
        if self.count(depth) <= ENUMERATE_UP_TO:
            graphs = list(self.enumerate(depth))
            rng.shuffle(graphs)
            yield from graphs
            return
        seen: set[tuple[str, ...]] = set()
        stale = 0
        while stale < STALE_DRAWS:
            graph = self.draw(depth, rng)
            if graph.atoms in seen:
                stale += 1
                continue
            stale = 0
            seen.add(graph.atoms)
            yield graph
