"""Programs without their names: digests of syntax trees that renaming and reordering leave alone, and call signatures.

Foreign source is parsed here, never run: running is the judge's.
"""

from __future__ import annotations

import ast
import hashlib
import warnings
from collections import Counter
from collections.abc import Container, Mapping, Sequence
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
    with all it calls; either is empty where there is too little code to tell. `shapes` are cheap keys of both, equal
    where they are. `inputs` are the annotations of the entry point's arguments, None where one is not of our types.
    """

    parsed: bool = False
    whole: str = ""
    entry: str = ""
    shapes: tuple[str, ...] = ()
    entry_point: str = ""
    inputs: tuple[str, ...] | None = None


def read_program(
    source: str, *, entry_point: str = "", asserts: Sequence[str] = (), only_shapes: Container[str] | None = None
) -> Program:
    """Return what `source` is; nothing of it where it does not parse. Without `entry_point` it is the last function.

    With `only_shapes` the digests, which cost most, are left out where no shape of the program is among them.
    """
    tree = _parsed(source)
    if tree is None:
        return Program()
    functions = {node.name: node for node in tree.body if isinstance(node, Function)}
    if entry_point not in functions:
        entry_point = _called(asserts, functions) or next(reversed(functions), "")
    inputs = _inputs(functions[entry_point], entry_point, asserts) if entry_point else None
    rest = [n for n in tree.body if not (isinstance(n, Function | ast.Import | ast.ImportFrom) or _is_docstring(n))]
    outlines = {name: _outline(node, functions) for name, node in functions.items()}
    everything = [*outlines.values(), *(_outline(node, functions) for node in rest)]
    reached = [outlines[name] for name in _reach(entry_point, outlines)] if entry_point else []
    shapes = tuple(map(_shape, (everything, reached)))
    if only_shapes is not None and not any(shape in only_shapes for shape in shapes if shape):
        return Program(True, shapes=shapes, entry_point=entry_point, inputs=inputs)
    try:
        digests = _Digests(functions, {name: outline.calls for name, outline in outlines.items()})
        names = {name: digests.of(name) for name in functions}
        others = [canonical_tree(node, fixed=names) for node in rest]
    except RecursionError:
        return Program(True, entry_point=entry_point, inputs=inputs)
    whole = _hash("\n".join([*sorted(names.values()), *others])) if shapes[0] else ""
    return Program(True, whole, names[entry_point] if shapes[1] else "", shapes, entry_point, inputs)


def _parsed(source: str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


@dataclass(frozen=True, slots=True)
class _Outline:
    """What one walk over a statement tells: the functions it calls, its size, and what canonical trees preserve."""

    calls: frozenset[str]
    nodes: int
    kinds: tuple[str, ...]


# Not changed by canonical names, and not part of annotations or docstrings, which canonical trees leave out.
_KEPT = frozenset({
    ast.AugAssign, ast.BinOp, ast.BoolOp, ast.Break, ast.Call, ast.Compare, ast.DictComp, ast.For, ast.GeneratorExp,
    ast.If, ast.IfExp, ast.Lambda, ast.ListComp, ast.Raise, ast.Return, ast.SetComp, ast.Slice, ast.Try, ast.While,
    ast.With,
})  # fmt: skip


def _outline(statement: ast.stmt, functions: Container[str]) -> _Outline:
    calls: set[str] = set()
    kinds: list[str] = []
    ahead: list[ast.AST] = [statement]
    for node in ahead:
        if type(node) in _KEPT:
            kinds.append(type(node).__name__)
        elif isinstance(node, ast.Name) and node.id in functions:
            calls.add(node.id)
        ahead.extend(ast.iter_child_nodes(node))
    if isinstance(statement, Function):
        calls.discard(statement.name)
    return _Outline(frozenset(calls), len(ahead), tuple(kinds))


def _shape(outlines: Sequence[_Outline]) -> str:
    """Return the kinds of nodes as text, counted; nothing for too little code."""
    if sum(outline.nodes for outline in outlines) < MIN_NODES:
        return ""
    counts = Counter(kind for outline in outlines for kind in outline.kinds)
    return " ".join(f"{kind}{count}" for kind, count in sorted(counts.items())) or "-"


def _reach(name: str, outlines: Mapping[str, _Outline]) -> list[str]:
    """Return a function and all that it calls."""
    seen = [name]
    for one in seen:
        seen += sorted(outlines[one].calls - set(seen))
    return seen


def bare_texts(source: str, entry_point: str) -> tuple[str, ...]:
    """Return a program, and what its entry point reaches, as text without imports, docstrings and comments.

    Nothing of what does not parse.
    """
    tree = _parsed(source)
    if tree is None:
        return ()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and len(body) > 1 and _is_docstring(body[0]):
            del body[0]
    functions = {node.name: node for node in tree.body if isinstance(node, Function)}
    statements = [node for node in tree.body if not isinstance(node, ast.Import | ast.ImportFrom)]
    found = [statements]
    if entry_point in functions:
        outlines = {name: _outline(node, functions) for name, node in functions.items()}
        found.append([functions[name] for name in _reach(entry_point, outlines)])
    try:
        return tuple("\n".join(map(ast.unparse, part)) for part in found)
    except RecursionError:
        return ()


class _Digests:
    """A digest per function in which the functions it calls stand by their own digests, so that names do not count."""

    def __init__(self, functions: Mapping[str, Function], calls: Mapping[str, frozenset[str]]) -> None:
        self._functions, self._calls = functions, calls
        self._found: dict[str, str] = {}
        self._open: list[str] = []

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
