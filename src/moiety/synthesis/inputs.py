"""Test inputs that tell a function from its near-misses.

Inputs are chosen greedily to kill the mutants (`mutate`) set aside for choosing; the kill rate is measured on the
others. A mutant that agrees on all fresh inputs counts as equivalent and is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from moiety.atoms.definition import Atom
from moiety.rng import derive, stream
from moiety.synthesis.bank import Values, probe_inputs, within_limits
from moiety.synthesis.graph import Graph, run_graph
from moiety.synthesis.mutate import mutants

NUM_CANDIDATES = 40
MIN_DISTINCT = 3
_TOO_LARGE: Final = object()
Column = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class TestInputs:
    """Inputs and expected outputs of reward and held-out tests, and the kill rate of each on unseen mutants.

    A rate is None when no non-equivalent mutant was left to measure it on.
    """

    __test__ = False

    reward: tuple[tuple[Values, Any], ...]
    held_out: tuple[tuple[Values, Any], ...]
    reward_kill_rate: float | None
    held_out_kill_rate: float | None


def choose_inputs(
    graph: Graph, atoms: Sequence[Atom], *, num_reward: int, num_held_out: int, seed: int, identity: str
) -> TestInputs | None:
    """Return reward and held-out tests with no input in common, or None when they cannot be told from a constant.

    Every stream is named by `identity` (a key of the graph), so that a task's tests never depend on its neighbours.
    """
    candidates = probe_inputs(
        graph.inputs, NUM_CANDIDATES + 2 * (num_reward + num_held_out), seed=derive(seed, "inputs"), path=(identity,)
    )
    stream(seed, "inputs", identity, "order").shuffle(candidates)
    runner = _Runner(candidates)
    expected = runner.outputs(graph)
    usable = [i for i, value in enumerate(expected) if value is not None]
    columns = [runner.outputs(m) for m in mutants(graph, atoms, rng=stream(seed, "mutants", identity))]
    killing = [c for c in columns if any(c[i] != expected[i] for i in usable)]
    choosing, measuring = killing[::2], killing[1::2]
    half = len(usable) * num_reward // (num_reward + num_held_out)
    picked = [
        _pick(pool, expected, choosing, count)
        for pool, count in ((usable[:half], num_reward), (usable[half:], num_held_out))
    ]
    few = any(len({expected[i] for i in chosen}) < MIN_DISTINCT for chosen in picked)
    if few and graph.output.annotation != "bool":
        return None
    if len(picked[0]) < num_reward or len(picked[1]) < num_held_out:
        return None
    rates = [_kill_rate(chosen, expected, measuring) for chosen in picked]
    tests = [tuple((candidates[i], run_graph(graph, candidates[i])[-1]) for i in chosen) for chosen in picked]
    return TestInputs(tests[0], tests[1], rates[0], rates[1])


class _Runner:
    """Run a function and its mutants on the same inputs; what they share from the start is computed once."""

    def __init__(self, candidates: Sequence[Values]) -> None:
        self._inputs = list(zip(*candidates, strict=True))
        self._known: dict[tuple[object, ...], tuple[Any, ...]] = {}

    def outputs(self, graph: Graph) -> Column:
        """Return an exact text of each output, None where a value grew over the limit.

        Atoms return plain values of one annotated type, for which equal texts are exact equality.
        """
        columns = list(self._inputs)
        prefix: tuple[object, ...] = ()
        for call in graph.calls:
            prefix = (*prefix, call.atom.name, call.arguments)
            if prefix not in self._known:
                rows = zip(*[columns[i] for i in call.arguments], strict=True)
                self._known[prefix] = tuple(_apply(call.atom.function, row) for row in rows)
            columns.append(self._known[prefix])
        return tuple(None if value is _TOO_LARGE else repr(value) for value in columns[-1])


def _apply(function: Callable[..., Any], arguments: Values) -> Any:
    if any(value is _TOO_LARGE for value in arguments):
        return _TOO_LARGE
    result = function(*arguments)
    return result if within_limits(result) else _TOO_LARGE


def _pick(pool: Sequence[int], expected: Column, columns: Sequence[Column], count: int) -> list[int]:
    """Choose `count` inputs: each kills most mutants still alive; ties go to a new output, then to pool order.

    The last places are kept for new outputs while fewer than three were seen.
    """
    alive = list(columns)
    left = list(pool)
    chosen: list[int] = []
    seen: set[str | None] = set()
    while left and len(chosen) < count:
        scarce = count - len(chosen) <= MIN_DISTINCT - len(seen)
        best = max(
            left,
            key=lambda i: (
                scarce and expected[i] not in seen,
                sum(c[i] != expected[i] for c in alive),
                expected[i] not in seen,
            ),
        )
        chosen.append(best)
        left.remove(best)
        seen.add(expected[best])
        alive = [c for c in alive if c[best] == expected[best]] or list(columns)
    return chosen


def _kill_rate(chosen: Sequence[int], expected: Column, columns: Sequence[Column]) -> float | None:
    if not columns:
        return None
    return sum(any(c[i] != expected[i] for i in chosen) for c in columns) / len(columns)
