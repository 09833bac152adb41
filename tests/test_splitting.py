"""`moiety split`: domains as defined, a proof of the very files, nothing moved by more data, bad input told."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from moiety.atoms import quick_atoms
from moiety.cli import main
from moiety.errors import UserError
from moiety.progress import Progress
from moiety.recipe import FunctionCounts, SplitRecipe, load_table
from moiety.runs import write_json
from moiety.splits import LeakError, is_held_out, load_split, set_of, sets_of, split_of
from moiety.splits.load import file_hash
from moiety.splitting import proof_text, split_folder, split_recipe
from moiety.splitting.gather import levels
from moiety.splitting.keys import key_bytes
from moiety.splitting.plan import FILES, split_plan
from moiety.splitting.proof import prove
from moiety.splitting.regraph import graph_of
from moiety.synthesis.bank import BANK_VERSION
from moiety.tasks import GENERATOR_VERSION, Task, read_tasks, write_tasks

RECIPE = SplitRecipe.model_validate(
    {
        "atoms": "quick",
        "held_out_atoms": 8,
        "train_depths": (2,),
        "deeper_depths": (3,),
        "retention_depths": (2,),
        "train_shapes": ("chain",),
        "reshaped_shapes": ("map",),
        "functions": {
            "train": 6, "validation": 4, "recombined": 4, "deeper": 3, "reshaped": 3, "held_out_atoms": 3,
            "retention": 3,
        },
        "pretraining": {"documents": 60},
        "phrasings": 2,
        "min_kill_rate": 0.6,
        "shard": 60,
    }
)  # fmt: skip


def make(out: Path, recipe: SplitRecipe = RECIPE, *, workers: int = 1) -> dict[str, Any]:
    return split_recipe(recipe, out=out, workers=workers, progress=Progress(quiet=True))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("split") / "data"
    make(out)
    return out


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "data"))


def with_counts(**counts: Any) -> SplitRecipe:
    return RECIPE.model_copy(update={"functions": RECIPE.functions.model_copy(update=counts)})


def keys(folder: Path, name: str) -> set[str]:
    return {task.behaviour_key for task in read_tasks(folder / f"{name}.parquet")}


def test_every_domain_is_what_it_is_called(made: Path) -> None:
    held_out = set(json.loads((made / "proof.json").read_text())["held_out_atoms"])
    assert len(held_out) == 8
    sets = {name: load_split(made, name) for name in FILES}
    assert {name: len({t.behaviour_key for t in tasks}) for name, tasks in sets.items() if name != "pretraining"} == {
        "atoms": 50, "train": 6, "validation": 4, "recombined": 4, "rephrased": 4, "other_language": 4, "deeper": 3,
        "reshaped": 3, "held_out_atoms": 3, "retention": 3,
    }  # fmt: skip
    assert all(t.held_out_tests is None for name in ("atoms", "train") for t in sets[name])
    assert all(t.held_out_tests is not None for t in sets["recombined"])
    assert {t.depth for t in sets["deeper"]} == {3}
    assert {t.shape for t in sets["reshaped"]} == {"map"}
    assert all(held_out & set(t.atoms) for t in sets["held_out_atoms"])
    composed = [*sets["train"], *sets["validation"], *sets["recombined"], *sets["pretraining"]]
    assert not [t for t in composed if t.size > 1 and held_out & set(t.atoms)]
    assert held_out <= {t.atoms[0] for t in sets["atoms"]}
    assert all(is_held_out(t.template_id) for t in sets["rephrased"])
    assert not [t for t in sets["train"] if is_held_out(t.template_id)]
    assert {t.language for t in sets["other_language"]} == {"zh"}
    assert {t.language for name in FILES if name != "other_language" for t in sets[name]} == {"en"}
    maps = [t for t in sets["pretraining"] if t.shape == "map"]
    assert maps
    assert not {atom.name for atom in quick_atoms()} & {name for t in maps for name in t.atoms}
    for name in ("train", "validation", "recombined", "deeper", "reshaped", "held_out_atoms", "retention"):
        assert {set_of(t.behaviour_key) for t in sets[name]} == {name}


def test_no_key_is_shared_but_by_design(made: Path) -> None:
    proof = json.loads((made / "proof.json").read_text())
    shared = {pair for pair, row in proof["shared_keys"].items() if any(row["keys"].values())}
    same = {"recombined & rephrased", "recombined & other_language", "rephrased & other_language"}
    assert same <= shared <= same | {"atoms & pretraining", "train & pretraining"}
    assert proof["shared_keys"]["recombined & rephrased"]["keys"] == dict.fromkeys(
        ("structure_key", "source_key", "behaviour_key"), 4
    )
    assert set(proof["rules"].values()) == {0}
    assert proof_text(proof) == (made / "proof.txt").read_text()
    assert proof["cells"]["train"]["chain of depth 2"]["well_typed"] > 100
    counted = json.loads((made / "exposure.json").read_text())
    assert counted["pretraining"]["rows"] == 60
    assert counted["train"]["functions"] == 6


def test_more_functions_keep_every_one_in_its_set(made: Path, tmp_path: Path) -> None:
    more = with_counts(train=9, recombined=6, held_out_atoms=5, reshaped=4)
    make(tmp_path / "more", more)
    for name in ("train", "validation", "recombined", "deeper", "reshaped", "held_out_atoms", "retention"):
        assert keys(made, name) <= keys(tmp_path / "more", name)


def test_two_workers_give_the_same_bytes(made: Path, tmp_path: Path) -> None:
    make(tmp_path / "two", workers=2)
    assert {p.name: p.read_bytes() for p in made.iterdir()} == {
        p.name: p.read_bytes() for p in (tmp_path / "two").iterdir()
    }


def test_the_same_command_again_gives_the_proof_and_another_is_refused(made: Path) -> None:
    assert make(made) == json.loads((made / "proof.json").read_text())
    with pytest.raises(UserError, match=r"recipe.functions.train: 6 in this folder, 7 asked for"):
        make(made, with_counts(train=7))


def test_an_edited_file_and_an_unproved_folder_are_refused(copy: Path) -> None:
    path = copy / "validation.parquet"
    write_tasks(path, read_tasks(path)[1:])
    with pytest.raises(UserError, match=r"validation.parquet: not the file that was proved disjoint"):
        load_split(copy, "validation")
    assert load_split(copy, "train")
    with pytest.raises(UserError, match="no set 'trial'; there are atoms, deeper, held_out_atoms"):
        load_split(copy, "trial")
    (copy / "proof.json").unlink()
    with pytest.raises(UserError, match=r"no proof.json and no manifest.json"):
        load_split(copy, "train")


def test_a_proof_of_another_version_or_of_a_leak_is_refused(copy: Path) -> None:
    proof = json.loads((copy / "proof.json").read_text())
    write_json(copy / "proof.json", {**proof, "generator_version": "0"})
    with pytest.raises(UserError, match=r"proof.json: generator_version '0', this program has"):
        load_split(copy, "train")
    proof["shared_keys"]["train & deeper"]["keys"]["source_key"] = 1
    write_json(copy / "proof.json", proof)
    with pytest.raises(UserError, match=r"train & deeper share keys"):
        load_split(copy, "train")


def planted(folder: Path, name: str, stray: Task) -> None:
    path = folder / f"{name}.parquet"
    write_tasks(path, [*read_tasks(path), stray])


def again(folder: Path) -> dict[str, Any]:
    return prove(folder, split_plan(RECIPE), {"cells": {}}, progress=Progress(quiet=True))


@pytest.mark.parametrize(
    ("into", "of", "message"),
    [
        ("train", "recombined", r"train & other_language share keys \(1 of behaviour_key, 1 of source_key, 1 of str"),
        ("pretraining", "deeper", "deeper & pretraining share keys"),
        ("validation", "retention", "validation & retention share keys"),
        ("held_out_atoms", "atoms", "atoms & held_out_atoms share keys"),
    ],
)
def test_a_planted_leak_is_found(copy: Path, into: str, of: str, message: str) -> None:
    planted(copy, into, read_tasks(copy / f"{of}.parquet")[0])
    with pytest.raises(LeakError, match=message):
        again(copy)


def test_a_broken_rule_and_another_generators_row_are_named(copy: Path) -> None:
    train = copy / "train.parquet"
    rows = read_tasks(train)
    write_tasks(train, [dataclasses.replace(rows[0], held_out_tests=rows[0].tests), *rows[1:]])
    with pytest.raises(LeakError, match=r"train.parquet: 1 rows of train break the rule: training rows carry no held"):
        again(copy)
    write_tasks(train, [rows[0], dataclasses.replace(rows[1], generator_version="0"), *rows[2:]])
    with pytest.raises(UserError, match=r"train.parquet:2: generator_version: '0': expected '\d+'"):
        again(copy)
    write_tasks(train, [rows[0], rows[1], dataclasses.replace(rows[2], behaviour_key="xyz"), *rows[3:]])
    with pytest.raises(UserError, match=r"train.parquet:3: behaviour_key: .*: expected 64 hexadecimal digits"):
        again(copy)


def synth_like(made: Path, out: Path) -> Path:
    """Write what `moiety synth` would have, of the tasks of a split."""
    names = ("train", "validation", "recombined", "deeper", "reshaped", "held_out_atoms", "retention")
    tasks = [task for name in names for task in read_tasks(made / f"{name}.parquet")]
    held = next(t.held_out_tests for t in tasks if t.held_out_tests)
    out.mkdir()
    rows = [dataclasses.replace(t, domain="synthetic", held_out_tests=t.held_out_tests or held) for t in tasks]
    write_tasks(out / "tasks-00000.parquet", rows)
    tables = {"tasks-00000.parquet": {"rows": len(rows), "sha256": file_hash(out / "tasks-00000.parquet")}}
    manifest = {
        "format": "parquet",
        "generator_version": GENERATOR_VERSION,
        "bank_version": BANK_VERSION,
        "files": {"tables": tables},
    }
    write_json(out / "manifest.json", manifest)
    return out


def test_a_folder_of_tasks_is_split(made: Path, tmp_path: Path) -> None:
    source = synth_like(made, tmp_path / "tasks")
    every = with_counts(train="all", validation=2, recombined="all", deeper="all", reshaped="all")
    proof = split_folder(source, every, out=tmp_path / "out", progress=Progress(quiet=True))
    assert proof["left_out"] == {"rows that do not fit the set of their key": 3, "rows more than asked for": 2}
    for name in ("train", "recombined", "rephrased", "other_language", "deeper", "reshaped", "held_out_atoms"):
        assert keys(tmp_path / "out", name) == keys(made, name), name
    assert len(keys(tmp_path / "out", "validation")) == 2
    assert read_tasks(tmp_path / "out" / "rephrased.parquet") == read_tasks(made / "rephrased.parquet")
    train = load_split(tmp_path / "out", "train")
    assert {t.domain for t in train} == {"train"}
    assert all(t.held_out_tests is None for t in train)
    assert len(load_split(source, "train")) == 12
    assert {split_of(t.behaviour_key) for t in load_split(source, "test")} == {"test"}


def test_helpers_are_in_every_prompt_of_a_composition_or_in_none(made: Path, tmp_path: Path) -> None:
    given = RECIPE.model_copy(update={"helpers_in_prompt": True})
    make(tmp_path / "made", given)
    names = ("train", "recombined", "rephrased", "other_language", "deeper", "held_out_atoms", "retention")
    for name in names:
        tasks = read_tasks(tmp_path / "made" / f"{name}.parquet")
        assert keys(tmp_path / "made", name) == keys(made, name)
        assert all(bool(task.helpers) == (task.size > 1) for task in tasks)
    assert not any(task.helpers for task in read_tasks(tmp_path / "made" / "atoms.parquet"))
    source = synth_like(tmp_path / "made", tmp_path / "tasks")
    split_folder(source, given, out=tmp_path / "again", progress=Progress(quiet=True))
    assert read_tasks(tmp_path / "again" / "rephrased.parquet") == read_tasks(tmp_path / "made" / "rephrased.parquet")
    with pytest.raises(UserError, match=r"functions.\w+: \d+ distinct functions asked for, but only 0 \(exact\)"):
        split_folder(source, RECIPE, out=tmp_path / "bare", progress=Progress(quiet=True))


def test_a_folder_with_too_few_or_changed_files_is_refused_and_nothing_is_written(made: Path, tmp_path: Path) -> None:
    source = synth_like(made, tmp_path / "tasks")
    many = with_counts(deeper=40)
    with pytest.raises(UserError, match=r"functions.deeper: 40 distinct functions asked for, but only 3 \(exact\)"):
        split_folder(source, many, out=tmp_path / "out", progress=Progress(quiet=True))
    path = source / "tasks-00000.parquet"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match=r"tasks-00000.parquet: not the file"):
        split_folder(source, RECIPE, out=tmp_path / "out", progress=Progress(quiet=True))
    assert [p.name for p in tmp_path.iterdir()] == ["tasks"]


def test_more_than_exists_is_refused_with_the_number_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"functions.held_out_atoms: 400 distinct .* but only \d+ \(exact\)"):
        make(tmp_path / "out", with_counts(held_out_atoms=400))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"deeper_depths": (2,)}, "deeper_depths: need depths above those of training"),
        ({"reshaped_shapes": ("chain",)}, "reshaped_shapes: need a label that training does not have, got 'chain'"),
        ({"train_shapes": ("ring",)}, "train_shapes: need chain, tree, conditional, map"),
        ({"held_out_atoms": ("sortt",)}, "held_out_atoms: no atom 'sortt'"),
        ({"held_out_atoms": 26}, "held_out_atoms: need at most half of the 50 atoms"),
        ({"functions": {**RECIPE.functions.model_dump(), "train": "all"}}, "functions.train: need a number"),
        ({"train_shapes": ("conditional",), "inputs": (2,)}, "no types allow such a function"),
    ],
)
def test_a_bad_recipe_is_told(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises((UserError, ValueError), match=message):
        make(tmp_path / "out", SplitRecipe.model_validate({**RECIPE.model_dump(), **changes}))
    assert not (tmp_path / "out").exists()


def test_the_command_tells_in_one_line_and_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["split", "full", "functions.train=many", "--out", str(tmp_path / "out")])
    assert stopped.value.code == 2
    assert (
        capsys.readouterr().err
        == "error: override functions.train=many: functions.train: need an integer or 'all'" + (', got "many"\n')
    )


def test_the_built_in_recipe_asks_for_500_of_every_domain() -> None:
    full = load_table("full", [], SplitRecipe, folder="recipes/split")
    assert full.atoms == "all"
    counts: FunctionCounts = full.functions
    assert min(n for n in counts.model_dump().values() if isinstance(n, int)) >= 500


def test_graphs_are_read_back(made: Path) -> None:
    atoms = {atom.name: atom for atom in quick_atoms()}
    for name in ("recombined", "deeper", "reshaped"):
        for task in read_tasks(made / f"{name}.parquet"):
            graph = graph_of(task, atoms)
            assert (graph.depth, graph.shape, graph.atoms) == (task.depth, task.shape, task.atoms)
    with pytest.raises(ValueError, match="structure key"):
        graph_of(dataclasses.replace(task, structure_key="0" * 64), atoms)


def test_arrays_of_keys_give_the_sets_of_the_keys() -> None:
    import pyarrow as pa

    texts = [f"{number:064x}" for number in (0, 2**256 - 1)]
    texts += [np.random.default_rng(number).bytes(32).hex() for number in range(2000)]
    found = sets_of(key_bytes(pa.array(texts)))
    assert list(found) == [set_of(text) for text in texts]
    shares = {name: int((found == name).sum()) / len(texts) for name in set(found)}
    assert 0.45 < shares["train"] < 0.55


@pytest.mark.parametrize(
    ("count", "caps", "parts"),
    [(10, [None, None, None], [4, 3, 3]), (10, [2, None, None], [2, 4, 4]), (10, [2, 3], [2, 3]), (0, [None], [0])],
)
def test_counts_are_spread_as_evenly_as_caps_allow(count: int, caps: list[int | None], parts: list[int]) -> None:
    assert levels(count, caps) == parts
