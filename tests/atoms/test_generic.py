"""The generic operations have the atoms' form and words, and none does what an atom of the catalogue does."""

from __future__ import annotations

import ast
import re
from collections import Counter

import pytest

from moiety.atoms import Atom, atom, catalogue, check_atom, quick_atoms
from moiety.atoms.generic import families, generic_operations
from moiety.judge.codec import encode
from moiety.rng import stream
from moiety.types import ValueType, edge_cases, sample, value_type

NUM_PROBES = 300
MAX_BODY_LINES = 5
OPERATIONS = generic_operations()


def root(t: ValueType) -> ValueType:
    """Return the type at the top of the subtypes of `t`."""
    return t if t.parent is None else root(value_type(t.parent))


def type_pair(operation: Atom) -> str:
    return f"{root(operation.inputs[0]).name} -> {root(operation.output).name}"


def behaviour(operation: Atom, t: ValueType) -> tuple[str, bytes]:
    """Return the outputs on a probe bank of `t`, which must be a type the operation takes."""
    rng = stream(0, "generic probes", t.name)
    probes = [*edge_cases(t), *(sample(t, rng) for _ in range(NUM_PROBES))]
    return operation.output.annotation, b"".join(encode(operation.function(x)) for x in probes)


def english_words(operations: tuple[Atom, ...]) -> Counter[str]:
    return Counter(
        word for o in operations for c in o.english for word in re.findall(r"[a-z]+", c.replace("{x}", "").lower())
    )


def body_lines(operation: Atom) -> list[str]:
    return operation.source.splitlines()[1:]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
def test_every_operation_keeps_its_promises(operation: Atom) -> None:
    check_atom(operation, num_samples=60)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
def test_every_operation_has_the_form_of_a_quick_atom(operation: Atom) -> None:
    (function,) = ast.parse(operation.source).body
    assert isinstance(function, ast.FunctionDef)
    (parameter,) = function.args.args
    nodes = list(ast.walk(function))
    assert [n for n in nodes if isinstance(n, ast.Return)] == [function.body[-1]]
    assert not any(isinstance(n, ast.Import | ast.ImportFrom) for n in nodes)
    names = [n for n in nodes if isinstance(n, ast.Name)]
    assert {n.id for n in names if isinstance(n.ctx, ast.Store)}.isdisjoint({parameter.arg, function.name})
    assert parameter.arg == operation.inputs[0].variable
    assert 1 <= len(body_lines(operation)) <= MAX_BODY_LINES
    for clauses in (operation.english, operation.chinese):
        assert len(set(clauses)) >= 4
        assert all(clause.count("{") == clause.count("{x}") >= 1 and "$" not in clause for clause in clauses)


def test_the_number_of_operations_and_their_names() -> None:
    assert 100 <= len(OPERATIONS) <= 160
    names = [o.name for o in OPERATIONS]
    assert len(set(names)) == len(names) == sum(len(f.values) for f in families())
    assert not {a.name for a in catalogue()} & set(names)


def test_no_operation_equals_an_atom_or_another_operation_in_behaviour() -> None:
    seen: dict[tuple[str, tuple[str, bytes]], str] = {}
    for operation in OPERATIONS:
        (t,) = operation.inputs
        twin = seen.setdefault((t.name, behaviour(operation, t)), operation.name)
        assert twin == operation.name
    for target in catalogue():
        if len(target.inputs) > 1:
            continue
        (t,) = target.inputs
        own = behaviour(target, t)
        takers = [o for o in OPERATIONS if o.inputs[0] == root(t)]
        assert [o.name for o in takers if behaviour(o, t) == own] == [], target.name


def test_an_operation_that_repeats_an_atom_would_be_seen() -> None:
    @atom(
        topic="generic",
        english=["turn {x}", "turn {x} round", "read {x} backwards", "take {x} from its end"],
        chinese=["翻转{x}", "颠倒{x}", "倒读{x}", "从末尾取{x}"],
        examples=[(([1, 2],), [2, 1]), (([],), []), (([3],), [3])],
    )
    def turned(xs: list[int]) -> list[int]:
        return list(reversed(xs))

    t = value_type("list[int]")
    assert any(behaviour(a, t) == behaviour(turned, t) for a in quick_atoms() if a.inputs == (t,))


def test_no_clause_is_shared_with_an_atom_or_another_operation() -> None:
    for language in ("english", "chinese"):
        counts = Counter(clause for a in (*catalogue(), *OPERATIONS) for clause in set[str](getattr(a, language)))
        assert [clause for clause, count in counts.items() if count > 1] == []


def test_operations_cover_the_type_pairs_of_the_quick_atoms() -> None:
    generic = Counter(type_pair(o) for o in OPERATIONS)
    for pair, count in Counter(type_pair(a) for a in quick_atoms()).items():
        assert generic[pair] >= count, pair


def test_most_words_of_the_quick_clauses_are_known() -> None:
    known = english_words(OPERATIONS)
    needed = english_words(quick_atoms())
    assert sum(count for word, count in needed.items() if word in known) >= 0.85 * sum(needed.values())


def test_bodies_are_not_much_shorter_than_those_of_the_quick_atoms() -> None:
    ours, theirs = ([len(body_lines(a)) for a in atoms] for atoms in (OPERATIONS, quick_atoms()))
    assert sum(ours) / len(ours) >= 0.75 * sum(theirs) / len(theirs)
