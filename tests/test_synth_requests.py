"""Requests of mass synthesis: axes as recipes state them, and what cannot be met."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from moiety.errors import UserError
from moiety.recipe import SynthRecipe, load_table
from small_synth import RECIPE, make, tasks_of


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inputs": {4: 1.0}}, "inputs: need 1 to 3, got 4"),
        ({"shape": {"ring": 1.0}}, "shape 'ring': need tree, conditional, map"),
        ({"shape": {"chain": 1.0}, "inputs": {2: 1.0}}, "depth 2: no types allow such a function"),
        (
            {"atoms": ("is_ascending", "reverse_list"), "shape": {"chain": 1.0}},
            r"functions asked for, but only \d+ well",
        ),
        ({"atoms": ("nothing",)}, "nothing"),
        ({"language": {"fr": 1.0}}, "language: need en or zh, got 'fr'"),
    ],
)
def test_a_request_that_cannot_be_met_is_refused(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        make(tmp_path / "out", RECIPE.model_copy(update={"inputs": {1: 1.0}, **changes}))
    assert not (tmp_path / "out").exists()


def test_a_cell_that_is_spent_says_how_many_there_are(tmp_path: Path) -> None:
    few = RECIPE.model_copy(
        update={"atoms": ("reverse_list", "prefix_sums", "rotate_left"), "shape": {"chain": 1.0}, "inputs": {1: 1.0}}
    )
    with pytest.raises(UserError, match=r"chain of depth \d: \d+ distinct functions asked for, but only \d+ \(exact\)"):
        make(tmp_path / "out", few.model_copy(update={"depth": {2: 1.0}}), count=9)
    assert (tmp_path / "out" / ".shards").exists()


def test_sizes_and_output_lengths_are_weighted_like_any_axis(tmp_path: Path) -> None:
    axes = {"depth": {2: 1.0, 3: 1.0}, "shape": {"tree": 1.0}, "inputs": {1: 1.0}, "language": {"en": 1.0}}
    ranges = {"size": {"3": 3.0, "4-6": 1.0}, "output_length": {"0-3": 1.0, "4-9": 1.0}}
    manifest = make(tmp_path / "out", RECIPE.model_copy(update=axes | ranges), count=28)
    tasks = tasks_of(tmp_path / "out")
    assert Counter((t.depth, min(t.size, 4)) for t in tasks) == {(2, 3): 12, (3, 3): 12, (3, 4): 4}
    assert manifest["cells"]["tree of depth 3, size 4 to 6, output length 0 to 3"]["distinct"] == 2


def test_a_size_that_no_types_allow_is_refused(tmp_path: Path) -> None:
    far = RECIPE.model_copy(update={"size": {"2-6": 1.0, "40-50": 1.0}})
    with pytest.raises(UserError, match="size 40 to 50: no types allow such a function with the other axes"):
        make(tmp_path / "out", far)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(UserError, match="need a new or empty folder"):
        make(tmp_path)


def test_axes_are_read_as_one_a_range_or_weights(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text('depth = [2, 4]\nshape = "tree"\ninputs = {1 = 0.5, 2 = 1.5}\n')
    recipe = load_table(path, ["size=[2,6]"], SynthRecipe, folder="recipes/synth")
    assert recipe.depth == {2: 1.0, 3: 1.0, 4: 1.0}
    assert recipe.shape == {"tree": 1.0}
    assert recipe.inputs == {1: 0.5, 2: 1.5}
    assert recipe.size == {"2-6": 1.0}
    fixed = load_table(path, ["size=4", 'output_length={"1-3" = 2, 5 = 1}'], SynthRecipe, folder="recipes/synth")
    assert fixed.size == {"4": 1.0}
    assert fixed.output_length == {"1-3": 2.0, "5": 1.0}
    with pytest.raises(UserError, match=r"size: need a number or a range such as 2-4, got \[6, 2\]"):
        load_table(path, ["size=[6,2]"], SynthRecipe, folder="recipes/synth")
    path.write_text("depth = 2\nshapes = 1\n")
    with pytest.raises(UserError, match=r"r.toml:2: shapes: unknown key; did you mean 'shape'\?"):
        load_table(path, [], SynthRecipe, folder="recipes/synth")
    path.write_text('depth = 2\nhelpers_in_prompt = "yes"\n')
    with pytest.raises(UserError, match=r'r.toml:2: helpers_in_prompt: need true or false, got "yes"'):
        load_table(path, [], SynthRecipe, folder="recipes/synth")
