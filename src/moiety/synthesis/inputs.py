"""Test inputs that tell a function from its near-misses.

Inputs are chosen greedily to kill the mutants (`mutate`) set aside for choosing; the kill rate is measured on the
others. A mutant that agrees on all fresh inputs counts as equivalent and is left out.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from moiety.atoms.definition import Atom
from moiety.rng import derive, stream
from moiety.synthesis.bank import Values, probe_inputs, within_limits
from moiety.synthesis.graph import Graph, run_graph
from moiety.synthesis.mutate import mutants
from moiety.types import ValueType

NUM_CANDIDATES = 40
NUM_FRESH = 1000
CAPACITY = 1000  # remembered columns of a runner; a full table is dropped whole, which changes no result
FRESH_AT_ONCE = 100
MIN_DISTINCT = 3
Column = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TestInputs:
    """Inputs and expected outputs of reward and held-out tests, and the kill rate of each on unseen mutants.

    A rate is None when no mutant was left to measure it on; mutants that agree on all fresh inputs are `equivalents`.
    """

    __test__ = False

    reward: tuple[tuple[Values, Any], ...]
    held_out: tuple[tuple[Values, Any], ...]
    reward_kill_rate: float | None
    held_out_kill_rate: float | None
    equivalents: int = 0


def choose_inputs(
    graph: Graph, atoms: Sequence[Atom], *, num_reward: int, num_held_out: int, seed: int, identity: str
) -> TestInputs | None:
    """Return reward and held-out tests with no input in common, or None when they cannot be told from a constant.

    Every stream is named by `identity` (a key of the graph), so that a task's tests never depend on its neighbours.
    """
    candidates = probe_inputs(
        graph.inputs, NUM_CANDIDATES + num_reward + num_held_out, seed=derive(seed, "inputs"), path=(identity,)
    )
    stream(seed, "inputs", identity, "order").shuffle(candidates)
    runner = Runner(candidates)
    expected = runner.outputs(graph)
    usable = [i for i, value in enumerate(expected) if value is not TOO_LARGE]
    found = mutants(graph, atoms, rng=stream(seed, "mutants", identity))
    choosing, measuring = found[::2], found[1::2]
    columns = [column for m in choosing if (column := runner.outputs(m)) != expected]
    half = len(usable) * num_reward // (num_reward + num_held_out)
    picked = [
        _pick(pool, expected, columns, count)
        for pool, count in ((usable[:half], num_reward), (usable[half:], num_held_out))
    ]
    few = any(len({expected[i] for i in chosen}) < MIN_DISTINCT for chosen in picked)
    if few and graph.output.annotation != "bool":
        return None
    if len(picked[0]) < num_reward or len(picked[1]) < num_held_out:
        return None
    kills = [_killed_by(mutant, runner, expected, picked) for mutant in measuring]
    fresh = fresh_inputs(graph.inputs)
    real = [k for mutant, k in zip(measuring, kills, strict=True) if any(k) or fresh.tell(graph, mutant)]
    rates = [sum(k[side] for k in real) / len(real) if real else None for side in (0, 1)]
    tests = [tuple((candidates[i], run_graph(graph, candidates[i])[-1]) for i in chosen) for chosen in picked]
    return TestInputs(tests[0], tests[1], rates[0], rates[1], len(measuring) - len(real))


class Runner:
    """Run functions on the same inputs; what they share from the start is computed once."""

    def __init__(self, candidates: Sequence[Values]) -> None:
        self._rows = candidates
        self._inputs = list(zip(*candidates, strict=True))
        self._known: dict[tuple[object, ...], tuple[Any, ...]] = {}
        self._texts: dict[tuple[object, ...], Column] = {}

    def outputs(self, graph: Graph) -> Column:
        """Return an exact text of each output; a value that grew over the limit, or an error, has one of its own.

        Atoms return plain values, for which equal texts are exact equality.
        """
        whole = tuple(part for call in graph.calls for part in (call.atom.name, call.arguments))
        if whole in self._texts:
            return self._texts[whole]
        columns = list(self._inputs)
        prefix: tuple[object, ...] = ()
        for call in graph.calls:
            prefix = (*prefix, call.atom.name, call.arguments)
            if prefix not in self._known:
                if len(self._known) >= CAPACITY:
                    self._known.clear()
                    self._texts.clear()
                rows = zip(*[columns[i] for i in call.arguments], strict=True)
                self._known[prefix] = tuple(_apply(call.atom.function, row) for row in rows)
            columns.append(self._known[prefix])
        self._texts[whole] = tuple(map(_text, columns[-1]))
        return self._texts[whole]

    def output(self, graph: Graph, place: int) -> str:
        """Return the text of the output on one input alone."""
        values = list(self._rows[place])
        for call in graph.calls:
            values.append(_apply(call.atom.function, tuple(values[i] for i in call.arguments)))
        return _text(values[-1])


class _Failure(str):
    """What stands for the value of a call that failed: its text differs from that of every value."""


TOO_LARGE: Final = _Failure("too large")
RAISED: Final = _Failure("raised")


def _text(value: Any) -> str:
    return value if isinstance(value, _Failure) else repr(value)


def _apply(function: Callable[..., Any], arguments: Values) -> Any:
    """Return a call's value, or what stands for it. Flawed atoms may raise; atoms never do."""
    for value in arguments:
        if isinstance(value, _Failure):
            return value
    try:
        result = function(*arguments)
    except Exception:
        return RAISED
    return result if within_limits(result) else TOO_LARGE


def _killed_by(mutant: Graph, runner: Runner, expected: Column, picked: Sequence[Sequence[int]]) -> tuple[bool, bool]:
    """Tell whether reward tests and held-out tests tell a mutant from the function."""
    reward, held_out = (any(runner.output(mutant, i) != expected[i] for i in chosen) for chosen in picked)
    return reward, held_out


class Fresh:
    """Fresh inputs of a signature, outside bank and tests, on which a mutant that no test tells may still differ."""

    def __init__(self, inputs: tuple[ValueType, ...]) -> None:
        self._inputs = inputs
        self._chunks: list[Runner] = []

    def tell(self, graph: Graph, mutant: Graph) -> bool:
        """Tell whether the two differ on one of NUM_FRESH inputs; if not, they count as equivalent."""
        for number in range(NUM_FRESH // FRESH_AT_ONCE):
            if number == len(self._chunks):
                self._chunks.append(Runner(probe_inputs(self._inputs, FRESH_AT_ONCE, seed=0, path=("fresh", number))))
            runner = self._chunks[number]
            if runner.outputs(mutant) != runner.outputs(graph):
                return True
        return False


@functools.lru_cache(maxsize=256)
def fresh_inputs(inputs: tuple[ValueType, ...]) -> Fresh:
    """Return the fresh inputs of a signature, shared by all functions that have it."""
    return Fresh(inputs)


def _pick(pool: Sequence[int], expected: Column, columns: Sequence[Column], count: int) -> list[int]:
    """Choose `count` inputs: each kills most mutants still alive; ties go to a new output, then to pool order.

    The last places are kept for new outputs while fewer than three were seen.
    """
    alive = list(columns)
    left = list(pool)
    chosen: list[int] = []
    seen: set[str] = set()
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
