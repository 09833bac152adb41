"""`moiety audit` on files in the forms of HumanEval and MBPP: what it prints, writes and returns."""

# A program stays on its line.
# ruff: noqa: E501

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from moiety import cli
from moiety.contamination import exposure
from moiety.contamination.exposure import adjacent_atoms, type_signature
from moiety.splits import DataSet
from moiety.tasks import write_tasks

sys.path.insert(0, str(Path(__file__).parents[1] / "report"))
from report_html import read_page

HUMANEVAL = [
    {
        "task_id": "Own/0", "entry_point": "longest_word",
        "prompt": "from typing import List\n\n\ndef longest_word(words: List[str]) -> str:\n"
        '    """Return the longest of the words, the first one among equals, and an empty string for no words at all.\n'
        "    >>> longest_word(['a', 'bcd', 'ef'])\n    'bcd'\n" '    """\n',
        "canonical_solution": "    best = ''\n    for word in words:\n        if len(word) > len(best):\n"
        "            best = word\n    return best\n",
        "test": "def check(candidate):\n    assert candidate([]) == ''\n",
    },
    {
        "task_id": "Own/1", "entry_point": "digit_total",
        "prompt": 'def digit_total(n: int) -> int:\n    """Add up the decimal digits of a number, whatever its sign."""\n',
        "canonical_solution": "    total = 0\n    for digit in str(abs(n)):\n        total += int(digit)\n    return total\n",
        "test": "def check(candidate):\n    assert candidate(12) == 3\n",
    },
]  # fmt: skip
MBPP = [
    {
        "task_id": 7, "text": "Write a function to count how often the most frequent number occurs in a list of numbers.",
        "code": "def top_count(nums):\n    return max((nums.count(n) for n in nums), default=0)\n",
        "test_list": ["assert top_count([1, 1, 2]) == 2", "assert top_count([]) == 0"],
    },
    {
        "task_id": 8, "text": "Write a python function to tell whether a string reads the same in both directions.",
        "code": "def is_mirror(s):\n    return all(s[i] == s[-1 - i] for i in range(len(s) // 2))\n",
        "test_list": ["assert is_mirror('abba') == True"],
    },
]  # fmt: skip
MINE = [
    {"prompt": "Sort the words by their length.", "solution": "def f(ws: list[str]) -> list[str]:\n    return sorted(ws, key=len)\n"},
    {
        "prompt": "Something else.",
        "solution": "def pick(items):\n    top = ''\n    for item in items:\n        if len(item) > len(top):\n            top = item\n"
        "    return top\n",
    },
    {"prompt": "Digits.", "solution": "def f(k: int) -> int:\n    return sum(map(int, str(k).lstrip('-')))\n"},
    {"prompt": MBPP[1]["text"], "solution": "I do not know <script>alert(1)</script>"},
    {
        "prompt": "Counting.",
        "solution": "from collections import Counter\n\ndef f(xs: list[int]) -> int:\n    return max(Counter(xs).values(), default=0)\n",
    },
]  # fmt: skip
PLANTED = {(2, "Own/0", "ast"), (3, "Own/1", "behaviour"), (4, "8", "text"), (5, "7", "behaviour")}


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    mine, humaneval, mbpp = tmp_path / "mine.jsonl", tmp_path / "humaneval.jsonl.gz", tmp_path / "mbpp.jsonl"
    mine.write_text("".join(json.dumps(row) + "\n" for row in MINE))
    humaneval.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in HUMANEVAL).encode()))
    mbpp.write_text("".join(json.dumps(row) + "\n" for row in MBPP))
    return mine, humaneval, mbpp


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(["audit", *map(str, arguments)])
    captured = capsys.readouterr()
    return int(ended.value.code or 0), captured.out, captured.err


