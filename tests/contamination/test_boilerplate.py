"""Text that many rows have is no evidence: clean files under one template give no pair, and leaks in them are found."""

import itertools
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from moiety.contamination import Record, audit_files, audit_records
from moiety.contamination.boilerplate import evenly, find_boilerplate
from moiety.contamination.listing import audit_json, audit_table

MINE = (
    "add two numbers", "reverse a text", "count the vowels of a sentence", "sort a list of pairs by their second item",
    "merge two dictionaries", "return every third element of a list", "tell whether a year is a leap year",
)  # fmt: skip
BENCHMARK = (
    "find a prime above a bound", "transpose a grid", "drop the digits of a text", "join words with dots",
    "square the even numbers of a list", "compute the mean of a list without its largest value", "rotate a matrix",
)  # fmt: skip
ALPACA = (
    "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n"
    "### Instruction:\nWrite a function to {}.\n\n### Response:"
)
TEMPLATE = (
    "You are given a programming problem. Think about it step by step, then answer with one Python function and "
    'nothing else. Problem: {} Put the program between three backticks and explain it in at most "two" sentences.'
)
LICENCE = (
    '# Licensed under the Own License, Version 3.0 (the "License"); you may not use this file except in compliance\n'
    '# with the License. Distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND.\n'
)
FOOTER = "    Part of the collection of small exercises. Report mistakes to the keeper of the collection, please.\n"


def programs(start: int, count: int) -> list[str]:
    """Return different small programs."""
    return [
        f"def f{n}(x):\n    y{n} = [x, {n}, x * {n}]\n    return y{n}[{n % 3}:] + [{n + 7}]\n"
        for n in range(start, start + count)
    ]  # fmt: skip


def records(file: str, texts: Sequence[str], codes: Sequence[str]) -> list[Record]:
    return [Record(file, n, "", text, code) for n, (text, code) in enumerate(zip(texts, codes, strict=True), start=1)]


def in_prompt(template: str) -> Callable[[str, str], tuple[str, str]]:
    return lambda task, code: (template.format(task), code)


def with_footer(task: str, code: str) -> tuple[str, str]:
    head, _, body = code.partition("\n")
    return task, f'{head}\n    """Return what the exercise asks for.\n\n{FOOTER}    """\n{body}'


FORMS: dict[str, Callable[[str, str], tuple[str, str]]] = {
    "alpaca": in_prompt(ALPACA),
    "template": in_prompt(TEMPLATE),
    "licence": lambda task, code: (task, LICENCE + code),
    "licence in a docstring": lambda task, code: (task, f'"""{LICENCE}"""\n{code}'),
    "footer": with_footer,
    "constant": lambda _, code: ("Complete the following Python function as its docstring demands it.", code),
}


def files(form: str) -> tuple[list[Record], list[Record]]:
    made = []
    for name, tasks, start in (("mine", MINE, 10), ("benchmark", BENCHMARK, 30)):
        pairs = [FORMS[form](task, code) for task, code in zip(tasks, programs(start, len(tasks)), strict=True)]
        made.append(records(name, *zip(*pairs, strict=True)))
    return made[0], made[1]


@pytest.mark.parametrize("form", FORMS)
def test_rows_that_share_only_boilerplate_are_no_pair(form: str) -> None:
    mine, benchmark = files(form)
    found = audit_records(mine, benchmark)
    assert found.findings == []
    assert found.discounted != ()
    assert audit_records(benchmark, mine).findings == []


@pytest.mark.parametrize("form", FORMS)
def test_a_row_that_leaked_is_found_under_boilerplate(form: str) -> None:
    mine, benchmark = files(form)
    found = audit_records([*mine, benchmark[3]], benchmark)
    assert {(f.audited.place, f.against.place) for f in found.findings} == {("benchmark:4", "benchmark:4")}
    assert {"text", "ast"} <= {f.kind for f in found.findings}


def test_a_leaked_text_is_found_where_only_one_of_the_files_has_the_template() -> None:
    task = "count how often the most frequent number occurs in a list of numbers, and return 0 for an empty list"
    mine = records("mine", [TEMPLATE.format(one) for one in (*MINE, task)], programs(10, 8))
    found = audit_records(mine, records("benchmark", [*BENCHMARK, task], programs(30, 8)))
    assert {(f.audited.row, f.against.row) for f in found.findings} == {(8, 8)}
    assert {f.kind for f in found.findings} == {"near", "ngram"}


