"""Judge every attack and every honest program in one process, and print the outcomes as JSON.

Not a test: `test_attacks` runs it as root and as an unprivileged user, once per isolation level.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
from pathlib import Path

from judge.attacks import EXPECTED, FORGE, INPUTS
from judge.evils import HONEST, OUTSIDE, RESOURCES
from judge.idlers import IDLERS
from judge.more_evils import MORE
from judge.pairs import HONEST_SIBLING, THIEVES
from moiety.judge import Job, Judge


def main(level: int) -> None:
    """Run the suite at `level` and print one JSON document."""
    os.environ["JUDGE_SECRET"] = "1"
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as tcp:
        os.chdir(folder)
        Path("task.json").write_text(json.dumps(EXPECTED))
        port = tcp.getsockname()[1]
        listeners = [tcp, _unix(f"{folder}/socket"), _unix(f"\0moiety-{port}")]
        evils = [*FORGE, *RESOURCES, *OUTSIDE, *MORE, *IDLERS]
        programs = [(evil.name, evil.source, 0.15) for evil in evils] + [(name, source, 1.0) for name, source in HONEST]
        places = {"SECRET": folder, "PORT": str(port)}
        before = _traces(folder)
        with Judge(zygotes=2, level=level, cache=False) as judge:
            outcomes = judge.judge([_job(_placed(source, places), limit_s) for _, source, limit_s in programs])
            (after,) = judge.judge([_job("def f(xs):\n    return sorted(xs)", 1.0)])
        with Judge(zygotes=1, level=level, cache=False) as judge:  # one zygote: the thief follows the honest one
            pairs = judge.judge([_job(source, 1.0) for thief in THIEVES.values() for source in (HONEST_SIBLING, thief)])
        visitors = sum(_visited(listener) for listener in listeners)
        document = {
            "outcomes": {p[0]: [one.verdict.value, one.detail] for p, one in zip(programs, outcomes, strict=True)},
            "after": after.verdict.value,
            "pairs": [one.verdict.value for one in pairs],
            "visitors": visitors,
            "traces": sorted(_traces(folder) ^ before),
            "uid": os.getuid(),
        }
        for listener in listeners[1:]:
            listener.close()
    print(json.dumps(document))


def _job(source: str, cpu_limit_s: float) -> Job:
    return Job(source, "f", INPUTS, EXPECTED, cpu_limit_s=cpu_limit_s)


def _placed(source: str, places: dict[str, str]) -> str:
    for word, value in places.items():
        source = source.replace(word, value)
    return source


def _unix(address: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    return listener


def _visited(listener: socket.socket) -> bool:
    listener.settimeout(0)
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def _traces(folder: str) -> set[str]:
    """Return the files that attacks would leave."""
    places = [Path(folder), Path("/tmp"), Path("/dev/shm"), Path.cwd()]
    return {str(path) for place in places for path in place.iterdir() if place == Path(folder) or "owned" in path.name}


if __name__ == "__main__":
    main(int(sys.argv[1]))
