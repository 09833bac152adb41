"""The judge as a trainer sees it: programs in, verdicts out.

The trainer, with its gigabytes and threads, never forks for a candidate: it starts one fresh supervisor process and
talks to it over a socket. Not the place where anything is decided: that is `settle`, in the supervisor.
"""

from __future__ import annotations

import asyncio
import atexit
import marshal
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Any

from moiety.errors import UserError
from moiety.judge import kernel, spawn, wire
from moiety.judge.answers import as_tree
from moiety.judge.codec import MAX_DEPTH, CodecError, decode, encode
from moiety.judge.verdicts import TREES, Comparison, Execution, Job, JudgeError, Outcome, Style, Verdict

MEMORY_BYTES = 512 << 20
_START_S, _STOP_S, _MAX_RESTARTS = 60.0, 10.0, 5
_Settled = tuple[str, tuple[str, ...], float, float, bool, str, tuple[bytes, ...] | None]


class Judge:
    """A pool of isolated interpreters. Use as a context manager, from any thread."""

    def __init__(
        self,
        *,
        zygotes: int | None = None,
        require_level: int = 1,
        allow_unsafe: bool = False,
        cache: bool = True,
        level: int | None = None,
        memory_bytes: int = MEMORY_BYTES,
        warm: Sequence[str] = (),
    ) -> None:
        """Start the pool at the highest isolation level that this machine allows, or at exactly `level`.

        `require_level` is the lowest one accepted; level 0 needs `allow_unsafe` too. `warm` names modules that the
        programs often import. Raises UserError if the level cannot be had.
        """
        lowest = 0 if allow_unsafe else max(1, require_level)
        self._levels = (level,) if level is not None else tuple(range(2, lowest - 1, -1))
        if level == 0 and not allow_unsafe:
            raise UserError("judge: level 0 does not stop side effects of programs; pass allow_unsafe to accept that")
        self.zygotes = zygotes or len(os.sched_getaffinity(0) if kernel.LINUX else range(os.cpu_count() or 1))
        self._memory_bytes, self._warm, self._cache = memory_bytes, tuple(warm), cache
        self._lock = threading.Lock()
        self._pending: dict[int, tuple[bytes, Future[_Settled]]] = {}
        self._next = 0
        self._restarts = 0
        self._closing = False
        self._broken = ""
        if kernel.LINUX:
            kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        self._start()
        self._reader = threading.Thread(target=self._read, name="judge", daemon=True)
        self._reader.start()
        atexit.register(self.close)
        if self.level == 0:
            print("judge: isolation level 0: side effects of programs are not stopped", file=sys.stderr)

    @property
    def supervisor(self) -> int:
        """The supervisor's process id; another one after its death."""
        return self._process.pid

    def judge(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Judge programs and return their outcomes in the same order."""
        tests = _Encoder()
        return [_outcome(future.result()) for future in self._submit([tests.message(job, self._cache) for job in jobs])]

    def submit(self, job: Job) -> Future[Outcome]:
        """Start judging a program at once, and return a future."""
        (raw,) = self._submit([_Encoder().message(job, self._cache)])
        return _mapped(raw)

    async def judge_async(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Judge programs without blocking the event loop."""
        tests = _Encoder()
        futures = self._submit([tests.message(job, self._cache) for job in jobs])
        return [_outcome(await asyncio.wrap_future(future)) for future in futures]

    def run(
        self,
        source: str,
        entry_point: str,
        inputs: Sequence[tuple[Any, ...]],
        *,
        cpu_limit_s: float = 0.2,
        style: Style = Style.CALL,
        want_arguments: bool = False,
        trees: bool = False,
    ) -> Execution:
        """Run foreign code and return its answers, decoded strictly; nothing is compared.

        With `want_arguments` each output is (value, tuple of the arguments as the call left them). With `trees` values
        are trees as `answers` describes; with both the arguments are trees, too.
        """
        body = _body(source, entry_point, style, _blobs(inputs, deeper=trees and want_arguments))
        flags = _flags(style, trees=trees) | (wire.WANT_ARGUMENTS if want_arguments else 0)
        message = (body, len(inputs), None, Comparison.EXACT.value, 0.0, float(cpu_limit_s), flags, False)
        (future,) = self._submit([message])
        return _execution(future.result())

    def close(self) -> None:
        """End the supervisor and all that it started. Jobs not yet judged fail with JudgeError."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
            self._channel.shutdown(socket.SHUT_RDWR)
        atexit.unregister(self.close)
        self._reader.join(_STOP_S)
        self._end()

    def __enter__(self) -> Judge:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _submit(self, messages: list[tuple[Any, ...]]) -> list[Future[_Settled]]:
        futures: list[Future[_Settled]] = []
        with self._lock:
            if self._closing or self._broken:
                raise JudgeError(self._broken or "the judge is closed")
            packed = []
            for message in messages:
                self._next += 1
                future: Future[_Settled] = Future()
                data = wire.pack((self._next, *message))
                self._pending[self._next] = (data, future)
                packed.append(data)
                futures.append(future)
            self._write(packed)
        return futures

    def _write(self, packed: list[bytes]) -> None:
        try:
            self._channel.sendall(b"".join(packed))
        except OSError:  # the supervisor is dead: the reader notices, and sends all that is pending to the next
            return

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        line = spawn.command(
            "supervisor", theirs.fileno(), os.getpid(), self.zygotes, self._levels, self._memory_bytes, self._warm
        )
        self._process = subprocess.Popen(
            line, pass_fds=(theirs.fileno(),), env=spawn.environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, start_new_session=True, cwd="/",
        )  # fmt: skip
        theirs.close()
        self._channel, self._unpacker = ours, wire.Unpacker()
        ours.settimeout(_START_S)
        greeting: list[tuple[Any, ...]] = []
        while not greeting:
            try:
                data = ours.recv(1 << 16)
            except TimeoutError:
                data = b""
            if not data:
                self._end()
                raise JudgeError("the supervisor did not start")
            greeting = self._unpacker.feed(data)
        ours.settimeout(None)
        kind, level, reasons = greeting[0]
        if kind != "level":
            self._end()
            wanted = f"level {min(self._levels)} or higher" if len(self._levels) > 1 else f"level {self._levels[0]}"
            raise UserError(f"judge: {wanted} cannot be had on this machine: {'; '.join(reasons)}")
        self.level: int = level
        self.reasons: tuple[str, ...] = reasons  # why no higher level
        for message in greeting[1:]:
            self._receive(message)

    def _end(self) -> None:
        self._channel.close()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _read(self) -> None:
        while True:
            try:
                data = self._channel.recv(1 << 18)
            except OSError:
                data = b""
            for message in self._unpacker.feed(data):
                self._receive(message)
            if data:
                continue
            if self._closing or self._broken or not self._restart():
                self._fail_pending()
                return

    def _receive(self, message: tuple[Any, ...]) -> None:
        if message[0] == "broken":
            self._broken = message[1]
            return
        with self._lock:
            _, future = self._pending.pop(message[1], (b"", None))
        self._restarts = 0
        if future is not None and future.set_running_or_notify_cancel():
            future.set_result(message[2:])

    def _restart(self) -> bool:
        """Replace a supervisor that died, and send it all that is pending."""
        self._restarts += 1
        if self._restarts > _MAX_RESTARTS:
            self._broken = f"the supervisor died {_MAX_RESTARTS} times without a verdict between"
            return False
        with self._lock:
            self._end()
            try:
                self._start()
            except (JudgeError, UserError) as error:
                self._broken = f"the supervisor died and cannot be started again: {error}"
                return False
            self._write([data for data, _ in self._pending.values()])
        return True

    def _fail_pending(self) -> None:
        with self._lock:
            pending = list(self._pending.values())
            self._pending.clear()
        for _, future in pending:
            if future.set_running_or_notify_cancel():
                future.set_exception(JudgeError(self._broken or "the judge was closed"))


class _Encoder:
    """Encode jobs, each distinct object of inputs or expected answers once: the jobs of a group share them."""

    def __init__(self) -> None:
        self._inputs: dict[int, tuple[bytes, ...]] = {}
        self._expected: dict[tuple[int, bool], tuple[bytes, ...]] = {}

    def message(self, job: Job, cached: bool) -> tuple[Any, ...]:
        """Return what the supervisor is told of a job. Valid while the jobs live unchanged."""
        if not job.inputs or len(job.inputs) != len(job.expected):
            raise UserError(f"judge: need as many expected answers as inputs, at least one, got {len(job.inputs)} "
                            f"inputs and {len(job.expected)} expected")  # fmt: skip
        blobs = self._inputs.get(id(job.inputs))
        if blobs is None:
            blobs = self._inputs[id(job.inputs)] = _blobs(job.inputs)
        trees = job.comparison in TREES
        expected = self._expected.get((id(job.expected), trees))
        if expected is None:
            made = tuple(map(_plain_tree if trees else _plain, job.expected))
            expected = self._expected[id(job.expected), trees] = made
        body = _body(job.source, job.entry_point, job.style, blobs)
        how = (job.comparison.value, float(job.tolerance), float(job.cpu_limit_s))
        return (body, len(blobs), expected, *how, _flags(job.style, trees=trees), cached)


def _flags(style: Style, *, trees: bool) -> int:
    return (wire.FILES if style is Style.STDIO else 0) | (wire.TREES if trees else 0)


def _plain_tree(value: Any) -> bytes:
    try:
        return encode(as_tree(value), max_depth=wire.TREE_DEPTH)
    except CodecError as error:
        raise UserError(f"judge: expected answers must be plain data: {error}") from error


def _plain(value: Any, max_depth: int = MAX_DEPTH) -> bytes:
    try:
        return encode(value, max_depth=max_depth)
    except CodecError as error:
        raise UserError(f"judge: inputs and expected answers must be plain data: {error}") from error


def _blobs(inputs: Sequence[tuple[Any, ...]], *, deeper: bool = False) -> tuple[bytes, ...]:
    for arguments in inputs:
        _plain(tuple(arguments), max_depth=wire.TREE_DEPTH if deeper else MAX_DEPTH)
    return tuple(marshal.dumps(tuple(arguments), 2) for arguments in inputs)


def _body(source: str, entry_point: str, style: Style, blobs: tuple[bytes, ...]) -> bytes:
    if style is Style.STDIO and len(blobs) != 1:
        raise UserError(f"judge: a stdin/stdout program has one test a job, got {len(blobs)} inputs")
    return marshal.dumps((source, entry_point, style is Style.STDIO, blobs), 2)


def _outcome(settled: _Settled) -> Outcome:
    verdict, tests, cpu_s, _, near, detail, _ = settled
    return Outcome(Verdict(verdict), tuple(map(Verdict, tests)), cpu_s, near, detail)


def _execution(settled: _Settled) -> Execution:
    verdict, names, cpu_s, wall_s, _, detail, answers = settled
    tests, outputs, raised = [Verdict(name) for name in names], [], []
    for index, answer in enumerate(answers or ()):
        value = None
        if tests[index] is Verdict.PASS:
            try:
                value = decode(answer, max_depth=wire.TREE_DEPTH)
            except CodecError:
                tests[index] = Verdict.PROTOCOL
        outputs.append(value)
        raised.append(answer.decode("utf-8", "replace") if tests[index] is Verdict.RAISED else "")
    worst = next((test for test in tests if test is not Verdict.PASS), Verdict.PASS)
    overall = Verdict(verdict) if verdict != Verdict.PASS.value else worst
    return Execution(overall, tuple(tests), tuple(outputs), tuple(raised), cpu_s, detail, wall_s)


def _mapped(raw: Future[_Settled]) -> Future[Outcome]:
    mapped: Future[Outcome] = Future()

    def convey(done: Future[_Settled]) -> None:
        if not mapped.set_running_or_notify_cancel():
            return
        error = done.exception()
        if error is not None:
            mapped.set_exception(error)
        else:
            mapped.set_result(_outcome(done.result()))

    raw.add_done_callback(convey)
    return mapped
