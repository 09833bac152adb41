"""Splitting and audit: rows a second, and what a million rows would take to be split, proved and audited."""

from __future__ import annotations

import dataclasses
import itertools
import os
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from moiety.atoms import catalogue
from moiety.contamination import Record, audit_records
from moiety.judge import Judge
from moiety.progress import Progress
from moiety.recipe import FunctionCounts, SplitRecipe
from moiety.rng import stream
from moiety.runs import write_json
from moiety.splits import split_of, task_phrasings
from moiety.splits.load import MANIFEST, file_hash
from moiety.splitting import split_folder
from moiety.splitting.keys import KINDS
from moiety.synthesis.admit import Admission, Admitted
from moiety.synthesis.bank import BANK_VERSION, Behaviour, Evaluator, bank
from moiety.synthesis.describe import describe
from moiety.synthesis.draw import Cell, Space
from moiety.synthesis.graph import Graph
from moiety.synthesis.inputs import TestInputs
from moiety.synthesis.limits import SizeLimitError
from moiety.synthesis.render import ENTRY_POINT, render
from moiety.tasks import GENERATOR_VERSION, Task, make_task, task_schema, task_table

ITEMS = 1000
MILLION = 1_000_000
SPLIT_ROWS = 200_000  # of which half are held against others for near-duplicates: of a million a tenth are
FILE_ROWS = 50_000
SPLIT_SETS = ("train", "validation", "recombined", "deeper", "reshaped", "held_out_atoms")
RECIPE = SplitRecipe(
    held_out_atoms=10,
    train_depths=(2, 3),
    deeper_depths=(4,),
    retention_depths=(2,),
    train_shapes=("chain",),
    reshaped_shapes=("map",),
    functions=FunctionCounts.model_validate({**dict.fromkeys(SPLIT_SETS, "all"), "retention": 10}),
)


def bench_audit(*, tasks: int = 4000) -> list[dict[str, Any]]:
    """Audit `tasks` synthetic functions against 1,000 others, in three ways; an eighth of them where all are run.

    Texts and trees are matched in one process, and projected to one a core; the judge uses every core as it is. Then
    split and prove `SPLIT_ROWS` rows, which are the same functions under made-up keys.
    """
    drawn = _records(tasks + ITEMS)
    audited, against = drawn[:tasks], drawn[tasks:]
    cores = len(os.sched_getaffinity(0))
    rows = _timed("text and trees", audited, against, cores=cores)
    with Judge() as judge:
        rows += _timed("and recorded keys", audited, against, judge=judge, recorded_keys=True, cores=cores)
        unkeyed = [dataclasses.replace(record, behaviour_key="") for record in audited[: tasks // 8]]
        rows += _timed("and programs run", unkeyed, against, judge=judge, cores=1)
    return rows + split_rows(tasks=tasks // 4, rows=SPLIT_ROWS, workers=cores)


def split_rows(*, tasks: int, rows: int, workers: int) -> list[dict[str, Any]]:
    """Split a folder of `rows` tasks, of which `tasks` are true ones, with the proof; project to a million."""
    with tempfile.TemporaryDirectory() as folder:
        source = write_cheap_tasks(Path(folder) / "tasks", tasks=tasks, rows=rows)
        quiet = Progress(quiet=True)
        begun = time.perf_counter()
        split_folder(source, RECIPE, out=Path(folder) / "split", workers=workers, progress=quiet)
        taken = time.perf_counter() - begun
    return [
        {"name": "split and proved", "value": rows / taken, "unit": "rows/s of the machine"},
        {
            "name": "split and proved: projected",
            "value": MILLION * taken / rows / 60,
            "unit": "min at most for 1,000,000 rows",
        },
    ]


def write_cheap_tasks(folder: Path, *, tasks: int, rows: int) -> Path:
    """Write `rows` tasks as `moiety synth` would: `tasks` true ones, and those again under random keys of training."""
    made = list(_tasks(tasks))
    table, keys = task_table(made), random.Random(0)
    folder.mkdir()
    tables: dict[str, Any] = {}
    for number, start in enumerate(range(0, rows, FILE_ROWS)):
        count = min(FILE_ROWS, rows - start)
        part = table.take([(start + i) % len(made) for i in range(count)])
        true = len(made) if not number else 0
        for kind in KINDS:
            old = part.column(kind).to_pylist()[:true]
            # The first digit of a key of training is below 8.
            new = [f"{keys.getrandbits(255):064x}" for _ in range(count - true)]
            part = part.set_column(part.schema.get_field_index(kind), kind, [[*old, *new]])
        path = folder / f"tasks-{number:05}.parquet"
        pq.write_table(part.cast(task_schema()), path, compression="zstd")
        tables[path.name] = {"rows": count, "sha256": file_hash(path)}
    versions = {"generator_version": GENERATOR_VERSION, "bank_version": BANK_VERSION}
    write_json(folder / MANIFEST, {"format": "parquet", **versions, "files": {"tables": tables}})
    return folder


def _tasks(count: int) -> Iterator[Task]:
    """Yield admitted functions as tasks whose tests are inputs of the bank, chosen for nothing."""
    admission = Admission(catalogue())
    decided = (admission.decide(graph) for graph, _ in _functions())
    for admitted in itertools.islice((one for one in decided if isinstance(one, Admitted)), count):
        graph, behaviour = admitted.graph, admitted.behaviour
        pairs = tuple(zip(bank(graph.inputs), behaviour.outputs, strict=True))
        tests = TestInputs(pairs[:8], pairs[8:20], None, None)
        phrasing = task_phrasings(graph, 1, seed=0, identity=behaviour.key)[0]
        yield make_task(admitted, phrasing, tests, split=split_of(behaviour.key), domain="synthetic")


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

    found = audit_records(stamped(), against, judge=judge, recorded_keys=recorded_keys, sample=audited)
    taken = time.perf_counter() - first
    projected = (first - begun + MILLION * taken / len(audited) / cores) / 60
    of = "the machine" if cores == 1 else "one process"
    return [
        {"name": name, "value": len(audited) / taken, "unit": f"rows/s of {of}"},
        {"name": f"{name}: pairs found", "value": float(len(found.by_pair())), "unit": f"of {found.pairs:,}"},
        {"name": f"{name}: projected", "value": projected, "unit": "min for 1,000,000 rows on all cores"},
    ]


def _records(count: int) -> list[Record]:
    """Return functions as records."""
    found = []
    for number, (graph, behaviour) in enumerate(itertools.islice(_functions(), count), start=1):
        phrasing = task_phrasings(graph, 1, seed=0, identity=behaviour.key)[0]
        words = describe(graph, template=phrasing.template, wording=phrasing.wording)
        source, _ = render(graph)
        found.append(Record("bench", number, "", words, source, ENTRY_POINT, (), behaviour.key))
    return found


def _functions() -> Iterator[tuple[Graph, Behaviour]]:
    """Yield functions of depth 2 to 4 without end, well typed and within limits, distinct in behaviour."""
    space, evaluator, rng = Space(catalogue()), Evaluator(), stream(0, "bench audit")
    seen: set[str] = set()
    while True:
        graph = space.draw(Cell(rng.randint(2, 4)), rng)
        try:
            behaviour = evaluator.behaviour(graph)
        except SizeLimitError:
            continue
        if behaviour.key not in seen:
            seen.add(behaviour.key)
            yield graph, behaviour
