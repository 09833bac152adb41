"""Worker processes that do not outlive their parent."""

import ctypes
import gc
import multiprocessing
import multiprocessing.pool
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when its parent dies; leave at once if that has happened already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent not in (0, os.getppid()):
        os._exit(1)


def worker_pool(workers: int, start: Callable[..., None], *arguments: Any) -> multiprocessing.pool.Pool:
    """Return a pool of fresh interpreters, each begun by `start(*arguments)`; Ctrl-C is the parent's business."""
    context = multiprocessing.get_context("spawn")
    return context.Pool(workers, initializer=_start, initargs=(os.getpid(), start, arguments))


def collect_rarely() -> None:
    """Look for cycles seldom, and never among what exists now: for work that makes many small values and no cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def _start(parent: int, start: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    start(*arguments)
