"""Run a study's nodes as processes: as many at a time as there are cores, each with its own number of threads.

A child reads the names of its nodes from standard input and says how far it is on standard output, a JSON object a
line. When the parent dies, by whatever signal, the kernel kills the children; finished nodes are on disk and are
skipped next time.
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

from moiety.errors import StageError, UserError
from moiety.progress import Bar, Progress
from moiety.runs import append_jsonl
from moiety.study.plan import Node

TAIL_BYTES = 4000
MAX_IDLE_BYTES = 1_400_000_000  # memory is given back by ending the process


@dataclass(slots=True)
class _Worker:
    """A process that does nodes, one after the other, and the node it is at."""

    process: subprocess.Popen[bytes]
    threads: int
    log: Path
    node: Node | None = None
    started_s: float = 0.0
    shown: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    bar: Bar | None = None
    pending: bytes = b""
    error: str = ""


@dataclass(slots=True)
class Scheduler:
    """Keep up to `workers` threads' worth of nodes running until all are done.

    Arms share processes, since loading the libraries takes longer than a short arm; other nodes have their own.
    """

    run_dir: Path
    cache_dir: Path
    workers: int
    progress: Progress
    _crew: list[_Worker] = field(default_factory=list)
    _selector: selectors.DefaultSelector = field(default_factory=selectors.DefaultSelector)

    def run(self, nodes: Sequence[Node]) -> None:
        """Run what is not done yet. Raises UserError or StageError when a node fails; the others are stopped."""
        waiting = [node for node in nodes if not node.folder.exists()]
        if len(waiting) < len(nodes):
            self.progress.say(f"{len(nodes) - len(waiting)} of {len(nodes)} steps are done already")
        try:
            while waiting or self._busy():
                unfinished = {node.name for node in (*waiting, *self._busy())}
                for node in list(waiting):
                    if unfinished.isdisjoint(node.needs) and self._fits(node):
                        waiting.remove(node)
                        self._start(node)
                self._wait()
        finally:
            for worker in self._crew:
                worker.process.kill()
                worker.process.wait()
            self._selector.close()

    def _busy(self) -> list[Node]:
        return [worker.node for worker in self._crew if worker.node is not None]

    def _fits(self, node: Node) -> bool:
        busy = self._busy()
        return not busy or sum(other.threads for other in busy) + node.threads <= self.workers

    def _start(self, node: Node) -> None:
        idle = (w for w in self._crew if w.node is None and w.threads == node.threads) if node.kind == "arm" else ()
        worker = next(iter(idle), None) or self._hire(node)
        worker.node, worker.started_s = node, time.monotonic()
        worker.bar = worker.shown.enter_context(self.progress.stage(node.name))
        assert worker.process.stdin is not None
        worker.process.stdin.write(f"{node.name}\n".encode())
        worker.process.stdin.flush()

    def _hire(self, node: Node) -> _Worker:
        log = self.run_dir / "logs" / f"{node.name.replace(' ', '-')}.log"
        log.parent.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "moiety.study.worker", str(self.run_dir), str(self.cache_dir)]
        with log.open("wb") as errors:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=_environment(node),
                start_new_session=True,
            )
        worker = _Worker(process, node.threads, log)
        self._crew.append(worker)
        assert process.stdout is not None
        self._selector.register(process.stdout, selectors.EVENT_READ, worker)
        return worker

    def _wait(self) -> None:
        for key, _ in self._selector.select(timeout=1.0):
            worker: _Worker = key.data
            block = os.read(key.fd, 65536)
            if not block:
                self._lost(worker)
            *lines, worker.pending = (worker.pending + block).split(b"\n")
            for line in lines:
                self._message(worker, json.loads(line))

    def _message(self, worker: _Worker, message: dict[str, Any]) -> None:
        if "error" in message:
            raise UserError(message["error"])
        if "done" in message and worker.bar is not None:
            worker.bar.reach(message["done"], total=message["total"], note=message.get("note"))
        if "finished" in message:
            self._finish(worker, message["finished"])

    def _lost(self, worker: _Worker) -> None:
        status = worker.process.wait()
        tail = worker.log.read_bytes()[-TAIL_BYTES:].decode("utf-8", "replace")
        name = worker.node.name if worker.node else "an idle worker"
        raise StageError(f"{name} ended with status {status}; see {worker.log}\n{tail}")

    def _finish(self, worker: _Worker, usage: dict[str, Any]) -> None:
        node = worker.node
        assert node is not None
        row = {"node": node.name, "seconds": round(time.monotonic() - worker.started_s, 2), "threads": node.threads}
        append_jsonl(self.run_dir / "timing.jsonl", {**row, **usage})
        worker.node, worker.bar = None, None
        worker.shown.close()
        if node.kind != "arm" or usage["peak_bytes"] > MAX_IDLE_BYTES:
            self._dismiss(worker)

    def _dismiss(self, worker: _Worker) -> None:
        self._crew.remove(worker)
        assert worker.process.stdin is not None
        assert worker.process.stdout is not None
        self._selector.unregister(worker.process.stdout)
        worker.process.stdin.close()
        worker.process.wait()
        worker.process.stdout.close()


def _environment(node: Node) -> dict[str, str]:
    environment = dict(os.environ)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        environment[name] = str(node.threads)
    environment |= {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    # oneDNN keeps up to 1024 compiled shapes; batches differ in shape at every step, and memory grew by gigabytes.
    environment |= {"ONEDNN_PRIMITIVE_CACHE_CAPACITY": "128"}
    environment |= {"MOIETY_PARENT": str(os.getpid())}
    return environment


Report = Callable[[int, int, str], None]
