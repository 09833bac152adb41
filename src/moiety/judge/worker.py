"""The supervisor's side of one zygote: its pipes, its current job, and the verdict on what came back."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import tempfile
import time
from dataclasses import dataclass, field

from moiety.judge import wire
from moiety.judge.verdicts import Comparison, Verdict

_MIN_ANSWER, _MAX_ANSWER = 1 << 14, 1 << 24
_RUN_ANSWER, _RUN_PAGE = 1 << 20, 1 << 26
_LINGER_FACTOR, _LINGER_S = 1.5, 0.1


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
    over: int = 0  # runs that the machine disturbed and that used more than the limit
    within: int = 0  # such runs near the limit that did not
    alone: bool = False  # to be run while no other program runs
    deaths: int = 0  # of the zygote that ran it
    faults: int = 0  # other faults of the machine
    canary: Verdict | None = None

    @property
    def wall_limit_s(self) -> float:
        """Return the wall cap: generous, for sleepers and deadlocks only."""
        return max(1.0, 10 * self.cpu_limit_s) * self.wall_factor

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
        return min(wire.MAX_PAGE, need)


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
    deadline_s: float = float("inf")  # when to look at the job again
    cap_s: float = float("inf")  # when its wall cap is met
    lingering: bool = False  # longer at it than a program that computes: most likely it sleeps
    strikes: int = 0  # how often the wall cap of the current job was met
    starved: bool = False
    capped: bool = False
    served: int = 0
    checks: list[Task] = field(default_factory=list)  # canaries to run before anything else
    outgoing: memoryview = field(default_factory=lambda: memoryview(b""))
    incoming: bytearray = field(default_factory=bytearray)

    def give(self, task: Task) -> None:
        """Send a job. Call `flush` until `outgoing` is empty."""
        self.task, self.strikes, self.starved, self.capped, self.lingering = task, 0, False, False, False
        self.given_s = time.monotonic()
        self.cap_s = self.given_s + task.wall_limit_s
        self.deadline_s = min(self.cap_s, self.given_s + _LINGER_FACTOR * task.cpu_limit_s + _LINGER_S)
        self.served += 1
        sizes = (task.page_bytes, task.answer_bytes, len(task.body), task.flags)
        self.outgoing = memoryview(wire.HEADER.pack(task.cpu_limit_s, *sizes) + task.body)
        if task.flags & wire.FILES:
            self._give_files()
        self.flush()

    def rest(self) -> None:
        """Have no job any more."""
        self.task, self.lingering = None, False
        self.deadline_s = self.cap_s = float("inf")

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

    def kill(self) -> None:
        """Kill the zygote and all it started. Its process id is still to be waited for."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)
        os.close(self.jobs)
        os.close(self.results)
        self.files.close()


def _new_file() -> int:
    """Return the descriptor of a new file without a name, in memory where the system has such."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("standard", os.MFD_CLOEXEC)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
