"""More evils: those that cost time and memory, and those that reach for the world outside."""

# A program stays on its own line.
# ruff: noqa: E501

from __future__ import annotations

from judge.attacks import attack

_LIBC = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"

RESOURCES = (
    attack("loop in the call", "TIMEOUT", "def f(xs):\n    while True: pass"),
    attack("loop at import", "TIMEOUT", "while True: pass"),
    attack("loop under except", "TIMEOUT",
           "def f(xs):\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass"),
    attack("regex back-tracking", "TIMEOUT", "import re\ndef f(xs):\n    return re.match('(a+)+$', 'a' * 40 + 'b')"),
    attack("C loop that holds the interpreter", "TIMEOUT", "def f(xs):\n    return sum(range(10**12))"),
    attack("big power", "TIMEOUT MEMORY", "def f(xs):\n    return 10**10**9"),
    attack("sleep", "TIMEOUT", "import time\ndef f(xs):\n    time.sleep(1000)"),
    attack("deadlock", "TIMEOUT", "import threading\ndef f(xs):\n    lock = threading.Lock()\n    lock.acquire()\n    lock.acquire()"),
    attack("stops itself", "TIMEOUT RAISED", "import os, signal\ndef f(xs):\n    os.kill(os.getpid(), signal.SIGSTOP)"),
    attack("disarmed alarms", "TIMEOUT",
           "import signal\nfor s in range(1, 65):\n    try: signal.signal(s, signal.SIG_IGN)\n    except (OSError, ValueError): pass\n"
           "def f(xs):\n    while True: pass"),
    attack("thread at exit", "WRONG",
           "import threading, time\nthreading.Thread(target=time.sleep, args=(1000,)).start()\ndef f(xs):\n    return 0"),
    attack("loop in __del__", "TIMEOUT", "class A:\n    def __del__(s):\n        while True: pass\ndef f(xs):\n    A()\n    return 0"),
    attack("3000 parentheses", "LOAD_ERROR MEMORY", "def f(xs):\n    return " + "(" * 3000 + "1" + ")" * 3000),
    attack("deep unary", "LOAD_ERROR MEMORY CRASHED RAISED", "def f(xs):\n    return " + "-" * 100_000 + "1"),
    attack("1.5 GB", "MEMORY", "def f(xs):\n    return len(bytearray(1500 << 20))"),
    attack("endless list", "MEMORY TIMEOUT", "def f(xs):\n    ys = []\n    while True: ys.append(bytearray(1 << 20))"),
    attack("deep list", "UNSERIALISABLE TIMEOUT", "def f(xs):\n    ys = []\n    for _ in range(100_000): ys = [ys]\n    return ys"),
    attack("list within itself", "UNSERIALISABLE", "def f(xs):\n    ys = []\n    ys.append(ys)\n    return ys"),
    attack("60 MB string", "WRONG TIMEOUT MEMORY", "def f(xs):\n    return 'x' * (60 << 20)"),
    attack("20 MB of prints a call", "WRONG TIMEOUT", "def f(xs):\n    print('x' * (20 << 20))\n    return 0"),
    attack("endless recursion", "RAISED", "def f(xs):\n    return f(xs)"),
    attack("fork bomb", "WRONG RAISED TIMEOUT",
           "import os\ndef f(xs):\n    for _ in range(1000):\n        try: os.fork()\n        except OSError: break\n    return 0"),
    attack("fork at import, answered by the child", "RAISED TIMEOUT INCOMPLETE WRONG PROTOCOL",
           "import os, time\nif os.fork():\n    time.sleep(1000)\ndef f(xs):\n    return 0"),
    attack("kills its parent", "WRONG RAISED", "import os\ndef f(xs):\n    os.kill(os.getppid(), 9)\n    return 0"),
    attack("kills everyone", "WRONG RAISED CRASHED", "import os\ndef f(xs):\n    os.kill(-1, 9)\n    return 0"),
    attack("kills pid 1", "WRONG RAISED", "import os\ndef f(xs):\n    os.kill(1, 9)\n    os.kill(1, 2)\n    return 0"),
    attack("kills itself", "CRASHED RAISED", "import os\ndef f(xs):\n    os.kill(os.getpid(), 9)"),
    attack("aborts", "CRASHED", "import os\ndef f(xs):\n    os.abort()"),
    attack("C stack overflow", "CRASHED RAISED MEMORY",
           "import sys, functools\nsys.setrecursionlimit(10**9)\ndef f(xs):\n    g = lambda: 0\n"
           "    for _ in range(300_000): g = functools.partial(g)\n    class A:\n        def __repr__(s): return repr(s)\n    return repr(A())"),
    attack("null pointer", "CRASHED", "import ctypes\ndef f(xs):\n    return ctypes.string_at(0)"),
    attack("hash collisions", "WRONG TIMEOUT", "def f(xs):\n    return {i * (2**61 - 1) for i in range(3000)}"),
    attack("surrogates and NUL", "WRONG", "def f(xs):\n    return ['\\ud800', 'a\\0b', '\\U0010ffff']"),
    attack("NUL in the source", "LOAD_ERROR", "def f(xs):\n    return 0\0"),
    attack("surrogate in the source", "LOAD_ERROR", "def f(xs):\n    return '\ud800'"),
    attack("empty source", "LOAD_ERROR", ""),
    attack("no entry point", "LOAD_ERROR", "def g(xs):\n    return sorted(xs)"),
    attack("entry point is data", "LOAD_ERROR", "f = 3"),
    attack("1000 threads", "WRONG RAISED TIMEOUT MEMORY",
           "import threading, time\ndef f(xs):\n    for _ in range(1000): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n    return 0"),
    attack("real-time priority", "RAISED", "import os\ndef f(xs):\n    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))"),
    attack("nice", "RAISED", "import os\ndef f(xs):\n    os.nice(-5)"),
    attack("lifts its limits", "RAISED",
           "import resource\ndef f(xs):\n    resource.setrlimit(resource.RLIMIT_AS, (-1, -1))"),
)  # fmt: skip

