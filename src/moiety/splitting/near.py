"""Near-duplicates between the sets of a split: how many rows read nearly as some row of a set that is measured.

Measured sets are indexed by MinHash, every other file is read against them in chunks; of a file longer than `MOST_ROWS`
evenly spaced rows are. A report, not a check: functions that differ in a constant read nearly alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from moiety.contamination.boilerplate import SIDES
from moiety.contamination.near import NEAR, runs_of
from moiety.contamination.shingles import Hashes, NearIndex, jaccard, signature
from moiety.splits import SAME_FUNCTIONS
from moiety.splitting.tables import batches

LEARNT = ("atoms", "train", "pretraining")
COLUMNS = ("instruction", "reference_solution")
MOST_ROWS = 100_000
CHUNK_ROWS = 2_000
Chunk = tuple[str, list[str], list[str]]
Counts = dict[tuple[str, str, str], int]


class _Side:
    """The distinct texts of all measured sets, on one side."""

    def __init__(self, texts: Mapping[str, Iterable[str]], side: str) -> None:
        self.owners: list[str] = []
        self.found: list[Hashes] = []
        self._side = side
        for name, said in texts.items():
            for text in dict.fromkeys(said):
                self.owners.append(name)
                self.found.append(runs_of(text, side))
        self._index = NearIndex([signature(runs) if len(runs) else None for runs in self.found], least=NEAR)

    def alike(self, text: str) -> set[str]:
        """Return the measured sets that hold a text nearly equal to this one."""
        runs = runs_of(text, self._side)
        if not len(runs):
            return set()
        places = self._index.candidates(signature(runs))
        return {self.owners[place] for place in places if jaccard(runs, self.found[place]) >= NEAR}


_sides: tuple[_Side, ...] = ()


def begin(measured: Mapping[str, Path]) -> None:
    """Index the measured sets of a split, in this process."""
    global _sides
    rows = {name: list(_rows(path)) for name, path in measured.items()}
    _sides = tuple(
        _Side({name: [row[place] for row in of] for name, of in rows.items()}, side) for place, side in enumerate(SIDES)
    )


def _rows(path: Path) -> Iterator[tuple[str, str]]:
    for batch in batches(path, COLUMNS):
        yield from zip(*(batch.column(name).to_pylist() for name in COLUMNS), strict=True)


def near_chunks(paths: Mapping[str, Path]) -> Iterator[Chunk]:
    """Yield the rows of every file, at most `MOST_ROWS` of each, evenly spaced."""
    for name, path in paths.items():
        step = max(1, -(-count_rows(path) // MOST_ROWS))
        before = 0
        for batch in batches(path, COLUMNS, rows=CHUNK_ROWS * step):
            places = np.flatnonzero((np.arange(batch.num_rows) + before) % step == 0)
            before += batch.num_rows
            chosen = batch.take(places)
            yield name, chosen.column(COLUMNS[0]).to_pylist(), chosen.column(COLUMNS[1]).to_pylist()


def count_rows(path: Path) -> int:
    """Return the number of rows of a Parquet file."""
    import pyarrow.parquet as pq

    return int(pq.ParquetFile(path).metadata.num_rows)


def near_chunk(chunk: Chunk) -> Counts:
    """Return how many rows of a chunk read nearly as some row of each measured set, by side."""
    name, *texts = chunk
    counts: Counts = {}
    for side, said in enumerate(texts):
        known: dict[str, set[str]] = {}
        for text in said:
            if text not in known:
                known[text] = _sides[side].alike(text)
            for other in known[text] - {name}:
                counts[name, other, SIDES[side]] = counts.get((name, other, SIDES[side]), 0) + 1
    return counts


def near_counts(paths: Mapping[str, Path], chunks: Iterable[Counts]) -> dict[str, Any]:
    """Return, per file and measured set, the rows read and those that read nearly as some row there.

    The domains that have the functions of `recombined` are not held against it and each other.
    """
    same = ("recombined", *SAME_FUNCTIONS)
    read = {name: min(rows, -(-rows // max(1, -(-rows // MOST_ROWS)))) for name, rows in _counted(paths).items()}
    table: dict[str, Any] = {
        f"{name} near {other}": {"rows_read": read[name], **dict.fromkeys(SIDES, 0)}
        for name in paths
        for other in paths
        if other not in LEARNT and name != other and not (name in same and other in same)
    }
    for counts in chunks:
        for (name, other, side), count in counts.items():
            if f"{name} near {other}" in table:
                table[f"{name} near {other}"][side] += count
    return table


def _counted(paths: Mapping[str, Path]) -> dict[str, int]:
    return {name: count_rows(path) for name, path in paths.items()}
