"""A row of a benchmark, read field by field: the problem it becomes, and the error that names a field."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from moiety.judge.answers import as_tree
from moiety.judge.codec import CodecError, encode
from moiety.judge.verdicts import Comparison, Style
from moiety.rows import MISSING, RowError

_DEEPEST, _TREE_DEEPEST = 32, 256


@dataclass(frozen=True)
class Problem:
    """One row: how a solution is completed, and how it is tested."""

    task_id: str
    entry_point: str  # `Solution.name`: the function `name`, or that method of the class
    prompt: str = ""  # put before a completion
    canonical: str = ""  # a whole program that must pass
    setup: str = ""  # trusted: helpers and imports that the test needs
    test: str = ""  # trusted: asserts about the entry point; empty for the ordinary path
    inputs: tuple[tuple[Any, ...], ...] = ()
    expected: tuple[Any, ...] = ()  # empty with inputs: what the canonical program answers
    style: Style = Style.CALL
    comparison: Comparison = Comparison.CLOSE
    tolerance: float = 1e-6
    cpu_limit_s: float | None = None  # fixed by the caller; the canonical program is taken to be right
    test_limit_s: float | None = None  # the row's own limit of one test

    @cached_property
    def digest(self) -> str:
        """A hash of all that a verdict depends on."""
        data = encode(as_tree([list(self.inputs), list(self.expected)]), max_depth=_TREE_DEEPEST)
        rest = repr(replace(self, inputs=(), expected=())).encode("utf-8", "surrogatepass")
        return hashlib.sha256(data + rest).hexdigest()


def field(row: Mapping[str, Any], name: str, kind: type | tuple[type, ...], expected: str) -> Any:
    """Return a field of the kind, or raise RowError that says what was expected."""
    value = row.get(name, MISSING)
    if not isinstance(value, kind):
        raise RowError(name, value, expected)
    return value


def text(row: Mapping[str, Any], name: str, *, needed: bool = True) -> str:
    """Return a field of text; empty where it is not needed and not there."""
    if not needed and row.get(name) is None:
        return ""
    return str(field(row, name, str, "text"))


def python(source: str, name: str) -> ast.Module:
    """Return the syntax tree of a field that must be Python."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise RowError(name, source, f"Python source ({error})") from None


def entry_point(row: Mapping[str, Any], name: str = "entry_point") -> str:
    """Return the field that names a function."""
    value = text(row, name)
    if not value.isidentifier():
        raise RowError(name, value, "the name of a function")
    return value


def defined(tree: ast.Module) -> set[str]:
    """Return the names that a module defines at its top level."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    found = {node.name for node in tree.body if isinstance(node, kinds)}
    assigned = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    return found | {target.id for target in assigned if isinstance(target, ast.Name)}


def must_define(source: str, name: str, where: str) -> None:
    """Raise RowError where the Python of a field does not define the entry point."""
    if name not in defined(python(source, where)):
        raise RowError("entry_point", name, f"a function that {where} defines")


def plain(value: Any, name: str) -> Any:
    """Return a value that can be given to a program, or raise RowError."""
    try:
        encode(value, max_depth=_DEEPEST)
    except CodecError as error:
        raise RowError(name, "...", f"plain data ({error})") from None
    return value


def loaded(row: Mapping[str, Any], name: str, kind: type) -> Any:
    """Return a field that is an array or object of JSON, or text that holds one."""
    value = row[name]
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise RowError(name, value, "JSON") from None
    return field({name: value}, name, kind, f"a JSON {'array' if kind is list else 'object'}")
