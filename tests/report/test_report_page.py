"""The page says what the data say: well formed, self-contained, complete, the same each time, and never a crash."""

import copy
import json
import math
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from report_fixture import make_result, write_run
from report_html import PageReader, read_page

from moiety.errors import UserError
from moiety.report import render_report


def page_of(folder: Path, result: dict[str, Any], **options: Any) -> PageReader:
    return read_page(render_report(write_run(folder, result, **options)).read_text(encoding="utf-8"))


@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2)])
def test_page_is_well_formed_and_self_contained(tmp_path: Path, seeds: tuple[int, ...]) -> None:
    path = render_report(write_run(tmp_path / "run", make_result(seeds), times=True))
    content = path.read_text(encoding="utf-8")
    page = read_page(content)
    assert path == tmp_path / "run" / "report.html"
    assert path.stat().st_size < 1_000_000
    assert "script" not in page.tags
    assert page.fetched == []
    assert all(link.startswith(("#", "data:")) for link in page.links)
    assert not re.search(r"https?:|url\(|@import", content)
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert set(page.references) <= set(page.ids)


def shown(arm: dict[str, Any]) -> str:
    """Return an arm's label as the page has it: every place beside it names the base already."""
    label: str = arm["label"]
    return label.removesuffix(f" ({arm['base']})")


def test_every_finding_is_on_the_page_with_its_verdict(tmp_path: Path) -> None:
    result = make_result((0, 1, 2))
    page = page_of(tmp_path / "run", result)
    header, *rows = page.rows["contrasts"]
    contrasts = [finding for finding in result["findings"] if "parts" not in finding]
    assert len(rows) == len(contrasts) == 11
    for finding in contrasts:
        row = dict(zip(header, next(row for row in rows if row[0].startswith(f"{finding['id']} ")), strict=True))
        assert row["Contrast"].lower() == f"{finding['id']} {finding['title']}".lower()
        assert row["Base"] == finding["base"]
        assert row["Verdict"] == finding["verdict"]
        assert row["In these runs"] == finding["in_these_runs"]
        assert row["Kind"] == ("primary" if finding["primary"] else "exploratory")
        assert row["Effect"].replace("−", "-") == f"{100 * finding['effect']:+.1f}"
        assert row["p (Holm)"] == {0.0024: "0.002", 0.42: "0.420", None: "–"}[finding["p_holm"]]
    for finding in result["findings"][:3]:
        state = f"{finding['verdict']} in these runs: {finding['in_these_runs']}"
        assert re.search(rf"{finding['id']} {finding['title']} . {state}", page.text)
    for words in ("+11.7 points [+6.5, +16.9]", "−2.1 points [−7.6, +3.4]", "k* = 200 [50, 200]"):
        assert words in page.text
    needed = "at the best steps +9.4 points · smallest visible effect 5.2 points · seeds that would halve it: 12"
    assert f"base/clean · {needed}" in page.text
    assert "RL less SFT from the same checkpoint: +6.5 at equal steps, -2.1 at equal FLOPs." in page.text


def test_every_arm_has_its_numbers_in_the_tables(tmp_path: Path) -> None:
    result = make_result((0,))
    page = page_of(tmp_path / "run", result)
    for domain in ("recombined", "deeper", "retention"):
        rows = {(row[0], row[1]): row for row in page.rows[f"scores-{domain}"][1:]}
        assert len(rows) == len(result["arms"])
        for arm in result["arms"]:
            last = arm["checkpoints"][-1]["scores"][domain]
            row = rows[shown(arm), arm["base"]]
            assert row[2] == f"{100 * last['greedy']:.1f} [{100 * last['sampled']:.1f}]"
            for place, score in enumerate(last["by_depth"].values(), start=5):
                assert row[place] == f"{100 * score['greedy']:.1f} [{100 * score['sampled']:.1f}]"
    budgets = {(row[0], row[1]): row for row in page.rows["budgets"]}
    row = budgets["RL from base", "exposed"]
    assert row[2:] == ["3e-4", "60", "300", "60", "246 k", "1.54 M", "8.14 T", "12.8", "8,231"]


