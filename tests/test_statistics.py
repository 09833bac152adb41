"""Scores, Student's t and intervals, against literals worked out by hand and against scipy."""

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import moiety.statistics
from moiety.statistics import (
    depth_scores,
    domain_score,
    mean_pass_at_k,
    paired_cluster_t,
    pass_at_k,
    score_interval,
    seed_t,
    t_quantile,
    two_sided_p,
    wilson_interval,
)


def test_all_is_complete_and_sorted_and_loads_no_scipy() -> None:
    names = moiety.statistics.__all__
    assert names == sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    assert all(hasattr(moiety.statistics, name) for name in names)
    code = "import sys, moiety.statistics; assert not {'scipy', 'torch'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("num_samples", "num_correct", "k", "expected"),
    [(5, 2, 1, 0.4), (5, 2, 2, 0.7), (5, 2, 4, 1.0), (5, 0, 5, 0.0), (1, 1, 1, 1.0), (200, 1, 100, 0.5)],
)
def test_pass_at_k_equals_the_share_of_subsets_with_a_pass(
    num_samples: int, num_correct: int, k: int, expected: float
) -> None:
    assert pass_at_k(num_samples, num_correct, k) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("num_samples", "num_correct", "k"), [(3, 4, 1), (3, -1, 1), (3, 1, 4), (3, 1, 0), (0, 0, 1)])
def test_pass_at_k_refuses_what_n_samples_cannot_tell(num_samples: int, num_correct: int, k: int) -> None:
    with pytest.raises(ValueError, match="need 0 <= c <= n and 1 <= k <= n, got n="):
        pass_at_k(num_samples, num_correct, k)
    if (num_samples, num_correct, k) == (3, 4, 1):
        with pytest.raises(ValueError, match=r"^need 0 <= c <= n and 1 <= k <= n, got n=3 c=4 k=1$"):
            pass_at_k(num_samples, num_correct, k)


@given(n=st.integers(2, 60), data=st.data())
def test_pass_at_k_rises_with_k_and_with_c(n: int, data: st.DataObject) -> None:
    c = data.draw(st.integers(0, n - 1))
    k = data.draw(st.integers(1, n - 1))
    here = pass_at_k(n, c, k)
    assert 0.0 <= here <= pass_at_k(n, c, k + 1) <= 1.0
    assert here <= pass_at_k(n, c + 1, k)
    assert pass_at_k(n, c, 1) == pytest.approx(c / n)


@pytest.mark.parametrize(("rate", "k"), [(0.1, 1), (0.1, 4), (0.37, 8), (0.9, 3)])
def test_pass_at_k_is_unbiased(rate: float, k: int) -> None:
    n = 8
    mean = sum(math.comb(n, c) * rate**c * (1 - rate) ** (n - c) * pass_at_k(n, c, k) for c in range(n + 1))
    assert mean == pytest.approx(1 - (1 - rate) ** k)


def test_a_domain_score_is_the_unweighted_mean_of_depth_scores() -> None:
    scores, depths = [1.0, 1.0, 1.0, 0.0, 0.0], [2, 2, 2, 2, 3]
    assert depth_scores(scores, depths) == {2: 0.75, 3: 0.0}
    assert domain_score(scores, depths) == 0.375
    assert mean_pass_at_k([5, 4], [2, 0], 2) == pytest.approx(0.35)
    with pytest.raises(ValueError, match="got 1 and 2"):
        domain_score([1.0], [2, 3])
    with pytest.raises(ValueError, match="got 0 and 0"):
        mean_pass_at_k([], [], 1)


def test_student_t_agrees_with_scipy() -> None:
    for df in (0.6, 1.0, 2.0, 2.7, 4.0, 10.5, 30.0, 240.0, 1e5):
        for t in (0.0, 1e-6, 0.3, 1.0, 2.3, 8.0, 60.0):
            assert two_sided_p(t, df) == pytest.approx(2 * stats.t.sf(t, df), rel=1e-9, abs=1e-300), (t, df)
        for probability in (0.001, 0.2, 0.5, 0.8, 0.975, 0.9999):
            assert t_quantile(probability, df) == pytest.approx(stats.t.ppf(probability, df), rel=1e-9, abs=1e-9)
    assert t_quantile(0.975, 2) == pytest.approx(4.302653, abs=1e-6)
    assert two_sided_p(1.0, 1) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="df=0"):
        two_sided_p(1.0, 0)
    with pytest.raises(ValueError, match=r"got 1\.0"):
        t_quantile(1.0, 3)


