"""Numbers and names as a reader meets them: one decimal of a percent, true minus signs, the words of the house.

Not the layout. A number that is missing reads "not measured", here and nowhere else.
"""

from moiety.report.result import Interval

NOT_MEASURED = "not measured"
VERDICT_SIGNS = {"supported": "✓", "contradicted": "✕", "undecided": "?"}
SI_LETTERS = ((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def percent(fraction: float | None, *, unit: bool = False) -> str:
    """Write a fraction in percent with one decimal, `33.7` or `33.7 %`."""
    if fraction is None:
        return NOT_MEASURED
    return _signless(100 * fraction, 1) + (" %" if unit else "")


def points(difference: float | None) -> str:
    """Write a difference of two fractions in signed percentage points, `+15.1` or `−3.0`."""
    return NOT_MEASURED if difference is None else _signed(100 * difference, 1)


def effect(difference: float | None) -> str:
    """Write a difference with its unit, `+15.1 points`."""
    return NOT_MEASURED if difference is None else f"{points(difference)} points"


def interval(ends: Interval | None) -> str:
    """Write an interval of a difference in points, `[+9.1, +21.3]`."""
    return NOT_MEASURED if ends is None else f"[{points(ends[0])}, {points(ends[1])}]"


def doses(ends: Interval | None) -> str:
    """Write an interval of doses, `[20, 200]`."""
    return NOT_MEASURED if ends is None else f"[{quantity(ends[0])}, {quantity(ends[1])}]"


def score(greedy: float | None, sampled: float | None) -> str:
    """Write a score as the house does, `greedy [sampled]` in percent."""
    if greedy is None and sampled is None:
        return NOT_MEASURED
    shown = "–" if greedy is None else percent(greedy)
    return shown if sampled is None else f"{shown} [{percent(sampled)}]"


def quantity(value: float | None) -> str:
    """Write an amount: whole up to 99,999, then three figures with an SI letter."""
    if value is None:
        return NOT_MEASURED
    if abs(value) < 99_999.5:
        return decimal(value) if value != int(value) else f"{int(value):,}".replace("-", "−")
    size, letter = next(pair for pair in SI_LETTERS if abs(value) >= pair[0])
    return f"{decimal(value / size)} {letter}"


def decimal(value: float | None) -> str:
    """Write a plain number with at most three figures after which nothing is known to matter."""
    if value is None:
        return NOT_MEASURED
    if value != 0 and (abs(value) < 1e-3 or abs(value) >= 1e6):
        return exponential(value)
    places = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    shown = f"{value:,.{places}f}"
    if "." in shown:
        shown = shown.rstrip("0").rstrip(".")
    return "0" if shown in ("-0", "") else shown.replace("-", "−")


def exponential(value: float | None) -> str:
    """Write a number as a recipe does, `3e-4`."""
    if value is None:
        return NOT_MEASURED
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def probability(value: float | None) -> str:
    """Write a p value to three decimals."""
    if value is None:
        return NOT_MEASURED
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def whole(value: int | None) -> str:
    return NOT_MEASURED if value is None else f"{value:,}"


def cell(value: object) -> str:
    """Write any JSON value on one line."""
    if value is None:
        return NOT_MEASURED
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return quantity(float(value)) if value == int(value) else decimal(value)
    if isinstance(value, list):
        return ", ".join(cell(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {cell(item)}" for name, item in value.items())
    return str(value)


def over_seeds(most: int) -> str:
    """Return what a caption adds where an arm has several runs."""
    return ", mean over seeds" if most > 1 else ""


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun if count == 1 else noun + 's'}"


def listed(items: list[str]) -> str:
    """Join names as in a sentence."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else "none"


def _signless(value: float, places: int) -> str:
    shown = f"{value:.{places}f}"
    return (shown.lstrip("-") if float(shown) == 0 else shown).replace("-", "−")


def _signed(value: float, places: int) -> str:
    shown = f"{value:+.{places}f}"
    return shown.lstrip("+-") if float(shown) == 0 else shown.replace("-", "−")
