"""What the figures share, and the two of F3: the gap between train and test, and what is kept of the base's own skills.

Not the learning curves (`curves`) or the dose figure (`dose`). One tone and one shape per algorithm on the whole page.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from moiety.report import svg
from moiety.report.result import RL_ALGORITHMS, Arm, Checkpoint, Result
from moiety.report.text import NOT_MEASURED, over_seeds, percent, points

SHAPES = {
    "base": "diamond",
    "sft": "circle",
    "rejection": "triangle",
    "grpo": "square",
    "ppo": "square",
    "reinforce": "square",
}
GAP_WIDTH, GAP_HEIGHT = 440, 340
KEPT_WIDTH, KEPT_ROW, KEPT_TOP = 440, 40, 70


@dataclass(frozen=True, slots=True)
class Figure:
    """Panels that one caption explains; without panels the caption says what is missing."""

    name: str
    title: str
    panels: tuple[str, ...]
    caption: str


def tone(algorithm: str) -> str:
    """Return the colour's name: one for all of RL, so that its algorithms differ by their dashes."""
    return "rl" if algorithm in RL_ALGORITHMS else algorithm if algorithm in SHAPES else "other"


def dash(colour: str, drawn: Sequence[svg.Label]) -> str:
    """Return the line's class: solid for the first arm of a tone in a panel, then dashed, then dotted."""
    again = sum(label.tone == colour for label in drawn)
    return ("line", "line dashed", "line dotted")[min(again, 2)]


def percent_axis(values: Iterable[float | None], height: int) -> svg.Axis:
    """Make the vertical axis of fractions that starts at 0, or below it where a value does."""
    there = [value for value in values if value is not None]
    return svg.linear_axis(min([0.0, *there]), max([0.1, *there]), height - 46, 52, percent=True)


def gap_figure(result: Result) -> Figure:
    """Draw train pass rate against the train − test gap over the checkpoints of the arms that F3 compares."""
    drawn = {base: [(arm, path) for arm in gap_arms(result, base) if (path := _path(arm))] for base in result.bases}
    drawn = {base: paths for base, paths in drawn.items() if paths}
    gaps = [gap for paths in drawn.values() for _, path in paths for _, gap in path]
    y = percent_axis(gaps, GAP_HEIGHT)
    panels = tuple(_gap_panel(base, paths, y) for base, paths in drawn.items())
    caption = (
        "Each line is an arm trained straight from the base, from its first checkpoint (hollow) to its last (filled)"
        f"{over_seeds(result.most_runs())}. At one train pass rate, the lower arm has over-fitted less."
        if panels
        else f"Train pass rate and gap of arms trained from the base: {NOT_MEASURED}."
    )
    return Figure("gap", "F3 · Over-fitting at equal train pass rate", panels, caption)


def gap_arms(result: Result, base: str) -> list[Arm]:
    """Return the arms from a base that train on the same data as an RL arm from it, and those that F3 names.

    An arm that only serves others as their start is a stage, not an end, and is left out unless F3 names it.
    """
    starts = {arm.start for arm in result.arms}
    fresh = [arm for arm in result.arms if arm.base == base and result.from_base(arm)]
    mixes = {(arm.atoms, arm.k) for arm in fresh if arm.is_rl}
    named = {name for finding in result.findings if finding.id.startswith("F3") for name in finding.arms}
    return [arm for arm in fresh if arm.name in named or ((arm.atoms, arm.k) in mixes and arm.name not in starts)]


def _path(arm: Arm) -> list[tuple[float, float]]:
    gaps = dict(arm.by_step(lambda point: point.gap))
    return [(rate, gaps[step]) for step, rate in arm.by_step(_train) if step in gaps]


def _train(point: Checkpoint) -> float | None:
    return point.greedy("train")


