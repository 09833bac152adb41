"""Every kind of planted leak is found by the evidence that fits it, and clean files give none."""

from collections.abc import Iterator

import pytest

from moiety.atoms import atom_named, quick_atoms
from moiety.contamination import Record, Thresholds, audit_records
from moiety.judge import Judge
from moiety.splits import draw_tasks
from moiety.synthesis.graph import chain
from moiety.synthesis.render import render

ORIGINAL = """def without_small(xs: list[int]) -> list[int]:
    kept = []
    for x in xs:
        if x > 3:
            kept.append(x)
    return kept

def twice(xs: list[int]) -> list[int]:
    return [2 * x for x in xs]

def f(xs: list[int]) -> int:
    xs = without_small(xs)
    xs = twice(xs)
    return sum(xs)
"""
RENAMED = """def filter_it(numbers: list[int]) -> list[int]:
    '''Keep the large ones.'''
    result = []
    for number in numbers:
        if number > 3:  # the bound
            result.append(number)
    return result

def double(numbers):
    return [2 * number for number in numbers]

def solve(values: list[int]) -> int:
    values = filter_it(values)
    values = double(values)
    return sum(values)
"""
REWRITTEN = "def total(ns: list[int]) -> int:\n    return 2 * sum(n for n in ns if not n <= 3)\n"
OTHER_BOUND = ORIGINAL.replace("x > 3", "x > 4")
INSTRUCTION = (
    "Write a function that removes all numbers not greater than three from a list of integers, doubles each of the "
    "numbers that remain and returns the sum of the doubled numbers as one integer."
)
PARAPHRASE = (
    "Please write a Python function that removes all numbers not greater than three from a list of integers, doubles "
    "each of the remaining numbers, and returns the sum of the doubled numbers as one integer!"
)
OTHER_INSTRUCTION = (
    "Write a function that removes all vowels from a string, doubles each of the letters that remain and returns the "
    "length of what this gives."
)


def reordered(source: str) -> str:
    """Return a program with its first two functions exchanged."""
    first, second, *rest = source.split("\n\n")
    return "\n\n".join([second, first, *rest])


def record(code: str = "", instruction: str = "", row: int = 1) -> Record:
    return Record("planted", row, "", instruction, code)


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with Judge(zygotes=2) as started:
        yield started


@pytest.mark.parametrize(
    ("code", "kinds"),
    [
        pytest.param(ORIGINAL, {"text", "ngram", "near", "ast", "behaviour"}, id="copy"),
        pytest.param(
            ORIGINAL.replace("    ", "\t") + "# end\n", {"text", "ngram", "near", "ast", "behaviour"}, id="space"
        ),
        pytest.param(RENAMED, {"ast", "behaviour"}, id="renamed variables"),
        pytest.param(reordered(RENAMED), {"ast", "behaviour"}, id="reordered helpers"),
        pytest.param(REWRITTEN, {"behaviour"}, id="written differently"),
        pytest.param(OTHER_BOUND, set(), id="another function, similar as text"),
        pytest.param("def f(xs: list[int]) -> int:\n    return 0\n", set(), id="constant"),
    ],
)
def test_planted_programs(judge: Judge, code: str, kinds: set[str]) -> None:
    found = audit_records(
        [record(code)], [record(REWRITTEN.replace("3", "9"), row=1), record(ORIGINAL, row=2)], judge=judge
    )
    assert {f.kind for f in found.findings if f.against.row == 2} == kinds
    assert [f for f in found.findings if f.against.row == 1] == []


def test_similar_programs_are_found_where_nothing_is_run() -> None:
    found = audit_records([record(OTHER_BOUND)], [record(ORIGINAL)])
    assert {(f.kind, f.side) for f in found.findings} == {("ngram", "code"), ("near", "code")}


@pytest.mark.parametrize(
    ("instruction", "kinds"),
    [(PARAPHRASE, {"near"}), (INSTRUCTION.upper() + " ", {"text", "ngram", "near"}), (OTHER_INSTRUCTION, set())],
)
def test_planted_instructions(instruction: str, kinds: set[str]) -> None:
    found = audit_records([record(instruction=instruction)], [record(instruction=INSTRUCTION)])
    assert {f.kind for f in found.findings} == kinds
    assert {f.side for f in found.findings} <= {"instruction"}


