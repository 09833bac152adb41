"""The reference solution of a graph as Python source.

`inline`: the atoms' statements in order, each final `return` turned into an assignment to the next value's variable.
Every atom keeps its own local names, since it initialises them itself; only its parameter is renamed where it must be.
`helpers`: the atoms as functions of their own, and `f` that calls them. Graphs that cannot be put inline (an atom with
several returns or recursion, or wiring other than a chain) fall back to helpers and are labelled so.
"""

from __future__ import annotations

import ast
import functools

from moiety.atoms.definition import Atom
from moiety.synthesis.graph import Graph

ENTRY_POINT = "f"


def signature(graph: Graph) -> str:
    """Return the line `def f(xs: list[int]) -> int:`."""
    arguments = ", ".join(f"{n}: {t.annotation}" for n, t in zip(input_names(graph), graph.inputs, strict=True))
    return f"def {ENTRY_POINT}({arguments}) -> {graph.output.annotation}:"


def input_names(graph: Graph) -> tuple[str, ...]:
    """Return one parameter name per input, numbered from the second of a kind on (`xs`, `xs2`)."""
    names: list[str] = []
    for value_type in graph.inputs:
        count = sum(name.rstrip("0123456789") == value_type.variable for name in names)
        names.append(value_type.variable + (str(count + 1) if count else ""))
    return tuple(names)


def render(graph: Graph, *, rendering: str = "inline") -> tuple[str, str]:
    """Return (source, rendering really used). Raises ValueError for an unknown rendering."""
    if rendering not in ("inline", "helpers"):
        raise ValueError(f"rendering must be inline or helpers, got {rendering!r}")
    if rendering == "inline" and graph.shape == "chain" and all(call.atom.inlinable for call in graph.calls):
        return render_inline(graph), "inline"
    return render_helpers(graph), "helpers"


def render_inline(graph: Graph) -> str:
    """Return the chain as one function of sequential statements."""
    current = input_names(graph)[0]
    lines = [signature(graph)]
    for call in graph.calls:
        target = call.atom.output.variable
        lines += [f"    {line}" for line in inline_statements(call.atom, current, target)]
        current = target
    lines.append(f"    return {current}")
    return "\n".join(lines) + "\n"


@functools.lru_cache(maxsize=16_384)
def inline_statements(atom: Atom, variable: str, target: str) -> tuple[str, ...]:
    """Return the atom's body as lines, with its parameter called `variable` and its result assigned to `target`."""
    (function,) = ast.parse(atom.source).body
    assert isinstance(function, ast.FunctionDef)
    parameter = function.args.args[0].arg
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if parameter != variable:
        body = [_Rename(parameter, variable).visit(statement) for statement in body]
    final = body[-1]
    assert isinstance(final, ast.Return)
    assert final.value is not None
    statements: list[ast.stmt] = list(body[:-1])
    if not (isinstance(final.value, ast.Name) and final.value.id == target):
        statements.append(ast.Assign([ast.Name(target, ast.Store())], final.value))
    module = ast.fix_missing_locations(ast.Module(statements, []))
    return tuple(ast.unparse(module).splitlines())


class _Rename(ast.NodeTransformer):
    def __init__(self, old: str, new: str) -> None:
        self._old, self._new = old, new

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self._new, node.ctx) if node.id == self._old else node


def render_helpers(graph: Graph) -> str:
    """Return the atoms as helper functions, each once, and a function `f` that composes them."""
    helpers = {call.atom.name: call.atom.source.strip() for call in graph.calls}
    names = list(input_names(graph))
    lines = [signature(graph)]
    for step, call in enumerate(graph.calls):
        target = f"{call.atom.output.variable}_{step + 1}"
        arguments = ", ".join(names[i] for i in call.arguments)
        lines.append(f"    {target} = {call.atom.name}({arguments})")
        names.append(target)
    lines.append(f"    return {names[-1]}")
    return "\n\n\n".join([*helpers.values(), "\n".join(lines)]) + "\n"
