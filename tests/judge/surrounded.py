"""Start a judge in odd surroundings and print what it finds, as JSON. Not a test: `test_surroundings` runs it."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sys
import tempfile
import threading
from pathlib import Path

from moiety.judge import Job, Judge

JOBS = [
    Job("def f(xs):\n    return sorted(xs)\n", "f", (([3, 1],),), ([1, 3],)),
    Job("def f(xs):\n    return xs\n", "f", (([3, 1],),), ([1, 3],)),
    Job("def f(xs):\n    while True: pass\n", "f", (([3, 1],),), ([1, 3],), cpu_limit_s=0.1),
    Job("import os\ndef f(xs):\n    os.kill(os.getpid(), 15)\n", "f", (([3, 1],),), ([1, 3],)),
    Job("import decimal, zoneinfo\ndef f(xs):\n    return [1, 3]\n", "f", (([3, 1],),), ([1, 3],)),
    Job("def f(xs):\n    return [bytearray(50 << 20)[0] + 1, 3]\n", "f", (([3, 1],),), ([1, 3],)),
]


def reap(*_: object) -> None:
    """Wait for whatever child ended, as some launchers do."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def deleted_folder() -> None:
    """Stand in a folder that is gone."""
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    Path(folder).rmdir()


def limit(which: int, soft: int) -> None:
    """Lower a soft limit."""
    resource.setrlimit(which, (soft, resource.getrlimit(which)[1]))


def many_threads() -> None:
    """Have threads that allocate all the time."""
    for _ in range(8):
        threading.Thread(target=lambda: [bytes(1 << 12) for _ in iter(int, 1)], daemon=True).start()


SURROUNDINGS = {
    "plain": lambda: None,
    "SIGCHLD ignored": lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN),
    "a handler that reaps every child": lambda: signal.signal(signal.SIGCHLD, reap),
    "umask 077": lambda: os.umask(0o077),
    "umask 027": lambda: os.umask(0o027),
    "umask 0777": lambda: os.umask(0o777),
    "every signal ignored": lambda: [
        signal.signal(number, signal.SIG_IGN) for number in range(1, 65) if number not in (9, 19, 32, 33)
    ],
    "every signal blocked": lambda: signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals()),
    "SIGPIPE at its default": lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL),
    "no standard descriptors": lambda: os.closerange(0, 3),
    "no standard input": lambda: os.close(0),
    "no standard error": lambda: os.close(2),
    "a folder that is gone": deleted_folder,
    "few descriptors": lambda: limit(resource.RLIMIT_NOFILE, 24),
    "small files": lambda: limit(resource.RLIMIT_FSIZE, 0),
    "little data": lambda: limit(resource.RLIMIT_DATA, 300 << 20),
    "a small stack": lambda: limit(resource.RLIMIT_STACK, 1 << 20),
    "nice": lambda: os.nice(19),
    "batch scheduling": lambda: os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0)),
    "variables of Python": lambda: os.environ.update(
        PYTHONPATH="/nowhere", PYTHONHOME="/nowhere", PYTHONSTARTUP="/nowhere", PYTHONHASHSEED="7", PYTHONOPTIMIZE="2",
        PYTHONWARNINGS="error", PYTHONDEVMODE="1", PYTHONINTMAXSTRDIGITS="640", LD_PRELOAD="/nowhere.so", LANG="tr_TR",
    ),
    "many threads": many_threads,
}  # fmt: skip


def main(names: list[str]) -> None:
    """Take on the surroundings, judge, lose the supervisor, judge again, and tell."""
    told = os.dup(1)
    for name in names:
        SURROUNDINGS[name]()
    with Judge(zygotes=1, cache=False) as judge:
        verdicts = [one.verdict.value for one in judge.judge(JOBS)]
        os.kill(judge.supervisor, signal.SIGKILL)
        again = [one.verdict.value for one in judge.judge(JOBS)]
        level = judge.level
    os.write(told, json.dumps([level, verdicts, again]).encode())


if __name__ == "__main__":
    main(sys.argv[1:])
