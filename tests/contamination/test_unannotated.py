"""Rewritten solutions without annotations are found by what they answer, and what was not run is named with why."""

# A program stays on its line.
# ruff: noqa: E501

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from moiety import cli
from moiety.contamination import Record, audit_files, audit_records
from moiety.contamination.arguments import Arguments
from moiety.contamination.listing import audit_json, audit_table
from moiety.contamination.programs import read_program
from moiety.judge import Judge

sys.path.insert(0, str(Path(__file__).parents[1] / "report"))
from report_html import read_page

RUNNING = {
    "task_id": "Own/9", "entry_point": "rolling",
    "prompt": 'def rolling(numbers):\n    """Return the largest number so far at each place."""\n',
    "canonical_solution": "    best = None\n    result = []\n    for n in numbers:\n        best = n if best is None else max(best, n)\n"
    "        result.append(best)\n    return result\n",
    "test": "METADATA = {}\n\n\ndef check(candidate):\n    assert candidate([]) == []\n    assert candidate([1, 3, 2]) == [1, 3, 3]\n"
    "    assert candidate([4, -1]) == [4, 4]\n",
}  # fmt: skip
DIGITS = {
    "text": "Add up the digits.", "code": "def digits(n):\n    return sum(int(d) for d in str(abs(n)))\n",
    "test_list": ["assert digits(12) == 3", "assert digits(-5) == 5"],
}  # fmt: skip
CLIPPED = {
    "task_id": "Own/3", "prompt": 'def kept(words, least):\n    """Return the words that are long enough."""\n',
    "entry_point": "kept", "canonical_solution": "    return [w for w in words if len(w) >= least]\n",
    "base_input": [[["a", "bcd"], 2], [[], 1]],
}  # fmt: skip
MINE = {
    "running": "def running_maximum(xs):\n    return [max(xs[: i + 1]) for i, _ in enumerate(xs)]\n\n\n"
    "def main():\n    print(running_maximum([int(x) for x in input().split()]))\n",
    "digits": "def f(k, base=10):\n    k, total = abs(k), 0\n    while k:\n        k, last = divmod(k, base)\n        total += last\n"
    "    return total\n",
    "kept": "def select(ws, m):\n    out = []\n    for w in ws:\n        if not len(w) < m:\n            out.append(w)\n    return out\n",
}  # fmt: skip
OTHERS = {
    "running": "def running_minimum(xs):\n    return [min(xs[: i + 1]) for i, _ in enumerate(xs)]\n",
    "digits": "def f(k):\n    return len(str(abs(k)))\n",
    "kept": "def select(ws, m):\n    return [w for w in ws if len(w) > m]\n",
}
STORED: dict[str, dict[str, Any]] = {"running": RUNNING, "digits": DIGITS, "kept": CLIPPED}


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with Judge(zygotes=2) as started:
        yield started


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize("name", STORED)
def test_a_rewritten_solution_without_annotations_is_found(judge: Judge, tmp_path: Path, name: str) -> None:
    against = write(tmp_path / "benchmark.jsonl", *STORED.values())
    mine = write(
        tmp_path / "mine.jsonl",
        {"prompt": "p", "solution": MINE[name]}, {"prompt": "q", "solution": OTHERS[name]},
    )  # fmt: skip
    found = audit_files(mine, [against], judge=judge)
    place = list(STORED).index(name) + 1
    assert {(f.kind, f.audited.row, f.against.row) for f in found.findings} == {("behaviour", 1, place)}
    assert (found.compared_by_behaviour, found.not_run, found.against_not_run) == (2, {}, {})


