"""A zygote: a warm, isolated interpreter that forks one child per program and reports how it ended.

It never reads a job, so that no program can find another's source or inputs in memory it inherits: the child reads its
own. Each child gets a new page for its answers. One thread, always: a fork copies only the caller's.
"""

# pathlib would be memory that every fork of a candidate pays for
# ruff: noqa: PTH208

from __future__ import annotations

import _socket
import contextlib
import gc
import importlib
import itertools
import marshal
import mmap
import os
import signal
import sys
import time
import warnings

from moiety.judge import candidate, isolation, kernel, loading, seccomp, wire
from moiety.judge.watch import Family, Watch

WARM = (
    "bisect", "collections", "copy", "dataclasses", "functools", "heapq", "itertools", "math", "operator", "random",
    "re", "string", "typing",
)  # fmt: skip
_COLLECT_AFTER = 5000  # objects: a short program ends before its first collection
_LOOK_S, _LOOK_AGAIN_S = 0.02, 0.01  # most programs end before the first look; memory can be filled at 10 GB/s
_HAS_SIGTIMEDWAIT = hasattr(signal, "sigtimedwait")
_CHILD_ENDED = (signal.SIGCHLD,)


def main(
    job_pipe: int, result_pipe: int, files: int, level: int, memory_bytes: int, drop_to: int, warm: tuple[str, ...]
) -> None:
    """Isolate, say hello, and serve jobs until the job pipe closes. `warm` is what `loading.split` reads."""
    _close_all_but(job_pipe, result_pipe, files)
    warnings.simplefilter("ignore")
    warm, allowed, folders = loading.split(warm)
    _import(warm)
    try:
        _must_be_alone()
        shown = loading.load(allowed, folders)
        notes, watch = isolation.isolate(level, memory_bytes=memory_bytes, drop_to=drop_to, shown=shown, hidden=folders)
        alone = level < 2 or not isinstance(watch, Family)  # a program may start no process that nobody would see
        extra = seccomp.candidate_filter() if alone and seccomp.supported() and not notes else None
    except (OSError, KeyError) as error:
        _write_all(result_pipe, wire.pack(("refused", str(error))))
        return
    _rehearse()
    signal.pthread_sigmask(signal.SIG_BLOCK, _CHILD_ENDED)
    for name in [name for name in sys.modules if name.partition(".")[0] == "moiety"]:
        del sys.modules[name]
    sys.argv = ["solution"]
    gc.set_threshold(_COLLECT_AFTER, 10, 10)
    gc.collect()
    gc.disable()
    gc.freeze()
    _write_all(result_pipe, wire.pack(("ready", tuple(notes))))
    while True:
        header = _read_exactly(job_pipe, wire.HEADER.size)
        if not header:
            return
        _serve((job_pipe, result_pipe, files), header, level, watch, extra)


def _import(warm: tuple[str, ...]) -> None:
    """Load what programs often import. `random` may not seed itself anew in each child: all start from seed 0."""
    register, os.register_at_fork = os.register_at_fork, lambda **_: None
    for name in WARM:
        importlib.import_module(name)
    os.register_at_fork = register
    for name in warm:
        with contextlib.suppress(ImportError):  # learned from foreign code: it may not exist here
            importlib.import_module(name)
    importlib.import_module("random").seed(0)


def _must_be_alone() -> None:
    """Raise OSError if an import started a thread: a fork would copy its locks and not it."""
    if kernel.LINUX and len(os.listdir("/proc/self/task")) != 1:
        raise OSError(f"an import started a thread; loaded: {', '.join(sorted(sys.modules))}")


def _rehearse() -> None:
    """Run a program of our own a few times: what has run once costs every fork fewer copied pages."""
    blob = marshal.dumps(([2, 1],), 2)
    job = marshal.dumps(("def f(xs):\n    return [sorted(xs), 'a', (1.5, {1: True})]\n", "f", False, (blob,) * 8), 2)
    for _ in range(16):
        with mmap.mmap(-1, 1 << 14) as page:
            candidate.run(job, page, answer_bytes=1 << 10)


def _close_all_but(*kept: int, end: int = 1 << 16) -> None:
    """Close the descriptors from 3 to `end` that were inherited: a candidate would have them too."""
    for below, above in itertools.pairwise((2, *sorted(kept), end)):
        os.closerange(below + 1, above)


