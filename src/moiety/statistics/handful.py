"""F1c, "a handful of synthetic functions is enough": where the curve of score over k reaches 90 % of its full gain.

Not a curve fit and not a bootstrap: k* is bounded by inverting the cluster-t contrast
    excess(k) = score(k) - score(0) - 0.9 (score(k_max) - score(0)),
which is linear in the scores. A percentile bootstrap over families would under-cover (0.83 to 0.93, see
`intervals`) and cannot use three seeds. Going down from k_max one k at a time and stopping at the first that is not
clearly above 0 tests many k without inflating the error rate (fixed sequence: Maurer, Hothorn and Lehmacher 1995).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from moiety.statistics.contrasts import Contrast, TaskValue, contrast, paired_difference, paired_sum
from moiety.statistics.intervals import Interval
from moiety.statistics.verdicts import MIN_SEEDS, Decision, FindingVerdict, read_interval

GAIN_FRACTION = 0.9
HANDFULS = 10  # a claimed handful must be tested up to ten times its size, and k* be at most k_max / 10


@dataclass(frozen=True, slots=True)
class KBounds:
    """The 95 % bounds of k*, among the k that were run."""

    lower: int
    upper: int


@dataclass(frozen=True, slots=True)
class Handful:
    """k* with its bounds and the contrasts it was decided from.

    `gain` is score(k_max) - score(0). `at_handful` is the excess at the largest k <= 10 % of k_max (at the smallest
    k > 0 where none is that small). `at_half` is the excess at the smallest k >= k_max / 2 below k_max: where that
    is clearly short of 90 %, so is k_max / 2 itself; None where no such k was run.
    """

    k_star: int
    k_max: int
    claimed: int
    bounds: KBounds
    bounds_in_these_runs: KBounds
    gain: Contrast
    at_handful: Contrast
    at_half: Contrast | None

    @property
    def n_seeds(self) -> int:
        return min(self.gain.n_seeds, self.at_handful.n_seeds)


def measure_handful(scores: Mapping[int, Sequence[TaskValue]], *, claimed: int) -> Handful:
    """Measure k* from the scores of the arms atoms + k, k = 0 and at least two more; `claimed` is the handful's size.

    k* is the smallest k whose gain over k = 0 reaches 90 % of the gain at k_max; k_max where nothing is gained.
    """
    sizes = sorted(k for k in scores if k > 0)
    if 0 not in scores or len(sizes) < 2 or claimed < 1:
        raise ValueError(f"need k = 0, two more k and a handful of at least 1, got k {sorted(scores)} and {claimed}")
    k_max = sizes[-1]
    gain = contrast(paired_difference(scores[k_max], scores[0]))
    excess = {k: _excess(scores, k, k_max) for k in sizes[:-1]} | {k_max: gain}  # at k_max of the gain's own sign
    reached = [k for k in sizes if gain.effect > 0 and excess[k].effect >= 0]
    small = [k for k in sizes if HANDFULS * k <= k_max]
    half = [k for k in sizes if k_max <= 2 * k and k < k_max]
    return Handful(
        k_star=reached[0] if reached else k_max,
        k_max=k_max,
        claimed=claimed,
        bounds=_bounds(sizes, {k: found.interval for k, found in excess.items()}),
        bounds_in_these_runs=_bounds(sizes, {k: found.interval_tasks for k, found in excess.items()}),
        gain=gain,
        at_handful=excess[small[-1] if small else sizes[0]],
        at_half=excess[half[0]] if half else None,
    )


def _excess(scores: Mapping[int, Sequence[TaskValue]], k: int, k_max: int) -> Contrast:
    return contrast(paired_sum([(1.0, scores[k]), (GAIN_FRACTION - 1, scores[0]), (-GAIN_FRACTION, scores[k_max])]))


def _bounds(sizes: Sequence[int], intervals: Mapping[int, Interval | None]) -> KBounds:
    """Walk down while clearly above 90 %, and up while clearly below; without a clear gain nothing is bounded."""
    readings = {k: read_interval(intervals[k]) for k in sizes}
    if readings[sizes[-1]] is not FindingVerdict.SUPPORTED:
        return KBounds(sizes[0], sizes[-1])
    upper = lower = sizes[-1]
    for k in reversed(sizes):
        if readings[k] is not FindingVerdict.SUPPORTED:
            break
        upper = k
    for k in sizes:
        if readings[k] is not FindingVerdict.CONTRADICTED:
            lower = k
            break
    return KBounds(lower, upper)


def decide_handful(handful: Handful, *, best_k_star: int | None = None) -> Decision:
    """Decide F1c.

    Supported: the upper bound of k* is at most 10 % of k_max, and k_max at least ten times the handful claimed.
    Contradicted: k_max / 2 clearly short of 90 % of a clear gain. `best_k_star`: k* at the best steps; where it and
    k* at the last steps lie on different sides of 10 % of k_max nothing is decided. Fewer than three seeds never are.
    """
    limit = handful.k_max / HANDFULS
    if best_k_star is not None and (best_k_star <= limit) != (handful.k_star <= limit):
        return Decision(FindingVerdict.UNDECIDED, FindingVerdict.UNDECIDED)
    half = handful.at_half
    in_these_runs = _reading(
        handful, handful.bounds_in_these_runs, handful.gain.interval_tasks, half.interval_tasks if half else None
    )
    verdict = _reading(handful, handful.bounds, handful.gain.interval, half.interval if half else None)
    return Decision(verdict if handful.n_seeds >= MIN_SEEDS else FindingVerdict.UNDECIDED, in_these_runs)


def _reading(handful: Handful, bounds: KBounds, gain: Interval | None, half: Interval | None) -> FindingVerdict:
    if read_interval(gain) is not FindingVerdict.SUPPORTED:
        return FindingVerdict.UNDECIDED
    if HANDFULS * max(bounds.upper, handful.claimed) <= handful.k_max:
        return FindingVerdict.SUPPORTED
    if read_interval(half) is FindingVerdict.CONTRADICTED:
        return FindingVerdict.CONTRADICTED
    return FindingVerdict.UNDECIDED