def _gap_panel(base: str, paths: Sequence[tuple[Arm, list[tuple[float, float]]]], y: svg.Axis) -> str:
    x = svg.linear_axis(0, 1, 44, 318, percent=True)
    body = svg.frame(x, y, x_title="train pass rate, %", y_title="gap, train − test, percentage points")
    body.append(svg.text(4, 16, f"base/{base}", css="panel-title"))
    wanted: list[svg.Label] = []
    for arm, path in paths:
        pixels = [(x.at(rate), y.at(gap)) for rate, gap in path]
        colour, shape = tone(arm.algorithm), SHAPES.get(arm.algorithm, "circle")
        body.append(svg.line(pixels, tone=colour, css=dash(colour, wanted)))
        for (px, py), (rate, gap) in zip(pixels, path, strict=True):
            first, last = (px, py) == pixels[0], (px, py) == pixels[-1]
            css = "mark" if last else "mark hollow" if first else "mark small"
            told = f"{arm.label}: train {percent(rate, unit=True)}, gap {points(gap)} points"
            size = 5 if first or last else 2.5
            body.append(svg.mark(px, py, shape=shape, tone=colour, css=css, size=size, title=told))
        wanted.append(svg.Label(pixels[-1][1], arm.label, colour, pixels[-1][0]))
    body += svg.labels(x.end + 10, wanted, low=y.end - 6, high=y.start + 8, width=15)
    ends = [
        f"{arm.label}: gap {points(path[-1][1])} points at train {percent(path[-1][0], unit=True)}"
        for arm, path in paths
    ]
    return svg.document(
        name=f"gap-{base}",
        title=f"Train − test gap against train pass rate, base/{base}",
        description="At the last checkpoint: " + "; ".join(ends) + ".",
        width=GAP_WIDTH,
        height=GAP_HEIGHT,
        body=body,
    )


def retention_figure(result: Result) -> Figure:
    """Draw, per arm and depth, the score on the base's generic compositions after training, with the base's tick."""
    panels = tuple(panel for base in result.bases if (panel := _retention_panel(result, base)))
    caption = (
        "Greedy pass@1, %, on generic compositions at the last step (bars)"
        f"{over_seeds(result.most_runs())}; the tick is the base before training. "
        "A bar that ends left of its tick has lost a skill that the base had."
        if panels
        else f"Generic compositions before and after training: {NOT_MEASURED}."
    )
    return Figure("retention", "F3 · What is kept of the base's own skills", panels, caption)


def _retention_panel(result: Result, base: str) -> str:
    arms = [arm for arm in result.arms if arm.base == base and arm.algorithm != "base" and _kept(arm)]
    arms.sort(key=lambda arm: not result.from_base(arm))
    origin = result.base_arm(base)
    before = {} if origin is None else _kept(origin)
    depths = sorted({depth for arm in arms for depth in _kept(arm)} | set(before))
    if not arms or not depths:
        return ""
    pitch = (KEPT_WIDTH - 8) / len(depths)
    body = [svg.text(4, 16, f"base/{base}", css="panel-title")]
    for column, depth in enumerate(depths):
        body.append(svg.text(4 + column * pitch, 38, f"depth {depth}", css="axis-title"))
        if depth in before:
            body.append(svg.text(4 + column * pitch, 53, f"base {percent(before[depth])}", css="axis-title"))
    told = ["base " + ", ".join(f"depth {depth} {percent(value)}" for depth, value in sorted(before.items()))]
    for row, arm in enumerate(arms):
        top, kept = KEPT_TOP + row * KEPT_ROW, _kept(arm)
        body.append(svg.text(4, top + 10, arm.label, css="row-label"))
        for column, depth in enumerate(depths):
            body += _retention_bar(4 + column * pitch, top + 16, pitch - 46, arm, kept.get(depth), before.get(depth))
        told.append(
            f"{arm.label} " + ", ".join(f"depth {depth} {percent(value)}" for depth, value in sorted(kept.items()))
        )
    return svg.document(
        name=f"retention-{base}",
        title=f"Generic compositions by depth before and after training, base/{base}",
        description="; ".join(told) + ".",
        width=KEPT_WIDTH,
        height=KEPT_TOP + len(arms) * KEPT_ROW,
        body=body,
    )


def _retention_bar(x: float, y: float, room: float, arm: Arm, after: float | None, before: float | None) -> list[str]:
    parts = [svg.bar(x, y, room, 10, css="track")]
    if after is not None:
        parts.append(svg.bar(x, y, room * after, 10, css="bar", tone=tone(arm.algorithm)))
    if before is not None:
        parts.append(svg.bar(x + room * before - 1, y - 3, 2, 16, css="before"))
    return [*parts, svg.text(x + room + 5, y + 9, "–" if after is None else percent(after), css="value")]


def _kept(arm: Arm) -> dict[int, float]:
    """Return the mean over runs of the last retention score by depth."""
    lasts = [
        run.last.scores["retention"] for run in arm.runs if run.last is not None and "retention" in run.last.scores
    ]
    depths = sorted({depth for score in lasts for depth in score.by_depth})
    kept = {}
    for depth in depths:
        there = [s.by_depth[depth].greedy for s in lasts if depth in s.by_depth]
        known = [value for value in there if value is not None]
        if known:
            kept[depth] = sum(known) / len(known)
    return kept
