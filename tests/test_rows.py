"""One reader: a file means the same in every form, compressed or not; what is wrong is one line of one form."""

import gzip
import json
import re
import tracemalloc
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from moiety.errors import UserError
from moiety.rows import RowError, batches, count_rows, holds_rows, read_rows

ROWS: list[dict[str, Any]] = [{"n": 1, "text": "a\u2028b"}, {"n": 2, "text": "é"}, {"n": 3, "text": None}]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()
BOM = b"\xef\xbb\xbf"


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def parquet() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(ROWS), sink)
    return bytes(sink.getvalue().to_pybytes())


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.jsonl", LINES),
        ("rows.jsonl", BOM + LINES),
        ("rows.jsonl", LINES.replace(b"\n", b"\r\n")),
        ("rows.jsonl", LINES.rstrip(b"\n")),
        ("rows.json", LINES),
        ("rows.json", json.dumps(ROWS, indent=1).encode()),
        ("rows.json", BOM + json.dumps(ROWS).encode()),
        ("rows.txt", LINES),
        ("rows.parquet", parquet()),
    ],
)
def test_every_form_gives_the_same_rows(tmp_path: Path, name: str, content: bytes, suffix: str) -> None:
    path = written(tmp_path / f"{name}{suffix}", content)
    assert list(read_rows(path)) == list(enumerate(ROWS, start=1))
    assert holds_rows(path.name) == (".txt" not in name)


def test_files_of_several_parts(tmp_path: Path) -> None:
    """What `cat a.gz b.gz` writes, with a byte order mark in the middle, and lines that are empty."""
    path = tmp_path / "both.jsonl.gz"
    path.write_bytes(gzip.compress(LINES + b"\n\n") + gzip.compress(BOM + LINES))
    assert [number for number, _ in read_rows(path)] == [1, 2, 3, 6, 7, 8]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b'{"n": 1}\n\n{"n": \n', ":3: line: '{\"n\":': expected JSON (Expecting value"),
        ("a.jsonl", b"[1]\n", ":1: line: '[1]': expected a JSON object"),
        ("a.json", b"[1]\n", ":1: row: 1: expected a JSON object"),
        ("a.json", b'[{"n": 1},\n 7]', ":2: row: 7: expected a JSON object"),
        ("a.jsonl", b'{"n": "\xff"}', ":1: line: byte 0xff at 7: expected UTF-8"),
        ("a.jsonl", '{"n": 1}'.encode("utf-16"), ":1: line: byte 0xff at 0: expected UTF-8"),
        ("a.jsonl", b"[" * 100_000, ":1: line: '[[["),
        ("a.jsonl", gzip.compress(LINES), ":1: line: byte 0x8b at 1: expected UTF-8"),
        ("a.parquet", b"no", ":1: file: "),
        ("a.parquet.gz", b"no", ":1: file: "),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = written(tmp_path / name, content)
    with pytest.raises(UserError) as error:
        list(read_rows(path))
    assert str(error.value).startswith(f"{path}{message}")
    assert "\n" not in str(error.value)


def test_files_that_end_early_or_are_none(tmp_path: Path) -> None:
    many = b'{"n": 1}\n' * 5_000
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(many)[:-20])
    (tmp_path / "plain.jsonl.gz").write_bytes(many)
    for name, message in (
        ("cut.jsonl.gz", r":\d+: file: Compressed file ended .*: expected a whole gzip file"),
        ("plain.jsonl.gz", r":1: file: Not a gzipped file .*: expected a whole gzip file"),
        ("none.jsonl", ": no such file: expected .parquet, .jsonl or .json, each also .gz"),
        (".", ": a folder: expected a file"),
    ):
        with pytest.raises(UserError, match=re.escape(str(tmp_path / name)) + message):
            list(read_rows(tmp_path / name))


def test_columns_of_a_table(tmp_path: Path) -> None:
    path = written(tmp_path / "rows.parquet", parquet())
    assert list(read_rows(path, ["n", "absent"])) == [(1, {"n": 1}), (2, {"n": 2}), (3, {"n": 3})]
    assert [batch.num_rows for batch in batches(path, rows=2)] == [2, 1]
    assert count_rows(path) == 3
    with pytest.raises(UserError, match=r"rows\.parquet:1: absent: missing: expected a column of the table"):
        list(batches(path, ["absent"]))


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_large_file_is_never_held_whole(tmp_path: Path, suffix: str) -> None:
    path = written(tmp_path / f"large.jsonl{suffix}", (b'{"text": "' + b"x" * 1_000 + b'"}\n') * 20_000)
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_rows(path)) == 20_000
        assert tracemalloc.get_traced_memory()[1] < 2_000_000, "the file has 20 MB"
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (RowError("n", 7, "text"), "n: 7: expected text"),
        (RowError.missing("n"), "n: missing: expected a value"),
        (RowError("n", "x" * 500, "a name"), f"n: '{'x' * 27}...{'x' * 28}': expected a name"),
    ],
)
def test_the_form_of_an_error(error: RowError, line: str) -> None:
    assert str(error) == line
