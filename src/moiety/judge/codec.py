"""The wire codec: canonical bytes of plain values, and the one exact equality.

Equal bytes if and only if the values are exactly equal: bool is not int, int is not float, tuple is not list; dicts and
sets do not depend on order. Each value is one tag and, where needed, a length and a body.
"""

from __future__ import annotations

import struct
from typing import Any


class CodecError(Exception):
    """A value that cannot be encoded, or bytes that are not the canonical form of a value."""


def encode(value: Any) -> bytes:
    """Return the canonical bytes of a plain value. Raises CodecError for any other type."""
    parts: list[bytes] = []
    _write(value, parts, 0)
    return b"".join(parts)


def equal(a: Any, b: Any) -> bool:
    """Tell whether two plain values are exactly equal."""
    return encode(a) == encode(b)


def _write(value: Any, parts: list[bytes], depth: int) -> None:
    if depth > 64:
        raise CodecError("value nested deeper than 64")
    kind = type(value)
    if kind is int:
        body = b"%x" % value
        parts.append(b"I%d:%b" % (len(body), body))
    elif kind is str:
        body = value.encode("utf-8", "surrogatepass")
        parts.append(b"S%d:%b" % (len(body), body))
    elif kind is bool:
        parts.append(b"T" if value else b"F")
    elif value is None:
        parts.append(b"N")
    elif kind is list or kind is tuple:
        parts.append(b"%b%d:" % (b"L" if kind is list else b"U", len(value)))
        for item in value:
            _write(item, parts, depth + 1)
    elif kind is float:
        parts.append(b"D" + struct.pack(">d", value))
    else:
        raise CodecError(f"cannot encode {kind.__name__}")
