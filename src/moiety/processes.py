"""Worker processes that do not outlive their parent, and whose death is told instead of waited for."""

import ctypes
import functools
import gc
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, ParamSpec, Self, TypeVar

from moiety.errors import UserError

PR_SET_PDEATHSIG = 1
AHEAD = 4  # jobs handed out for each worker, so that none waits and few results are held

Item = TypeVar("Item")
Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when its parent dies; leave at once if that has happened already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent not in (0, os.getppid()):
        os._exit(1)


def _told(work: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Tell of a worker's death in one line."""

    @functools.wraps(work)
    def called(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        try:
            return work(*args, **kwargs)
        except BrokenProcessPool:
            raise UserError("a worker process died (killed, or out of memory); the same command goes on") from None

    return called


class Workers:
    """Fresh interpreters, each begun by `start(*arguments)`; Ctrl-C is the parent's business.

    What a worker raises is raised here. Raises UserError when one dies. Leaving the context kills them.
    """

    def __init__(self, count: int, start: Callable[..., None], *arguments: Any) -> None:
        self._count = count
        self._others = set(multiprocessing.active_children())
        context = multiprocessing.get_context("spawn")
        self._executor = ProcessPoolExecutor(count, context, _start, (os.getpid(), start, arguments))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in set(multiprocessing.active_children()) - self._others:
            process.kill()
        self._executor.shutdown(cancel_futures=True)

    @_told
    def submit(self, work: Callable[..., Result], *arguments: Any) -> "Future[Result]":
        """Begin one job."""
        return self._executor.submit(work, *arguments)

    @_told
    def result(self, job: "Future[Result]") -> Result:
        """Wait for a job and return what it gave."""
        return job.result()

    def in_order(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield what `work` makes of each item, in their order; items are taken no earlier than needed."""
        waiting: deque[Future[Result]] = deque()
        for item in items:
            waiting.append(self.submit(work, item))
            if len(waiting) == AHEAD * self._count:
                yield self.result(waiting.popleft())
        while waiting:
            yield self.result(waiting.popleft())

    def as_done(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield what `work` makes of the items, the first to be ready first; items are taken no earlier than needed."""
        waiting: set[Future[Result]] = set()
        for item in items:
            waiting.add(self.submit(work, item))
            if len(waiting) == AHEAD * self._count:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from map(self.result, done)
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            yield from map(self.result, done)


def collect_rarely() -> None:
    """Look for cycles seldom, and never among what exists now: for work that makes many small values and no cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def _start(parent: int, start: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    start(*arguments)
