"""What a zygote can see of a running program: its CPU time, its processes, their memory, its threads.

At level 2 a proc file system of the zygote's own pid namespace, that no path leads to: the zygote alone has it open.
At level 1 a program is one process, and the count of its threads is the number of links of a folder, which a process
may ask for although Landlock lets it open nothing there.
"""

# pathlib would be memory that every fork of a candidate pays for
# ruff: noqa: PTH116, PTH208

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable

from moiety.judge import kernel, wire

MAX_TASKS = 64  # processes and threads of a program
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_ZYGOTE = 1  # its pid in its own namespace


class Watch:
    """The least of a watch: one process and its clock. What is more is in the classes below."""

    def before_fork(self) -> None:
        """Make ready for the next program."""

    # gives up, in the forked child, the right that only the zygote may have; returns other than 0 where that failed
    in_child: Callable[[], int] = staticmethod(int)

    def look(self, child: int) -> tuple[float | None, int]:
        """Return the CPU seconds of the program, None if unknown, and the flag of a limit that it is over, or 0."""
        return _cpu_clock_s(child), 0


class Threads(Watch):
    """Level 1: threads count, since no limit of the kernel counts those of one process."""

    def look(self, child: int) -> tuple[float | None, int]:
        """See `Watch.look`."""
        with contextlib.suppress(OSError):
            if os.stat(f"/proc/{child}/task").st_nlink - 2 > MAX_TASKS:
                return _cpu_clock_s(child), wire.OVER_TASKS
        return _cpu_clock_s(child), 0


class Family(Watch):
    """Level 2: all processes of the zygote's pid namespace, which are its program's."""

    def __init__(self, proc: int, last_pid: int, *, memory_bytes: int) -> None:
        """`last_pid` is a descriptor of the number of the last pid, below 0 where the kernel has none."""
        self._proc, self._last_pid, self._memory_bytes = proc, last_pid, memory_bytes
        try:
            self.before_fork()
        except OSError:  # no right to set it: before Linux 5.9
            os.close(last_pid)
            self._last_pid = -1

    def before_fork(self) -> None:
        """Start the count of pids from one again: a program could leave a number in it for the next one."""
        if self._last_pid >= 0:
            os.pwrite(self._last_pid, b"1", 0)

    in_child = staticmethod(kernel.drop_last_capability)

    def look(self, child: int) -> tuple[float | None, int]:
        """See `Watch.look`."""
        if self._last_pid >= 0 and int(os.pread(self._last_pid, 16, 0)) == child:
            return _cpu_clock_s(child), 0  # it never started a process or a thread
        processes = [int(name) for name in os.listdir(self._proc) if name.isdecimal()]
        others = [process for process in processes if process != _ZYGOTE]
        if others == [child]:  # threads, or children that it has waited for
            return (_cpu_clock_s(child) or 0.0) + self._reaped_s(child), 0
        used_s = sum((_cpu_clock_s(process) or 0.0) + self._reaped_s(process) for process in others)
        own = self._memory(_ZYGOTE)  # all have these pages in common until they write to them
        together = sum(max(0, self._memory(process) - own) for process in others)
        return used_s, wire.OVER_MEMORY if together > self._memory_bytes else 0

    def _reaped_s(self, process: int) -> float:
        """Return the CPU time of the children that a process has waited for."""
        fields = self._read(process, "stat").rpartition(b")")[2].split()
        return (int(fields[13]) + int(fields[14])) / _TICKS_A_SECOND if len(fields) > 14 else 0.0

    def _memory(self, process: int) -> int:
        """Return the bytes of a process that no file stands for; what it shares with another counts for both."""
        rows = (line.split() for line in self._read(process, "status").splitlines())
        return sum(int(row[1]) << 10 for row in rows if row and row[0] in (b"RssAnon:", b"RssShmem:", b"VmSwap:"))

    def _read(self, process: int, name: str) -> bytes:
        try:
            file = os.open(f"{process}/{name}", os.O_RDONLY, dir_fd=self._proc)
        except OSError:  # it ended meanwhile
            return b""
        try:
            return os.read(file, 4096)
        except OSError:
            return b""
        finally:
            os.close(file)


def _cpu_clock_s(process: int) -> float | None:
    """Return the CPU time of another process, None where this system has no such clock."""
    try:
        return time.clock_gettime(~process << 3 | 2)
    except (OSError, OverflowError):
        return None
