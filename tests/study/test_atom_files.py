"""A study with atoms of the user's own: chosen, checked before anything is written, and at hand in every worker."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from moiety.atoms import catalogue, quick_atoms
from moiety.atoms.own import chosen_atoms
from moiety.errors import UserError
from moiety.recipe import Recipe, load_recipe
from moiety.runs import read_json, write_json
from moiety.study.data import load_sets
from moiety.study.plan import base_identity
from moiety.study.run import run_study

RECIPE = Path(__file__).parent / "tiny.toml"
SQUARES = (Path(__file__).parents[2] / "examples" / "my_atoms.py").read_text(encoding="utf-8")


def recipe_with(tmp_path: Path, text: str, *overrides: str) -> Recipe:
    path = tmp_path / "mine.py"
    path.write_text(text, encoding="utf-8")
    return load_recipe(RECIPE, [f"data.atom_files=['{path}']", *overrides])


def test_own_atoms_stand_beside_those_chosen(tmp_path: Path) -> None:
    for choice, ours in (("quick", quick_atoms()), ("all", catalogue())):
        chosen = chosen_atoms(recipe_with(tmp_path, SQUARES, f"data.atoms={choice}").data)
        assert chosen[:-1] == ours
        assert chosen[-1].name == "squares"
    listed = recipe_with(tmp_path, SQUARES, "data.atoms=['squares', 'gray_code']").data
    assert [atom.name for atom in chosen_atoms(listed)] == ["squares", "gray_code"]
    with pytest.raises(UserError, match=r"^no atom is called 'square'; did you mean 'squares'\?$"):
        chosen_atoms(recipe_with(tmp_path, SQUARES, "data.atoms=['square']").data)


def test_a_base_depends_on_the_text_of_own_atoms(tmp_path: Path) -> None:
    identities = [
        base_identity(recipe_with(tmp_path, text), seed=0)
        for text in (SQUARES, SQUARES.replace("[x * x for", "[x**2 for"), SQUARES.replace("square every", "squaring"))
    ]
    assert len({identity["atoms"] for identity in identities}) == 3


def test_a_broken_atom_is_told_before_anything_is_written(tmp_path: Path) -> None:
    recipe = recipe_with(tmp_path, SQUARES.replace("x * x for x in xs", "x * xs[0] for x in xs[1:]"))
    with pytest.raises(UserError, match=r"^mine\.py: atom squares: "):
        run_study(recipe, out=tmp_path / "run", quiet=True)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.py"]


def test_a_worker_needs_the_run_directory_alone(tmp_path: Path) -> None:
    """The user's file is gone and the run has moved: `recipe.json` holds all that a worker reads."""
    write_json(tmp_path / "run" / "recipe.json", recipe_with(tmp_path, SQUARES).resolved())
    (tmp_path / "mine.py").unlink()
    moved = (tmp_path / "run").rename(tmp_path / "moved")
    command = [sys.executable, "-m", "moiety.study.worker", str(moved), str(tmp_path / "cache")]
    environment = {**os.environ, "MOIETY_PARENT": "0"}
    done = subprocess.run(command, input="data\n", env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "squares" in {name for task in load_sets(moved / "data")["atoms"] for name in task.atoms}
    stored = read_json(moved / "data" / "manifest.json")["data_recipe"]["atom_files"]
    assert stored == [{"name": "mine.py", "source": SQUARES}]
