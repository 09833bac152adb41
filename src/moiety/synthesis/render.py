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
from moiety.synthesis.derived import WIRING, Choice, Mapped, Pair
from moiety.synthesis.graph import Graph, input_names

ENTRY_POINT = "f"


def signature(graph: Graph) -> str:
    """Return the line `def f(xs: list[int]) -> int:`."""
    arguments = ", ".join(f"{n}: {t.annotation}" for n, t in zip(input_names(graph), graph.inputs, strict=True))
    return f"def {ENTRY_POINT}({arguments}) -> {graph.output.annotation}:"


def render(graph: Graph, *, rendering: str = "inline") -> tuple[str, str]:
    """Return (source, rendering really used). Raises ValueError for an unknown rendering."""
    if rendering not in ("inline", "helpers"):
        raise ValueError(f"rendering must be inline or helpers, got {rendering!r}")
    if rendering == "inline" and all(call.atom.inlinable for call in graph.calls):
        return render_inline(graph) if graph.shape == "chain" else Inliner(graph).source(), "inline"
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


class Inliner:
    """Write a graph of any shape as one function: every value and every atom's local has a name of its own."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._first = len(graph.inputs)
        self._names = list(input_names(graph))
        self._used = set(self._names)
        for call in graph.calls:
            self._names.append(self._fresh(call.atom.output.variable))

    def source(self) -> str:
        """Return the function."""
        lines = [signature(self._graph)]
        for segment in self._graph.segments:
            lines += [f"    {line}" for line in self._step(segment)]
        lines.append(f"    return {self._names[-1]}")
        return "\n".join(lines) + "\n"

    def _fresh(self, wanted: str) -> str:
        name, count = wanted, 1
        while name in self._used:
            count += 1
            name = f"{wanted}{count}"
        self._used.add(name)
        return name

    def _step(self, segment: range) -> list[str]:
        final = segment[-1]
        call = self._graph.calls[final]
        if not isinstance(call.atom, Choice):
            return [line for position in segment for line in self._call(position)]
        test, *values = call.arguments
        target = self._names[self._first + final]
        lines = [*self._call(test - self._first), f"if {self._names[test]}:"]
        for word, value in zip(("", "else:"), values, strict=True):
            lines += [word] if word else []
            inside = value - self._first in segment
            body = self._call(value - self._first, target) if inside else [f"{target} = {self._names[value]}"]
            lines += [f"    {line}" for line in body]
        return lines

    def _call(self, position: int, target: str = "") -> list[str]:
        call = self._graph.calls[position]
        target = target or self._names[self._first + position]
        arguments = [self._names[i] for i in call.arguments]
        if not isinstance(call.atom, Mapped):
            return self._statements(call.atom, arguments, target)
        element = call.atom.element
        item = self._fresh(element.inputs[0].variable)
        value = self._fresh(element.output.variable)
        *body, last = self._statements(element, [item], value)
        expression = last.removeprefix(f"{value} = ")
        if not body and expression != last:
            return [f"{target} = [{expression} for {item} in {arguments[0]}]"]
        inside = [f"    {line}" for line in (*body, last, f"{target}.append({value})")]
        return [f"{target} = []", f"for {item} in {arguments[0]}:", *inside]

    def _statements(self, atom: Atom, arguments: list[str], target: str) -> list[str]:
        """Return an atom's body as lines, parameters and locals renamed, its result assigned to `target`."""
        locals_ = tuple([self._fresh(name) for name in _locals(atom)])
        return list(_renamed(atom, tuple(arguments), locals_, target))


@functools.lru_cache(maxsize=1024)
def _locals(atom: Atom) -> tuple[str, ...]:
    """Return the names that an atom's body binds besides its parameters, in the order of a walk over its tree."""
    (function,) = ast.parse(atom.source).body
    assert isinstance(function, ast.FunctionDef)
    parameters = {a.arg for a in function.args.args}
    stored = (n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    return tuple(dict.fromkeys(name for name in stored if name not in parameters))


@functools.lru_cache(maxsize=32_768)
def _renamed(atom: Atom, arguments: tuple[str, ...], locals_: tuple[str, ...], target: str) -> tuple[str, ...]:
    (function,) = ast.parse(atom.source).body
    assert isinstance(function, ast.FunctionDef)
    names = dict(zip((a.arg for a in function.args.args), arguments, strict=True))
    names |= zip(_locals(atom), locals_, strict=True)
    *body, final = (_RenameAll(names).visit(statement) for statement in function.body)
    assert isinstance(final, ast.Return)
    assert final.value is not None
    statements = [*body, ast.Assign([ast.Name(target, ast.Store())], final.value)]
    return tuple(ast.unparse(ast.fix_missing_locations(ast.Module(statements, []))).splitlines())


class _RenameAll(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self._names.get(node.id, node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(self._names.get(node.arg, node.arg))


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
    return f"{definitions(graph)}\n\n\n{composed(graph)}"


def definitions(graph: Graph) -> str:
    """Return the atoms as functions, each once, in the order of their calls."""
    atoms = (call.atom.element if isinstance(call.atom, Mapped) else call.atom for call in graph.calls)
    return "\n\n\n".join({atom.name: atom.source.strip() for atom in atoms if not isinstance(atom, WIRING)}.values())


def composed(graph: Graph) -> str:
    """Return the function `f` that calls the atoms."""
    names = list(input_names(graph))
    first = len(names)
    names += [f"{call.atom.output.variable}_{step + 1}" for step, call in enumerate(graph.calls)]
    lines = [signature(graph)]

    def called(position: int) -> str:
        call = graph.calls[position]
        if isinstance(call.atom, Mapped):
            return f"[{call.atom.element.name}(item) for item in {names[call.arguments[0]]}]"
        name = "" if isinstance(call.atom, Pair) else call.atom.name
        return f"{name}({', '.join(names[i] for i in call.arguments)})"

    for segment in graph.segments:
        final = graph.calls[segment[-1]]
        if not isinstance(final.atom, Choice):
            lines += [f"    {names[first + position]} = {called(position)}" for position in segment]
            continue
        test, *values = final.arguments
        sides = [called(v - first) if v - first in segment else names[v] for v in values]
        target = names[first + segment[-1]]
        lines.append(f"    {target} = {sides[0]} if {called(test - first)} else {sides[1]}")
    lines.append(f"    return {names[-1]}")
    return "\n".join(lines) + "\n"
