"""Graphs: typing, depth and shape, running and re-running."""

import pytest

from moiety.atoms import atom_named
from moiety.synthesis.graph import Call, Graph, chain, is_replaceable, replaced, run_graph, typed_chain


def named(*names: str) -> Graph:
    return chain([atom_named(name) for name in names])


def test_a_chain_knows_its_axes() -> None:
    graph = named("sort_ascending", "every_other", "alternating_sum")
    assert (graph.depth, graph.size, graph.shape) == (3, 3, "chain")
    assert graph.atoms == ("sort_ascending", "every_other", "alternating_sum")
    assert graph.output.annotation == "int"


def test_a_join_is_a_tree() -> None:
    ints = atom_named("sort_ascending").inputs[0]
    join = atom_named("elementwise_sum")
    graph = Graph((ints,), (Call(atom_named("reverse_list"), (0,)), Call(join, (0, 1))))
    assert (graph.depth, graph.size, graph.shape) == (2, 2, "tree")
    assert run_graph(graph, [[1, 2, 3]])[-1] == [4, 4, 4]


def test_values_are_kept_in_order() -> None:
    assert run_graph(named("sort_ascending", "every_other"), [[3, 1, 2]]) == [[3, 1, 2], [1, 2, 3], [1, 3]]


@pytest.mark.parametrize("names", [("digit_sum", "sort_ascending"), ("drop_vowels", "triple_minus_one")])
def test_types_must_fit(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="must be an earlier value"):
        named(*names)


def test_a_subtype_fits_and_a_supertype_does_not() -> None:
    divisors = atom_named("divisors")
    assert typed_chain([atom_named("digital_root"), divisors], atom_named("digital_root").inputs) is not None
    assert typed_chain([atom_named("triple_minus_one"), divisors], divisors.inputs) is None


def test_an_earlier_value_stands_for_a_later_one_where_it_fits() -> None:
    graph = named("sort_ascending", "every_other", "alternating_sum")
    assert is_replaceable(graph, 2, 0)
    assert replaced(graph, 2, 0).atoms == ("alternating_sum",)
    assert not is_replaceable(graph, 3, 0)  # nothing would be left
    assert not is_replaceable(graph, 3, 2)  # a list is no integer


def test_a_family_forgets_the_atoms() -> None:
    assert named("sort_ascending", "every_other").family == named("reverse_list", "prefix_sums").family
    assert named("sort_ascending").family != named("alternating_sum").family
