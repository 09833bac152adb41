"""Near-misses run from where they differ give what the whole of them gives."""

import pickle
from collections.abc import Sequence
from typing import Any

import pytest

from moiety.atoms import atom_named, catalogue
from moiety.rng import stream
from moiety.synthesis.bank import Evaluator, Values
from moiety.synthesis.draw import Cell, Space
from moiety.synthesis.duel import Duel
from moiety.synthesis.graph import Graph, chain, replaced, run_graph
from moiety.synthesis.limits import within_limits
from moiety.synthesis.mutate import left_out, mutants
from moiety.synthesis.pools import Pool, pool_of
from moiety.synthesis.store import Store

CELLS = [Cell(4, "chain"), Cell(3, "map"), Cell(3, "tree"), Cell(3, "conditional"), Cell(3, "tree", 2)]
SPACE = Space(catalogue())


def outcome(graph: Graph, arguments: Values) -> str | None:
    try:
        values = run_graph(graph, arguments)
    except Exception:
        return None  # a flawed atom raised, maybe in a branch that is not taken
    return repr(values[-1]) if all(map(within_limits, values)) else None


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_an_input_tells_what_running_both_wholly_tells(cell: Cell) -> None:
    for seed in range(4):
        graph = SPACE.draw(cell, stream(seed, "duel"))
        pool = pool_of(graph.inputs, 60, 0)
        duel = Duel(graph, pool, Store())
        others = [(mutant, duel.near_miss(mutant)) for mutant in mutants(graph, catalogue(), rng=stream(seed, "m"))]
        others += [(replaced(graph, value, by), duel.without(value, by)) for value, by in left_out(graph)]
        rights = [outcome(graph, arguments) for arguments in pool.rows]
        told = 0
        for other, near_miss in others:
            for place, (arguments, right) in enumerate(zip(pool.rows, rights, strict=True)):
                wrong = outcome(other, arguments)
                if right is not None and wrong is not None:
                    assert duel.tells(place, near_miss) == (wrong != right)
                    told += wrong != right
        assert told > len(others)


@pytest.mark.parametrize(
    ("names", "made"), [(("alternating_sum", "binary_digits"), 0), (("ascents", "prefix_sums"), [])]
)
def test_a_call_is_tested_on_zero_and_the_empty_list_where_an_input_leads_there(
    names: Sequence[str], made: Any
) -> None:
    graph = chain([atom_named(name) for name in names])
    rows = tuple([([n, 2 * n + 1],) for n in range(39)] + [([6, 6],)])
    duel = Duel(graph, Pool(graph.inputs, rows, (), range(40)), Store())
    for places, expected in ((range(40), [39]), (range(39), [])):
        chosen = duel.pick(places, [], 4)
        assert len(chosen) == 4
        assert [place for place in chosen if run_graph(graph, rows[place])[1] == made] == expected


def test_an_edge_on_which_a_value_grows_over_the_limits_is_passed_over() -> None:
    graph = chain([atom_named("sieve_primes"), *[atom_named("prefix_sums")] * 12])
    duel = Duel(graph, pool_of(graph.inputs, 60, 0), Store())
    for side in duel.edges(stream(0, "edges")):
        assert {(0,), (1,)} < {duel.pool.rows[place] for place in side}
        assert (1000,) not in {duel.pool.rows[place] for place in side}


def test_what_a_process_remembers_does_not_travel() -> None:
    evaluator = Evaluator()
    evaluator.behaviour(SPACE.draw(CELLS[0], stream(0, "travels")))
    assert len(pickle.dumps(evaluator)) < 500
    assert pickle.loads(pickle.dumps(evaluator)).store is evaluator.store
    assert pickle.loads(pickle.dumps(Store())).values == Store().values
