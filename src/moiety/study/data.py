"""The study's data: built once per data seed, written with its proof, and checked again whenever an arm loads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from moiety.atoms.generic import generic_operations
from moiety.atoms.own import chosen_atoms
from moiety.contamination import near_duplicates
from moiety.errors import UserError
from moiety.recipe import DataRecipe, Recipe
from moiety.runs import atomic_directory, is_complete, read_json, write_json
from moiety.splits import DataPlan, DataSet, build_data, shared_keys
from moiety.splits.load import MANIFEST, file_hash, load_proved
from moiety.synthesis.bank import BANK_VERSION
from moiety.tasks import GENERATOR_VERSION, Task, dataset_hash, write_tasks

SETS = ("atoms", "train", "validation", "recombined", "deeper", "retention")


def data_plan(data: DataRecipe) -> DataPlan:
    """Return how many functions of each cell a recipe asks for."""
    return DataPlan(
        train=_evenly(data.train_pool, data.train_depths),
        validation=dict.fromkeys(data.train_depths, data.validation_per_depth),
        recombined=dict.fromkeys(data.train_depths, data.recombined_per_depth),
        deeper=dict.fromkeys(data.deeper_depths, data.deeper_per_depth),
        retention=dict.fromkeys(data.retention_depths, data.retention_per_depth),
        phrasings=data.phrasings,
        num_reward_tests=data.num_reward_tests,
        num_held_out_tests=data.num_held_out_tests,
    )


def _evenly(total: int, depths: Sequence[int]) -> dict[int, int]:
    return {d: total // len(depths) + (i < total % len(depths)) for i, d in enumerate(sorted(depths))}


def write_data(recipe: Recipe, folder: Path) -> None:
    """Build all sets of a recipe and publish them in `folder` with `manifest.json`, whole or not at all."""
    if is_complete(folder):
        return
    generic = generic_operations(recipe.data.generic)
    data = build_data(chosen_atoms(recipe.data), generic, data_plan(recipe.data), seed=recipe.data_seed)
    with atomic_directory(folder) as partial:
        for name in SETS:
            write_tasks(partial / f"{name}.parquet", data.sets[name])
        write_json(partial / MANIFEST, _manifest(recipe, data, partial))


def _manifest(recipe: Recipe, data: DataSet, folder: Path) -> dict[str, Any]:
    return {
        "generator_version": GENERATOR_VERSION,
        "bank_version": BANK_VERSION,
        "data_seed": recipe.data_seed,
        "data_recipe": recipe.data.model_dump(mode="json"),
        "counts": {name: _counts(tasks) for name, tasks in data.sets.items()},
        "functions": {name: len({t.behaviour_key for t in tasks}) for name, tasks in data.sets.items()},
        "shared_keys": shared_keys(data.sets),
        "near_duplicates": near_duplicates(data.sets),
        "rejections": dict(data.rejections),
        "space": {name: dict(cell) for name, cell in data.space.items()},
        "kill_rate_note": "tests are chosen against half of the mutants; admission demands the rate on the other half",
        "dataset_hash": dataset_hash(task for name in SETS for task in data.sets[name]),
        "files": {f"{name}.parquet": file_hash(folder / f"{name}.parquet") for name in SETS},
    }


def _counts(tasks: Sequence[Task]) -> dict[str, int]:
    return {str(depth): count for depth, count in sorted(Counter(t.depth for t in tasks).items())}


def load_sets(folder: Path, names: Sequence[str] = SETS) -> dict[str, list[Task]]:
    """Read sets whose files are the very ones the proof was made for. Raises UserError when a file was changed."""
    manifest: Mapping[str, Any] = read_json(folder / MANIFEST)
    if any(manifest["shared_keys"].values()):
        raise UserError(f"{folder / MANIFEST}: shared_keys: expected all zero")
    return load_proved(folder, manifest, names)
