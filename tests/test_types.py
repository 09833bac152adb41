"""The value types: membership is strict, subtyping holds on values, samples are typed, JSON loses nothing."""

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moiety.judge.codec import equal
from moiety.types import (
    LANGUAGES,
    NonEmptyInts,
    Rows,
    ValueType,
    all_types,
    bare_noun,
    contains,
    edge_cases,
    edge_values,
    from_json,
    indefinite,
    is_subtype,
    noun,
    restriction,
    sample,
    size,
    stress_cases,
    to_json,
    type_of_annotation,
    value_type,
)

TYPES = pytest.mark.parametrize("t", all_types(), ids=lambda t: t.name)


def draws(t: ValueType, count: int = 300) -> list[Any]:
    rng = random.Random(7)
    return [*edge_cases(t), *stress_cases(t), *(sample(t, rng) for _ in range(count))]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("int", 3, True),
        ("int", True, False),
        ("int", 3.0, False),
        ("nonneg_int", 0, True),
        ("nonneg_int", -1, False),
        ("small_nat", 1000, True),
        ("small_nat", 1001, False),
        ("bool", 1, False),
        ("str", "", True),
        ("nonempty_str", "", False),
        ("list[int]", (), False),
        ("list[int]", [1, 2, 3, True], False),
        ("list[int]", [0] * 99 + ["x"], False),
        ("nonempty list[int]", [], False),
        ("list[str]", ["a", 1], False),
        ("list[bool]", [1], False),
        ("list[list[int]]", [[1], []], True),
        ("list[list[int]]", [[1], [True]], False),
        ("grid", [[1, 2], [3]], False),
        ("grid", [[]], False),
        ("grid", [[1], [2]], True),
    ],
)
def test_membership_looks_at_every_element(name: str, value: object, expected: bool) -> None:
    assert contains(value_type(name), value) is expected


def test_subtyping_is_declared_reflexive_and_transitive() -> None:
    natural, small, integer = value_type("nonneg_int"), value_type("small_nat"), value_type("int")
    assert is_subtype(small, natural)
    assert is_subtype(natural, integer)
    assert is_subtype(small, integer)
    assert not is_subtype(integer, small)
    assert not is_subtype(value_type("bool"), integer)
    assert all(is_subtype(t, t) for t in all_types())


@TYPES
def test_samples_and_edges_are_of_their_type_and_of_its_parents(t: ValueType) -> None:
    wider = [other for other in all_types() if is_subtype(t, other)]
    assert len(edge_cases(t)) >= 2
    for value in draws(t):
        assert all(contains(other, value) for other in wider)


@pytest.mark.parametrize(
    ("name", "alone"),
    [
        ("int", [0, 1, -1]),
        ("nonneg_int", [0, 1]),
        ("small_nat", [0, 1, 1000]),
        ("bool", [False, True]),
        ("str", [""]),
        ("nonempty_str", []),
        ("list[int]", [[]]),
        ("nonempty list[int]", []),
        ("list[list[int]]", [[], [[]]]),
        ("grid", []),
    ],
)
def test_edges_that_one_value_alone_shows(name: str, alone: list[Any]) -> None:
    assert [values[0] for values in edge_values(value_type(name)) if len(values) == 1] == alone


@TYPES
def test_edges_are_of_their_type_and_no_value_shows_two(t: ValueType) -> None:
    edges = edge_values(t)
    assert len(edges) >= 2
    assert all(edges)
    assert all(contains(t, value) for values in edges for value in values)
    texts = [repr(value) for values in edges for value in dict.fromkeys(map(repr, values))]
    assert len(texts) == len(set(texts))


def test_the_edges_of_elements_stand_side_by_side_in_a_list() -> None:
    assert edge_values(value_type("list[int]"))[-1][0] == [0, 1, -1, 5]
    assert edge_values(value_type("nonempty list[str]"))[-1][0] == ["", "a", "aa", "Level", " "]
    edge_values(value_type("list[int]"))[0][0].append(9)
    assert edge_values(value_type("list[int]"))[0] == ([],)


@TYPES
def test_sampling_depends_on_the_stream_only(t: ValueType) -> None:
    first, second = random.Random(11), random.Random(11)
    assert [sample(t, first) for _ in range(50)] == [sample(t, second) for _ in range(50)]


def test_edge_cases_are_fresh_lists() -> None:
    t = value_type("list[list[int]]")
    for rows in edge_cases(t):
        for row in rows:
            row.append(99)
        rows.append([99])
    assert edge_cases(t)[0] == []
    assert edge_cases(t)[1] == [[]]


def test_samples_show_edges_at_the_stated_rate() -> None:
    rng = random.Random(3)
    empty = sum(sample(value_type("list[int]"), rng) == [] for _ in range(2000))
    assert 100 < empty < 600


@pytest.mark.parametrize(
    ("value", "cells"),
    [(0, 1), (-9, 1), (10**18, 3), ("", 0), ("abc", 3), ([], 0), ([1, 2], 2), (["", "ab"], 3), ([[], [1]], 2)],
)
def test_size_counts_cells(value: object, cells: int) -> None:
    assert size(value) == cells


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple),
    max_leaves=12,
)


@given(PLAIN)
def test_json_round_trip_is_exact(value: Any) -> None:
    assert equal(from_json(json.loads(json.dumps(to_json(value)))), value)


def test_json_keeps_what_other_readers_would_lose() -> None:
    assert to_json(2**53 + 1) == {"$int": "0x20000000000001"}
    assert to_json(([1], True)) == {"$tuple": [[1], True]}
    with pytest.raises(TypeError, match="got float"):
        to_json(1.5)
    with pytest.raises(ValueError, match="need a tag"):
        from_json({"$set": []})


@TYPES
def test_every_type_has_words_in_both_languages(t: ValueType) -> None:
    words = [word(t, language) for language in LANGUAGES for word in (noun, indefinite)]
    assert len(set(words)) == 4
    assert words[0].startswith("the ")
    for language in LANGUAGES:
        assert noun(t, language).endswith(bare_noun(t, language))
        assert bool(restriction(t, language)) == (t.parent is not None)
        assert indefinite(t, language, name="xs").replace(" xs", "") == indefinite(t, language)
    with pytest.raises(ValueError, match="got 'fr'"):
        noun(t, "fr")


def test_annotations_name_types() -> None:
    assert type_of_annotation(int).name == "int"
    assert type_of_annotation(list[str]).name == "list[str]"
    assert type_of_annotation(NonEmptyInts).name == "nonempty list[int]"
    assert type_of_annotation(Rows).annotation == "list[list[int]]"
    with pytest.raises(ValueError, match=r"got 'dict\[str, int\]'"):
        type_of_annotation(dict[str, int])


def test_variables_follow_the_annotation() -> None:
    assert (value_type("small_nat").variable, value_type("small_nat").second_variable) == ("n", "m")
    assert (value_type("grid").variable, value_type("nonempty list[int]").second_variable) == ("rows", "ys")
