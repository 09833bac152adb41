"""Self-written rows in the form of public benchmarks: gold passes, forgeries fail, no row is failed for its form."""

# A case stays on its line.
# ruff: noqa: E501

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from moiety.errors import UserError
from moiety.judge import Judge, Verdict, judge_samples
from moiety.judge.benchmarks import Bench, Problem, problem
from moiety.judge.stub import TestRunner

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
ALL = (HELPER, RAISES, IN_PLACE, MBPP, EVALPLUS, STDIO)
FORGERIES = (
    "", "import sys\nsys.exit(0)\n", "import os\nos._exit(0)\n", "raise AssertionError\n", "NAME = 1\n", "def NAME(*a):\n    raise NameError('x')\n",
    "class A:\n    __eq__ = lambda s, o: True\ndef NAME(*a):\n    return A()\n", "def NAME(*a):\n    import os\n    os._exit(0)\n",
    "def NAME(*a):\n    raise SystemExit(0)\n", "def NAME(*a):\n    while True: pass\n", "def check(c): pass\ndef NAME(*a):\n    return check\n",
    "import builtins\nbuiltins.AssertionError = ValueError\ndef NAME(*a):\n    return float('nan')\n",
)  # fmt: skip


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """Return a bench over one zygote."""
    with Judge(zygotes=1) as judge, TestRunner(judge) as runner:
        yield Bench(judge, runner, cpu_limit_s=0.2)


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
        ("def check(candidate):\n    assert candidate(1) == Pair(1)\n", "    return 1\nPair = int\n"),
        ("def check(candidate):\n    assert candidate(x=1) == 1\n", "    return x\n"),
    ],
)
def test_what_cannot_cross_is_unsupported(bench: Bench, test: str, canonical: str) -> None:
    row = {"task_id": test, "entry_point": "g", "prompt": "def g(x):\n", "canonical_solution": canonical, "test": test}
    task = problem(row)
    assert bench.judge(task, task.canonical).verdict is Verdict.UNSUPPORTED


def test_a_wrong_answer_of_no_plain_type_stays_a_failure(bench: Bench) -> None:
    assert bench.judge(HELPER, "def decode_word(s):\n    return iter(s)\n").verdict is Verdict.UNSERIALISABLE


def test_files_resume_and_count(tmp_path: Path) -> None:
    tasks, samples, out = tmp_path / "tasks.jsonl.gz", tmp_path / "samples.jsonl", tmp_path / "out.jsonl"
    row = {"task_id": "S", "tests": [{"input": "2\n", "output": "4\n"}]}
    tasks.write_bytes(gzip.compress(json.dumps(row).encode()))
    sources = ["print(int(input()) * 2)", "print(5)", "print(int(input()) * 2)", "print("]
    samples.write_text("\n".join(json.dumps({"task_id": "S", "solution": source}) for source in sources))
    with Judge(zygotes=1) as judge:
        first = judge_samples(tasks, samples, out, judge=judge)
        lines = out.read_text()
        out.write_text("\n".join(lines.splitlines()[:2]) + '\n{"task_id": "S", "sa')
        again = judge_samples(tasks, samples, out, judge=judge)
    assert first == again
    assert out.read_text() == lines
    assert first.counts == {"S": (4, 2)}
    assert first.verdicts == {"load_error": 1, "pass": 2, "wrong": 1}


@pytest.mark.parametrize(
    ("tasks", "samples", "message"),
    [
        ("{}", "", "tasks.jsonl:1: judge: a row without task_id"),
        ("[]", "", "tasks.jsonl:1: expected an object"),
        ("\xff", "", "tasks.jsonl:1: not a line of JSON"),
        ('{"task_id": 1}', "", "task 1: malformed row"),
        ('{"task_id": 1, "tests": []}', "", "at least one pair"),
        ('{"task_id": 1, "test": 1, "entry_point": "f", "prompt": ""}', "", "expected a string"),
        ("OK\nOK", "", "tasks.jsonl:2: task_id 'S' for the second time"),
        ("OK", '{"task_id": "T", "solution": ""}', "samples.jsonl:1: unknown task_id 'T'"),
        ("OK", '{"task_id": "S", "solution": 1}', "need a string in 'solution' or 'completion'"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, tasks: str, samples: str, message: str) -> None:
    good = json.dumps({"task_id": "S", "tests": [{"input": "2\n", "output": "4\n"}]})
    (tmp_path / "tasks.jsonl").write_bytes(tasks.replace("OK", good).encode("latin-1"))
    (tmp_path / "samples.jsonl").write_text(samples)
    with Judge(zygotes=1) as judge, pytest.raises(UserError, match=message.replace("(", r"\(")):
        judge_samples(tmp_path / "tasks.jsonl", tmp_path / "samples.jsonl", tmp_path / "out", judge=judge)


def test_a_row_may_be_any_dict() -> None:
    row: dict[str, Any] = {"task_id": 1, "base_input": 3, "entry_point": "f", "prompt": "", "canonical_solution": ""}
    with pytest.raises(UserError, match="malformed row"):
        problem(row)
