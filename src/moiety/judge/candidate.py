"""What runs in the forked child: load the program, call it once per test, write one frame per answer.

Nothing here is trusted by anyone: the program can read and change all of it, and gains nothing, because the expected
answers are elsewhere and the frames are parsed from outside after its death.
"""

from __future__ import annotations

import io
import marshal
import os
import sys
from collections.abc import Callable
from mmap import mmap
from types import CodeType, ModuleType
from typing import Any

from moiety.judge import wire
from moiety.judge.codec import CodecError, encode

_NAME = "solution"
_PIPE_BYTES = 65536
_name_of: Callable[[type], str] = type.__dict__["__name__"].__get__  # a metaclass may lie about the attribute
Writer = Callable[[int, int, bytes], None]


def run(job: bytes, page: mmap, *, answer_bytes: int, want_arguments: bool) -> None:
    """Run one job, a marshalled (source, entry point, is_stdio, inputs), and write its frames to `page`."""
    source, entry_point, is_stdio, inputs = marshal.loads(job)
    write = _writer(page, answer_bytes)
    sys.modules.pop("__main__", None)
    module = _module(_NAME)
    try:
        code = compile(source.removeprefix("\ufeff"), f"<{_NAME}>", "exec", dont_inherit=True)
    except MemoryError:
        return write(wire.LOAD_MEMORY, 0, b"")
    except BaseException as error:  # whatever the compiler raises on hostile text
        return write(wire.LOAD_ERROR, 0, _describe(error))
    if is_stdio:
        return _run_stdio(code, inputs, write)
    try:
        exec(code, module.__dict__)
        function = module.__dict__.get(entry_point)
    except SystemExit:
        return write(wire.EXITED, 0, b"")
    except MemoryError:
        return write(wire.LOAD_MEMORY, 0, b"")
    except BaseException as error:
        return write(wire.LOAD_RAISED, 0, _describe(error))
    if not callable(function):
        return write(wire.LOAD_ERROR, 0, b"no entry point")
    return _run_calls(function, inputs, write, want_arguments)


def _run_calls(function: Callable[..., Any], inputs: tuple[bytes, ...], write: Writer, want_arguments: bool) -> None:
    index = -1
    for index, blob in enumerate(inputs):
        arguments = marshal.loads(blob)  # a fresh copy for every call
        try:
            value = function(*arguments)
            kind, body = wire.VALUE, encode((value, arguments) if want_arguments else value)
        except SystemExit:
            return write(wire.EXITED, index, b"")
        except CodecError as error:
            kind, body = wire.UNSERIALISABLE, str(error).encode("utf-8", "replace")[:200]
        except MemoryError:
            kind, body = wire.MEMORY, b""
        except BaseException as error:  # the program's own failure: an answer, not a fault of ours
            kind, body = wire.RAISED, _describe(error)
        write(kind, index, body)
    return write(wire.DONE, index + 1, b"")


def _run_stdio(code: CodeType, inputs: tuple[bytes, ...], write: Writer) -> None:
    index = -1
    for index, blob in enumerate(inputs):
        printed = io.BytesIO()
        try:
            _feed(marshal.loads(blob)[0].encode("utf-8", "surrogatepass"))
            sys.stdout = io.TextIOWrapper(printed, "utf-8", "surrogatepass", newline="", write_through=True)
            exec(code, _module("__main__").__dict__)
            kind, body = wire.VALUE, _printed(printed)
        except SystemExit as error:
            if error.code in (None, 0):
                kind, body = wire.VALUE, _printed(printed)
            else:
                kind, body = wire.RAISED, b"SystemExit"
        except MemoryError:
            kind, body = wire.MEMORY, b""
        except BaseException as error:
            kind, body = wire.RAISED, _describe(error)
        write(kind, index, body)
    return write(wire.DONE, index + 1, b"")


def _feed(text: bytes) -> None:
    """Give the text to `sys.stdin`, and to descriptor 0 where a pipe can hold it."""
    sys.stdin = io.TextIOWrapper(io.BytesIO(text), "utf-8", "surrogatepass")
    if len(text) <= _PIPE_BYTES:
        reader, writer = os.pipe()
        os.write(writer, text)
        os.close(writer)
        if reader:  # the program may have closed its descriptor 0
            os.dup2(reader, 0)
            os.close(reader)


def _printed(stream: io.BytesIO) -> bytes:
    sys.stdout.flush()
    return encode(stream.getvalue().decode("utf-8", "replace"))


def _module(name: str) -> ModuleType:
    module = sys.modules[name] = ModuleType(name)
    return module


def _describe(error: BaseException) -> bytes:
    return _name_of(type(error)).encode("utf-8", "replace")[:200]


def _writer(page: mmap, answer_bytes: int) -> Writer:
    at = wire.PAGE.size
    process, own, leave = os.getpid, os.getpid(), os._exit

    def write(kind: int, index: int, body: bytes) -> None:
        nonlocal at
        if process() != own:
            leave(0)  # a process that the program forked shares the page: it would write over what is there
        if len(body) > answer_bytes:
            kind, body = wire.TOO_LARGE, b""
        end = at + wire.FRAME.size + len(body)
        wire.FRAME.pack_into(page, at, kind, index, len(body))
        page[at + wire.FRAME.size : end] = body
        wire.PAGE.pack_into(page, 0, 1, end)
        at = end

    return write