def _serve(
    pipes: tuple[int, int, int], header: bytes, level: int, watch: Watch, extra: seccomp.Filter | None
) -> None:
    job_pipe, result_pipe, files = pipes
    cpu_limit_s, page_bytes, answer_bytes, job_bytes, flags = wire.HEADER.unpack(header)
    page = mmap.mmap(-1, page_bytes)
    _open_standard()
    standard = _receive_files(files) if flags & wire.FILES else None
    watch.before_fork()
    try:
        child = os.fork()
    except OSError:
        _write_all(result_pipe, wire.RESULT.pack(0, wire.FORK_REFUSED, 0.0, 0))
        raise
    if not child:
        leave = os._exit
        try:
            job = _read_exactly(job_pipe, job_bytes)
            page[:1] = b"\1"
            _confine(level, watch, extra, standard or ())
            gc.enable()
            candidate.run(job, page, answer_bytes=answer_bytes, flags=flags, files=standard)
            leave(0)
        finally:
            leave(70)
    for descriptor in standard or ():
        os.close(descriptor)
    status, over, cpu_s = _watch(child, cpu_limit_s, watch)
    cpu_s += _kill_stragglers(child, level)
    loaded, used = wire.PAGE.unpack_from(page, 0)
    used = used if used <= page_bytes else page_bytes
    report = over | (0 if loaded else wire.JOB_UNREAD)
    with memoryview(page) as view, view[:used] as answers:  # straight from the page: no copy stays in this heap
        head = wire.RESULT.pack(status, report, cpu_s, used)
        sent = os.writev(result_pipe, [head, answers]) - len(head)
        _write_all(result_pipe, answers[sent:])
    page.close()


def _receive_files(files: int) -> tuple[int, int]:
    """Return the two descriptors that the supervisor made for this job alone."""
    channel = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0, files)
    _, messages, _, _ = channel.recvmsg(1, _socket.CMSG_LEN(wire.TWO_DESCRIPTORS.size))
    channel.detach()
    given, wanted = wire.TWO_DESCRIPTORS.unpack(messages[0][2])
    return given, wanted


def _open_standard() -> None:
    """Open descriptors 0 to 2 for the next child alone: flags, signal and owner of an open file are shared by forks.

    Here, because a child would pay for the pages of code that this touches.
    """
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.close(null)


def _confine(level: int, watch: Watch, extra: seccomp.Filter | None, files: tuple[int, ...]) -> None:
    """Close whatever is the zygote's but the files of this job, and put on what cannot be inherited."""
    _close_all_but(*files, end=isolation.DESCRIPTORS)
    if watch.in_child():
        os._exit(71)
    if level < 2 and kernel.LINUX:  # a pid namespace dies with its first process
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if extra is not None:
        extra.install()
    elif level == 0:
        os.setsid()  # without seccomp the program may fork: its session is killed after it


def _watch(child: int, cpu_limit_s: float, watch: Watch) -> tuple[int, int, float]:
    """Wait for the child and kill it when it is over a limit. Returns (wait status, flag of the limit, CPU s)."""
    over = 0
    start_s, left_s, pause_s = time.monotonic(), cpu_limit_s, _LOOK_S
    while True:
        _sleep_until_a_child_ends(min(left_s, pause_s))
        process, status, usage = os.wait4(child, 0 if over else os.WNOHANG)
        if process:
            return status, over, usage.ru_utime + usage.ru_stime
        used_s, over = watch.look(child)  # also after a wake-up that was not its end: a program may send those
        left_s = cpu_limit_s - (time.monotonic() - start_s if used_s is None else used_s)
        pause_s = _LOOK_AGAIN_S
        if left_s <= 0:
            over = wire.OVER_CPU
        if over:
            os.kill(child, signal.SIGKILL)


def _sleep_until_a_child_ends(timeout_s: float) -> None:
    """Sleep for `timeout_s` at most, less if a child ends; SIGCHLD is blocked and stays pending if it ended before."""
    if _HAS_SIGTIMEDWAIT:
        signal.sigtimedwait(_CHILD_ENDED, max(0.001, timeout_s))
        return
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s and os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        time.sleep(0.0005)


def _kill_stragglers(child: int, level: int) -> float:
    """Leave nothing alive that the program started. Returns the CPU seconds of what was."""
    if level == 0:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)
    if level < 2:  # level 1 lets a program start no process
        return 0.0
    assert os.getpid() == 1, "kill(-1) is only for pid 1 of a pid namespace"
    cpu_s = 0.0
    with contextlib.suppress(ChildProcessError):  # no child left: orphans of the namespace are ours, too
        while True:
            process, _, usage = os.wait4(-1, os.WNOHANG)
            cpu_s += usage.ru_utime + usage.ru_stime
            if not process:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(-1, signal.SIGKILL)
                _, _, usage = os.wait4(-1, 0)
                cpu_s += usage.ru_utime + usage.ru_stime
    return cpu_s


def _read_exactly(descriptor: int, count: int) -> bytes:
    """Return `count` bytes, or nothing if the other side is gone."""
    parts, left = [], count
    while left:
        part = os.read(descriptor, min(left, 1 << 20))
        if not part:
            return b""
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _write_all(descriptor: int, data: bytes | memoryview) -> None:
    sent = 0
    with memoryview(data) as view:
        while sent < len(view):
            sent += os.write(descriptor, view[sent:])
