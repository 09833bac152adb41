"""Assert-style rows: what a benchmark's own harness has, kept over the stub; and bounds for a whole sample."""

# A case stays on its line.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Iterator

import pytest

from moiety.judge import Bench, Judge, Outcome, Problem, Verdict, problem


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """Return a bench over two zygotes."""
    with Judge(zygotes=2) as judge, Bench(judge, cpu_limit_s=0.5) as made:
        yield made


def row(test: str, canonical: str, setup: str = "") -> Problem:
    """Return a problem whose test is the body of `check(candidate)` and whose function is `g(*a)`."""
    body = "".join(f"    {line}\n" for line in test.splitlines())
    canonical = "".join(f"    {line}\n" for line in canonical.splitlines())
    return problem({
        "task_id": "t", "entry_point": "g", "prompt": f"{setup}def g(*a):\n", "canonical_solution": canonical, "test": f"def check(candidate):\n{body}",
    })  # fmt: skip


SAME = [
    ("the order of a dict", "assert list(candidate({'a': 2, 'b': 1, 'c': 0})) == ['c', 'b', 'a']", "return dict(sorted(a[0].items(), key=lambda i: i[1]))"),
    ("the text of a dict", "assert str(candidate()) == \"{'b': {'z': 1, 'a': 2}}\"", "return {'b': {'z': 1, 'a': 2}}"),
    ("the type and text of an exception", "try:\n    candidate()\nexcept ValueError as error:\n    assert str(error) == 'bad: 1'\nelse:\n    assert False", "raise ValueError('bad: 1')"),
    ("the text of a KeyError", "try:\n    candidate()\nexcept KeyError as error:\n    assert str(error) == \"'k'\"\nelse:\n    assert False", "return {}['k']"),
    ("an own exception by its base", "try:\n    candidate()\nexcept ArithmeticError as error:\n    assert 'low' in str(error)\nelse:\n    assert False",
     "class E(ZeroDivisionError): pass\nraise E('too low')"),
    ("an exception with other arguments", "try:\n    candidate()\nexcept UnicodeError:\n    pass\nelse:\n    assert False", "return b'\\xff'.decode()"),
    ("an answer that is the argument", "xs = [2, 1]\nassert candidate(xs) is xs\nassert xs == [1, 2]", "a[0].sort()\nreturn a[0]"),
    ("an answer that is another list", "xs = [2, 1]\nys = candidate(xs)\nys.append(3)\nassert xs == [2, 1]", "return list(a[0])"),
    ("one list given twice", "xs = [1]\nassert candidate(xs, xs) == [1, 2]\nassert xs == [1, 2]", "a[0].append(2)\nreturn a[1]"),
    ("an iterator", "found = candidate([1, 2])\nassert next(found) == '1'\nassert list(found) == ['2']", "return map(str, a[0])"),
    ("a view", "assert candidate({'a': 1}) == {'a'}\nassert sorted(candidate({'a': 1})) == ['a']", "return a[0].keys()"),
    ("a range", "assert candidate(range(3)) == range(1, 4)", "return range(a[0].start + 1, a[0].stop + 1)"),
    ("a type", "assert candidate((1, 'a'), int) == ['a']", "return [x for x in a[0] if type(x) is not a[1]]"),
    ("a queue", "from collections import deque\nassert candidate(deque([1])) == deque([1, 2])", "a[0].append(2)\nreturn a[0]"),
    ("a Counter", "from collections import Counter\nassert candidate('aab') == {'a': 2, 'b': 1} == Counter('aab')", "import collections\nreturn collections.Counter(a[0])"),
    ("an answer in a call", "assert candidate(candidate([1])) == [1, 0, 0]", "return a[0] + [0]"),
    ("named tuples", "assert candidate() == (1, 2)", "import collections\nreturn collections.namedtuple('P', 'x y')(1, 2)"),
]  # fmt: skip


@pytest.mark.parametrize(("test", "canonical"), [case[1:] for case in SAME], ids=[case[0] for case in SAME])
def test_what_a_harness_has_is_kept(bench: Bench, test: str, canonical: str) -> None:
    task = row(test, canonical)
    outcome = bench.judge(task, task.canonical)
    assert outcome.verdict is Verdict.PASS, outcome.detail
    assert bench.judge(task, "def g(*a):\n    return 'wrong'\n").verdict is Verdict.WRONG


