"""Self-written rows in the form of public benchmarks: gold passes, forgeries fail, no row is failed for its form."""

# A case stays on its line.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from moiety.judge import Bench, Judge, Problem, RowError, Verdict, problem

HELPER = problem({
    "task_id": "Own/0", "entry_point": "decode_word",
    "prompt": 'def encode_word(s: str) -> str:\n    return s[::-1]\n\n\ndef decode_word(s: str) -> str:\n    """Undo."""\n',
    "canonical_solution": "    return s[::-1]\n",
    "test": "def check(candidate):\n    for s in ('abc', '', 'xy'):\n        assert candidate(encode_word(s)) == s\n",
})  # fmt: skip
RAISES = problem({
    "task_id": "Own/1", "entry_point": "half", "prompt": "def half(n):\n", "canonical_solution":
    "    if n % 2:\n        raise ValueError(n)\n    return n // 2\n",
    "test": "def check(candidate):\n    assert candidate(4) == 2\n    try:\n        candidate(3)\n        assert False\n"
    "    except ValueError:\n        pass\n",
})  # fmt: skip
IN_PLACE = problem({
    "task_id": "Own/2", "entry_point": "drop_first", "prompt": "def drop_first(xs):\n", "canonical_solution": "    del xs[0]\n",
    "test": "def check(candidate):\n    xs = [1, [2], 3]\n    assert candidate(xs) is None\n    assert xs == [[2], 3]\n",
})  # fmt: skip
ORDER = problem({
    "task_id": "Own/5", "entry_point": "first_key", "prompt": "def first_key(d):\n", "canonical_solution":
    "    return next(iter(d))\n",
    "test": "def check(candidate):\n    assert candidate({'p': 1, 'a': 2}) == 'p'\n    assert candidate({'a': 2, 'p': 1}) == 'a'\n",
})  # fmt: skip
MBPP = problem({
    "task_id": 7, "text": "Write.", "code": "def add(a, b):\n    return a + b\n", "test_setup_code": "import math\n",
    "test_list": ["assert add(1, 2) == 3", "assert math.isclose(add(0.1, 0.2), 0.3)"],
})  # fmt: skip
EVALPLUS = problem({
    "task_id": "Own/3", "entry_point": "mean", "prompt": "def mean(xs):\n", "canonical_solution": "    return sum(xs) / len(xs)\n",
    "base_input": [[[1, 2]], [[0.1, 0.2, 0.3]]], "plus_input": [[[5]]], "atol": 1e-6,
})  # fmt: skip
STDIO = problem({
    "task_id": "Own/4", "canonical_solution": "import sys\nprint(sum(map(int, sys.stdin.read().split())))\n",
    "tests": [{"input": "1 2\n3\n", "output": "6\n"}, {"input": "", "output": "0"}],
})  # fmt: skip
ALL = (HELPER, RAISES, IN_PLACE, ORDER, MBPP, EVALPLUS, STDIO)
FORGERIES = (
    "", "import sys\nsys.exit(0)\n", "import os\nos._exit(0)\n", "raise AssertionError\n", "NAME = 1\n", "def NAME(*a):\n    raise NameError('x')\n",
    "class A:\n    __eq__ = lambda s, o: True\ndef NAME(*a):\n    return A()\n", "def NAME(*a):\n    import os\n    os._exit(0)\n",
    "def NAME(*a):\n    raise SystemExit(0)\n", "def NAME(*a):\n    while True: pass\n", "def check(c): pass\ndef NAME(*a):\n    return check\n",
    "import builtins\nbuiltins.AssertionError = ValueError\ndef NAME(*a):\n    return float('nan')\n",
)  # fmt: skip


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """Return a bench over one zygote."""
    with Judge(zygotes=1) as judge, Bench(judge, cpu_limit_s=0.2) as made:
        yield made


@pytest.mark.parametrize("task", ALL, ids=lambda task: task.task_id)
def test_gold_passes(bench: Bench, task: Problem) -> None:
    outcome = bench.judge(task, task.canonical)
    assert outcome.verdict is Verdict.PASS, outcome.detail


@pytest.mark.parametrize("forgery", FORGERIES)
@pytest.mark.parametrize("task", ALL, ids=lambda task: task.task_id)
def test_forgeries_fail(bench: Bench, task: Problem, forgery: str) -> None:
    outcome = bench.judge(task, forgery.replace("NAME", task.entry_point or "main"))
    assert outcome.verdict not in (Verdict.PASS, Verdict.INFRA, Verdict.UNSUPPORTED), outcome.detail


