"""Rows of a user's file: jsonl, jsonl.gz or parquet. What is wrong with one is told with its file and line."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from moiety.errors import UserError


def read_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line or row number from 1, row). Raises UserError."""
    if not path.is_file():
        raise UserError(f"{path}: no such file: expected .jsonl, .jsonl.gz or .parquet")
    try:
        if path.suffix == ".parquet":
            from pyarrow import parquet

            yield from enumerate(parquet.read_table(path).to_pylist(), 1)
            return
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise UserError(f"{path}: cannot be read as {path.suffix or 'text'}: {error}") from None
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.strip():
            yield number, _row(line, f"{path}:{number}")


def _row(line: bytes, place: str) -> dict[str, Any]:
    try:
        row = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise UserError(f"{place}: line: byte {line[error.start]:#04x} at {error.start}: expected UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{place}: line: {_start(line)}: expected JSON ({error})") from None
    if not isinstance(row, dict):
        raise UserError(f"{place}: line: {_start(line)}: expected a JSON object")
    return row


def _start(line: bytes) -> str:
    text = line[:60].decode("utf-8", "replace").strip()
    return text if len(line) <= 60 else f"{text}..."
