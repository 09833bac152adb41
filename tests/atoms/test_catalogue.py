"""The hundred atoms: their number, wording and examples, and the promises every one of them keeps."""

import ast
import random
from collections import Counter
from itertools import combinations

import pytest

from moiety.atoms import Atom, atom_named, catalogue, check_atom, quick_atoms
from moiety.errors import UserError
from moiety.judge.codec import encode
from moiety.types import contains, edge_cases, sample

EVERY = pytest.mark.parametrize("atom", catalogue(), ids=lambda a: a.name)
QUICK = pytest.mark.parametrize("atom", quick_atoms(), ids=lambda a: a.name)

FLOWING = {"int", "nonneg_int", "small_nat", "str", "nonempty_str", "list[int]", "nonempty list[int]", "list[str]"}
FLOWING |= {"nonempty list[str]", "list[list[int]]"}
LONGEST_CLAUSE = {"english": 24, "chinese": 60}


def test_ten_topics_of_ten() -> None:
    assert set(Counter(a.topic for a in catalogue()).values()) == {10}
    assert len(catalogue()) == 100
    assert len({a.name for a in catalogue()}) == 100


def test_names_lead_to_atoms() -> None:
    assert atom_named("gray_code") in catalogue()
    with pytest.raises(UserError, match="no atom is called 'grey_code'; did you mean 'gray_code'"):
        atom_named("grey_code")


@EVERY
def test_total_typed_pure_deterministic(atom: Atom) -> None:
    check_atom(atom, seed=1, num_samples=300)


@pytest.mark.full
@EVERY
def test_total_typed_pure_deterministic_at_length(atom: Atom) -> None:
    check_atom(atom, seed=2, num_samples=10_000)


@EVERY
def test_examples_hold(atom: Atom) -> None:
    assert len(atom.examples) >= 3
    for arguments, output in atom.examples:
        assert encode(atom(*arguments)) == encode(output)


@EVERY
def test_clauses_read_as_parts_of_a_sentence(atom: Atom) -> None:
    for clause in atom.english:
        assert clause[0].islower()
        assert not clause.endswith((".", "!", ";"))
        assert clause.isascii()
        assert len(clause.split()) <= LONGEST_CLAUSE["english"]
    for clause in atom.chinese:
        assert not clause.endswith(("。", "；"))
        assert len(clause) <= LONGEST_CLAUSE["chinese"]
    for clause in (*atom.english, *atom.chinese):
        assert "{x}" in clause
        assert ("{y}" in clause) == (len(atom.inputs) == 2)
        assert clause == clause.strip()


def test_clauses_are_unique_across_atoms() -> None:
    """One wording, one behaviour: types tell "reverse the list" from "reverse the string" only when the noun does."""
    clauses = Counter((clause, atom.inputs[0].annotation) for atom in catalogue() for clause in atom.english)
    clauses += Counter((clause, atom.inputs[0].annotation) for atom in catalogue() for clause in atom.chinese)
    assert [clause for clause, count in clauses.items() if count > 1] == []
    bare = Counter(clause for atom in catalogue() for clause in (*atom.english, *atom.chinese))
    assert [clause for clause, count in bare.items() if count > 1] == []


@EVERY
def test_parameters_have_the_usual_names(atom: Atom) -> None:
    (function,) = ast.parse(atom.source).body
    assert isinstance(function, ast.FunctionDef)
    assert function.name == atom.name
    names = [a.arg for a in function.args.args]
    wanted = [atom.inputs[0].variable]
    for t in atom.inputs[1:]:
        wanted.append(t.second_variable if t.variable == wanted[0] else t.variable)
    assert names == wanted


@EVERY
def test_bodies_are_short_and_plain(atom: Atom) -> None:
    lines = atom.source.splitlines()
    assert lines[0].startswith(f"def {atom.name}(")
    assert 2 <= len(lines) <= 13
    assert all(len(line) <= 100 and line.strip() for line in lines)
    assert "#" not in atom.source
    assert "import" not in atom.source or not atom.quick


def test_the_quick_subset() -> None:
    assert len(quick_atoms()) == 50
    lines = [a.source.count("\n") - 1 for a in quick_atoms()]
    assert 2.5 < sum(lines) / len(lines) < 4.5
    assert max(lines) <= 5
    assert {a.topic for a in quick_atoms()} == {a.topic for a in catalogue()}


@QUICK
def test_quick_atoms_can_stand_inline(atom: Atom) -> None:
    """One input, one final return, a parameter that nothing rebinds (`inlinable`), types that flow on."""
    assert atom.inlinable
    assert len(atom.inputs) == 1
    assert {atom.inputs[0].name, atom.output.name} <= FLOWING
    (function,) = ast.parse(atom.source).body
    assert isinstance(function, ast.FunctionDef)
    returns = [node for node in ast.walk(function) if isinstance(node, ast.Return)]
    assert returns == [function.body[-1]]


def test_no_two_atoms_agree_on_shared_probes() -> None:
    rng = random.Random(5)
    for a, b in combinations(catalogue(), 2):
        signatures = [([t.annotation for t in atom.inputs], atom.output.annotation) for atom in (a, b)]
        if signatures[0] != signatures[1]:
            continue
        probes = [tuple(sample(t, rng) for t in atom.inputs) for atom in (a, b) for _ in range(60)]
        if len(a.inputs) == 1:
            probes += [(value,) for value in edge_cases(a.inputs[0])]
        types = [*zip(a.inputs, b.inputs, strict=True)]
        shared = [p for p in probes if all(contains(t, v) for ts, v in zip(types, p, strict=True) for t in ts)]
        assert len(shared) >= 30
        assert any(encode(a(*p)) != encode(b(*p)) for p in shared), f"{a.name} and {b.name} agree on every probe"


@EVERY
def test_no_atom_is_constant_or_the_identity(atom: Atom) -> None:
    rng = random.Random(6)
    probes = [tuple(sample(t, rng) for t in atom.inputs) for _ in range(200)]
    outputs = {encode(atom(*p)) for p in probes}
    assert len(outputs) >= (2 if atom.output.name == "bool" else 3)
    assert any(encode(atom(*p)) != encode(p[0]) for p in probes)


@EVERY
def test_boolean_atoms_take_both_branches(atom: Atom) -> None:
    if atom.output.name != "bool":
        return
    rng = random.Random(8)
    truths = [atom(*(sample(t, rng) for t in atom.inputs)) for _ in range(1000)]
    assert 100 < sum(truths) < 900
