"""Test inputs: separate, and strong against near-misses."""

from moiety.atoms import atom_named, quick_atoms
from moiety.judge.codec import encode
from moiety.rng import stream
from moiety.synthesis.draw import Cell, Space
from moiety.synthesis.graph import chain, run_graph
from moiety.synthesis.inputs import TestPlan, choose_inputs
from moiety.synthesis.mutate import mutants


def test_reward_and_held_out_inputs_are_different_but_for_the_empty_list_and_right() -> None:
    graph = chain([atom_named("prefix_sums"), atom_named("ascents")])
    tests = choose_inputs(graph, quick_atoms(), TestPlan(), identity="a")
    assert tests is not None
    assert (len(tests.reward), len(tests.held_out)) == (11, 14)  # five edges, and three quarters of 8 and 12
    reward, held_out = ({encode(arguments) for arguments, _ in part} for part in (tests.reward, tests.held_out))
    assert len(reward) == 11
    assert len(held_out) == 14
    assert reward & held_out == {encode(([],))}
    assert all(run_graph(graph, arguments)[-1] == output for arguments, output in (*tests.reward, *tests.held_out))
    assert tests == choose_inputs(graph, quick_atoms(), TestPlan(), identity="a")
    assert tests != choose_inputs(graph, quick_atoms(), TestPlan(), identity="b")


def test_most_unseen_mutants_are_killed() -> None:
    space, rng = Space(quick_atoms()), stream(3, "kills")
    rates = []
    for number in range(40):
        graph = space.draw(Cell(3), rng)
        tests = choose_inputs(graph, quick_atoms(), TestPlan(), identity=str(number))
        if tests is not None and tests.held_out_kill_rate is not None:
            rates.append(tests.held_out_kill_rate)
    assert len(rates) > 25
    assert sum(rates) / len(rates) > 0.9


def test_mutants_are_well_typed_near_misses() -> None:
    graph = chain([atom_named("sort_ascending"), atom_named("every_other")])
    found = mutants(graph, quick_atoms(), rng=stream(0, "mutants"))
    assert found
    assert all(mutant.output.annotation == "list[int]" for mutant in found)
    assert graph not in found