def test_planted_overlaps_with_benchmarks(
    capsys: pytest.CaptureFixture[str], files: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    mine, humaneval, mbpp = files
    page = tmp_path / "pairs.html"
    status, out, _ = run(capsys, mine, "--against", humaneval, mbpp, "--html", page, "--json")
    document: dict[str, Any] = json.loads(out)
    assert status == 1
    assert document["against"] == [str(mbpp), str(humaneval)]
    found = {(f["audited"]["row"], f["against"]["name"], f["kind"]) for f in document["findings"]}
    assert found >= PLANTED
    assert {(row, name) for row, name, _ in found} == {(row, name) for row, name, _ in PLANTED}
    assert document["pairs_found"] == len(PLANTED)
    assert (document["unparsed"], document["rows"], document["rows_against"]) == (1, 5, 4)
    first, content = page.read_bytes(), page.read_text()
    reader = read_page(content)
    assert "script" not in reader.tags
    assert reader.fetched == []
    assert "<script>alert(1)</script>" in reader.text
    assert "4 pairs found" in reader.text
    assert reader.text.count("equal answers on all") == 3
    run(capsys, mine, mbpp, humaneval, "--html", page)
    assert page.read_bytes() == first


def test_the_table(capsys: pytest.CaptureFixture[str], files: tuple[Path, Path, Path]) -> None:
    mine, humaneval, mbpp = files
    status, out, err = run(capsys, mine, humaneval, mbpp, "--no-behaviour")
    assert status == 1
    assert "ast              1  equal syntax trees without names" in out
    assert f"{mine}:2  =  {humaneval}:1 Own/0" in out
    assert "2 of 20 pairs found (5 × 4 rows)" in out
    assert "audit: 5 in" in err


def test_clean_files_end_with_status_0(
    capsys: pytest.CaptureFixture[str], files: tuple[Path, Path, Path], tmp_path: Path, small_data: DataSet
) -> None:
    tasks, page = tmp_path / "tasks.parquet", tmp_path / "clean.html"
    write_tasks(tasks, small_data.sets["deeper"])
    status, out, _ = run(capsys, tasks, files[1], files[2], "--html", page)
    assert status == 0
    assert f"0 of {len(small_data.sets['deeper']) * 4} pairs found" in out
    assert "Nothing found" in read_page(page.read_text()).text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{mine}"], "{mine}: nothing to hold it against; expected another file"),
        (["{mine}", "none.jsonl"], "none.jsonl: no such file: expected .parquet, .jsonl or .json, each also .gz"),
        (["none.jsonl", "{mine}"], "none.jsonl: no such file: expected .parquet, .jsonl or .json, each also .gz"),
        (["{bad}", "{mine}"], "{bad}:2: prompt: 3: expected a string or chat messages"),
        (["{mine}", "--exposure"], "{mine}:1: task_id: missing: expected a task of `moiety synth`"),
    ],
)
def test_mistakes(
    capsys: pytest.CaptureFixture[str],
    files: tuple[Path, Path, Path],
    tmp_path: Path,
    arguments: list[str],
    message: str,
) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"prompt": "a"}\n{"prompt": 3}\n')
    given = [argument.format(mine=files[0], bad=bad) for argument in arguments]
    status, out, err = run(capsys, *given, *([] if "--exposure" in given else ["--no-behaviour"]))
    assert (status, out) == (2, "")
    assert err.splitlines()[-1].startswith("error: " + message.format(mine=files[0], bad=bad))


def test_exposure_counts_functions(small_data: DataSet) -> None:
    counted = exposure(small_data.sets)
    train = small_data.sets["train"]
    chains = {t.structure_key: t for t in train}.values()
    assert (counted["train"].rows, counted["train"].functions) == (len(train), len(chains))
    name = chains.__iter__().__next__().atoms[0]
    assert counted["train"].atoms[name] == sum(name in t.atoms for t in chains)
    assert sum(counted["train"].signatures.values()) == len(chains)
    assert all(
        f"{a} > {b}" in counted["train"].pairs for t in chains for a, b in zip(t.atoms, t.atoms[1:], strict=False)
    )
    assert not counted["atoms"].pairs
    assert type_signature(train[0].signature).count("->") == 1
    assert ":" not in type_signature(train[0].signature)


def test_exposure_is_printed(capsys: pytest.CaptureFixture[str], tmp_path: Path, small_data: DataSet) -> None:
    paths = [tmp_path / "train.jsonl", tmp_path / "deeper.jsonl"]
    for path in paths:
        write_tasks(path, small_data.sets[path.stem])
    status, out, _ = run(capsys, *paths, "--exposure")
    assert status == 0
    assert f"{'':<44} {'train':>12} {'deeper':>12}\n" in out
    assert f"{'functions':<44} {24:>12} {4:>12}\n" in out
    document = json.loads(run(capsys, *paths, "--exposure", "--json")[1])
    assert document[str(paths[1])] == exposure({"deeper": small_data.sets["deeper"]})["deeper"].as_json()


@pytest.mark.parametrize(
    ("family", "atoms", "pairs"),
    [
        ("list[int] (list[int])->list[int]@0 (list[int])->int@1", ("a", "b"), ["a > b"]),
        ("int,nonempty list[int] (int)->int@0 (int,list[int])->int@2,1", ("a", "b"), ["a > b"]),
        ("int (int)->int@0 (int)->int@0 (int,int)->int@1,2", ("a", "b", "c"), ["a > c", "b > c"]),
        (
            "int (int)->bool@0 (int)->int@0 (int)->int@0 (bool,int,int)->int@1,2,3 (int)->int@4",
            ("p", "a", "b", "c"),
            ["a > c", "b > c"],
        ),
    ],
)
def test_adjacent_atoms(family: str, atoms: tuple[str, ...], pairs: list[str]) -> None:
    assert adjacent_atoms(atoms, family) == pairs
