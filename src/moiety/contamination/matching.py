"""Matching texts and trees of chunks of rows, here or in worker processes; the same whatever their number."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from moiety.contamination.boilerplate import NONE, Boilerplate
from moiety.contamination.index import Match, TextIndex, Thresholds, Traits, traits_of
from moiety.contamination.outline import Outlines
from moiety.contamination.programs import Program
from moiety.contamination.rows import Record
from moiety.processes import Workers

Matched = tuple[Program, list[Match]]
_index: TextIndex | None = None
_outlines: Outlines | None = None
_foreign: set[int] = set()
_boilerplate = NONE


def match_chunks(
    chunks: Iterable[list[Record]],
    stored: Sequence[Traits],
    thresholds: Thresholds,
    *,
    boilerplate: Boilerplate,
    trust_keys: bool,
    workers: int,
) -> Iterator[tuple[list[Record], list[Matched]]]:
    """Yield each chunk with what its rows match, in order. Only a few chunks are held at a time.

    With `trust_keys`, programs of our own rows are parsed only where something of the row may match.
    """
    if workers <= 1:
        _start(stored, thresholds, boilerplate, trust_keys)
        for chunk in chunks:
            yield chunk, _match(chunk)
        return
    mine, theirs = itertools.tee(chunks)
    with Workers(workers, _start, stored, thresholds, boilerplate, trust_keys) as pool:
        yield from zip(mine, pool.in_order(_match, theirs), strict=True)


def _start(stored: Sequence[Traits], thresholds: Thresholds, boilerplate: Boilerplate, trust_keys: bool) -> None:
    global _index, _outlines, _foreign, _boilerplate
    _boilerplate = boilerplate
    _index = TextIndex(stored, thresholds)
    _outlines = None
    _foreign = {number for number, traits in enumerate(stored) if not traits.record.behaviour_key}
    if trust_keys:
        _outlines = Outlines((traits.record.code, traits.program.entry_point) for traits in stored)


def _match(chunk: Sequence[Record]) -> list[Matched]:
    assert _index is not None
    found = []
    for record in chunk:
        parse = _outlines is None or not record.behaviour_key or _outlines.may_hold(record.code)
        traits = traits_of(record, only_shapes=_index.shapes, parse=parse, boilerplate=_boilerplate)
        matches = list(_index.matches(traits))
        if not parse and any(match[2] in _foreign for match in matches):  # withdrawn, perhaps, by what it takes
            traits = traits_of(record, only_shapes=_index.shapes, boilerplate=_boilerplate)
        found.append((traits.program, matches))
    return found
