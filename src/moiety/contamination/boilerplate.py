"""Text that so many rows of a file have that it tells no row from another: prompt templates, licence headers, footers.

It is found in the files themselves. A run of tokens is boilerplate where a large share of a file's distinct texts have
it, and a whole text where a large share of a file's rows have it beside different texts of the other side. What stands
in exactly one text of the files that are compared against is never boilerplate: it names that text, however many
copies of it the audited file holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from moiety.contamination.rows import Record
from moiety.contamination.shingles import Hashes, code_tokens, digest, hash_tokens, rolled, words

SIDES = ("instruction", "code")
RUN = 8  # the run that the share of an audit is taken of; shorter ones are common in any language
MIN_TEXTS = 5  # fewer texts may well be variants of one that leaked
SHARE_OF_TEXTS = 0.25
SHARE_OF_ROWS = 0.5  # a prompt with several solutions fills rows too, but not half of a file
SAMPLE = 5000  # texts of a file that are looked at; of 5,000 a share is known to 0.02
MOST_STRETCHES = 5
MOST_WORDS = 12

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stretch of boilerplate: how long it is, how many of the rows that were looked at have it, and its words."""

    side: str
    tokens: int
    rows: int
    of: int
    excerpt: str


@dataclass(frozen=True, slots=True)
class Boilerplate:
    """The runs of tokens, sorted, and the whole texts of each side that do not count as a match.

    Tokens of the runs in `kept` do count: those are common too, and stand in one text that is compared against.
    """

    runs: tuple[Hashes, Hashes]
    kept: tuple[Hashes, Hashes]
    whole: tuple[frozenset[bytes], frozenset[bytes]] = (frozenset(), frozenset())
    stretches: tuple[Stretch, ...] = ()

    def covered(self, side: int, tokens: Hashes) -> npt.NDArray[np.bool_]:
        """Return which tokens of a text are boilerplate."""
        if self.whole[side] and digest(tokens) in self.whole[side]:
            return np.ones(len(tokens), np.bool_)
        if len(tokens) < RUN:
            return np.zeros(len(tokens), np.bool_)
        here = rolled(tokens, RUN)
        return np.asarray(_covered_by(self.runs[side], here) & ~_covered_by(self.kept[side], here))

    def rest(self, side: int, tokens: Hashes) -> Hashes:
        """Return the tokens of a text without boilerplate."""
        if not len(self.runs[side]) and not self.whole[side]:
            return tokens
        return tokens[~self.covered(side, tokens)]


_EMPTY: Hashes = np.zeros(0, np.uint64)
NONE = Boilerplate((_EMPTY, _EMPTY), (_EMPTY, _EMPTY))


def tokens_of(record: Record) -> tuple[list[str], list[str]]:
    """Return the tokens of both sides of a record."""
    return words(record.instruction), code_tokens(record.code)


def evenly(items: Iterable[Item], count: int = SAMPLE) -> list[Item]:
    """Return between `count` and twice as many items, evenly spaced; all where there are no more. Holds no others."""
    kept: list[Item] = []
    stride = 1
    for position, item in enumerate(items):
        if position % stride == 0:
            kept.append(item)
            if len(kept) > 2 * count:
                kept = kept[::2]
                stride *= 2
    return kept


def find_boilerplate(audited: Sequence[Record], against: Sequence[Record]) -> Boilerplate:
    """Return the boilerplate of some files: `audited` are rows of one, `against` all rows of the others."""
    files: dict[str, list[Record]] = {}
    for record in against:
        files.setdefault(record.file, []).append(record)
    groups = [list(audited), *(evenly(rows) for rows in files.values())]
    looked_at = [[[hash_tokens(tokens) for tokens in tokens_of(one)] for one in group] for group in groups]
    whole, runs, kept = [], [], []
    for side in range(len(SIDES)):
        held = _Held(side, against)
        texts = [{digest(row[side]): row[side] for row in group if len(row[side]) >= RUN} for group in looked_at]
        common = _common(texts)
        once = held.once(common)
        runs.append(common[~once])
        kept.append(common[once])
        whole.append(frozenset(held.not_once_whole(_same_texts(looked_at, side))))
    result = Boilerplate((runs[0], runs[1]), (kept[0], kept[1]), (whole[0], whole[1]))
    rows = [record for group in groups for record in group]
    return replace(result, stretches=tuple(_stretches(result, rows)))


