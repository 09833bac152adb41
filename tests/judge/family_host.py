"""Run the programs that start others at one level and print the outcomes as JSON.

Not a test: `test_families` runs it as root and as an unprivileged user.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
from pathlib import Path

from judge.attacks import EXPECTED, INPUTS
from judge.families import CPU_LIMIT_S, EVERY, HONEST, MEMORY, MEMORY_BYTES
from moiety.judge import Job, Judge

_DATAGRAM = """
import socket
def f(xs):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.sendto(b"x", ADDRESS)
    return sorted(xs)
"""


def main(level: int) -> None:
    """Run them all, one at a time, so that each has the machine's time to itself."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        datagrams = [_receiver(f"{folder}/datagrams"), _receiver(f"\0moiety-{os.getpid()}")]
        programs = [(one.name, one.source, 3.0 if one in MEMORY else CPU_LIMIT_S) for one in EVERY] + [
            (name, text, 1.0) for name, text in HONEST
        ]
        for one in datagrams:
            programs.append((f"datagram {len(programs)}", _DATAGRAM.replace("ADDRESS", repr(one.getsockname())), 1.0))
        with Judge(zygotes=1, level=level, cache=False, memory_bytes=MEMORY_BYTES) as judge:
            found = {name: _outcome(judge, source, limit_s) for name, source, limit_s in programs}
        received = sum(_received(one) for one in datagrams)
    print(json.dumps({"outcomes": found, "received": received}))


def _outcome(judge: Judge, source: str, cpu_limit_s: float) -> list[object]:
    (one,) = judge.judge([Job(source, "f", INPUTS, EXPECTED, cpu_limit_s=cpu_limit_s)])
    return [one.verdict.value, one.cpu_s, one.detail]


def _receiver(address: str) -> socket.socket:
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.bind(address)
    receiver.settimeout(0)
    return receiver


def _received(receiver: socket.socket) -> bool:
    try:
        return bool(receiver.recv(16))
    except BlockingIOError:
        return False


if __name__ == "__main__":
    main(int(sys.argv[1]))
