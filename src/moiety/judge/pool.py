"""The judge as a trainer sees it: programs in, verdicts out.

The trainer, with its gigabytes and threads, never forks for a candidate: it starts one fresh supervisor process and
talks to it over a socket. Not the place where anything is decided: that is `settle`, in the supervisor.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Any

from moiety.errors import UserError
from moiety.judge import door, kernel, packages, spawn, wire
from moiety.judge.codec import CodecError, decode
from moiety.judge.ledger import Ledger, Settled
from moiety.judge.verdicts import Execution, Job, JudgeError, Outcome, Style, Verdict

MEMORY_BYTES = 512 << 20
_START_S, _STOP_S = 60.0, 10.0
_MAX_RESTARTS = 20  # without a verdict between: to find one job among a million that kills takes ten
_NO_SIGNAL = getattr(socket, "MSG_NOSIGNAL", 0)  # a trainer may have SIGPIPE at its default, which is death


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
        allow_import: Sequence[str] = (),
    ) -> None:
        """Start the pool at the highest isolation level that this machine allows, or at exactly `level`.

        `require_level` is the lowest one accepted; level 0 needs `allow_unsafe` too. `warm` names modules that the
        programs often import; `allow_import` names third-party packages that they may import, besides the standard
        library. Raises UserError if the level or a package cannot be had.
        """
        lowest = 0 if allow_unsafe else max(1, require_level)
        self._levels = (level,) if level is not None else tuple(range(2, lowest - 1, -1))
        if level == 0 and not allow_unsafe:
            raise UserError("judge: level 0 does not stop side effects of programs; pass allow_unsafe to accept that")
        self.zygotes = zygotes or len(os.sched_getaffinity(0) if kernel.LINUX else range(os.cpu_count() or 1))
        if not 0 < memory_bytes < 1 << 50:
            raise UserError(f"judge: memory_bytes: {memory_bytes}: expected a number of bytes above 0")
        self._memory_bytes, self._cache = memory_bytes, cache
        self._warm = (*warm, *packages.found(allow_import))
        self.setting = f"{memory_bytes} {packages.versions(allow_import)}".rstrip()  # what verdicts depend on
        self._lock = threading.Lock()
        self._ledger = Ledger()
        self._owner = os.getpid()
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

    def judge(self, jobs: Iterable[Job]) -> list[Outcome]:
        """Judge programs and return their outcomes in the same order."""
        self._must_not_be_the_reader("judge")
        return [_outcome(future.result()) for future in self._submit_jobs(jobs)]

    def submit(self, job: Job) -> Future[Outcome]:
        """Start judging a program at once, and return a future."""
        (raw,) = self._submit_jobs([job])
        return _mapped(raw)

    async def judge_async(self, jobs: Iterable[Job]) -> list[Outcome]:
        """Judge programs without blocking the event loop."""
        self._must_not_be_the_reader("judge_async")
        futures = self._submit_jobs(jobs)
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
    ) -> Execution:
        """Run foreign code and return its answers, decoded strictly; nothing is compared.

        With `want_arguments` each output is (value, list of the arguments as the call left them).
        """
        self._must_not_be_the_reader("run")
        message = door.run_message(
            source, entry_point, inputs, cpu_limit_s=cpu_limit_s, style=style, want_arguments=want_arguments
        )
        (future,) = self._submit([message])
        return _execution(future.result())

    def close(self) -> None:
        """End the supervisor and all that it started. Jobs not yet judged fail with JudgeError."""
        if os.getpid() != self._owner:  # a forked child that ends: the judge is its parent's
            return
        self._must_not_be_the_reader("close")
        with self._lock:
            if self._closing:
                return
            self._closing = True
            self._hang_up()
        atexit.unregister(self.close)
        self._reader.join(_STOP_S)
        self._end()

    def __enter__(self) -> Judge:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _submit_jobs(self, jobs: Iterable[Job]) -> list[Future[Settled]]:
        return self._submit(door.Encoder().messages(jobs, cached=self._cache))

    def _submit(self, messages: list[door.Message]) -> list[Future[Settled]]:
        if os.getpid() != self._owner:  # before the lock: it may have been held at the fork
            raise JudgeError(
                f"judge: it belongs to process {self._owner}, which forked this one, {os.getpid()}: "
                "expected a Judge that is started in the process that uses it"
            )
        futures: list[Future[Settled]] = []
        with self._lock:
            if self._closing or self._broken:
                raise JudgeError(self._broken or "the judge is closed")
            for message in messages:
                self._next += 1
                futures.append(self._ledger.add(self._next, wire.pack((self._next, *message)), message[1]))
            self._write(self._ledger.take())
        return futures

    def _must_not_be_the_reader(self, call: str) -> None:
        """Refuse a call that would wait for itself: verdicts arrive in the thread that runs callbacks of futures."""
        if threading.current_thread() is self._reader:
            raise JudgeError(f"judge: {call}() in a callback of submit() would wait for ever: expected submit() there")

    def _write(self, packed: list[bytes]) -> None:
        if not packed:
            return
        try:
            self._channel.sendall(b"".join(packed), _NO_SIGNAL)
        except OSError:  # the supervisor is dead: the reader notices, and sends all that is pending to the next
            return
        except BaseException:  # an interrupt: part of a message may be on its way, and nothing can follow it
            self._hang_up()
            raise

    def _hang_up(self) -> None:
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR)

    def _start(self) -> None:
        try:
            ours, theirs = spawn.socket_pair()
        except OSError as error:
            raise JudgeError(f"the supervisor cannot be started: {error}") from error
        line = spawn.command(
            "supervisor", theirs.fileno(), os.getpid(), self.zygotes, self._levels, self._memory_bytes, self._warm
        )
        try:
            self._process = subprocess.Popen(
                line, pass_fds=(theirs.fileno(),), env=spawn.environment(), stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, start_new_session=True, cwd="/",
            )  # fmt: skip
        except OSError as error:
            ours.close()
            theirs.close()
            raise JudgeError(f"the supervisor cannot be started: {error}") from error
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
            if refusal := packages.refusal(reasons):
                raise UserError(f"judge: {refusal}")
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
        try:
            while self._listen() or (not self._closing and not self._broken and self._restart()):
                pass
        finally:  # whatever ended this thread: nobody may wait for a verdict that cannot come
            if not self._closing and not self._broken:
                self._broken = "the thread that reads verdicts has ended"
            self._fail_pending()

    def _listen(self) -> bool:
        """Take what the supervisor sends next. Returns False at its end."""
        try:
            data = self._channel.recv(1 << 18)
        except OSError:
            data = b""
        for message in self._unpacker.feed(data):
            self._receive(message)
        return bool(data)

    def _receive(self, message: tuple[Any, ...]) -> None:
        if message[0] == "broken":
            self._broken = message[1]
            return
        with self._lock:
            future = self._ledger.settle(message[1])
            self._write(self._ledger.take())
        self._restarts = 0
        if future is not None:
            _resolve(future, message[2:])

    def _restart(self) -> bool:
        """Replace a supervisor that died, and send it what is pending."""
        self._restarts += 1
        if self._restarts > _MAX_RESTARTS:
            self._broken = f"the supervisor died {_MAX_RESTARTS} times without a verdict between"
            return False
        with self._lock:
            self._end()
            guilty = self._ledger.bury_supervisor()
            try:
                self._start()
            except (JudgeError, UserError) as error:
                self._broken = f"the supervisor died and cannot be started again: {error}"
            else:
                self._write(self._ledger.take())
        if guilty is not None:
            _resolve(*guilty)
        return not self._broken

    def _fail_pending(self) -> None:
        with self._lock:
            futures = self._ledger.clear()
        for future in futures:
            if future.set_running_or_notify_cancel():
                future.set_exception(JudgeError(self._broken or "the judge was closed"))


def _resolve(future: Future[Settled], settled: Settled) -> None:
    """Set a result. A callback may raise anything, an exit too: it must not end the thread that reads verdicts."""
    try:
        if future.set_running_or_notify_cancel():
            future.set_result(settled)
    except BaseException:
        threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))


def _outcome(settled: Settled) -> Outcome:
    verdict, tests, cpu_s, near, detail, _ = settled
    return Outcome(Verdict(verdict), tuple(map(Verdict, tests)), cpu_s, near, detail)


def _execution(settled: Settled) -> Execution:
    verdict, names, cpu_s, _, detail, answers = settled
    tests, outputs, raised = [Verdict(name) for name in names], [], []
    for index, answer in enumerate(answers or ()):
        value = None
        if tests[index] is Verdict.PASS:
            try:
                value = decode(answer)
            except CodecError:
                tests[index] = Verdict.PROTOCOL
        outputs.append(value)
        raised.append(answer.decode("utf-8", "replace") if tests[index] is Verdict.RAISED else "")
    worst = next((test for test in tests if test is not Verdict.PASS), Verdict.PASS)
    overall = Verdict(verdict) if verdict != Verdict.PASS.value else worst
    return Execution(overall, tuple(tests), tuple(outputs), tuple(raised), cpu_s, detail)


def _mapped(raw: Future[Settled]) -> Future[Outcome]:
    mapped: Future[Outcome] = Future()

    def convey(done: Future[Settled]) -> None:
        if not mapped.set_running_or_notify_cancel():
            return
        error = done.exception()
        if error is not None:
            mapped.set_exception(error)
        else:
            mapped.set_result(_outcome(done.result()))

    raw.add_done_callback(convey)
    return mapped
