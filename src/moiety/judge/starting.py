"""Zygotes on their way: each is started beside those that serve, and joins them when it says hello.

A start takes a hundred times as long as a program, so nobody ever waits for one but the first.
"""

from __future__ import annotations

import contextlib
import os
import select
import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from moiety.judge import spawn, wire
from moiety.judge.worker import Worker

HELLO_S, START_TRIES = 30.0, 8
_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _LONGEST_BREATH_S = 0.05, 5.0, 0.5


class StartError(RuntimeError):
    """A zygote could not be started at the level asked for."""


@dataclass(slots=True)
class _Newcomer:
    worker: Worker
    late_s: float  # when its hello is overdue
    unpacker: wire.Unpacker = field(default_factory=wire.Unpacker)


class Nursery:
    """Starts zygotes at one level, and starts them again where that fails."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        adopt: Callable[[Worker], None],
        *,
        memory_bytes: int,
        warm: tuple[str, ...],
    ) -> None:
        self._selector, self._adopt = selector, adopt
        self._memory_bytes, self._warm = memory_bytes, warm
        self._level = 0
        self._coming: list[_Newcomer] = []
        self._wanted = 0  # starts put off until `_due_s`
        self._due_s = 0.0
        self._dead: list[int] = []  # processes killed and not yet waited for
        self.failures = 0  # of starts, one after the other
        self.reason = ""  # of the last one

    @property
    def num_coming(self) -> int:
        """Return how many zygotes are started or will be."""
        return len(self._coming) + self._wanted

    def start_first(self, level: int) -> Worker:
        """Start a zygote at `level` and wait for it. Raises StartError with the reason."""
        self._level = level
        newcomer = self._launch()
        while select.select([newcomer.worker.results], [], [], max(0.0, newcomer.late_s - time.monotonic()))[0]:
            refused = _hello(newcomer)
            if refused == "":
                return newcomer.worker
            if refused is not None:
                break
        else:
            refused = f"no hello within {HELLO_S:g} s"
        self.bury(newcomer.worker)
        raise StartError(refused)

    def order(self, count: int) -> None:
        """Start `count` more zygotes, now or when the pause after a failure is over."""
        self._wanted += count
        self.tick(time.monotonic())

    def wait(self) -> None:
        """Wait until every zygote ordered has joined, or one of them has failed."""
        failed = self.failures
        while self._coming and self.failures == failed:
            ready, _, _ = select.select([one.worker.results for one in self._coming], [], [], 0.1)
            for one in [one for one in self._coming if one.worker.results in ready]:
                self._on_hello(one)
            self.tick(time.monotonic())

    def tick(self, now_s: float) -> None:
        """Start what is due, and give up what is overdue."""
        for one in [one for one in self._coming if one.late_s <= now_s]:
            self._fail(one, f"no hello within {HELLO_S:g} s")
        while self._wanted and self._due_s <= now_s:
            self._wanted -= 1
            try:
                one = self._launch()
            except StartError as error:
                self._put_off(str(error))
                continue
            self._coming.append(one)
            self._selector.register(one.worker.results, selectors.EVENT_READ, partial(self._on_hello, one))
        if self._dead:
            self._dead = [process for process in self._dead if not _reaped(process, os.WNOHANG)]

    def pause(self, times: int) -> None:
        """Put off further starts where the machine has just refused a process, `times` in a row."""
        self._due_s = time.monotonic() + min(_LONGEST_BREATH_S, _FIRST_PAUSE_S * times)

    def next_s(self) -> float:
        """Return when `tick` must be called, infinity if it need not be."""
        late_s = min((one.late_s for one in self._coming), default=float("inf"))
        return min(late_s, self._due_s) if self._wanted else late_s

    def bury(self, worker: Worker) -> None:
        """Kill a zygote and all it started. The kernel may take a while: nobody waits for it."""
        worker.kill()
        self._dead.append(worker.process)

    def stop(self) -> None:
        """Kill what is on its way, and wait until everything killed is gone."""
        for one in self._coming:
            self.bury(one.worker)
        self._coming.clear()
        for process in self._dead:
            _reaped(process, 0)
        self._dead.clear()

    def _on_hello(self, one: _Newcomer) -> None:
        refused = _hello(one)
        if refused is None:
            return
        if refused:
            self._fail(one, refused)
            return
        self._forget(one)
        self.failures = 0
        self._adopt(one.worker)

    def _fail(self, one: _Newcomer, reason: str) -> None:
        self._forget(one)
        self.bury(one.worker)
        self._put_off(reason)

    def _forget(self, one: _Newcomer) -> None:
        self._coming.remove(one)
        self._selector.unregister(one.worker.results)

    def _put_off(self, reason: str) -> None:
        self.failures += 1
        self.reason = reason
        self._wanted += 1
        pause_s = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(self.failures, 10))
        self._due_s = time.monotonic() + pause_s

    def _launch(self) -> _Newcomer:
        root = os.geteuid() == 0
        level = self._level
        drop_to = 0x40000000 | int.from_bytes(os.urandom(4), "little") >> 3 if root and level == 2 else 0
        descriptors: list[int] = []
        try:
            descriptors += os.pipe()
            descriptors += os.pipe()
            descriptors += [one.detach() for one in spawn.socket_pair()]
            theirs_in, ours_out, ours_in, theirs_out, ours_files, theirs_files = descriptors
            theirs = (theirs_in, theirs_out, theirs_files)
            line = spawn.command("zygote", *theirs, level, self._memory_bytes, drop_to, self._warm)
            process = spawn.start(line, level=level, keep=theirs, user_namespace=not root)
        except OSError as error:
            for descriptor in descriptors:
                os.close(descriptor)
            raise StartError(str(error)) from error
        for descriptor in theirs:
            os.close(descriptor)
        for descriptor in (ours_out, ours_in):
            os.set_blocking(descriptor, False)
        worker = Worker(process, ours_out, ours_in, socket.socket(fileno=ours_files))
        return _Newcomer(worker, time.monotonic() + HELLO_S)


def _hello(one: _Newcomer) -> str | None:
    """Return "" if a zygote says that it is ready, its reason if it is not, None if there is more to come."""
    try:
        data = os.read(one.worker.results, 65536)
    except BlockingIOError:
        return None
    if not data:
        return "the zygote died while starting"
    for message in one.unpacker.feed(data):
        return "" if message[0] == "ready" else str(message[1])
    return None


def _reaped(process: int, options: int) -> bool:
    """Wait for a process that was killed. Returns True if it is gone."""
    with contextlib.suppress(ChildProcessError):
        return bool(os.waitpid(process, options)[0])
    return True
