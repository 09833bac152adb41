"""The one place of the report that reads times: `timing.jsonl` and `machine.json` of a run, where they are there.

Not part of what must be equal between two runs: without these files the page is the same byte for byte.
"""

from collections.abc import Callable
from pathlib import Path

from moiety.report.fields import Fields, read_object, read_rows
from moiety.report.tables import Column, Row, Table, mapping_table
from moiety.report.text import decimal, quantity

# Names that tell what the machine is; never who or where it is.
MACHINE_FIELDS = (
    "system", "cpu", "cpu_model", "cores", "cpu_count", "threads", "torch_threads", "memory_bytes", "gpu",
    "accelerator", "python", "torch", "transformers", "moiety", "isolation_level", "judge_level",
)  # fmt: skip


def times_table(run_dir: Path) -> Table | None:
    """Give what every node of the study took, and their sum; nothing without a timing file.

    A node that was started several times, after a kill, counts with all its seconds.
    """
    nodes: dict[str, list[Fields]] = {}
    for row in read_rows(run_dir / "timing.jsonl"):
        nodes.setdefault(row.text("node", "?"), []).append(row)
    if not nodes:
        return None
    rows = [_row(name, members) for name, members in nodes.items()]
    rows.append(_row("all", [member for members in nodes.values() for member in members]))
    names = ("Seconds", "CPU seconds", "Peak memory, bytes", "Threads", "Starts")
    return Table("times", "What every part took", (Column("Part", False), *map(Column, names)), tuple(rows))


def _row(name: str, members: list[Fields]) -> Row:
    def read(key: str, join: Callable[[list[float]], float]) -> float | None:
        there = [value for member in members if (value := member.number(key)) is not None]
        return join(there) if there else None

    spent = [decimal(read(key, sum)) for key in ("seconds", "cpu_s")]
    held = [quantity(read(key, max)) for key in ("peak_bytes", "threads")]
    return Row((name, *spent, *held, str(len(members))))


def machine_table(run_dir: Path) -> Table | None:
    """Give what the machine was; nothing without a machine file."""
    path = run_dir / "machine.json"
    if not path.is_file():
        return None
    read = read_object(path).items
    items = {name: read[name] for name in MACHINE_FIELDS if read.get(name) is not None}
    return mapping_table("machine", "Machine", items) if items else None