def _common(groups: Sequence[dict[bytes, Hashes]]) -> Hashes:
    """Return the runs that a large share of the distinct texts of one file has, or of all files together."""
    together = {key: text for group in groups for key, text in group.items()}
    found = [np.zeros(0, np.uint64)]
    for group in [*groups, together]:
        if len(group) >= MIN_TEXTS:
            runs, counts = np.unique(
                np.concatenate([np.unique(rolled(text, RUN)) for text in group.values()]), return_counts=True
            )
            found.append(runs[counts >= max(MIN_TEXTS, SHARE_OF_TEXTS * len(group))])
    return np.unique(np.concatenate(found))


def _same_texts(groups: Sequence[Sequence[Sequence[Hashes]]], side: int) -> set[bytes]:
    """Return the digests of texts that a large share of a file's distinct rows has."""
    found: set[bytes] = set()
    for group in groups:
        rows = {(digest(row[side]), digest(row[1 - side])) for row in group if len(row[side]) >= RUN}
        counts = Counter(key for key, _ in rows)
        found |= {key for key, count in counts.items() if count >= max(MIN_TEXTS, SHARE_OF_ROWS * len(rows))}
    return found


class _Held:
    """Which candidates the files that are compared against hold just once; their texts are hashed only if asked."""

    def __init__(self, side: int, against: Sequence[Record]) -> None:
        self._side, self._against = side, against

    def _texts(self) -> Iterator[Hashes]:
        for record in self._against:
            yield hash_tokens((words, code_tokens)[self._side]((record.instruction, record.code)[self._side]))

    def once(self, runs: Hashes) -> npt.NDArray[np.bool_]:
        """Return which of some runs are in exactly one distinct text."""
        if not len(runs):
            return np.zeros(0, np.bool_)
        counts, seen = np.zeros(len(runs), np.int64), set[bytes]()
        for text in self._texts():
            key = digest(text)
            if len(text) >= RUN and key not in seen:
                seen.add(key)
                here = np.unique(rolled(text, RUN))
                counts[np.searchsorted(runs, here[_among(here, runs)])] += 1
        return np.asarray(counts == 1)

    def not_once_whole(self, keys: set[bytes]) -> set[bytes]:
        """Return the digests but for those of exactly one row."""
        if not keys:
            return keys
        counts = Counter(key for key in map(digest, self._texts()) if key in keys)
        return {key for key in keys if counts[key] != 1}


def _covered_by(runs: Hashes, here: Hashes) -> npt.NDArray[np.bool_]:
    """Return which tokens of a text are in one of some runs; `here` are all runs of the text in order."""
    if not len(runs):
        return np.zeros(len(here) + RUN - 1, np.bool_)
    starts = np.flatnonzero(_among(here, runs))
    steps = np.zeros(len(here) + RUN, np.int64)
    steps[starts] += 1
    steps[starts + RUN] -= 1
    return np.asarray(np.cumsum(steps[:-1]) > 0)


def _among(values: Hashes, known: Hashes) -> npt.NDArray[np.bool_]:
    """Return which values are in a sorted array that is not empty."""
    return np.asarray(known[np.minimum(np.searchsorted(known, values), len(known) - 1)] == values)


def _stretches(found: Boilerplate, rows: Sequence[Record]) -> Iterator[Stretch]:
    """Yield the commonest stretches of each side, none inside another, with how many rows have them."""
    for side, name in enumerate(SIDES):
        if not len(found.runs[side]) and not found.whole[side]:
            continue
        counts: Counter[tuple[str, ...]] = Counter()
        for tokens in (tokens_of(row)[side] for row in rows):
            counts.update(_blocks(tokens, found.covered(side, hash_tokens(tokens))))
        told = {f" {' '.join(block)} ": (block, count) for block, count in counts.items()}
        shown: list[str] = []
        for text, (block, count) in sorted(told.items(), key=lambda item: (-item[1][1], item[0])):
            if len(shown) == MOST_STRETCHES or count < MIN_TEXTS:
                break
            if len(block) < RUN or any(text in other or other in text for other in shown):
                continue
            shown.append(text)
            within = sum(others for other, (_, others) in told.items() if text in other)
            cut = " ".join(block[:MOST_WORDS]) + (" …" if len(block) > MOST_WORDS else "")
            yield Stretch(name, len(block), within, len(rows), cut)


def _blocks(text: Sequence[str], covered: npt.NDArray[np.bool_]) -> set[tuple[str, ...]]:
    """Return the stretches of a text that are covered without a gap."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], covered, [False]]).astype(np.int8)))
    return {tuple(text[start:end]) for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)}
