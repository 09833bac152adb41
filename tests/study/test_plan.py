"""The plan of a study: order, folders, and what a cached base depends on."""

from pathlib import Path

import pytest

from moiety.recipe import Recipe, load_recipe
from moiety.splits import DataSet
from moiety.study.draw import training_tasks
from moiety.study.plan import base_folder, ordered_arms, study_nodes

RECIPE = Path(__file__).parent / "tiny.toml"
EXAMPLE = Path(__file__).parents[2] / "examples" / "my_atoms.py"


@pytest.fixture
def recipe() -> Recipe:
    return load_recipe(RECIPE)


def test_every_node_comes_after_what_it_needs(recipe: Recipe, tmp_path: Path) -> None:
    done: set[str] = set()
    for node in study_nodes(recipe, tmp_path / "run", tmp_path / "cache"):
        assert done.issuperset(node.needs)
        done.add(node.name)
    assert len(done) == 1 + 3 + len(recipe.arms)


def test_an_arm_follows_the_arms_it_starts_from_and_is_matched_to(recipe: Recipe) -> None:
    order = [arm.name for arm in ordered_arms(recipe)]
    assert order.index("sft") < order.index("sft_rl") < order.index("sft_flops")


@pytest.mark.parametrize(
    ("override", "same"),
    [
        ("sft.steps=9", True),
        ("data.recombined_per_depth=7", True),
        ("data_seed=3", True),
        ("pretrain.clean_steps=7", False),
        ("model.width=32", False),
        ('data.atoms="all"', False),
        (f"data.atom_files=['{EXAMPLE}']", False),
    ],
)
def test_a_base_depends_on_what_trains_it_and_on_nothing_else(recipe: Recipe, override: str, same: bool) -> None:
    other = load_recipe(RECIPE, [override])
    cache = Path("cache")
    assert (base_folder(recipe, cache, seed=0) == base_folder(other, cache, seed=0)) is same
    assert base_folder(recipe, cache, seed=0) != base_folder(recipe, cache, seed=1)


def test_half_of_the_rows_are_compositions_whatever_the_dose(small_data: DataSet) -> None:
    atoms = small_data.sets["atoms"]
    functions = [[task] for task in small_data.sets["train"][:10]]
    rows = training_tasks(atoms, functions)
    synthetic = [task for task in rows if task.domain == "train"]
    assert len(synthetic) == len(atoms) == len(rows) - len(synthetic)
    assert training_tasks([], functions) == [task for rows in functions for task in rows]
