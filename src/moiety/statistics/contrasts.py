"""A declared comparison of two arms: paired by task and by seed, with both intervals and what the design could see.

Not a verdict: `verdicts` reads it. Papers: Miller 2024, arXiv 2411.00640 (paired differences, power); Holm 1979.
"""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from moiety.statistics.intervals import (
    Codes,
    Estimate,
    Floats,
    Interval,
    codes,
    seed_t,
    stratified_cluster_t,
    visible_multiple,
)

MAX_SEEDS = 1000  # beyond this many, "more seeds" is no advice


@dataclass(frozen=True, slots=True)
class TaskValue:
    """One task's score in the run of one seed, or a paired difference of such scores."""

    seed: int
    task_id: str
    family: str
    depth: int
    value: float


def paired_sum(terms: Sequence[tuple[float, Sequence[TaskValue]]]) -> list[TaskValue]:
    """Add coefficient x value over the terms, paired by seed and task; what some term lacks is left out."""
    if not terms:
        raise ValueError("need at least one term, got none")
    tables = [_by_seed_and_task(values) for _, values in terms]
    common = set(tables[0]).intersection(*tables[1:])
    paired = []
    for key, row in tables[0].items():
        if key in common:
            total = sum(coefficient * table[key].value for (coefficient, _), table in zip(terms, tables, strict=True))
            paired.append(TaskValue(row.seed, row.task_id, row.family, row.depth, total))
    if not paired:
        raise ValueError(f"need a seed and task common to all {len(terms)} terms, got none")
    return paired


def _by_seed_and_task(values: Sequence[TaskValue]) -> dict[tuple[int, str], TaskValue]:
    table = {(value.seed, value.task_id): value for value in values}
    if len(table) != len(values):
        raise ValueError(f"need one value for each seed and task, got {len(values)} values for {len(table)} of them")
    return table


def paired_difference(a: Sequence[TaskValue], b: Sequence[TaskValue]) -> list[TaskValue]:
    """Subtract b from a by seed and task; a task that one of them lacks (a fault of the machine) is left out."""
    return paired_sum([(1.0, a), (-1.0, b)])


@dataclass(frozen=True, slots=True)
class Contrast:
    """The effect of one arm over another, in score points.

    `interval` is the headline: the wider of `interval_tasks` (given these runs) and `interval_seeds` (would new runs
    agree; None for one seed). A depth with a single family leaves neither headline nor task interval. `p_value` is the
    larger of the two, so that p < 0.05 says the same as a headline clear of 0. `seeds_to_halve`: how many seeds would
    halve `smallest_visible_effect`; None where seeds would not (take more tasks) or where one seed cannot tell.
    """

    effect: float
    interval: Interval | None
    interval_tasks: Interval | None
    interval_seeds: Interval | None
    n_seeds: int
    n_tasks: int
    n_families: int
    p_value: float
    smallest_visible_effect: float | None
    seeds_to_halve: int | None
    seed_effects: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Table:
    """The rows of a contrast as vectors (N,); a stratum is a depth on one side of the minus."""

    values: Floats
    weights: Floats  # sums to 1 in each stratum: seeds equal, tasks of a seed equal
    seeds: Codes
    strata: Codes
    families: Codes
    tasks: Codes
    coefficients: Floats  # one a stratum

    def estimate(self, seed: int | None = None) -> Estimate:
        """Estimate over tasks from the mean of all seeds, or from one seed alone."""
        rows = slice(None) if seed is None else self.seeds == seed
        return stratified_cluster_t(
            self.values[rows],
            weights=self.weights[rows] * (1 if seed is None else self.num_seeds),
            strata=self.strata[rows],
            families=self.families[rows],
            tasks=self.tasks[rows],
            coefficients=self.coefficients,
        )

    @property
    def num_seeds(self) -> int:
        return int(self.seeds.max()) + 1

    def seed_effects(self) -> tuple[float, ...]:
        signed = self.values * self.weights * self.coefficients[self.strata]
        return tuple(float(effect) for effect in np.bincount(self.seeds, signed) * self.num_seeds)


