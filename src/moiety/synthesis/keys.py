"""Identity of a function: structure key and source key (the behaviour key lives with its bank, in `bank`).

Not a notion of equality for completions: those are judged by what they return.
"""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Mapping

from moiety.atoms.definition import Atom
from moiety.synthesis.graph import Graph


def structure_key(graph: Graph) -> str:
    """Return SHA-256 of the canonical graph: input types, atoms by name, wiring.

    Calls are numbered in the order of a depth-first walk from the output, so that two listings of one graph agree.
    """
    return _digest(graph, lambda atom: atom.name)


def source_key(graph: Graph) -> str:
    """Return SHA-256 of the `helpers` form with canonical names: renaming variables or helpers changes nothing."""
    return _digest(graph, canonical_source)


def _digest(graph: Graph, label: object) -> str:
    assert callable(label)
    order: dict[int, int] = {}
    lines: list[str] = []
    first = len(graph.inputs)

    def visit(value: int) -> str:
        if value < first:
            return f"i{value}"
        if value not in order:
            call = graph.calls[value - first]
            arguments = ",".join(visit(i) for i in call.arguments)
            order[value] = len(order)
            lines.append(f"{label(call.atom)}({arguments})")
        return f"c{order[value]}"

    visit(first + len(graph.calls) - 1)
    header = ",".join(t.annotation for t in graph.inputs)
    return hashlib.sha256("\n".join([header, *lines]).encode()).hexdigest()


@functools.lru_cache(maxsize=4096)
def _canonical_text(source: str) -> str:
    return canonical_code(source)


def canonical_source(atom: Atom) -> str:
    """Return the atom's syntax tree as text, its own names replaced in order of appearance."""
    return _canonical_text(atom.source)


def canonical_code(source: str) -> str:
    """Return the syntax tree of `source` as text, with every name the code itself binds made canonical.

    Docstrings and annotations are left out. Raises SyntaxError.
    """
    return canonical_tree(ast.parse(source))


def canonical_tree(tree: ast.AST, *, fixed: Mapping[str, str] | None = None) -> str:
    """Return a syntax tree as `canonical_code` does. It is changed. Names in `fixed` stand by what they map to."""
    names = _Canonical(_bound_names(tree), fixed or {})
    return ast.dump(names.visit(tree))


def _bound_names(tree: ast.AST) -> set[str]:
    bound: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
    return bound


class _Canonical(ast.NodeTransformer):
    def __init__(self, bound: set[str], fixed: Mapping[str, str]) -> None:
        self._bound = bound | fixed.keys()
        self._fixed = fixed
        self._names: dict[str, str] = {}

    def _name(self, name: str) -> str:
        if name not in self._bound:
            return name
        return self._fixed.get(name) or self._names.setdefault(name, f"v{len(self._names)}")

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self._name(node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(self._name(node.arg))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return ast.Pass()
        return self.visit(ast.Assign([node.target], node.value))  # type: ignore[no-any-return]

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        name = self._name(node.name)
        body = node.body[1:] if ast.get_docstring(node) is not None and len(node.body) > 1 else node.body
        decorators = [self.visit(item) for item in node.decorator_list]
        return ast.FunctionDef(name, self.visit(node.args), [self.visit(item) for item in body], decorators)
