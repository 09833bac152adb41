"""Which training functions a seed's arms see, and in which rows."""

from __future__ import annotations

from collections.abc import Sequence

from moiety.rng import derive
from moiety.splits import balanced_order
from moiety.tasks import Task


def dose(train: Sequence[Task], k: int, *, seed: int) -> list[list[Task]]:
    """Return the first k functions of a seed's draw, each as its list of phrasings; smaller doses are prefixes."""
    return balanced_order(train, seed=derive(seed, "draw"))[:k] if k else []


def training_tasks(atoms: Sequence[Task], functions: Sequence[Sequence[Task]]) -> list[Task]:
    """Return the rows an arm trains on.

    Where both kinds are there and the synthetic rows are fewer, they are repeated until they are as many as the atomic
    ones, so that half of the training is on compositions whatever the dose.
    """
    synthetic = [task for rows in functions for task in rows]
    repeats = max(1, round(len(atoms) / len(synthetic))) if synthetic else 1
    return [*atoms, *synthetic * repeats]
