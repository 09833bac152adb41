"""Rows of public benchmarks, as problems that the judge can hold a solution against.

HumanEval, MBPP, EvalPlus and stdin/stdout rows are told apart by their fields. Asserts run in a trusted process against
a stub (`stub`); rows of inputs and a canonical solution, and stdin/stdout rows, take the ordinary path. No data of a
benchmark is shipped.
"""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from typing import Any

from moiety.errors import UserError
from moiety.judge.pool import Judge
from moiety.judge.stub import TestRunner
from moiety.judge.verdicts import Comparison, Execution, Job, Outcome, Style, Verdict

CPU_LIMIT_S = 1.0


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
    tolerance: float = 1e-6


def problem(row: dict[str, Any]) -> Problem:
    """Return the problem of one row. Raises UserError that names what is missing."""
    if "task_id" not in row:
        raise UserError("judge: a row without task_id")
    task_id = str(row["task_id"])
    try:
        if "base_input" in row:
            return _evalplus(task_id, row)
        if "test_list" in row:
            return _mbpp(task_id, row)
        if "test" in row and "entry_point" in row:
            return _humaneval(task_id, row)
        return _stdio(task_id, row)
    except (KeyError, TypeError, ValueError, SyntaxError) as error:
        raise UserError(f"judge: task {task_id}: malformed row: {type(error).__name__}: {error}") from error


def _humaneval(task_id: str, row: dict[str, Any]) -> Problem:
    prompt, entry_point = _text(row, "prompt"), _text(row, "entry_point")
    test = f"{_text(row, 'test')}\ncheck(candidate)\n"
    canonical = prompt + row.get("canonical_solution", "")
    return Problem(task_id, entry_point, prompt, canonical, _closed(prompt), test)


def _closed(prompt: str) -> str:
    """Return a prompt as a module of its own: with the helpers it defines, and its last function without a body."""
    try:
        ast.parse(prompt)
    except SyntaxError:
        prompt += "\n    pass\n"
        ast.parse(prompt)
    return prompt


def _mbpp(task_id: str, row: dict[str, Any]) -> Problem:
    code = row.get("code", "")
    imports = [*row.get("test_imports", ()), row.get("test_setup_code", "")]
    tests = list(row["test_list"])
    return Problem(task_id, _tested_name(code, tests), "", code, "\n".join(imports), "\n".join(tests))


def _tested_name(code: str, tests: list[str]) -> str:
    """Return the function of the reference that the asserts call first."""
    defined = {node.name for node in ast.parse(code).body if isinstance(node, ast.FunctionDef)}
    for test in tests:
        for node in ast.walk(ast.parse(test)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in defined:
                return node.func.id
    raise ValueError("the asserts call no function of the reference")


def _evalplus(task_id: str, row: dict[str, Any]) -> Problem:
    prompt, entry_point = _text(row, "prompt"), _text(row, "entry_point")
    inputs = tuple(tuple(arguments) for arguments in [*row["base_input"], *row.get("plus_input", ())])
    canonical = row["canonical_solution"]
    canonical = canonical if f"def {entry_point}" in canonical else prompt + canonical
    tolerance = float(row.get("atol") or 1e-6)
    return Problem(task_id, entry_point, prompt, canonical, inputs=inputs, tolerance=tolerance)


def _stdio(task_id: str, row: dict[str, Any]) -> Problem:
    if "tests" in row:
        pairs = [(test["input"], test["output"]) for test in _loaded(row["tests"])]
    elif "input_output" in row:
        both = _loaded(row["input_output"])
        pairs = list(zip(both["inputs"], both["outputs"], strict=True))
    else:
        raise KeyError("one of test, test_list, base_input, tests, input_output")
    if not pairs or not all(isinstance(text, str) for pair in pairs for text in pair):
        raise ValueError("stdin/stdout tests need at least one pair of strings")
    inputs, expected = tuple((given,) for given, _ in pairs), tuple(wanted for _, wanted in pairs)
    canonical = row.get("canonical_solution", "")
    return Problem(task_id, "", "", canonical, inputs=inputs, expected=expected, style=Style.STDIO)


def _text(row: dict[str, Any], field: str) -> str:
    if not isinstance(row[field], str):
        raise TypeError(f"{field}: expected a string, got {type(row[field]).__name__}")
    return str(row[field])


def _loaded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


class Bench:
    """Judges solutions of problems; keeps what the canonical programs answered. Not thread-safe."""

    def __init__(self, judge: Judge, runner: TestRunner, *, cpu_limit_s: float = CPU_LIMIT_S) -> None:
        self._judge, self._runner, self._cpu_limit_s = judge, runner, cpu_limit_s
        self._gold: dict[str, Execution] = {}
        self._gold_outcome: dict[str, Outcome] = {}

    def judge(self, task: Problem, source: str) -> Outcome:
        """Return the outcome of a whole program on a problem."""
        outcome = self._judge_once(task, source)
        if outcome.verdict is Verdict.UNSERIALISABLE and task.canonical and source != task.canonical:
            if self._canonical(task).verdict is not Verdict.PASS:
                return _unsupported(outcome, "the canonical answer is not plain data either")
        elif outcome.verdict is Verdict.UNSERIALISABLE and source == task.canonical:
            return _unsupported(outcome, "the canonical answer is not plain data")
        return outcome

    def _canonical(self, task: Problem) -> Outcome:
        if task.task_id not in self._gold_outcome:
            self._gold_outcome[task.task_id] = self._judge_once(task, task.canonical)
        return self._gold_outcome[task.task_id]

    def _judge_once(self, task: Problem, source: str) -> Outcome:
        if task.test:
            return self._runner.run(
                source=source, entry_point=task.entry_point, setup=task.setup, test=task.test,
                cpu_limit_s=self._cpu_limit_s,
            )  # fmt: skip
        if task.expected:
            expected, comparison = task.expected, Comparison.TEXT
        else:
            gold = self._answers(task)
            if gold.verdict is not Verdict.PASS:
                return Outcome(Verdict.UNSUPPORTED, (), 0.0, False, f"the canonical program: {gold.verdict.value}")
            expected, comparison = gold.outputs, Comparison.CLOSE
        limit_s = max(self._cpu_limit_s, 10 * self._gold[task.task_id].cpu_s if task.task_id in self._gold else 0.0)
        job = Job(source, task.entry_point, task.inputs, expected, limit_s, comparison, task.tolerance, task.style)
        return self._judge.judge([job])[0]

    def _answers(self, task: Problem) -> Execution:
        if task.task_id not in self._gold:
            self._gold[task.task_id] = self._judge.run(task.canonical, task.entry_point, task.inputs, cpu_limit_s=60.0)
        return self._gold[task.task_id]


def _unsupported(outcome: Outcome, detail: str) -> Outcome:
    tests = (Verdict.UNSUPPORTED,) * len(outcome.tests)
    return Outcome(Verdict.UNSUPPORTED, tests, outcome.cpu_s, False, detail)
