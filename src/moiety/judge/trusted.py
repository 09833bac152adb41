"""The trusted side of an assert-style benchmark: its own test code, run against a stub.

A process of its own, one fork per test. The stub sends each call to the host as plain data and gets plain data back;
the candidate's program never comes near, and neither do the asserts reach the candidate. Not a sandbox: the test code
is the benchmark's, and is trusted.
"""

from __future__ import annotations

import builtins
import math
import os
import resource
import signal
import socket
import time
from typing import Any

from moiety.judge import kernel, wire
from moiety.judge.answers import as_trees, from_tree, from_trees
from moiety.judge.codec import CodecError

_MEMORY_BYTES = 4 << 30  # an answer may make a test ask for any amount


class _CandidateError(Exception):
    """What the candidate raised, where it is not a builtin exception."""


class _StopError(BaseException):
    """The host has its verdict; not an Exception, so that a test's `except` does not swallow it."""


class _UnsupportedError(BaseException):
    """A call that cannot cross as plain data."""


class _OverError(BaseException):
    """The test has used its CPU time."""


class _Channel:
    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._unpacker = wire.Unpacker()
        self.answered = False  # any call
        self.sending = False  # half a message must not be left behind
        self._ready: list[tuple[Any, ...]] = []

    def send(self, *message: Any) -> None:
        self.sending = True
        self._socket.sendall(wire.pack(message))
        self.sending = False

    def receive(self) -> tuple[Any, ...] | None:
        while not self._ready:
            data = self._socket.recv(1 << 16)
            if not data:
                return None
            self._ready = self._unpacker.feed(data)
        return self._ready.pop(0)


def main(descriptor: int) -> None:
    """Run tests, (setup source, test source, entry point, CPU limit), until the host goes away.

    Ends when a test had to be killed: the host starts another process.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.set_inheritable(descriptor, False)
    channel = _Channel(descriptor)
    while True:
        test = channel.receive()
        if test is None:
            return
        child = os.fork()
        if not child:
            _end_with_host()
            try:
                channel.send("done", *_run(channel, *test), time.process_time())
            finally:
                os._exit(0)
        if os.WIFSIGNALED(os.waitpid(child, 0)[1]):
            return


def _end_with_host() -> None:
    if kernel.LINUX:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)


def _limit(channel: _Channel, cpu_limit_s: float) -> None:
    """End a test that works on an answer for ever: with a verdict, or by a signal if it holds the interpreter."""

    def over(*_: object) -> None:
        if not channel.sending:  # the timer comes again
            raise _OverError

    signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, cpu_limit_s, 0.1)
    whole_s = math.ceil(cpu_limit_s) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (whole_s, whole_s + 1))
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES if hard < 0 else min(hard, _MEMORY_BYTES), hard))


def _run(channel: _Channel, setup: str, test: str, entry_point: str, cpu_limit_s: float) -> tuple[str, str]:
    _limit(channel, cpu_limit_s)
    try:
        return _verdict(channel, setup, test, entry_point)
    except _OverError:
        return "timeout", "the test itself did not end"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _verdict(channel: _Channel, setup: str, test: str, entry_point: str) -> tuple[str, str]:
    raised: list[BaseException] = []

    def stub(*arguments: Any, **named: Any) -> Any:
        return _call(channel, arguments, named, raised)

    namespace: dict[str, Any] = {"__name__": "trusted"}
    try:
        exec(compile(setup, "<setup>", "exec", dont_inherit=True), namespace)
        code = compile(test, "<test>", "exec", dont_inherit=True)
    except _OverError:
        raise
    except BaseException as error:  # the benchmark's own code does not run here: no fault of the candidate's
        return "unsupported", f"the test itself: {type(error).__name__}: {error}"[:200]
    namespace[entry_point] = namespace["candidate"] = stub
    try:
        exec(code, namespace)
    except _OverError:
        raise
    except _StopError:
        return "stopped", ""
    except _UnsupportedError as error:
        return "wrong" if channel.answered else "unsupported", str(error)
    except AssertionError as error:
        return "wrong", str(error)[:200]
    except BaseException as error:  # the test's verdict, whatever its type
        if any(error is one for one in raised):
            return "raised", type(error).__name__
        if type(error) is NameError:  # a class or helper that only the candidate defines
            return "unsupported", str(error)
        return "wrong", f"{type(error).__name__}: {error}"[:200]
    return "pass", ""


def _call(channel: _Channel, arguments: tuple[Any, ...], named: dict[str, Any], raised: list[BaseException]) -> Any:
    if named:
        raise _UnsupportedError("a call with named arguments")
    try:
        trees = as_trees(arguments)
    except CodecError as error:
        raise _UnsupportedError(f"an argument that is not plain data: {error}") from error
    channel.send("call", trees)
    reply = channel.receive()
    if reply is None or reply[0] == "stop":
        raise _StopError
    if reply[0] == "raised":
        raised.append(_exception(reply[1]))
        raise raised[-1]
    _, value, after = reply
    channel.answered = True
    for theirs, ours in zip(from_trees(after, live=True), arguments, strict=True):
        _write_back(theirs, ours)
    return from_tree(value, live=True, arguments=arguments)


def _exception(described: str) -> Exception:
    """Return an exception of the built-in type and with the text that `Name: text` gives."""
    name, _, text = described.partition(": ")
    kind = getattr(builtins, name, None)
    if isinstance(kind, type) and issubclass(kind, Exception):
        try:
            return kind(text) if text else kind()
        except TypeError:  # a type that takes other arguments
            return kind.__new__(kind, text)
    return _CandidateError(described)


def _write_back(theirs: Any, ours: Any) -> None:
    """Give the caller's object the contents that the candidate left in its copy."""
    if isinstance(ours, list) and isinstance(theirs, list):
        ours[:] = theirs
    elif isinstance(ours, (dict, set)) and type(theirs) is type(ours):
        ours.clear()
        ours.update(theirs)
