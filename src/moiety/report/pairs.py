"""The page of a contamination audit: the pairs found, side by side, in one self-contained file without a script.

Not the comparison: that is `contamination`. Everything shown of a file is foreign and escaped.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from moiety import runs
from moiety.contamination import Audit, Finding, Record
from moiety.contamination.listing import notes, rule
from moiety.report.page import HERE, page_template

MOST_PAIRS = 200
MOST_CHARACTERS = 4000


@dataclass(frozen=True, slots=True)
class Shown:
    """One row as the page has it."""

    place: str
    name: str
    instruction: str
    code: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rows and what speaks for their being one."""

    left: Shown
    right: Shown
    findings: tuple[Finding, ...]


def write_audit_page(audit: Audit, path: Path) -> None:
    """Write the page of an audit. Equal audits give equal bytes. Raises UserError where the extra is missing."""
    groups = audit.by_pair()
    pairs = [Pair(_shown(g[0].audited), _shown(g[0].against), tuple(g)) for g in groups[:MOST_PAIRS]]
    content = page_template("pairs.html").render(
        audit=audit,
        style=(HERE / "style.css").read_text(encoding="utf-8"),
        counts=[(kind, count, rule(kind, audit)) for kind, count in audit.counts().items()],
        notes=notes(audit),
        pairs=pairs,
        total=len(groups),
    )
    runs.write_text(path, content)


def _shown(record: Record) -> Shown:
    return Shown(record.place, record.name, _cut(record.instruction), _cut(record.code))


def _cut(text: str) -> str:
    """Return a text that fits on the page and in UTF-8."""
    text = text.encode("utf-8", "replace").decode("utf-8").strip()
    return text if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS] + "\n…"
