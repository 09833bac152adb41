"""Contrasts, Holm, the verdict rules and F1c, on values made by hand."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from moiety.statistics import (
    Contrast,
    Decision,
    FindingVerdict,
    Interval,
    KBounds,
    TaskValue,
    combine_verdicts,
    contrast,
    decide,
    decide_findings,
    decide_handful,
    f2_sentence,
    holm,
    matched_checkpoints,
    measure_handful,
    paired_difference,
    paired_sum,
)

SUPPORTED, CONTRADICTED, UNDECIDED = FindingVerdict.SUPPORTED, FindingVerdict.CONTRADICTED, FindingVerdict.UNDECIDED


def rows(
    values_by_seed: Sequence[Sequence[float]], *, depth: int = 2, tag: str = "t", family_size: int = 1
) -> list[TaskValue]:
    return [
        TaskValue(seed, f"{tag}{task}", f"{tag}-family{task // family_size}", depth, value)
        for seed, values in enumerate(values_by_seed)
        for task, value in enumerate(values)
    ]


def made(effect: float, tasks: Interval | None, seeds: Interval | None, n_seeds: int) -> Contrast:
    both = [interval for interval in (tasks, seeds) if interval]
    widest = max(both, key=lambda ends: ends[1] - ends[0]) if both else None
    return Contrast(effect, widest, tasks, seeds, n_seeds, 100, 20, 0.5, 0.1, None, (effect,) * n_seeds)


def test_pairing_is_by_seed_and_task_and_leaves_out_what_is_missing() -> None:
    a, b = rows([[1, 1, 0], [1, 0, 0]]), rows([[0, 1, 0], [0, 0, 1]])
    assert [row.value for row in paired_difference(a, b)] == [1, 0, 0, 1, 0, -1]
    assert [row.value for row in paired_difference(a, b[1:])] == [0, 0, 1, 0, -1]
    assert [row.value for row in paired_sum([(1.0, a), (-0.5, b), (2.0, a)])] == [3.0, 2.5, 0, 3.0, 0, -0.5]
    with pytest.raises(ValueError, match="common to all 2 terms"):
        paired_difference(a, rows([[1.0]], tag="other"))
    with pytest.raises(ValueError, match="6 values for 3"):
        paired_difference(rows([[1, 1, 0]]) * 2, b)


def test_a_contrast_prints_both_intervals_and_headlines_the_wider() -> None:
    values = [
        [0.5, 0, 1, 0, 0, 0, -1, 0.5, 0, 0],
        [1, 0, 1, 0.5, 0, 0, -1, 0, 0, 0],
        [0.5, 0, 1, 0, 0, 0.5, -1, 0, 0, 0],
    ]
    found = contrast(rows(values, family_size=2))
    by_family = np.mean(values, axis=0).reshape(5, 2).mean(axis=1)
    tasks, seeds = stats.ttest_1samp(by_family, 0), stats.ttest_1samp(np.mean(values, axis=1), 0)
    assert found.effect == pytest.approx(np.mean(values))
    assert found.seed_effects == pytest.approx(np.mean(values, axis=1))
    assert found.interval_tasks == pytest.approx(tuple(tasks.confidence_interval()))
    assert found.interval_seeds == pytest.approx(tuple(seeds.confidence_interval()))
    assert found.interval == found.interval_tasks
    assert found.p_value == pytest.approx(max(tasks.pvalue, seeds.pvalue))
    assert (found.n_seeds, found.n_tasks, found.n_families) == (3, 10, 5)


def test_one_seed_has_the_interval_over_tasks_only() -> None:
    found = contrast(rows([[1, 0, 0, 1, 0, 0]]))
    assert (found.interval_seeds, found.seeds_to_halve, found.n_seeds) == (None, None, 1)
    assert found.interval == found.interval_tasks
    lonely = contrast(rows([[1, 0], [1, 1], [0, 1]], family_size=2))
    assert (lonely.interval, lonely.p_value, lonely.smallest_visible_effect) == (None, 1.0, None)
    assert lonely.interval_seeds is not None
    assert decide(lonely).verdict is UNDECIDED


def test_a_gap_contrast_with_single_task_families_is_welchs_t() -> None:
    rng = np.random.default_rng(3)
    train, test = rng.normal(0.2, 0.2, 12).clip(-1, 1), rng.normal(0, 0.3, 30).clip(-1, 1)
    found = contrast(rows([train.tolist()], tag="train"), minus=rows([test.tolist()], tag="test"))
    welch = stats.ttest_ind(train, test, equal_var=False)
    assert found.effect == pytest.approx(train.mean() - test.mean())
    assert found.p_value == pytest.approx(welch.pvalue)
    assert found.interval == pytest.approx(tuple(welch.confidence_interval()))
    assert found.n_tasks == 42


def test_a_family_on_both_sides_of_a_gap_is_one_unit() -> None:
    values = [[1.0, 0.0, -1.0, 1.0, 0.0, 1.0, -1.0, 0.0]]
    alike, apart = (contrast(rows(values), minus=rows(values, tag=tag)) for tag in ("t", "u"))
    assert alike.n_families == 8
    assert apart.n_families == 16
    assert alike.interval is not None
    assert apart.interval is not None
    assert alike.interval[1] < apart.interval[1] / 1.5  # what the families share cancels


def test_contrasts_refuse_what_they_cannot_pair() -> None:
    with pytest.raises(ValueError, match="at least one difference"):
        contrast([])
    with pytest.raises(ValueError, match=r"need \|difference\| <= 1.0, got 1.5 for task t1"):
        contrast(rows([[0.0, 1.5]]))
    with pytest.raises(ValueError, match=r"got nan for task t0"):
        contrast(rows([[math.nan]]))
    ragged = [*rows([[1, 0], [1, 0]]), *rows([[1, 0]], depth=3, tag="deep")]
    with pytest.raises(ValueError, match="got none of depth 3 for seed 1"):
        contrast(ragged)
    with pytest.raises(ValueError, match="both sides, got none of depth 3 for seed 0"):
        contrast(rows([[1, 0]]), minus=rows([[1, 0]], depth=3))


def test_intervals_stay_within_what_scores_allow() -> None:
    found = contrast(rows([[1.0] * 5 + [-1.0], [-1.0] * 5 + [0.5]]))
    assert found.interval_seeds == (-1.0, 1.0)
    drop = contrast(rows([[2.0, -2.0, 1.0]]), bound=2.0)
    assert drop.interval is not None
    assert -2.0 <= drop.interval[0] <= drop.interval[1] <= 2.0


def test_tasks_that_differ_between_seeds_weigh_so_that_seeds_weigh_the_same() -> None:
    found = contrast([*rows([[1, 1, 0, 0]]), *(TaskValue(1, f"s{i}", f"f{i}", 2, float(i == 0)) for i in range(2))])
    assert found.effect == pytest.approx((0.5 + 0.5) / 2)
    assert (found.n_tasks, found.seed_effects) == (6, (0.5, 0.5))


def test_seeds_to_halve_by_hand() -> None:
    # Seeds 0.1, 0.2, 0.3: sd 0.1 and visible (4.303 + 1.061) x 0.1 / sqrt(3) = 0.310; half is 0.155. Five seeds see
    # (2.776 + 0.941) x 0.1 / sqrt(5) = 0.166, six see (2.571 + 0.920) x 0.1 / sqrt(6) = 0.143.
    assert contrast(rows([[level] * 200 for level in (0.1, 0.2, 0.3)])).seeds_to_halve == 6
    tasks_decide = [[1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]] * 3
    assert contrast(rows(tasks_decide)).seeds_to_halve is None


def test_holm_against_literals() -> None:
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}) == pytest.approx(
        {"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02}
    )
    assert holm({"x": 0.6, "y": 0.7}) == {"x": 1.0, "y": 1.0}
    assert holm({}) == {}
    with pytest.raises(ValueError, match=r"got 1\.5 for x"):
        holm({"x": 1.5})


@pytest.mark.parametrize(
    ("found", "p_holm", "best", "verdict", "in_these_runs"),
    [
        (made(0.2, (0.1, 0.3), (0.05, 0.35), 3), 0.01, 0.1, SUPPORTED, SUPPORTED),
        (made(0.2, (0.1, 0.3), (0.05, 0.35), 3), None, None, SUPPORTED, SUPPORTED),
        (made(0.2, (0.1, 0.3), (0.05, 0.35), 3), 0.05, 0.1, UNDECIDED, SUPPORTED),
        (made(0.2, (0.1, 0.3), (0.05, 0.35), 2), 0.01, 0.1, UNDECIDED, SUPPORTED),
        (made(0.2, (0.1, 0.3), None, 1), None, None, UNDECIDED, SUPPORTED),
        (made(0.2, (0.1, 0.3), (-0.05, 0.45), 3), 0.01, 0.1, UNDECIDED, SUPPORTED),
        (made(0.2, (-0.1, 0.5), (0.1, 0.3), 5), 0.01, 0.1, UNDECIDED, UNDECIDED),
        (made(0.2, (0.1, 0.3), (0.05, 0.35), 5), 0.01, -0.1, UNDECIDED, UNDECIDED),
        (made(0.2, (0.1, 0.3), (0.05, 0.35), 5), 0.01, 0.0, SUPPORTED, SUPPORTED),
        (made(-0.2, (-0.3, -0.1), (-0.4, -0.1), 3), 0.01, -0.1, CONTRADICTED, CONTRADICTED),
        (made(-0.2, (-0.3, -0.1), (-0.4, -0.1), 3), 0.2, -0.1, UNDECIDED, CONTRADICTED),
        (made(-0.2, (-0.3, -0.1), None, 1), 0.01, -0.1, UNDECIDED, CONTRADICTED),
        (made(0.2, (0.0, 0.4), (0.05, 0.35), 3), None, None, UNDECIDED, UNDECIDED),
    ],
)
def test_every_rule_of_a_verdict(
    found: Contrast, p_holm: float | None, best: float | None, verdict: FindingVerdict, in_these_runs: FindingVerdict
) -> None:
    assert decide(found, p_holm=p_holm, best_effect=best) == Decision(verdict, in_these_runs)


def test_findings_combine_their_parts() -> None:
    assert combine_verdicts([SUPPORTED, SUPPORTED]) is SUPPORTED
    assert combine_verdicts([SUPPORTED, UNDECIDED]) is UNDECIDED
    assert combine_verdicts([SUPPORTED, CONTRADICTED, UNDECIDED]) is CONTRADICTED
    with pytest.raises(ValueError, match="got none"):
        combine_verdicts([])
    yes, here = Decision(SUPPORTED, SUPPORTED), Decision(UNDECIDED, SUPPORTED)
    no = Decision(CONTRADICTED, CONTRADICTED)
    found = decide_findings({"F1a": yes, "F1b": yes, "F2a": here, "F2c": here, "F2b": no, "F3a": yes, "F3c": no})
    assert found == {"F1": Decision(UNDECIDED, UNDECIDED), "F2": here, "F3": no}  # F1c was not run; F2b does not count


def test_f2_is_said_in_one_sentence_with_its_cost() -> None:
    gain, cost, hidden = (
        made(0.123, (0.1, 0.146), None, 1),
        made(-0.02, (-0.05, 0.01), None, 1),
        made(0.1, None, None, 1),
    )
    assert f2_sentence(equal_steps=gain, equal_flops=cost, best_sft=hidden) == (
        "RL less SFT from the same checkpoint: +12.3 [+10.0, +14.6] at equal optimiser steps, -2.0 [-5.0, +1.0] at "
        "equal FLOPs with sampling counted, +10.0 [no interval] against SFT at its validation-best step."
    )
    assert "not measured at equal FLOPs" in f2_sentence(equal_steps=gain, equal_flops=None, best_sft=gain)


def test_matched_checkpoints_are_the_first_at_the_highest_common_level() -> None:
    sft = [(0, 0.33), (10, 0.6), (20, 0.95), (30, 1.0)]
    rl = [(0, 0.33), (10, 0.4), (20, 0.7), (30, 0.92), (40, 0.9)]
    matched = matched_checkpoints(sft, rl)
    assert (matched.level, matched.step_a, matched.step_b) == (0.92, 20, 30)
    assert (matched.rate_a, matched.rate_b) == (0.95, 0.92)
    assert matched_checkpoints([(0, 0.9), (5, 0.5)], [(0, 0.9), (5, 0.7)]).level == 0.5  # step 0 is no training
    for curve in ([(0, 0.3)], [], [(10, 0.3), (5, 0.4)]):
        with pytest.raises(ValueError, match="need rising steps"):
            matched_checkpoints(curve, rl)


def curve(means: dict[int, float], num_seeds: int = 3) -> dict[int, list[TaskValue]]:
    """Scores that differ a little from task to task and from seed to seed around known means."""
    rng = np.random.default_rng(5)
    return {
        k: rows([(mean + rng.normal(0, 0.01, 60)).clip(0, 1).tolist() for _ in range(num_seeds)], family_size=3)
        for k, mean in means.items()
    }


@pytest.mark.parametrize(
    ("means", "claimed", "k_star", "upper", "verdict"),
    [
        ({0: 0.1, 5: 0.3, 20: 0.62, 100: 0.6, 200: 0.6}, 20, 20, 20, SUPPORTED),
        ({0: 0.1, 5: 0.3, 20: 0.62, 100: 0.6, 200: 0.6}, 21, 20, 20, UNDECIDED),  # k_max is not ten times the claim
        ({0: 0.1, 5: 0.2, 20: 0.3, 100: 0.4, 200: 0.6}, 20, 200, 200, CONTRADICTED),
        ({0: 0.1, 5: 0.2, 20: 0.3, 50: 0.4, 200: 0.6}, 20, 200, 200, UNDECIDED),  # nothing near k_max / 2 was run
        ({0: 0.1, 5: 0.2, 20: 0.3, 100: 0.6, 200: 0.6}, 20, 100, 100, UNDECIDED),
        ({0: 0.5, 5: 0.5, 20: 0.5, 100: 0.5, 200: 0.3}, 20, 200, 200, UNDECIDED),  # synthetics only hurt
    ],
)
def test_a_handful(means: dict[int, float], claimed: int, k_star: int, upper: int, verdict: FindingVerdict) -> None:
    handful = measure_handful(curve(means), claimed=claimed)
    assert (handful.k_star, handful.bounds.upper, handful.k_max) == (k_star, upper, 200)
    assert decide_handful(handful) == Decision(verdict, verdict)
    two_seeds = measure_handful(curve(means, num_seeds=2), claimed=claimed)
    assert decide_handful(two_seeds) == Decision(UNDECIDED, verdict)


def test_a_handful_that_the_best_step_does_not_confirm_is_undecided() -> None:
    handful = measure_handful(curve({0: 0.1, 5: 0.3, 20: 0.62, 200: 0.6}), claimed=20)
    assert handful.bounds == KBounds(20, 20)
    assert decide_handful(handful, best_k_star=5).verdict is SUPPORTED
    assert decide_handful(handful, best_k_star=200) == Decision(UNDECIDED, UNDECIDED)
    with pytest.raises(ValueError, match=r"got k \[0, 5\] and 3"):
        measure_handful(curve({0: 0.1, 5: 0.3}), claimed=3)
