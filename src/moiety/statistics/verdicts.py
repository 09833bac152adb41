"""From contrasts to verdicts: the rules of the study, each a pure function.

Not an estimate: nothing here looks at scores. The rules and the opposite of each claim were stated before any result.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from moiety.statistics.contrasts import Contrast
from moiety.statistics.intervals import ERROR_RATE, Interval

MIN_SEEDS = 3
PRIMARY = ("F1a", "F1b", "F2a", "F2c", "F3a", "F3c")  # corrected together by Holm; all else is exploratory
COMPONENTS = {"F1": ("F1a", "F1b", "F1c"), "F2": ("F2a", "F2c"), "F3": ("F3a", "F3c")}


class FindingVerdict(StrEnum):
    """What the evidence says of a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict on the claim, and the reading for these runs alone (from the interval over tasks)."""

    verdict: FindingVerdict
    in_these_runs: FindingVerdict


def read_interval(interval: Interval | None) -> FindingVerdict:
    """Read an interval of an effect that the claim says is above 0."""
    if interval is None or interval[0] <= 0 <= interval[1]:
        return FindingVerdict.UNDECIDED
    return FindingVerdict.SUPPORTED if interval[0] > 0 else FindingVerdict.CONTRADICTED


def decide(contrast: Contrast, *, p_holm: float | None = None, best_effect: float | None = None) -> Decision:
    """Decide a claim "the effect at the last step is above 0".

    `p_holm`: the adjusted p of a primary contrast, None for an exploratory one. `best_effect`: the same effect read
    at the best steps; where it has the other sign nothing is decided, in these runs either. Fewer than three seeds
    never decide.
    """
    if best_effect is not None and best_effect * contrast.effect < 0:
        return Decision(FindingVerdict.UNDECIDED, FindingVerdict.UNDECIDED)
    verdict = read_interval(contrast.interval)
    if contrast.n_seeds < MIN_SEEDS or (p_holm is not None and not p_holm < ERROR_RATE):
        verdict = FindingVerdict.UNDECIDED
    return Decision(verdict, read_interval(contrast.interval_tasks))


def combine_verdicts(verdicts: Sequence[FindingVerdict]) -> FindingVerdict:
    """Combine the parts of a claim: one contradicted part contradicts it, and it is supported only by all of them."""
    if not verdicts:
        raise ValueError("need the verdict of at least one part, got none")
    if FindingVerdict.CONTRADICTED in verdicts:
        return FindingVerdict.CONTRADICTED
    if all(verdict is FindingVerdict.SUPPORTED for verdict in verdicts):
        return FindingVerdict.SUPPORTED
    return FindingVerdict.UNDECIDED


def decide_findings(parts: Mapping[str, Decision]) -> dict[str, Decision]:
    """Decide F1, F2 and F3 from their parts (`COMPONENTS`); a part that was not run is undecided."""
    undecided = Decision(FindingVerdict.UNDECIDED, FindingVerdict.UNDECIDED)
    decided = {}
    for finding, names in COMPONENTS.items():
        found = [parts.get(name, undecided) for name in names]
        decided[finding] = Decision(
            combine_verdicts([part.verdict for part in found]), combine_verdicts([part.in_these_runs for part in found])
        )
    return decided


def format_effect(contrast: Contrast) -> str:
    """Write an effect with its headline interval, in score points of 100."""
    if contrast.interval is None:
        return f"{100 * contrast.effect:+.1f} [no interval]"
    low, high = contrast.interval
    return f"{100 * contrast.effect:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"


def f2_sentence(*, equal_steps: Contrast, equal_flops: Contrast | None, best_sft: Contrast) -> str:
    """Say F2a, F2b and F2c in one sentence, so that no gain at equal steps is read without its cost in sampling."""
    flops = "not measured" if equal_flops is None else format_effect(equal_flops)
    return (
        f"RL less SFT from the same checkpoint: {format_effect(equal_steps)} at equal optimiser steps, "
        f"{flops} at equal FLOPs with sampling counted, "
        f"{format_effect(best_sft)} against SFT at its validation-best step."
    )


@dataclass(frozen=True, slots=True)
class MatchedCheckpoints:
    """Where two arms reached the same train pass rate: the common level, and each arm's step and own rate there."""

    level: float
    step_a: int
    step_b: int
    rate_a: float
    rate_b: float


def matched_checkpoints(
    curve_a: Sequence[tuple[int, float]], curve_b: Sequence[tuple[int, float]]
) -> MatchedCheckpoints:
    """Find the first checkpoints at which two arms reach the same train pass rate; a curve is (step, rate) pairs.

    The level is the highest that both reach: the lower of the two maxima. Each arm is read at its first checkpoint at
    or above it, so an arm with sparse checkpoints may be read above the level: its own rate is returned too, and the
    gap, being train - test, accounts for it. Step 0 does not count, as nothing was trained there.
    """
    trained_a, trained_b = _trained(curve_a), _trained(curve_b)
    level = min(max(rate for _, rate in trained_a), max(rate for _, rate in trained_b))
    step_a, rate_a = next(point for point in trained_a if point[1] >= level)
    step_b, rate_b = next(point for point in trained_b if point[1] >= level)
    return MatchedCheckpoints(level=level, step_a=step_a, step_b=step_b, rate_a=rate_a, rate_b=rate_b)


def _trained(curve: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    steps = [step for step, _ in curve]
    if sorted(set(steps)) != steps or not any(step > 0 for step in steps):
        raise ValueError(f"need rising steps and one checkpoint after step 0, got {steps}")
    return [(step, rate) for step, rate in curve if step > 0]
