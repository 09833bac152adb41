"""Recipes: the quick study loads; every mistake is one line that says where, which key and what is expected."""

import json
from importlib import resources
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from moiety.errors import UserError
from moiety.recipe import ArmRecipe, Recipe, built_in_names, load_recipe
from moiety.recipe import models as recipe_models
from moiety.recipe.lines import key_lines, line_of
from moiety.runs import canonical_json

QUICK = (resources.files("moiety") / "recipes" / "quick.toml").read_text(encoding="utf-8")


def complaints(path: Path, text: str, *overrides: str) -> list[str]:
    """Return the lines of the error, with the folder cut from the file's name."""
    path.write_text(text)
    with pytest.raises(UserError) as raised:
        load_recipe(path, overrides)
    return str(raised.value).replace(f"{path.parent}/", "").splitlines()


def test_the_quick_study_holds_what_it_must() -> None:
    recipe = load_recipe("quick")
    assert built_in_names() == ["findings", "quick"]
    assert recipe.seeds == (0,)
    algorithms = {arm.algorithm for arm in recipe.arms}
    assert algorithms == {"base", "sft", "rejection", "grpo", "ppo"}
    assert load_recipe("quick") == recipe


def test_the_same_recipe_from_a_file_has_the_same_hash(tmp_path: Path) -> None:
    (tmp_path / "q.toml").write_text(QUICK)
    assert load_recipe(tmp_path / "q.toml").recipe_hash == load_recipe("quick").recipe_hash


def test_resolved_is_json_and_loads_again() -> None:
    recipe = load_recipe("quick", ["seeds=[0,1,2]"])
    assert canonical_json(recipe.resolved())
    assert Recipe.model_validate(recipe.resolved()) == recipe
    assert recipe.resolved()["model"]["width"] == 128


def test_workers_are_not_identity_and_seeds_are() -> None:
    plain = load_recipe("quick")
    assert load_recipe("quick", ["workers=3"]).recipe_hash == plain.recipe_hash
    assert load_recipe("quick", ["seeds=[1]"]).recipe_hash != plain.recipe_hash


def test_overrides() -> None:
    overrides = ["rl.group_size=16", "seeds=[0, 1]", "name=mine", "arm.sft_20_clean.steps=30", "model.width=64"]
    recipe = load_recipe("quick", overrides)
    assert (recipe.rl.group_size, recipe.seeds, recipe.name, recipe.model.width) == (16, (0, 1), "mine", 64)
    assert [arm.steps for arm in recipe.arms if arm.name == "sft_20_clean"] == [30]


def test_recipes_are_frozen() -> None:
    with pytest.raises(ValidationError):
        load_recipe("quick").rl.group_size = 3


def test_every_field_is_documented() -> None:
    for model in vars(recipe_models).values():
        if isinstance(model, type) and issubclass(model, BaseModel) and model.__module__ == recipe_models.__name__:
            assert model.__doc__
            for name, info in model.model_fields.items():
                table = isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel)
                assert info.description or table, f"{model.__name__}.{name}"


@pytest.mark.parametrize(
    ("old", "new", "offset", "expected"),
    [
        ("[sft]", "[sft]\nbtach = 8", 1, "sft.btach: unknown key; did you mean 'batch'?"),
        ("[sft]", "[sft]\ngroup_size = 8", 1, "sft.group_size: unknown key; did you mean 'rl.group_size'?"),
        ("[sft]", "[sft]\nbatch = 6.5", 1, "sft.batch: need an integer, got 6.5"),
        ("[sft]", "[sft]\nbatch = true", 1, "sft.batch: need an integer, got true"),
        ("[sft]", '[sft]\nbatch = "60"', 1, 'sft.batch: need an integer, got "60"'),
        ("[sft]", "[sft]\nbatch = 0", 1, "sft.batch: need at least 1, got 0"),
        ("[sft]", "[sft]\nbatch = 9\nbatch = 8", 2, "not valid TOML: Cannot overwrite a value"),
        ("[sft]", "[sft]\nbatch =", 1, "not valid TOML: Invalid value"),
        ("[sft]", "[sft]\nlearning_rate = nan", 1, "sft.learning_rate: need a finite number, got NaN"),
        ('atoms = "quick"', "atoms = 3", 0, "data.atoms: need 'quick' or 'all' or a list, got 3"),
        ('atoms = "quick"', "atoms = []", 0, "data.atoms: need 'quick', 'all' or at least one name"),
        ("deeper_depths = [4]", "deeper_depths = [\n  4,\n  9,\n]", 0, "data.deeper_depths[1]: need at most 6, got 9"),
        ("deeper_depths = [4]", "deeper_depths = [3]", 0, "data.deeper_depths: need depths above those of training"),
        ("seeds = [0]", "seeds = [0, 0]", 0, "seeds: need distinct values, got [0, 0]"),
        ("seeds = [0]", "seeds = []", 0, "seeds: need 1 or more values, got []"),
        ('name = "quick"', 'name = "my study"', 0, 'name: need letters, digits, _ and - only, got "my study"'),
    ],
)
def test_each_mistake_is_one_line(tmp_path: Path, old: str, new: str, offset: int, expected: str) -> None:
    assert QUICK.count(f"\n{old}\n") == 1
    line = QUICK[: QUICK.index(f"\n{old}\n")].count("\n") + 2 + offset
    lines = complaints(tmp_path / "my.toml", QUICK.replace(f"\n{old}\n", f"\n{new}\n"))
    assert len(lines) == 1
    assert lines[0].startswith(f"my.toml:{line}: {expected}")


