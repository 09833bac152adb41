"""Run a study's nodes as processes: as many at a time as there are cores, each with its own number of threads.

The child says how far it is on its standard output, one JSON object a line. When the parent dies, by whatever signal,
the kernel kills the children; finished nodes are on disk and are skipped next time.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moiety.errors import UserError
from moiety.progress import Bar, Progress
from moiety.runs import append_jsonl
from moiety.study.plan import Node

TAIL_BYTES = 4000


class NodeError(Exception):
    """A node's process failed for another reason than the user's input."""


@dataclass(slots=True)
class _Running:
    node: Node
    process: subprocess.Popen[bytes]
    started_s: float
    log: Path
    shown: contextlib.ExitStack
    bar: Bar
    pending: bytes = b""
    error: str = ""


@dataclass(slots=True)
class Scheduler:
    """Keep up to `workers` threads' worth of nodes running until all are done."""

    run_dir: Path
    cache_dir: Path
    workers: int
    progress: Progress
    _running: dict[str, _Running] = field(default_factory=dict)
    _selector: selectors.DefaultSelector = field(default_factory=selectors.DefaultSelector)

    def run(self, nodes: Sequence[Node]) -> None:
        """Run what is not done yet. Raises UserError or NodeError when a node fails; the others are stopped."""
        waiting = [node for node in nodes if not node.folder.exists()]
        total, reused = len(nodes), len(nodes) - len(waiting)
        if reused:
            self.progress.say(f"{reused} of {total} steps are done already")
        try:
            while waiting or self._running:
                open_names = {node.name for node in waiting} | set(self._running)
                for node in list(waiting):
                    if open_names.isdisjoint(node.needs) and self._fits(node):
                        waiting.remove(node)
                        self._start(node)
                self._wait()
        finally:
            for running in self._running.values():
                running.process.kill()
            for running in self._running.values():
                running.process.wait()
            self._selector.close()

    def _fits(self, node: Node) -> bool:
        busy = sum(running.node.threads for running in self._running.values())
        return not self._running or busy + node.threads <= self.workers

    def _start(self, node: Node) -> None:
        log = self.run_dir / "logs" / f"{node.name.replace(' ', '-')}.log"
        log.parent.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "moiety.study.worker", str(self.run_dir), str(self.cache_dir), node.name]
        with log.open("wb") as errors:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=_environment(node),
                start_new_session=True,
            )
        shown = contextlib.ExitStack()
        bar = shown.enter_context(self.progress.stage(node.name))
        running = _Running(node, process, time.monotonic(), log, shown, bar)
        self._running[node.name] = running
        assert process.stdout is not None
        self._selector.register(process.stdout, selectors.EVENT_READ, running)

    def _wait(self) -> None:
        for key, _ in self._selector.select(timeout=1.0):
            running: _Running = key.data
            block = os.read(key.fd, 65536)
            if block:
                *lines, running.pending = (running.pending + block).split(b"\n")
                for line in lines:
                    self._message(running, line)
                continue
            self._selector.unregister(key.fileobj)
            self._finish(running)

    def _message(self, running: _Running, line: bytes) -> None:
        with contextlib.suppress(ValueError):
            message: dict[str, Any] = json.loads(line)
            running.error = message.get("error", running.error)
            if "done" in message:
                running.bar.reach(message["done"], total=message["total"], note=message.get("note"))

    def _finish(self, running: _Running) -> None:
        node = running.node
        del self._running[node.name]
        _, status, usage = os.wait4(running.process.pid, 0)
        running.process.returncode = os.waitstatus_to_exitcode(status)
        assert running.process.stdout is not None
        running.process.stdout.close()
        seconds = time.monotonic() - running.started_s
        row = {"node": node.name, "seconds": round(seconds, 2), "cpu_s": round(usage.ru_utime + usage.ru_stime, 2)}
        row |= {"peak_bytes": usage.ru_maxrss * 1024, "threads": node.threads, "exit": running.process.returncode}
        append_jsonl(self.run_dir / "timing.jsonl", row)
        if running.error:
            raise UserError(running.error)
        if running.process.returncode != 0 or not node.folder.exists():
            tail = running.log.read_bytes()[-TAIL_BYTES:].decode("utf-8", "replace")
            raise NodeError(f"{node.name} ended with status {running.process.returncode}; see {running.log}\n{tail}")
        running.shown.close()


def _environment(node: Node) -> dict[str, str]:
    environment = dict(os.environ)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        environment[name] = str(node.threads)
    environment |= {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1", "MOIETY_PARENT": str(os.getpid())}
    return environment


Report = Callable[[int, int, str], None]
