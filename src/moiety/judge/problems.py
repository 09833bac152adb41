"""Rows of public benchmarks, as problems that the judge can hold a solution against.

The forms are told apart by their fields: EvalPlus (`evalplus`), MBPP and HumanEval (here), stdin/stdout and functions
called with JSON (`programs`). Nothing is run here: `benchmarks` does that. No data of a benchmark is shipped.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from typing import Any

from moiety.judge import fields
from moiety.judge.evalplus import evalplus
from moiety.judge.fields import Problem
from moiety.judge.programs import PUBLIC, cases_row, stdio_row
from moiety.rows import MISSING, RowError

__all__ = ["Problem", "RowError", "problem"]


def problem(row: Mapping[str, Any]) -> Problem:
    """Return the problem of one row. Raises RowError that names the field."""
    name = "question_id" if "task_id" not in row and PUBLIC in row else "task_id"
    task_id = str(fields.field(row, name, (str, int), "a name"))
    if not task_id.isprintable():
        raise RowError(name, task_id, "printable text")
    if "base_input" in row:
        return evalplus(task_id, row)
    if "test_list" in row:
        return _mbpp(task_id, row)
    if "test" in row or "entry_point" in row:
        return _humaneval(task_id, row)
    if PUBLIC in row:
        return cases_row(task_id, row)
    if "tests" in row or "input_output" in row:
        return stdio_row(task_id, row)
    raise RowError("tests", MISSING, f"one of test, test_list, base_input, tests, input_output, {PUBLIC}")


def _humaneval(task_id: str, row: Mapping[str, Any]) -> Problem:
    prompt, entry_point = fields.text(row, "prompt"), fields.entry_point(row)
    test, body = fields.text(row, "test"), fields.text(row, "canonical_solution", needed=False)
    fields.python(test, "test")
    setup = _closed(prompt)
    canonical = prompt + body if body else ""
    fields.must_define(canonical or setup, entry_point, "canonical_solution" if body else "prompt")
    return Problem(task_id, entry_point, prompt, canonical, setup, f"{test}\ncheck(candidate)\n")


def _closed(prompt: str) -> str:
    """Return a prompt as a module of its own: with the helpers it defines, and its last function without a body."""
    try:
        ast.parse(prompt)
    except (SyntaxError, ValueError):
        prompt += "\n    pass\n"
        fields.python(prompt, "prompt")
    return prompt


def _mbpp(task_id: str, row: Mapping[str, Any]) -> Problem:
    code, tests = fields.text(row, "code"), fields.field(row, "test_list", list, "a list of asserts")
    if not tests or not all(isinstance(test, str) for test in tests):
        raise RowError("test_list", tests, "a list of asserts, at least one")
    tree = fields.python(code, "code")
    entry_point = _tested_name(tree, tests)
    imports = [*_imports(tree), *map(str, row.get("test_imports") or [])]
    setup = "\n".join([*imports, fields.text(row, "test_setup_code", needed=False)])
    fields.python(setup, "test_setup_code")
    return Problem(task_id, entry_point, "", code, setup, "\n".join(tests))


def _imports(tree: ast.Module) -> list[str]:
    """Return the imports of the reference from the standard library: its asserts may use them too."""
    found = []
    for node in tree.body:
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules = [node.module]
        if modules and all(module.partition(".")[0] in sys.stdlib_module_names for module in modules):
            found.append(ast.unparse(node))
    return found


def _tested_name(tree: ast.Module, tests: list[str]) -> str:
    """Return the function of the reference that the asserts call first."""
    defined = fields.defined(tree)
    for test in tests:
        for node in ast.walk(fields.python(test, "test_list")):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in defined:
                return node.func.id
    raise RowError("test_list", tests, "asserts that call a function of `code`")
