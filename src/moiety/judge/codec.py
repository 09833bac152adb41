"""The wire codec: canonical bytes of plain values, and the one exact equality.

Equal bytes if and only if the values are exactly equal: bool is not int, int is not float, tuple is not list, 0.0 is
not -0.0; every NaN is the same NaN; dicts and sets do not depend on order. A value is one tag and, where needed, a
length in decimal, a colon and a body. Only exact builtin types are encoded: a subclass may lie about itself.

The decoder is strict, because a hostile program may have written the bytes: it accepts the canonical form alone, caps
depth and length, and refuses sets and dicts built to collide. Not pickle and not marshal: nothing is ever executed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

MAX_DEPTH = 64
MAX_BYTES = 1 << 24
_MAX_COLLISIONS = 32
_NAN = struct.pack(">d", float("nan"))


class CodecError(ValueError):
    """A value that cannot be encoded, or bytes that are not the canonical form of a value."""


def encode(value: Any, *, max_depth: int = MAX_DEPTH) -> bytes:
    """Return the canonical bytes of a plain value. Raises CodecError for any other type or a deeper nesting."""
    parts: list[bytes] = []
    _write(value, parts.append, max_depth)
    return b"".join(parts)


def equal(a: Any, b: Any) -> bool:
    """Return True if two plain values are exactly equal."""
    return encode(a) == encode(b)


def decode(data: bytes, *, max_depth: int = MAX_DEPTH, max_bytes: int = MAX_BYTES) -> Any:
    """Return the value whose canonical form is `data`. Raises CodecError for anything else."""
    if len(data) > max_bytes:
        raise CodecError(f"need at most {max_bytes} bytes, got {len(data)}")
    value, end = _read(data, 0, max_depth)
    if end != len(data):
        raise CodecError(f"{len(data) - end} bytes after the end of the value")
    return value


def _write(value: Any, out: Callable[[bytes], None], room: int) -> None:
    if room < 0:
        raise CodecError("nested too deeply")
    kind = type(value)
    if kind is int:
        body = b"%x" % value
        out(b"I%d:%b" % (len(body), body))
    elif kind is str:
        body = value.encode("utf-8", "surrogatepass")
        out(b"S%d:%b" % (len(body), body))
    elif kind is bool:
        out(b"T" if value else b"F")
    elif value is None:
        out(b"N")
    elif kind is list or kind is tuple:
        out(b"%b%d:" % (b"L" if kind is list else b"U", len(value)))
        for item in value:
            _write(item, out, room - 1)
    elif kind is float:
        out(b"D" + (_NAN if value != value else struct.pack(">d", value)))
    elif kind is dict:
        out(b"M%d:" % len(value))
        for key, item in sorted([(_form(key, room - 1), item) for key, item in value.items()], key=_first):
            out(key)
            _write(item, out, room - 1)
    elif kind is set or kind is frozenset:
        out(b"%b%d:" % (b"E" if kind is set else b"Z", len(value)))
        for form in sorted([_form(item, room - 1) for item in value]):
            out(form)
    elif kind is bytes:
        out(b"B%d:%b" % (len(value), value))
    elif kind is complex:
        out(b"C" + struct.pack(">dd", value.real, value.imag))
    else:
        raise CodecError(f"cannot encode {kind.__name__}")


def _first(pair: tuple[bytes, Any]) -> bytes:
    return pair[0]


def _form(value: Any, room: int) -> bytes:
    parts: list[bytes] = []
    _write(value, parts.append, room)
    return b"".join(parts)


def _read(data: bytes, at: int, room: int) -> tuple[Any, int]:
    if room < 0:
        raise CodecError("nested too deeply")
    tag = data[at : at + 1]
    at += 1
    if tag == b"N":
        return None, at
    if tag == b"T" or tag == b"F":
        return tag == b"T", at
    if tag == b"D":
        return _read_float(data, at)
    if tag == b"C":
        return complex(*struct.unpack(">dd", _body(data, at, 16))), at + 16
    count, at = _read_count(data, at)
    if tag == b"I":
        return _read_int(_body(data, at, count)), at + count
    if tag == b"S":
        return _read_text(_body(data, at, count)), at + count
    if tag == b"B":
        return _body(data, at, count), at + count
    if count > len(data) - at:
        raise CodecError(f"a length of {count} with {len(data) - at} bytes left")
    if tag == b"L" or tag == b"U":
        items = []
        for _ in range(count):
            item, at = _read(data, at, room - 1)
            items.append(item)
        return (items if tag == b"L" else tuple(items)), at
    if tag == b"M":
        return _read_dict(data, at, count, room)
    if tag == b"E" or tag == b"Z":
        return _read_set(data, at, count, room, tag)
    raise CodecError(f"unknown tag {tag!r}")


def _body(data: bytes, at: int, count: int) -> bytes:
    body = data[at : at + count]
    if len(body) != count:
        raise CodecError(f"a length of {count} with {len(body)} bytes left")
    return body


def _read_count(data: bytes, at: int) -> tuple[int, int]:
    end = data.find(b":", at, at + 12)
    digits = data[at:end] if end > at else b""
    if not digits.isdigit() or (digits[:1] == b"0" and len(digits) > 1):
        raise CodecError("a length that is not a plain decimal number")
    return int(digits), end + 1


def _read_int(body: bytes) -> int:
    digits = body[1:] if body[:1] == b"-" else body
    if not digits or digits.strip(b"0123456789abcdef") or (digits[:1] == b"0" and body != b"0"):
        raise CodecError("an int that is not in canonical hexadecimal")
    return int(body, 16)


def _read_float(data: bytes, at: int) -> tuple[float, int]:
    body = _body(data, at, 8)
    value = struct.unpack(">d", body)[0]
    if value != value and body != _NAN:
        raise CodecError("a NaN that is not the canonical one")
    return value, at + 8


def _read_text(body: bytes) -> str:
    try:
        return body.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise CodecError(f"text that is not UTF-8: {error.reason}") from error


def _read_keys(data: bytes, at: int, count: int, room: int, *, pairs: bool) -> tuple[list[Any], list[Any], int]:
    keys, values, last = [], [], b""
    for _ in range(count):
        start = at
        key, at = _read(data, at, room - 1)
        form = data[start:at]
        if form <= last:
            raise CodecError("keys out of order or repeated")
        last = form
        keys.append(key)
        if pairs:
            value, at = _read(data, at, room - 1)
            values.append(value)
    refuse_collisions(keys)
    return keys, values, at


def refuse_collisions(keys: list[Any]) -> None:
    """Raise CodecError if the elements have no hash, or too many of them the same: a set of them would cost seconds."""
    try:
        hashes = sorted(map(hash, keys))
    except TypeError as error:
        raise CodecError(f"an element that cannot be hashed: {error}") from error
    for i in range(len(hashes) - _MAX_COLLISIONS):
        if hashes[i] == hashes[i + _MAX_COLLISIONS]:
            raise CodecError("elements built to collide")


def _read_dict(data: bytes, at: int, count: int, room: int) -> tuple[dict[Any, Any], int]:
    keys, values, at = _read_keys(data, at, count, room, pairs=True)
    mapping = dict(zip(keys, values, strict=True))
    if len(mapping) != count:
        raise CodecError("keys that are equal to one another")
    return mapping, at


def _read_set(data: bytes, at: int, count: int, room: int, tag: bytes) -> tuple[Any, int]:
    keys, _, at = _read_keys(data, at, count, room, pairs=False)
    elements = set(keys)
    if len(elements) != count:
        raise CodecError("elements that are equal to one another")
    return (elements if tag == b"E" else frozenset(elements)), at
