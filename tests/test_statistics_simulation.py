"""The machinery of a study on simulated policies of known skill: coverage, power and false findings.

Everything is seeded, so that a count is the same on every run; no training and no judge.
"""

import numpy as np
import pytest

from moiety.statistics import (
    PRIMARY,
    Contrast,
    Decision,
    FindingVerdict,
    SimulatedArms,
    SimulatedDesign,
    contrast,
    decide,
    decide_findings,
    decide_handful,
    domain_score,
    holm,
    measure_handful,
    paired_cluster_t,
    paired_difference,
    simulate_arms,
)

NUM_STUDIES = 200
ERROR_RATE = 0.05
SIZES = {"equal": (4,) * 15, "unequal": tuple(max(1, 24 // rank) for rank in range(1, 21))}
SMALL = (2,) * 10
HANDFUL_ARMS = {0: "atoms", 5: "atoms+5", 20: "atoms+20", 100: "atoms+100", 200: "atoms+200"}


def compare(arms: SimulatedArms, a: str, b: str) -> Contrast:
    return contrast(paired_difference(arms.values[a], arms.values[b]))


def test_simulated_scores_are_the_expected_ones() -> None:
    design = SimulatedDesign(num_seeds=4, family_sizes=(1,) * 1500, seed_sd=0.2)
    arms = simulate_arms({"a": 0.3, "b": 0.6}, seed=0, design=design)
    for arm, expected in {"a": 0.3, "b": 0.6}.items():
        found = domain_score([row.value for row in arms.values[arm]], [row.depth for row in arms.values[arm]])
        assert found == pytest.approx(arms.scores_in_these_runs[arm], abs=0.015)
        assert found == pytest.approx(expected, abs=0.06)
    assert simulate_arms({"a": 0.3, "b": 0.6}, seed=0, design=design) == arms
    with pytest.raises(ValueError, match=r"need expected scores within \(0, 1\)"):
        simulate_arms({"a": 0.95}, seed=0, design=design)
    with pytest.raises(ValueError, match="families of at least one task"):
        SimulatedDesign(family_sizes=())


@pytest.mark.parametrize(
    ("sizes", "num_seeds", "arm_family_sd"),
    [("equal", 1, 0.3), ("equal", 1, 0.7), ("unequal", 1, 0.3), ("unequal", 1, 0.7), ("equal", 3, 0.3)],
)
def test_cluster_t_covers_what_it_says(sizes: str, num_seeds: int, arm_family_sd: float) -> None:
    design = SimulatedDesign(num_seeds=num_seeds, family_sizes=SIZES[sizes], arm_family_sd=arm_family_sd)
    covered = []
    for study in range(500 if num_seeds == 1 else 300):
        arms = simulate_arms({"a": 0.45, "b": 0.35}, seed=study, design=design)
        interval = compare(arms, "a", "b").interval_tasks
        assert interval is not None
        covered.append(interval[0] <= arms.scores_in_these_runs["a"] - arms.scores_in_these_runs["b"] <= interval[1])
    assert 0.93 <= np.mean(covered) <= 0.97


def test_an_interval_that_ignores_families_does_not_cover() -> None:
    design = SimulatedDesign(num_seeds=1, family_sizes=SIZES["unequal"], arm_family_sd=0.7)
    covered = []
    for study in range(200):
        arms = simulate_arms({"a": 0.45, "b": 0.35}, seed=study, design=design)
        rows = paired_difference(arms.values["a"], arms.values["b"])
        plain = paired_cluster_t([row.value for row in rows], range(len(rows)), [row.depth for row in rows]).interval
        assert plain is not None
        covered.append(plain[0] <= arms.scores_in_these_runs["a"] - arms.scores_in_these_runs["b"] <= plain[1])
    assert np.mean(covered) < 0.85


@pytest.mark.parametrize("num_seeds", [3, 4, 5])
def test_a_planted_effect_is_found_with_the_stated_power(num_seeds: int) -> None:
    design = SimulatedDesign(num_seeds=num_seeds, family_sizes=(3,) * 12)
    pilots = [compare(simulate_arms({"a": 0.5, "b": 0.4}, seed=10_000 + i, design=design), "a", "b") for i in range(50)]
    visible = float(np.sqrt(np.mean([(pilot.smallest_visible_effect or 0.0) ** 2 for pilot in pilots])))
    verdicts = []
    for study in range(NUM_STUDIES):
        scores = {"a": 0.4 + visible / 2, "b": 0.4 - visible / 2}
        verdicts.append(decide(compare(simulate_arms(scores, seed=study, design=design), "a", "b")).verdict)
    assert FindingVerdict.CONTRADICTED not in verdicts
    standard_error = np.sqrt(0.8 * 0.2 / NUM_STUDIES)
    assert verdicts.count(FindingVerdict.SUPPORTED) / NUM_STUDIES >= 0.8 - 2 * standard_error


@pytest.mark.parametrize("seed_sd", [0.0, 0.15, 0.3])
def test_without_an_effect_supported_is_no_more_frequent_than_stated(seed_sd: float) -> None:
    counts = dict.fromkeys(FindingVerdict, 0)
    for study in range(NUM_STUDIES):
        design = SimulatedDesign(num_seeds=3 + study % 3, family_sizes=SMALL, seed_sd=seed_sd)
        counts[decide(compare(simulate_arms({"a": 0.4, "b": 0.4}, seed=study, design=design), "a", "b")).verdict] += 1
    assert counts[FindingVerdict.SUPPORTED] <= ERROR_RATE * NUM_STUDIES
    assert counts[FindingVerdict.CONTRADICTED] <= ERROR_RATE * NUM_STUDIES


def whole_study(
    study: int, test: dict[str, float], *, train: dict[str, float], retention: dict[str, float]
) -> dict[str, Decision]:
    """Run every part of F1, F2 and F3 on simulated arms with 3, 4 or 5 seeds."""
    design = SimulatedDesign(num_seeds=3 + study % 3, family_sizes=SMALL)
    test_arms = simulate_arms(test, seed=study, design=design)
    train_arms = simulate_arms(train, seed=50_000 + study, design=design)
    parts = {
        "F1a": compare(test_arms, "atoms+20", "20"),
        "F1b": compare(test_arms, "atoms+20", "atoms"),
        "F2a": compare(test_arms, "SFT, RL", "SFT, SFT"),
        "F2c": compare(test_arms, "SFT, RL", "SFT, best"),
        "F3a": contrast(
            paired_difference(train_arms.values["SFT"], train_arms.values["RL"]),
            minus=paired_difference(test_arms.values["atoms+20"], test_arms.values["RL"]),
        ),
        "F3c": compare(simulate_arms(retention, seed=90_000 + study, design=design), "RL", "SFT"),
    }
    assert tuple(parts) == PRIMARY
    adjusted = holm({name: part.p_value for name, part in parts.items()})
    decisions = {name: decide(part, p_holm=adjusted[name]) for name, part in parts.items()}
    handful = measure_handful({k: test_arms.values[arm] for k, arm in HANDFUL_ARMS.items()}, claimed=20)
    decisions["F1c"] = decide_handful(handful)
    return decisions | decide_findings(decisions)


def test_whole_studies_without_any_effect_find_nothing() -> None:
    test = dict.fromkeys((*HANDFUL_ARMS.values(), "20", "SFT, RL", "SFT, SFT", "SFT, best", "RL"), 0.4)
    other = {"SFT": 0.4, "RL": 0.4}
    studies = [whole_study(study, test, train=other, retention=other) for study in range(NUM_STUDIES)]
    any_primary = [any(study[name].verdict is FindingVerdict.SUPPORTED for name in PRIMARY) for study in studies]
    assert np.mean(any_primary) <= ERROR_RATE
    for finding in ("F1", "F2", "F3", "F1c"):
        assert np.mean([study[finding].verdict is FindingVerdict.SUPPORTED for study in studies]) <= ERROR_RATE


def test_whole_studies_with_large_effects_find_all_three() -> None:
    test = {"atoms": 0.12, "20": 0.2, "atoms+5": 0.4, "atoms+20": 0.7, "atoms+100": 0.7, "atoms+200": 0.7}
    test |= {"SFT, RL": 0.8, "SFT, SFT": 0.2, "SFT, best": 0.25, "RL": 0.7}
    train, retention = {"SFT": 0.85, "RL": 0.3}, {"SFT": 0.2, "RL": 0.8}
    studies = [whole_study(study, test, train=train, retention=retention) for study in range(40)]
    for name in ("F1a", "F1b", "F2", "F3"):
        assert np.mean([study[name].verdict is FindingVerdict.SUPPORTED for study in studies]) >= 0.8, name
    for finding in ("F1", "F2", "F3"):
        assert not any(study[finding].verdict is FindingVerdict.CONTRADICTED for study in studies)


def test_a_handful_is_claimed_and_denied_no_more_often_than_stated() -> None:
    """k* is 100 here: 20 is short of 90 % by a little, and k_max / 2 = 100 just reaches it."""
    scores = {"atoms": 0.2, "atoms+5": 0.3, "atoms+20": 0.55, "atoms+100": 0.56, "atoms+200": 0.6}
    verdicts = []
    for study in range(NUM_STUDIES):
        design = SimulatedDesign(num_seeds=3 + study % 3, family_sizes=SMALL)
        arms = simulate_arms(scores, seed=study, design=design)
        handful = measure_handful({k: arms.values[arm] for k, arm in HANDFUL_ARMS.items()}, claimed=20)
        verdicts.append(decide_handful(handful).verdict)
    assert verdicts.count(FindingVerdict.SUPPORTED) <= ERROR_RATE * NUM_STUDIES
    assert verdicts.count(FindingVerdict.CONTRADICTED) <= ERROR_RATE * NUM_STUDIES
