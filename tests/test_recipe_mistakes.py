"""Recipes that were accepted in silence are refused, and what a beginner types is answered with what to type."""

from pathlib import Path

import pytest

from moiety.errors import UserError
from moiety.recipe import Recipe, TrainRecipe, load_recipe, load_table

START = 'extends = "quick"\nname = "mine"\n'
ARM = 'label = "A"\nbase = "exposed"\nalgorithm = "{}"\nk = 20\n'
TRAIN = 'algorithm = "sft"\ncheckpoint = "c"\ndata = "d"\n[sft]\nsteps = 70\n'


def complaints(folder: Path, text: str, *overrides: str, training: bool = False) -> list[str]:
    """Return the lines of the error, with the folder cut from the file's name."""
    path = folder / "my.toml"
    path.write_text(text)
    model, recipes = (TrainRecipe, "recipes/train") if training else (Recipe, "recipes")
    with pytest.raises(UserError) as raised:
        load_table(path, overrides, model, folder=recipes)
    return str(raised.value).replace(f"{folder}/", "").splitlines()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            f'{START}[[arm]]\nname = "a"\n{ARM.format("sft")}checkpoints = [500]\n',
            "my.toml:9: arm.a.checkpoints: need none after the last step of arm 'a', sft.steps = 70, got 500",
        ),
        (
            f'{START}[[arm]]\nname = "a"\n{ARM.format("grpo")}steps = 9\ncheckpoints = [3, 10]\n',
            "my.toml:10: arm.a.checkpoints: need none after the last step of arm 'a', steps = 9, got 10",
        ),
        (
            f"{START}[rl]\nsteps = 14\n",
            "my.toml: arm.rl_50_exposed.checkpoints: need none after the last step of arm 'rl_50_exposed', "
            "rl.steps = 14, got 16",
        ),
    ],
)
def test_a_checkpoint_after_an_arms_last_step_is_refused(tmp_path: Path, text: str, line: str) -> None:
    assert complaints(tmp_path, text) == [line]


def test_a_checkpoint_at_the_last_step_is_none_too_many(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text(f'{START}[[arm]]\nname = "a"\n{ARM.format("rejection")}checkpoints = [70]\n')
    assert load_recipe(path).arms[-1].checkpoints == (70,)
    with pytest.raises(UserError, match=r"arm.early_50_rl_exposed.checkpoints: .* rl.steps = 4, got 12"):
        load_recipe("quick", ["rl.steps=4"])


@pytest.mark.parametrize(
    ("text", "overrides", "line"),
    [
        (
            f"checkpoints = [10, 71]\n{TRAIN}", [],
            "my.toml:1: checkpoints: need none after the last step, sft.steps = 70, got 71",
        ),
        (
            f"checkpoints = [10]\n{TRAIN}", ["sft.steps=9"],
            "my.toml:1: checkpoints: need none after the last step, sft.steps = 9, got 10",
        ),
        (
            'algorithm = "grpo"\ncheckpoint = "c"\ndata = "d"\ncheckpoints = [8]\n[rl]\nsteps = 7\n', [],
            "my.toml:4: checkpoints: need none after the last step, rl.steps = 7, got 8",
        ),
        (
            'algorithm = "pretrain"\ncheckpoint = "c"\ndata = "d"\ncheckpoints = [8]\n[pretrain]\nsteps = 7\n', [],
            "my.toml:4: checkpoints: need none after the last step, pretrain.steps = 7, got 8",
        ),
    ],
)  # fmt: skip
def test_a_checkpoint_after_a_trainings_last_step_is_refused(
    tmp_path: Path, text: str, overrides: list[str], line: str
) -> None:
    assert complaints(tmp_path, text, *overrides, training=True) == [line]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f'{START}[[arm]]\nname = "a"\n{ARM.format("sft")}\n[[arm]]\nname = "a"\nk = 3\n', (3, 10)),
        (f'{START}[[arm]]\nname = "sft_20_clean"\nk = 5\n[[arm]]\nname = "sft_20_clean"\nk = 6\n', (3, 6)),
        ('name = "whole"\n[[arm]]\nname = "a"\n[[arm]]\nname = "b"\n[[arm]]\nname = "a"\n', (2, 6)),
    ],
)
def test_two_arms_of_one_name_are_refused(tmp_path: Path, text: str, lines: tuple[int, int]) -> None:
    (line,) = complaints(tmp_path, text)
    assert line.startswith(f"my.toml:{lines[1]}: arm.")
    assert line.endswith(f": named twice, at lines {lines[0]} and {lines[1]}; need distinct names")


