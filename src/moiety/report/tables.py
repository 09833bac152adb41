"""The tables of the report as data: contrasts, health, and the proof of the data; those of arms are in `arm_tables`.

Not the markup, which is the template's. Numbers are already written here as the reader sees them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from moiety.report import text
from moiety.report.result import Finding, Result


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    numeric: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    cells: tuple[str, ...]
    css: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns; the first cell of a row names it."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""


def contrasts_table(result: Result) -> Table:
    """Give every contrast that the study declared, primary ones first."""
    names = (
        "Contrast", "Kind", "Base", "Effect", "Interval", "Verdict", "In these runs", "p", "p (Holm)", "Arms", "Domain",
        "Reading", "At best steps", "Over tasks", "Over seeds", "Seeds / tasks / families", "Smallest visible",
        "Seeds to halve",
    )  # fmt: skip
    words = {"Contrast", "Kind", "Base", "Domain", "Arms", "Reading", "In these runs", "Verdict"}
    contrasts = sorted((f for f in result.findings if not f.is_whole), key=lambda finding: not finding.primary)
    note = "Effects and intervals in percentage points; the headline interval stands beside the effect."
    if any(finding.k_star is not None for finding in contrasts):
        note += " F1c is read at the handful: its gain less 90 % of the gain at the largest k."
    rows = [_contrast(result, finding) for finding in contrasts]
    columns = tuple(Column(name, name not in words) for name in names)
    return Table("contrasts", "All contrasts", columns, tuple(rows), note)


def _contrast(result: Result, finding: Finding) -> Row:
    labels = [arm.label if (arm := result.arm(name)) is not None else name for name in finding.arms]
    shape = [text.whole(n) if n is not None else "–" for n in (finding.n_seeds, finding.n_tasks, finding.n_families)]
    cells = (
        finding.heading,
        "primary" if finding.primary else "exploratory",
        finding.base or "–",
        text.points(finding.effect),
        text.interval(finding.interval),
        finding.verdict or text.NOT_MEASURED,
        finding.in_these_runs or text.NOT_MEASURED,
        text.probability(finding.p_value),
        text.probability(finding.p_holm) if finding.primary else "–",
        " − ".join(labels) or "–",
        finding.domain or "–",
        finding.reading or "–",
        "–" if finding.best_effect is None else text.points(finding.best_effect),
        *(text.interval(ends) for ends in (finding.interval_tasks, finding.interval_seeds)),
        " / ".join(shape),
        text.points(finding.smallest_visible_effect).lstrip("+"),
        text.whole(finding.seeds_to_halve),
    )
    return Row(cells, "primary" if finding.primary else "exploratory")


def health_table(result: Result) -> Table:
    """Give every health check, failed ones first."""
    state = {True: "passed", False: "failed", None: text.NOT_MEASURED}
    checks = sorted(result.health, key=lambda check: check.passed is not False)
    rows = [
        Row((check.name, text.cell(check.value), text.cell(check.threshold), state[check.passed]), state[check.passed])
        for check in checks
    ]
    return Table(
        "health",
        "Health checks",
        (Column("Check", False), Column("Value"), Column("Threshold"), Column("State", False)),
        tuple(rows),
    )


def counts_table(result: Result) -> Table:
    """Give the number of tasks per domain and depth."""
    depths = sorted({depth for row in result.counts.values() for depth in row}, key=lambda name: (len(name), name))
    rows = [
        Row((domain, *(text.quantity(row[d]) if d in row else "–" for d in depths), text.quantity(sum(row.values()))))
        for domain, row in result.counts.items()
    ]
    columns = (
        Column("Domain", False),
        *(Column(f"Depth {depth}" if depth.isdecimal() else depth) for depth in depths),
        Column("All"),
    )
    return Table("counts", "Tasks per domain and depth", columns, tuple(rows))


def keys_table(result: Result) -> Table:
    """Give the number of keys that each pair of sets shares; anything but 0 is a leak."""
    rows = [
        Row((pair, text.quantity(count), "clean" if count == 0 else "leak"), "" if count == 0 else "failed")
        for pair, count in result.shared_keys.items()
    ]
    return Table(
        "shared-keys", "Shared keys", (Column("Pair", False), Column("Keys"), Column("State", False)), tuple(rows)
    )


def rejections_table(result: Result) -> Table:
    """Give the rejected candidates by cause, the commonest first; `what: cause` makes a column of each `what`."""
    counts: dict[str, dict[str, float]] = {}
    for name, count in result.rejections.items():
        what, _, cause = name.rpartition(": ")
        counts.setdefault(cause, {})[what or "candidates"] = count
    ordered = sorted(counts.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    return _crossed("rejections", "Rejected candidates by cause", "Cause", dict(ordered))


def space_table(result: Result) -> Table | None:
    """Give what exists to draw from, as the study counted it; nothing where it did not."""
    if not isinstance(result.space, dict) or not result.space:
        return None
    cells = {str(name): cell if isinstance(cell, dict) else {"count": cell} for name, cell in result.space.items()}
    return _crossed("space", "What exists to draw from", "Cell", cells)


def _crossed(name: str, title: str, corner: str, cells: Mapping[str, Mapping[str, object]]) -> Table:
    """Make a table of rows that hold some of the same columns."""
    found = list(dict.fromkeys(column for row in cells.values() for column in row))
    rows = [
        Row((row.replace("_", " "), *(text.cell(members[c]) if c in members else "–" for c in found)))
        for row, members in cells.items()
    ]
    columns = (Column(corner, False), *(Column(column.replace("_", " ")) for column in found))
    return Table(name, title, columns, tuple(rows))


def mapping_table(name: str, title: str, items: Mapping[str, object]) -> Table:
    """Give names and values as two columns."""
    rows = tuple(Row((key.replace("_", " "), text.cell(value))) for key, value in items.items())
    return Table(name, title, (Column("Name", False), Column("Value")), rows)
