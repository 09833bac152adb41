"""Near-duplicates between sets of tasks: how many pairs read nearly alike, though no key is shared.

A report, not a check: functions that differ in one constant read nearly alike and are other functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from moiety.contamination.boilerplate import SIDES
from moiety.contamination.index import Thresholds
from moiety.contamination.shingles import (
    Hashes,
    NearIndex,
    code_tokens,
    hash_tokens,
    jaccard,
    shingles,
    signature,
    words,
)
from moiety.tasks import Task

NEAR = 0.8


def near_duplicates(sets: Mapping[str, Iterable[Task]], *, near: float = NEAR) -> dict[str, dict[str, int]]:
    """Return, per pair of sets and side, the number of pairs of texts with Jaccard similarity `near` or more.

    Texts are the distinct instructions and the distinct reference programs of a set, by runs of tokens as in an audit.
    """
    return near_texts(
        {name: ((t.instruction, t.reference_solution) for t in tasks) for name, tasks in sets.items()}, near=near
    )


def near_texts(sets: Mapping[str, Iterable[tuple[str, str]]], *, near: float = NEAR) -> dict[str, dict[str, int]]:
    """Return what `near_duplicates` does, of pairs of an instruction and a program."""
    texts = {name: _texts(pairs) for name, pairs in sets.items()}
    names = list(texts)
    counts = {f"{a} & {b}": dict.fromkeys(SIDES, 0) for i, a in enumerate(names) for b in names[i + 1 :]}
    for position, side in enumerate(SIDES):
        for i, a in enumerate(names):
            stored = texts[a][position]
            index = NearIndex([minima for _, minima in stored], least=near)
            for b in names[i + 1 :]:
                for found, minima in texts[b][position]:
                    alike = (jaccard(found, stored[place][0]) >= near for place in index.candidates(minima))
                    counts[f"{a} & {b}"][side] += sum(alike)
    return counts


def _texts(
    pairs: Iterable[tuple[str, str]],
) -> tuple[list[tuple[Hashes, Hashes]], list[tuple[Hashes, Hashes]]]:
    """Return the shingles and the signature of each distinct instruction, and of each distinct program."""
    said: dict[str, None] = {}
    programs: dict[str, None] = {}
    for instruction, source in pairs:
        said[instruction] = programs[source] = None
    runs = ([runs_of(text, side) for text in texts] for side, texts in zip(SIDES, (said, programs), strict=True))
    instructions, codes = ([(found, signature(found)) for found in side] for side in runs)
    return instructions, codes


def runs_of(text: str, side: str) -> Hashes:
    """Return the shingles that near-duplicates are told by: of an instruction's words or of a program's tokens."""
    tokens = words(text) if side == SIDES[0] else code_tokens(text)
    return shingles(hash_tokens(tokens), Thresholds().near_width)
