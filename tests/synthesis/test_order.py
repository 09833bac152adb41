"""Orders in which every function of a cell comes once, and any place of which is found by itself."""

import itertools
from collections import Counter

import pytest

from moiety.atoms import catalogue
from moiety.rng import Permutation
from moiety.synthesis.draw import Cell, Space
from moiety.synthesis.graph import Graph
from moiety.synthesis.keys import structure_key
from moiety.synthesis.order import LIST_UP_TO, Order, shuffled

SPACE = Space(catalogue())
SMALL = (Cell(2), Cell(2, "map"), Cell(2, "tree"), Cell(1, "conditional"), Cell(2, "pair"), Cell(2, "tree", 2))


def order_of(cell: Cell, seed: int = 0) -> Order:
    return Order(SPACE, cell, seed=seed, path=("order",))


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 5, 15, 16, 17, 1000, 2047])
def test_a_permutation_gives_every_number_once(size: int) -> None:
    numbers = Permutation(size, 7, "numbers")
    assert sorted(numbers[place] for place in range(size)) == list(range(size))
    with pytest.raises(IndexError, match=f"need 0 <= place < {size}"):
        numbers[size]


def test_permutations_of_neighbouring_seeds_have_nothing_in_common() -> None:
    one, other = ([Permutation(10_000, seed, "numbers")[i] for i in range(10_000)] for seed in (0, 1))
    assert sum(a == b for a, b in zip(one, other, strict=True)) < 10  # 1 is expected
    assert sum(abs(a - b) == 1 for a, b in itertools.pairwise(one)) < 15  # 2 are expected


def test_a_permutation_of_any_size_is_a_matter_of_microseconds() -> None:
    numbers = Permutation(10**30, 0, "numbers")
    found = {numbers[place] for place in range(1000)}
    assert len(found) == 1000
    assert 0.4 < sum(found) / len(found) / 10**30 < 0.6


def identity(graph: Graph) -> tuple[object, ...]:
    return graph.inputs, *((call.atom.name, call.arguments) for call in graph.calls)


@pytest.mark.parametrize("cell", SMALL, ids=str)
def test_an_order_has_every_function_of_its_cell_once(cell: Cell) -> None:
    count = min(SPACE.count(cell), 4000)
    order = order_of(cell)
    found = Counter(identity(order[place]) for place in range(count))
    assert len(found) == count
    if count == SPACE.count(cell):
        assert found == Counter(map(identity, SPACE.enumerate(cell)))
        with pytest.raises(IndexError, match=f"need a place below {count}"):
            order[count]


def test_sizes_take_turns_while_they_last() -> None:
    cell = Cell(3, "conditional")
    few, *others = SPACE.sizes(cell)
    assert few < min(others)
    drawn = [order_of(cell)[place].size for place in range(300)]
    sizes = sorted(set(drawn))
    assert drawn == sizes * (300 // len(sizes))
    last = order_of(cell)
    after = {last[few * len(sizes) + place].size for place in range(50)}
    assert after == set(sizes) - {sizes[0]}


def test_seeds_give_other_orders_and_the_same_seed_the_same() -> None:
    first = [[structure_key(order_of(Cell(4), seed)[place]) for place in range(200)] for seed in (0, 0, 1)]
    assert first[0] == first[1]
    assert len(set(first[0]) & set(first[2])) < 5


def test_a_function_is_found_by_its_rank() -> None:
    cell = Cell(2, "tree")
    by_size: dict[int, list[Graph]] = {}
    for graph in SPACE.enumerate(cell):
        by_size.setdefault(graph.size, []).append(graph)
    assert SPACE.sizes(cell) == [len(by_size[size]) for size in sorted(by_size)]
    for number, size in enumerate(sorted(by_size)):
        assert [SPACE.nth(cell, number, rank) for rank in range(len(by_size[size]))] == by_size[size]


@pytest.mark.parametrize("cell", [Cell(2), Cell(4)], ids=str)
def test_shuffled_cells_repeat_nothing(cell: Cell) -> None:
    graphs = shuffled(SPACE, cell, seed=0, path=("order",))
    found = [identity(graph) for graph in itertools.islice(graphs, LIST_UP_TO)]
    assert len(set(found)) == len(found) == min(LIST_UP_TO, SPACE.count(cell))
