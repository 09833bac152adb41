"""An audit and an exposure as plain text and as plain data."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from moiety.contamination.audit import Audit, Finding
from moiety.contamination.boilerplate import Stretch
from moiety.contamination.exposure import OF, Exposure
from moiety.contamination.rows import Record

MOST_PAIRS = 20
MOST_NAMES = 25
MOST_ROWS = 5
WHAT = {
    "text": "equal text",
    "ngram": "runs of {ngram_width} tokens, share {ngram:.2f} or more of the shorter's",
    "near": "MinHash, Jaccard similarity {near:.2f} or more of runs of {near_width} tokens",
    "ast": "equal syntax trees without names",
    "behaviour": "equal answers in the judge",
}


def rule(kind: str, audit: Audit) -> str:
    """Return what a kind demands under the thresholds of an audit."""
    return WHAT[kind].format(**dataclasses.asdict(audit.thresholds))


def notes(audit: Audit) -> list[str]:
    """Return what a reader must know of the comparison itself."""
    said = [f"{audit.compared_by_behaviour:,} of {audit.rows:,} rows were compared by behaviour"]
    for reason, rows in _by_number(audit.not_run):
        said.append(f"not compared by behaviour: {reason}: {_listed(rows)}")
    for reason, places in _by_number(audit.against_not_run):
        said.append(f"not run, of the other files: {reason}: {_listed(places)}")
    if audit.unparsed:
        said.append(f"rows whose code is not Python: {audit.unparsed:,}")
    if audit.withdrawn:
        said.append(f"similar pairs withdrawn, since their programs answer differently: {audit.withdrawn:,}")
    said += [_discounted(stretch) for stretch in audit.discounted]
    return said


def _by_number(reasons: Mapping[str, Sequence[Any]]) -> list[tuple[str, Sequence[Any]]]:
    return sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0]))


def _listed(rows: Sequence[Any]) -> str:
    """Return a count with the first rows, such as `12 rows (3, 5, 9 …)`."""
    first = ", ".join(map(str, rows[:MOST_ROWS])) + (" …" if len(rows) > MOST_ROWS else "")
    return f"{len(rows):,} {'row' if len(rows) == 1 else 'rows'} ({first})"


def _discounted(stretch: Stretch) -> str:
    where = f"{stretch.tokens} tokens of {stretch.side} that {stretch.rows:,} of {stretch.of:,} rows looked at have"
    return f"discounted, no evidence of anything: {where}: {stretch.excerpt}"


def audit_table(audit: Audit) -> str:
    """Return the counts by kind and the first pairs."""
    lines = [f"{'kind':<10} {'pairs':>7}  what is demanded"]
    lines += [f"{kind:<10} {count:>7,}  {rule(kind, audit)}" for kind, count in audit.counts().items()]
    pairs = audit.by_pair()
    for group in pairs[:MOST_PAIRS]:
        lines += ["", f"{_named(group[0].audited)}  =  {_named(group[0].against)}"]
        lines += [f"  {f.kind:<10} {f.side:<12} {f.evidence}" for f in group]
    if len(pairs) > MOST_PAIRS:
        lines += ["", f"and {len(pairs) - MOST_PAIRS:,} pairs more: see --json or --html"]
    lines += ["", *notes(audit)]
    lines.append(f"{len(pairs):,} of {audit.pairs:,} pairs found ({audit.rows:,} × {audit.rows_against:,} rows)")
    return "\n".join(lines) + "\n"


def audit_json(audit: Audit) -> dict[str, Any]:
    """Return the whole audit as plain data."""
    return {
        "audited": audit.audited,
        "against": list(audit.against),
        "thresholds": dataclasses.asdict(audit.thresholds),
        "rows": audit.rows,
        "rows_against": audit.rows_against,
        "pairs_found": len(audit.by_pair()),
        "counts": audit.counts(),
        "compared_by_behaviour": audit.compared_by_behaviour,
        "unanswered": audit.unanswered,
        "not_run": audit.not_run,
        "against_not_run": audit.against_not_run,
        "unparsed": audit.unparsed,
        "withdrawn": audit.withdrawn,
        "discounted": [dataclasses.asdict(stretch) for stretch in audit.discounted],
        "findings": [_finding_json(finding) for finding in audit.findings],
    }


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "side": finding.side,
        "score": round(finding.score, 4),
        "evidence": finding.evidence,
        "audited": _place(finding.audited),
        "against": _place(finding.against),
    }


def _place(record: Record) -> dict[str, Any]:
    return {"file": record.file, "row": record.row, "name": record.name}


def _named(record: Record) -> str:
    return f"{record.place} {record.name}".rstrip()


def exposure_table(counted: Mapping[str, Exposure]) -> str:
    """Return the commonest names of each kind, a column a set, and how many names each set has."""
    stems = [Path(name).stem for name in counted]
    heads = stems if len(set(stems)) == len(stems) else list(counted)
    width = max(12, *map(len, heads))
    lines = [f"{'':<44}" + "".join(f" {head:>{width}}" for head in heads)]
    for what in ("rows", "functions"):
        lines.append(f"{what:<44}" + "".join(f" {getattr(one, what):>{width},}" for one in counted.values()))
    for kind in OF:
        counts = [getattr(one, kind) for one in counted.values()]
        names = sorted({name for c in counts for name in c}, key=lambda name: (-sum(c[name] for c in counts), name))
        lines += ["", f"{f'distinct {kind}':<44}" + "".join(f" {len(c):>{width},}" for c in counts)]
        lines += [f"{name:<44}" + "".join(f" {c[name]:>{width},}" for c in counts) for name in names[:MOST_NAMES]]
        if len(names) > MOST_NAMES:
            lines.append(f"and {len(names) - MOST_NAMES:,} more: see --json")
    return "\n".join(lines) + "\n"
