"""Channels between siblings: a right program leaves a mark, a wrong one after or beside it answers right if it sees it.

LATER: the wrong program follows in the same zygote. BESIDE: it runs in another zygote while the right one still does.
Nearly all of these are open in a judge that allows system calls by their number alone.
"""

# A program stays on its own line.
# ruff: noqa: E501

from __future__ import annotations

from dataclasses import dataclass
from textwrap import indent

LATER, BESIDE = "later", "beside"
_HOLD_S, _LOOK_S = 0.4, 0.3
_SETUP = (
    "import ctypes, fcntl, mmap, os, signal, struct, sys, threading, time\n"
    "libc = ctypes.CDLL(None, use_errno=True)\nlib = os.__file__\nhere = os.path.dirname(lib)\nkept = []\n"
)


@dataclass(frozen=True)
class Channel:
    """What the right program does, and what the wrong one returns as true if it sees that; at the levels it is for."""

    name: str
    when: str
    leave: str
    look: str
    levels: tuple[int, ...] = (2, 1)
    variants: tuple[str, ...] = ("",)  # texts put for VARIANT

    def programs(self, variant: str) -> tuple[str, str]:
        """Return the right program and the wrong one."""
        beside = self.when == BESIDE
        leave, look = (indent(text.replace("VARIANT", variant), "    ") for text in (self.leave, self.look))
        hold = f"time.sleep({_HOLD_S})\n" if beside else ""
        giver = f"{_SETUP}def leave():\n{leave}\ntry: leave()\nexcept Exception: pass\n{hold}def f(xs):\n    return sorted(xs)\n"
        taker = (
            f"{_SETUP}def look():\n{look}\ndef see():\n    try: return bool(look())\n    except Exception: return False\n"
            f"end = time.monotonic() + {_LOOK_S if beside else 0}\nfound = see()\n"
            "while not found and time.monotonic() < end:\n    time.sleep(0.01)\n    found = see()\n"
            "def f(xs):\n    return sorted(xs) if found else 0\n"
        )
        return giver, taker


