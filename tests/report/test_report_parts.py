"""Literals in, literals out: numbers in words, axes and labels in pixels, verdicts joined, arms chosen for figures."""

import csv
import re
from itertools import pairwise
from pathlib import Path

import pytest
from report_fixture import make_result, write_run

from moiety import report
from moiety.report import arms_csv, arms_markdown, svg, text
from moiety.report.dose import dose_arms
from moiety.report.figures import gap_arms
from moiety.report.load import parse_result


def test_public_names_are_complete_and_sorted() -> None:
    assert report.__all__ == sorted(report.__all__)
    assert all(hasattr(report, name) for name in report.__all__)


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (text.percent(0.33749), "33.7"),
        (text.percent(1.0, unit=True), "100.0 %"),
        (text.percent(-0.0001), "0.0"),
        (text.percent(None), "not measured"),
        (text.points(0.151), "+15.1"),
        (text.points(-0.03), "−3.0"),
        (text.points(0.0), "0.0"),
        (text.points(-0.0004), "0.0"),
        (text.interval((-0.02, 0.093)), "[−2.0, +9.3]"),
        (text.doses((20.0, 200.0)), "[20, 200]"),
        (text.effect(0.117), "+11.7 points"),
        (text.score(0.337, 0.283), "33.7 [28.3]"),
        (text.score(0.337, None), "33.7"),
        (text.quantity(0.0), "0"),
        (text.quantity(12_345.0), "12,345"),
        (text.quantity(99_999.0), "99,999"),
        (text.quantity(100_000.0), "100 k"),
        (text.quantity(4_915_200.0), "4.92 M"),
        (text.quantity(8.14e12), "8.14 T"),
        (text.decimal(0.11), "0.11"),
        (text.decimal(71.4), "71.4"),
        (text.decimal(100.0), "100"),
        (text.decimal(2.5e-4), "2.5e-4"),
        (text.exponential(1e-3), "1e-3"),
        (text.probability(0.0004), "< 0.001"),
        (text.probability(0.0421), "0.042"),
        (text.listed(["a", "b", "c"]), "a, b and c"),
        (text.cell({"a": 1, "b": [True, None]}), "a 1, b yes, not measured"),
    ],
)
def test_numbers_read_as_the_house_writes_them(shown: str, words: str) -> None:
    assert shown == words


def test_linear_axis_has_round_ticks_that_cover_the_values() -> None:
    axis = svg.linear_axis(0, 0.73, 200, 0, percent=True)
    assert [shown for _, shown in axis.ticks] == ["0", "20", "40", "60", "80"]
    assert axis.at(0) == 200
    assert axis.at(0.8) == pytest.approx(0)
    assert [shown for _, shown in svg.linear_axis(-0.05, 0.1, 0, 1, percent=True).ticks] == ["−5", "0", "5", "10"]
    assert [shown for _, shown in svg.linear_axis(0, 3, 0, 1, percent=False).ticks] == ["0", "1", "2", "3"]


def test_dose_axis_holds_zero_and_spreads_small_doses() -> None:
    axis = svg.dose_axis([0, 5, 20, 50, 200], 0, 300)
    places = [axis.at(dose) for dose in (0, 5, 20, 50, 200)]
    assert places[0] == 0
    assert places[-1] == pytest.approx(300)
    assert all(50 < after - before < 100 for before, after in pairwise(places))
    assert [shown for _, shown in axis.ticks] == ["0", "5", "20", "50", "200"]


def test_labels_never_overlap() -> None:
    tops = svg.spread([10, 11, 12, 190], [14, 28, 14, 14], 0, 200)
    assert tops == [10, 24, 52, 186]
    assert svg.spread([195, 196], [14, 14], 0, 200) == [172, 186]


def test_wrap_keeps_words_and_marks_what_it_cuts() -> None:
    assert svg.wrap("SFT atoms + 50 at RL's rate", 15) == ["SFT atoms + 50", "at RL's rate"]
    assert svg.wrap("one two three four five", 4)[-1].endswith("…")


def test_figures_choose_comparable_arms() -> None:
    result = parse_result(make_result((0,)))
    drawn, left_out = dose_arms(result, "exposed")
    assert [arm.k for arm in drawn if arm.atoms] == [0, 5, 20, 50, 200]
    assert [arm.k for arm in drawn if not arm.atoms] == [20]
    assert [arm.label for arm in left_out] == ["SFT atoms + 50 at RL's rate", "SFT 50 early"]
    labels = [arm.label for arm in gap_arms(result, "exposed")]
    assert labels == ["SFT atoms + 50", "SFT atoms + 50 at RL's rate", "rejection SFT from base", "RL from base"]


def test_best_step_is_the_earliest_of_equals_with_step_0_a_candidate() -> None:
    document = make_result((0,), bases=("exposed",))
    run = next(arm for arm in document["arms"] if arm["arm"] == "exposed-sft-atoms")
    for point in run["checkpoints"]:
        point["scores"]["validation"]["greedy"] = 0.5
    arm = parse_result(document).arm("exposed-sft-atoms")
    assert arm is not None
    assert arm.runs[0].best is arm.runs[0].checkpoints[0]


def test_markdown_table_has_one_line_an_arm() -> None:
    document = make_result((0, 1))
    document["arms"][0]["label"] = "a | b"
    lines = arms_markdown(document).splitlines()
    assert lines[0] == "| arm | base | seeds | recombined | deeper | train | retention | gap, points |"
    assert len(lines) == 2 + len(document["arms"]) // 2
    assert lines[2].startswith("| a \\| b | clean | 2 | ")
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {9}
    assert arms_markdown({"format": 1}).count("\n") == 2


def test_csv_files_hold_the_numbers_unrounded(tmp_path: Path) -> None:
    document = make_result((0, 1))
    run = write_run(tmp_path / "run", document)
    paths = arms_csv(run)
    assert [path.name for path in paths] == ["arms.csv", "budgets.csv", "contrasts.csv", "health.csv", "data.csv"]
    before = [path.read_bytes() for path in paths]
    assert [path.read_bytes() for path in arms_csv(run)] == before
    with paths[0].open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    wanted = document["arms"][0]["checkpoints"][-1]["scores"]["recombined"]["greedy"]
    places = ("arm", "seed", "domain", "depth", "reading")
    found = {tuple(row[place] for place in places): row for row in rows}
    assert float(found["clean-base", "0", "recombined", "mean", "last+best"]["greedy"]) == wanted
    with paths[2].open(encoding="utf-8", newline="") as file:
        contrasts = list(csv.DictReader(file))
    assert [row["id"] for row in contrasts] == [finding["id"] for finding in document["findings"]]
    assert float(contrasts[3]["interval_low"]) == document["findings"][3]["interval"][0]


def test_colours_are_readable_in_both_schemes() -> None:
    """Every tone that writes text stands at 4.5 to 1 or more against the page and the cards (WCAG AA)."""
    style = Path(report.__file__).with_name("style.css").read_text(encoding="utf-8")
    schemes = [
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root \{(.*?)\}", style, re.S)
    ]
    assert len(schemes) == 2
    for scheme in schemes:
        for name in ("ink", "soft", "accent", "base", "sft", "rejection", "rl", "other"):
            assert min(_contrast(scheme[name], scheme[ground]) for ground in ("bg", "panel")) >= 4.5, name
        for ink, ground in (("yes", "yes-bg"), ("no", "no-bg"), ("open", "open-bg"), ("warn", "warn-bg")):
            assert _contrast(scheme[ink], scheme[ground]) >= 4.5, ink


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
