"""Functions of every shape: counted exactly, drawn as asked, rendered to what they compute, and put into words."""

import copy
import pickle
import re
from typing import Any

import pytest

from moiety.atoms import atom_named, catalogue
from moiety.atoms.definition import Atom
from moiety.errors import UserError
from moiety.rng import stream
from moiety.synthesis.bank import probe_inputs
from moiety.synthesis.derived import choice, mapped, pair
from moiety.synthesis.describe import SHAPED, describe, paraphrases
from moiety.synthesis.draw import Cell, Space, plans
from moiety.synthesis.graph import Graph, replaced, run_graph
from moiety.synthesis.mutate import mutants
from moiety.synthesis.render import render
from moiety.synthesis.shorter import removals
from moiety.types import value_type

SMALL = ["is_ascending", "reverse_list", "prefix_sums", "dot_product", "digit_sum", "cyclic_element", "rotate_left"]
CELLS = [
    Cell(2, "map"),
    Cell(3, "map"),
    Cell(1, "conditional"),
    Cell(3, "conditional"),
    Cell(2, "tree"),
    Cell(3, "tree"),
    Cell(2, "tree", 2),
    Cell(3, "tree", 3),
    Cell(3, "conditional+map"),
    Cell(4, "tree+conditional+map", 2),
    Cell(1, "pair"),
    Cell(3, "pair"),
    Cell(3, "tree+pair", 2),
]
SPACE = Space(catalogue())


def named(names: list[str]) -> tuple[Atom, ...]:
    known = {atom.name: atom for atom in catalogue()}
    return tuple(known[name] for name in names if name in known)


def drawn(cell: Cell, number: int) -> Graph:
    return SPACE.draw(cell, stream(11, str(cell), number))


def identity(graph: Graph) -> object:
    return graph.inputs, tuple((call.atom.name, call.arguments) for call in graph.calls)


@pytest.mark.parametrize("cell", [c for c in CELLS if c.depth <= 3], ids=str)
def test_the_count_is_that_of_an_enumeration(cell: Cell) -> None:
    space = Space(named(SMALL))
    graphs = list(space.enumerate(cell))
    assert len(graphs) == space.count(cell) == len({identity(graph) for graph in graphs})


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_a_drawn_function_is_of_its_cell(cell: Cell) -> None:
    for number in range(40):
        graph = drawn(cell, number)
        assert (graph.depth, graph.shape, len(graph.inputs)) == (cell.depth, cell.shape, cell.inputs)


@pytest.mark.parametrize("cell", CELLS, ids=str)
@pytest.mark.parametrize("rendering", ["inline", "helpers"])
def test_the_reference_computes_the_graph(cell: Cell, rendering: str) -> None:
    for number in range(12):
        graph = drawn(cell, number)
        source, _ = render(graph, rendering=rendering)
        namespace: dict[str, Any] = {}
        exec(compile(source, "<reference>", "exec"), namespace)
        for arguments in probe_inputs(graph.inputs, 12, seed=number, path=("shapes",)):
            expected = run_graph(graph, copy.deepcopy(arguments))[-1]
            assert repr(namespace["f"](*copy.deepcopy(arguments))) == repr(expected), source


@pytest.mark.parametrize("cell", CELLS, ids=str)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_template_speaks_of_every_step(cell: Cell, language: str) -> None:
    for template in range(len(SHAPED[language])):
        graph = drawn(cell, template)
        texts = {
            describe(graph, template=template, wording=[0] * len(graph.calls), language=language),
            describe(
                graph, template=template, wording=[len(o) - 1 for o in paraphrases(graph, language)], language=language
            ),
        }
        assert len(texts) == 2
        for text in texts:
            assert not re.search(r"[{}]|\.\.|,,|;;|  |。。|，，|；；", text), text


def test_a_branch_of_a_conditional_is_told_with_its_test() -> None:
    space = Space(named(["is_ascending", "reverse_list"]))
    (graph, *_) = [g for g in space.enumerate(Cell(1, "conditional")) if g.calls[-1].arguments[2] == 0]
    text = describe(graph, template=0, wording=[0, 0, 0])
    assert text.startswith("Given a list of integers, tell whether")
    assert "; if this is true, " in text
    assert text.endswith("otherwise leave the list as it is. Return the result.")


def test_the_inputs_are_named_where_there_are_several() -> None:
    graph = next(g for g in Space(named(["dot_product"])).enumerate(Cell(1, "tree", 2)))
    text = describe(graph, template=0, wording=[0])
    assert "a list xs of integers and a list xs2 of integers" in text
    assert re.search(r"\bxs and xs2\b", text)


def test_sizes_are_kept() -> None:
    sized = Cell(3, "conditional", 1, (3, 4))
    assert plans(sized)
    assert {SPACE.draw(sized, stream(1, n)).size for n in range(60)} <= {3, 4}
    assert SPACE.count(sized) < SPACE.count(Cell(3, "conditional"))


def test_an_unknown_shape_is_refused() -> None:
    with pytest.raises(UserError, match=r"shape 'ring': need tree, conditional, map"):
        plans(Cell(2, "ring"))


def test_an_empty_cell_says_so() -> None:
    with pytest.raises(UserError, match="no types allow a chain of depth 2, 2 inputs"):
        SPACE.draw(Cell(2, "chain", 2), stream(0, "x"))


def test_derived_atoms_survive_pickling() -> None:
    for atom in (
        mapped(atom_named("digit_sum")),
        choice(value_type("int")),
        pair(value_type("int"), value_type("str")),
    ):
        assert atom is not None
        copied = pickle.loads(pickle.dumps(atom))
        assert copied == atom
        assert copied.source == atom.source
    over_lists = mapped(atom_named("digit_sum"))
    assert over_lists is not None
    assert over_lists.function([12, -30]) == [3, 3]


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_leaving_calls_out_drops_what_nothing_uses(cell: Cell) -> None:
    for seed in range(5):
        graph = drawn(cell, seed)
        for value, by in removals(graph):
            shorter = replaced(graph, value, by)
            assert shorter.output.annotation == graph.output.annotation
            assert len(shorter.calls) < len(graph.calls)
            assert Graph(shorter.inputs, shorter.calls) == shorter  # the types fit


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_mutants_differ_and_return_the_same_type(cell: Cell) -> None:
    graph = drawn(cell, 3)
    found = mutants(graph, catalogue(), rng=stream(0, "mutants"))
    assert len(found) >= 12
    for mutant in found:
        assert mutant.output.annotation == graph.output.annotation
        assert identity(mutant) != identity(graph) or mutant.inputs != graph.inputs
    assert [identity(m) for m in found] == [identity(m) for m in mutants(graph, catalogue(), rng=stream(0, "mutants"))]
