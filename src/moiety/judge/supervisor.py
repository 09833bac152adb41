"""The supervisor: a small fresh process between the trainer and the zygotes.

It alone holds expected answers. One thread and one event loop: jobs in, one at a time to each zygote, verdicts out. It
never blocks on the trainer, and ends with the trainer, however that ends.
"""

from __future__ import annotations

import marshal
import os
import selectors
import signal
import socket
import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from moiety.judge import kernel, wire
from moiety.judge.fleet import Fleet
from moiety.judge.settle import Settled
from moiety.judge.verdicts import Comparison, JudgeError, Verdict
from moiety.judge.worker import Task

_CACHE_ENTRIES = 100_000
_TOGETHER_S = 0.005  # verdicts are sent together while more jobs wait: fewer wake-ups of the trainer


class _TrainerGoneError(Exception):
    """The trainer is gone."""


def main(
    descriptor: int, parent: int, zygotes: int, levels: tuple[int, ...], memory_bytes: int, warm: tuple[str, ...]
) -> None:
    """Serve the trainer at the other end of socket `descriptor` until it goes away."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if kernel.LINUX:
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    os.set_inheritable(descriptor, False)  # it came by inheritance; no zygote may have it
    channel = socket.socket(fileno=descriptor)
    channel.setblocking(False)
    supervisor = Supervisor(channel, memory_bytes=memory_bytes, warm=warm)
    try:
        supervisor.watch_parent(parent)
        supervisor.serve(zygotes, levels)
    except _TrainerGoneError:
        return
    finally:
        supervisor.stop()


class Supervisor:
    """The trainer's side of the event loop, and the cache of verdicts."""

    def __init__(self, channel: socket.socket, *, memory_bytes: int, warm: tuple[str, ...]) -> None:
        self._channel = channel
        self._cache: OrderedDict[bytes, Settled] = OrderedDict()
        self._waiting: dict[bytes, list[Task]] = {}
        self._outgoing = bytearray()
        self._due_s: float | None = None  # when what is outgoing must be sent
        self._blocked = False
        self._unpacker = wire.Unpacker()
        self._selector = selectors.DefaultSelector()
        self._selector.register(channel, selectors.EVENT_READ, self._on_channel)
        self._fleet = Fleet(self._selector, self._finish, memory_bytes=memory_bytes, warm=warm)

    def watch_parent(self, parent: int) -> None:
        """End when the trainer ends, even if a process it forked keeps our socket open."""
        if not hasattr(os, "pidfd_open"):
            return
        try:
            descriptor = os.pidfd_open(parent)
        except ProcessLookupError as error:
            raise _TrainerGoneError from error
        if os.getppid() != parent:
            raise _TrainerGoneError
        self._selector.register(descriptor, selectors.EVENT_READ, self._on_parent)

    def serve(self, zygotes: int, levels: tuple[int, ...]) -> None:
        """Start the zygotes, say at which level, and judge until the trainer is gone."""
        level, reasons = self._fleet.start(zygotes, levels)
        self._send("refused" if level is None else "level", level, tuple(reasons))
        try:
            while True:
                self._fleet.dispatch()
                if self._due_s is not None and (not self._fleet.backlog or time.monotonic() >= self._due_s):
                    self._push()
                for key, _ in self._selector.select(self._timeout_s()):
                    # an earlier event of this round may have buried the zygote this one is about
                    if self._selector.get_map().get(key.fd) is key:
                        handler: Callable[[], None] = key.data
                        handler()
        except JudgeError as error:
            self._send("broken", str(error))
            self._channel.setblocking(True)
            self._push()

    def _timeout_s(self) -> float | None:
        fleet_s = self._fleet.timeout_s()
        if self._due_s is None or self._blocked:
            return fleet_s
        own_s = max(0.0, self._due_s - time.monotonic())
        return own_s if fleet_s is None else min(own_s, fleet_s)

    def stop(self) -> None:
        """Kill every zygote."""
        self._fleet.stop()

    def _on_parent(self) -> None:
        raise _TrainerGoneError

    def _on_channel(self) -> None:
        try:
            data = self._channel.recv(1 << 18)
        except BlockingIOError:
            return
        except ConnectionError as error:
            raise _TrainerGoneError from error
        if not data:
            raise _TrainerGoneError
        for message in self._unpacker.feed(data):
            self._accept(message)

    def _accept(self, message: tuple[Any, ...]) -> None:
        number, body, num_tests, expected, comparison, tolerance, cpu_limit_s, flags, cached = message
        key = sha256(marshal.dumps(message[1:], 2)).digest() if cached else None
        how = Comparison(comparison)
        task = Task(number, body, num_tests, expected, how, tolerance, cpu_limit_s, flags, key)
        if key is None:
            self._fleet.add([task])
        elif key in self._cache:
            self._cache.move_to_end(key)
            self._answer(task, self._cache[key])
        elif key in self._waiting:
            self._waiting[key].append(task)
        else:
            self._waiting[key] = []
            self._fleet.add([task])

    def _finish(self, task: Task, settled: Settled) -> None:
        if task.canary is not None:
            if settled.verdict not in (task.canary, Verdict.INFRA):
                raise JudgeError(
                    f"canary: a program known to be {task.canary.value} was judged "
                    f"{settled.verdict.value} ({settled.detail}): no verdict of this machine can be trusted"
                )
            return
        self._answer(task, settled)
        if task.key is None:
            return
        for other in self._waiting.pop(task.key, []):  # one draw for all that wait together, whatever it gave
            self._answer(other, settled)
        if settled.cacheable:
            self._cache[task.key] = settled
            if len(self._cache) > _CACHE_ENTRIES:
                self._cache.popitem(last=False)

    def _answer(self, task: Task, settled: Settled) -> None:
        near = settled.cpu_s > task.cpu_limit_s / 2
        answers = settled.answers if task.expected is None else None
        tests = tuple(test.value for test in settled.tests)
        numbers = (settled.cpu_s, settled.wall_s, near)
        self._send("outcome", task.number, settled.verdict.value, tests, *numbers, settled.detail, answers)

    def _send(self, *message: Any) -> None:
        self._outgoing += wire.pack(message)
        if self._due_s is None:
            self._due_s = time.monotonic() + _TOGETHER_S

    def _push(self) -> None:
        """Send what the socket takes now; the rest when it can be written again."""
        while self._outgoing:
            try:
                sent = self._channel.send(self._outgoing)
            except BlockingIOError:
                break
            except ConnectionError as error:
                raise _TrainerGoneError from error
            del self._outgoing[:sent]
        if not self._outgoing:
            self._due_s = None
        if self._blocked is not bool(self._outgoing):
            self._blocked = bool(self._outgoing)
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._blocked else 0)
            self._selector.modify(self._channel, wanted, self._on_channel)
