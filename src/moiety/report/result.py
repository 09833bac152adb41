"""The finished study as the report sees it: frozen nouns for `result.json` and the metrics of its arms.

Not the statistics: every effect, interval and verdict was computed by the study. Here only means over seeds are
taken, of numbers that the study measured per run.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean

RL_ALGORITHMS = frozenset({"grpo", "ppo", "reinforce"})

Interval = tuple[float, float]


def mean_of(values: Iterable[float | None]) -> float | None:
    """Return the mean of the numbers that are there."""
    there = [value for value in values if value is not None]
    return fmean(there) if there else None


@dataclass(frozen=True, slots=True)
class Score:
    """What one domain, or one depth of it, gave at one checkpoint; fractions."""

    count: int | None
    greedy: float | None
    sampled: float | None
    pass_at_k: Mapping[int, float]
    by_depth: Mapping[int, "Score"]
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    step: int
    scores: Mapping[str, Score]
    gap: float | None
    kl: float | None
    entropy: float | None
    completion_tokens: float | None
    verdicts: Mapping[str, float]
    truncated: int | None

    def greedy(self, domain: str) -> float | None:
        score = self.scores.get(domain)
        return None if score is None else score.greedy

    def sampled(self, domain: str) -> float | None:
        score = self.scores.get(domain)
        return None if score is None else score.sampled


@dataclass(frozen=True, slots=True)
class Run:
    """One arm with one seed; checkpoints by step, metrics one row an optimiser step."""

    arm: str
    seed: int | None
    checkpoints: tuple[Checkpoint, ...]
    budget: Mapping[str, float]
    metrics: tuple[Mapping[str, float], ...]

    @property
    def last(self) -> Checkpoint | None:
        return self.checkpoints[-1] if self.checkpoints else None

    @property
    def best(self) -> Checkpoint | None:
        """The validation-best checkpoint, step 0 included; the earliest of equals."""
        seen = [point for point in self.checkpoints if point.greedy("validation") is not None]
        return max(seen, key=lambda point: (point.greedy("validation"), -point.step)) if seen else None


@dataclass(frozen=True, slots=True)
class Arm:
    """One training configuration with its runs, in the order of their seeds."""

    name: str
    label: str
    base: str
    algorithm: str
    start: str | None
    atoms: bool | None
    k: int | None
    steps: int | None
    learning_rate: float | None
    runs: tuple[Run, ...]

    @property
    def is_rl(self) -> bool:
        return self.algorithm in RL_ALGORITHMS

    def mean(self, read: Callable[[Run], float | None]) -> float | None:
        """Return the mean over the runs that have the number."""
        return mean_of(read(run) for run in self.runs)

    def last(self, read: Callable[[Checkpoint], float | None]) -> float | None:
        """Return the mean over runs of a number of the last checkpoint."""
        return self.mean(lambda run: None if run.last is None else read(run.last))

    def best(self, read: Callable[[Checkpoint], float | None]) -> float | None:
        """Return the mean over runs of a number of each run's validation-best checkpoint."""
        return self.mean(lambda run: None if run.best is None else read(run.best))

    def by_step(self, read: Callable[[Checkpoint], float | None]) -> list[tuple[int, float]]:
        """Return (step, mean over runs) for each step that all runs have the number at.

        Where runs end at different steps, their ends are one point at the mean of these steps.
        """
        curves = [
            {point.step: value for point in run.checkpoints if (value := read(point)) is not None} for run in self.runs
        ]
        curves = [curve for curve in curves if curve]
        if not curves:
            return []
        shared = sorted(set.intersection(*(set(curve) for curve in curves)))
        found = [(step, fmean(curve[step] for curve in curves)) for step in shared]
        ends = [max(curve) for curve in curves]
        if len(set(ends)) > 1:
            end = fmean(curve[last] for curve, last in zip(curves, ends, strict=True))
            found.append((round(fmean(ends)), end))
        return found


@dataclass(frozen=True, slots=True)
class Finding:
    """One declared contrast with its verdict, or a whole claim (`F1`), which has a verdict but no effect of its own.

    Effects are fractions. `k_star` is what F1c is about: the smallest k that reaches 90 % of the gain.
    """

    id: str
    title: str
    claim: str
    verdict: str
    in_these_runs: str
    effect: float | None
    interval: Interval | None
    interval_tasks: Interval | None
    interval_seeds: Interval | None
    n_seeds: int | None
    n_tasks: int | None
    n_families: int | None
    best_effect: float | None
    smallest_visible_effect: float | None
    seeds_to_halve: int | None
    p_value: float | None
    p_holm: float | None
    primary: bool
    base: str
    domain: str
    arms: tuple[str, ...]
    reading: str
    sentence: str
    k_star: int | None
    k_star_interval: Interval | None

    @property
    def is_whole(self) -> bool:
        return re.fullmatch(r"F\d+", self.id) is not None

    @property
    def heading(self) -> str:
        """The id and the title as a heading."""
        return f"{self.id} {self.title[:1].upper()}{self.title[1:]}".strip()


@dataclass(frozen=True, slots=True)
class HealthCheck:
    name: str
    value: object
    threshold: object
    passed: bool | None


@dataclass(frozen=True, slots=True)
class Result:
    name: str
    recipe: object
    recipe_hash: str
    seeds: tuple[int, ...]
    findings: tuple[Finding, ...]
    arms: tuple[Arm, ...]
    health: tuple[HealthCheck, ...]
    counts: Mapping[str, Mapping[str, float]]
    shared_keys: Mapping[str, float]
    rejections: Mapping[str, float]
    dataset_hash: str
    space: object
    commands: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def bases(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(arm.base for arm in self.arms))

    def arm(self, name: str | None) -> Arm | None:
        return next((arm for arm in self.arms if arm.name == name), None)

    def base_arm(self, base: str) -> Arm | None:
        return next((arm for arm in self.arms if arm.base == base and arm.algorithm == "base"), None)

    def from_base(self, arm: Arm) -> bool:
        """Tell whether an arm was trained straight from its base."""
        start = self.arm(arm.start)
        return arm.algorithm != "base" and (arm.start is None or (start is not None and start.algorithm == "base"))

    def most_runs(self) -> int:
        """Return the largest number of runs that an arm has."""
        return max((len(arm.runs) for arm in self.arms), default=0)

    def domains(self) -> tuple[str, ...]:
        """Return every domain any checkpoint has, in the order a reader wants them."""
        wanted = ("recombined", "deeper", "atoms", "validation", "train", "retention")
        seen = dict.fromkeys(
            d for arm in self.arms for run in arm.runs for point in run.checkpoints for d in point.scores
        )
        return tuple([d for d in wanted if d in seen] + [d for d in seen if d not in wanted])
