"""Splitting the tasks that `moiety synth` made: every row goes to the set that the hash of its behaviour key gives.

Rows are read and written as a stream. A row whose key gives a set that it does not fit (a deep function where training
depths are asked for, say) is left out and counted. Atomic tasks, retention and pretraining are made from the recipe;
`rephrased` and `other_language` are the functions of `recombined`, worded anew.
"""

from __future__ import annotations

import functools
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from moiety.errors import UserError
from moiety.progress import Progress
from moiety.recipe import SplitRecipe
from moiety.rows import batches
from moiety.runs import atomic_directory, read_json
from moiety.splits import SAME_FUNCTIONS, sets_of
from moiety.splits.load import MANIFEST, require_proved
from moiety.splitting.facts import holds
from moiety.splitting.gather import gather
from moiety.splitting.keys import keys_of
from moiety.splitting.make import atomic_rows, cells_of, write_corpus, write_set
from moiety.splitting.plan import SplitPlan, split_plan
from moiety.splitting.proof import prove
from moiety.splitting.regraph import graph_of
from moiety.splitting.tables import SetFiles, require_version
from moiety.synth.shard import Maker
from moiety.synthesis.admit import Admitted
from moiety.synthesis.bank import BANK_VERSION, Behaviour
from moiety.synthesis.inputs import TestInputs
from moiety.tasks import GENERATOR_VERSION, Task, Tests, read_row

UNFIT, TOO_MANY = "rows that do not fit the set of their key", "rows more than asked for"


@dataclass
class _Sorter:
    """Where rows go: how many functions each set has, and why rows were left out."""

    plan: SplitPlan
    files: SetFiles
    taken: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    last: bytes = b""

    @functools.cached_property
    def maker(self) -> Maker:
        """What words functions of `recombined` anew."""
        recombined = next(one for one in self.plan.sets if one.name == "recombined")
        return Maker(recombined.recipe, self.plan.atoms, recombined.part)


def split_folder(
    source: Path, recipe: SplitRecipe, *, out: Path, workers: int = 1, progress: Progress
) -> dict[str, Any]:
    """Split the tasks of a folder of `moiety synth` into the folder `out`, and return the proof.

    Raises UserError for a folder that is not such, a file that was changed, one of another version, an unreadable row
    (naming file and row) and for a set that gets fewer functions than the recipe asks for.
    """
    tables = _tables(source)
    plan = split_plan(recipe)
    if out.exists():
        raise UserError(f"{out}: need a new folder")
    retention = next(one for one in plan.sets if one.name == "retention")
    work = out.parent / f".{out.name}.shards"
    try:
        with atomic_directory(out) as partial:
            sorter = _Sorter(plan, SetFiles(partial))
            sorter.files.add_tasks("atoms", atomic_rows(plan))
            with progress.stage("rows", total=sum(stated["rows"] for stated in tables.values())) as bar:
                for name, stated in tables.items():
                    require_proved(source / name, stated["sha256"], MANIFEST)
                    number = 0
                    for batch in batches(source / name):
                        _sort(sorter, source / name, number, batch)
                        number += batch.num_rows
                        bar.advance(batch.num_rows)
            _require_full(sorter, source)
            made = gather([retention], work, workers=workers, progress=progress)
            write_set(sorter.files, made[0])
            if recipe.pretraining is not None:
                write_corpus(sorter.files, plan, recipe.pretraining, workers=workers, progress=progress)
            sorter.files.close()
            cells = {"retention": cells_of(plan, made[0])}
            told = {"cells": cells, "from": str(source), "left_out": dict(sorter.left_out)}
            return prove(partial, plan, told, workers=workers, progress=progress)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _tables(source: Path) -> dict[str, Any]:
    manifest = read_json(source / MANIFEST)
    tables = manifest.get("files", {}).get("tables")
    if tables is None or manifest.get("format") != "parquet":
        raise UserError(f"{source}: expected the Parquet files of `moiety synth`")
    for name, ours in (("generator_version", GENERATOR_VERSION), ("bank_version", BANK_VERSION)):
        if manifest[name] != ours:
            raise UserError(f"{source / MANIFEST}: {name} {manifest[name]!r}, this program has {ours!r}: make it again")
    return dict(tables)


