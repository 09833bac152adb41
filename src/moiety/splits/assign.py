"""Which split and which test domain a function belongs to: the hash of its behaviour key says, and nothing else.

Membership does not depend on what else was drawn, on counts or on order, so adding data later moves nothing; and two
functions that behave alike always land in the same set. Test keys are divided once more, into domains, so that these
are disjoint too; the study, whose domains differ in depth, leaves that second division out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

SHARES = (("train", 0.50), ("validation", 0.15), ("test", 0.35))
DOMAIN_SHARES = (
    ("recombined", 0.25),
    ("deeper", 0.15),
    ("reshaped", 0.20),
    ("held_out_atoms", 0.20),
    ("retention", 0.20),
)
SAME_FUNCTIONS = ("rephrased", "other_language")  # those of `recombined`, in other words
DIGITS = 15  # of 64; as many for the split, as many after them for the domain


def split_of(behaviour_key: str) -> str:
    """Return the split that a composition belongs to, by hash of its behaviour key (64 hexadecimal digits)."""
    return _share(SHARES, behaviour_key[:DIGITS])


def set_of(behaviour_key: str) -> str:
    """Return `train`, `validation` or, of a test key, the domain that the key's next digits give."""
    split = split_of(behaviour_key)
    return _share(DOMAIN_SHARES, behaviour_key[DIGITS : 2 * DIGITS]) if split == "test" else split


def _share(shares: Sequence[tuple[str, float]], digits: str) -> str:
    position = int(digits, 16) / 16**DIGITS
    for name, share in shares:
        if position < share:
            return name
        position -= share
    return shares[-1][0]


def sets_of(keys: npt.NDArray[np.void]) -> npt.NDArray[np.str_]:
    """Return what `set_of` returns of each key; keys are their first 16 bytes, as `proof.key_bytes` gives them."""
    halves = keys.view(">u8").reshape(-1, 2).astype(np.uint64)
    first = halves[:, 0] >> np.uint64(4)
    second = ((halves[:, 0] & np.uint64(15)) << np.uint64(56)) | (halves[:, 1] >> np.uint64(8))
    splits = _shares(SHARES, first)
    return np.where(splits == "test", _shares(DOMAIN_SHARES, second), splits)


def _shares(shares: Sequence[tuple[str, float]], numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.str_]:
    position = numbers / float(16**DIGITS)
    found = np.full(len(numbers), shares[-1][0], dtype=f"<U{max(len(name) for name, _ in SHARES + DOMAIN_SHARES)}")
    left = np.ones(len(numbers), bool)
    for name, share in shares:
        here = left & (position < share)
        found[here] = name
        left &= ~here
        position = position - share
    return found
