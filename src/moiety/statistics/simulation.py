"""Simulated policies of known skill, to test the machinery of the study without training anything.

Not a model of learning curves: an arm has an expected score, and its runs pass or fail tasks around it. A policy
passes a task where a latent sum is above 0:
    skill of the arm at that depth + what the training seed did to the arm + what the family does to every arm
    + what the family does to this arm + the task's own ease + noise of this run on this task,
all normal, so that the expected score is Phi(skill / total spread) and every true effect is known exactly.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from moiety.rng import derive
from moiety.statistics.contrasts import TaskValue

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedDesign:
    """The size of a simulated study and where its noise comes from (standard deviations; a run's own noise is 1).

    `family_sizes` are the tasks of each family of one depth; the expected scores fall from the first depth to the
    last by `depth_drop` in all.
    """

    num_seeds: int = 3
    depths: tuple[int, ...] = (2, 3)
    family_sizes: tuple[int, ...] = (4,) * 15
    depth_drop: float = 0.2
    seed_sd: float = 0.1
    family_sd: float = 0.8
    arm_family_sd: float = 0.3
    task_sd: float = 0.5

    def __post_init__(self) -> None:
        if self.num_seeds < 1 or not self.depths or not self.family_sizes or min(self.family_sizes) < 1:
            raise ValueError(f"need a seed, a depth and families of at least one task, got {self}")

    def expected_scores(self, score: float) -> list[float]:
        """The expected score at each depth of an arm whose domain score is `score`."""
        steps = len(self.depths) - 1
        scores = [score + self.depth_drop * (0.5 - index / steps) if steps else score for index in range(steps + 1)]
        if not all(0 < found < 1 for found in scores):
            raise ValueError(f"need expected scores within (0, 1) at every depth, got {scores}")
        return scores


@dataclass(frozen=True, slots=True)
class SimulatedArms:
    """The values of every arm, and the score each has in expectation given the runs that were drawn."""

    values: Mapping[str, list[TaskValue]]
    scores_in_these_runs: Mapping[str, float]


def simulate_arms(scores: Mapping[str, float], *, seed: int, design: SimulatedDesign) -> SimulatedArms:
    """Draw the runs of arms of known expected domain score on one shared set of tasks."""
    rng = np.random.default_rng(derive(seed, "simulate_arms"))
    num_families, spread = len(design.family_sizes), _spread(design)
    total = float(np.hypot(spread, design.seed_sd))
    family_D = np.repeat(np.arange(num_families), design.family_sizes)
    seed_shift = {arm: rng.normal(0, design.seed_sd, design.num_seeds) for arm in scores}
    values: dict[str, list[TaskValue]] = {arm: [] for arm in scores}
    true_scores: dict[str, list[float]] = {arm: [] for arm in scores}
    for index, depth in enumerate(design.depths):
        shared_D = rng.normal(0, design.task_sd, len(family_D))
        shared_D += rng.normal(0, design.family_sd, num_families)[family_D]
        for arm, score in scores.items():
            skill = _NORMAL.inv_cdf(design.expected_scores(score)[index]) * total
            ease_D = shared_D + rng.normal(0, design.arm_family_sd, num_families)[family_D]
            for run in range(design.num_seeds):
                level = skill + float(seed_shift[arm][run])
                passed_D = level + ease_D + rng.normal(0, 1, len(family_D)) > 0
                true_scores[arm].append(_NORMAL.cdf(level / spread))
                values[arm] += [
                    TaskValue(run, f"d{depth}-{task}", f"d{depth}-f{family}", depth, float(passed))
                    for task, (family, passed) in enumerate(zip(family_D.tolist(), passed_D.tolist(), strict=True))
                ]
    return SimulatedArms(values, {arm: float(np.mean(found)) for arm, found in true_scores.items()})


def _spread(design: SimulatedDesign) -> float:
    """The spread of the latent sum over tasks of one run."""
    return float(np.sqrt(1 + design.family_sd**2 + design.arm_family_sd**2 + design.task_sd**2))