def _sort(sorter: _Sorter, path: Path, before: int, batch: Any) -> None:
    """Put the rows of a batch where they belong."""
    import pyarrow as pa

    require_version(path, before, batch)
    keys = keys_of(path, before, batch, "behaviour_key")
    begins = np.concatenate([[keys[0].tobytes() != sorter.last], keys[1:] != keys[:-1]])
    sorter.last = keys[-1].tobytes()
    sets = sets_of(keys)
    fits = _fits(batch, sorter.plan, sets)
    sorter.left_out[UNFIT] += int((~fits).sum())
    table = pa.Table.from_batches([batch])
    for one in sorter.plan.sets:
        rows = fits & (sets == one.name)
        numbers = sorter.taken[one.name] + np.cumsum(begins & rows)
        most = numbers[-1] if one.wanted is None else one.wanted
        chosen = rows & (numbers <= most) & (begins if one.name != "train" else True)
        sorter.taken[one.name] = int(min(numbers[-1], most))
        sorter.left_out[TOO_MANY] += int(rows.sum() - chosen.sum())
        if chosen.any():
            added = _relabelled(table.take(np.flatnonzero(chosen)), one.name)
            sorter.files.add(one.name, added)
            if one.name == "recombined":
                _reword(sorter, path, before + 1 + np.flatnonzero(chosen), added)


def _fits(batch: Any, plan: SplitPlan, sets: npt.NDArray[np.str_]) -> npt.NDArray[np.bool_]:
    """Tell of each row whether the set of its key may hold it: shape, depth, atoms, language, vocabulary, helpers."""
    recipe = plan.recipe
    shapes = np.array(batch.column("shape").to_pylist(), dtype=object)
    depths = np.array(batch.column("depth"))
    training = {"shape": np.isin(shapes, recipe.train_shapes), "depth": np.isin(depths, recipe.train_depths)}
    fits: npt.NDArray[np.bool_] = np.where(
        sets == "reshaped", np.isin(shapes, recipe.reshaped_shapes), training["shape"]
    )
    fits &= np.where(sets == "deeper", np.isin(depths, recipe.deeper_depths), training["depth"])
    fits &= sets != "retention"
    fits &= holds(batch.column("atoms"), plan.held_out) == (sets == "held_out_atoms")
    for name, asked in (("language", recipe.language), ("vocabulary", recipe.vocabulary)):
        fits &= np.array(batch.column(name).to_pylist(), dtype=object) == asked
    fits &= np.array([bool(text) for text in batch.column("helpers").to_pylist()]) == recipe.helpers_in_prompt
    return fits


def _relabelled(rows: Any, name: str) -> Any:
    """Return rows with the name of their set as their domain, and in front of their task ids."""
    import pyarrow as pa
    import pyarrow.compute as pc

    renamed = pc.replace_substring_regex(rows.column("task_id"), pattern="^[^-]*", replacement=name)
    for field_name, values in (("domain", pa.array([name] * rows.num_rows)), ("task_id", renamed)):
        rows = rows.set_column(rows.schema.get_field_index(field_name), field_name, values)
    return rows


def _reword(sorter: _Sorter, path: Path, numbers: npt.NDArray[np.int64], rows: Any) -> None:
    """Write functions of `recombined` in the words of the domains that have the same functions."""
    written: dict[str, list[Task]] = {name: [] for name in SAME_FUNCTIONS}
    atoms = {atom.name: atom for atom in sorter.plan.atoms}
    for number, row in zip(numbers.tolist(), rows.to_pylist(), strict=True):
        task = read_row(row, path, number)
        try:
            admitted = Admitted(graph_of(task, atoms), Behaviour((), task.behaviour_key))
        except (ValueError, KeyError) as error:
            raise UserError(f"{path}:{number}: family: cannot be worded in other words: {error}") from None
        rates = task.reward_kill_rate, task.held_out_kill_rate
        tests = TestInputs(_pairs(task.tests), _pairs(task.held_out_tests), *rates)
        for again in sorter.maker.tasks_of(admitted, tests):
            if again.domain in written:
                written[again.domain].append(again)
    for name, tasks in written.items():
        sorter.files.add_tasks(name, tasks)


def _pairs(tests: Tests | None) -> tuple[tuple[tuple[Any, ...], Any], ...]:
    return () if tests is None else tuple(zip(tests.inputs, tests.expected, strict=True))


def _require_full(sorter: _Sorter, source: Path) -> None:
    for one in sorter.plan.sets:
        found = sorter.taken[one.name]
        if one.name != "retention" and found < (one.wanted or 0):
            raise UserError(
                f"{source}: functions.{one.name}: {one.wanted} distinct functions asked for, "
                f"but only {found} (exact) are there"
            )