def test_many_variants_of_one_leaked_text_are_no_boilerplate() -> None:
    """Though most of the audited file has them: in the benchmark they stand once."""
    task = "Write a function that returns the longest of some words, the first one among equals, and nothing for none."
    variants = [f"{task} Answer in form {n}, please." for n in range(8)]
    mine = records("mine", [*variants, *MINE], [*programs(10, 15)])
    found = audit_records(mine, records("benchmark", [task, *BENCHMARK], programs(50, 8)))
    assert {(f.audited.row, f.against.row) for f in found.findings} == {(n, 1) for n in range(1, 9)}
    assert found.discounted == ()


def test_a_leaked_text_beside_many_solutions_is_no_boilerplate() -> None:
    task = "Write a function that returns the longest of some words, the first one among equals, and nothing for none."
    mine = records("mine", [task] * 10, programs(10, 10))
    found = audit_records(mine, records("benchmark", [task, *BENCHMARK], programs(50, 8)))
    assert {(f.audited.row, f.against.row) for f in found.findings if f.kind == "text"} == {
        (n, 1) for n in range(1, 11)
    }


@pytest.mark.parametrize(("count", "discounts"), [(1, False), (2, False), (3, True)])
def test_few_rows_may_be_leaks(count: int, discounts: bool) -> None:
    mine, benchmark = files("alpaca")
    found = audit_records(mine[:count], benchmark[:count])
    assert bool(found.discounted) == discounts
    assert bool(found.findings) != discounts


def test_the_report_says_what_was_discounted(tmp_path: Path) -> None:
    paths = []
    for name, rows in zip(("mine", "benchmark"), files("licence"), strict=True):
        paths.append(tmp_path / f"{name}.jsonl")
        lines = [json.dumps({"prompt": row.instruction, "solution": row.code}) for row in rows]
        paths[-1].write_text("\n".join(lines))
    found = audit_files(paths[0], [paths[1]])
    (stretch,) = audit_json(found)["discounted"]
    assert (stretch["side"], stretch["rows"], stretch["of"]) == ("code", 14, 14)
    assert stretch["excerpt"].startswith("# Licensed under the Own License , Version 3.0")
    assert "discounted, no evidence of anything: " in audit_table(found)
    assert "of code that 14 of 14 rows looked at have: # Licensed under" in audit_table(found)


def test_a_header_that_begins_late_in_a_long_file_is_found(tmp_path: Path) -> None:
    """The audited file is looked at from its beginning to its end, not at its head alone."""
    mine, benchmark = files("licence")
    path = tmp_path / "mine.jsonl"
    plain = [{"prompt": f"Task {n} of many.", "solution": "x"} for n in range(20)]
    headed = [{"prompt": row.instruction, "solution": row.code} for row in mine]
    path.write_text("\n".join(map(json.dumps, [*plain, *headed])))
    against = tmp_path / "benchmark.jsonl"
    against.write_text("\n".join(json.dumps({"prompt": r.instruction, "solution": r.code}) for r in benchmark[:3]))
    found = audit_files(path, [against])
    assert found.findings == []
    assert [stretch.rows for stretch in found.discounted] == [10]


@pytest.mark.parametrize(("length", "count", "least", "most"), [(3, 5, 3, 3), (10, 5, 10, 10), (1000, 5, 5, 10)])
def test_evenly_spaced(length: int, count: int, least: int, most: int) -> None:
    kept = evenly(range(length), count)
    steps = {b - a for a, b in itertools.pairwise(kept)}
    assert least <= len(kept) <= most
    assert (kept[0], len(steps)) == (0, 1)
    assert kept[-1] + max(steps) >= length


def test_files_without_anything_in_common_have_no_boilerplate() -> None:
    found = find_boilerplate(records("a", MINE, programs(1, 7)), records("b", BENCHMARK, programs(20, 7)))
    assert (found.stretches, [len(runs) for runs in found.runs]) == ((), [0, 0])
