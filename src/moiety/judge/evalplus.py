"""Rows of EvalPlus: lists of arguments and a canonical program, whose answers are the expected ones.

JSON has no tuples, sets and complex numbers. Which arguments are such is read from the asserts that a row shows, in its
prompt and in `assertion`: where every example has a tuple, the inputs have one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from moiety.judge import fields
from moiety.judge.fields import Problem
from moiety.judge.verdicts import Comparison
from moiety.rows import RowError

_NO_EXAMPLE = object()
# tasks of MBPP+ whose asserts show other types than the benchmark's own loader makes
_AS_IN_JSON = ("Mbpp/98", "Mbpp/104", "Mbpp/140", "Mbpp/145")  # lists, though the prompt shows tuples
_OTHER_EXAMPLES = {"Mbpp/252": [(1j,)]}  # the prompt shows an int for a complex number
# functions whose answers EvalPlus compares otherwise; its other oracles are not known here
_AS_SETS = (
    "similar_elements", "find_char_long", "common_in_nested_lists", "extract_singly", "larg_nnum", "intersection_array",
    "find_dissimilar", "Diff",
)  # fmt: skip
_ROOT = ("HumanEval/32", "find_zero")  # any root of the polynomial that the argument gives
_PRESENCE = ("check_str", "text_match_three", "text_starta_endb")
_TUPLES_THROUGHOUT = ("Mbpp/580", "Mbpp/791")  # deeper than the prompt shows


def evalplus(task_id: str, row: Mapping[str, Any]) -> Problem:
    """Return the problem of a row with `base_input`."""
    prompt, entry_point = fields.text(row, "prompt"), fields.entry_point(row)
    inputs = (*_calls(row, "base_input"), *(_calls(row, "plus_input") if row.get("plus_input") else ()))
    if not inputs:
        raise RowError("base_input", [], "at least one list of arguments")
    canonical = fields.text(row, "canonical_solution")
    try:
        whole = entry_point in fields.defined(ast.parse(canonical))
    except SyntaxError:
        whole = False
    canonical = canonical if whole else prompt + canonical
    fields.must_define(canonical, entry_point, "canonical_solution")
    tolerance = row.get("atol") or 0
    if not isinstance(tolerance, (int, float)) or not 0 <= tolerance < 1:
        raise RowError("atol", tolerance, "a number from 0 to 1")
    shown = f"{prompt}\n{fields.text(row, 'assertion', needed=False)}"
    examples = [] if task_id in _AS_IN_JSON else _OTHER_EXAMPLES.get(task_id) or list(_examples(shown, entry_point))
    deeper = tuple if task_id in _TUPLES_THROUGHOUT else list
    typed = tuple(with_types(inputs, examples, deeper=deeper))
    is_root = (task_id, entry_point) == _ROOT
    return Problem(
        task_id, entry_point, prompt, canonical, inputs=typed, comparison=_comparison(task_id, entry_point),
        tolerance=float(tolerance), expected=tuple(arguments[0] for arguments in typed) if is_root else (),
    )  # fmt: skip


def _comparison(task_id: str, entry_point: str) -> Comparison:
    if (task_id, entry_point) == _ROOT:
        return Comparison.ROOT
    if not task_id.startswith("Mbpp/"):
        return Comparison.CLOSE
    if entry_point in _PRESENCE:
        return Comparison.PRESENCE
    return Comparison.AS_SETS if entry_point in _AS_SETS else Comparison.CLOSE


def _calls(row: Mapping[str, Any], name: str) -> tuple[tuple[Any, ...], ...]:
    calls = fields.field(row, name, list, "a list of lists of arguments")
    for number, arguments in enumerate(calls):
        if not isinstance(arguments, list):
            raise RowError(f"{name}[{number}]", arguments, "a list of arguments")
        fields.plain(arguments, f"{name}[{number}]")
    return tuple(map(tuple, calls))


def _examples(shown: str, entry_point: str) -> Iterator[tuple[Any, ...]]:
    """Yield the arguments of the calls in lines that are asserts; what is no literal is no example."""
    for line in shown.splitlines():
        if not line.strip().startswith("assert"):
            continue
        try:
            tree = ast.parse(line.strip())
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == entry_point:
                yield tuple(map(_literal, node.args))


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return _NO_EXAMPLE


def with_types(
    inputs: Sequence[tuple[Any, ...]], examples: Sequence[tuple[Any, ...]], *, deeper: type = list
) -> Iterator[tuple[Any, ...]]:
    """Yield the arguments with the types that the examples have at their places; a list that none shows is `deeper`."""
    for arguments in inputs:
        places = [[one[at] for one in examples if at < len(one)] for at in range(len(arguments))]
        yield tuple(_typed(value, shown, deeper) for value, shown in zip(arguments, places, strict=True))


def _typed(value: Any, examples: list[Any], deeper: type) -> Any:
    if isinstance(value, list):
        shown = [one for one in examples if isinstance(one, (list, tuple, set))]
        kinds = {type(one) for one in shown} or {deeper}
        items = [_typed(item, place, deeper) for item, place in zip(value, _places(value, shown), strict=True)]
        kind = kinds.pop() if len(kinds) == 1 else list
        return items if kind is list else _made(kind, items)
    if isinstance(value, dict):
        inner = [item for one in examples if isinstance(one, dict) for item in one.values()]
        return {key: _typed(item, inner, deeper) for key, item in value.items()}
    numbers = {type(one) for one in examples}
    if numbers == {complex} or (isinstance(value, str) and numbers and numbers <= {int, float, complex}):
        return _number(value, complex if complex in numbers else float)
    return value


def _places(value: list[Any], shown: list[Any]) -> list[list[Any]]:
    """Return the examples of each element: those at its place where all tuples are as long, else of any place."""
    if shown and all(isinstance(one, tuple) and len(one) == len(value) for one in shown):
        return [[one[at] for one in shown] for at in range(len(value))]
    inner = [item for one in shown for item in one]
    return [inner] * len(value)


def _made(kind: type, items: list[Any]) -> Any:
    try:
        return kind(items)
    except TypeError:  # elements without a hash
        return items


def _number(value: Any, kind: type) -> Any:
    try:
        return kind(value)
    except (ValueError, TypeError, OverflowError):
        return value