def test_several_seeds_give_mean_and_range(tmp_path: Path) -> None:
    result = make_result((0, 1, 2))
    page = page_of(tmp_path / "run", result)
    runs = [arm for arm in result["arms"] if arm["arm"] == "exposed-rl"]
    scores = [100 * arm["checkpoints"][-1]["scores"]["recombined"]["greedy"] for arm in runs]
    row = next(r for r in page.rows["scores-recombined"] if r[:2] == ["RL from base", "exposed"])
    assert row[-1] == "3"
    assert row[2].startswith(f"{sum(scores) / 3:.1f} [")
    assert row[2].endswith(f"({min(scores):.1f} to {max(scores):.1f})")


def test_figures_carry_titles_descriptions_and_direct_labels(tmp_path: Path) -> None:
    page = page_of(tmp_path / "run", make_result((0,)))
    drawings = page.tags.count("svg")
    assert drawings == 9 + 2 + 4 + 4 + 2 + 2  # strips; dose; reward; validation, greedy and sampled; gap; retention
    assert page.tags.count("desc") == drawings
    for words in ("base/clean", "base/exposed", "reward", "groups with a", "signal", "rejection SFT", "k synthetics"):
        assert words in page.svg_words
    assert "SFT atoms + 50 at RL's rate" in page.text
    assert "Left out of the curve, being of another length or learning rate:" in page.text


def test_equal_inputs_give_equal_bytes_and_times_stand_apart(tmp_path: Path) -> None:
    result = make_result((0, 1))
    first = render_report(write_run(tmp_path / "a", result)).read_bytes()
    again = render_report(tmp_path / "a").read_bytes()
    second = render_report(write_run(tmp_path / "b" / "elsewhere", copy.deepcopy(result))).read_bytes()
    assert first == again == second
    timed = render_report(write_run(tmp_path / "c", result, times=True)).read_text(encoding="utf-8")
    start, end = timed.index('<section id="times">'), timed.index("</main>")
    assert (timed[:start] + timed[end:]).encode() == first
    rows = read_page(timed).rows
    assert rows["times"][1:] == [
        ["pretrain clean seed 0", "72", "140", "900 M", "1", "1"],
        ["rl-seed0", "144", "281", "900 M", "1", "2"],
        ["all", "216", "422", "900 M", "1", "3"],
    ]
    assert rows["machine"][1:] == [["cores", "2"], ["python", "3.11.2"], ["torch", "2.13.0"]]
    assert "never-printed" not in timed


def test_nothing_measured_still_makes_a_page(tmp_path: Path) -> None:
    tmp_path.joinpath("result.json").write_text('{"format": 1}', encoding="utf-8")
    page = read_page(render_report(tmp_path).read_text(encoding="utf-8"))
    assert page.text.count("not measured") > 10
    assert "No contrast is in result.json" in page.text


def test_every_missing_field_is_not_measured_instead_of_a_crash(tmp_path: Path) -> None:
    """Drop, in turn, every key that occurs anywhere in a result."""
    whole = make_result((0,), bases=("exposed",))
    for key in sorted(_keys(whole) - {"format", "arm"}):
        folder = tmp_path / re.sub(r"\W", "_", key)
        folder.mkdir()
        folder.joinpath("result.json").write_text(json.dumps(_without(whole, key)), encoding="utf-8")
        read_page(render_report(folder).read_text(encoding="utf-8"))


def test_not_finite_counts_as_not_measured(tmp_path: Path) -> None:
    result = make_result((0,))
    result["findings"][3]["effect"] = math.nan
    result["findings"][3]["interval"] = [math.nan, math.inf]
    page = page_of(tmp_path / "run", result)
    assert "not measured not measured" in page.text
    assert "nan" not in page.text.lower().split()


