"""Files of every form become records; a row that cannot be read is one line that names file, row and field."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from moiety.contamination import read_records
from moiety.errors import UserError
from moiety.rows import count_rows
from moiety.splits import DataSet
from moiety.tasks import write_tasks


def one(tmp_path: Path, row: dict[str, Any]) -> tuple[str, str, str]:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row) + "\n")
    (record,) = read_records(path)
    return record.instruction, record.code, record.entry_point


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"instruction": "Add.", "output": "x = 1"}, ("Add.", "x = 1", "")),
        ({"prompt": "Add.", "completion": "Sure:\n```python\nx = 1\n```\ndone"}, ("Add.", "x = 1\n", "")),
        ({"question": "Why?", "answer": "So."}, ("Why?", "So.", "")),
        ({"prompt": None, "text": "Only words"}, ("Only words", "", "")),
        ({"text": "def f(x):\n    return x\n"}, ("def f(x):\n    return x\n", "def f(x):\n    return x\n", "")),
        (
            {
                "prompt": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Add."}],
                "completion": [{"role": "assistant", "content": "x = 1"}],
            },
            ("Add.", "x = 1", ""),
        ),
        (
            {
                "messages": [
                    {"role": "system", "content": "Be kind."},
                    {"role": "user", "content": [{"type": "text", "text": "Add."}, {"type": "image"}]},
                    {"role": "assistant", "content": None, "tool_calls": []},
                    {"role": "tool", "content": "3"},
                    {"role": "assistant", "content": "x = 1"},
                    {"role": "user", "content": "Shorter."},
                ]
            },
            ("Add.\nShorter.", "\nx = 1", ""),
        ),
        (
            {
                "conversations": [
                    {"from": "system", "value": "Be kind."},
                    {"from": "human", "value": "Add."},
                    {"from": "gpt", "value": "x = 1"},
                ]
            },
            ("Add.", "x = 1", ""),
        ),
        ({"messages": [{"role": "system", "content": "Be kind."}]}, ("", "", "")),
        ({"instruction": "Add.", "input": "1 and 2", "output": "3"}, ("Add.\n1 and 2", "3", "")),
        ({"instruction": "Add.", "input": "", "output": "3"}, ("Add.", "3", "")),
        (
            {"task_id": "H/0", "prompt": "def f(x):\n", "entry_point": "f", "canonical_solution": "    return x\n"},
            ("def f(x):\n", "def f(x):\n    return x\n", "f"),
        ),
    ],
)
def test_fields(tmp_path: Path, row: dict[str, Any], expected: tuple[str, str, str]) -> None:
    assert one(tmp_path, row) == expected


def test_our_tasks_read_alike_from_every_format(tmp_path: Path, small_data: DataSet) -> None:
    tasks = small_data.sets["deeper"]
    for name in ("t.parquet", "t.jsonl"):
        write_tasks(tmp_path / name, tasks)
    (tmp_path / "t.jsonl.gz").write_bytes(gzip.compress((tmp_path / "t.jsonl").read_bytes()))
    read = [
        [(r.row, r.instruction, r.code, r.behaviour_key) for r in read_records(p)] for p in sorted(tmp_path.iterdir())
    ]
    expected = [(n, t.instruction, t.reference_solution, t.behaviour_key) for n, t in enumerate(tasks, start=1)]
    assert read == [expected] * 3
    assert [count_rows(p) for p in sorted(tmp_path.iterdir())] == [None, None, len(tasks)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"text": "a"}\n[1]\n', "2: line: '[1]': expected a JSON object"),
        (b'{"text": "a"}\n\n{"text": \n', "3: line: '{\"text\":': expected JSON ("),
        (b'{"text": "\xff"}\n', "1: line: byte 0xff at 10: expected UTF-8"),
        (b'{"text": 7}\n', "1: text: 7: expected a string or chat messages"),
        (b'{"prompt": [{"role": "user"}]}\n', "1: prompt: {'role': 'user'}: expected chat messages, each with"),
        (b'{"words": "a"}\n', "1: fields: missing: expected words or code in one of instruction, question"),
        (b'{"text": "a", "test_list": "assert"}\n', "1: test_list: 'assert': expected a list of strings"),
    ],
)
def test_unreadable_rows(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content)
    with pytest.raises(UserError, match=re.escape(f"{path}:{message}")):
        list(read_records(path))


def test_unreadable_files(tmp_path: Path) -> None:
    cut, foreign = tmp_path / "cut.jsonl.gz", tmp_path / "foreign.parquet"
    cut.write_bytes(gzip.compress(b'{"text": "a"}\n' * 1000)[:-20])
    foreign.write_bytes(b"PAR1 not at all")
    for path, message in (
        (cut, r"\d+: file: Compressed file ended"),
        (foreign, "1: file: .*: expected Parquet"),
    ):
        with pytest.raises(UserError, match=f"{re.escape(str(path))}:{message}"):
            list(read_records(path))
    with pytest.raises(UserError, match=r"nothing\.jsonl: no such file"):
        list(read_records(tmp_path / "nothing.jsonl"))


def test_parquet_with_foreign_columns(tmp_path: Path) -> None:
    path = tmp_path / "foreign.parquet"
    pq.write_table(pa.table({"question": ["Why?", None], "weight": [1.0, 2.0]}), path)
    with pytest.raises(UserError, match=re.escape(f"{path}:2: fields: missing: expected words or code")):
        list(read_records(path))
