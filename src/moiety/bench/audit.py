"""The contamination audit: rows a second against 1,000 items, and what a million rows would take."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Iterator
from typing import Any

from moiety.atoms import catalogue
from moiety.contamination import Record, audit_records
from moiety.judge import Judge
from moiety.rng import stream
from moiety.splits import task_phrasings
from moiety.synthesis.bank import Evaluator
from moiety.synthesis.describe import describe
from moiety.synthesis.draw import Cell, Space
from moiety.synthesis.limits import SizeLimitError
from moiety.synthesis.render import ENTRY_POINT, render

ITEMS = 1000
MILLION = 1_000_000


def bench_audit(*, tasks: int = 4000) -> list[dict[str, Any]]:
    """Audit `tasks` synthetic functions against 1,000 others, in three ways; an eighth of them where all are run.

    Texts and trees are matched in one process, and projected to one a core; the judge uses every core as it is.
    """
    drawn = _records(tasks + ITEMS)
    audited, against = drawn[:tasks], drawn[tasks:]
    cores = len(os.sched_getaffinity(0))
    rows = _timed("text and trees", audited, against, cores=cores)
    with Judge() as judge:
        rows += _timed("and recorded keys", audited, against, judge=judge, recorded_keys=True, cores=cores)
        unkeyed = [dataclasses.replace(record, behaviour_key="") for record in audited[: tasks // 8]]
        rows += _timed("and programs run", unkeyed, against, judge=judge, cores=1)
    return rows


def _timed(
    name: str,
    audited: list[Record],
    against: list[Record],
    *,
    judge: Judge | None = None,
    recorded_keys: bool = False,
    cores: int,
) -> list[dict[str, Any]]:
    begun = time.perf_counter()
    first = begun

    def stamped() -> Iterator[Record]:
        nonlocal first
        first = time.perf_counter()  # the items are read, run and indexed
        yield from audited

    found = audit_records(stamped(), against, judge=judge, recorded_keys=recorded_keys)
    taken = time.perf_counter() - first
    projected = (first - begun + MILLION * taken / len(audited) / cores) / 60
    of = "the machine" if cores == 1 else "one process"
    return [
        {"name": name, "value": len(audited) / taken, "unit": f"rows/s of {of}"},
        {"name": f"{name}: pairs found", "value": float(len(found.by_pair())), "unit": f"of {found.pairs:,}"},
        {"name": f"{name}: projected", "value": projected, "unit": "min for 1,000,000 rows on all cores"},
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
