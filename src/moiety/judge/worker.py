"""The supervisor's side of one zygote: its pipes, its current job, and the verdict on what came back."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import tempfile
import time
from dataclasses import dataclass, field

from moiety.judge import spawn, wire
from moiety.judge.verdicts import Comparison, Verdict

_MIN_ANSWER, _MAX_ANSWER, _MAX_PAGE = 1 << 14, 1 << 24, 1 << 28
_RUN_ANSWER, _RUN_PAGE = 1 << 20, 1 << 26
HELLO_S, CONFIRM_FACTOR = 30.0, 5.0


@dataclass(slots=True)
class Task:
    """A job on its way through the supervisor."""

    number: int
    body: bytes  # for the candidate
    num_tests: int
    expected: tuple[bytes, ...] | None  # None: hand the answers back, judge nothing
    comparison: Comparison
    tolerance: float
    cpu_limit_s: float
    flags: int
    key: bytes | None  # of the verdict cache
    wall_factor: float = 1.0
    confirms: bool = False  # a timeout that the machine may be to blame for, run again
    deaths: int = 0  # of the zygote that ran it
    faults: int = 0  # other faults of the machine
    canary: Verdict | None = None

    @property
    def run_limit_s(self) -> float:
        """Return the CPU limit of this run: longer for one that confirms a timeout."""
        return self.cpu_limit_s * (CONFIRM_FACTOR if self.confirms else 1.0)

    @property
    def wall_limit_s(self) -> float:
        """Return the wall cap: generous, for sleepers and deadlocks only."""
        return max(1.0, 10 * self.run_limit_s) * self.wall_factor

    @property
    def answer_bytes(self) -> int:
        """Return the room for one answer, coarse enough to tell nothing of the expected one."""
        if self.expected is None:
            return min(_MAX_ANSWER, max(_RUN_ANSWER, _RUN_PAGE // self.num_tests))
        wanted = 2 * max(map(len, self.expected), default=0)
        return min(_MAX_ANSWER, max(_MIN_ANSWER, 1 << wanted.bit_length()))

    @property
    def page_bytes(self) -> int:
        """Return the size of the page, of which only what is written costs memory."""
        need = wire.PAGE.size + (self.num_tests + 1) * (wire.FRAME.size + self.answer_bytes)
        return min(_MAX_PAGE, need)


@dataclass(slots=True)
class Report:
    """What a zygote says of a job: never a verdict yet."""

    status: int
    flags: int
    cpu_s: float
    page: bytes
    wall_s: float = 0.0


@dataclass(slots=True)
class Worker:
    """One zygote and what it is doing."""

    process: int
    jobs: int  # write end
    results: int  # read end
    files: socket.socket  # for the standard input and output of programs
    task: Task | None = None
    given_s: float = 0.0  # when the job was given
    deadline_s: float = float("inf")
    strikes: int = 0  # how often the wall cap of the current job was met
    starved: bool = False
    capped: bool = False
    served: int = 0
    checks: list[Task] = field(default_factory=list)  # canaries to run before anything else
    outgoing: memoryview = field(default_factory=lambda: memoryview(b""))
    incoming: bytearray = field(default_factory=bytearray)

    def give(self, task: Task) -> None:
        """Send a job. Call `flush` until `outgoing` is empty."""
        self.task, self.strikes, self.starved, self.capped = task, 0, False, False
        self.given_s = time.monotonic()
        self.deadline_s = self.given_s + task.wall_limit_s
        self.served += 1
        sizes = (task.page_bytes, task.answer_bytes, len(task.body), task.flags)
        self.outgoing = memoryview(wire.HEADER.pack(task.run_limit_s, *sizes) + task.body)
        if task.flags & wire.FILES:
            self._give_files()
        self.flush()

    def _give_files(self) -> None:
        """Send two new files: no other candidate ever has them."""
        made = [_new_file(), _new_file()]
        with contextlib.suppress(ConnectionError):  # the zygote is dead: its result pipe says so
            self.files.sendmsg([b"f"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, wire.TWO_DESCRIPTORS.pack(*made))])
        for descriptor in made:
            os.close(descriptor)

    def flush(self) -> None:
        """Write as much of the job as the pipe takes now."""
        try:
            self.outgoing = self.outgoing[os.write(self.jobs, self.outgoing) :]
        except BlockingIOError:
            return
        except BrokenPipeError:  # the zygote is dead: its result pipe says so
            self.outgoing = memoryview(b"")

    def receive(self) -> Report | None:
        """Read what is there. Returns the report when it is whole; raises EOFError when the zygote is gone."""
        data = os.read(self.results, 1 << 20)
        if not data:
            raise EOFError
        self.incoming += data
        if len(self.incoming) < wire.RESULT.size:
            return None
        status, flags, cpu_s, used = wire.RESULT.unpack_from(self.incoming)
        if len(self.incoming) < wire.RESULT.size + used:
            return None
        page = bytes(self.incoming[wire.RESULT.size :])
        self.incoming.clear()
        return Report(status, flags, cpu_s, page, time.monotonic() - self.given_s)

    def close(self) -> None:
        """Kill the zygote and all it started, and forget it."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)
        os.close(self.jobs)
        os.close(self.results)
        self.files.close()
        os.waitpid(self.process, 0)


def _new_file() -> int:
    """Return the descriptor of a new file without a name, in memory where the system has such."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("standard", os.MFD_CLOEXEC)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


class StartError(RuntimeError):
    """A zygote could not be started at the level asked for."""


def start_worker(level: int, *, memory_bytes: int, warm: tuple[str, ...]) -> Worker:
    """Start a zygote and wait for its hello. Raises StartError with the reason."""
    root = os.geteuid() == 0
    drop_to = 0x40000000 | int.from_bytes(os.urandom(4), "little") >> 3 if root and level == 2 else 0
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    ours_files, files_end = socket.socketpair()
    theirs_files = files_end.detach()
    line = spawn.command("zygote", theirs_in, theirs_out, theirs_files, level, memory_bytes, drop_to, warm)
    try:
        process = spawn.start(line, level=level, keep=(theirs_in, theirs_out, theirs_files), user_namespace=not root)
    except OSError as error:
        for descriptor in (theirs_in, theirs_out, ours_in, ours_out, theirs_files):
            os.close(descriptor)
        ours_files.close()
        raise StartError(str(error)) from error
    os.close(theirs_in)
    os.close(theirs_out)
    os.close(theirs_files)
    worker = Worker(process, ours_out, ours_in, ours_files)
    greeting = _hello(worker)
    if greeting[0] != "ready":
        worker.close()
        raise StartError(str(greeting[1]))
    for descriptor in (ours_out, ours_in):
        os.set_blocking(descriptor, False)
    return worker


def _hello(worker: Worker) -> tuple[str, object]:
    unpacker = wire.Unpacker()
    end_s = time.monotonic() + HELLO_S
    while select.select([worker.results], [], [], max(0.0, end_s - time.monotonic()))[0]:
        data = os.read(worker.results, 65536)
        if not data:
            return "refused", "the zygote died while starting"
        for message in unpacker.feed(data):
            return message[0], message[1]
    return "refused", f"no hello within {HELLO_S} s"
