"""Rows of public benchmarks, as problems that the judge can hold a solution against.

HumanEval, MBPP, EvalPlus and stdin/stdout rows are told apart by their fields. Nothing is run here: `benchmarks` does
that. No data of a benchmark is shipped.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from moiety.judge.codec import CodecError, encode
from moiety.judge.verdicts import Comparison, Style
from moiety.rows import MISSING as _MISSING
from moiety.rows import RowError

_DEEPEST = 32


@dataclass(frozen=True)
class Problem:
    """One row: how a solution is completed, and how it is tested."""

    task_id: str
    entry_point: str
    prompt: str = ""  # put before a completion
    canonical: str = ""  # a whole program that must pass
    setup: str = ""  # trusted: helpers and imports that the test needs
    test: str = ""  # trusted: asserts about the entry point; empty for the ordinary path
    inputs: tuple[tuple[Any, ...], ...] = ()
    expected: tuple[Any, ...] = ()  # empty with inputs: what the canonical program answers
    style: Style = Style.CALL
    comparison: Comparison = Comparison.CLOSE
    tolerance: float = 1e-6
    cpu_limit_s: float | None = None  # None: the caller's, or ten times what the canonical program takes

    @cached_property
    def digest(self) -> str:
        """A hash of all that a verdict depends on."""
        return hashlib.sha256(repr(self).encode("utf-8", "surrogatepass")).hexdigest()


def problem(row: Mapping[str, Any]) -> Problem:
    """Return the problem of one row. Raises RowError that names the field."""
    task_id = str(_field(row, "task_id", (str, int), "a name"))
    if not task_id.isprintable():
        raise RowError("task_id", task_id, "printable text")
    if "base_input" in row:
        return _evalplus(task_id, row)
    if "test_list" in row:
        return _mbpp(task_id, row)
    if "test" in row or "entry_point" in row:
        return _humaneval(task_id, row)
    return _stdio(task_id, row)


def _field(row: Mapping[str, Any], name: str, kind: type | tuple[type, ...], expected: str) -> Any:
    value = row.get(name, _MISSING)
    if not isinstance(value, kind):
        raise RowError(name, value, expected)
    return value


def _text(row: Mapping[str, Any], name: str, *, needed: bool = True) -> str:
    if not needed and row.get(name) is None:
        return ""
    return str(_field(row, name, str, "text"))


def _python(source: str, name: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise RowError(name, source, f"Python source ({error})") from None


def _entry_point(row: Mapping[str, Any]) -> str:
    name = _text(row, "entry_point")
    if not name.isidentifier():
        raise RowError("entry_point", name, "the name of a function")
    return name


def _defined(tree: ast.Module) -> set[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    found = {node.name for node in tree.body if isinstance(node, kinds)}
    assigned = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    return found | {target.id for target in assigned if isinstance(target, ast.Name)}


def _must_define(source: str, name: str, field: str) -> None:
    if name not in _defined(_python(source, field)):
        raise RowError("entry_point", name, f"a function that {field} defines")


def _humaneval(task_id: str, row: Mapping[str, Any]) -> Problem:
    prompt, entry_point = _text(row, "prompt"), _entry_point(row)
    test, body = _text(row, "test"), _text(row, "canonical_solution", needed=False)
    _python(test, "test")
    setup = _closed(prompt)
    canonical = prompt + body if body else ""
    _must_define(canonical or setup, entry_point, "canonical_solution" if body else "prompt")
    return Problem(task_id, entry_point, prompt, canonical, setup, f"{test}\ncheck(candidate)\n")


def _closed(prompt: str) -> str:
    """Return a prompt as a module of its own: with the helpers it defines, and its last function without a body."""
    try:
        ast.parse(prompt)
    except (SyntaxError, ValueError):
        prompt += "\n    pass\n"
        _python(prompt, "prompt")
    return prompt


def _mbpp(task_id: str, row: Mapping[str, Any]) -> Problem:
    code, tests = _text(row, "code"), _field(row, "test_list", list, "a list of asserts")
    if not tests or not all(isinstance(test, str) for test in tests):
        raise RowError("test_list", tests, "a list of asserts, at least one")
    imports = row.get("test_imports") or []
    setup = "\n".join([*map(str, imports), _text(row, "test_setup_code", needed=False)])
    _python(setup, "test_setup_code")
    return Problem(task_id, _tested_name(code, tests), "", code, setup, "\n".join(tests))


def _tested_name(code: str, tests: list[str]) -> str:
    """Return the function of the reference that the asserts call first."""
    defined = _defined(_python(code, "code"))
    for test in tests:
        for node in ast.walk(_python(test, "test_list")):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in defined:
                return node.func.id
    raise RowError("test_list", tests, "asserts that call a function of `code`")


def _evalplus(task_id: str, row: Mapping[str, Any]) -> Problem:
    prompt, entry_point = _text(row, "prompt"), _entry_point(row)
    inputs = (*_calls(row, "base_input"), *(_calls(row, "plus_input") if row.get("plus_input") else ()))
    if not inputs:
        raise RowError("base_input", [], "at least one list of arguments")
    canonical = _text(row, "canonical_solution")
    try:
        whole = entry_point in _defined(ast.parse(canonical))
    except SyntaxError:
        whole = False
    canonical = canonical if whole else prompt + canonical
    _must_define(canonical, entry_point, "canonical_solution")
    tolerance = row.get("atol") or 0
    if not isinstance(tolerance, (int, float)) or not 0 <= tolerance < 1:
        raise RowError("atol", tolerance, "a number from 0 to 1")
    return Problem(task_id, entry_point, prompt, canonical, inputs=inputs, tolerance=float(tolerance) or 1e-6)


def _calls(row: Mapping[str, Any], name: str) -> tuple[tuple[Any, ...], ...]:
    calls = _field(row, name, list, "a list of lists of arguments")
    for number, arguments in enumerate(calls):
        if not isinstance(arguments, list):
            raise RowError(f"{name}[{number}]", arguments, "a list of arguments")
        try:
            encode(arguments, max_depth=_DEEPEST)
        except CodecError as error:
            raise RowError(f"{name}[{number}]", "...", f"plain data ({error})") from None
    return tuple(map(tuple, calls))


def _stdio(task_id: str, row: Mapping[str, Any]) -> Problem:
    if "tests" in row:
        tests = _loaded(row, "tests", list)
        pairs = [(_side(test, "input"), _side(test, "output")) for test in tests]
    elif "input_output" in row:
        both = _loaded(row, "input_output", dict)
        given, wanted = (_field(both, name, list, "a list of texts") for name in ("inputs", "outputs"))
        if len(given) != len(wanted):
            raise RowError("input_output", both, "as many outputs as inputs")
        pairs = list(zip(given, wanted, strict=True))
    else:
        raise RowError("tests", _MISSING, "one of test, test_list, base_input, tests, input_output")
    if not pairs or not all(isinstance(text, str) for pair in pairs for text in pair):
        raise RowError("tests", pairs, "at least one pair of texts, the input and the output")
    canonical = _text(row, "canonical_solution", needed=False)
    inputs, expected = tuple((given,) for given, _ in pairs), tuple(wanted for _, wanted in pairs)
    how = {"style": Style.STDIO, "comparison": Comparison.TEXT}
    return Problem(task_id, "", "", canonical, inputs=inputs, expected=expected, **how)  # type: ignore[arg-type]


def _side(test: object, name: str) -> object:
    return test.get(name, _MISSING) if isinstance(test, dict) else _MISSING


def _loaded(row: Mapping[str, Any], name: str, kind: type) -> Any:
    value = row[name]
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise RowError(name, value, "JSON") from None
    return _field({name: value}, name, kind, f"a JSON {'array' if kind is list else 'object'}")
