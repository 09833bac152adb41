"""Programs without their names: digests of syntax trees that renaming and reordering leave alone, and call signatures.

Foreign source is parsed here, never run: running is the judge's.
"""

from __future__ import annotations

import ast
import hashlib
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from moiety.contamination.arguments import (
    NO_FUNCTION,
    NOT_PYTHON,
    Arguments,
    Function,
    arguments_of,
    first_called,
    last_with_arguments,
)
from moiety.extraction import parsed
from moiety.synthesis.keys import canonical_tree

MIN_NODES = 12


@dataclass(frozen=True, slots=True)
class Program:
    """What a source is once names are gone.

    `whole` is the digest of the multiset of its functions and its other statements, `entry` that of the entry point
    with all it calls; either is empty where there is too little code to tell. `shapes` are cheap keys of both, equal
    where they are. `arguments` are what the entry point takes.
    """

    parsed: bool = False
    whole: str = ""
    entry: str = ""
    shapes: tuple[str, ...] = ()
    entry_point: str = ""
    arguments: Arguments = NOT_PYTHON

    @property
    def inputs(self) -> tuple[str, ...] | None:
        """The types of the entry point's arguments, None where one is unknown or not of our types."""
        return self.arguments.inputs


def read_program(
    source: str, *, entry_point: str = "", asserts: Sequence[str] = (), only_shapes: Container[str] | None = None
) -> Program:
    """Return what `source` is; nothing of it where it does not parse. Without `entry_point` the tests
    say which function it is; else it is the last one that takes an argument.

    With `only_shapes` the digests, which cost most, are left out where no shape of the program is among them.
    """
    tree = parsed(source)
    if tree is None:
        return Program()
    functions = {node.name: node for node in tree.body if isinstance(node, Function)}
    if entry_point not in functions:
        entry_point = first_called(asserts, functions) or last_with_arguments(functions)
    arguments = arguments_of(functions[entry_point], asserts) if entry_point else NO_FUNCTION
    rest = [n for n in tree.body if not (isinstance(n, Function | ast.Import | ast.ImportFrom) or _is_docstring(n))]
    outlines = {name: _outline(node, functions) for name, node in functions.items()}
    everything = [*outlines.values(), *(_outline(node, functions) for node in rest)]
    reached = [outlines[name] for name in _reach(entry_point, outlines)] if entry_point else []
    shapes = tuple(map(_shape, (everything, reached)))
    if only_shapes is not None and not any(shape in only_shapes for shape in shapes if shape):
        return Program(True, shapes=shapes, entry_point=entry_point, arguments=arguments)
    try:
        digests = _Digests(functions, {name: outline.calls for name, outline in outlines.items()})
        names = {name: digests.of(name) for name in functions}
        others = [canonical_tree(node, fixed=names) for node in rest]
    except RecursionError:
        return Program(True, entry_point=entry_point, arguments=arguments)
    whole = _hash("\n".join([*sorted(names.values()), *others])) if shapes[0] else ""
    return Program(True, whole, names[entry_point] if shapes[1] else "", shapes, entry_point, arguments)


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
    tree = parsed(source)
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
