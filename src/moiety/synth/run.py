"""A request from its shards to its files: rounds of shards, one pass that keeps distinct functions, the manifest.

Of functions with equal behaviour the one of the lowest (cell, shard, place) stays. Shards are made until every cell has
its part; which shards count depends on their contents alone, so the files are the same for any number of workers.
"""

from __future__ import annotations

import contextlib
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from moiety.atoms.definition import Atom
from moiety.atoms.own import chosen_atoms
from moiety.errors import UserError
from moiety.processes import Workers, collect_rarely
from moiety.progress import Progress
from moiety.recipe import SynthRecipe
from moiety.runs import read_json, write_json
from moiety.synth.files import write_files
from moiety.synth.harvest import SHARDS, Harvest, ask, keep_distinct, read_records, shard_path, shards_needed
from moiety.synth.plan import Quota, quotas
from moiety.synth.shard import Maker
from moiety.synthesis.bank import BANK_VERSION
from moiety.synthesis.draw import Cell, space_of
from moiety.tasks import GENERATOR_VERSION

REQUEST, MANIFEST = "request.json", "manifest.json"


def synthesise(
    recipe: SynthRecipe, *, count: int, out: Path, form: str = "parquet", workers: int = 1, progress: Progress
) -> dict[str, Any]:
    """Write `count` distinct functions as task files in `out`, and return the manifest.

    Resumes where it was stopped. Raises UserError for a request that cannot be met and for a folder of another one.
    """
    atoms = chosen_atoms(recipe)
    space = space_of(atoms)
    harvests = [Harvest(quota) for quota in quotas(recipe, space, count)]
    request = {
        "recipe": recipe.model_dump(mode="json"),
        "count": count,
        "format": form,
        "generator_version": GENERATOR_VERSION,
        "bank_version": BANK_VERSION,
    }
    _claim(out, request)
    if (out / MANIFEST).exists():
        manifest: dict[str, Any] = read_json(out / MANIFEST)
        return manifest
    with progress.stage("functions", total=count) as bar, _Team(recipe, atoms, workers) as team:
        while wanted := _wanted(harvests):
            there = Counter({harvest.quota.cell: harvest.distinct for harvest in harvests})
            for cell, admitted in team.make(wanted, out):
                there[cell] += admitted
                bar.reach(sum(min(there[h.quota.cell], h.quota.wanted) for h in harvests))
            read_records(harvests, out)
            keep_distinct(harvests)
            bar.reach(sum(h.distinct for h in harvests))
    files = write_files(out, [(h.quota, h.kept) for h in harvests], recipe, form, shard_path, progress)
    manifest = {**request, **_counts(harvests), "files": files}
    write_json(out / MANIFEST, manifest)
    shutil.rmtree(out / SHARDS)
    return manifest


def _claim(out: Path, request: dict[str, Any]) -> None:
    """Make the folder this request's. Raises UserError that names the first field in which it is another's."""
    path = out / REQUEST
    if path.exists():
        found = read_json(path)
        for where, mine, theirs in _pairs(request, found):
            if mine != theirs:
                raise UserError(f"{path}: {where}: {theirs!r} in this folder, {mine!r} asked for; use another folder")
        return
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out}: need a new or empty folder, or one that this command began")
    write_json(path, request)


def _pairs(request: dict[str, Any], found: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name, mine in request.items():
        if isinstance(mine, dict):
            theirs = found.get(name) or {}
            yield from ((f"{name}.{key}", mine.get(key), theirs.get(key)) for key in sorted({*mine, *theirs}))
        else:
            yield name, mine, found.get(name)


def _wanted(harvests: Sequence[Harvest]) -> list[tuple[Quota, int]]:
    """Return the shards to make next, none when every cell has its part. Raises UserError for a cell that is spent."""
    wanted: list[tuple[Quota, int]] = []
    for harvest in harvests:
        more = shards_needed(harvest)
        if more is None:
            quota, kind = harvest.quota, "exact" if harvest.is_whole else "estimated"
            raise UserError(
                f"{quota.cell}: {quota.wanted} distinct functions asked for, but only {harvest.distinct} ({kind}) were "
                f"admitted of {harvest.drawn} drawn ({quota.exist} well-typed ones exist)"
            )
        wanted += [(harvest.quota, number) for number in ask(harvest, more)]
    return wanted


class _Team:
    """The processes that make shards, the same for all rounds, since each remembers much of what it computed."""

    def __init__(self, recipe: SynthRecipe, atoms: tuple[Atom, ...], workers: int) -> None:
        self._arguments, self._workers = (recipe, atoms), workers
        self._stack = contextlib.ExitStack()
        self._pool: Workers | None = None

    def __enter__(self) -> _Team:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def make(self, wanted: Sequence[tuple[Quota, int]], out: Path) -> Iterator[tuple[Cell, int]]:
        """Make the shards that are not there yet; yields the cell of each and how many functions it admitted."""
        todo = [(quota, number, shard_path(out, quota, number)) for quota, number in wanted]
        todo = [job for job in todo if not job[2].with_suffix(".json").exists()]
        for _, _, path in todo:
            path.parent.mkdir(parents=True, exist_ok=True)
        if self._pool is None and (self._workers <= 1 or len(todo) <= 1):
            if todo:
                _start(*self._arguments)
            for job in todo:
                yield _work(job)
            return
        if self._pool is None:
            self._pool = self._stack.enter_context(Workers(self._workers, _start_alone, *self._arguments))
        yield from self._pool.as_done(_work, todo)


_maker: Maker | None = None


def _start(recipe: SynthRecipe, atoms: tuple[Atom, ...]) -> None:
    global _maker
    _maker = Maker(recipe, atoms)


def _start_alone(recipe: SynthRecipe, atoms: tuple[Atom, ...]) -> None:
    _start(recipe, atoms)
    collect_rarely()


def _work(job: tuple[Quota, int, Path]) -> tuple[Cell, int]:
    assert _maker is not None
    return job[0].cell, _maker.write(*job)


def _counts(harvests: Sequence[Harvest]) -> dict[str, Any]:
    """Return the table of the manifest: per cell what exists, was drawn, admitted and is distinct; rejections."""
    cells = {}
    rejections: Counter[str] = Counter()
    for harvest in harvests:
        for record in harvest.records:
            rejections.update(record["rejections"])
        cells[str(harvest.quota.cell)] = _cell(harvest)
    rates = [entry for h in harvests for record in h.records for entry in record["kill_rates"]]
    return {"cells": cells, "rejections": dict(rejections.most_common()), "kill_rates": _rates(rates)}


def _cell(harvest: Harvest) -> dict[str, Any]:
    """Return the counts of a cell; how many of its functions would be admitted is exact where all were drawn."""
    exist = harvest.quota.exist
    drawn, admitted = (sum(record[name] for record in harvest.records) for name in ("drawn", "admitted"))
    return {
        "well_typed": exist,
        "admissible": round(exist * admitted / drawn),
        "admissible_is": "exact" if harvest.is_whole else "estimated",
        "drawn": drawn,
        "admitted": admitted,
        "distinct": harvest.distinct,
    }


def _rates(entries: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Return mean and 5th percentile of the kill rates on either side; an entry is a pair of rates and its count."""
    table: dict[str, Any] = {}
    for position, name in enumerate(("reward", "held_out")):
        counts: Counter[float] = Counter()
        for entry in entries:
            if entry[position] is not None:
                counts[entry[position]] += entry[-1]
        if counts:
            values = sorted(counts.elements())
            table[name] = {"mean": sum(values) / len(values), "percentile_5": values[len(values) // 20]}
    return table
