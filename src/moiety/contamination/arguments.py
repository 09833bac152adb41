"""What a function takes: types from its annotations, else from the literal inputs that tests call it with.

Foreign source is parsed here, never run.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from moiety.contamination.rows import CANDIDATE
from moiety.extraction import parsed
from moiety.types import all_types

Function = ast.FunctionDef | ast.AsyncFunctionDef
Signature = tuple[str, ...]
_KNOWN = frozenset(t.annotation for t in all_types())
_OPEN = frozenset({"", "Any", "object"})  # annotations that say nothing
_LISTS = frozenset({"list", "list[Any]", "Sequence", "Iterable", "Sequence[Any]", "Iterable[Any]"})
LIST = "list"  # a list of items that are not known
OR = " or "  # between the types of an argument that tests give several of


@dataclass(frozen=True, slots=True)
class Arguments:
    """The types of a function's arguments: "" where one is not known, "list" for a list of anything, "int or str".

    At least `least` must be given. `cannot` says why the function cannot be called with probes at all.
    """

    types: Signature = ()
    least: int = 0
    annotated: bool = False
    cannot: str = ""

    @property
    def inputs(self) -> Signature | None:
        """The types where all are known and ours, else None."""
        return self.types if self.types and not self.cannot and all(t in _KNOWN for t in self.types) else None

    @property
    def open(self) -> bool:
        """Whether some type is not known, so that it may be lent one."""
        return not self.cannot and any(t in ("", LIST) or OR in t for t in self.types)

    def has_arity(self, count: int) -> bool:
        """Return True if it can be called with so many arguments."""
        return not self.cannot and self.least <= count <= len(self.types)

    def take(self, signature: Signature) -> bool:
        """Return True if it can be called with arguments of these types, as far as its own are known."""
        pairs = zip(self.types, signature, strict=False)
        return self.has_arity(len(signature)) and all(
            not own or given in own.split(OR) or (own == LIST and given.startswith("list[")) for own, given in pairs
        )

    def __str__(self) -> str:
        return f"({', '.join(t or '?' for t in self.types)})"


NOT_PYTHON = Arguments(cannot="its code is not Python")
NO_FUNCTION = Arguments(cannot="it defines no function")


def first_called(tests: Sequence[str], functions: Mapping[str, Function]) -> str:
    """Return the function that tests call first, or nothing."""
    return next((name for name, _ in _calls(tests) if name in functions), "")


def last_with_arguments(functions: Mapping[str, Function]) -> str:
    """Return the last function that takes something: what stands below it, such as `main`, only calls it."""
    names = list(functions)[::-1]
    taking = (name for name in names if functions[name].args.args or functions[name].args.posonlyargs)
    return next(taking, names[0] if names else "")


def arguments_of(function: Function, tests: Sequence[str]) -> Arguments:
    """Return what a function takes, by its annotations and by the literals that tests call it with."""
    arguments = function.args
    given = [*arguments.posonlyargs, *arguments.args]
    needed = [default for default in arguments.kw_defaults if default is None]
    if arguments.vararg or arguments.kwarg:
        return Arguments(cannot="it takes any number of arguments")
    if needed:
        return Arguments(cannot="it takes arguments by keyword alone")
    if not given:
        return Arguments(cannot="it takes no argument")
    said = ["" if a.annotation is None else _annotation(a.annotation) for a in given]
    asserted = _asserted(function.name, tests)
    least = len(given) - len(arguments.defaults)
    if asserted and least <= len(asserted) <= len(given):
        said = [*said[: len(asserted)]]  # an argument that no test gives is left at its default
        least = len(asserted)
        said = [seen if own in ("", LIST) else own for own, seen in zip(said, asserted, strict=True)]
    return Arguments(tuple(said), least, annotated=all(a.annotation is not None for a in given))


def _annotation(node: ast.expr) -> str:
    text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ast.unparse(node)
    text = text.replace("typing.", "").replace("List", "list")
    if text in _OPEN:
        return ""
    if text in _LISTS:
        return LIST
    for other in ("Sequence[", "Iterable[", "Collection["):
        text = text.replace(other, "list[")
    return text


def _calls(tests: Sequence[str]) -> Iterator[tuple[str, ast.Call]]:
    """Yield the calls of plain names in tests, in order, with the name."""
    for text in tests:
        for node in ast.walk(parsed(text) or ast.Module([], [])):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield node.func.id, node


def _asserted(name: str, tests: Sequence[str]) -> Signature:
    """Return the types of the literals that tests call a function with, "" for what is no literal or has several."""
    found: list[Signature] = []
    for called, node in _calls(tests):
        if called in (name, CANDIDATE) and node.args and not node.keywords:
            types = tuple(map(_literal_type, node.args))
            if None not in types:
                found.append(tuple(t or "" for t in types))
    if not found:
        return ()
    arity = Counter(map(len, found)).most_common(1)[0][0]
    columns = [set(column) for column in zip(*(types for types in found if len(types) == arity), strict=True)]
    return tuple(_one_type(column) for column in columns)


def _one_type(column: set[str]) -> str:
    """Return the type of an argument that tests give these of: the one that is ours, where one is."""
    rest = column - {LIST, ""}
    ours = rest & _KNOWN
    if not rest:
        return LIST
    return ours.pop() if len(ours) == 1 else OR.join(sorted(rest))


def _literal_type(node: ast.expr) -> str | None:
    """Return the annotation of a literal, "list" for an empty list, None for what is no literal."""
    try:
        return _type_of(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def _type_of(value: object) -> str:
    if not isinstance(value, list):
        return type(value).__name__
    items = {_type_of(item) for item in value} - {LIST}
    if not items:
        return "list[list[int]]" if value else LIST
    return f"list[{items.pop()}]" if len(items) == 1 else "list of several types"
