"""Seeded orders over the functions of a cell, in which each comes once."""

from __future__ import annotations

from collections.abc import Iterator

from moiety.rng import Permutation, stream
from moiety.synthesis.draw import Cell, Space
from moiety.synthesis.graph import Graph

LIST_UP_TO = 20_000


class Order:
    """Every function of a cell once, any place of the order by itself.

    Sizes take turns while they last, for the reason that a size is drawn first (`draw`). So the parts of an order that
    workers take share no function, and a cell has given all it has after as many places as it has functions.
    """

    def __init__(self, space: Space, cell: Cell, *, seed: int, path: tuple[str | int, ...]) -> None:
        self._space, self._cell, self._sizes = space, cell, space.sizes(cell)
        self._ranks = [Permutation(n, seed, *path, str(cell), size) for size, n in enumerate(self._sizes)]

    def __getitem__(self, place: int) -> Graph:
        """Return the function at a place. Raises IndexError for a place that is not there."""
        size, turn = self._turn(place)
        return self._space.nth(self._cell, size, self._ranks[size][turn])

    def _turn(self, place: int) -> tuple[int, int]:
        """Return which size has its turn at a place, and how many turns it had before."""
        left, before = place, 0
        while open_sizes := [size for size, count in enumerate(self._sizes) if count > before]:
            rounds = min(self._sizes[size] for size in open_sizes) - before
            if left < rounds * len(open_sizes):
                turn, which = divmod(left, len(open_sizes))
                return open_sizes[which], before + turn
            left, before = left - rounds * len(open_sizes), before + rounds
        raise IndexError(f"need a place below {sum(self._sizes)}, got {place}")


def shuffled(space: Space, cell: Cell, *, seed: int, path: tuple[str | int, ...]) -> Iterator[Graph]:
    """Yield every function of a cell in a seeded order; a small cell is listed and shuffled."""
    if space.count(cell) > LIST_UP_TO:
        order = Order(space, cell, seed=seed, path=path)
        yield from (order[place] for place in range(space.count(cell)))
        return
    names = () if cell == Cell(cell.depth) else (cell.shape, cell.inputs)
    graphs = list(space.enumerate(cell))
    stream(seed, *path, cell.depth, *names).shuffle(graphs)
    yield from graphs