@pytest.mark.parametrize(
    ("test", "canonical", "detail"),
    [
        ("assert candidate() == 2", "return 1", "the canonical program: wrong"),
        (
            "assert candidate() == 1",
            "return lambda: 1",
            "the canonical program: unserialisable: test 0: cannot encode function",
        ),
        (
            "assert candidate(lambda: 1) == 1",
            "return 1",
            "the canonical program: unsupported: an argument that is not plain data: cannot encode function",
        ),
        (
            "assert candidate() == missing",
            "return 1",
            "the canonical program: unsupported: name 'missing' is not defined",
        ),
        (
            "assert candidate() == 1\nassert candidate() == 2",
            "g.n = getattr(g, 'n', 0) + 1\nreturn g.n",
            "the canonical program: wrong",
        ),
    ],
)
def test_a_canonical_program_that_does_not_pass_makes_the_task_unsupported(
    bench: Bench, test: str, canonical: str, detail: str
) -> None:
    task = row(test, canonical)
    for source in (task.canonical, "def g(*a):\n    return 1\n", "def g(*a):\n    return 0\n"):
        outcome = bench.judge(task, source)
        assert outcome.verdict is Verdict.UNSUPPORTED
        assert outcome.detail.startswith(detail)


@pytest.mark.parametrize(
    ("test", "source"),
    [
        ("found = candidate()\nif found != 1:\n    missing\n", "def g(*a):\n    return 2\n"),
        ("found = candidate()\nif found != 1:\n    candidate(n=found)\n", "def g(*a):\n    return 2\n"),
        ("found = candidate()\nif found != 1:\n    candidate(print)\n", "def g(*a):\n    return 2\n"),
        ("for x in [candidate()] * candidate():\n    y = 1\nassert y == 1\n", "def g(*a):\n    return 0\n"),
        ("assert len('a' * candidate()) == 1\n", "def g(*a):\n    return 1 << 45\n"),
        ("assert 10 // candidate() == 10\n", "def g(*a):\n    return 0\n"),
    ],
)
def test_what_a_test_raises_on_an_answer_is_wrong(bench: Bench, test: str, source: str) -> None:
    assert bench.judge(row(test, "return 1"), source).verdict is Verdict.WRONG


@pytest.mark.parametrize(
    "test", ["n = candidate()\nwhile n != 1:\n    pass", "assert sum(range(candidate())) == 0", "while candidate() != 1:\n    try:\n        while candidate() != 1:\n            pass\n    except:\n        pass"],
)  # fmt: skip
def test_a_test_that_works_on_an_answer_for_ever_is_ended(bench: Bench, test: str) -> None:
    task = row(test, "return 1")
    outcome = bench.judge(task, "def g(*a):\n    return 10**12\n")
    assert outcome.verdict is Verdict.TIMEOUT, outcome.detail
    assert bench.judge(task, task.canonical).verdict is Verdict.PASS


def spin(seconds: float) -> str:
    return f"import time\ndef g(*a):\n    end = time.process_time() + {seconds}\n    while time.process_time() < end: pass\n    return 1\n"


def many(bench: Bench, source: str) -> Outcome:
    """Judge a program on a row without a canonical one: its limit is the least limit of the bench."""
    test = "def check(candidate):\n    for n in range(20):\n        assert candidate(n) == 1\n"
    return bench.judge(problem({"task_id": "t", "entry_point": "g", "prompt": "def g(*a):\n", "test": test}), source)


def test_the_limit_is_of_all_calls_together(bench: Bench) -> None:
    assert many(bench, spin(0.0)).verdict is Verdict.PASS
    outcome = many(bench, spin(0.3))
    assert outcome.verdict is Verdict.TIMEOUT
    assert outcome.cpu_s < 3.0  # of 6 s that the calls would take


def test_calls_that_sleep_are_bounded_together() -> None:
    with Judge(zygotes=1) as judge, Bench(judge, cpu_limit_s=0.1) as bench:
        outcome = many(bench, "import time\ndef g(*a):\n    time.sleep(0.4)\n    return 1\n")
    assert outcome.verdict is Verdict.TIMEOUT
