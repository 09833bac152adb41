"""Learning curves: reward and the share of groups with a signal of every RL arm, and validation where arms continue.

Not smoothed: a long run is cut into at most `MOST_POINTS` equal spans, each drawn as its mean, and the caption says so.
"""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import fmean
from typing import NamedTuple

from moiety.report import svg
from moiety.report.figures import SHAPES, Figure, dash, percent_axis, tone
from moiety.report.result import Arm, Checkpoint, Result
from moiety.report.text import NOT_MEASURED, over_seeds, percent, plural

MOST_POINTS = 120
WIDTH, HEIGHT = 400, 250
CURVES = (("reward/mean", "reward", "line"), ("reward/signal_fraction", "groups with a signal", "line dotted"))

Series = list[tuple[float, float]]


class Mode(NamedTuple):
    """How a checkpoint was scored on validation, and from how many points on that makes a curve."""

    name: str
    score: Callable[[Checkpoint], float | None]
    least: int


MODES = (
    Mode("greedy", lambda point: point.greedy("validation"), 1),
    Mode("sampled", lambda point: point.sampled("validation"), 2),
)


def reward_figure(result: Result) -> Figure:
    """Draw reward and signal fraction over steps, one panel an RL arm."""
    arms = [(arm, _series(arm)) for arm in result.arms if arm.is_rl]
    drawn = [(arm, series) for arm, series in arms if any(series.values())]
    y = percent_axis([1.0] + [v for _, series in drawn for points in series.values() for _, v in points], HEIGHT)
    panels = tuple(_reward_panel(arm, series, y) for arm, series in drawn)
    missing = [arm.label for arm, series in arms if not any(series.values())]
    parts = [
        "Mean reward of the sampled completions, and the share of groups whose rewards differ"
        f"{over_seeds(result.most_runs())}: only those teach."
        if panels
        else f"Reward and groups with a signal of RL arms: {NOT_MEASURED}."
    ]
    if any(len(run.metrics) > MOST_POINTS for arm, _ in drawn for run in arm.runs):
        parts.append(f"Long runs are drawn as the means of {MOST_POINTS} equal spans of steps.")
    if panels and missing:
        parts.append(f"No metrics for {', '.join(missing)}: {NOT_MEASURED}.")
    return Figure("reward", "What RL learned from", panels, " ".join(parts))


def _series(arm: Arm) -> dict[str, Series]:
    return {key: _thin(_mean_by_step(arm, key)) for key, _, _ in CURVES}


def _mean_by_step(arm: Arm, key: str) -> Series:
    at: dict[float, list[float]] = {}
    for run in arm.runs:
        for index, row in enumerate(run.metrics):
            if key in row:
                at.setdefault(row.get("step", index), []).append(row[key])
    return [(step, fmean(values)) for step, values in sorted(at.items())]


