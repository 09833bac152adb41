"""Programs that start others: each with the limit that all of them together must meet, and the verdicts per level.

The judge that runs them gives a program 64 MB, and 0.2 s where time is what counts. At level 1 no process can be
started.
"""

# A program stays on its own line.
# ruff: noqa: E501

from __future__ import annotations

from judge.attacks import Attack, attack

MEMORY_BYTES, CPU_LIMIT_S = 64 << 20, 0.2
_SPIN = "import os, signal, sys, threading, time, mmap\ndef spin():\n    while True: pass\n"
_FILL = f"{_SPIN}def fill(megabytes):\n    block = bytearray(megabytes << 20)\n    time.sleep(60)\n"

MEMORY = (
    attack("sixteen processes", "MEMORY RAISED", f"{_FILL}def f(xs):\n    for _ in range(16):\n        if not os.fork(): fill(40)\n    time.sleep(60)"),
    attack("sixty processes, while the first one answers late", "MEMORY RAISED",
           f"{_FILL}def f(xs):\n    for _ in range(60):\n        try:\n            if not os.fork(): fill(30)\n        except BlockingIOError: break\n    time.sleep(1)\n    return sorted(xs)"),
    attack("a chain of processes", "MEMORY RAISED", f"{_FILL}def f(xs):\n    for _ in range(12):\n        if os.fork(): fill(30)\n    fill(30)"),
    attack("orphans", "MEMORY RAISED",
           f"{_FILL}def f(xs):\n    for _ in range(12):\n        if not os.fork():\n            if not os.fork(): fill(30)\n            os._exit(0)\n        os.wait()\n    time.sleep(60)"),
    attack("shared memory of each", "MEMORY RAISED",
           f"{_FILL}def f(xs):\n    for _ in range(12):\n        if not os.fork():\n            m = mmap.mmap(-1, 30 << 20)\n            m[:] = bytes([1]) * len(m)\n            time.sleep(60)\n    time.sleep(60)"),
    attack("a little at a time", "MEMORY RAISED",
           f"{_FILL}def f(xs):\n    for _ in range(12):\n        if not os.fork():\n            kept = []\n            for _ in range(25):\n                kept.append(bytearray(b'x' * (1 << 20)))\n                time.sleep(0.005)\n            time.sleep(60)\n    time.sleep(60)"),
)  # fmt: skip

TIME = (
    attack("busy children of a sleeper", "TIMEOUT RAISED", f"{_SPIN}def f(xs):\n    for _ in range(8):\n        if not os.fork(): spin()\n    time.sleep(60)"),
    attack("busy children of a waiting parent", "TIMEOUT RAISED", f"{_SPIN}def f(xs):\n    for _ in range(8):\n        if not os.fork(): spin()\n    os.wait()"),
    attack("busy grandchildren", "TIMEOUT RAISED",
           f"{_SPIN}def f(xs):\n    if not os.fork():\n        for _ in range(4):\n            if not os.fork(): spin()\n        time.sleep(60)\n    time.sleep(60)"),
    attack("busy orphans", "TIMEOUT RAISED",
           f"{_SPIN}def f(xs):\n    for _ in range(4):\n        if not os.fork():\n            if not os.fork(): spin()\n            os._exit(0)\n        os.wait()\n    time.sleep(60)"),
    attack("one short child after the other", "TIMEOUT RAISED",
           f"{_SPIN}def f(xs):\n    while True:\n        if not os.fork():\n            while time.process_time() < 0.03: pass\n            os._exit(0)\n        os.wait()"),
    attack("children that nobody has to wait for", "TIMEOUT RAISED",
           f"{_SPIN}signal.signal(signal.SIGCHLD, signal.SIG_IGN)\ndef f(xs):\n    for _ in range(100):\n        if not os.fork():\n            while time.process_time() < 0.004: pass\n            os._exit(0)\n        time.sleep(0.005)\n    return sorted(xs)"),
    attack("right, with children over the limit", "TIMEOUT RAISED",
           f"{_SPIN}def f(xs):\n    for _ in range(4):\n        if not os.fork():\n            while time.process_time() < 0.15: pass\n            os._exit(0)\n    for _ in range(4): os.wait()\n    return sorted(xs)"),
    attack("busy threads of a sleeper", "TIMEOUT", f"{_SPIN}def f(xs):\n    for _ in range(4): threading.Thread(target=spin, daemon=True).start()\n    time.sleep(60)"),
)  # fmt: skip

TASKS = (
    attack("threads with small stacks", "RAISED CRASHED",
           "import threading, time\nthreading.stack_size(1 << 15)\ndef f(xs):\n    for _ in range(2000): threading.Thread(target=time.sleep, args=(5,), daemon=True).start()\n    time.sleep(1)\n    return sorted(xs)"),
    attack("threads that start threads", "RAISED CRASHED TIMEOUT MEMORY",
           "import threading, time\nthreading.stack_size(1 << 15)\ndef more():\n    while True:\n        threading.Thread(target=more, daemon=True).start()\n        time.sleep(0.001)\ndef f(xs):\n    more()"),
)  # fmt: skip
EVERY: tuple[Attack, ...] = (*MEMORY, *TIME, *TASKS)

HONEST = (
    ("a child that answers through a pipe",
     "import os\ndef f(xs):\n    r, w = os.pipe()\n    try: child = os.fork()\n    except OSError: return sorted(xs)  # level 1\n    if not child:\n        os.write(w, repr(sorted(xs)).encode())\n        os._exit(0)\n    os.waitpid(child, 0)\n    return eval(os.read(r, 4096))"),
    ("thirty threads", "from concurrent.futures import ThreadPoolExecutor\nimport threading, time\ndef f(xs):\n    threading.stack_size(1 << 18)\n    with ThreadPoolExecutor(30) as pool: list(pool.map(lambda _: time.sleep(0.03), range(30)))\n    return sorted(xs)"),
    ("joined threads", "import threading\ndef f(xs):\n    for _ in range(20):\n        t = threading.Thread(target=sorted, args=(xs,))\n        t.start()\n        t.join()\n    return sorted(xs)"),
    ("a socket pair", "import socket\ndef f(xs):\n    a, b = socket.socketpair()\n    a.sendall(b'x' * 10)\n    assert b.recv(10) == b'x' * 10\n    return sorted(xs)"),
    ("copies of descriptors", "import os, fcntl\ndef f(xs):\n    r, w = os.pipe()\n    os.set_blocking(r, False)\n    assert fcntl.fcntl(r, fcntl.F_GETFL) & os.O_NONBLOCK\n    os.write(os.dup(w), b'x')\n    assert os.read(r, 1) == b'x'\n    return sorted(xs)"),
    ("30 MB while a thread runs", "import threading, time\ndef f(xs):\n    threading.Thread(target=time.sleep, args=(0.1,)).start()\n    block = bytearray(b'x') * (30 << 20)\n    time.sleep(0.05)\n    return sorted(xs)"),
    ("standard streams", "import os, sys\ndef f(xs):\n    print('x')\n    os.write(1, b'x')\n    os.write(2, b'x')\n    assert os.read(0, 1) == b''\n    return sorted(xs)"),
)  # fmt: skip