OUTSIDE = (
    attack("reads the task file", "RAISED", "def f(xs):\n    return open('SECRET/task.json').read()"),
    attack("lists the caller's folder", "RAISED", "import os\ndef f(xs):\n    return os.listdir('SECRET')"),
    attack("reads /etc/passwd", "RAISED", "def f(xs):\n    return open('/etc/passwd').read()"),
    attack("lists the root's home", "RAISED", "import os\ndef f(xs):\n    return os.listdir(os.path.expanduser('~'))"),
    attack("lists /proc", "RAISED", "import os\ndef f(xs):\n    return os.listdir('/proc')"),
    attack("reads the environment of its parent", "RAISED", "import os\ndef f(xs):\n    return open(f'/proc/{os.getppid()}/environ').read()"),
    attack("reads environment variables", "WRONG RAISED", "import os\ndef f(xs):\n    return os.environ['JUDGE_SECRET']"),
    attack("writes to the caller's folder", "RAISED", "def f(xs):\n    open('SECRET/owned', 'w').write('x')"),
    attack("writes to /tmp", "RAISED", "def f(xs):\n    open('/tmp/moiety-owned', 'w').write('x')"),
    attack("writes to the current folder", "RAISED", "def f(xs):\n    open('moiety-owned', 'w').write('x')"),
    attack("writes to shared memory", "RAISED", "def f(xs):\n    open('/dev/shm/moiety-owned', 'w').write('x')"),
    attack("temporary file", "RAISED", "import tempfile\ndef f(xs):\n    return tempfile.mkstemp()[1]"),
    attack("removes the task file", "RAISED", "import os\ndef f(xs):\n    os.remove('SECRET/task.json')"),
    attack("third-party code", "RAISED",
           "import sys\nsys.path += [p + '/site-packages' for p in sys.path]\nimport pytest\ndef f(xs): pass"),
    attack("runs a program", "RAISED", "import subprocess\ndef f(xs):\n    return subprocess.run(['/bin/true']).returncode"),
    attack("os.system", "WRONG RAISED", "import os\ndef f(xs):\n    return os.system('touch SECRET/owned')"),
    attack("memfd and execveat", "RAISED", "import os\ndef f(xs):\n    return os.memfd_create('x')"),
    attack("TCP", "RAISED", "import socket\ndef f(xs):\n    socket.create_connection(('127.0.0.1', PORT), 1)"),
    attack("TCP listener", "RAISED", "import socket\ndef f(xs):\n    socket.create_server(('127.0.0.1', 0))"),
    attack("UNIX socket", "RAISED", "import socket\ndef f(xs):\n    socket.socket(socket.AF_UNIX).connect('SECRET/socket')"),
    attack("abstract socket", "RAISED", "import socket\ndef f(xs):\n    socket.socket(socket.AF_UNIX).connect('\\0moiety-PORT')"),
    attack("netlink", "RAISED", "import socket\ndef f(xs):\n    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)"),
    attack("inherited descriptors", "WRONG",
           "import os\ndef f(xs):\n    found = []\n    for fd in range(3, 256):\n        try: os.fstat(fd)\n        except OSError: continue\n        found.append(fd)\n"
           "    if found: return sorted(xs)\n    return found"),
    attack("double-forked survivor", "WRONG RAISED TIMEOUT PROTOCOL",
           "import os, time\ndef f(xs):\n    if os.fork() == 0:\n        os.setsid() if hasattr(os, 'x') else None\n        if os.fork() == 0:\n            time.sleep(1000)\n        os._exit(0)\n    return 0"),
    attack("20 MB file", "RAISED", "def f(xs):\n    open('/dev/shm/big', 'wb').write(bytes(20 << 20))"),
    *(
        attack(f"system call {name}", "WRONG",
               f"{_LIBC}def f(xs):\n    r = libc.syscall({number}, {arguments})\n    return sorted(xs) if r >= 0 else ctypes.get_errno()")
        for name, number, arguments in (
            ("io_uring_setup", 425, "8, ctypes.create_string_buffer(120)"), ("bpf", 321, "0, ctypes.create_string_buffer(72), 72"),
            ("keyctl", 250, "0, -3, 1"), ("ptrace", 101, "0, 0, 0, 0"), ("process_vm_readv", 310, "1, 0, 0, 0, 0, 0"),
            ("unshare", 272, "0x10000000"), ("setns", 308, "0, 0"), ("mount", 165, "0, b'/', 0, 32, 0"), ("chroot", 161, "b'/'"),
            ("execveat", 322, "-100, b'/bin/true', 0, 0, 0"), ("userfaultfd", 323, "1"), ("perf_event_open", 298, "0, 0, -1, -1, 0"),
            ("pidfd_getfd", 438, "3, 3, 0"), ("setuid", 105, "0"), ("personality", 135, "0xffffffff"), ("clone of a user namespace", 56, "0x10000011, 0, 0, 0, 0"),
            ("memfd_create", 319, "b'x', 0"), ("shmget", 29, "0, 4096, 0o1600"), ("mq_open", 240, "b'x', 0o102, 0o600, 0"),
            ("sched_setaffinity", 203, "0, 8, b'\\1' + bytes(7)"), ("setpriority", 141, "0, 0, -5"), ("prlimit", 302, "0, 9, bytes(16), 0"),
            ("prctl dumpable", 157, "4, 1, 0, 0, 0"), ("getdents of a parent", 257, "-100, b'..', 0x10000"), ("mkdir", 83, "b'/x', 0o777"),
            ("symlink", 88, "b'/', b'/x'"), ("syslog", 103, "3, 0, 0"), ("add_key", 248, "b'user', b'x', b'y', 1, -3"), ("x32 getpid", 0x40000000 + 39, ""),
        )
    ),
    attack("32-bit system call", "CRASHED",
           "import ctypes, mmap\ndef f(xs):\n    code = mmap.mmap(-1, 4096, prot=7)\n    code.write(bytes.fromhex('b814000000cd80c3'))\n"
           "    return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()"),
)  # fmt: skip

