"""The one place of the report that reads times: `timing.jsonl` and `machine.json` of a run, where they are there.

Not part of what must be equal between two runs: without these files the page is the same byte for byte.
"""

from collections.abc import Mapping
from pathlib import Path

from moiety.report.fields import Fields, read_object, read_rows
from moiety.report.result import Arm, Result
from moiety.report.tables import Column, Row, Table, mapping_table
from moiety.report.text import decimal

# Names that tell what the machine is; never who or where it is.
MACHINE_FIELDS = (
    "system", "cpu", "cpu_model", "cores", "cpu_count", "threads", "torch_threads", "memory_bytes", "gpu",
    "accelerator", "python", "torch", "transformers", "moiety", "isolation_level", "judge_level",
)  # fmt: skip


def times_table(run_dir: Path, result: Result) -> Table | None:
    """Give the seconds of the study and of every arm by what they were spent on; nothing without a timing file."""
    sources = [("study", run_dir / "timing.jsonl")]
    sources += [(_shown(result, path.parent.name), path) for path in sorted((run_dir / "arms").glob("*/timing.jsonl"))]
    totals = {name: _totals(read_rows(path)) for name, path in sources if path.is_file()}
    kinds = sorted({kind for total in totals.values() for kind in total})
    if not kinds:
        return None
    rows = [
        Row((name, *(decimal(total[kind]) if kind in total else "–" for kind in kinds)))
        for name, total in totals.items()
    ]
    columns = (
        Column("Run", False),
        *(Column(f"{kind.removeprefix('time/').removesuffix('_s').replace('_', ' ')}, s") for kind in kinds),
    )
    return Table("times", "Seconds by what they were spent on", columns, tuple(rows))


def machine_table(run_dir: Path) -> Table | None:
    """Give what the machine was; nothing without a machine file."""
    path = run_dir / "machine.json"
    if not path.is_file():
        return None
    read = read_object(path).items
    items = {name: read[name] for name in MACHINE_FIELDS if read.get(name) is not None}
    return mapping_table("machine", "Machine", items) if items else None


def _totals(rows: list[Fields]) -> Mapping[str, float]:
    """Add up every member that is named as seconds; a row that names its stage counts under that."""
    total: dict[str, float] = {}
    for row in rows:
        stage = row.text("stage") or row.text("name")
        for name in row.items:
            value = row.number(name) if name.endswith("_s") or name == "seconds" else None
            if value is not None:
                kind = stage if stage and name in ("seconds", "time_s", "wall_s", "elapsed_s") else name
                total[kind] = total.get(kind, 0.0) + value
    return total


def _shown(result: Result, folder: str) -> str:
    arms: dict[str, Arm] = {f"{arm.name}-seed{run.seed}": arm for arm in result.arms for run in arm.runs}
    arm = arms.get(folder)
    return folder if arm is None else f"{arm.label} · base/{arm.base} · seed {folder.rsplit('-seed', 1)[1]}"
