"""Intervals that hold: t over families for "given these runs", t over seeds for "would a new training run agree".

Not a bootstrap: with tasks that share a family effect the plain interval covers 0.67 to 0.82 and the cluster
bootstrap 0.83 to 0.93 where 0.95 is written; cluster-t holds. Papers: Miller 2024, arXiv 2411.00640 (pair, then
cluster); Bowyer et al. 2025, arXiv 2503.01747 (no normal interval on few items, none of zero width); Agarwal et al.
2021, arXiv 2108.13264 (an interval over runs, never a bare mean); Bell and McCaffrey 2002 (clusters of unequal size).
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from moiety.statistics.student import t_quantile, two_sided_p

Interval = tuple[float, float]
Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

ERROR_RATE = 0.05  # two-sided
POWER = 0.8


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its standard error and degrees of freedom; `standard_error` is None where nothing can tell it.

    Of the counts, those of the units the t does not run over are 0.
    """

    effect: float
    standard_error: float | None
    df: float
    n_tasks: int = 0
    n_families: int = 0
    n_seeds: int = 0

    @property
    def interval(self) -> Interval | None:
        """The 95 % interval; None from a single family or seed."""
        if self.standard_error is None:
            return None
        half = t_quantile(1 - ERROR_RATE / 2, self.df) * self.standard_error
        return (self.effect - half, self.effect + half)

    @property
    def p_value(self) -> float:
        """The two-sided p of "the effect is 0"; 1 where there is no interval."""
        if self.standard_error is None or self.effect == 0:
            return 1.0
        return two_sided_p(self.effect / self.standard_error if self.standard_error else math.inf, self.df)

    @property
    def smallest_visible_effect(self) -> float | None:
        """The effect found with 80 % power at 5 % two-sided (Bloom 1995: the sum of the two t quantiles)."""
        return None if self.standard_error is None else visible_multiple(self.df) * self.standard_error


def visible_multiple(df: float) -> float:
    """Return how many standard errors an effect must measure to be found with the stated power."""
    return t_quantile(1 - ERROR_RATE / 2, df) + t_quantile(POWER, df)


def seed_t(effects: Sequence[float]) -> Estimate:
    """Estimate the mean effect over training seeds, one paired effect a seed."""
    if not effects:
        raise ValueError("need the effect of at least one seed, got none")
    count = len(effects)
    error = float(np.std(effects, ddof=1)) / math.sqrt(count) if count > 1 else None
    return Estimate(float(np.mean(effects)), error, float(max(count - 1, 1)), n_seeds=count)


def paired_cluster_t(
    differences: ArrayLike, families: Sequence[Hashable], depths: Sequence[int] | None = None
) -> Estimate:
    """Estimate the difference of two domain scores from one paired difference a task, with t over families.

    differences (N,), families and depths of length N. The effect is exactly the difference of the domain scores: the
    unweighted mean over depths of the mean over tasks. A depth with a single family leaves no interval.
    """
    values = np.asarray(differences, dtype=np.float64)
    if values.ndim != 1 or values.size == 0 or len(families) != values.size:
        raise ValueError(f"need N >= 1 differences and N families, got shape {values.shape} and {len(families)}")
    if depths is not None and len(depths) != values.size:
        raise ValueError(f"need one depth a difference, got {len(depths)} for {values.size}")
    strata = codes([0] * values.size if depths is None else depths)
    sizes = np.bincount(strata)
    return stratified_cluster_t(
        values,
        weights=1.0 / sizes[strata],
        strata=strata,
        families=codes(families),
        tasks=np.arange(values.size),
        coefficients=np.full(len(sizes), 1.0 / len(sizes)),
    )


