"""The contamination audit: rows a second against 1,000 items, and what a million rows would take."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from typing import Any

from moiety.atoms import catalogue
from moiety.contamination import Record, audit_records
from moiety.judge import Judge
from moiety.rng import stream
from moiety.splits import task_phrasings
from moiety.synthesis.bank import Evaluator, SizeLimitError
from moiety.synthesis.describe import describe
from moiety.synthesis.draw import Cell, Space
from moiety.synthesis.render import ENTRY_POINT, render

ITEMS = 1000
MILLION = 1_000_000


def bench_audit(*, tasks: int = 2000) -> list[dict[str, Any]]:
    """Audit `tasks` synthetic functions against 1,000 others, in three ways."""
    drawn = _records(tasks + ITEMS)
    audited, against = drawn[:tasks], drawn[tasks:]
    rows: list[dict[str, Any]] = []
    rows += _timed("text and syntax trees", audited, against, None)
    with Judge() as judge:
        rows += _timed("and recorded behaviour keys", audited, against, judge, recorded_keys=True)
        unkeyed = [dataclasses.replace(record, behaviour_key="") for record in audited]
        rows += _timed("and all programs run", unkeyed, against, judge)
    return rows


def _timed(
    name: str, audited: list[Record], against: list[Record], judge: Judge | None, *, recorded_keys: bool = False
) -> list[dict[str, Any]]:
    fixed = time.perf_counter()
    audit_records((), against, judge=judge, recorded_keys=recorded_keys)
    fixed = time.perf_counter() - fixed
    started = time.perf_counter()
    found = audit_records(audited, against, judge=judge, recorded_keys=recorded_keys)
    taken = max(1e-9, time.perf_counter() - started - fixed)
    return [
        {"name": name, "value": len(audited) / taken, "unit": "rows/s"},
        {"name": f"{name}: pairs found", "value": float(len(found.by_pair())), "unit": f"of {found.pairs:,}"},
        {"name": f"{name}: projected", "value": (fixed + MILLION * taken / len(audited)) / 60, "unit": "min a million"},
    ]


def _records(count: int) -> list[Record]:
    """Return functions of depth 2 to 4, well typed and within limits, distinct in behaviour."""
    space, evaluator, rng = Space(catalogue()), Evaluator(), stream(0, "bench audit")

    def made() -> Iterator[Record]:
        seen: set[str] = set()
        while True:
            graph = space.draw(Cell(rng.randint(2, 4)), rng)
            try:
                key = evaluator.behaviour(graph).key
            except SizeLimitError:
                continue
            if key not in seen:
                seen.add(key)
                phrasing = task_phrasings(graph, 1, seed=0, identity=key)[0]
                words = describe(graph, template=phrasing.template, wording=phrasing.wording)
                source, _ = render(graph)
                yield Record("bench", len(seen), "", words, source, ENTRY_POINT, (), key)

    source = made()
    return [next(source) for _ in range(count)]