_FILES = ("lib", "os.devnull", "here")
_LOCK = "struct.pack('hhqqi4x', fcntl.F_RDLCK, 0, 1000, 1, 0)"
_ASK = "struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 1000, 1, 0)"
_WAIT = (
    "page = mmap.mmap(os.open(lib, os.O_RDONLY), 4096, mmap.MAP_SHARED, mmap.PROT_READ)\n"
    "libc.mmap.restype = ctypes.c_void_p\n"
    "at = ctypes.c_void_p(libc.mmap(None, ctypes.c_size_t(4096), 1, 1, os.open(lib, os.O_RDONLY), ctypes.c_long(0)))\n"
)
CHANNELS = (
    Channel("record locks", BESIDE, f"kept.append(os.open(VARIANT, os.O_RDONLY))\nfcntl.fcntl(kept[0], fcntl.F_SETLK, {_LOCK})",
            f"back = fcntl.fcntl(os.open(VARIANT, os.O_RDONLY), fcntl.F_GETLK, {_ASK})\nreturn struct.unpack('hhqqi4x', back)[0] != fcntl.F_UNLCK",
            variants=_FILES),
    Channel("locks of open files", BESIDE, f"kept.append(os.open(VARIANT, os.O_RDONLY))\nfcntl.fcntl(kept[0], 37, {_LOCK})",
            f"back = fcntl.fcntl(os.open(VARIANT, os.O_RDONLY), 36, {_ASK})\nreturn struct.unpack('hhqqi4x', back)[0] != fcntl.F_UNLCK",
            variants=_FILES),
    Channel("whole-file locks", BESIDE, "kept.append(os.open(VARIANT, os.O_RDONLY))\nfcntl.flock(kept[0], fcntl.LOCK_EX)",
            "try: fcntl.flock(os.open(VARIANT, os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)\nexcept BlockingIOError: return True",
            variants=_FILES),
    Channel("leases", BESIDE, "kept.append(os.open(lib, os.O_RDONLY))\nfcntl.fcntl(kept[0], fcntl.F_SETLEASE, fcntl.F_RDLCK)",
            "file = os.open(lib, os.O_RDONLY)\ntry: fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)\nexcept BlockingIOError: return True"),
    Channel("flags of an open file", LATER, "for d in range(3): fcntl.fcntl(d, fcntl.F_SETFL, os.O_NONBLOCK | os.O_APPEND)",
            "return any(fcntl.fcntl(d, fcntl.F_GETFL) & (os.O_NONBLOCK | os.O_APPEND) for d in range(3))"),
    Channel("non-blocking by ioctl", LATER, "for d in range(3): fcntl.ioctl(d, 0x5421, struct.pack('i', 1))",
            "return any(fcntl.fcntl(d, fcntl.F_GETFL) & os.O_NONBLOCK for d in range(3))"),
    Channel("asynchronous by ioctl", LATER, "for d in range(3): fcntl.ioctl(d, 0x5452, struct.pack('i', 1))",
            "return any(fcntl.fcntl(d, fcntl.F_GETFL) & os.O_ASYNC for d in range(3))"),
    Channel("owner of an open file", LATER, "for d in range(3): fcntl.fcntl(d, fcntl.F_SETOWN, os.getppid())",
            "return any(fcntl.fcntl(d, fcntl.F_GETOWN) for d in range(3))"),
    Channel("owner of a kind", LATER, "for d in range(3): fcntl.fcntl(d, 15, struct.pack('ii', 1, os.getppid()))",
            "return any(struct.unpack('ii', fcntl.fcntl(d, 16, bytes(8)))[1] for d in range(3))"),
    Channel("signal of an open file", LATER, "for d in range(3): fcntl.fcntl(d, fcntl.F_SETSIG, 40)",
            "return any(fcntl.fcntl(d, fcntl.F_GETSIG) for d in range(3))"),
    Channel("place in an open file", LATER, "for d in range(3): os.lseek(d, 77, os.SEEK_SET)",
            "return any(os.lseek(d, 0, os.SEEK_CUR) for d in range(3))"),
    Channel("write hints", LATER, "kept.append(os.open(VARIANT, os.O_RDONLY))\nfcntl.fcntl(kept[0], 1036, struct.pack('Q', 3))",
            "return struct.unpack('Q', fcntl.fcntl(os.open(VARIANT, os.O_RDONLY), 1035, bytes(8)))[0]", variants=_FILES),
    Channel("write hints of an open file", LATER, "for d in range(3): fcntl.fcntl(d, 1038, struct.pack('Q', 3))",
            "return any(struct.unpack('Q', fcntl.fcntl(d, 1037, bytes(8)))[0] for d in range(3))"),
    Channel("notification of a folder", BESIDE, "end = time.monotonic() + 0.4\nwhile time.monotonic() < end:\n    open(lib).read(1)\n    time.sleep(0.01)",
            "heard = []\nsignal.signal(signal.SIGIO, lambda *a: heard.append(1))\nfolder = os.open(here, os.O_RDONLY)\n"
            "fcntl.fcntl(folder, fcntl.F_NOTIFY, fcntl.DN_ACCESS | fcntl.DN_MULTISHOT)\ntime.sleep(0.2)\nreturn heard"),
    Channel("watches of files", BESIDE, "end = time.monotonic() + 0.4\nwhile time.monotonic() < end:\n    open(lib).read(1)\n    time.sleep(0.01)",
            "watch = libc.inotify_init1(0o4000)\nlibc.inotify_add_watch(watch, lib.encode(), 1)\ntime.sleep(0.2)\nreturn os.read(watch, 64)"),
    Channel("watches of mounts", BESIDE, "pass", "return libc.fanotify_init(0x200, 0) >= 0"),
    Channel("waiters on a library's page", BESIDE,
            f"{_WAIT}word = ctypes.c_uint32.from_address(at.value).value\n"
            "kept.append(threading.Thread(target=libc.syscall, args=(202, at, 0, word, None, None, 0), daemon=True))\nkept[0].start()\ntime.sleep(0.4)",
            f"{_WAIT}return libc.syscall(202, at, 1, 10, None, None, 0) > 0"),
    Channel("waiters by a set of bits", BESIDE,
            f"{_WAIT}word = ctypes.c_uint32.from_address(at.value).value\n"
            "kept.append(threading.Thread(target=libc.syscall, args=(202, at, 9, word, None, None, 7), daemon=True))\nkept[0].start()\ntime.sleep(0.4)",
            f"{_WAIT}return libc.syscall(202, at, 10, 10, None, None, 7) > 0"),
    Channel("counts of the whole machine", BESIDE, "threading.stack_size(1 << 16)\nfor _ in range(30): threading.Thread(target=time.sleep, args=(0.4,), daemon=True).start()",
            "return libc.sysinfo(ctypes.create_string_buffer(256)) == 0"),
    Channel("shared memory of the machine", BESIDE, "kept.append(mmap.mmap(-1, 64 << 20))\nkept[0][:] = bytes(64 << 20)",
            "room = ctypes.create_string_buffer(256)\nreturn libc.sysinfo(room) == 0 and struct.unpack_from('Q', room, 48)[0]"),
    Channel("pages of files in memory", LATER, "pass",
            "libc.mmap.restype = ctypes.c_void_p\nat = ctypes.c_void_p(libc.mmap(None, ctypes.c_size_t(4096), 1, 1, os.open(lib, os.O_RDONLY), ctypes.c_long(0)))\n"
            "return libc.mincore(at, ctypes.c_size_t(4096), bytes(1)) == 0"),
    Channel("pages put out of memory", LATER,
            "pass", "libc.mmap.restype = ctypes.c_void_p\nat = ctypes.c_void_p(libc.mmap(None, ctypes.c_size_t(4096), 1, 1, os.open(lib, os.O_RDONLY), ctypes.c_long(0)))\n"
            "return libc.madvise(at, ctypes.c_size_t(4096), VARIANT) == 0", variants=("20", "21", "25")),
    Channel("huge pages", BESIDE, "pass", "libc.mmap.restype = ctypes.c_void_p\nreturn libc.mmap(None, ctypes.c_size_t(2 << 20), 3, 0x40022, -1, ctypes.c_long(0)) != 2**64 - 1 or ctypes.get_errno() != 1"),
    # the count of pids is the machine's at level 1, and so not promised there
    Channel("the last pid", LATER, "while threading.get_native_id() % 64 != 40:\n    t = threading.Thread(target=lambda: kept.append(threading.get_native_id()))\n    t.start()\n    t.join()\n    if kept[-1] % 64 == 40: break",
            "return os.getpid() % 64 == 41", levels=(2,)),
    Channel("the last pid, by processes", LATER, "while True:\n    pid = os.fork()\n    if not pid: os._exit(0)\n    os.waitpid(pid, 0)\n    if pid % 64 == 30: break",
            "return os.getpid() % 64 == 31", levels=(2,)),
    # a file read for the first time in a day: level 1 has the machine's own mounts, and so this is not promised there
    Channel("times of access", LATER, "for name in sorted(os.listdir(here)):\n    if name.endswith('.py'): open(os.path.join(here, name), 'rb').read(1)",
            "return any(os.stat(os.path.join(here, name)).st_atime > time.time() - 60 for name in os.listdir(here) if name.endswith('.py'))", levels=(2,)),
)  # fmt: skip
