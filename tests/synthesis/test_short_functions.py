"""A function that equals one of size one or two is found, whichever probes the first look uses."""

import pytest

from moiety.atoms import quick_atoms
from moiety.synthesis.bank import Evaluator
from moiety.synthesis.limits import SizeLimitError
from moiety.synthesis.short_functions import ShortFunctions
from moiety.synthesis.shorter import small_graphs
from moiety.types import ValueType, value_type

INTS = value_type("list[int]")


@pytest.mark.parametrize("taken", [INTS, value_type("str"), value_type("nonempty list[int]")])
def test_the_smallest_size_of_every_short_function_is_that_of_a_full_table(taken: ValueType) -> None:
    evaluator, inputs = Evaluator(), (taken,)
    graphs = list(small_graphs(quick_atoms(), inputs))
    table: dict[str, int] = {}
    for graph in graphs:
        try:
            key = evaluator.behaviour(graph).key
        except SizeLimitError:
            continue
        table[key] = min(graph.size, table.get(key, graph.size))
    found = ShortFunctions(graphs, inputs, evaluator)
    asked = 0
    for graph in graphs[:: max(1, len(graphs) // 400)]:
        try:
            output, key = evaluator.outputs(graph), evaluator.behaviour(graph).key
        except SizeLimitError:
            continue
        assert found.smallest_size(graph, output, key) == table[key]
        asked += 1
    assert asked > 100
    assert {1, 2} == set(table.values())


def test_a_behaviour_that_no_short_function_has_is_not_found() -> None:
    evaluator = Evaluator()
    graphs = list(small_graphs(quick_atoms(), (INTS,)))
    output = evaluator.outputs(graphs[0])
    assert ShortFunctions(graphs[1:], (INTS,), evaluator).smallest_size(graphs[0], output, "00" * 32) is None
    assert ShortFunctions([], (INTS,), evaluator).smallest_size(graphs[0], output, "00" * 32) is None
