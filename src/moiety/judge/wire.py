"""The layouts that cross between trainer, supervisor, zygote and candidate.

Between trusted processes: a length and a marshalled tuple. From a candidate: bytes in its page, read after its death by
the strict parser here. Nothing a candidate wrote is ever unmarshalled, unpickled or evaluated.

    page    [loaded u32][used u32] frame*        frame    [kind u8][index u32][length u32] body
"""

from __future__ import annotations

import marshal
import struct
from typing import Any

HEADER = struct.Struct("<dIIII")  # to a zygote: CPU limit, page bytes, bytes per answer, job bytes, flags
RESULT = struct.Struct("<iIdI")  # from a zygote: wait status, flags, CPU seconds, bytes of page that follow
PAGE = struct.Struct("<II")
FRAME = struct.Struct("<BII")
OVER_CPU, JOB_UNREAD, FORK_REFUSED = 1, 2, 4  # flags of RESULT
OVER_MEMORY, OVER_TASKS = 8, 16  # of all processes of a program together; too many threads
WANT_ARGUMENTS = 1  # flags of HEADER: answer (value, arguments after the call)

VALUE, RAISED, UNSERIALISABLE, TOO_LARGE, MEMORY = 1, 2, 3, 4, 5  # one per test, in order
LOAD_ERROR, LOAD_RAISED, LOAD_MEMORY, EXITED, DONE = 16, 17, 18, 19, 20  # the last frame
_TESTS = frozenset((VALUE, RAISED, UNSERIALISABLE, TOO_LARGE, MEMORY))
_ENDS = frozenset((LOAD_ERROR, LOAD_RAISED, LOAD_MEMORY, EXITED, DONE))

_LENGTH = struct.Struct("<I")
MAX_MESSAGE, MAX_PAGE = 1 << 30, 1 << 28


class FrameError(ValueError):
    """Frames that the candidate's writer cannot have written."""


def pack(message: tuple[Any, ...]) -> bytes:
    """Return a message between trusted processes."""
    body = marshal.dumps(message, 2)
    return _LENGTH.pack(len(body)) + body


class Unpacker:
    """Cut a byte stream between trusted processes into messages."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> list[tuple[Any, ...]]:
        """Take more bytes and return the messages that are now complete."""
        self._data += data
        messages, at = [], 0
        while len(self._data) - at >= 4:
            (length,) = _LENGTH.unpack_from(self._data, at)
            if len(self._data) - at - 4 < length:
                break
            messages.append(marshal.loads(bytes(self._data[at + 4 : at + 4 + length])))
            at += 4 + length
        del self._data[:at]
        return messages


def parse_frames(page: bytes, num_tests: int) -> tuple[list[tuple[int, bytes]], tuple[int, bytes] | None]:
    """Return the frames of the tests in order, and the last frame if there is one. Raises FrameError."""
    tests: list[tuple[int, bytes]] = []
    end: tuple[int, bytes] | None = None
    at = PAGE.size
    while at < len(page):
        if len(page) - at < FRAME.size:
            raise FrameError("a frame cut short")
        kind, index, length = FRAME.unpack_from(page, at)
        at += FRAME.size
        if length > len(page) - at:
            raise FrameError(f"a frame of {length} bytes with {len(page) - at} left")
        if end is not None or index != len(tests):
            raise FrameError(f"frame {index} of kind {kind} where {len(tests)} tests were answered")
        body = page[at : at + length]
        at += length
        if kind in _TESTS and index < num_tests:
            tests.append((kind, body))
        elif kind in _ENDS and (kind != DONE or index == num_tests):
            end = (kind, body)
        else:
            raise FrameError(f"frame of kind {kind} at index {index} of {num_tests}")
    return tests, end
