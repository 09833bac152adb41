"""What a program reads and does not define: the imports and helpers of other blocks that it needs.

By scopes, as Python sees them, so that a local variable is not taken for a name that an earlier demonstration bound.
"""

import ast
import builtins
import symtable
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from moiety.extraction.fences import parsed

_BUILTINS = frozenset(dir(builtins))
_SCOPES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class _Statement:
    """A statement of a module: its source, the names it binds, and those it reads of the module."""

    source: str
    binds: frozenset[str]
    reads: frozenset[str]


def with_needs(source: str, before: Iterable[str], after: Iterable[str] = ()) -> str:
    """Return a program below the statements of other sources that bind what it reads and does not bind itself.

    Those `before` come first; `after` gives only what they do not. A source that is no Python gives nothing.
    """
    own = _bound_by(source)
    wanted = set(_read_by(source) - own)
    if not wanted:
        return source
    earlier = [one for text in before for one in _statements(text)]
    known = {name for one in earlier for name in one.binds}
    later = [one for text in after for one in _statements(text) if not one.binds & known]
    taken = _taken([*earlier, *later], wanted, own)
    if not taken:
        return source
    future, rest = _future_first(source)
    return "".join(f"{text}\n" for text in (*future, *taken)) + "\n\n" + rest


def bound_names(node: ast.AST) -> Iterator[str]:
    """Yield the names that a statement binds, or changes in place, in the scope it stands in."""
    if isinstance(node, _SCOPES):
        yield node.name
        return
    if isinstance(node, ast.Import | ast.ImportFrom):
        for alias in node.names:
            yield (alias.asname or alias.name).partition(".")[0]
        return
    if isinstance(node, ast.Lambda):
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
        root: ast.expr = node
        while isinstance(root, ast.Subscript | ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name):
            yield root.id
    if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return
    for child in ast.iter_child_nodes(node):
        yield from bound_names(child)


def _taken(statements: Sequence[_Statement], wanted: set[str], own: frozenset[str]) -> list[str]:
    """Return the sources of the statements that bind what is wanted, and what they read in their turn, in order."""
    chosen: set[int] = set()
    grown = True
    while grown:
        grown = False
        for place, one in enumerate(statements):
            if place not in chosen and one.binds & wanted:
                chosen.add(place)
                wanted |= one.reads - own
                grown = True
    found = {name for place in chosen for name in statements[place].binds}
    if wanted - found:  # it may come from a module of which all names are imported
        chosen |= {place for place, one in enumerate(statements) if "*" in one.binds}
    return [statements[place].source for place in sorted(chosen)]


def _statements(source: str) -> list[_Statement]:
    tree = parsed(source)
    found = []
    for node in tree.body if tree is not None else ():
        binds = frozenset(bound_names(node))
        if not binds or _is_main_guard(node) or _is_future(node):
            continue
        text = _source_of(source, node)
        found.append(_Statement(text, binds, _read_by(text)))
    return found


def _source_of(source: str, node: ast.stmt) -> str:
    if isinstance(node, _SCOPES) and node.decorator_list:
        lines = source.split("\n")
        return "\n".join(lines[node.decorator_list[0].lineno - 1 : node.end_lineno])
    return ast.get_source_segment(source, node) or ast.unparse(node)


def _bound_by(source: str) -> frozenset[str]:
    tree = parsed(source)
    return frozenset(name for node in tree.body for name in bound_names(node)) if tree is not None else frozenset()


def _read_by(source: str) -> frozenset[str]:
    """Return the names that a source reads in the scope of its module and that are not of Python itself."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tables = [symtable.symtable(source, "program", "exec")]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    names: set[str] = set()
    while tables:
        table = tables.pop()
        tables += table.get_children()
        top = table.get_type() == "module"
        names |= {one.get_name() for one in table.get_symbols() if one.is_referenced() and (top or one.is_global())}
    return frozenset(names - _BUILTINS)


def _is_main_guard(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and any(isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(node.test))


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _future_first(source: str) -> tuple[list[str], str]:
    """Return the `__future__` imports of a source, which must stand first, and the source without them."""
    tree = parsed(source)
    nodes = [node for node in tree.body if _is_future(node)] if tree is not None else []
    lines = source.split("\n")
    for node in nodes:
        first, last = node.lineno - 1, node.end_lineno or node.lineno
        lines[first:last] = [""] * (last - first)
    return [ast.unparse(node) for node in nodes], "\n".join(lines)