def test_a_missing_key_is_told_where_its_table_begins(tmp_path: Path) -> None:
    text = QUICK.replace("handful = ", "# handful = ")
    line = text[: text.index("[contrasts]")].count("\n") + 1
    assert complaints(tmp_path / "my.toml", text) == [
        f"my.toml:{line}: contrasts.handful: missing, and it has no default"
    ]


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = 'nmae = "x"\n\n[rl]\ngrup_size = 4\n'
    lines = complaints(tmp_path / "my.toml", text)
    assert "my.toml:1: nmae: unknown key; did you mean 'name'?" in lines
    assert "my.toml:4: rl.grup_size: unknown key; did you mean 'group_size'?" in lines
    assert "my.toml: seeds: missing, and it has no default" in lines


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (["rl.grup_size=4"], "override rl.grup_size=4: rl.grup_size: unknown key; did you mean 'group_size'?"),
        (["rl.group_size"], "override rl.group_size: need key=value, such as rl.group_size=16"),
        (["seeds=[0"], "override seeds=[0: not a TOML value: [0"),
        (["seeds.x=1"], "override seeds.x=1: need a key of one row, such as seeds.x.steps=30"),
        (["name.x.y=1"], "override name.x.y=1: name is no table"),
        (["arm.sft_20_cleen.k=1"], "override arm.sft_20_cleen.k=1: no row is called 'sft_20_cleen'; did you mean"),
        (["arm={}"], "override arm={}: arm: need a list, got {}"),
        (["arm.sft_20_exposed.start=sft_atoms_exposed"], None),
        (["arm.sft_20_clean.start=sft_20_exposed"], "override arm.sft_20_clean.start=sft_20_exposed: arm.sft_20_clean"),
        (["arm.sft_20_clean.start=sft_atoms_clean", "arm.sft_atoms_clean.start=sft_20_clean"], "quick:"),
        (["arm.base_clean.steps=3"], "override arm.base_clean.steps=3: arm.base_clean.steps: an arm of algorithm"),
        (["arm.sft_20_clean.name=sft_atoms_clean"], "override arm.sft_20_clean.name=sft_atoms_clean: arm"),
        (["arm.sft_20_clean.k=0"], "quick:"),
        (["arm.rl_50_exposed.k=500"], "override arm.rl_50_exposed.k=500: arm.rl_50_exposed.k: need at most data."),
        (["evaluation.pass_at_k=[1,8]"], "override evaluation.pass_at_k=[1,8]: evaluation.pass_at_k: need at most"),
        (["model.kv_heads=3"], "override model.kv_heads=3: model.kv_heads: need a divisor of heads = 2, got 3"),
        (["model.context=128"], "quick"),
        (["contrasts.handful=100"], "override contrasts.handful=100: contrasts.handful: need at most a tenth"),
        (["contrasts.f3.rl=nobody"], "quick:"),
        (["contrasts.f1a=['sft_20_clean']"], "override contrasts.f1a=['sft_20_clean']: contrasts.f1a: need more"),
    ],
)
def test_overrides_are_checked_too(overrides: list[str], expected: str | None) -> None:
    if expected is None:
        load_recipe("quick", overrides)
        return
    with pytest.raises(UserError) as raised:
        load_recipe("quick", overrides)
    assert str(raised.value).startswith(expected)


@pytest.mark.parametrize("name", ["quik", "no/such.toml", "."])
def test_a_recipe_that_is_not_there(name: str) -> None:
    with pytest.raises(UserError, match=f"^{name.replace('.', '[.]')}: "):
        load_recipe(name)


def test_arms_say_what_they_need_in_a_cycle(tmp_path: Path) -> None:
    cyclic = QUICK.replace("k = 50\nsteps = 10\n", 'k = 50\nsteps = 10\nstart = "early_50_rl_exposed"\n')
    lines = complaints(tmp_path / "my.toml", cyclic)
    assert any(line.endswith("arm 'early_50_exposed' needs itself, by way of start or match_flops") for line in lines)


def test_an_arm_of_its_own_has_defaults() -> None:
    arm = ArmRecipe(name="a", label="A", base="clean", algorithm="sft", k=1)
    assert (arm.start, arm.steps, arm.atoms, arm.checkpoints) == (None, None, False, ())


