"""Evils of our own, beyond the published list: the harness's own steps, odd exceptions and types, and system calls."""

# A program stays on its own line.
# ruff: noqa: E501

from __future__ import annotations

from judge.attacks import attack

_LIBC = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
_ANY = "WRONG RAISED INCOMPLETE PROTOCOL UNSERIALISABLE TIMEOUT CRASHED"
_PAGE = "import sys\ndef page():\n    frame = sys._getframe(1)\n    while frame:\n        if 'page' in frame.f_locals: return frame.f_locals['page']\n        frame = frame.f_back\n"

HARNESS = (
    attack("exception without a proper name", "RAISED",
           "class M(type):\n    __name__ = property(lambda c: 1 / 0)\nclass E(Exception, metaclass=M): pass\ndef f(xs):\n    raise E"),
    attack("exception that cannot be shown", "RAISED",
           "class E(Exception):\n    def __str__(s): raise KeyError\n    __repr__ = __str__\ndef f(xs):\n    raise E"),
    attack("exception that is no Exception", "RAISED", "class E(BaseException): pass\ndef f(xs):\n    raise E"),
    attack("interrupts itself", "RAISED", "def f(xs):\n    raise KeyboardInterrupt"),
    attack("exits in a thread", "WRONG", "import sys, threading\ndef f(xs):\n    t = threading.Thread(target=sys.exit)\n    t.start()\n    t.join()\n    return 0"),
    attack("_exit in a thread", "INCOMPLETE", "import os, threading, time\ndef f(xs):\n    threading.Thread(target=os._exit, args=(0,)).start()\n    time.sleep(5)"),
    attack("signal handler that exits the harness", _ANY,
           "import signal, sys\nsignal.signal(signal.SIGALRM, lambda *a: sys.exit(0))\nsignal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)\ndef f(xs):\n    return 0"),
    attack("profiler that raises in the harness", _ANY, "import sys\ndef spy(*a):\n    raise SystemExit(0)\ndef f(xs):\n    sys.setprofile(spy)\n    return 0"),
    attack("patched _exit", "WRONG", "import os\nos._exit = lambda code: None\ndef f(xs):\n    return 0"),
    attack("closes every descriptor", "WRONG", "import os\nos.closerange(0, 256)\ndef f(xs):\n    return 0"),
    attack("closes the page", _ANY, f"{_PAGE}def f(xs):\n    page().close()\n    return 0"),
    attack("resizes the page", _ANY, f"{_PAGE}def f(xs):\n    page().resize(1 << 20)\n    return 0"),
    attack("fills the page", "PROTOCOL WRONG TIMEOUT MEMORY", f"{_PAGE}import os\ndef f(xs):\n    p = page()\n    p[:] = b'\\x01' * len(p)\n    os._exit(0)"),
    attack("writes past the page", "CRASHED WRONG PROTOCOL RAISED",
           f"{_PAGE}import ctypes\ndef f(xs):\n    p = page()\n    ctypes.memset(ctypes.addressof(ctypes.c_char.from_buffer(p)) + len(p), 1, 1 << 22)\n    return 0"),
    attack("recursion limit of the harness", _ANY, "import sys\ndef f(xs):\n    try: sys.setrecursionlimit(len(__import__('inspect').stack()) + 3)\n    except RecursionError: pass\n    return [[[[0]]]]"),
    attack("finalizer that exits", "WRONG", "import os, weakref\nclass A: pass\na = A()\nweakref.finalize(a, os._exit, 0)\ndef f(xs):\n    return 0"),
    attack("import hook", "WRONG", "import sys, builtins\nbuiltins.__import__ = lambda *a, **k: sys\nsys.meta_path.clear()\nsys.modules.clear()\ndef f(xs):\n    return 0"),
    attack("replaced stdout that answers", "WRONG RAISED", "import sys\nclass A:\n    def write(s, t): sys.exit(0)\n    flush = write\nsys.stdout = sys.stderr = A()\ndef f(xs):\n    return 0"),
    attack("garbage collector callback", _ANY, "import gc, os\ngc.callbacks.append(lambda *a: os._exit(0))\ndef f(xs):\n    gc.collect()\n    return 0"),
    attack("audit hook", _ANY, "import sys, os\nsys.addaudithook(lambda *a: os._exit(0))\ndef f(xs):\n    open('/x')\n    return 0"),
    attack("frozen inputs by identity", "WRONG", "import gc\ndef f(xs):\n    return [o for o in gc.get_referrers(xs) if type(o) is list][:1]"),
    attack("all inputs at once", "WRONG UNSERIALISABLE",
           "import sys, marshal\ndef f(xs):\n    frame = sys._getframe(1)\n    return [marshal.loads(b)[0] for b in frame.f_locals.get('inputs', ())]"),
)  # fmt: skip

