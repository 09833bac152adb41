"""What runs in the forked child: load the program, call it once per test, write one frame per answer.

Nothing here is trusted by anyone: the program can read and change all of it, and gains nothing, because the expected
answers are elsewhere and the frames are parsed from outside after its death.
"""

from __future__ import annotations

import builtins
import marshal
import os
import sys
from collections.abc import Callable
from mmap import mmap
from types import ModuleType
from typing import Any

from moiety.judge import wire
from moiety.judge.answers import as_tree, as_trees, from_trees
from moiety.judge.codec import CodecError, encode
from moiety.judge.program import run_program

_NAME = "solution"
_TEXT_BYTES = 1000  # of an exception
_name_of: Callable[[type], str] = type.__dict__["__name__"].__get__  # a metaclass may lie about the attribute
_bases_of: Callable[[type], tuple[type, ...]] = type.__dict__["__mro__"].__get__
_arguments_of: Callable[[BaseException], tuple[Any, ...]] = BaseException.__dict__["args"].__get__
Writer = Callable[[int, int, bytes], None]


def run(job: bytes, page: mmap, *, answer_bytes: int, flags: int = 0, files: tuple[int, int] | None = None) -> None:
    """Run one job, a marshalled (source, entry point, is_stdio, inputs), and write its frames to `page`.

    `flags` are those of the job's header; `files` are descriptors for the standard input and output of a program.
    """
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
    if is_stdio and files is not None:
        text = marshal.loads(inputs[0])[0]
        return run_program(code, text, files, write, answer_bytes=answer_bytes, describe=_describe)
    try:
        exec(code, module.__dict__)
        function = module.__dict__.get(entry_point)
        if function is None and "." in entry_point:
            function = _method(module, entry_point)
    except SystemExit:
        return write(wire.EXITED, 0, b"")
    except MemoryError:
        return write(wire.LOAD_MEMORY, 0, b"")
    except BaseException as error:
        return write(wire.LOAD_RAISED, 0, _describe(error))
    if not callable(function):
        return write(wire.LOAD_ERROR, 0, b"no entry point")
    if flags & wire.TREES:
        return _run_benchmark_calls(function, inputs, write, bool(flags & wire.WANT_ARGUMENTS))
    return _run_calls(function, inputs, write, bool(flags & wire.WANT_ARGUMENTS))


def _method(module: ModuleType, entry_point: str) -> Any:
    """Return the function that `Class.name` stands for: `name` of the module, or of an instance of `Class`."""
    class_name, _, name = entry_point.partition(".")
    function, owner = module.__dict__.get(name), module.__dict__.get(class_name)
    return getattr(owner(), name, None) if function is None and callable(owner) else function


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


def _run_benchmark_calls(
    function: Callable[..., Any], inputs: tuple[bytes, ...], write: Writer, want_arguments: bool
) -> None:
    """Run the calls of a benchmark: answers cross as trees, exceptions with their text."""
    index = -1
    for index, blob in enumerate(inputs):
        arguments = marshal.loads(blob)
        if want_arguments:  # a test's own: they came as trees
            arguments = from_trees(arguments, live=True)
        try:
            value = function(*arguments)
            tree = (as_tree(value, arguments), as_trees(arguments)) if want_arguments else as_tree(value)
            kind, body = wire.VALUE, encode(tree, max_depth=wire.TREE_DEPTH)
        except SystemExit:
            return write(wire.EXITED, index, b"")
        except CodecError as error:
            kind, body = wire.UNSERIALISABLE, str(error).encode("utf-8", "replace")[:200]
        except MemoryError:
            kind, body = wire.MEMORY, b""
        except BaseException as error:
            kind, body = wire.RAISED, _describe_whole(error)
        write(kind, index, body)
    return write(wire.DONE, index + 1, b"")


def _module(name: str) -> ModuleType:
    module = sys.modules[name] = ModuleType(name)
    return module


def _describe(error: BaseException) -> bytes:
    return _name_of(type(error)).encode("utf-8", "replace")[:200]


def _describe_whole(error: BaseException) -> bytes:
    """Return `Name: text`, the name that of the nearest built-in type, so that a test's `except` clause meets it."""
    name = "Exception"
    try:
        kinds = _bases_of(type(error))
        name = next(_name_of(kind) for kind in kinds if getattr(builtins, _name_of(kind), None) is kind)
        given = _arguments_of(error)
        text = given[0] if len(given) == 1 and type(given[0]) is str else str(error)
    except BaseException:  # a hostile __str__
        text = ""
    return f"{name}: {text}".encode("utf-8", "replace")[:_TEXT_BYTES]


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
