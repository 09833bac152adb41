"""Programs without their names: digests of syntax trees that renaming and reordering leave alone, and call signatures.

Foreign source is parsed here, never run: running is the judge's.
"""

from __future__ import annotations

import ast
import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from moiety.synthesis.keys import canonical_tree
from moiety.types import all_types

MIN_NODES = 12
_ANNOTATIONS = {t.annotation for t in all_types()}
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Program:
    """What a source is once names are gone.

    `whole` is the digest of the multiset of its functions and its other statements, `entry` that of the entry point
    with all it calls; either is empty where there is too little code to tell. `inputs` are the annotations of the entry
    point's arguments, or None where they are not of our types.
    """

    parsed: bool = False
    whole: str = ""
    entry: str = ""
    entry_point: str = ""
    inputs: tuple[str, ...] | None = None


def read_program(source: str, *, entry_point: str = "", asserts: Sequence[str] = ()) -> Program:
    """Return what `source` is; nothing of it where it does not parse. Without `entry_point` it is the last function."""
    tree = _parsed(source)
    if tree is None:
        return Program()
    functions = {node.name: node for node in tree.body if isinstance(node, Function)}
    if entry_point not in functions:
        entry_point = _called(asserts, functions) or next(reversed(functions), "")
    inputs = _inputs(functions[entry_point], entry_point, asserts) if entry_point else None
    try:
        return _digests(tree, functions, entry_point, inputs)
    except RecursionError:
        return Program(True, entry_point=entry_point, inputs=inputs)


def _parsed(source: str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _digests(
    tree: ast.Module, functions: dict[str, Function], entry_point: str, inputs: tuple[str, ...] | None
) -> Program:
    digests = _Digests(functions)
    names = {name: digests.of(name) for name in functions}
    rest = [n for n in tree.body if not (isinstance(n, Function | ast.Import | ast.ImportFrom) or _is_docstring(n))]
    others = [canonical_tree(node, fixed=names) for node in rest]
    size = sum(digests.nodes.values()) + len(rest) * MIN_NODES
    whole = _hash("\n".join([*sorted(digests.of(name) for name in functions), *others])) if size >= MIN_NODES else ""
    entry = names[entry_point] if entry_point and digests.reach(entry_point) >= MIN_NODES else ""
    return Program(True, whole, entry, entry_point, inputs)


class _Digests:
    """A digest per function in which the functions it calls stand by their own digests, so that names do not count."""

    def __init__(self, functions: dict[str, Function]) -> None:
        self._functions = functions
        self._found: dict[str, str] = {}
        self._open: list[str] = []
        self._calls = {
            name: {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id in functions and n.id != name}
            for name, node in functions.items()
        }
        self.nodes = {name: sum(1 for _ in ast.walk(node)) for name, node in functions.items()}

    def of(self, name: str) -> str:
        """Return a function's digest; one that it calls in a circle counts by its place in the circle."""
        if name not in self._found:
            self._open.append(name)
            fixed = {
                other: f"circle{self._open.index(other)}" if other in self._open else self.of(other)
                for other in sorted(self._calls[name])
            }
            self._open.pop()
            self._found[name] = "f" + _hash(canonical_tree(self._functions[name], fixed=fixed))
        return self._found[name]

    def reach(self, name: str) -> int:
        """Return the number of nodes of a function and all it calls."""
        seen, ahead = {name}, [name]
        while ahead:
            new = self._calls[ahead.pop()] - seen
            seen |= new
            ahead += new
        return sum(self.nodes[one] for one in seen)


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _is_docstring(node: ast.stmt) -> bool:
    """Tell whether a statement is a lone string: a module's docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _called(asserts: Sequence[str], functions: dict[str, Function]) -> str:
    """Return the function that asserts call first, or nothing."""
    for line in asserts:
        for node in ast.walk(_parsed(line) or ast.Module([], [])):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in functions:
                return node.func.id
    return ""


def _inputs(function: Function, name: str, asserts: Sequence[str]) -> tuple[str, ...] | None:
    """Return the annotations of the arguments, else the types that asserts call it with."""
    arguments = function.args
    given = [*arguments.posonlyargs, *arguments.args]
    if arguments.vararg or arguments.kwarg or arguments.kwonlyargs or not given:
        return None
    said = tuple("" if a.annotation is None else _annotation(a.annotation) for a in given)
    if not any(said):
        said = _asserted(name, asserts)
    return said if len(said) == len(given) and all(word in _ANNOTATIONS for word in said) else None


def _annotation(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ast.unparse(node).replace("typing.", "").replace("List[", "list[")


def _asserted(name: str, asserts: Sequence[str]) -> tuple[str, ...]:
    """Return the one list of types that fits the literal arguments of every call in the asserts."""
    found: list[tuple[str, ...]] = []
    for line in asserts:
        for node in ast.walk(_parsed(line) or ast.Module([], [])):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                found.append(tuple(map(_literal_type, node.args)))
                break
    if not found or len({len(types) for types in found}) != 1:
        return ()
    columns = [set(column) - {"list"} for column in zip(*found, strict=True)]
    return tuple(column.pop() if len(column) == 1 else "" for column in columns)


def _literal_type(node: ast.expr) -> str:
    """Return the annotation of a literal, "list" for an empty list, and nothing for what is of no type of ours."""
    try:
        return _type_of(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return ""


def _type_of(value: object) -> str:
    if not isinstance(value, list):
        return type(value).__name__
    items = {_type_of(item) for item in value} - {"list"}
    if not items:
        return "list[list[int]]" if value else "list"
    return f"list[{items.pop()}]" if len(items) == 1 else ""
