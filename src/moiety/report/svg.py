"""Pieces of an inline SVG: axes, lines, marks, direct labels, and the frame that makes a drawing readable to everyone.

Not a plotting library: a page of figures is 22 KiB this way, against megabytes of one. Colours are names of classes
(`tone-sft`), which the page's style sheet gives per colour scheme; every word is a text node.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

LINE_HEIGHT = 14
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    """Values from `low` to `high` on pixels from `start` to `end`; `knee` > 0 makes it logarithmic above the knee."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[tuple[float, str], ...]
    knee: float = 0.0

    def at(self, value: float) -> float:
        """Return the pixel of a value."""
        low, high, here = (self._bend(x) for x in (self.low, self.high, value))
        return self.start + (self.end - self.start) * ((here - low) / (high - low) if high > low else 0.5)

    def _bend(self, value: float) -> float:
        return math.log1p(value / self.knee) if self.knee > 0 else value


@dataclass(frozen=True, slots=True)
class Label:
    """A direct label that wants to stand at height `y`; a thin line leads to it from `x`, where that is given."""

    y: float
    text: str
    tone: str
    x: float | None = None


def linear_axis(low: float, high: float, start: float, end: float, *, percent: bool, count: int = 5) -> Axis:
    """Make an axis with round ticks that covers `low` to `high`; of a fraction, ticks read in percent."""
    span = max(high - low, 1e-9)
    rough = span / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= rough * 0.999)
    if not percent:
        step = max(step, 1.0)
    first, last = math.floor(low / step + 1e-6), math.ceil(high / step - 1e-6)
    values = [index * step for index in range(first, max(last, first + 1) + 1)]
    return Axis(values[0], values[-1], start, end, tuple((v, _tick(v * 100 if percent else v)) for v in values))


def dose_axis(doses: Sequence[int], start: float, end: float) -> Axis:
    """Make an axis for doses that holds 0 and is logarithmic above about the smallest dose."""
    some = sorted({dose for dose in doses if dose > 0}) or [1]
    axis = Axis(0, some[-1], start, end, (), knee=some[0] / 2)
    kept: list[int] = []
    for dose in [0, *some]:
        if not kept or axis.at(dose) - axis.at(kept[-1]) >= 24:
            kept.append(dose)
    return replace(axis, ticks=tuple((dose, f"{dose:,}") for dose in kept))


def document(*, name: str, title: str, description: str, width: int, height: float, body: Sequence[str]) -> str:
    """Frame a drawing with its title and description; `name` must be one of its own on the page."""
    name = re.sub(r"[^A-Za-z0-9-]", lambda odd: f"_{ord(odd.group()):x}_", name)
    return (
        f'<svg viewBox="0 0 {width} {num(height)}" role="img" aria-labelledby="{name}-title {name}-desc" '
        f'style="--w:{width}px">\n<title id="{name}-title">{escape(title)}</title>\n'
        f'<desc id="{name}-desc">{escape(description)}</desc>\n' + "\n".join(body) + "\n</svg>"
    )


def frame(x: Axis, y: Axis, *, x_title: str, y_title: str) -> list[str]:
    """Draw grid lines, tick labels and the two axis titles; the vertical title stands above its axis."""
    left, right, floor = x.start, x.end, y.start
    parts = [text(4, y.end - 12, y_title, css="axis-title")]
    for value, shown in y.ticks:
        height = y.at(value)
        css = "zero" if value == 0 else "grid"
        parts.append(f'<line class="{css}" x1="{num(left)}" x2="{num(right)}" y1="{num(height)}" y2="{num(height)}"/>')
        parts.append(text(left - 6, height + 4, shown, css="tick", anchor="end"))
    for value, shown in x.ticks:
        parts.append(text(x.at(value), floor + 17, shown, css="tick", anchor="middle"))
    return [*parts, text((left + right) / 2, floor + 34, x_title, css="axis-title", anchor="middle")]


