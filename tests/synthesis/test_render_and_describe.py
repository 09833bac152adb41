"""References compute what their graph computes; instructions name every step."""

from typing import Any

import pytest

from moiety.atoms import atom_named, quick_atoms
from moiety.judge.codec import encode
from moiety.rng import stream
from moiety.splits import task_phrasings
from moiety.synthesis.bank import probe_inputs
from moiety.synthesis.describe import TEMPLATES, describe
from moiety.synthesis.draw import Cell, Space
from moiety.synthesis.graph import Graph, chain, run_graph
from moiety.synthesis.render import render, signature


def compiled(source: str) -> Any:
    """Run trusted source: references are made of our own atoms only."""
    namespace: dict[str, Any] = {}
    exec(compile(source, "<reference>", "exec"), namespace)
    return namespace["f"]


@pytest.mark.parametrize("rendering", ["inline", "helpers"])
@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_references_agree_with_their_graphs(depth: int, rendering: str) -> None:
    space, rng = Space(quick_atoms()), stream(5, "render", depth)
    for _ in range(60):
        graph = space.draw(Cell(depth), rng)
        source, used = render(graph, rendering=rendering)
        assert used == rendering
        function = compiled(source)
        for arguments in probe_inputs(graph.inputs, 6, seed=1, path=("render test",)):
            assert encode(function(*arguments)) == encode(run_graph(graph, arguments)[-1]), source


def test_an_atom_with_several_returns_falls_back_to_helpers() -> None:
    graph = chain([atom_named("is_prime")])
    if graph.calls[0].atom.inlinable:
        pytest.skip("is_prime has one return")
    assert render(graph)[1] == "helpers"


def test_the_parameter_is_renamed_where_it_must_be() -> None:
    source, _ = render(chain([atom_named("digit_total"), atom_named("to_base_three")]))
    assert source.startswith("def f(s: str) -> str:\n")
    assert source.endswith("    return s\n")


def test_unknown_rendering_is_refused() -> None:
    with pytest.raises(ValueError, match="rendering must be"):
        render(chain([atom_named("digits")]), rendering="folded")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("template", range(8))
def test_every_template_names_every_step(template: int, language: str) -> None:
    graph = chain([atom_named("sort_ascending"), atom_named("every_other"), atom_named("contour")])
    text = describe(graph, template=template, wording=(0, 0, 0), language=language)
    assert "{" not in text
    assert "}" not in text
    position = -1
    for call in graph.calls:
        clauses = call.atom.english if language == "en" else call.atom.chinese
        part = max(clauses[0].lower().split("{x}"), key=len).strip()
        found = text.lower().find(part)
        assert found > position, text
        position = found


def test_a_wording_is_needed_for_each_call() -> None:
    with pytest.raises(ValueError, match="one wording per call"):
        describe(chain([atom_named("digits")]), template=0, wording=())


def test_task_phrasings_keep_clear_of_the_held_out_ones() -> None:
    graph: Graph = chain([atom_named("sort_ascending"), atom_named("every_other")])
    found = task_phrasings(graph, 40, seed=0, identity="x")
    assert len(set(found)) == len(found) == 40
    assert {p.template for p in found} <= set(range(len(TEMPLATES["en"]) - 2))
    for phrasing in found:
        for number, call in zip(phrasing.wording, graph.calls, strict=True):
            assert number < len(call.atom.english) - 1


def test_signatures_use_the_types_of_the_graph() -> None:
    assert signature(chain([atom_named("chunk_pairs")])) == "def f(xs: list[int]) -> list[list[int]]:"
