"""Programs that try to have no verdict: they make their own tasks wait for a core, so that the machine seems at fault."""

# A program stays on its own line.
# ruff: noqa: E501

from __future__ import annotations

from judge.attacks import Attack, attack

_ORPHANS = """
import os, time
def orphan(work):
    child = os.fork()
    if not child:
        if not os.fork():
            work()
        os._exit(0)
    os.waitpid(child, 0)
def burn():
    while True: pass
"""
_THREADS = """
import threading, time
def wake(until):
    for turn in range(1000):
        time.sleep(max(0, until + turn * 0.05 - time.time()))
        for _ in range(2000): pass
"""

IDLERS: tuple[Attack, ...] = (
    attack(
        "a sleeper beside busy orphans",
        "TIMEOUT RAISED",
        _ORPHANS + "def f(xs):\n    for _ in range(6): orphan(burn)\n    time.sleep(1000)",
    ),
    attack(
        "a sleeper beside orphans that sleep and burn",
        "TIMEOUT RAISED",
        _ORPHANS + "def sip():\n    while True:\n        time.sleep(0.02)\n        for _ in range(3000): pass\n"
        "def f(xs):\n    for _ in range(12): orphan(sip)\n    time.sleep(1000)",
    ),
    attack(
        "many busy children",
        "TIMEOUT RAISED",
        "import os\ndef f(xs):\n    for _ in range(12):\n        if not os.fork():\n            while True: pass\n    while True: os.wait()",
    ),
    attack(
        "children that stop one another",
        "TIMEOUT RAISED",
        "import os, signal, time\ndef f(xs):\n    for _ in range(4):\n        if not os.fork():\n            os.kill(os.getpid(), signal.SIGSTOP)\n"
        "    while True: time.sleep(0.01)",
    ),
    attack(
        "threads that wake together",
        "TIMEOUT",
        _THREADS
        + "def f(xs):\n    start = time.time()\n    for _ in range(20): threading.Thread(target=wake, args=(start,), daemon=True).start()\n    time.sleep(1000)",
    ),
    attack(
        "a sleeper that wakes again and again", "TIMEOUT", "import time\ndef f(xs):\n    while True: time.sleep(0.001)"
    ),
    attack(
        "a sleeper that has had children",
        "TIMEOUT RAISED",
        "import os, time\ndef f(xs):\n    for _ in range(3):\n        if not os.fork(): os._exit(0)\n        os.wait()\n    time.sleep(1000)",
    ),
)
