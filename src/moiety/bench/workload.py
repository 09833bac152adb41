"""What the training benches share: tasks, the tiny model on them, and how fast this machine multiplies matrices.

Measured in the same run as what is held against it, on the threads that this process has.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from moiety.atoms import quick_atoms
from moiety.models.policy import TorchPolicy
from moiety.models.tiny import new_tiny_model, num_parameters, tiny_config
from moiety.models.tokenizer import train_tokenizer
from moiety.splits import draw_tasks
from moiety.tasks import Task
from moiety.train.data import Row, encode_rows

SIZE = 1024
SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Workload:
    """Tasks, their rows of tokens, and the tiny model with random weights."""

    tasks: list[Task]
    rows: list[Row]
    policy: TorchPolicy


def new_workload(*, num_tasks: int = 128, depth: int = 2, seed: int = 0) -> Workload:
    """Return the same tasks, tokenizer and 0.92 M model for the same seed."""
    tasks = draw_tasks(quick_atoms(), count=num_tasks, depth=depth, seed=seed)
    pairs = [(task.prompt, task.reference_solution) for task in tasks]
    tokenizer = train_tokenizer([prompt + solution for prompt, solution in pairs], vocab_size=1024)
    config = tiny_config(eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id)
    policy = TorchPolicy(model=new_tiny_model(config, seed=seed), tokenizer=tokenizer)
    return Workload(tasks, encode_rows(tokenizer, pairs), policy)


def matrix_ceiling(dtype: torch.dtype = torch.float32, *, cpu_time: bool = False) -> float:
    """Return the floating-point operations a second of square matrix products: the best of those done in a moment."""
    left, right = torch.randn(SIZE, SIZE).to(dtype), torch.randn(SIZE, SIZE).to(dtype)
    watch, until = Stopwatch(cpu_time), time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        torch.mm(left, right)
        watch.lap()
    return 2 * SIZE**3 / min(watch.laps)


def rows_of_machine(ceilings: dict[str, float]) -> list[dict[str, object]]:
    """Return the rows that every ratio is to be read with."""
    threads: dict[str, object] = {"name": "threads", "value": torch.get_num_threads(), "unit": "threads"}
    return [threads] + [
        {"name": f"matrix product, {name}", "value": flops / 1e9, "unit": "GFLOP/s"} for name, flops in ceilings.items()
    ]


def row(name: str, value: float, unit: str, *, against: str = "", ratio: float | None = None) -> dict[str, object]:
    """Return a row of a bench."""
    return {"name": name, "value": value, "unit": unit, "against": against or None, "ratio": ratio}


def share(tokens_per_s: float, policy: TorchPolicy, ceiling: float, *, name: str) -> dict[str, object]:
    """Return the row that tells which share of the ceiling 6 N operations a token are (Kaplan et al., 2001.08361)."""
    flops = 6 * num_parameters(policy.model) * tokens_per_s
    return row(f"  its share, {name}", flops / 1e9, "GFLOP/s", against="matrix product", ratio=flops / ceiling)


@dataclass(slots=True)
class Stopwatch:
    """Seconds from one step's end to the next: of the wall, or of this process's CPU where the machine is busy."""

    cpu: bool
    laps: list[float] = field(default_factory=list)
    at: float = 0.0

    def now(self) -> float:
        """Return the clock's time."""
        return time.process_time() if self.cpu else time.perf_counter()

    def lap(self) -> float:
        """Note the seconds since the last call; the first counts from the clock's own start and means nothing."""
        now = self.now()
        self.laps.append(now - self.at)
        self.at = now
        return self.laps[-1]


def median(values: Sequence[float]) -> float:
    """Return the middle value, the lower one of two."""
    return sorted(values)[(len(values) - 1) // 2]
