"""Rows of calls: functions given as JSON, EvalPlus's types, and answers that equal the wanted ones in Python."""

# A case stays on its line.
# ruff: noqa: E501

from __future__ import annotations

import base64
import json
import os
import pickle
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from moiety.judge import Bench, Judge, RowError, Verdict, problem
from moiety.judge.evalplus import with_types

ADD = "def add(a, b):\n    return a + b\n"
ADD_METHOD = "class Solution:\n    def add(self, a, b):\n        return a + b\n"
PAIR = "class Solution:\n    def add(self, a, b):\n        return (a, b)\n"


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """Return a bench over one zygote."""
    with Judge(zygotes=1) as judge, Bench(judge, cpu_limit_s=0.5) as made:
        yield made


def packed(cases: list[dict[str, str]]) -> str:
    """Return tests as LiveCodeBench packs its private ones."""
    return base64.b64encode(zlib.compress(pickle.dumps(json.dumps(cases)))).decode()


def case(given: str, wanted: str, kind: str = "functional") -> dict[str, str]:
    return {"input": given, "output": wanted, "testtype": kind}


def apps(inputs: list[Any], outputs: list[Any]) -> dict[str, Any]:
    return {"task_id": "t", "input_output": json.dumps({"fn_name": "add", "inputs": inputs, "outputs": outputs})}


LIVE = {"question_id": "q", "metadata": '{"func_name": "add"}', "starter_code": "class Solution:\n    pass\n"}
STDIN = {"question_id": "q", "metadata": "{}"}


@pytest.mark.parametrize(
    ("row", "source", "verdict"),
    [
        (apps([[1, 2], [3, 4]], [3, 7]), ADD_METHOD, Verdict.PASS), (apps([[1, 2], [3, 4]], [3, 7]), ADD, Verdict.PASS), (apps([[1, 2]], [[3]]), ADD, Verdict.PASS),
        (apps(["1\n2", "3\n4"], ["3", "7"]), ADD_METHOD, Verdict.PASS), (apps([["a", "b"]], ["ab"]), ADD_METHOD, Verdict.PASS), (apps([[1, 2]], [[1, 2]]), PAIR, Verdict.PASS),
        (apps([[1, 2]], [4]), ADD, Verdict.WRONG), (apps([[1, 2]], [[3, 3]]), ADD, Verdict.WRONG), (apps(["1\n2"], ["[3]"]), ADD, Verdict.WRONG),
        (apps([[{"1": 2}, 0]], [[{"1": 2}, 0]]), PAIR, Verdict.PASS), (apps([[1, 2]], [3]), "print(3)\n", Verdict.LOAD_ERROR),
        (apps([[1, 2]], [3]), "class Solution:\n    pass\n", Verdict.LOAD_ERROR), (apps([[1, 2]], [3]), "class Solution:\n    def __init__(self):\n        1 / 0\n", Verdict.RAISED),
        ({"task_id": "t", "fn_name": "add", "tests": [{"input": [1, 2], "output": 3}]}, ADD, Verdict.PASS),
        ({**LIVE, "public_test_cases": json.dumps([case("1\n2", "3")]), "private_test_cases": packed([case('"a"\n"b"', '"ab"')])}, ADD_METHOD, Verdict.PASS),
        ({**LIVE, "public_test_cases": json.dumps([case("1\n2", "3")]), "private_test_cases": packed([case("1\n3", "3")])}, ADD_METHOD, Verdict.WRONG),
        ({**LIVE, "public_test_cases": json.dumps([case("[1]\n[2]", "[1, 2]")]), "private_test_cases": ""}, ADD_METHOD, Verdict.PASS),
        ({**STDIN, "public_test_cases": json.dumps([case("1\n2", "3", "stdin")]), "private_test_cases": json.dumps([case("3\n4", "7", "stdin")])}, "print(int(input()) + int(input()))\n", Verdict.PASS),
        ({"task_id": "t", "input_output": json.dumps({"inputs": [["1", "2"]], "outputs": [["3", ""]]})}, "print(int(input()) + int(input()))\n", Verdict.PASS),
    ],
)  # fmt: skip
def test_functions_called_with_json(bench: Bench, row: dict[str, Any], source: str, verdict: Verdict) -> None:
    outcome = bench.judge(problem(row), source)
    assert outcome.verdict is verdict, outcome.detail


