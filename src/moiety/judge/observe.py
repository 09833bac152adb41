"""What the supervisor can see of a candidate from outside: its pid, and how long it waited for a core."""

# pathlib would be memory that every fork of a candidate pays for
# ruff: noqa: PTH123, PTH208

from __future__ import annotations

import contextlib
import os
import signal

_NANOSECONDS = 1e-9


def children(process: int) -> list[int] | None:
    """Return the pids of the children of a zygote, None where this system does not tell."""
    try:
        with open(f"/proc/{process}/task/{process}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return None


def waited_s(process: int) -> float:
    """Return for how long the threads of a process were runnable without a core, 0.0 where that is not told."""
    total = 0
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{process}/task"):
            with open(f"/proc/{process}/task/{thread}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[1])
    return total * _NANOSECONDS


def kill_child(child: int, parent: int) -> None:
    """Kill `child` if it still is a child of `parent`: a pid may have been given to another meanwhile."""
    with contextlib.suppress(OSError):
        descriptor = os.pidfd_open(child)
        try:
            if child in (children(parent) or []):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        finally:
            os.close(descriptor)
