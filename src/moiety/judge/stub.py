"""The host's side of an assert-style test: it passes the stub's calls on to the candidate's own process.

Each call is a process of its own, so that no program can answer by call number.
"""

from __future__ import annotations

import marshal
import subprocess
from types import TracebackType
from typing import Any

from moiety.judge import spawn, wire
from moiety.judge.codec import CodecError, encode
from moiety.judge.pool import Judge
from moiety.judge.verdicts import Outcome, Verdict

_TEST_S, _MAX_DEPTH = 120.0, 40


class TestRunner:
    """A trusted process that runs test code against programs. One test at a time; not thread-safe."""

    __test__ = False

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._ready: list[tuple[Any, ...]] = []
        self._start()

    def run(self, *, source: str, entry_point: str, setup: str, test: str, cpu_limit_s: float) -> Outcome:
        """Run `test` with the entry point of `source` behind the stub, and return the outcome as one test."""
        self._socket.sendall(wire.pack((setup, test, entry_point)))
        cpu_s = 0.0
        stopped: Outcome | None = None
        while True:
            message = self._receive()
            if message is None:
                self.close()
                self._start()
                return stopped or _one(Verdict.TIMEOUT, cpu_s, "the test itself did not end")
            if message[0] == "done":
                return stopped or _one(Verdict(message[1]), cpu_s, message[2])
            reply, verdict, used_s, detail = self._answer(source, entry_point, message[1], cpu_limit_s)
            cpu_s += used_s
            if verdict is not None and stopped is None:
                stopped = _one(verdict, cpu_s, detail)
            self._socket.sendall(wire.pack(reply))

    def _answer(
        self, source: str, entry_point: str, call: bytes, cpu_limit_s: float
    ) -> tuple[tuple[Any, ...], Verdict | None, float, str]:
        arguments = marshal.loads(call)  # from the trusted process, never a candidate's bytes
        done = self._judge.run(source, entry_point, [arguments], cpu_limit_s=cpu_limit_s, want_arguments=True)
        verdict = done.tests[0]
        if verdict is Verdict.RAISED and done.raised[0]:
            return ("raised", done.raised[0]), None, done.cpu_s, done.detail
        if verdict is not Verdict.PASS:
            return ("stop",), verdict, done.cpu_s, done.detail
        answer = done.outputs[0]
        if type(answer) is not tuple or len(answer) != 2 or type(answer[1]) is not tuple:
            return ("stop",), Verdict.PROTOCOL, done.cpu_s, "an answer without its arguments"
        if len(answer[1]) != len(arguments):
            return ("stop",), Verdict.PROTOCOL, done.cpu_s, "an answer without its arguments"
        try:
            reply = encode(answer, max_depth=_MAX_DEPTH)
        except CodecError:  # a test that nests it further could no longer pass it on
            return ("stop",), Verdict.UNSERIALISABLE, done.cpu_s, f"an answer nested deeper than {_MAX_DEPTH}"
        return ("value", reply), None, done.cpu_s, ""

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


def _one(verdict: Verdict, cpu_s: float, detail: str) -> Outcome:
    return Outcome(verdict, (verdict,), cpu_s, False, detail)
