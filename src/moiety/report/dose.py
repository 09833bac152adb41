"""The dose figure of F1: the score on new compositions against the number of synthetics, one panel a base.

Not the verdict on a handful (F1c), which the study computes from the same arms. Arms of other lengths or learning rates
than most are left out of the curve, and named, since they differ by more than the dose.
"""

from collections import Counter
from collections.abc import Sequence

from moiety.report import svg
from moiety.report.figures import SHAPES, Figure, percent_axis
from moiety.report.result import Arm, Checkpoint, Result
from moiety.report.text import exponential, listed, percent

DOMAIN = "recombined"
WIDTH, HEIGHT = 440, 320
KINDS = ((True, "atoms + k synthetics", "line", "mark"), (False, "k synthetics only", "line dashed", "mark hollow"))


def dose_figure(result: Result) -> Figure:
    """Draw the greedy score on `recombined` at the last step against k, for SFT from each base."""
    chosen = {base: dose_arms(result, base) for base in result.bases}
    drawn = {base: arms for base, (arms, _) in chosen.items() if arms}
    bases = [arm for base in drawn if (arm := result.base_arm(base)) is not None]
    y = percent_axis([_score(arm) for arms in drawn.values() for arm in arms] + [_score(arm) for arm in bases], HEIGHT)
    panels = [_panel(result, base, arms, y) for base, arms in drawn.items()]
    left_out = [arm.label for _, others in chosen.values() for arm in others]
    return Figure("dose", "F1 · Score against the number of synthetics", tuple(panels), _caption(drawn, left_out))


def dose_arms(result: Result, base: str) -> tuple[list[Arm], list[Arm]]:
    """Return the SFT arms from a base that share the commonest steps and learning rate, and those that do not."""
    arms = [
        arm
        for arm in result.arms
        if arm.base == base
        and arm.algorithm == "sft"
        and result.from_base(arm)
        and arm.k is not None
        and arm.atoms is not None
        and _score(arm) is not None
    ]
    if not arms:
        return [], []
    common, _ = Counter((arm.steps, arm.learning_rate) for arm in arms).most_common(1)[0]
    return (
        [arm for arm in arms if (arm.steps, arm.learning_rate) == common],
        [arm for arm in arms if (arm.steps, arm.learning_rate) != common],
    )


def _panel(result: Result, base: str, arms: Sequence[Arm], y: svg.Axis) -> str:
    x = svg.dose_axis([arm.k or 0 for arm in arms], 44, 318)
    body = svg.frame(x, y, x_title="synthetic functions in training, k", y_title=f"greedy pass@1 on {DOMAIN}, %")
    body.append(svg.text(4, 16, f"base/{base}", css="panel-title"))
    wanted, told = [], []
    floor = result.base_arm(base)
    level = None if floor is None else _score(floor)
    if level is not None:
        height = y.at(level)
        body.append(svg.line([(x.start, height), (x.end, height)], tone="base", css="line dashed"))
        wanted.append(svg.Label(height, f"base {percent(level, unit=True)}", "base"))
        told.append(f"base {percent(level, unit=True)}")
    for atoms, name, line_css, mark_css in KINDS:
        curve = sorted((arm for arm in arms if arm.atoms is atoms), key=lambda arm: arm.k or 0)
        points = [(arm, x.at(arm.k or 0), y.at(score)) for arm in curve if (score := _score(arm)) is not None]
        if not points:
            continue
        body.append(svg.line([(px, py) for _, px, py in points], tone="sft", css=line_css))
        for arm, px, py in points:
            body += _spread(arm, px, y)
            body.append(svg.mark(px, py, shape=SHAPES["sft"], tone="sft", css=mark_css, title=_told(arm)))
        wanted.append(svg.Label(points[-1][2], name, "sft", points[-1][1]))
        told.append(f"{name}: " + ", ".join(f"k = {arm.k} {percent(_score(arm), unit=True)}" for arm, _, _ in points))
    body += svg.labels(x.end + 10, wanted, low=y.end - 6, high=y.start + 8, width=14)
    return svg.document(
        name=f"dose-{base}",
        title=f"Score on {DOMAIN} against the number of synthetics, base/{base}",
        description="; ".join(told) + ".",
        width=WIDTH,
        height=HEIGHT,
        body=body,
    )


def _spread(arm: Arm, x: float, y: svg.Axis) -> list[str]:
    """Draw the interval of the score where the run has one, and each seed where there are several."""
    parts = []
    points = [run.last for run in arm.runs if run.last is not None]
    ends = points[0].scores[DOMAIN].interval if len(points) == 1 and DOMAIN in points[0].scores else None
    if ends is not None:
        parts.append(svg.line([(x, y.at(ends[0])), (x, y.at(ends[1]))], tone="sft", css="whisker"))
    if len(points) > 1:
        heights = [y.at(score) for point in points if (score := point.greedy(DOMAIN)) is not None]
        parts += [svg.mark(x, h, shape="circle", tone="sft", css="seed", size=2.5, title=arm.label) for h in heights]
    return parts


def _score(arm: Arm) -> float | None:
    return arm.last(_greedy)


def _greedy(point: Checkpoint) -> float | None:
    return point.greedy(DOMAIN)


def _told(arm: Arm) -> str:
    seeds = [percent(run.last.greedy(DOMAIN)) for run in arm.runs if run.last is not None]
    each = f" (seeds {', '.join(seeds)})" if len(seeds) > 1 else ""
    return f"{arm.label}: {percent(_score(arm), unit=True)}{each}"


def _caption(drawn: dict[str, list[Arm]], left_out: list[str]) -> str:
    if not drawn:
        return "No SFT arm from a base has a score on recombined: not measured."
    arms = [arm for members in drawn.values() for arm in members]
    settings = sorted({(arm.steps or 0, arm.learning_rate or 0.0) for arm in arms})
    shown = [f"{steps:,} steps at learning rate {exponential(rate)}" for steps, rate in settings]
    parts = [f"SFT from the base, {listed(shown)}, read at the last step; k = 0 with atoms is atoms alone."]
    if max(len(arm.runs) for arm in arms) > 1:
        parts.append("Lines join means over seeds; small dots are single seeds.")
    else:
        parts.append("One seed: every point is one run.")
    if left_out:
        names = listed(list(dict.fromkeys(left_out)))
        parts.append(f"Left out of the curve, being of another length or learning rate: {names}.")
    return " ".join(parts)