HONEST = (
    ("threads", "import threading\ndef f(xs):\n    out = []\n    ts = [threading.Thread(target=lambda: out.extend(sorted(xs))) for _ in range(1)]\n"
                "    more = [threading.Thread(target=sum, args=(xs,)) for _ in range(8)]\n    for t in ts + more: t.start()\n    for t in ts + more: t.join()\n    return out"),
    ("deep recursion", "import sys\nsys.setrecursionlimit(20000)\ndef g(n):\n    return 0 if n == 0 else 1 + g(n - 1)\ndef f(xs):\n    assert g(9000) == 9000\n    return sorted(xs)"),
    ("100 MB of memory", "def f(xs):\n    b = bytearray(100 << 20)\n    return sorted(xs)"),
    ("non-ASCII names", "def f(größe):\n    名 = sorted(größe)\n    return 名"),
    ("CRLF", "def f(xs):\r\n    ys = sorted(xs)\r\n    return ys\r\n"),
    ("tabs", "def f(xs):\n\tif xs:\n\t\treturn sorted(xs)\n\treturn []"),
    ("a BOM", "\ufeffdef f(xs):\n    return sorted(xs)"),
    ("an encoding line", "# -*- coding: latin-1 -*-\ndef f(xs):\n    'é'\n    return sorted(xs)"),
    ("source over 64 KB", "# " + "x" * 200_000 + "\ndef f(xs):\n    return sorted(xs)"),
    ("main guard", "def f(xs):\n    return sorted(xs)\nif __name__ == '__main__':\n    raise SystemExit(1)"),
    ("common imports", "import abc, array, bisect, collections, contextlib, copy, dataclasses, datetime, decimal, enum, fractions, functools, heapq, itertools, json, math, operator, random, re, statistics, string, time, typing\n"
                       "def f(xs):\n    return sorted(xs)"),
    ("cold imports", "import hashlib, colorsys, difflib, textwrap, unicodedata, zlib, bz2, lzma, uuid, secrets, base64, struct, zoneinfo\ndef f(xs):\n    return sorted(xs)"),
    ("asyncio", "import asyncio\nasync def g(xs):\n    await asyncio.sleep(0)\n    return sorted(xs)\ndef f(xs):\n    return asyncio.run(g(xs))"),
    ("dataclass", "from dataclasses import dataclass\n@dataclass(order=True)\nclass A:\n    x: int\ndef f(xs):\n    return [a.x for a in sorted(map(A, xs))]"),
    ("annotations of its own types", "from __future__ import annotations\nimport typing\nclass A(typing.NamedTuple):\n    x: int\ndef f(xs: list[int]) -> list[int]:\n    typing.get_type_hints(A)\n    return sorted(xs)"),
    ("prints", "def f(xs):\n    print('debug', xs)\n    return sorted(xs)"),
    ("invalid escapes", "import re\ndef f(xs):\n    assert re.match('\\d', '1')\n    return sorted(xs)"),
    ("mutates its input and returns it", "def f(xs):\n    xs.sort()\n    return xs"),
    ("reads its own time", "import time\ndef f(xs):\n    time.sleep(0.001)\n    time.perf_counter()\n    return sorted(xs)"),
    ("cyclic garbage", "def f(xs):\n    for _ in range(2000):\n        a = []\n        a.append(a)\n    return sorted(xs)"),
)  # fmt: skip
