"""A small request of mass synthesis, for the tests that make one."""

from pathlib import Path
from typing import Any

from moiety.progress import Progress
from moiety.recipe import SynthRecipe
from moiety.synth import synthesise
from moiety.tasks import Task, read_tasks

SHAPES = {"chain": 1.0, "tree": 1.0, "conditional": 1.0, "map": 1.0}
RECIPE = SynthRecipe(depth=(2, 3), shape=SHAPES, inputs=(1, 2), shard=12, language=("en", "zh"))  # type: ignore[arg-type]


def make(out: Path, recipe: SynthRecipe = RECIPE, *, count: int = 20, workers: int = 1, form: str = "parquet") -> Any:
    return synthesise(recipe, count=count, out=out, form=form, workers=workers, progress=Progress(quiet=True))


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def tasks_of(folder: Path) -> list[Task]:
    return [task for path in sorted(folder.glob("tasks-*")) for task in read_tasks(path)]
