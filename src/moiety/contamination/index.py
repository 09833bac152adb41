"""What a record is compared by, and the index that finds equal and similar ones without looking at every pair."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from moiety.contamination.boilerplate import NONE, SIDES, Boilerplate, tokens_of
from moiety.contamination.programs import Program, read_program
from moiety.contamination.rows import Record
from moiety.contamination.shingles import (
    Hashes,
    NearIndex,
    ShareIndex,
    digest,
    hash_tokens,
    jaccard,
    shared_count,
    shingles,
    signature,
)

MIN_TOKENS = 8
MIN_OWN_TOKENS = 3  # of an equal text that is boilerplate for the rest: "Solve task 7." is no match
Match = tuple[str, str, int, float, str]  # kind, side, number of the stored record, score, evidence


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What counts as found. Widths are in tokens; a share is of the shorter text's runs."""

    ngram: float = 0.8
    near: float = 0.6
    ngram_width: int = 8
    near_width: int = 3


@dataclass(frozen=True, slots=True)
class Traits:
    """A record as it is compared, per side, and its program without names.

    `tokens` are the hashes of the tokens that are no boilerplate, in order; `whole` is the digest of all of them with
    their number, nothing where the text is too short, or too little of it its own.
    """

    record: Record
    tokens: tuple[Hashes, Hashes]
    whole: tuple[tuple[bytes, int], tuple[bytes, int]]
    program: Program


def traits_of(
    record: Record,
    *,
    only_shapes: Container[str] | None = None,
    parse: bool = True,
    boilerplate: Boilerplate = NONE,
) -> Traits:
    """Return what a record is compared by; syntax trees only where their shape is among `only_shapes`.

    Without `parse` the program is taken to be Python that equals none: for rows of ours whose text tells as much.
    """
    program = Program(True)
    if parse:
        program = read_program(
            record.code, entry_point=record.entry_point, asserts=record.asserts, only_shapes=only_shapes
        )
    instruction, code = (hash_tokens(tokens) for tokens in tokens_of(record))
    own = boilerplate.rest(0, instruction), boilerplate.rest(1, code)
    whole = _whole(instruction, own[0]), _whole(code, own[1])
    return Traits(record, own, whole, program)


def _whole(tokens: Hashes, own: Hashes) -> tuple[bytes, int]:
    if len(tokens) < MIN_TOKENS or len(own) < MIN_OWN_TOKENS:
        return b"", 0
    return digest(tokens), len(tokens)


class TextIndex:
    """Stored records by text, by runs of tokens, by MinHash and by syntax tree; `shapes` are those of the trees."""

    def __init__(self, stored: Sequence[Traits], thresholds: Thresholds) -> None:
        self._thresholds = thresholds
        self._exact: dict[tuple[int, bytes], list[int]] = {}
        self._trees: dict[tuple[str, str], list[int]] = {}
        self._share: list[ShareIndex] = []
        self._near: list[NearIndex] = []
        self._short: list[list[Hashes]] = []
        self._any: list[Hashes] = []
        for side in range(len(SIDES)):
            self._add_side([traits.tokens[side] for traits in stored])
            for number, traits in enumerate(stored):
                if traits.whole[side][1]:
                    self._exact.setdefault((side, traits.whole[side][0]), []).append(number)
        self.shapes = {shape for traits in stored for shape in traits.program.shapes if shape}
        for number, traits in enumerate(stored):
            for label in _trees(traits.program):
                self._trees.setdefault(label, []).append(number)

    def _add_side(self, texts: Sequence[Hashes]) -> None:
        runs = [self._runs(tokens) for tokens in texts]
        near = [shingles(tokens, self._thresholds.near_width) for tokens in texts]
        long_enough = [len(tokens) >= MIN_TOKENS for tokens in texts]
        signatures = [signature(found) if ok else None for found, ok in zip(near, long_enough, strict=True)]
        self._near.append(NearIndex(signatures, least=self._thresholds.near))
        self._share.append(ShareIndex(runs))
        self._short.append(near)
        self._any.append(np.unique(np.concatenate(near)) if near else np.zeros(0, np.uint64))

    def _runs(self, tokens: Hashes) -> Hashes:
        """Return the runs that the share is taken of; none for a text of hardly more than one run."""
        width = self._thresholds.ngram_width
        return shingles(tokens, width) if len(tokens) >= width + MIN_TOKENS - 1 else tokens[:0]

    def matches(self, traits: Traits) -> Iterator[Match]:
        """Yield every match of a record, each kind once for a pair and side."""
        for side, tokens in enumerate(traits.tokens):
            key, length = traits.whole[side]
            if length:
                for number in self._exact.get((side, key), ()):
                    yield "text", SIDES[side], number, 1.0, f"equal in all {length} tokens"
            if len(tokens) >= MIN_TOKENS:
                yield from self._shares(side, self._runs(tokens))
                yield from self._similar(side, shingles(tokens, self._thresholds.near_width))
        seen: set[int] = set()
        for label, said in _trees(traits.program).items():
            for number in self._trees.get(label, ()):
                if number not in seen:
                    seen.add(number)
                    yield "ast", SIDES[1], number, 1.0, said

    def _shares(self, side: int, runs: Hashes) -> Iterator[Match]:
        for number, shared, shorter in self._share[side].sharing(runs, self._thresholds.ngram):
            said = f"{shared} of the shorter's {shorter} runs of {self._thresholds.ngram_width} tokens are in the other"
            yield "ngram", SIDES[side], number, shared / shorter, said

    def _similar(self, side: int, found: Hashes) -> Iterator[Match]:
        if len(found) * self._thresholds.near > shared_count(found, self._any[side]):
            return  # no single text can have as many of its runs as it would take
        for number in self._near[side].candidates(signature(found)):
            score = jaccard(found, self._short[side][number])
            if score >= self._thresholds.near:
                said = f"Jaccard similarity {score:.2f} of runs of {self._thresholds.near_width} tokens"
                yield "near", SIDES[side], number, score, said


def _trees(program: Program) -> dict[tuple[str, str], str]:
    """Return the labels that a program is found under, each with what it means for two to share it."""
    labels = {}
    if program.whole:
        labels["whole", program.whole] = "all functions equal once names and order are gone"
    if program.entry:
        labels["entry", program.entry] = "entry points, with all they call, equal once names are gone"
    return labels