@pytest.mark.parametrize("name", STORED)
def test_it_is_found_from_the_other_side_too(judge: Judge, tmp_path: Path, name: str) -> None:
    """The benchmark is audited: its inputs are lent to the stored solutions, which have no types."""
    mine = write(
        tmp_path / "mine.jsonl",
        {"prompt": "q", "solution": OTHERS[name]}, {"prompt": "p", "solution": MINE[name]},
    )  # fmt: skip
    found = audit_files(write(tmp_path / "benchmark.jsonl", *STORED.values()), [mine], judge=judge)
    place = list(STORED).index(name) + 1
    assert {(f.kind, f.audited.row, f.against.row) for f in found.findings} == {("behaviour", place, 2)}


@pytest.mark.parametrize("annotated", [True, False])
def test_types_are_taken_from_the_other_sides_annotations(judge: Judge, annotated: bool) -> None:
    typed = "def f(xs: list[int]) -> int:\n    return sum(x for x in xs if x % 2)\n"
    plain = (
        "def odd_total(values):\n    total = 0\n    for v in values:\n        total += v if v % 2 else 0\n"
        "    return total\n"
    )
    pair = [Record("a", 1, "", "", typed)], [Record("b", 1, "", "", plain)]
    found = audit_records(*(pair if annotated else pair[::-1]), judge=judge)
    assert {f.kind for f in found.findings} == {"behaviour"}


def test_a_similar_program_without_annotations_is_withdrawn_where_it_answers_otherwise(judge: Judge) -> None:
    lines = (
        "    kept = []\n    for x in xs:\n        if x > {}:\n            kept.append(2 * x)\n    kept.sort()\n"
        "    total = 0\n    for place, x in enumerate(kept):\n        total += place * x\n    return total\n"
    )
    stored = Record("b", 1, "", "", "def f(xs: list[int]) -> int:\n" + lines.format(3))
    found = audit_records([Record("a", 1, "", "", "def f(xs):\n" + lines.format(4))], [stored], judge=judge)
    assert (found.findings, found.withdrawn) == ([], 1)


NOT_RUN = [
    ("", "it holds no program"),
    ("Just words, and no code.", "its code is not Python"),
    ("print('no function')\n", "it defines no function"),
    ("def f():\n    return 1\n", "it takes no argument"),
    ("def f(*xs):\n    return 1\n", "it takes any number of arguments"),
    ("def f(xs, *, key):\n    return 1\n", "it takes arguments by keyword alone"),
    ("def f(a, b, c):\n    return a\n", "no function of 3 arguments in the other files"),
    ("def f(a, b, c=1):\n    return a\n", "no function of 2 or 3 arguments in the other files"),
    ("def f(x: float):\n    return x\n", "no inputs of its types, (float), in the other files"),
    ("def f(x: dict[str, int]):\n    return x\n", "no inputs of its types, (dict[str, int]), in the other files"),
    ("def f(x: str):\n    return x\n", "no inputs of its types, (str), in the other files"),
    ("def f(x):\n    raise ValueError\n", "run, but it gave too few answers"),
]


def test_every_row_that_was_not_run_is_named_with_the_reason(judge: Judge, tmp_path: Path) -> None:
    rows = [{"prompt": "Something.", "solution": code} for code, _ in NOT_RUN]
    against = write(
        tmp_path / "b.jsonl", RUNNING, {"prompt": "p", "solution": "def g(value: float):\n    return value * 2.5 - 1\n"}
    )
    found = audit_files(write(tmp_path / "a.jsonl", *rows), [against], judge=judge)
    assert found.findings == []
    assert found.not_run == {reason: [row] for row, (_, reason) in enumerate(NOT_RUN, start=1)}
    assert found.against_not_run == {"no inputs can be made of its types, (float)": [f"{against}:2"]}
    assert (found.compared_by_behaviour, found.unanswered) == (0, 1)
    table, document = audit_table(found), audit_json(found)
    assert "not compared by behaviour: no function of 3 arguments in the other files: 1 row (7)\n" in table
    assert f"not run, of the other files: no inputs can be made of its types, (float): 1 row ({against}:2)\n" in table
    assert document["not_run"]["it takes no argument"] == [4]


