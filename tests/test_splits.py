"""Splits: disjoint, stable under more data, the same bytes for the same seed, leaks found."""

import dataclasses
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from conftest import SMALL_PLAN
from moiety.atoms import catalogue, quick_atoms
from moiety.atoms.generic import generic_operations
from moiety.errors import UserError
from moiety.splits import (
    DataPlan,
    DataSet,
    LeakError,
    balanced_order,
    build_data,
    check_disjoint,
    select,
    shared_keys,
    split_of,
)
from moiety.splits.select import lone_functions
from moiety.synthesis.inputs import TestPlan
from moiety.tasks import dataset_hash


def digest(data: DataSet) -> str:
    return dataset_hash(task for name in sorted(data.sets) for task in data.sets[name])


def test_no_key_is_shared(small_data: DataSet) -> None:
    assert set(shared_keys(small_data.sets).values()) == {0}
    assert len(shared_keys(small_data.sets)) == 15


def test_every_composition_lies_in_the_split_of_its_key(small_data: DataSet) -> None:
    for name in ("train", "validation", "recombined", "deeper", "retention"):
        expected = {"train": "train", "validation": "validation"}.get(name, "test")
        for task in small_data.sets[name]:
            assert split_of(task.behaviour_key) == task.split == expected
            assert task.domain == name


def test_counts_are_met(small_data: DataSet) -> None:
    functions = {name: Counter(t.depth for t in tasks) for name, tasks in small_data.sets.items()}
    assert functions["recombined"] == {2: 8, 3: 8}
    assert functions["deeper"] == {4: 4}
    assert functions["train"] == {2: 12 * 4, 3: 12 * 4}
    assert functions["atoms"] == {1: 50 * 4}


def test_more_data_moves_nothing() -> None:
    atoms = quick_atoms()
    little = {("train", 2): 5, ("test", 2): 5}
    much = {("train", 2): 20, ("validation", 2): 5, ("test", 2): 10}
    few, many = (select(atoms, wanted, TestPlan(4, 4, 0.7), name="grow") for wanted in (little, much))
    for cell, taken in few.taken.items():
        kept = [a.behaviour.key for a, _ in many.taken[cell]]
        assert [a.behaviour.key for a, _ in taken] == kept[: len(taken)]


def test_a_planted_leak_is_found(small_data: DataSet) -> None:
    stray = dataclasses.replace(small_data.sets["recombined"][0], split="train", domain="train")
    planted = {**small_data.sets, "train": (*small_data.sets["train"], stray)}
    with pytest.raises(LeakError, match="train & recombined share"):
        check_disjoint(planted)


def test_more_than_exists_is_refused_with_the_number() -> None:
    wanted = {("test", 1): 500}
    with pytest.raises(UserError, match=r"500 distinct functions .* only \d+ were admitted of 50 drawn"):
        select(quick_atoms(), wanted, TestPlan(4, 4, 0.7), name="too many")


def test_two_seeds_give_other_tasks(small_data: DataSet) -> None:
    other = build_data(quick_atoms(), generic_operations(), SMALL_PLAN, seed=1)
    deep = [{t.behaviour_key for t in data.sets["deeper"]} for data in (small_data, other)]
    assert not deep[0] & deep[1]


@pytest.mark.parametrize("hash_seed", ["12345"])
def test_the_same_seed_gives_the_same_bytes_under_any_hash_seed(small_data: DataSet, hash_seed: str) -> None:
    script = (
        "from moiety.splits import build_data; from moiety.tasks import dataset_hash;"
        "from moiety.atoms import quick_atoms; from moiety.atoms.generic import generic_operations;"
        "from conftest import SMALL_PLAN as plan;"
        "data = build_data(quick_atoms(), generic_operations(), plan, seed=0);"
        "print(dataset_hash(task for name in sorted(data.sets) for task in data.sets[name]))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(Path(__file__).parent)}
    found = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == digest(small_data)


def test_doses_are_nested_and_balanced(small_data: DataSet) -> None:
    ordered = balanced_order(small_data.sets["train"], seed=3)
    assert len(ordered) == 24
    for size in (4, 8, 16):
        depths = Counter(rows[0].depth for rows in ordered[:size])
        assert depths[2] == depths[3]
    used = Counter(atom for rows in ordered[:8] for atom in rows[0].atoms)
    assert max(used.values()) <= 2
    assert [r[0].behaviour_key for r in balanced_order(small_data.sets["train"], seed=4)] != [
        r[0].behaviour_key for r in ordered
    ]


def test_an_empty_plan_is_an_empty_set() -> None:
    plan = DataPlan(train={}, validation={}, recombined={}, deeper={}, retention={})
    data = build_data(quick_atoms()[:5], (), plan, seed=0)
    assert {name: len(tasks) for name, tasks in data.sets.items() if tasks} == {"atoms": 20}


def test_every_atom_alone_has_tests() -> None:
    atoms = catalogue()
    found = list(lone_functions(atoms, atoms, TestPlan()))
    assert [admitted.graph.calls[0].atom.name for admitted, _ in found] == sorted(atom.name for atom in atoms)
    edges = {"int": 4, "str": 5, "list[int]": 5}
    for admitted, tests in found:
        (first, *others) = admitted.graph.inputs
        if first.name in edges and not others:  # six and nine tests, three quarters of 8 and 12, show no edge
            assert (len(tests.reward), len(tests.held_out)) == (6 + edges[first.name], 9 + edges[first.name])
        assert len(tests.reward) >= 8
        assert len(tests.held_out) >= 12
