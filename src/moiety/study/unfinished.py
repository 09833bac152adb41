"""What to say of a run directory that has no result yet: how far it is, and what goes on with it.

Not a part of running a study: nothing here writes.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from moiety.errors import UserError
from moiety.recipe import Recipe, built_in_names, load_recipe
from moiety.runs import RECIPE_FILE, read_json
from moiety.study.plan import study_nodes


def require_finished(run_dir: Path) -> None:
    """Raise UserError, with what to do, unless the folder holds a study's `result.json`."""
    if (run_dir / "result.json").is_file() and not _is_training(run_dir):
        return
    if not run_dir.is_dir():
        raise UserError(f"{run_dir}: no such folder; need the run directory of a study, such as runs/quick-...")
    if not (run_dir / RECIPE_FILE).is_file():
        raise UserError(f"{run_dir}: no run of a study: it holds no result.json and no {RECIPE_FILE}")
    if _is_training(run_dir):
        raise UserError(f"{run_dir}: a run of one training; reports are of studies, and its scores are in result.json")
    document = read_json(run_dir / RECIPE_FILE)
    try:
        recipe = Recipe.model_validate(document)
    except ValidationError:
        raise UserError(f"{run_dir}: not finished, and its {RECIPE_FILE} is of another version of moiety") from None
    cache = Path(os.environ.get("MOIETY_CACHE") or run_dir.absolute().parent / "cache")
    nodes = study_nodes(recipe, run_dir.absolute(), cache)
    done = sum(node.folder.is_dir() for node in nodes)
    again = shlex.join(["moiety", "study", _name_of(recipe), "--out", str(run_dir)])
    raise UserError(f"{run_dir}: not finished: {done} of {len(nodes)} steps; `{again}` goes on")


def _name_of(recipe: Recipe) -> str:
    """Return what the recipe was called on the command line, as far as the run tells."""
    built_in = recipe.name in built_in_names() and load_recipe(recipe.name).recipe_hash == recipe.recipe_hash
    return recipe.name if built_in else f"{recipe.name}.toml"


def _is_training(run_dir: Path) -> bool:
    path = run_dir / RECIPE_FILE
    document: Any = read_json(path) if path.is_file() else None
    return isinstance(document, dict) and "algorithm" in document