def test_a_text_inside_a_longer_one_is_found() -> None:
    longer = f"{INSTRUCTION} {' '.join(f'Remark {n} stands below.' for n in range(20))}"
    (found,) = audit_records([record(instruction=longer)], [record(instruction=INSTRUCTION)]).findings
    assert (found.kind, found.score) == ("ngram", 1.0)


@pytest.mark.parametrize("recorded_keys", [False, True])
def test_compositions_equal_by_algebra(judge: Judge, recorded_keys: bool) -> None:
    reverse, sort = atom_named("reverse_list"), atom_named("sort_ascending")
    longer, shorter = (record(render(chain(atoms))[0]) for atoms in ([reverse, sort], [sort]))
    found = audit_records([longer], [shorter], judge=judge, recorded_keys=recorded_keys)
    assert [f.kind for f in found.findings if f.kind not in ("ngram", "near")] == ["behaviour"]
    assert audit_records([longer], [record(render(chain([sort, reverse]))[0])], judge=judge).findings == []


def test_a_task_of_ours_is_found_in_foreign_code_by_its_recorded_key(judge: Judge) -> None:
    task = draw_tasks(quick_atoms(), count=1, depth=2, seed=5)[0]
    ours = Record("ours", 1, "", "", "def f(: not run", "f", (), task.behaviour_key)
    foreign = record(task.reference_solution)
    (found,) = audit_records([ours], [foreign], judge=judge, recorded_keys=True).findings
    assert (found.kind, found.evidence) == ("behaviour", "equal behaviour keys on our bank")


@pytest.mark.parametrize(
    "code",
    [
        "import os\ndef f(xs: list[int]) -> int:\n    os._exit(0)\n",
        "def f(xs: list[int]) -> int:\n    while True: pass\n",
        "def f(xs: list[int]) -> int:\n    raise SystemExit\n",
        "raise RuntimeError\ndef f(xs: list[int]) -> int:\n    return 1\n",
        "class Same(int):\n    __eq__ = lambda a, b: True\ndef f(xs: list[int]) -> int:\n    return Same(len(xs))\n",
        "def f(xs: list[int]) -> int:\n    return " + "(" * 500 + ")" * 500 + "\n",
        "def f(xs: list[int]) -> int:\n    return 1 \x00\n",
    ],
)
def test_hostile_programs_match_nothing_and_stop_nothing(judge: Judge, code: str) -> None:
    found = audit_records([record(code, row=1), record(REWRITTEN, row=2)], [record(ORIGINAL)], judge=judge)
    assert {(f.kind, f.audited.row) for f in found.findings} == {("behaviour", 2)}


def test_clean_files_of_ten_thousand_pairs_report_none(judge: Judge) -> None:
    files = []
    for split in ("train", "test"):
        tasks = draw_tasks(quick_atoms(), count=100, depth=2, split=split, seed=0)
        files.append([
            Record(split, row, t.task_id, t.instruction, t.reference_solution, "f", (), t.behaviour_key)
            for row, t in enumerate(tasks, start=1)
        ])  # fmt: skip
    found = audit_records(files[0], files[1], judge=judge)
    assert (found.pairs, found.compared_by_behaviour, found.findings) == (10_000, 100, [])
    leaked = audit_records([*files[0], files[1][7]], files[1], judge=judge)
    assert {(f.audited.place, f.against.row) for f in leaked.findings} == {("test:8", 8)}


def test_any_number_of_workers_finds_the_same() -> None:
    rows = [record(code, text, row=n) for n in range(1, 601) for code, text in [(RENAMED, PARAPHRASE)]]
    one, two = (audit_records(rows, [record(ORIGINAL, INSTRUCTION)], workers=n) for n in (1, 2))
    assert one.findings == two.findings
    assert one.counts() == {"text": 0, "ngram": 0, "near": 600, "ast": 600, "behaviour": 0}


def test_thresholds_are_kept() -> None:
    pair = ([record(instruction=PARAPHRASE)], [record(instruction=INSTRUCTION)])
    assert audit_records(*pair, thresholds=Thresholds(near=0.95)).findings == []
    kinds = {f.kind for f in audit_records(*pair, thresholds=Thresholds(near=0.4, ngram=0.5)).findings}
    assert kinds == {"ngram", "near"}