def test_what_must_be_read_first_is_said_first(tmp_path: Path) -> None:
    result = make_result((0,))
    result["data"]["shared_keys"]["recombined & train"] = 3
    result["findings"][3]["verdict"] = "supported"
    page = page_of(tmp_path / "run", result)
    assert "Leak: keys are shared between recombined & train (3). No score below can be trusted." in page.text
    assert "1 of 4 health checks failed: base passes compositions in training." in page.text
    assert "Decided with fewer than three seeds, which no verdict can be: F1a." in page.text
    assert ["recombined & train", "3", "leak"] in page.rows["shared-keys"]
    assert page.text.index("Leak:") < page.text.index("F1a Atoms are needed")


def test_names_from_outside_are_text_and_never_markup(tmp_path: Path) -> None:
    result = make_result((0,))
    evil = "<script>alert(1)</script> & \"quoted\" 'name' {{ 7 * 7 }}"
    for arm in result["arms"]:
        arm["label"] = evil
    result["findings"][3]["sentence"] = evil
    result["name"] = evil
    page = page_of(tmp_path / "run", result)
    assert "script" not in page.tags
    assert evil in page.text


def test_notes_and_what_rl_is(tmp_path: Path) -> None:
    result = make_result((0,))
    assert result["notes"][0] in page_of(tmp_path / "noted", result).text
    result["notes"] = []
    page = page_of(tmp_path / "bare", result)
    assert "RL here is GRPO. PPO, the paper's algorithm, is not among these arms." in page.text


def test_long_runs_stay_small(tmp_path: Path) -> None:
    result = make_result(tuple(range(5)))
    path = render_report(write_run(tmp_path / "run", result, steps=1_000))
    assert path.stat().st_size < 500_000
    assert "Long runs are drawn as the means of 120 equal spans" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "format: need 1, got 2"),
        ({"format": None}, "format: need 1, got None"),
        ({"arms": {"a": 1}}, "arms: need a list"),
        ({"arms": [{"arm": "../../away"}]}, "need a plain name for an arm"),
        ({"arms": [{"label": "no name"}]}, "need the arm's name"),
        ({"findings": [{"verdict": "perhaps"}]}, "findings[0].verdict: need one of supported, contradicted, undecided"),
        ({"findings": [{"effect": "large"}]}, "findings[0].effect: need a number, got 'large'"),
        ({"findings": [{"interval": [1, 2, 3]}]}, "findings[0].interval: need [lo, hi]"),
        ({"seeds": ["0"]}, "seeds: need whole numbers"),
        ({"data": {"counts": {"recombined": 3}}}, "data.counts.recombined: need an object"),
    ],
)
def test_files_that_are_not_ours_are_told_in_one_line(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    (tmp_path / "result.json").write_text(json.dumps({"format": 1} | change), encoding="utf-8")
    with pytest.raises(UserError, match=re.escape(message)) as caught:
        render_report(tmp_path)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "report.html").exists()


def test_missing_run_and_broken_files_name_the_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"result\.json"):
        render_report(tmp_path)
    (tmp_path / "result.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match=r"result\.json"):
        render_report(tmp_path)
    run = write_run(tmp_path / "run", make_result((0,)))
    (run / "arms" / "exposed-rl-seed0" / "metrics.jsonl").write_text('{"step": 1}\nno\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"metrics\.jsonl:2"):
        render_report(run)


def test_missing_extra_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(UserError, match=r"pip install 'moiety\[report\]'"):
        render_report(tmp_path)


def _keys(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {key for member in value.values() for key in _keys(member)}
    return {key for member in value for key in _keys(member)} if isinstance(value, list) else set()


def _without(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return {name: _without(member, key) for name, member in value.items() if name != key}
    return [_without(member, key) for member in value] if isinstance(value, list) else value