TYPES = (
    attack("OrderedDict", "UNSERIALISABLE", "from collections import OrderedDict\ndef f(xs):\n    return OrderedDict()"),
    attack("named tuple", "UNSERIALISABLE", "from collections import namedtuple\ndef f(xs):\n    return namedtuple('P', 'x')(1)"),
    attack("enum", "UNSERIALISABLE", "import enum\ndef f(xs):\n    return enum.IntEnum('E', 'A').A"),
    attack("index and iteration", "UNSERIALISABLE", "class A:\n    __iter__ = lambda s: iter([1])\n    __index__ = lambda s: 1\n    __len__ = lambda s: 1\ndef f(xs):\n    return A()"),
    attack("bytearray", "UNSERIALISABLE", "def f(xs):\n    return bytearray(3)"),
    attack("list with one liar", "UNSERIALISABLE", "class A(int):\n    __eq__ = lambda s, o: True\n    __hash__ = int.__hash__\ndef f(xs):\n    return [A(x) for x in sorted(xs)]"),
    attack("dict with a liar as key", "UNSERIALISABLE", "class A(str):\n    __eq__ = lambda s, o: True\n    __hash__ = str.__hash__\ndef f(xs):\n    return {A('x'): 1}"),
    attack("list that grows while it is read", "UNSERIALISABLE WRONG TIMEOUT RAISED",
           "import threading\nys = [0]\ndef grow():\n    while True: ys.append(0) if len(ys) < 9999 else ys.clear()\ndef f(xs):\n    threading.Thread(target=grow, daemon=True).start()\n    return ys"),
    attack("int of 40 million bits", "WRONG MEMORY TIMEOUT", "def f(xs):\n    return 1 << 40_000_000"),
    attack("16,000 colliding ints", "WRONG TIMEOUT", "def f(xs):\n    return {i * (2**61 - 1) for i in range(16_000)}"),
)  # fmt: skip

MACHINE = (
    attack("four busy threads", "TIMEOUT", "import threading\ndef spin():\n    while True: pass\ndef f(xs):\n    for _ in range(4): threading.Thread(target=spin, daemon=True).start()\n    spin()"),
    attack("blocks every signal and loops", "TIMEOUT", "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\ndef f(xs):\n    while True: pass"),
    attack("loops in a grandchild", "TIMEOUT RAISED", "import os\ndef f(xs):\n    if os.fork() == 0:\n        while True: pass\n    os.wait()"),
    attack("wakes its parent for ever", "TIMEOUT RAISED", "import os, signal\ndef f(xs):\n    while True: os.kill(os.getppid(), signal.SIGCHLD)"),
    attack("stops its parent", "WRONG RAISED", "import os, signal\ndef f(xs):\n    os.kill(os.getppid(), signal.SIGSTOP)\n    return 0"),
    attack("new session", "RAISED", "import os\ndef f(xs):\n    os.setsid()"),
    attack("waits for a lock of the parent", "TIMEOUT", "import _thread\ndef f(xs):\n    lock = _thread.allocate_lock()\n    lock.acquire()\n    lock.acquire()"),
    attack("reads its input for ever", "WRONG RAISED TIMEOUT", "import sys\ndef f(xs):\n    while sys.stdin.read(): pass\n    return 0"),
    attack("mmap until refused", "WRONG MEMORY RAISED TIMEOUT", "import mmap\nkept = []\ndef f(xs):\n    try:\n        while True: kept.append(mmap.mmap(-1, 64 << 20))\n    except OSError: return 0"),
    attack("many open descriptors", "RAISED WRONG", "import os\ndef f(xs):\n    while True: os.dup(0)"),
    attack("source of a thousand nested functions", "LOAD_ERROR MEMORY RAISED CRASHED", "".join(f"{' ' * n}def g{n}():\n" for n in range(1000))),
    attack("division of constants at compile time", "RAISED LOAD_ERROR TIMEOUT MEMORY", "x = ((((1 << 10000) ** 100) ** 10) ** 10)\ndef f(xs):\n    return 1 / 0"),
    *(
        attack(f"system call {name}", "WRONG",
               f"{_LIBC}def f(xs):\n    r = libc.syscall({number}, {arguments})\n    return sorted(xs) if r >= 0 else ctypes.get_errno()")
        for name, number, arguments in (
            ("seccomp", 317, "1, 0, 0"), ("landlock_create_ruleset", 444, "0, 0, 1"), ("clone3", 435, "0, 0"), ("pivot_root", 155, "b'.', b'.'"),
            ("init_module", 175, "0, 0, b''"), ("reboot", 169, "0, 0, 0, 0"), ("settimeofday", 164, "0, 0"), ("fanotify_init", 300, "0, 0"),
            ("inotify_init1", 294, "0"), ("signalfd4", 289, "-1, bytes(8), 8, 0"), ("timerfd_create", 283, "1, 0"),
            ("name_to_handle_at", 303, "-100, b'/', bytes(200), bytes(8), 0"), ("open_by_handle_at", 304, "-100, bytes(200), 0"),
            ("open_tree", 428, "-100, b'/', 1"), ("fsopen", 430, "b'tmpfs', 0"), ("process_madvise", 440, "-10000, 0, 0, 0, 0"),
            ("memfd_secret", 447, "0"), ("vmsplice", 278, "1, 0, 0, 0"), ("sendmsg", 46, "1, 0, 0"), ("sched_setattr", 314, "0, bytes(48), 0"),
            ("ioprio_set", 251, "1, 0, 0"), ("mlockall", 151, "3"), ("modify_ldt", 154, "0, 0, 0"), ("iopl", 172, "3"), ("acct", 163, "0"),
            ("setrlimit", 160, "7, bytes(16)"), ("chdir", 80, "b'/'"), ("chmod", 90, "b'/', 0o777"), ("mknod", 133, "b'/x', 0o1777, 0"),
            ("utimensat", 280, "-100, b'/', 0, 0"), ("setxattr", 188, "b'/', b'user.x', b'y', 1, 0"), ("sethostname", 170, "b'x', 1"),
            ("pidfd_open of its parent's parent", 434, "0, 0"), ("kcmp", 312, "1, 1, 0, 0, 0"), ("membarrier", 324, "1, 0, 0"),
        )
    ),
)  # fmt: skip

MORE = (*HARNESS, *TYPES, *MACHINE)