def text(x: float, y: float, words: str, *, css: str, anchor: str = "start", tone: str = "") -> str:
    return (
        f'<text class="{_classes(css, tone)}" x="{num(x)}" y="{num(y)}" text-anchor="{anchor}">{escape(words)}</text>'
    )


def line(points: Sequence[Point], *, tone: str, css: str = "line") -> str:
    """Draw a line through points in pixels."""
    return f'<polyline class="{_classes(css, tone)}" points="{" ".join(f"{num(x)},{num(y)}" for x, y in points)}"/>'


def mark(x: float, y: float, *, shape: str, tone: str, title: str, css: str = "mark", size: float = 4.5) -> str:
    """Draw a mark of one of four shapes; its title is what a pointer resting on it reads."""
    s = size
    outlines = {
        "square": [(-s, -s), (s, -s), (s, s), (-s, s)],
        "diamond": [(0, -1.3 * s), (1.3 * s, 0), (0, 1.3 * s), (-1.3 * s, 0)],
        "triangle": [(0, -1.2 * s), (1.2 * s, s), (-1.2 * s, s)],
    }
    told = f"<title>{escape(title)}</title>"
    if shape not in outlines:
        return f'<circle class="{_classes(css, tone)}" cx="{num(x)}" cy="{num(y)}" r="{num(s)}">{told}</circle>'
    corners = " ".join(f"{num(x + dx)},{num(y + dy)}" for dx, dy in outlines[shape])
    return f'<polygon class="{_classes(css, tone)}" points="{corners}">{told}</polygon>'


def bar(x: float, y: float, width: float, height: float, *, css: str, tone: str = "") -> str:
    return (
        f'<rect class="{_classes(css, tone)}" x="{num(x)}" y="{num(y)}" width="{num(max(width, 0))}" '
        f'height="{num(height)}"/>'
    )


def labels(x: float, wanted: Sequence[Label], *, low: float, high: float, width: int) -> list[str]:
    """Write labels at x, near the heights they want, wrapped to `width` characters and never on one another."""
    blocks = [(label, wrap(label.text, width)) for label in sorted(wanted, key=lambda label: (label.y, label.text))]
    heights = [LINE_HEIGHT * len(lines) + 4.0 for _, lines in blocks]
    tops = spread(
        [label.y - height / 2 for (label, _), height in zip(blocks, heights, strict=True)], heights, low, high
    )
    parts = []
    for (label, lines), top, height in zip(blocks, tops, heights, strict=True):
        if label.x is not None and x - label.x > 24:
            parts.append(line([(label.x + 8, label.y), (x - 4, top + height / 2)], tone=label.tone, css="leader"))
        rows = enumerate(lines)
        parts += [text(x, top + 13 + LINE_HEIGHT * row, words, css="label", tone=label.tone) for row, words in rows]
    return parts


def spread(tops: Sequence[float], heights: Sequence[float], low: float, high: float) -> list[float]:
    """Move blocks given from the top down as little as needed so that none overlaps; they end by `high` if they fit."""
    placed: list[float] = []
    for top, before in zip(tops, [0.0, *heights], strict=False):
        placed.append(max(top, placed[-1] + before if placed else low))
    limit = high
    for index in range(len(placed) - 1, -1, -1):
        placed[index] = min(placed[index], limit - heights[index])
        limit = placed[index]
    return placed


def wrap(words: str, width: int, *, most: int = 3) -> list[str]:
    """Break a label into at most `most` lines of about `width` characters; the rest becomes an ellipsis."""
    lines = [""]
    for word in words.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines if len(lines) <= most else [*lines[: most - 1], lines[most - 1] + " …"]


def num(value: float) -> str:
    """Write a pixel with at most one decimal."""
    shown = f"{value:.1f}".removesuffix(".0")
    return "0" if shown == "-0" else shown


def _tick(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0").replace("-", "−") if abs(value) > 1e-9 else "0"


def _classes(css: str, tone: str) -> str:
    return f"{css} tone-{tone}" if tone else css
