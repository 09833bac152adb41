"""The system calls that a candidate may make: an allow-list, compiled to classic BPF.

Everything else gives EPERM; a foreign architecture (32-bit calls) kills. Not a boundary by itself: `isolation` puts it
on last, when nothing more needs to be opened, mounted or limited.

A call is also refused where it leaves a mark on what siblings share: the files of the libraries (locks, leases, owners,
notification, hints: most commands of fcntl; wait queues of futexes in a mapped file; residency in memory), the count of
all tasks and of shared memory (sysinfo), and the zygote's own accounts (a child that nobody has to wait for).
"""

from __future__ import annotations

import ctypes
import struct

from moiety.judge import kernel

_ALLOW, _KILL, _ERRNO, _EPERM, _EAGAIN, _EINVAL, _ENOSYS = 0x7FFF0000, 0x80000000, 0x00050000, 1, 11, 22, 38
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CLONE_THREAD = 0x10000
_CLONE_FORBIDDEN = 0x7E02A000  # every namespace flag, CLONE_PARENT, CLONE_PTRACE

# name: (x86_64, aarch64); -1 where the machine has no such call
_CALLS = {
    "read": (0, 63), "write": (1, 64), "open": (2, -1), "close": (3, 57), "stat": (4, -1), "fstat": (5, 80),
    "lstat": (6, -1), "poll": (7, -1), "lseek": (8, 62), "mprotect": (10, 226), "munmap": (11, 215),
    "brk": (12, 214), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
    "pread64": (17, 67), "pwrite64": (18, 68), "readv": (19, 65), "writev": (20, 66), "access": (21, -1),
    "pipe": (22, -1), "select": (23, -1), "sched_yield": (24, 124), "mremap": (25, 216),
    "dup": (32, 23), "dup2": (33, -1), "pause": (34, -1), "nanosleep": (35, 101), "getitimer": (36, 102),
    "alarm": (37, -1), "setitimer": (38, 103), "getpid": (39, 172), "recvfrom": (45, 207),
    "shutdown": (48, 210), "exit": (60, 93), "wait4": (61, 260), "uname": (63, 160),
    "getcwd": (79, 17), "readlink": (89, -1), "gettimeofday": (96, 169), "getrusage": (98, 165),
    "times": (100, 153), "getuid": (102, 174), "getgid": (104, 176), "geteuid": (107, 175), "getegid": (108, 177),
    "getppid": (110, 173), "getpgrp": (111, -1), "getgroups": (115, 158), "capset": (126, 91),
    "rt_sigpending": (127, 136), "rt_sigtimedwait": (128, 137), "rt_sigsuspend": (130, 133),
    "sigaltstack": (131, 132), "gettid": (186, 178), "time": (201, -1), "sched_getaffinity": (204, 123),
    "getdents64": (217, 61), "set_tid_address": (218, 96), "restart_syscall": (219, 128), "clock_gettime": (228, 113),
    "clock_getres": (229, 114), "clock_nanosleep": (230, 115), "exit_group": (231, 94), "epoll_wait": (232, -1),
    "epoll_ctl": (233, 21), "waitid": (247, 95), "openat": (257, 56), "newfstatat": (262, 79), "readlinkat": (267, 78),
    "faccessat": (269, 48), "pselect6": (270, 72), "ppoll": (271, 73), "set_robust_list": (273, 99),
    "epoll_pwait": (281, 22), "eventfd2": (290, 19), "epoll_create1": (291, 20), "dup3": (292, 24), "pipe2": (293, 59),
    "getrandom": (318, 278), "statx": (332, 291), "rseq": (334, 293), "pidfd_open": (434, 434),
    "close_range": (436, 436),
    "faccessat2": (439, 439),
}  # fmt: skip
_SIGNALS = {"kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "pidfd_send_signal": (424, 424)}
_CLONE, _CLONE3, _PRCTL = (56, 220), (435, 435), (157, 167)
_PRLIMIT, _SOCKETPAIR, _IOCTL = (302, 261), (53, 199), (16, 29)
_IOCTLS = (0x5401, 0x5421, 0x5450, 0x5451, 0x541B)  # TCGETS, FIONBIO, FIONCLEX, FIOCLEX, FIONREAD
_PR_SET_NAME = 15
_FCNTL, _FCNTLS = (72, 25), (0, 1, 2, 3, 4, 1030)  # F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC
_FUTEX, _FUTEX_PRIVATE = (202, 98), 128
_SENDTO, _RT_SIGACTION, _SIGCHLD = (44, 206), (13, 134), 17
_MMAP, _MMAP_FORBIDDEN = (9, 222), 0x42000  # MAP_HUGETLB, MAP_LOCKED: pools that all share
_MADVISE, _ADVICE = (28, 233), (0, 1, 2, 3, 4, 8, 9, 10, 11, 14, 15, 16, 17, 18, 19)  # not out of memory, not merged


class _Program(ctypes.Structure):
    _fields_ = (("count", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


class Filter:
    """A compiled filter, ready to be put on with one system call."""

    def __init__(self, instructions: list[bytes]) -> None:
        self._code = ctypes.create_string_buffer(b"".join(instructions))
        self._program = _Program(len(instructions), ctypes.addressof(self._code))
        self._address = ctypes.addressof(self._program)

    def install(self) -> None:
        """Put the filter on this process and all that it starts. Needs no_new_privs."""
        kernel.prctl(kernel.PR_SET_SECCOMP, 2, self._address)


def supported() -> bool:
    """Tell whether the calls of this machine are known."""
    return kernel.MACHINE in _ARCHITECTURES


def zygote_filter(*, second: bool) -> Filter:
    """Return the allow-list for a zygote and, inherited, its candidates. `second`: another filter may be put on."""
    listed = [_allow(_pick(numbers)) for numbers in (*_CALLS.values(), *_SIGNALS.values()) if _pick(numbers) >= 0]
    special = [
        _when(_pick(_CLONE), _load(16) + _jump(_ANY_BIT, _CLONE_FORBIDDEN, _refuse(_EPERM)) + _return(_ALLOW)),
        _when(_pick(_CLONE3), _refuse(_ENOSYS)),
        _when(_pick(_PRLIMIT), _argument_is(2, 0, _return(_ALLOW)) + _refuse(_EPERM)),
        _when(_pick(_SOCKETPAIR), _load(16) + _jump(_EQUAL, 1, _return(_ALLOW)) + _refuse(_EPERM)),
        _when(_pick(_IOCTL), _load(24) + _any_of(_IOCTLS) + _refuse(_EPERM)),
        _when(_pick(_PRCTL), _prctl_rules(second=second) + _refuse(_EPERM)),
        _when(_pick(_FCNTL), _load(24) + _any_of(_FCNTLS) + _refuse(_EPERM)),
        _when(_pick(_MADVISE), _load(32) + _any_of(_ADVICE) + _refuse(_EINVAL)),
        _when(_pick(_MMAP), _load(40) + _jump(_ANY_BIT, _MMAP_FORBIDDEN, _refuse(_EPERM)) + _return(_ALLOW)),
        # a waiter for a thread's end tries again; a queue in a mapped library would be seen from other zygotes
        _when(_pick(_FUTEX), _load(24) + _jump(_ANY_BIT, _FUTEX_PRIVATE, _return(_ALLOW)) + _refuse(_EAGAIN)),
        # with SIGCHLD ignored the time of children would be on nobody's account
        _when(_pick(_RT_SIGACTION), _load(16) + _jump(_EQUAL, _SIGCHLD, _refuse(_EPERM)) + _return(_ALLOW)),
        _when(_pick(_SENDTO), _argument_is(4, 0, _return(_ALLOW)) + _refuse(_EPERM)),  # to the other end only
    ]
    return Filter(_split(_arch_check() + _load(0) + b"".join(special) + b"".join(listed) + _refuse(_EPERM)))


def candidate_filter() -> Filter:
    """Return what level 1 adds after the fork: no new process, no signal to anyone, no further filter."""
    banned = b"".join(_jump(_EQUAL, _pick(numbers), _refuse(_EPERM)) for numbers in _SIGNALS.values())
    clone = _when(_pick(_CLONE), _load(16) + _jump(_ANY_BIT, _CLONE_THREAD, _return(_ALLOW)) + _refuse(_EPERM))
    last = _load(16) + _jump(_EQUAL, kernel.PR_SET_SECCOMP, _refuse(_EPERM)) + _return(_ALLOW)
    return Filter(_split(_load(0) + clone + banned + _when(_pick(_PRCTL), last) + _return(_ALLOW)))


def _pick(numbers: tuple[int, int]) -> int:
    return numbers[0] if kernel.MACHINE == "x86_64" else numbers[1]


def _instruction(code: int, yes: int, no: int, value: int) -> bytes:
    return struct.pack("<HBBI", code, yes, no, value)


def _load(offset: int) -> bytes:
    return _instruction(_LOAD, 0, 0, offset)


def _return(action: int) -> bytes:
    return _instruction(_RETURN, 0, 0, action)


def _refuse(number: int) -> bytes:
    return _return(_ERRNO | number)


def _jump(code: int, value: int, then: bytes) -> bytes:
    """Run `then` if the loaded word meets the test."""
    return _instruction(code, 0, len(then) // 8, value) + then


def _allow(number: int) -> bytes:
    return _jump(_EQUAL, number, _return(_ALLOW))


def _when(number: int, then: bytes) -> bytes:
    return _jump(_EQUAL, number, then)


def _any_of(values: tuple[int, ...]) -> bytes:
    return b"".join(_jump(_EQUAL, value, _return(_ALLOW)) for value in values)


def _argument_is(index: int, value: int, then: bytes) -> bytes:
    """Run `then` if the 64-bit argument equals `value`, which is below 2^32."""
    high = _load(20 + 8 * index) + _jump(_EQUAL, 0, then)
    return _load(16 + 8 * index) + _jump(_EQUAL, value, high)


def _prctl_rules(*, second: bool) -> bytes:
    death = _load(24) + _jump(_EQUAL, 9, _return(_ALLOW)) + _refuse(_EPERM)
    rules = _jump(_EQUAL, kernel.PR_SET_PDEATHSIG, death)
    if second:
        mode = _load(24) + _jump(_EQUAL, 2, _return(_ALLOW)) + _refuse(_EPERM)
        rules += _jump(_EQUAL, kernel.PR_SET_SECCOMP, mode)
    return _load(16) + rules + _jump(_EQUAL, _PR_SET_NAME, _return(_ALLOW))


def _arch_check() -> bytes:
    skip = _instruction(_EQUAL, 1, 0, _ARCHITECTURES[kernel.MACHINE])
    return _load(4) + skip + _return(_KILL)


def _split(code: bytes) -> list[bytes]:
    return [code[at : at + 8] for at in range(0, len(code), 8)]
