"""What the supervisor can see from outside: a candidate's pid, starvation, stolen time, memory that ran out."""

# pathlib would be memory that every fork of a candidate pays for
# ruff: noqa: PTH123

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import deque

_NANOSECONDS = 1e-9
_READ_EVERY_S, _CHANGES = 0.05, 4096
_SLEEPS, _SLEEPS_PER_S = 20, 20  # voluntary switches of a program that only reads its job and computes


def children(process: int) -> list[int] | None:
    """Return the pids of the children of a zygote, None where this system does not tell."""
    try:
        with open(f"/proc/{process}/task/{process}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return None


def starved_s(process: int, wall_s: float) -> float | None:
    """Return for how long a program was runnable without a core, None where that may be its own doing.

    A program that has or had several tasks may have made its own tasks wait, so it is never starved. Nor is one that is
    asleep now, or that went to sleep of its own accord more often than reading its job explains.
    """
    folder = f"/proc/{process}"
    try:
        with open(f"{folder}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        with open(f"{folder}/task/{process}/children", encoding="ascii") as file:
            alone = not file.read().split()
        with open(f"{folder}/status", encoding="utf-8", errors="replace") as file:
            slept = int(file.read().partition("\nvoluntary_ctxt_switches:")[2].split()[0])
        with open(f"{folder}/schedstat", encoding="ascii") as file:
            waited_s = int(file.read().split()[1]) * _NANOSECONDS
        state, faults_of_children, threads = fields[0], int(fields[8]), int(fields[17])
    except (OSError, IndexError, ValueError):  # it is gone, or this system does not tell
        return None
    if state != "R" or not alone or faults_of_children or threads != 1 or slept > _SLEEPS + _SLEEPS_PER_S * wall_s:
        return None
    return waited_s


def kill_child(child: int, parent: int) -> None:
    """Kill `child` if it still is a child of `parent`: a pid may have been given to another meanwhile."""
    with contextlib.suppress(OSError):
        descriptor = os.pidfd_open(child)
        try:
            if child in (children(parent) or []):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        finally:
            os.close(descriptor)


class StolenTime:
    """How long a hypervisor ran something else on this machine's cores while a program was on one of them.

    The kernel takes stolen time off a process's CPU time, but only once it knows of it: a clock read from another core
    meanwhile is too high. Measured: 37 false timeouts in 1,400 programs at a limit of 0.1 s.
    """

    def __init__(self) -> None:
        self._file: int | None = None
        self._read_s = 0.0
        self._changes: deque[tuple[float, tuple[float, ...]]] = deque(maxlen=_CHANGES)  # (when read, per core)
        self._bytes = 256 * (2 + (os.cpu_count() or 1))
        with contextlib.suppress(OSError):
            self._file = os.open("/proc/stat", os.O_RDONLY | os.O_CLOEXEC)
        self._virtual = _virtual()
        self.note(time.monotonic())

    def note(self, now_s: float) -> None:
        """Read the counter, at most every 50 ms."""
        if self._file is None or now_s - self._read_s < _READ_EVERY_S:
            return
        self._read_s = now_s
        cores = self._cores(self._file)
        if not self._changes or cores != self._changes[-1][1]:
            self._changes.append((now_s, cores))

    def since(self, start_s: float) -> float | None:
        """Return the seconds stolen since a moment from the core that lost most, None where this machine does not tell.

        One core, because a program that fills many is over its limit anyway, and the sum over a large machine is never
        small.
        """
        if self._file is None:
            return None
        cores = self._cores(self._file)
        if self._virtual and not any(cores):  # a hypervisor that keeps it to itself
            return None
        before = self._changes[0][1]
        for read_s, then in self._changes:
            if read_s > start_s:
                break
            before = then
        if len(before) != len(cores):  # a core came or went
            return None
        return max((now - then for now, then in zip(cores, before, strict=True)), default=0.0)

    def _cores(self, file: int) -> tuple[float, ...]:
        """Return the stolen seconds of each core since the machine started."""
        ticks = os.sysconf("SC_CLK_TCK")
        rows = [line.split() for line in os.pread(file, self._bytes, 0).split(b"\n")[1:-1] if line[:3] == b"cpu"]
        return tuple([int(row[8]) / ticks for row in rows if len(row) > 8])


class MemoryKills:
    """How many processes the kernel killed because memory ran out, on the whole machine. Read only where it matters."""

    def __init__(self) -> None:
        self._readings: deque[tuple[float, int]] = deque(maxlen=_CHANGES)  # (when read, total)
        self.any_since(0.0)

    def any_since(self, start_s: float) -> bool:
        """Return True if the kernel killed anything since a moment, or since a reading before it."""
        total = _memory_kills()
        if not self._readings or total != self._readings[-1][1]:
            self._readings.append((time.monotonic(), total))
        before = self._readings[0][1]
        for read_s, then in self._readings:
            if read_s > start_s:
                break
            before = then
        return total > before


def _memory_kills() -> int:
    with contextlib.suppress(OSError), open("/proc/vmstat", encoding="ascii") as file:
        for line in file:
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0


def _virtual() -> bool:
    """Return True if a hypervisor may be below, also where the processor does not say."""
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        text = file.read(8192)
        return "hypervisor" in text or "flags" not in text
    return True
