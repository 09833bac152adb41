"""The evils: one line each, a program and the verdicts it may get. None may pass, none may leave a trace.

The task is `f(xs)`, the sorted list. `SECRET` is a folder of the caller with the task file, `PORT` a listener of the
caller. A name of a verdict that differs between levels is given with all that are right.
"""

# A program stays on its own line.
# ruff: noqa: E501

from __future__ import annotations

from dataclasses import dataclass

from moiety.judge import Verdict

INPUTS = (([3, 1, 2],), ([5, -4, 5, 0],), ([9, 8, 7, 6],), ([10**20, 2, 1],))
EXPECTED = tuple(sorted(arguments[0]) for arguments in INPUTS)


@dataclass(frozen=True)
class Attack:
    """A program and the verdicts, any of which is right."""

    name: str
    verdicts: frozenset[Verdict]
    source: str


def attack(name: str, verdicts: str, source: str) -> Attack:
    """Return an attack; `verdicts` are names of the enum, separated by spaces."""
    return Attack(name, frozenset(Verdict[word] for word in verdicts.split()), source)


_WALK = """
import sys
def walk():
    frame = sys._getframe(1)
    while frame:
        yield frame
        frame = frame.f_back
"""
_WRITER = _WALK + "def writer():\n    return next(f.f_locals['write'] for f in walk() if 'write' in f.f_locals)\n"