@pytest.mark.parametrize(
    ("test", "canonical"),
    [
        ("def check(candidate):\n    assert candidate(lambda x: x) == 1\n", "    return x(1)\n"),
        ("def check(candidate):\n    assert candidate(1).value == 1\n", "    return type('A', (), {'value': 1})()\n"),
        ("def check(candidate):\n    assert candidate(Pair(1)) == 1\n", "    return 1\nclass Pair(int): pass\n"),
        ("def check(candidate):\n    assert candidate(x=1) == 1\n", "    return x\n"),
    ],
)
def test_what_cannot_cross_is_unsupported(bench: Bench, test: str, canonical: str) -> None:
    row = {
        "task_id": repr(test),
        "entry_point": "g",
        "prompt": "def g(x):\n",
        "canonical_solution": canonical,
        "test": test,
    }
    task = problem(row)
    assert bench.judge(task, task.canonical).verdict is Verdict.UNSUPPORTED


def test_what_cannot_cross_is_said_and_what_can_is_compared(bench: Bench) -> None:
    assert bench.judge(HELPER, "def decode_word(s):\n    return print\n").verdict is Verdict.UNSERIALISABLE
    assert bench.judge(HELPER, "def decode_word(s):\n    return iter(s)\n").verdict is Verdict.WRONG


def test_threads_share_a_bench() -> None:
    work = [(task, source) for task in ALL for source in (task.canonical, "")] * 3
    with Judge(zygotes=2) as judge, Bench(judge) as bench, ThreadPoolExecutor(6) as threads:
        passed = list(threads.map(lambda pair: bench.judge(*pair).passed, work))
    assert passed == [bool(source) for _, source in work]


def test_a_limit_follows_the_canonical_program() -> None:
    slow = "import time\ndef g(x):\n    end = time.process_time() + S\n    while time.process_time() < end: pass\n    return x\n"
    row = {
        "task_id": "slow",
        "entry_point": "g",
        "prompt": "",
        "base_input": [[1]],
        "canonical_solution": slow.replace("S", "0.05"),
    }
    task = problem(row)
    with Judge(zygotes=1) as judge, Bench(judge, cpu_limit_s=0.05) as bench:
        assert bench.judge(task, slow.replace("S", "0.2")).verdict is Verdict.PASS
        assert bench.judge(task, slow.replace("S", "100")).verdict is Verdict.TIMEOUT


GOOD_ROW = {"task_id": "g", "entry_point": "g", "prompt": "def g(x):\n", "canonical_solution": "    return x\n"}
ASSERTS = {**GOOD_ROW, "test": "def check(c):\n    assert c(1) == 1\n"}
CALLS = {**GOOD_ROW, "base_input": [[1]]}
OWN_MBPP = {"task_id": 1, "code": "def h(): return 1\n", "test_list": ["assert h() == 1"]}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({}, "task_id: missing: expected a name"),
        ({"task_id": [1]}, "task_id: [1]: expected a name"),
        ({"task_id": "a\nb"}, "task_id: 'a\\nb': expected printable text"),
        ({"task_id": 1}, "tests: missing: expected one of test, test_list, base_input, tests, input_output"),
        ({"task_id": 1, "tests": []}, "tests: []: expected at least one pair"),
        ({"task_id": 1, "tests": "{"}, "tests: '{': expected JSON"),
        ({"task_id": 1, "tests": [{"input": "a"}]}, "tests: "),
        ({"task_id": 1, "input_output": {"inputs": ["a"], "outputs": []}}, "input_output: "),
        ({**ASSERTS, "entry_point": None}, "entry_point: None: expected text"),
        ({**ASSERTS, "entry_point": "not a name"}, "entry_point: 'not a name': expected the name of a function"),
        ({**ASSERTS, "entry_point": "h"}, "entry_point: 'h': expected a function that canonical_solution defines"),
        ({**ASSERTS, "test": "def check(:"}, "test: 'def check(:': expected Python source"),
        ({**ASSERTS, "prompt": "def g(x"}, "prompt: 'def g(x\\n    pass\\n': expected Python source"),
        ({**ASSERTS, "test": 1}, "test: 1: expected text"),
        ({**CALLS, "base_input": 3}, "base_input: 3: expected a list of lists of arguments"),
        ({**CALLS, "base_input": []}, "base_input: []: expected at least one list of arguments"),
        ({**CALLS, "base_input": [1]}, "base_input[0]: 1: expected a list of arguments"),
        ({**CALLS, "atol": "x"}, "atol: 'x': expected a number"),
        ({**OWN_MBPP, "test_list": []}, "test_list: []: expected a list of asserts, at least one"),
        ({**OWN_MBPP, "test_list": ["assert k() == 1"]}, "test_list: ['assert k() == 1']: expected asserts that call"),
        ({**OWN_MBPP, "code": "def"}, "code: 'def': expected Python source"),
    ],
)  # fmt: skip
def test_a_malformed_row_is_named_by_its_field(row: dict[str, Any], message: str) -> None:
    with pytest.raises(RowError) as raised:
        problem(row)
    assert str(raised.value).startswith(message)
