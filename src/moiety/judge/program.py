"""A stdin/stdout program in the candidate's process, run as `python3 program.py < input > output` runs it.

Descriptors 0 and 1 are files that the supervisor made for this one job, so every way to read and write works. The
answer is what stands in the file of descriptor 1 after the program, its threads and its exit handlers have ended.
"""

# pathlib would be memory that every fork of a candidate pays for

from __future__ import annotations

import atexit
import builtins
import contextlib
import gc
import io
import os
import sys
from collections.abc import Callable
from types import CodeType, ModuleType
from typing import Any, NoReturn

from moiety.judge import wire
from moiety.judge.codec import encode

Writer = Callable[[int, int, bytes], None]
# no isolation level shows /dev or /proc, so their names of the standard descriptors are opened here
_STANDARD = {
    path: number
    for number, name in enumerate(("stdin", "stdout", "stderr"))
    for path in (f"/dev/{name}", f"/dev/fd/{number}", f"/proc/self/fd/{number}")
}


def run_program(
    code: CodeType,
    text: str,
    files: tuple[int, int],
    write: Writer,
    *,
    answer_bytes: int,
    describe: Callable[[BaseException], bytes],
) -> None:
    """Run `code` once with `text` in the file of descriptor 0, and write its one answer."""
    printed = _Printed(files[1], answer_bytes)
    _open_standard(text, files)
    _offer_names()
    _let_leave(printed, write)
    module = sys.modules["__main__"] = ModuleType("__main__")
    module.__file__ = "/solution.py"
    try:
        status = _status(code, module)
        _end(module)
    except MemoryError:
        write(wire.MEMORY, 0, b"")
    except BaseException as error:  # the program's own failure: an answer, not a fault of ours
        write(wire.RAISED, 0, describe(error))
    else:
        write(*(wire.RAISED, 0, b"SystemExit") if status else (wire.VALUE, 0, printed.encoded()))
    write(wire.DONE, 1, b"")


class _Printed:
    """The file of descriptor 1, under a number of its own: the program may close or replace descriptor 1."""

    def __init__(self, descriptor: int, most: int) -> None:
        self._descriptor, self._most = descriptor, most
        self._which = _identity(descriptor)

    def encoded(self) -> bytes:
        """Return the canonical bytes of the text that stands in the file, cut a little above the room for it."""
        kept = self._descriptor if _identity(self._descriptor) == self._which else 1
        return encode(os.pread(kept, self._most + 1, 0).decode("utf-8", "replace"))


def _identity(descriptor: int) -> tuple[int, int] | None:
    try:
        found = os.fstat(descriptor)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _open_standard(text: str, files: tuple[int, int]) -> None:
    data = memoryview(text.encode("utf-8", "surrogatepass"))
    while data:
        data = data[os.write(files[0], data) :]
    os.lseek(files[0], 0, os.SEEK_SET)
    for number, descriptor in enumerate(files):
        os.dup2(descriptor, number)
    os.close(files[0])
    sys.stdin = sys.__stdin__ = _stream(0, "r")  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = _stream(1, "w")  # type: ignore[misc]


def _stream(descriptor: int, mode: str) -> io.TextIOWrapper:
    """Return a standard stream as Python makes it under C.UTF-8."""
    binary = open(descriptor, f"{mode}b", closefd=False)  # noqa: SIM115 - it lives as long as the program
    return io.TextIOWrapper(binary, "utf-8", "surrogateescape")


def _offer_names() -> None:
    """Give the program what `site` and /dev would: exit and quit, and the names of the standard descriptors."""

    def leave(code: object = None) -> NoReturn:
        raise SystemExit(code)

    builtins.exit = builtins.quit = leave  # type: ignore[assignment]
    open_file, open_descriptor = io.open, os.open

    def open_any(file: Any, *arguments: Any, **named: Any) -> Any:
        number = _number(file)
        return open_file(file if number is None else os.dup(number), *arguments, **named)

    def open_low(path: Any, *arguments: Any, **named: Any) -> int:
        number = _number(path)
        return open_descriptor(path, *arguments, **named) if number is None else os.dup(number)

    builtins.open = io.open = open_any
    os.open = open_low


def _number(path: Any) -> int | None:
    """Return the standard descriptor that a path names, if it names one."""
    if isinstance(path, os.PathLike):
        path = path.__fspath__()
    return _STANDARD.get(path) if isinstance(path, str) else None


def _let_leave(printed: _Printed, write: Writer) -> None:
    """Let `os._exit(0)` end a right program: what stands in the file by then is its answer."""
    really_leave, own = os._exit, os.getpid()

    def leave(status: int) -> NoReturn:
        if not status and os.getpid() == own:
            write(wire.VALUE, 0, printed.encoded())
            write(wire.DONE, 1, b"")
        really_leave(status)

    os._exit = leave


def _status(code: CodeType, module: ModuleType) -> bool:
    """Run the program. Returns True if it ended with an exit status other than 0; lets other exceptions out."""
    try:
        exec(code, module.__dict__)
    except SystemExit as error:
        number = error.code
        return number is not None and not (isinstance(number, int) and not number & 0xFF)
    return False


def _end(module: ModuleType) -> None:
    """Do what the interpreter does at its end: join threads, call exit handlers, drop the program, flush."""
    threading = sys.modules.get("threading")
    if threading is not None:
        threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.__stdout__):
        with contextlib.suppress(AttributeError, ValueError):  # replaced by what has no flush, or closed
            stream.flush()  # type: ignore[union-attr]
    module.__dict__.clear()  # a file object that the program left open writes its buffer when it goes
    gc.collect()
    with contextlib.suppress(AttributeError, ValueError):
        sys.__stdout__.flush()  # type: ignore[union-attr]