FORGE = (
    attack("exit at import", "INCOMPLETE", "import sys\nsys.exit(0)"),
    attack("_exit at import", "INCOMPLETE", "import os\nos._exit(0)"),
    attack("exit in the call", "INCOMPLETE", "import sys\ndef f(xs):\n    sys.exit(0)"),
    attack("_exit in the call", "INCOMPLETE", "import os\ndef f(xs):\n    os._exit(0)"),
    attack("SystemExit subclass", "INCOMPLETE", "class E(SystemExit): pass\ndef f(xs):\n    raise E(0)"),
    attack("quit", "LOAD_ERROR RAISED INCOMPLETE", "def f(xs):\n    quit()"),
    attack("exec of true", "RAISED", "import os\nos.execv('/bin/true', ['true'])"),
    attack("exec of the interpreter", "RAISED", "import os, sys\nos.execv(sys.executable, ['python', '-c', ''])"),
    attack("always equal", "UNSERIALISABLE", "class A:\n    __eq__ = lambda s, o: True\ndef f(xs):\n    return A()"),
    attack("int subclass", "UNSERIALISABLE", "class A(int):\n    __eq__ = lambda s, o: True\ndef f(xs):\n    return A()"),
    attack("list subclass", "UNSERIALISABLE", "class A(list):\n    __eq__ = lambda s, o: True\n    __len__ = lambda s: 3\n"
           "def f(xs):\n    return A()"),
    attack("str subclass", "UNSERIALISABLE", "class A(str):\n    __eq__ = lambda s, o: True\ndef f(xs):\n    return A()"),
    attack("__class__ lies", "UNSERIALISABLE", "class A:\n    __class__ = list\ndef f(xs):\n    return A()"),
    attack("equal metaclass", "UNSERIALISABLE",
           "class M(type):\n    __eq__ = lambda s, o: True\n    __hash__ = lambda s: hash(list)\n"
           "class A(metaclass=M): pass\ndef f(xs):\n    return A()"),
    attack("array-like", "UNSERIALISABLE",
           "class A:\n    __array__ = lambda s: [1]\n    __eq__ = lambda s, o: s\n    all = any = __bool__ = lambda s: True\n"
           "def f(xs):\n    return A()"),
    attack("NaN", "WRONG", "def f(xs):\n    return [float('nan')] * len(xs)"),
    attack("NaN itself", "WRONG", "def f(xs):\n    return float('nan')"),
    attack("bool for int", "WRONG", "def f(xs):\n    return [True if x == 1 else float(x) for x in sorted(xs)]"),
    attack("tuple for list", "WRONG", "def f(xs):\n    return tuple(sorted(xs))"),
    attack("lazy generator", "UNSERIALISABLE", "def f(xs):\n    return (x for x in sorted(xs))"),
    attack("lazy map", "UNSERIALISABLE", "def f(xs):\n    return map(int, sorted(xs))"),
    attack("coroutine", "UNSERIALISABLE", "async def f(xs):\n    return sorted(xs)"),
    attack("frames for expected", "WRONG RAISED",
           _WALK + "def f(xs):\n    for frame in walk():\n        for k, v in list(frame.f_locals.items()):\n"
           "            if 'expect' in k: return v\n    return None"),
    attack("answer of every local", "WRONG UNSERIALISABLE PROTOCOL",
           _WALK + "def f(xs):\n    return [v for fr in walk() for v in fr.f_locals.values() if type(v) is list]"),
    attack("gc for lists", "WRONG UNSERIALISABLE TIMEOUT",
           "import gc\ndef f(xs):\n    for o in gc.get_objects():\n"
           "        if type(o) is list and len(o) == len(xs) and o != xs and sum(map(int, o)) == sum(xs): return o\n"),
    attack("constants of callers", "WRONG",
           _WALK + "def f(xs):\n    for frame in walk():\n        for c in frame.f_code.co_consts:\n"
           "            if type(c) in (list, tuple) and len(c) == len(xs): return list(c)\n"),
    attack("own memory", "RAISED", "def f(xs):\n    return open('/proc/self/mem', 'rb').read(8)"),
    attack("memory of the parent", "RAISED", "import os\ndef f(xs):\n    return open(f'/proc/{os.getppid()}/mem').read()"),
    attack("argv", "WRONG UNSERIALISABLE", "import sys\ndef f(xs):\n    return sys.argv"),
    attack("the judge's own modules", "RAISED",
           "import moiety.judge.compare as c\nc.compare = lambda *a: 'pass'\ndef f(xs): pass"),
    attack("the judge by path", "RAISED WRONG", "import sys\ndef f(xs):\n    return [m for m in sys.modules if 'moiety' in m][0]"),
    attack("harness lists", "WRONG PROTOCOL RAISED UNSERIALISABLE",
           _WALK + "def f(xs):\n    for frame in walk():\n        for v in list(frame.f_locals.values()):\n"
           "            if type(v) is list and v is not xs: v.append(True)\n    return True"),
    attack("settrace jump", "WRONG RAISED INCOMPLETE PROTOCOL",
           "import sys\ndef tracer(frame, event, arg):\n    if event == 'line':\n        try: frame.f_lineno = 1\n"
           "        except ValueError: pass\n    return tracer\nsys.settrace(tracer)\n"
           "def f(xs):\n    x = 0\n    return x"),
    attack("patched builtins", "WRONG RAISED INCOMPLETE UNSERIALISABLE PROTOCOL CRASHED",
           "import builtins\nfor n in ('len', 'type', 'sorted', 'callable', 'enumerate', 'isinstance'):\n"
           "    setattr(builtins, n, lambda *a, **k: True)\ndef f(xs):\n    return 1"),
    attack("patched encoder", "WRONG PROTOCOL RAISED",
           _WALK + "def f(xs):\n    for frame in walk():\n        if 'encode' in frame.f_globals:\n"
           "            frame.f_globals['encode'] = lambda v: b'PASS'\n    return 1"),
    attack("patched struct", "WRONG PROTOCOL RAISED UNSERIALISABLE INCOMPLETE",
           "import struct, marshal\nmarshal.loads = lambda b: ([],)\nstruct.pack = lambda *a: b''\ndef f(xs):\n    return 0"),
    attack("patched numpy", "RAISED", "import numpy\nnumpy.allclose = lambda *a, **k: True\ndef f(xs):\n    return 1"),
    attack("thread that swaps the checker", "WRONG PROTOCOL RAISED UNSERIALISABLE",
           "import threading, sys\ndef swap():\n    while True:\n        for m in list(sys.modules.values()):\n"
           "            if hasattr(m, 'compare'): m.compare = lambda *a: 'pass'\n        time.sleep(0.001)\nimport time\n"
           "threading.Thread(target=swap, daemon=True).start()\ndef f(xs):\n    time.sleep(0.01)\n    return 1"),
    attack("atexit", "WRONG", "import atexit, os\natexit.register(lambda: os._exit(0))\ndef f(xs):\n    return 1"),
    attack("excepthook", "RAISED", "import sys, os\nsys.excepthook = lambda *a: os._exit(0)\ndef f(xs):\n    raise KeyError"),
    attack("verdict on stdout", "WRONG", "def f(xs):\n    print('PASS\\npassed\\n{\"verdict\": \"pass\"}')\n    return 0"),
    attack("verdict on every descriptor", "WRONG RAISED",
           "import os\ndef f(xs):\n    for fd in range(256):\n        for data in (b'PASS', bytes(64)):\n"
           "            try: os.write(fd, data)\n            except OSError: pass\n    return 0"),
    attack("garbage in the page", "PROTOCOL TIMEOUT WRONG INCOMPLETE",
           _WALK + "def f(xs):\n    for fr in walk():\n        p = fr.f_locals.get('page')\n"
           "        if p is not None: p[:4096] = b'\\xff' * 4096\n    return 0"),
    attack("every answer through the writer", "PROTOCOL",
           _WRITER + "def f(xs):\n    w = writer()\n    for i in range(4):\n        for k in range(100):\n"
           "            w(1, i, b'L1:I1:%x' % (k % 10))\n    return 0"),
    attack("done too early", "PROTOCOL", _WRITER + "def f(xs):\n    writer()(20, 0, b'')\n    import os\n    os._exit(0)"),
    attack("done for all without answers", "PROTOCOL", _WRITER + "def f(xs):\n    writer()(20, 4, b'')\n    return 0"),
    attack("wrong index", "PROTOCOL", _WRITER + "def f(xs):\n    writer()(1, 3, b'N')\n    return 0"),
    attack("negative length", "PROTOCOL",
           _WALK + "import struct\ndef f(xs):\n    p = next(f.f_locals['page'] for f in walk() if 'page' in f.f_locals)\n"
           "    struct.pack_into('<IIBIi', p, 0, 1, 21, 1, 0, -1)\n    import os\n    os._exit(0)"),
    attack("huge length", "PROTOCOL",
           _WALK + "import struct\ndef f(xs):\n    p = next(f.f_locals['page'] for f in walk() if 'page' in f.f_locals)\n"
           "    struct.pack_into('<IIBII', p, 0, 1, 0xffffffff, 1, 0, 0xfffffff0)\n    import os\n    os._exit(0)"),
    attack("reference and code tags", "PROTOCOL",
           _WRITER + "import marshal\ndef f(xs):\n    writer()(1, 0, marshal.dumps(compile('1', '', 'eval')))\n"
           "    import os\n    os._exit(0)"),
    attack("pickle on the wire", "PROTOCOL",
           _WRITER + "import pickle\ndef f(xs):\n    writer()(1, 0, pickle.dumps([1, 2, 3]))\n    import os\n    os._exit(0)"),
    attack("unknown kind", "PROTOCOL", _WRITER + "def f(xs):\n    writer()(99, 0, b'PASS')\n    return 0"),
    attack("claims the job was never read", "PROTOCOL",
           _WALK + "def f(xs):\n    p = next(f.f_locals['page'] for f in walk() if 'page' in f.f_locals)\n"
           "    p[:8] = bytes(8)\n    import os\n    os._exit(0)"),
    attack("swallows the timeout and answers", "TIMEOUT",
           "def f(xs):\n    try:\n        while True: pass\n    except BaseException:\n        return sorted(xs)"),
    attack("trailing decorator", "UNSERIALISABLE WRONG",
           "class D:\n    def __init__(s, g): pass\n    def __call__(s, xs): return s\n    def __eq__(s, o): return True\n"
           "@D\ndef f(xs):\n    return sorted(xs)"),
    attack("redefined helper", "WRONG", "def sorted(xs):\n    return 0\ndef f(xs):\n    return sorted(xs)"),
    attack("state over calls", "WRONG", "n = -1\ndef f(xs):\n    global n\n    n += 1\n    return [n] * len(xs)"),
    attack("mutated input", "WRONG", "def f(xs):\n    xs.sort()"),
    attack("cleared inputs of later tests", "WRONG RAISED PROTOCOL",
           _WALK + "def f(xs):\n    for fr in walk():\n        if 'inputs' in fr.f_locals: return list(fr.f_locals['inputs'])"),
)  # fmt: skip
