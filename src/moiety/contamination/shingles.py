"""Texts as sets of hashed shingles, and MinHash over them.

Broder 1997, "On the resemblance and containment of documents".

Not a similarity of meaning: two texts are alike where they share runs of words. Hashes do not depend on the machine or
on PYTHONHASHSEED.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]

PERMUTATIONS = 120
_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?|[\u3400-\u9fff]|[^\W\d_a-z\u3400-\u9fff]+", re.UNICODE)
_CODE_TOKEN = re.compile(r"[^\W\d]\w*|\d[\w.]*|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|[^\w\s]")
_COMMENT = re.compile(r"#[^\n'\"]*$", re.MULTILINE)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_STEP = np.uint64(0xD6E8FEB86659FD93)
_GENERATOR = np.random.Generator(np.random.PCG64(0x6D696E68617368))  # fixed: signatures of two runs can be compared
_FACTORS: Hashes = _GENERATOR.integers(1, 2**63, PERMUTATIONS, dtype=np.uint64) | np.uint64(1)
_SHIFTS: Hashes = _GENERATOR.integers(0, 2**63, PERMUTATIONS, dtype=np.uint64)
_known: dict[str, int] = {}


def words(text: str) -> list[str]:
    """Return the words of a text in lower case without punctuation; a Chinese character is a word."""
    return _WORD.findall(text.lower())


def code_tokens(source: str) -> list[str]:
    """Return the tokens of a program without comments, white space and indentation. It need not parse."""
    return _CODE_TOKEN.findall(_COMMENT.sub("", source))


def _token_hash(token: str) -> int:
    value = _known.get(token)
    if value is None:
        if len(_known) >= 1 << 18:  # of no use beyond a vocabulary
            _known.clear()
        value = int.from_bytes(hashlib.blake2b(token.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
        _known[token] = value
    return value


def hash_tokens(tokens: Sequence[str]) -> Hashes:
    """Return one 64-bit hash a token, in order."""
    return np.fromiter(map(_token_hash, tokens), np.uint64, len(tokens))


def shingles(hashes: Hashes, width: int) -> Hashes:
    """Return the distinct hashes of all runs of `width` tokens, sorted; of a shorter text, the hash of the whole."""
    return np.unique(rolled(hashes, width))


def rolled(hashes: Hashes, width: int) -> Hashes:
    """Return the hash of the run of `width` tokens that begins at each token where one fits; of a shorter text, one."""
    width = min(width, len(hashes))
    if width == 0:
        return hashes
    found = np.zeros(len(hashes) - width + 1, np.uint64)
    for start in range(width):
        found = found * _STEP + hashes[start : len(hashes) - width + 1 + start]
    found ^= found >> np.uint64(29)
    found *= _MIX
    return found ^ (found >> np.uint64(32))


def digest(hashes: Hashes) -> bytes:
    """Return what tells a whole text from any other, in 16 bytes."""
    return hashlib.blake2b(hashes.tobytes(), digest_size=16).digest()


def signature(found: Hashes) -> Hashes:
    """Return the MinHash signature of a set of at least one shingle: the least value under each permutation."""
    values: Hashes = (found[:, None] * _FACTORS + _SHIFTS).min(axis=0)
    return values


def jaccard(a: Hashes, b: Hashes) -> float:
    """Return the share of the shingles of either set that both have. Sets are sorted."""
    if not len(a) or not len(b):
        return 0.0
    both = shared_count(a, b)
    return both / (len(a) + len(b) - both)


def shared_count(a: Hashes, b: Hashes) -> int:
    """Return how many shingles of one sorted set are in another."""
    return int((b[np.minimum(np.searchsorted(b, a), len(b) - 1)] == a).sum()) if len(b) else 0


class NearIndex:
    """Locality-sensitive hashing of signatures: sets that agree in one band of rows are candidates.

    Of pairs of similarity 0.6 four rows a band miss 2 in 100, and six rows miss 1 in 400 of similarity 0.8.
    """

    def __init__(self, signatures: Sequence[Hashes | None], *, least: float) -> None:
        """Index signatures by their place; None has no place in it. Pairs less similar than `least` are of no use."""
        self._rows = 6 if least >= 0.8 else 4 if least >= 0.6 else 3
        self._slack = least - 4 * (0.25 / PERMUTATIONS) ** 0.5
        self._buckets: dict[tuple[int, bytes], list[int]] = {}
        self._kept = np.zeros((len(signatures), PERMUTATIONS), np.uint64)
        for number, values in enumerate(signatures):
            if values is not None:
                self._kept[number] = values
                for band in self._bands(values):
                    self._buckets.setdefault(band, []).append(number)

    def _bands(self, values: Hashes) -> list[tuple[int, bytes]]:
        return [(first, values[first : first + self._rows].tobytes()) for first in range(0, PERMUTATIONS, self._rows)]

    def candidates(self, values: Hashes) -> list[int]:
        """Return the places of the sets that agree in a band and may be similar enough, in ascending order."""
        found: set[int] = set()
        for band in self._bands(values):
            found.update(self._buckets.get(band, ()))
        if not found:
            return []
        places = np.array(sorted(found))
        estimates = (self._kept[places] == values).mean(axis=1)
        return [int(place) for place in places[estimates >= self._slack]]


class ShareIndex:
    """How many shingles each stored set shares with a given one: a sorted list of (shingle, owner)."""

    def __init__(self, sets: Sequence[Hashes]) -> None:
        sizes = np.array([len(found) for found in sets], np.int64)
        hashes = np.concatenate(sets) if sets else np.zeros(0, np.uint64)
        owners = np.repeat(np.arange(len(sets)), sizes)
        order = np.argsort(hashes, kind="stable")
        self._hashes, self._owners, self._sizes = hashes[order], owners[order], sizes

    def sharing(self, found: Hashes, share: float) -> list[tuple[int, int, int]]:
        """Return (place, shared, shorter) of each stored set with `share` or more of the shorter set's shingles."""
        starts = np.searchsorted(self._hashes, found, side="left")
        sizes = np.searchsorted(self._hashes, found, side="right") - starts
        total = int(sizes.sum())
        if not total:
            return []
        before = np.repeat(np.cumsum(sizes) - sizes, sizes)
        counts = np.bincount(self._owners[np.repeat(starts, sizes) + np.arange(total) - before])
        shorter = np.minimum(self._sizes[: len(counts)], len(found))
        places = np.flatnonzero((counts >= share * shorter) & (counts > 0))
        return [(int(place), int(counts[place]), int(shorter[place])) for place in places]