def _thin(series: Series) -> Series:
    """Replace equal spans by their means where there are more points than a panel can show."""
    if len(series) <= MOST_POINTS:
        return series
    cuts = [len(series) * index // MOST_POINTS for index in range(MOST_POINTS + 1)]
    spans = [series[low:high] for low, high in pairwise(cuts)]
    return [(fmean(step for step, _ in span), fmean(value for _, value in span)) for span in spans]


def _reward_panel(arm: Arm, series: dict[str, Series], y: svg.Axis) -> str:
    steps = [step for points in series.values() for step, _ in points]
    x = svg.linear_axis(0, max(steps), 40, 288, percent=False, count=4)
    body = svg.frame(x, y, x_title="optimiser step", y_title="%")
    body.append(svg.text(4, 16, f"{arm.label} · base/{arm.base}", css="panel-title"))
    wanted, told = [], []
    for key, name, css in CURVES:
        points = series[key]
        if not points:
            told.append(f"{name} {NOT_MEASURED}")
            continue
        body.append(svg.line([(x.at(step), y.at(value)) for step, value in points], tone=tone(arm.algorithm), css=css))
        wanted.append(svg.Label(y.at(points[-1][1]), name, tone(arm.algorithm)))
        told.append(f"{name} from {percent(points[0][1], unit=True)} to {percent(points[-1][1], unit=True)}")
    body += svg.labels(x.end + 8, wanted, low=y.end - 6, high=y.start + 8, width=13)
    return svg.document(
        name=f"reward-{arm.name}",
        title=f"Reward and groups with a signal over steps, {arm.label}, base/{arm.base}",
        description="; ".join(told) + f", over {plural(round(max(steps)), 'step')}.",
        width=WIDTH,
        height=HEIGHT,
        body=body,
    )


def validation_figure(result: Result) -> Figure:
    """Draw validation scores of the arms that continue from one checkpoint, one panel a start and mode."""
    starts: dict[str, list[Arm]] = {}
    for arm in result.arms:
        if arm.start is not None and not result.from_base(arm):
            starts.setdefault(arm.start, []).append(arm)
    found = [
        (
            str(start),
            mode,
            [arm for arm in result.arms if arm.start == start and len(arm.by_step(mode.score)) >= mode.least],
        )
        for start in starts
        for mode in MODES
    ]
    drawn = [(start, mode, arms) for start, mode, arms in found if arms]
    values = [value for _, mode, arms in drawn for arm in arms for _, value in arm.by_step(mode.score)]
    y = percent_axis(values, HEIGHT + 20)
    panels = tuple(_validation_panel(result, start, mode, arms, y) for start, mode, arms in drawn)
    caption = (
        "All lines of a panel continue from the same SFT checkpoint, which is step 0. Pass@1 on validation"
        f"{over_seeds(result.most_runs())}; rings mark the best step, with step 0 a candidate."
        if panels
        else f"Validation scores of arms that continue from an SFT checkpoint: {NOT_MEASURED}."
    )
    return Figure("validation", "F2 · RL, SFT and rejection SFT from the same checkpoint", panels, caption)


def _validation_panel(result: Result, start: str, mode: Mode, arms: Sequence[Arm], y: svg.Axis) -> str:
    origin = result.arm(start)
    curves = [_from_start(origin, arm, mode) for arm in arms]
    x, scale = _steps_axis(curves)
    title = f"{mode.name} pass@1 on validation, %"
    body = svg.frame(x, y, x_title=f"optimiser steps after the checkpoint{scale}", y_title=title)
    place = f"from {start if origin is None else origin.label}"
    body.append(svg.text(4, 16, f"{place} · base/{arms[0].base}", css="panel-title"))
    wanted: list[svg.Label] = []
    told = []
    for arm, points in zip(arms, curves, strict=True):
        pixels = [(x.at(step), y.at(value)) for step, value in points]
        colour, shape = tone(arm.algorithm), SHAPES.get(arm.algorithm, "circle")
        best = max(range(len(points)), key=lambda i: (points[i][1], -i))
        body.append(svg.line(pixels, tone=colour, css=dash(colour, wanted)))
        for index, (px, py) in enumerate(pixels):
            title = f"{arm.label}, step {points[index][0]}: {percent(points[index][1], unit=True)}"
            body.append(svg.mark(px, py, shape=shape, tone=colour, size=3.2, title=title))
            if index == best:
                body.append(svg.mark(px, py, shape="circle", tone=colour, css="ring", size=7.5, title=f"best: {title}"))
        continued = re.split(r", then | → ", arm.label)[-1]
        wanted.append(svg.Label(pixels[-1][1], continued, colour, pixels[-1][0]))
        told.append(f"{arm.label} from {percent(points[0][1], unit=True)} to {percent(points[-1][1], unit=True)}")
    body += svg.labels(x.end + 14, wanted, low=y.end - 6, high=y.start + 8, width=13)
    return svg.document(
        name=f"validation-{start}" + ("" if mode.name == "greedy" else f"-{mode.name}"),
        title=f"{mode.name.capitalize()} validation score over steps {place}, base/{arms[0].base}",
        description="; ".join(told) + ".",
        width=WIDTH,
        height=HEIGHT + 20,
        body=body,
    )


def _from_start(origin: Arm | None, arm: Arm, mode: Mode) -> list[tuple[int, float]]:
    """Return an arm's validation curve; without a step 0 of its own it begins at the end of the arm it continues."""
    curve = arm.by_step(mode.score)
    level = None if origin is None else origin.last(mode.score)
    return curve if level is None or curve[0][0] == 0 else [(0, level), *curve]


def _steps_axis(curves: Sequence[list[tuple[int, float]]]) -> tuple[svg.Axis, str]:
    """Make the axis of steps, logarithmic where one arm (that of equal FLOPs) goes far beyond the others."""
    *others, longest = sorted(curve[-1][0] for curve in curves)
    if others and longest > 3 * others[-1]:
        return svg.dose_axis([step for curve in curves for step, _ in curve], 40, 288), " (logarithmic)"
    return svg.linear_axis(0, longest, 40, 288, percent=False, count=4), ""
