"""A study from recipe to report: plan the nodes, run them, read the findings, write `result.json` and the page.

The same command resumes: what is on disk is not done again, and the result is the same byte for byte.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from moiety.atoms.own import chosen_atoms
from moiety.errors import UserError
from moiety.progress import Progress
from moiety.recipe import Recipe
from moiety.report import arms_csv, render_report
from moiety.runs import open_run, write_json
from moiety.study.plan import STATE, study_nodes
from moiety.study.result import study_result
from moiety.study.schedule import Scheduler


def default_run_dir(recipe: Recipe) -> Path:
    """Return `runs/<name>-<hash of the resolved recipe>` under the working folder."""
    return Path("runs") / f"{recipe.name}-{recipe.recipe_hash[:10]}"


def run_study(recipe: Recipe, *, out: Path | None = None, quiet: bool = False) -> Path:
    """Run or resume a study and return its run directory.

    Raises UserError for atoms that cannot be used, and for a folder that holds a run of another recipe, is in use, or
    cannot be written.
    """
    chosen_atoms(recipe.data)
    run_dir = (out or default_run_dir(recipe)).absolute()
    with open_run(run_dir, recipe.resolved()):
        cache_dir = cache_folder(run_dir)
        nodes = study_nodes(recipe, run_dir, cache_dir)
        with Progress(quiet=quiet) as progress:
            workers = recipe.workers or os.cpu_count() or 1
            Scheduler(run_dir, cache_dir, workers, progress).run(nodes)
        shutil.rmtree(run_dir / STATE, ignore_errors=True)
        write_json(run_dir / "result.json", study_result(recipe, run_dir))
        render_report(run_dir)
        arms_csv(run_dir)
    return run_dir


def cache_folder(run_dir: Path) -> Path:
    """Return where bases are cached: `MOIETY_CACHE`, or `cache` beside the run directory. Raises UserError."""
    folder = Path(os.environ.get("MOIETY_CACHE") or run_dir.parent / "cache").absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder}: cannot keep trained bases here: {error.strerror}; set MOIETY_CACHE") from None
    return folder
