"""Linux system calls that the standard library does not offer, through ctypes.

Not a policy: `isolation` says what is done with them, and in which order. Everything raises OSError with the call's
name. On another system `LINUX` is false and nothing here may be called.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from functools import partial
from typing import Any

LINUX = sys.platform == "linux"
MACHINE = platform.machine() if LINUX else ""
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 24, 38
PR_SET_KEEPCAPS, PR_SET_CHILD_SUBREAPER, PR_SET_THP_DISABLE, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 8, 36, 41, 47, 4
CAP_CHECKPOINT_RESTORE = 40
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER = 0x20000, 0x4000000, 0x8000000, 0x10000000
CLONE_NEWPID, CLONE_NEWNET = 0x20000000, 0x40000000
OPEN_TREE_CLONE, AT_RECURSIVE, AT_EMPTY_PATH, AT_FDCWD, O_CLOEXEC = 1, 0x8000, 0x1000, -100, 0o2000000
MOVE_MOUNT_F_EMPTY_PATH = 4
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID = 1, 2
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE, MNT_DETACH = 2, 4, 8, 16384, 1 << 18, 2

_COMMON = {"open_tree": 428, "move_mount": 429, "mount_setattr": 442}
_COMMON |= {"landlock_create_ruleset": 444, "landlock_add_rule": 445, "landlock_restrict_self": 446}
_NUMBERS = {
    "x86_64": {"clone": 56, "pivot_root": 155} | _COMMON,
    "aarch64": {"clone": 220, "pivot_root": 41} | _COMMON,
}
NUMBERS = _NUMBERS.get(MACHINE, {})
_libc = ctypes.CDLL(None, use_errno=True) if LINUX else None
if _libc is not None:
    _libc.syscall.restype = ctypes.c_long


class _MountAttr(ctypes.Structure):
    _fields_ = (
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


def _check(name: str, result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def syscall(name: str, *arguments: object) -> int:
    """Make the system call `name` with ints, bytes, None or ctypes values."""
    if _libc is None or name not in NUMBERS:
        raise OSError(f"{name}: not on this system")
    widened = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return _check(name, _libc.syscall(ctypes.c_long(NUMBERS[name]), *widened))


def prctl(option: int, *arguments: int) -> None:
    """Call prctl(2)."""
    if _libc is None:
        raise OSError("prctl: not on this system")
    widened = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    _check(f"prctl({option})", _libc.prctl(option, *widened))


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """Call mount(2)."""
    assert _libc is not None
    arguments = (source.encode(), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), data.encode())
    _check(f"mount {target}", _libc.mount(*arguments))


def clone_tree(path: str) -> int:
    """Return a descriptor of a detached copy of the mounts at and below `path`."""
    flags = OPEN_TREE_CLONE | AT_RECURSIVE | O_CLOEXEC
    return syscall("open_tree", AT_FDCWD, os.fsencode(path), flags)


def attach_tree(descriptor: int, target: str) -> None:
    """Attach a detached mount at `target`."""
    syscall("move_mount", descriptor, b"", AT_FDCWD, os.fsencode(target), MOVE_MOUNT_F_EMPTY_PATH)


def make_read_only(path: str, *, recursive: bool) -> None:
    """Set a mount read-only and without set-user-id."""
    attributes = _MountAttr(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0, 0, 0)
    flags = AT_RECURSIVE if recursive else 0
    pointer = ctypes.byref(attributes)
    syscall("mount_setattr", AT_FDCWD, os.fsencode(path), flags, pointer, ctypes.sizeof(attributes))


def pivot_to(path: str) -> None:
    """Make `path` the root and detach the old root."""
    assert _libc is not None
    os.chdir(path)
    syscall("pivot_root", b".", b".")
    unmount(".")
    os.chdir("/")


def set_hostname(name: str) -> None:
    """Call sethostname(2)."""
    assert _libc is not None
    _check("sethostname", _libc.sethostname(name.encode(), ctypes.c_size_t(len(name))))


def unmount(path: str) -> None:
    """Detach a mount from the file system; what is open below it stays usable."""
    assert _libc is not None
    _check(f"umount2 {path}", _libc.umount2(os.fsencode(path), MNT_DETACH))


def drop_capabilities(*, keep: int | None = None) -> None:
    """Give up every capability of this process but `keep`, now and after any exec."""
    for capability in range(64):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            break  # past the last capability of this kernel, or not allowed to (then there is none to drop)
    _capset(0 if keep is None else 1 << keep)


def _capset(bits: int) -> None:
    low, high = bits & 0xFFFFFFFF, bits >> 32
    words = (ctypes.c_uint32 * 6)(low, low, 0, high, high, 0)  # effective, permitted, inheritable: low words, then high
    if _capset_of_libc(_HEADER_AT, ctypes.addressof(words)):
        raise OSError("capset: refused")


# Plain numbers, and a call that keeps the interpreter: every page that a child is the first to touch costs it a fault.
_capset_of_libc: Any = ctypes.PyDLL(None).capset if LINUX else int
if LINUX:
    _capset_of_libc.argtypes = (ctypes.c_void_p, ctypes.c_void_p)
_CAPABILITY_HEADER = (ctypes.c_uint32 * 2)(0x20080522, 0)
_NO_CAPABILITIES = (ctypes.c_uint32 * 6)()
_HEADER_AT = ctypes.addressof(_CAPABILITY_HEADER)
# give up what `drop_capabilities` kept; returns 0, or -1 where that failed
drop_last_capability = partial(_capset_of_libc, _HEADER_AT, ctypes.addressof(_NO_CAPABILITIES))
