"""Atoms written slightly wrong: a constant off by one, a strict comparison for a weak one.

They stand for the off-by-one and edge-case mistakes of a model. Atoms with a `while` have none: a wrong one may never
end. A flaw that shows on no sampled input is left out.
"""

from __future__ import annotations

import ast
import copy
import functools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from moiety.atoms.definition import Atom, compile_source
from moiety.rng import stream
from moiety.types import edge_cases, sample

MAX_FLAWS: Final = 4
NUM_SAMPLES: Final = 40
_OTHER: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}


@functools.lru_cache(maxsize=1024)
def flawed(atom: Atom) -> tuple[Atom, ...]:
    """Return up to MAX_FLAWS wrong forms of an atom, spread over its source, each different on some sampled input."""
    if any(isinstance(node, ast.While) for node in ast.walk(ast.parse(atom.source))):
        return ()
    inputs = _inputs(atom)
    expected = [repr(atom.function(*copy.deepcopy(row))) for row in inputs]
    shown = []
    for name, source in _sources(atom):
        function = compile_source(source, name)
        if any(_outcome(function, row) != right for row, right in zip(inputs, expected, strict=True)):
            shown.append(replace(atom, name=name, source=source, function=function))
    stride = max(1, len(shown) // MAX_FLAWS)
    return tuple(shown[::stride][:MAX_FLAWS])


def _inputs(atom: Atom) -> list[tuple[Any, ...]]:
    rng = stream(0, "flaws", atom.name)
    edges = zip(*[[*edge_cases(t), *edge_cases(t)[:1] * 8] for t in atom.inputs], strict=False)
    return [*list(edges)[:10], *[tuple(sample(t, rng) for t in atom.inputs) for _ in range(NUM_SAMPLES)]]


def _outcome(function: Callable[..., Any], row: tuple[Any, ...]) -> str:
    try:
        return repr(function(*copy.deepcopy(row)))
    except Exception as error:
        return type(error).__name__


def _sources(atom: Atom) -> Iterator[tuple[str, str]]:
    """Yield a name and the source with one place changed, in the order of the tree."""
    for position in range(sum(1 for _ in _places(ast.parse(atom.source)))):
        name = f"{atom.name}_flaw{position}"
        tree = ast.parse(atom.source)
        node, change = list(_places(tree))[position]
        change(node)
        for other in ast.walk(tree):
            if isinstance(other, ast.FunctionDef) and other.name == atom.name:
                other.name = name
            elif isinstance(other, ast.Name) and other.id == atom.name:
                other.id = name
        yield name, ast.unparse(tree) + "\n"


def _places(tree: ast.AST) -> Iterator[tuple[Any, Callable[[Any], None]]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) is int and abs(node.value) <= 100:
            yield node, _increase
        elif isinstance(node, ast.Compare) and type(node.ops[0]) in _OTHER:
            yield node, _compare_otherwise


def _increase(node: ast.Constant) -> None:
    assert isinstance(node.value, int)
    node.value = node.value + 1


def _compare_otherwise(node: ast.Compare) -> None:
    node.ops[0] = _OTHER[type(node.ops[0])]()
