"""Keys of a million rows as fixed-width arrays: the first 16 bytes of each, sorted and distinct per set.

Two different keys agree in 128 bits with a chance below 1 in 10^26 for a million rows, so a shared one is shared.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from moiety.rows import RowError, row_error

KINDS = ("structure_key", "source_key", "behaviour_key")
Keys = npt.NDArray[np.void]
DIGITS = 64
_VALUE = np.full(256, 255, np.uint8)
for _number, _digit in enumerate(b"0123456789abcdef"):
    _VALUE[_digit] = _number


def keys_of(path: Path, before: int, batch: Any, kind: str) -> Keys:
    """Return one kind of keys of a batch that `before` rows come before. Raises UserError naming file and row."""
    try:
        return key_bytes(batch.column(kind))
    except ValueError as error:
        place = int(str(error))
        wrong = RowError(kind, batch.column(kind)[place].as_py(), "64 hexadecimal digits")
        raise row_error(path, before + place + 1, wrong) from None


def key_bytes(column: Any) -> Keys:
    """Return a column of hexadecimal SHA-256 keys as an array of their first 16 bytes.

    Raises ValueError naming the place, from 0, of the first one that is no key.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    lengths = np.asarray(pc.fill_null(pc.binary_length(column), 0))
    if (lengths != DIGITS).any():
        raise ValueError(str(int(np.argmax(lengths != DIGITS))))
    packed = pc.cast(pc.cast(column, pa.binary()), pa.binary(DIGITS))
    text = np.frombuffer(packed.buffers()[1], np.uint8, count=DIGITS * len(packed), offset=DIGITS * packed.offset)
    digits = _VALUE[text.reshape(-1, DIGITS)]
    wrong = (digits == 255).any(axis=1)
    if wrong.any():
        raise ValueError(str(int(np.argmax(wrong))))
    whole = (digits[:, 0:32:2] << 4) | digits[:, 1:32:2]
    return np.ascontiguousarray(whole).view("V16").ravel()


def shared(a: Keys, b: Keys) -> int:
    """Return how many keys two sorted arrays of distinct keys share."""
    small, large = (a, b) if len(a) <= len(b) else (b, a)
    if not len(small):
        return 0
    places = np.minimum(np.searchsorted(large, small), len(large) - 1)
    return int((large[places] == small).sum())


def shared_of_all(sets: Mapping[str, Mapping[str, Keys]]) -> dict[tuple[str, str], dict[str, int]]:
    """Return, per pair of sets, how many keys of each kind both hold. Arrays are sorted and distinct."""
    names = list(sets)
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    return {(a, b): {kind: shared(sets[a][kind], sets[b][kind]) for kind in KINDS} for a, b in pairs}
