"""From a recipe to the proved files of a split: gather functions, word them, write, prove, publish the folder.

Shards lie in a hidden folder beside until the split is published, so a stopped run goes on where it was.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from moiety.corpus import Mixture, Writer, document_tasks
from moiety.errors import UserError
from moiety.progress import Progress
from moiety.recipe import CorpusRecipe, SplitRecipe
from moiety.runs import atomic_directory, differing_fields, locked, read_json, write_json
from moiety.splits.load import PROOF, read_proof
from moiety.splits.select import lone_functions
from moiety.splitting.gather import Gathered, gather
from moiety.splitting.plan import SplitPlan, split_plan
from moiety.splitting.proof import prove
from moiety.splitting.tables import SetFiles
from moiety.synth.harvest import shard_path
from moiety.synth.part import Part, Wording
from moiety.synth.shard import Maker
from moiety.synthesis.bank import BANK_VERSION
from moiety.synthesis.inputs import TestPlan
from moiety.tasks import GENERATOR_VERSION, Task

REQUEST = "request.json"
CHUNK = 1000


def split_recipe(recipe: SplitRecipe, *, out: Path, workers: int = 1, progress: Progress) -> dict[str, Any]:
    """Make all sets of a recipe in the folder `out`, and return their proof. It appears whole, or not at all.

    Raises UserError for a request that cannot be met and for a folder of something else, LeakError should sets share a
    key that they must not.
    """
    plan = split_plan(recipe)
    if out.exists():
        return _published(out, recipe)
    work = out.parent / f".{out.name}.shards"
    with locked(work):
        _claim(work, recipe)
        try:
            gathered = gather(plan.sets, work, workers=workers, progress=progress)
            with atomic_directory(out) as partial:
                _write(partial, plan, gathered, workers=workers, progress=progress)
                made = {"cells": {one.plan.name: cells_of(plan, one) for one in gathered}}
                proof = prove(partial, plan, made, workers=workers, progress=progress)
        except UserError:
            shutil.rmtree(work)
            raise
        shutil.rmtree(work)
    return proof


def _published(out: Path, recipe: SplitRecipe) -> dict[str, Any]:
    """Return the proof of a folder that this very recipe gave."""
    if not (out / PROOF).is_file():
        raise UserError(f"{out}: need a new folder, or one that this command made")
    proof = read_proof(out)
    fields = differing_fields(proof["recipe"], recipe.model_dump(mode="json"))
    if fields:
        name, there, here = fields[0]
        raise UserError(
            f"{out / PROOF}: recipe.{name}: {there!r} in this folder, {here!r} asked for; use another folder"
        )
    return proof


def _claim(work: Path, recipe: SplitRecipe) -> None:
    """Make the folder of shards this request's: shards of another one, or of another version, are removed."""
    request = {
        "recipe": recipe.model_dump(mode="json", exclude={"functions", "pretraining"}),
        "versions": [GENERATOR_VERSION, BANK_VERSION],
    }
    if (work / REQUEST).exists() and read_json(work / REQUEST) != request:
        for path in work.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
    write_json(work / REQUEST, request)


def _write(partial: Path, plan: SplitPlan, gathered: Sequence[Gathered], *, workers: int, progress: Progress) -> None:
    files = SetFiles(partial)
    files.add_tasks("atoms", atomic_rows(plan))
    with progress.stage("files", total=sum(one.distinct for one in gathered)) as bar:
        for one in gathered:
            write_set(files, one)
            bar.advance(one.distinct)
    if plan.recipe.pretraining is not None:
        write_corpus(files, plan, plan.recipe.pretraining, workers=workers, progress=progress)
    files.close()


def write_set(files: SetFiles, one: Gathered) -> None:
    """Append the rows of a set's functions that stay, each to the file of its domain."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    rows, domains = one.plan.part.rows_a_function, [wording.domain for wording in one.plan.part.wordings]
    for harvest in one.harvests:
        for number, places in enumerate(harvest.kept):
            if places:
                chosen = [place * rows + i for place in places for i in range(rows)]
                table = pq.read_table(shard_path(one.folder, harvest.quota, number)).take(chosen)
                for domain in domains:
                    files.add(domain, table.filter(pc.field("domain") == domain))


def atomic_rows(plan: SplitPlan) -> list[Task]:
    """Return the atomic tasks: every atom alone, those held out of compositions too."""
    recipe = plan.recipe
    part = Part((Wording("atoms", recipe.phrasings, split="train"),), catalogue=plan.atoms)
    maker = Maker(plan.sets[0].recipe, plan.atoms, part)
    wanted = TestPlan(recipe.num_reward_tests, recipe.num_held_out_tests, seed=recipe.seed)
    functions = lone_functions(plan.atoms, plan.atoms, wanted)
    return [task for admitted, tests in functions for task in maker.tasks_of(admitted, tests)]


def write_corpus(files: SetFiles, plan: SplitPlan, corpus: CorpusRecipe, *, workers: int, progress: Progress) -> None:
    """Append the documents of the pretraining corpus, as rows without tests."""
    shapes = tuple(s for s in plan.recipe.reshaped_shapes if any(c.shape == s for c in plan.sets[-1].cells))
    if corpus.shaped_share and not shapes:
        raise UserError("pretraining.shaped_share: no generic operations form the shapes of reshaped; set it to 0.0")
    mixture = Mixture(
        atomic_share=corpus.atomic_share,
        target_share=0.0,
        depth_weights=corpus.depth_weights,
        base_words=True,
        shapes=shapes,
        shaped_share=corpus.shaped_share,
    )
    writer = Writer(plan.atoms, plan.generic, mixture, seed=plan.recipe.seed, name="split")
    waiting: list[Task] = []
    with progress.stage("pretraining", total=corpus.documents) as bar:
        for task in document_tasks(writer, corpus.documents, workers=workers):
            waiting.append(task)
            if len(waiting) == CHUNK:
                files.add_tasks("pretraining", waiting)
                bar.advance(CHUNK)
                waiting = []
    files.add_tasks("pretraining", waiting)


def cells_of(plan: SplitPlan, one: Gathered) -> dict[str, Any]:
    """Return, per cell, what exists (exact), what was drawn and taken, and how many functions the set's part holds.

    The last is exact where the whole cell was gone through, else an estimate by the share of those drawn.
    """
    cells: dict[str, Any] = {}
    for harvest in one.harvests:
        cell, drawn = harvest.quota.cell, harvest.drawn
        admitted = sum(record["admitted"] for record in harvest.records)
        cells[str(cell)] = {
            "well_typed": plan.exist(one.plan.name, cell),
            "drawn": drawn,
            "taken": harvest.distinct,
            "in_set": round(harvest.quota.exist * admitted / drawn) if drawn else 0,
            "in_set_is": "exact" if harvest.is_whole else "estimated",
        }
    return cells
