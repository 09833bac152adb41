"""The host's side of an assert-style test: it passes the stub's calls on to the candidate's own process.

Each call is a process of its own, so that no program can answer by call number.
"""

from __future__ import annotations

import subprocess
from types import TracebackType
from typing import Any

from moiety.judge import spawn, wire
from moiety.judge.answers import from_tree, from_trees
from moiety.judge.codec import CodecError
from moiety.judge.pool import Judge
from moiety.judge.verdicts import Execution, Outcome, Verdict

_TEST_S, _TEST_FACTOR, _WALL_FACTOR = 30.0, 5.0, 10.0


class TestRunner:
    """A trusted process that runs test code against programs. One test at a time; not thread-safe."""

    __test__ = False

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._ready: list[tuple[Any, ...]] = []
        self._start()

    def run(self, *, source: str, entry_point: str, setup: str, test: str, cpu_limit_s: float) -> Outcome:
        """Run `test` with the entry point of `source` behind the stub, and return the outcome as one test.

        `cpu_limit_s` is for all calls of the entry point together, and once more for the test's own work between them.
        """
        self._socket.settimeout(_TEST_S + _TEST_FACTOR * cpu_limit_s)
        self._socket.sendall(wire.pack((setup, test, entry_point, cpu_limit_s)))
        cpu_s = wall_s = 0.0
        stopped: Outcome | None = None
        while True:
            message = self._receive()
            if message is None:
                self.close()
                self._start()
                return stopped or _one(Verdict.TIMEOUT, cpu_s, "the test itself did not end")
            if message[0] == "done":
                _, verdict_name, detail, test_s = message
                return stopped or _one(Verdict(verdict_name), cpu_s + test_s, detail, cpu_limit_s)
            if stopped is None and (cpu_s >= cpu_limit_s or wall_s > max(1.0, _WALL_FACTOR * cpu_limit_s)):
                stopped = _one(Verdict.TIMEOUT, cpu_s, "over the limit of all calls together")
            reply: tuple[Any, ...] = ("stop",)
            if stopped is None:
                arguments = message[1]  # trees of the trusted process, never a candidate's bytes
                done = self._call(source, entry_point, arguments, cpu_limit_s - cpu_s)
                cpu_s, wall_s = cpu_s + done.cpu_s, wall_s + done.wall_s
                reply, verdict, detail = _reply(done, len(arguments))
                if verdict is not None:
                    stopped = _one(verdict, cpu_s, detail)
            self._socket.sendall(wire.pack(reply))

    def _call(self, source: str, entry_point: str, arguments: tuple[Any, ...], cpu_limit_s: float) -> Execution:
        limit_s = max(0.01, cpu_limit_s)
        return self._judge.run(source, entry_point, [arguments], cpu_limit_s=limit_s, want_arguments=True, trees=True)

    def _receive(self) -> tuple[Any, ...] | None:
        while not self._ready:
            try:
                data = self._socket.recv(1 << 16)
            except TimeoutError:
                return None
            if not data:
                return None
            self._ready = self._unpacker.feed(data)
        return self._ready.pop(0)

    def _start(self) -> None:
        self._socket, theirs = spawn.socket_pair()
        self._socket.settimeout(_TEST_S)
        self._unpacker = wire.Unpacker()
        self._ready.clear()
        self._process = subprocess.Popen(
            spawn.command("trusted", theirs.fileno(), third_party=True), pass_fds=(theirs.fileno(),),
            env=spawn.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        theirs.close()

    def close(self) -> None:
        """End the trusted process."""
        self._socket.close()
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> TestRunner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _reply(done: Execution, num_arguments: int) -> tuple[tuple[Any, ...], Verdict | None, str]:
    """Return what the stub is told of a call, and the verdict of the whole test where the call has decided it."""
    verdict = done.tests[0]
    if verdict is Verdict.RAISED and done.raised[0]:
        return ("raised", done.raised[0]), None, done.detail
    if verdict is not Verdict.PASS:
        return ("stop",), verdict, done.detail
    answer = done.outputs[0]
    try:
        value, after = answer
        arguments = from_trees(after, live=False)
        if len(arguments) != num_arguments:
            raise ValueError
        from_tree(value, arguments=arguments)
    except (CodecError, TypeError, ValueError):  # the trusted process could not read it either
        return ("stop",), Verdict.PROTOCOL, "an answer that no encoder writes"
    return ("value", value, after), None, ""


def _one(verdict: Verdict, cpu_s: float, detail: str, limit_s: float | None = None) -> Outcome:
    near = limit_s is not None and cpu_s > limit_s / 2
    return Outcome(verdict, (verdict,), cpu_s, near, detail)
