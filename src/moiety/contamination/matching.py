"""Matching texts and trees of chunks of rows, here or in worker processes; the same whatever their number."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from moiety.contamination.index import Match, TextIndex, Thresholds, Traits, traits_of
from moiety.contamination.programs import Program
from moiety.contamination.rows import Record
from moiety.processes import worker_pool

Matched = tuple[Program, list[Match]]
_index: TextIndex | None = None


def match_chunks(
    chunks: Iterable[list[Record]], stored: Sequence[Traits], thresholds: Thresholds, *, workers: int
) -> Iterator[tuple[list[Record], list[Matched]]]:
    """Yield each chunk with what its rows match, in order. Only a few chunks are held at a time."""
    if workers <= 1:
        _start(stored, thresholds)
        for chunk in chunks:
            yield chunk, _match(chunk)
        return
    source = iter(chunks)
    with worker_pool(workers, _start, stored, thresholds) as pool:
        while batch := list(itertools.islice(source, 4 * workers)):
            yield from zip(batch, pool.imap(_match, batch), strict=True)


def _start(stored: Sequence[Traits], thresholds: Thresholds) -> None:
    global _index
    _index = TextIndex(stored, thresholds)


def _match(chunk: Sequence[Record]) -> list[Matched]:
    assert _index is not None
    found = []
    for record in chunk:
        traits = traits_of(record, only_shapes=_index.shapes)
        found.append((traits.program, list(_index.matches(traits))))
    return found
