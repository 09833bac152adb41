"""Scores, intervals that hold, contrasts and verdicts: from pass or fail to a finding.

Not an evaluation: nothing here samples or runs code. The reader's path: `passk` (a score) → `intervals` (how sure) →
`contrasts` (one arm against another) → `verdicts` and `handful` (what it says of a claim); `student` is the one
distribution they need, `simulation` the policies of known skill they are tested with.
"""

from moiety.statistics.contrasts import Contrast, TaskValue, contrast, holm, paired_difference, paired_sum
from moiety.statistics.handful import Handful, KBounds, decide_handful, measure_handful
from moiety.statistics.intervals import (
    Estimate,
    Interval,
    paired_cluster_t,
    score_interval,
    seed_t,
    wilson_interval,
)
from moiety.statistics.passk import depth_scores, domain_score, mean_pass_at_k, pass_at_k
from moiety.statistics.simulation import SimulatedArms, SimulatedDesign, simulate_arms
from moiety.statistics.student import t_quantile, two_sided_p
from moiety.statistics.verdicts import (
    COMPONENTS,
    MIN_SEEDS,
    PRIMARY,
    Decision,
    FindingVerdict,
    MatchedCheckpoints,
    combine_verdicts,
    decide,
    decide_findings,
    f2_sentence,
    format_effect,
    matched_checkpoints,
    read_interval,
)

__all__ = [
    "COMPONENTS",
    "MIN_SEEDS",
    "PRIMARY",
    "Contrast",
    "Decision",
    "Estimate",
    "FindingVerdict",
    "Handful",
    "Interval",
    "KBounds",
    "MatchedCheckpoints",
    "SimulatedArms",
    "SimulatedDesign",
    "TaskValue",
    "combine_verdicts",
    "contrast",
    "decide",
    "decide_findings",
    "decide_handful",
    "depth_scores",
    "domain_score",
    "f2_sentence",
    "format_effect",
    "holm",
    "matched_checkpoints",
    "mean_pass_at_k",
    "measure_handful",
    "paired_cluster_t",
    "paired_difference",
    "paired_sum",
    "pass_at_k",
    "read_interval",
    "score_interval",
    "seed_t",
    "simulate_arms",
    "t_quantile",
    "two_sided_p",
    "wilson_interval",
]