def test_where_no_side_knows_types_it_is_said_of_both(judge: Judge) -> None:
    rows = [[Record(name, n, "", "", f"def f(x):\n    return x + {n}\n") for n in range(1, 8)] for name in "ab"]
    found = audit_records(*rows, judge=judge)
    (reason, numbers), *rest = found.not_run.items()
    assert reason.startswith("types unknown: neither annotations nor test inputs")
    assert (numbers, rest) == ([1, 2, 3, 4, 5, 6, 7], [])
    assert found.against_not_run == {reason: [f"b:{n}" for n in range(1, 8)]}
    assert f"{reason}: 7 rows (1, 2, 3, 4, 5 …)\n" in audit_table(found)


def test_the_page_says_what_was_not_run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    against, page = write(tmp_path / "b.jsonl", RUNNING), tmp_path / "page.html"
    mine = write(tmp_path / "a.jsonl", {"prompt": "p", "solution": "def f(a, b):\n    return a\n"})
    with pytest.raises(SystemExit) as ended:
        cli.main(["audit", str(mine), str(against), "--html", str(page)])
    assert ended.value.code in (0, None)
    said = "not compared by behaviour: no function of 2 arguments in the other files: 1 row (1)"
    assert said in capsys.readouterr().out
    assert said in read_page(page.read_text()).text


@pytest.mark.parametrize(
    ("source", "tests", "types", "least"),
    [
        ("def f(a, b=1): pass", (), ("", ""), 1),
        ("def f(a: list, b: 'Any'): pass", (), ("list", ""), 2),
        ("def f(a: List, b: Sequence[int]): pass", (), ("list", "list[int]"), 2),
        ("def f(a: typing.List[str]): pass", (), ("list[str]",), 1),
        ("def f(a: list): pass", ("def check(candidate):\n    assert candidate([1]) == 1",), ("list[int]",), 1),
        ("def f(a: float): pass", ("assert f(1) == 1",), ("float",), 1),
        ("def f(a, b=2, c=3): pass", ("assert f('x', 1) == 1",), ("str", "int"), 2),
        ("def f(a): pass", ("assert f([]) == 1",), ("list",), 1),
        ("def f(a): pass", ("assert f(1) == 1", "assert f('x') == 1"), ("int or str",), 1),
        ("def f(a): pass", ("assert f([1, 2]) == 1", "assert f([1.5]) == 1", "assert f([]) == 0"), ("list[int]",), 1),
        ("def f(a): pass", ("for n in range(9):\n    assert f(n) == n\nassert f(3) == 3",), ("int",), 1),
        ("def f(a): pass", ("assert set(f([2, 1])) == {1, 2}", "assert math.isclose(f([1]), 1)"), ("list[int]",), 1),
        ("def f(a): pass", ("assert f({'a': 1}) == 1",), ("dict",), 1),
    ],
)
def test_what_a_function_takes(source: str, tests: tuple[str, ...], types: tuple[str, ...], least: int) -> None:
    arguments = read_program(source, asserts=tests).arguments
    assert (arguments.types, arguments.least) == (types, least)


@pytest.mark.parametrize(
    ("arguments", "signature", "takes"),
    [
        (Arguments(("",), 1), ("str",), True),
        (Arguments(("list",), 1), ("str",), False),
        (Arguments(("list",), 1), ("list[str]",), True),
        (Arguments(("", "int"), 1), ("str",), True),
        (Arguments(("", "int"), 1), ("str", "int"), True),
        (Arguments(("", "int"), 1), ("str", "str"), False),
        (Arguments(("", "int"), 2), ("str",), False),
        (Arguments(("",), 1), ("str", "int"), False),
        (Arguments(("int or str",), 1), ("str",), True),
        (Arguments(("int or str",), 1), ("list[bool]",), False),
        (Arguments(cannot="it takes no argument"), ("str",), False),
    ],
)
def test_which_types_can_be_lent(arguments: Arguments, signature: tuple[str, ...], takes: bool) -> None:
    assert arguments.take(signature) is takes