def test_two_contrasts_of_one_id_are_refused(tmp_path: Path) -> None:
    extra = '[[contrasts.extra]]\nid = "x"\ntitle = "X"\nbetter = "sft_20_clean"\nworse = "sft_atoms_clean"\n'
    assert complaints(tmp_path, START + extra + extra) == [
        "my.toml:9: contrasts.extra.x.id: a second contrast has the id 'x'"
    ]


@pytest.mark.parametrize("text", ['extends = "quick"\n', 'extends = "quick"\nseeds = [0, 1]\n', "[rl]\nsteps = 30\n"])
def test_a_recipe_that_extends_another_needs_a_name(tmp_path: Path, text: str) -> None:
    text = text if "extends" in text else f'extends = "findings"\n{text}'
    (line,) = complaints(tmp_path, text)
    assert line.startswith("my.toml: name: missing: a recipe that extends ")
    (tmp_path / "named.toml").write_text(text)
    assert load_recipe(tmp_path / "named.toml", ["name=mine"]).name == "mine"
    (tmp_path / "further.toml").write_text('extends = "my.toml"\nname = "further"\n')
    assert load_recipe(tmp_path / "further.toml").name == "further"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            f'{START}[arm]\nname = "a"\nk = 3\n',
            'my.toml:3: arm: need a list: write [[arm]] with two brackets, got {"name": "a", "k": 3}',
        ),
        (
            f'{START}[contrasts.extra]\nid = "a"\n',
            'my.toml:3: contrasts.extra: need a list: write [[contrasts.extra]] with two brackets, got {"id": "a"}',
        ),
        (f"{START}seeds = 3\n", "my.toml:3: seeds: need a list such as [0, 1, 2], got 3"),
        (f'{START}seeds = "0"\n', 'my.toml:3: seeds: need a list such as [0, 1, 2], got "0"'),
        (f"{START}[lr]\nsteps = 3\n", "my.toml:3: lr: unknown key; did you mean 'rl'?"),
        (
            f"{START}[optimiser]\nsteps = 3\n",
            "my.toml:3: optimiser: unknown key; known: name, seeds, data_seed, workers, judge_level, data, model, "
            "pretrain, sft, rejection, rl, ppo, evaluation, arm, contrasts",
        ),
        (
            f'{START}[[contrasts.extra]]\nid = "mine"\ntitle = "t"\nbetter = "nobody"\nworse = "sft_20_clean"\n',
            "my.toml:6: contrasts.extra.mine.better: no arm is called 'nobody'; known: ",
        ),
        (
            f'{START}[[contrasts.extra]]\ntitle = "t"\nbetter = "sft_20_clean"\nworse = "sft_atoms_clean"\n',
            "my.toml:3: contrasts.extra[0].id: missing, and it has no default",
        ),
        ("", 'my.toml: empty; start from extends = "quick" and a name'),
        ("# nothing yet\n", 'my.toml: empty; start from extends = "quick" and a name'),
        (
            'name = "x"\nbase = exposed\n',
            'my.toml:2: not valid TOML: Invalid value, at column 8; are quotes missing, as in "exposed"?',
        ),
        ("seeds = [0, 1\nname = 3\n", "my.toml:2: not valid TOML: Unclosed array, at column 1"),
        ("name = \n", "my.toml:1: not valid TOML: Invalid value, at column 8"),
        ('name = "x', "my.toml:1: not valid TOML: Unterminated string, at the end of the file"),
    ],
)  # fmt: skip
def test_a_beginners_mistake_is_answered_with_what_to_type(tmp_path: Path, text: str, line: str) -> None:
    (found,) = complaints(tmp_path, text)
    assert found.startswith(line)


def test_an_empty_training_recipe_names_its_own_start(tmp_path: Path) -> None:
    assert complaints(tmp_path, "", training=True) == ['my.toml: empty; start from extends = "lora-sft" and a name']
