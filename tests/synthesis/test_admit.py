"""Admission refuses what teaches nothing, with the cause."""

import dataclasses

import pytest

from moiety.atoms import atom_named, catalogue, quick_atoms
from moiety.atoms.definition import Atom
from moiety.synthesis.admit import Admission, Admitted, Rejection
from moiety.synthesis.derived import pair
from moiety.synthesis.graph import Call, Graph, chain


@pytest.fixture(scope="module")
def admission() -> Admission:
    return Admission(quick_atoms())


@pytest.mark.parametrize(
    ("names", "cause"),
    [
        (("reverse_list", "reverse_list"), Rejection.IDENTITY),
        (("sort_ascending", "sort_ascending"), Rejection.SHORTER),
        (("reverse_list", "sort_ascending"), Rejection.SHORTER),
        (("mirror_alphabet", "drop_vowels", "mirror_alphabet", "mirror_alphabet"), Rejection.SHORTER),
        (("unique_in_order", "longest_equal_run"), Rejection.CONSTANT),
        (("prefix_sums",) * 4 + ("position_weighted_sum",), None),
    ],
)
def test_causes(admission: Admission, names: tuple[str, ...], cause: Rejection | None) -> None:
    decision = admission.decide(chain([atom_named(name) for name in names]))
    assert decision is cause if cause else isinstance(decision, Admitted)


@pytest.mark.parametrize(
    ("head", "first", "second", "cause"),
    [
        ("prefix_sums", "sort_ascending", "reverse_list", None),
        ("sort_ascending", "sort_ascending", "reverse_list", Rejection.SHORTER),  # the first branch changes nothing
        ("reverse_list", "sort_ascending", "selection_sort", Rejection.SHORTER),  # the same value twice
        ("reverse_list", "sort_ascending", "reverse_list", Rejection.SHORTER),  # a single call and the input itself
        ("sort_ascending", "longest_equal_run", "reverse_list", None),
    ],
)
def test_pairs(head: str, first: str, second: str, cause: Rejection | None) -> None:
    def atom(name: str) -> Atom:
        if name != "selection_sort":
            return atom_named(name)
        same = atom_named("sort_ascending")  # another atom that does the same
        return dataclasses.replace(same, name=name, source=same.source.replace(same.name, name))

    inputs = atom(head).inputs
    calls = [Call(atom(head), (0,)), Call(atom(first), (1,)), Call(atom(second), (1,))]
    graph = Graph(inputs, (*calls, Call(pair(calls[1].atom.output, calls[2].atom.output), (2, 3))))
    assert (graph.shape, graph.depth, graph.size) == ("pair", 2, 3)
    decision = Admission(catalogue()).decide(graph)
    assert decision is cause if cause else isinstance(decision, Admitted)


def test_values_that_grow_without_bound_are_refused(admission: Admission) -> None:
    assert admission.decide(chain([atom_named("triple_minus_one")] * 60)) is Rejection.SIZE


def test_a_bool_must_take_both_values_often() -> None:
    admission = Admission((*quick_atoms(), atom_named("has_repeats")))
    assert admission.decide(chain([atom_named("unique_in_order"), atom_named("has_repeats")])) is Rejection.CONSTANT


def test_a_decision_does_not_depend_on_earlier_ones() -> None:
    graphs = [chain([atom_named(name), atom_named("every_other")]) for name in ("rotate_left", "sort_ascending")]
    forward, backward = Admission(quick_atoms()), Admission(quick_atoms())
    first = [forward.decide(graph) for graph in graphs]
    second = [backward.decide(graph) for graph in reversed(graphs)][::-1]
    keys = [[d.behaviour.key if isinstance(d, Admitted) else d for d in decisions] for decisions in (first, second)]
    assert keys[0] == keys[1]