def with_files(*paths: str) -> str:
    return QUICK.replace('atoms = "quick"', f'atoms = "quick"\natom_files = {json.dumps(paths)}')


def test_a_recipe_holds_the_text_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "mine.py").write_text("MINE = 1\n")
    (tmp_path / "my.toml").write_text(with_files("deep/mine.py"))
    recipe = load_recipe(tmp_path / "my.toml")
    assert recipe.resolved()["data"]["atom_files"] == [{"name": "mine.py", "source": "MINE = 1\n"}]
    assert Recipe.model_validate(recipe.resolved()) == recipe
    (tmp_path / "deep").rename(tmp_path / "moved")
    again = load_recipe(tmp_path / "my.toml", [f"data.atom_files={[str(tmp_path / 'moved' / 'mine.py')]}"])
    assert again.recipe_hash == recipe.recipe_hash
    (tmp_path / "moved" / "mine.py").write_text("MINE = 2\n")
    (tmp_path / "my.toml").write_text(with_files("moved/mine.py"))
    assert load_recipe(tmp_path / "my.toml").recipe_hash != recipe.recipe_hash


def test_files_of_atoms_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "mine.py").write_text("")
    line = next(n for n, text in enumerate(QUICK.splitlines(), start=2) if text == 'atoms = "quick"')
    where = f"my.toml:{line}: data.atom_files: "
    for paths, expected in (
        (["mine.py", "no.py"], "need the path of a Python file, got 'no.py': No such file or directory"),
        (["deep"], "need the path of a Python file, got 'deep': Is a directory"),
        ([3], "need the path of a Python file, got 3"),
        (["mine.py", "deep/mine.py"], "need distinct names of files, got mine.py, mine.py"),
    ):
        assert complaints(tmp_path / "my.toml", with_files(*paths)) == [where + expected]


def test_key_lines_of_odd_toml() -> None:
    text = "\n".join(
        [
            "# [no.header]",
            'a = """',
            "b = 1",
            '"""',
            "c.d = [ # a list",
            '  "]", 2,',
            "]",
            "[t.'u v']",
            "x = {y = 1}",
            "[[r]]",
            "k = 1",
            "[[r]]",
            "k = 2",
            "[r.s]",
            "z = '[' # [",
            '"q" = 1',
        ]
    )
    lines = key_lines(text)
    assert lines[("a",)] == 2
    assert ("b",) not in lines
    assert lines[("c", "d")] == 5
    assert lines[("t", "u v", "x")] == 9
    assert lines[("r", 0, "k")] == 11
    assert lines[("r", 1, "k")] == 13
    assert lines[("r", 1, "s", "z")] == 15
    assert lines[("r", 1, "s", "q")] == 16
    assert line_of(("t", "u v", "x", "y"), lines) == 9
    assert line_of(("nowhere",), lines) is None


def test_a_recipe_extends_another(tmp_path: Path) -> None:
    base = tmp_path / "base.toml"
    base.write_text('extends = "quick"\n[sft]\nsteps = 70\nbatch = 7\n')
    mine = tmp_path / "mine.toml"
    mine.write_text(
        'name = "mine"\nextends = "base.toml"\nseeds = [0, 1]\n[[arm]]\nname = "sft_20_clean"\nsteps = 3\n'
        '[[arm]]\nname = "more"\nlabel = "more"\nbase = "clean"\nalgorithm = "sft"\nk = 3\n'
    )
    recipe, quick = load_recipe(mine), load_recipe("quick")
    arms = {arm.name: arm for arm in recipe.arms}
    assert (recipe.seeds, recipe.sft.batch, recipe.rl) == ((0, 1), 7, quick.rl)
    assert [arm.name for arm in recipe.arms] == [*(arm.name for arm in quick.arms), "more"]
    assert (arms["sft_20_clean"].steps, arms["sft_20_clean"].k, arms["more"].k) == (3, 20, 3)
    assert "extends" not in recipe.resolved()


def test_mistakes_in_a_recipe_that_extends_another(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    for text, expected in (
        (
            'extends = "quack"\n',
            "quack: no such recipe file, and no built-in recipe of that name; did you mean",
        ),
        ("extends = 3\n", f"{mine}:1: extends: need the name or the file of a recipe, got 3"),
        ('extends = "mine.toml"\n', f"{mine}:1: extends: {mine} extends itself, by way of {mine}"),
        (
            'name = "x"\nextends = "quick"\n[[arm]]\nname = "sft_20_clean"\nsteps = 0\n',
            f"{mine}:5: arm.sft_20_clean.steps: need at",
        ),
        (
            'name = "x"\nextends = "quick"\n[[arm]]\nname = "x"\nalgorithm = "y"\n',
            f"{mine}:5: arm.x.algorithm: need 'base'",
        ),
    ):
        mine.write_text(text)
        with pytest.raises(UserError) as caught:
            load_recipe(mine)
        assert expected in str(caught.value)
