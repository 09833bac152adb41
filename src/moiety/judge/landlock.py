"""Landlock: reading the interpreter's libraries, and nothing else of the file system; no TCP; no signal outside.

Not a list of secrets to hide: what is not granted is refused. Rights are granted entry by entry, because Landlock
cannot take away below a grant: the third-party folders beside the standard library stay out of reach.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat

from moiety.judge import kernel

_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_FS_BITS = {1: 13, 2: 14, 3: 15, 4: 15}  # later versions: 16
_BIND_CONNECT_TCP, _ABSTRACT_SOCKET_AND_SIGNAL = 3, 3


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("access", ctypes.c_uint64), ("parent", ctypes.c_int32))


def abi() -> int:
    """Return the kernel's Landlock version, 0 where there is none."""
    try:
        return kernel.syscall("landlock_create_ruleset", None, 0, 1)
    except OSError:
        return 0


def restrict(readable: list[str], listable: list[str], descriptors: tuple[int, ...] = ()) -> None:
    """Allow this process to read beneath `readable` and to list `listable`, for good. Needs no_new_privs.

    `descriptors` are of folders that no path leads to: whoever has one open may read beneath it.
    """
    version = abi()
    attributes = _Ruleset((1 << _FS_BITS.get(version, 16)) - 1, _BIND_CONNECT_TCP, _ABSTRACT_SOCKET_AND_SIGNAL)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = kernel.syscall("landlock_create_ruleset", ctypes.byref(attributes), size, 0)
    for path in readable:
        _grant(ruleset, path, _READ_FILE | _READ_DIR)
    for path in listable:
        _grant(ruleset, path, _READ_DIR)
    _grant(ruleset, os.devnull, _READ_FILE | _WRITE_FILE)
    for descriptor in descriptors:
        _add(ruleset, descriptor, _READ_FILE | _READ_DIR)
    kernel.syscall("landlock_restrict_self", ruleset, 0)
    os.close(ruleset)


def _grant(ruleset: int, path: str, access: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
                access &= ~_READ_DIR
            _add(ruleset, descriptor, access)
        finally:
            os.close(descriptor)


def _add(ruleset: int, descriptor: int, access: int) -> None:
    rule = _Beneath(access, descriptor)
    kernel.syscall("landlock_add_rule", ruleset, 1, ctypes.byref(rule), 0)
