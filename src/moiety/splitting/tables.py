"""The files of a split: one table a set, written batch by batch, never held whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from moiety.rows import RowError, row_error
from moiety.tasks import GENERATOR_VERSION, Task, task_schema, task_table

WITHOUT_HELD_OUT = ("atoms", "train", "pretraining")
GROUP_ROWS = 10_000


class SetFiles:
    """One open Parquet file a set; rows arrive in batches and lie in groups of `GROUP_ROWS`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: dict[str, Any] = {}
        self._waiting: dict[str, list[Any]] = {}
        self.rows: dict[str, int] = {}

    def add_tasks(self, name: str, tasks: Sequence[Task]) -> None:
        """Append tasks to a set."""
        self.add(name, task_table(tasks))

    def add(self, name: str, table: Any) -> None:
        """Append a table of rows to a set; those that training reads lose their held-out tests."""
        import pyarrow as pa

        if not table.num_rows:
            return
        table = table.cast(task_schema())
        if name in WITHOUT_HELD_OUT:
            place = table.schema.get_field_index("held_out_tests")
            table = table.set_column(place, "held_out_tests", pa.nulls(table.num_rows, pa.string()))
        waiting = self._waiting.setdefault(name, [])
        waiting.append(table)
        self.rows[name] = self.rows.get(name, 0) + table.num_rows
        if sum(t.num_rows for t in waiting) >= GROUP_ROWS:
            self._flush(name)

    def _flush(self, name: str) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        if name not in self._writers:
            path = self._folder / f"{name}.parquet"
            self._writers[name] = pq.ParquetWriter(path, task_schema(), compression="zstd")
        self._writers[name].write_table(pa.concat_tables(self._waiting.pop(name)).combine_chunks())

    def close(self) -> None:
        """Write what waits and close the files."""
        for name in list(self._waiting):
            if self._waiting[name]:
                self._flush(name)
        for writer in self._writers.values():
            writer.close()


def require_version(path: Path, before: int, batch: Any) -> None:
    """Raise UserError naming file and row of the first row that another version of the generator made."""
    versions = batch.column("generator_version").to_pylist()
    for place, version in enumerate(versions):
        if version != GENERATOR_VERSION:
            wrong = RowError("generator_version", version, repr(GENERATOR_VERSION))
            raise row_error(path, before + place + 1, wrong)
