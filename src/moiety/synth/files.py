"""The task files of a request, put together from the functions of its shards that stay."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from moiety.progress import Progress
from moiety.recipe import SynthRecipe
from moiety.synth.plan import Quota
from moiety.tasks import file_stamp

ROWS_PER_FILE = 50_000
PathOf = Callable[[Path, Quota, int], Path]


def write_files(
    out: Path,
    kept: Sequence[tuple[Quota, Sequence[Sequence[int]]]],
    recipe: SynthRecipe,
    form: str,
    path_of: PathOf,
    progress: Progress,
) -> dict[str, Any]:
    """Write `tasks-00000.parquet` (or `.jsonl`) and so on; return rows and SHA-256 of each, and the dataset's hash."""
    import pyarrow as pa

    digest = hashlib.sha256()
    files: dict[str, Any] = {}
    waiting: list[Any] = []
    with progress.stage("files", total=sum(len(places) for _, shards in kept for places in shards)) as bar:

        def flush() -> None:
            table = pa.concat_tables(waiting)
            path = out / f"tasks-{len(files):05}.{form}"
            _write(path, table, digest)
            files[path.name] = {"rows": table.num_rows, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
            waiting.clear()

        for table in _tables(out, kept, recipe, path_of):
            waiting.append(table)
            bar.advance(table.num_rows // recipe.phrasings)
            if sum(t.num_rows for t in waiting) >= ROWS_PER_FILE:
                flush()
        if waiting:
            flush()
    return {"dataset_hash": digest.hexdigest(), "tables": files}


def _tables(
    out: Path, kept: Sequence[tuple[Quota, Sequence[Sequence[int]]]], recipe: SynthRecipe, path_of: PathOf
) -> Iterator[Any]:
    import pyarrow.parquet as pq

    for quota, shards in kept:
        for number, places in enumerate(shards):
            if places:
                rows = [place * recipe.phrasings + i for place in places for i in range(recipe.phrasings)]
                yield pq.read_table(path_of(out, quota, number)).take(rows)


def _write(path: Path, table: Any, digest: Any) -> None:
    """Write one file, whole or not at all, and add its rows to the dataset's digest."""
    import pyarrow.parquet as pq

    temporary = path.with_name(f".{path.name}.partial")
    lines = [json.dumps(row, sort_keys=True, ensure_ascii=False) + "\n" for row in table.to_pylist()]
    text = "".join(lines)
    digest.update(text.encode())
    if path.suffix == ".jsonl":
        temporary.write_text(text, encoding="utf-8")
    else:
        stamp = file_stamp(hashlib.sha256(text.encode()).hexdigest())
        pq.write_table(table.replace_schema_metadata(stamp), temporary, compression="zstd")
    temporary.replace(path)