class Evil:
    """A pickle that would run a command."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("unpickled",)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({**LIVE, "public_test_cases": "[]"}, "public_test_cases: []: expected at least one test"),
        ({**LIVE, "public_test_cases": json.dumps([case("1", "1", "other")])}, "testtype: ['other']: expected stdin or functional"),
        ({**LIVE, "metadata": "{}", "public_test_cases": json.dumps([case("1", "1")])}, "fn_name: missing: expected the name of the function"),
        ({**LIVE, "public_test_cases": json.dumps([case("x", "1")])}, "public_test_cases[0]: 'x': expected JSON"),
        ({**LIVE, "public_test_cases": "[]", "private_test_cases": "%%%"}, "private_test_cases: '%%%': expected tests as LiveCodeBench packs them"),
        ({**LIVE, "public_test_cases": "[]", "private_test_cases": base64.b64encode(zlib.compress(pickle.dumps(Evil()))).decode()}, "private_test_cases: "),
        (apps([5], [3]), "input_output[0]: 5: expected a list of arguments"), (apps([[1]], []), "input_output: "),
        ({"task_id": "t", "tests": [{"input": "1", "output": "1"}], "time_limit": -1}, "time_limit: -1: expected seconds, above 0"),
        ({"task_id": "t", "tests": [{"input": "1", "output": "1"}], "time_limit": "soon"}, "time_limit: 'soon': expected seconds, above 0"),
        ({"task_id": "t", "tests": [{"input": "1", "output": "1"}], "comparison": "loose"}, "comparison: 'loose': expected tokens or text"),
        ({"task_id": "t", "tests": [{"input": "1", "output": "1", "testtype": "functional"}]}, "fn_name: missing: expected the name of the function"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_row_is_said(row: dict[str, Any], message: str) -> None:
    with pytest.raises(RowError) as raised:
        problem(row)
    assert str(raised.value).startswith(message)


def test_a_row_may_ask_for_exact_text(bench: Bench) -> None:
    row = {"task_id": "t", "tests": [{"input": "", "output": "1.00\n"}], "comparison": "text"}
    assert [bench.judge(problem(row), f"print('{shown}')").verdict for shown in ("1.00", "1.0")] == [
        Verdict.PASS,
        Verdict.WRONG,
    ]


@pytest.mark.parametrize(
    ("given", "examples", "typed"),
    [
        ([[[1, 2], [3]]], [[(1, 2)]], [[1, 2], [3]]), ([[[1, 2], [3]]], [[[(1, 2)]]], [(1, 2), (3,)]), ([[[1, 2], [3]]], [[((1, 2), (3, 4))]], ((1, 2), (3,))),
        ([[1, [2], 3]], [[(1, (2, 3), 4)]], (1, (2,), 3)), ([[[1], []]], [[[{1}, {2}]]], [{1}, set()]), ([{"a": [1]}], [[{"k": (1, 2)}]], {"a": (1,)}),
        (["1j"], [[1j]], 1j), (["2"], [[3]], 2.0), ([3], [[1j]], 3 + 0j), (["two"], [[3]], "two"), ([[1]], [], [1]), ([[1]], [[[1]], [(1,)]], [1]),
        ([["a", [1]]], [[("b", [2])]], ("a", [1])), ([[[[1]]]], [[{1}]], [[[1]]]),
    ],
)  # fmt: skip
def test_inputs_have_the_types_of_the_examples(given: list[Any], examples: list[list[Any]], typed: Any) -> None:
    shown = [tuple(one) for one in examples]
    if typed == [[1, 2], [3]]:
        typed = ([1, 2], [3])
    ((made,),) = with_types([tuple(given)], shown)
    assert (made, type(made)) == (typed, type(typed))


DISTINCT = {
    "task_id": "Mbpp/1", "entry_point": "distinct", "prompt": '"""\nCount.\nassert distinct([(1, 2), (1, 2)]) == 1\n"""\n', "atol": 0,
    "canonical_solution": "def distinct(xs):\n    return len(set(xs))\n", "base_input": [[[[1, 2], [1, 2]]]], "plus_input": [[[[3, 4]]]],
}  # fmt: skip
MEAN = {
    "task_id": "E", "entry_point": "mean", "prompt": "def mean(xs):\n", "canonical_solution": "    return sum(xs) / len(xs)\n", "base_input": [[[1, 2]], [[3]]], "atol": 0,
}  # fmt: skip
COUNT = {
    "task_id": "C",
    "entry_point": "count",
    "prompt": "def count(xs):\n",
    "canonical_solution": "    return {x: xs.count(x) for x in xs}\n",
    "base_input": [[["a", "b", "a"]]],
}
LENGTH = {
    "task_id": "L",
    "entry_point": "n",
    "prompt": "def n(xs):\n",
    "canonical_solution": "    return len(xs)\n",
    "base_input": [[[1, 2]]],
}
BOTH = {
    "task_id": "B",
    "entry_point": "n",
    "prompt": "def n(xs):\n",
    "canonical_solution": "    return [x for x in xs]\n",
    "base_input": [[[1, 2]]],
}
FOUND = {
    "task_id": "Mbpp/9",
    "entry_point": "check_str",
    "prompt": "",
    "canonical_solution": "import re\ndef check_str(s):\n    return re.match('a', s)\n",
    "base_input": [["ab"], ["b"]],
}
LARGE = {
    "task_id": "X",
    "entry_point": "f",
    "prompt": "",
    "canonical_solution": "def f(n):\n    return 'x' * n\n",
    "base_input": [[1], [3_000_000]],
}


@pytest.mark.parametrize(
    ("row", "source", "verdict"),
    [
        (DISTINCT, "def distinct(xs):\n    return len({x for x in xs})\n", Verdict.PASS),
        (MEAN, "def mean(xs):\n    return sum(xs) / len(xs) + 4e-7\n", Verdict.PASS), (MEAN, "def mean(xs):\n    return sum(xs) / len(xs) + 4e-6\n", Verdict.WRONG),
        (MEAN, "import numpy\n", Verdict.RAISED), (LENGTH, "def n(xs):\n    return len(xs) + 4e-7\n", Verdict.WRONG), (LENGTH, "def n(xs):\n    return float(len(xs))\n", Verdict.PASS),
        (COUNT, "from collections import Counter as count\n", Verdict.PASS), (COUNT, "from collections import *\ndef count(xs):\n    d = defaultdict(int)\n    for x in xs: d[x] += 1\n    return d\n", Verdict.PASS),
        (COUNT, "def count(xs):\n    class D(dict):\n        __eq__ = lambda s, o: True\n    return D()\n", Verdict.WRONG), (COUNT, "def count(xs):\n    return {'b': 1, 'a': 2}\n", Verdict.PASS),
        (BOTH, "def n(xs):\n    return iter(xs)\n", Verdict.WRONG), (BOTH, "def n(xs):\n    return tuple(xs)\n", Verdict.WRONG), (BOTH, "def n(xs):\n    return range(1, 3)\n", Verdict.WRONG),
        (BOTH, "def n(xs):\n    return lambda: xs\n", Verdict.UNSERIALISABLE), (BOTH, "def n(xs):\n    while True: yield 1\n", Verdict.UNSERIALISABLE),
        (FOUND, "import re\ndef check_str(s):\n    return re.search('^a', s)\n", Verdict.PASS), (FOUND, "def check_str(s):\n    return s[0] == 'a'\n", Verdict.PASS),
        (FOUND, "def check_str(s):\n    return s[0] == 'b'\n", Verdict.WRONG), (LARGE, "def f(n):\n    return 'x' * n\n", Verdict.PASS), (LARGE, "def f(n):\n    return 'x'\n", Verdict.WRONG),
    ],
)  # fmt: skip
def test_answers_of_evalplus_rows(bench: Bench, row: dict[str, Any], source: str, verdict: Verdict) -> None:
    outcome = bench.judge(problem(row), source)
    assert outcome.verdict is verdict, outcome.detail


def test_the_digest_of_a_problem_depends_on_its_content_alone() -> None:
    row = {
        **DISTINCT,
        "prompt": '"""\nassert distinct([{"a", "b"}]) == 1\n"""\n',
        "base_input": [[[["a", "b", "c"], ["d"]]]],
    }
    one, other = problem(row), problem({**row, "base_input": [[[["c", "b", "a"], ["d"]]]]})
    assert one.digest == other.digest
    assert one.digest != problem(DISTINCT).digest