def contrast(differences: Sequence[TaskValue], *, minus: Sequence[TaskValue] = (), bound: float = 1.0) -> Contrast:
    """Estimate the paired effect over tasks and over seeds.

    With `minus` the effect is that of `differences` less that of `minus`, over the same depths and seeds but other
    tasks: the train - test gap. No difference may exceed `bound` in size, and no interval leaves what that allows.
    """
    if not differences:
        raise ValueError("need at least one difference, got none")
    for value in (*differences, *minus):
        if not abs(value.value) <= bound + 1e-9:
            raise ValueError(f"need |difference| <= {bound}, got {value.value} for task {value.task_id}")
    table = _table(differences, minus)
    tasks, seeds = table.estimate(), seed_t(table.seed_effects())
    limit = bound * (2 if minus else 1)
    interval_tasks, interval_seeds = _clipped(tasks.interval, limit), _clipped(seeds.interval, limit)
    interval = interval_tasks
    if interval_tasks and interval_seeds:
        interval = max(interval_tasks, interval_seeds, key=lambda ends: ends[1] - ends[0])
    single = seeds.standard_error is None
    return Contrast(
        effect=tasks.effect,
        interval=interval,
        interval_tasks=interval_tasks,
        interval_seeds=interval_seeds,
        n_seeds=seeds.n_seeds,
        n_tasks=tasks.n_tasks,
        n_families=tasks.n_families,
        p_value=tasks.p_value if single else max(tasks.p_value, seeds.p_value),
        smallest_visible_effect=_visible(tasks, seeds),
        seeds_to_halve=None if single else _seeds_to_halve(table, tasks, seeds),
        seed_effects=table.seed_effects(),
    )


def _table(differences: Sequence[TaskValue], minus: Sequence[TaskValue]) -> _Table:
    rows = [*differences, *minus]
    depths = sorted({row.depth for row in rows})
    sides = [0] * len(differences) + [1] * len(minus)
    strata = np.array([depths.index(row.depth) + len(depths) * side for row, side in zip(rows, sides, strict=True)])
    seed_names = sorted({row.seed for row in rows})
    seeds = np.array([seed_names.index(row.seed) for row in rows])
    counts = np.zeros((len(seed_names), len(depths) * (2 if minus else 1)))
    np.add.at(counts, (seeds, strata), 1)
    if not counts.all():
        seed, stratum = np.argwhere(counts == 0)[0]
        raise ValueError(f"need tasks of every depth for every seed and on both sides, "
                         f"got none of depth {depths[stratum % len(depths)]} for seed {seed_names[seed]}")  # fmt: skip
    return _Table(
        values=np.array([row.value for row in rows], dtype=np.float64),
        weights=1.0 / (len(seed_names) * counts[seeds, strata]),
        seeds=seeds,
        strata=strata,
        families=codes([row.family for row in rows]),
        tasks=codes([(side, row.task_id) for row, side in zip(rows, sides, strict=True)]),
        coefficients=np.where(np.arange(counts.shape[1]) < len(depths), 1.0, -1.0) / len(depths),
    )


def _clipped(interval: Interval | None, limit: float) -> Interval | None:
    return None if interval is None else (max(-limit, interval[0]), min(limit, interval[1]))


def _visible(tasks: Estimate, seeds: Estimate) -> float | None:
    """Both tests must find an effect, so the blinder of the two decides."""
    if tasks.smallest_visible_effect is None or seeds.smallest_visible_effect is None:
        return tasks.smallest_visible_effect
    return max(tasks.smallest_visible_effect, seeds.smallest_visible_effect)


def _seeds_to_halve(table: _Table, tasks: Estimate, seeds: Estimate) -> int | None:
    """Find the fewest seeds at which both tests would see half of what they see now.

    The variance over tasks is between-task + training noise / S; one-seed variances beside that of the mean of S
    seeds tell the two apart. The variance over seeds falls as 1 / S and its t quantiles with it.
    """
    visible = _visible(tasks, seeds)
    singles = [table.estimate(seed).standard_error for seed in range(table.num_seeds)]
    errors = [error for error in singles if error is not None]
    if visible is None or tasks.standard_error is None or seeds.standard_error is None or len(errors) < len(singles):
        return None
    now, task_variance = table.num_seeds, tasks.standard_error**2
    noise = max(0.0, (float(np.mean(np.square(errors))) - task_variance) * now / (now - 1))
    noise = min(noise, task_variance * now)
    seed_variance = seeds.standard_error**2 * now

    def halved(count: int) -> bool:
        over_tasks = task_variance - noise / now + noise / count
        over_seeds = visible_multiple(count - 1) * math.sqrt(seed_variance / count)
        return max(visible_multiple(tasks.df) * math.sqrt(over_tasks), over_seeds) <= visible / 2

    candidates = range(now + 1, MAX_SEEDS + 1)
    found = bisect_left(candidates, True, key=halved)
    return candidates[found] if found < len(candidates) else None


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Adjust p-values so that the chance of any false finding among them stays at the level (Holm 1979, step-down)."""
    for name, p in p_values.items():
        if not 0 <= p <= 1:
            raise ValueError(f"need 0 <= p <= 1, got {p} for {name}")
    adjusted: dict[str, float] = {}
    largest = 0.0
    for rank, (name, p) in enumerate(sorted(p_values.items(), key=lambda item: (item[1], item[0]))):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p))
        adjusted[name] = largest
    return {name: adjusted[name] for name in p_values}