def test_families_of_equal_size_give_the_plain_t_on_family_means() -> None:
    values = np.random.default_rng(0).normal(0.1, 0.3, 24)
    estimate = paired_cluster_t(values, [task // 3 for task in range(24)])
    plain = stats.ttest_1samp(values.reshape(8, 3).mean(axis=1), 0)
    assert (estimate.n_tasks, estimate.n_families) == (24, 8)
    assert estimate.df == pytest.approx(7)
    assert estimate.p_value == pytest.approx(plain.pvalue)
    assert estimate.interval == pytest.approx(tuple(plain.confidence_interval()))


def test_cluster_t_by_hand() -> None:
    # Depth 2: families a = {1, 0}, b = {0}, c = {-1}: mean 0, residual sums 1, 0, -1 of 4 tasks, shares 1/2, 1/4, 1/4.
    # CR2: (1/4)^2 / (1 - 1/2) + (1/4)^2 / (1 - 1/4) = 1/8 + 1/12 = 5/24; df = 1 / (3/8) - 1 = 5/3.
    # Depth 3: families d = {1}, e = {0}: mean 1/2, (1/4)^2 / (1/2) twice = 1/4; df = 1.
    estimate = paired_cluster_t([1, 0, 0, -1, 1, 0], list("aabcde"), [2, 2, 2, 2, 3, 3])
    parts = ((1 / 4) ** 2 / (1 / 2) + (1 / 4) ** 2 / (3 / 4), 1 / 4)
    assert estimate.effect == pytest.approx(0.25)
    assert estimate.standard_error == pytest.approx(math.sqrt(sum(parts)) / 2)
    assert estimate.df == pytest.approx(sum(parts) ** 2 / (parts[0] ** 2 / (5 / 3) + parts[1] ** 2))


def test_the_effect_is_the_difference_of_the_printed_scores() -> None:
    rng = np.random.default_rng(1)
    depths = rng.integers(2, 5, 80).tolist()
    families = [f"{depth}-{rng.integers(0, 9)}" for depth in depths]
    a, b = rng.integers(0, 2, 80).astype(float), rng.integers(0, 2, 80).astype(float)
    difference = domain_score(a.tolist(), depths) - domain_score(b.tolist(), depths)
    assert paired_cluster_t(a - b, families, depths).effect == pytest.approx(difference)


def test_where_nothing_varies_the_width_is_that_of_one_flipped_task() -> None:
    zero = paired_cluster_t(np.zeros(100), [task % 20 for task in range(100)])
    assert zero.effect == 0
    assert zero.p_value == 1
    assert zero.interval == pytest.approx((-0.01 * t_quantile(0.975, 19), 0.01 * t_quantile(0.975, 19)))
    ones = paired_cluster_t(np.ones(4), ["a", "a", "b", "b"])
    assert ones.interval is not None
    assert ones.interval[0] < 0  # two families that agree prove nothing
    one_flip = paired_cluster_t([1.0] + [0.0] * 99, list(range(100)))
    assert one_flip.standard_error == pytest.approx(0.01)


def test_a_single_family_or_seed_leaves_no_interval() -> None:
    for estimate in (paired_cluster_t([0.5, 1.0], ["a", "a"]), paired_cluster_t([1, 0, 1], list("abc"), [2, 2, 3])):
        assert (estimate.interval, estimate.p_value, estimate.smallest_visible_effect) == (None, 1.0, None)
    assert (seed_t([0.3]).interval, seed_t([0.3]).effect) == (None, 0.3)


def test_seed_t_agrees_with_scipy_and_states_its_power() -> None:
    effects = [0.1, 0.2, 0.3]
    plain, estimate = stats.ttest_1samp(effects, 0), seed_t(effects)
    assert estimate.interval == pytest.approx(tuple(plain.confidence_interval()))
    assert estimate.p_value == pytest.approx(plain.pvalue)
    assert estimate.smallest_visible_effect == pytest.approx((4.30265 + 1.06066) * 0.1 / math.sqrt(3), abs=1e-5)
    assert seed_t([0.25, 0.25]).p_value == 0
    assert seed_t([0.0, 0.0]).p_value == 1
    with pytest.raises(ValueError, match="got none"):
        seed_t([])


def test_cluster_t_refuses_wrong_shapes() -> None:
    with pytest.raises(ValueError, match=r"got shape \(1, 2\) and 2"):
        paired_cluster_t([[1.0, 0.0]], ["a", "b"])
    with pytest.raises(ValueError, match=r"got shape \(0,\) and 0"):
        paired_cluster_t([], [])
    with pytest.raises(ValueError, match="got 1 for 2"):
        paired_cluster_t([1.0, 0.0], ["a", "b"], [2])


def test_wilson_against_literals_and_scipy() -> None:
    assert wilson_interval(0, 10) == pytest.approx((0.0, 0.27754), abs=1e-5)
    assert wilson_interval(5, 10) == pytest.approx((0.23659, 0.76341), abs=1e-5)
    for c, n in ((1, 1), (3, 7), (99, 100)):
        expected = stats.binomtest(c, n).proportion_ci(method="wilson")
        assert wilson_interval(c, n) == pytest.approx((expected.low, expected.high))
    with pytest.raises(ValueError, match="got n=0 c=0"):
        wilson_interval(0, 0)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from([0.0, 0.25, 1.0]), st.integers(0, 5), st.integers(2, 3)), min_size=1))
def test_a_score_interval_never_leaves_the_unit_interval(rows: list[tuple[float, int, int]]) -> None:
    scores, families, depths = ([row[part] for row in rows] for part in range(3))
    low, high = score_interval(scores, families, [int(depth) for depth in depths])
    score = domain_score([float(s) for s in scores], [int(depth) for depth in depths])
    assert 0.0 <= low <= score + 1e-9
    assert score - 1e-9 <= high <= 1.0


def test_a_score_interval_counts_a_family_of_clones_as_one_trial() -> None:
    scores = [float(family % 2) for family in range(10) for _ in range(20)]
    low, high = score_interval(scores, [task // 20 for task in range(200)])
    plain_low, plain_high = wilson_interval(100, 200)
    assert high - low > 3 * (plain_high - plain_low)
    assert score_interval([0.0] * 200, [task // 20 for task in range(200)])[1] > wilson_interval(0, 200)[1]