def codes(labels: Sequence[Hashable]) -> Codes:
    """Number the labels 0, 1, … in the order of their first appearance."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(label, len(numbers)) for label in labels], dtype=np.intp)


def stratified_cluster_t(
    values: Floats, *, weights: Floats, strata: Codes, families: Codes, tasks: Codes, coefficients: Floats
) -> Estimate:
    """Estimate sum over strata of coefficient x weighted mean, with families as the independent units.

    Coefficients (K,), the rest (N,); strata are numbered 0 to K - 1 and weights sum to 1 in each. Average within a
    family; the family means m_g keep their share w_g of the weight (equal shares would answer for another score than
    the one printed). Each residual is divided by sqrt(1 - w_g) (CR2), which for equal shares is the plain t on family
    means. A family's residuals are added over strata before they are squared, so one that occurs in two is still one
    unit. Degrees of freedom: the effective number of families less one, 1 / sum w_g^2 - 1, combined over strata by
    Welch and Satterthwaite. The variance is never taken below that of one flipped task a stratum: where nothing
    varies, a width of zero would be a false promise.
    """
    if not (values.shape == weights.shape == strata.shape == families.shape == tasks.shape) or values.ndim != 1:
        raise ValueError(f"need five vectors of one length, got {values.shape} {weights.shape} {strata.shape} "
                         f"{families.shape} {tasks.shape}")  # fmt: skip
    n_families = int(families.max()) + 1
    effect, floor, known = 0.0, 0.0, True
    residuals = np.zeros(n_families)
    variances: list[float] = []
    dfs: list[float] = []
    for stratum, coefficient in enumerate(coefficients.tolist()):
        here = strata == stratum
        share = np.bincount(families[here], weights[here], minlength=n_families)
        total = np.bincount(families[here], weights[here] * values[here], minlength=n_families)
        mean = float(total.sum())
        effect += coefficient * mean
        floor += (coefficient / np.unique(tasks[here]).size) ** 2
        if np.count_nonzero(share) < 2:
            known = False
            continue
        residual = coefficient * (total - share * mean) / np.sqrt(1.0 - share)
        residuals += residual
        variances.append(float(residual @ residual))
        dfs.append(max(1.0, 1.0 / float(share @ share) - 1.0))
    n_tasks, n_present = int(np.unique(tasks).size), int(np.unique(families).size)
    if not known:
        return Estimate(effect, None, 1.0, n_tasks, n_present)
    variance = float(residuals @ residuals)
    if variance <= floor:
        return Estimate(effect, math.sqrt(floor), min(dfs), n_tasks, n_present)
    df = sum(variances) ** 2 / sum(part**2 / df for part, df in zip(variances, dfs, strict=True))
    return Estimate(effect, math.sqrt(variance), df, n_tasks, n_present)


def wilson_interval(num_successes: int, num_trials: int) -> Interval:
    """Return the 95 % Wilson score interval of a proportion from independent trials; it never leaves [0, 1]."""
    if not (0 <= num_successes <= num_trials and num_trials >= 1):
        raise ValueError(f"need 0 <= c <= n and n >= 1, got n={num_trials} c={num_successes}")
    return _wilson(num_successes / num_trials, num_trials, NormalDist().inv_cdf(1 - ERROR_RATE / 2))


def _wilson(proportion: float, trials: float, quantile: float) -> Interval:
    ratio = quantile * quantile / trials
    centre = (proportion + ratio / 2) / (1 + ratio)
    half = math.sqrt(proportion * (1 - proportion) * ratio + ratio * ratio / 4) / (1 + ratio)
    return (max(0.0, centre - half), min(1.0, centre + half))


def score_interval(scores: ArrayLike, families: Sequence[Hashable], depths: Sequence[int] | None = None) -> Interval:
    """Return a 95 % interval within [0, 1] of one arm's domain score, tasks of a family counted as alike as they are.

    Wilson's interval with the effective number of trials p(1 - p) / variance and the t of the clusters (Korn and
    Graubard 1998); at 0, at 1 and where the variance is unknown each family counts as one trial.
    """
    estimate = paired_cluster_t(scores, families, depths)
    score = min(max(estimate.effect, 0.0), 1.0)
    spread = score * (1.0 - score)
    trials = float(estimate.n_families)
    if spread > 0 and estimate.standard_error:
        trials = min(max(spread / estimate.standard_error**2, 1.0), float(estimate.n_tasks))
    return _wilson(score, trials, t_quantile(1 - ERROR_RATE / 2, estimate.df))
