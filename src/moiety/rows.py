"""The one reader of a user's rows: Parquet, JSON lines, each also compressed by gzip.

Every command that takes a file of rows reads it here, so that a file means the same to all of them: a compressed one
is what the plain one is, a UTF-8 byte order mark is no part of the first row, and a row that cannot be used is one
line, `FILE:LINE: field: value: expected ...`. Files are read row by row, so a million rows stay in little memory. Not a
writer, and not what a row means: that is its reader's.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from reprlib import Repr
from typing import IO, Any

from moiety.errors import UserError

PLAIN = (".parquet", ".jsonl", ".json")
SUFFIXES = (*PLAIN, *(f"{suffix}.gz" for suffix in PLAIN))
EXPECTED = f"{', '.join(PLAIN[:-1])} or {PLAIN[-1]}, each also .gz"
BATCH_ROWS = 2_000
_BOM = b"\xef\xbb\xbf"
_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = 60


class _Word:
    """A word that stands for a value which a row does not have."""

    def __init__(self, word: str) -> None:
        self.word = word


MISSING, BOTH = _Word("missing"), _Word("both given")


class RowError(ValueError):
    """One field of a row is not what it must be: `field: value: expected ...`."""

    def __init__(self, field: str, value: object, expected: str) -> None:
        shown = value.word if isinstance(value, _Word) else _SHORT.repr(value)
        super().__init__(f"{field}: {shown}: expected {expected}")

    @classmethod
    def missing(cls, field: str, expected: str = "a value") -> RowError:
        """Return the error of a field that is not there."""
        return cls(field, MISSING, expected)


def row_error(path: Path, number: int, error: RowError) -> UserError:
    """Return the one line that says what is wrong with row `number` of a file."""
    return UserError(f"{path}:{number}: {error}")


def holds_rows(name: str) -> bool:
    """Return True if a file of this name is read as rows."""
    return name.endswith(SUFFIXES)


def require_file(path: Path) -> None:
    """Raise UserError where there is no file of that name."""
    if path.is_dir():
        raise UserError(f"{path}: a folder: expected a file, {EXPECTED}")
    if not path.is_file():
        raise UserError(f"{path}: no such file: expected {EXPECTED}")


def count_rows(path: Path) -> int | None:
    """Return how many rows a file has where that is cheap to know, else None."""
    if path.suffix != ".parquet":
        return None
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return int(pq.ParquetFile(path).metadata.num_rows)
    except (OSError, pa.ArrowException):
        return None


def read_rows(path: Path, columns: Sequence[str] | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number in the file, or row number of a Parquet file, both from 1; row).

    Of a Parquet file only `columns` are read where they are given; those that it lacks are left out. A file of another
    name is read as JSON lines. A `.json` file that holds one array of objects is read as its elements, numbered from 1,
    and is in memory meanwhile. Raises UserError for a row or a file that cannot be read.
    """
    require_file(path)
    if path.name.endswith((".parquet", ".parquet.gz")):
        number = 0
        for batch in _batches(path, lambda there: None if columns is None else [n for n in there if n in columns]):
            for row in _listed(path, number + 1, batch):
                number += 1
                yield number, row
    else:
        yield from _json_rows(path)


def batches(path: Path, columns: Sequence[str] = (), *, rows: int = 10_000) -> Iterator[Any]:
    """Yield the given columns of a Parquet file, or all of them where none is given, as record batches of pyarrow.

    Raises UserError naming a column that is not there, or the row at which the file cannot be read.
    """

    def chosen(there: Sequence[str]) -> Sequence[str] | None:
        absent = set(columns) - set(there)
        if absent:
            raise row_error(path, 1, RowError.missing(min(absent), "a column of the table"))
        return columns or None

    require_file(path)
    yield from _batches(path, chosen, rows=rows)


def _batches(
    path: Path, chosen: Callable[[Sequence[str]], Sequence[str] | None], *, rows: int = BATCH_ROWS
) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with _plain(path) as source:
            file = pq.ParquetFile(source)
            for batch in file.iter_batches(batch_size=rows, columns=chosen(file.schema_arrow.names)):
                yield batch
                number += batch.num_rows
    except (OSError, EOFError, zlib.error, pa.ArrowException) as error:
        raise UserError(f"{path}:{number + 1}: file: {_reason(error)}: expected Parquet that can be read") from None


def _listed(path: Path, number: int, batch: Any) -> list[dict[str, Any]]:
    try:
        rows: list[dict[str, Any]] = batch.to_pylist()
    except (ValueError, OverflowError) as error:  # bytes that are no UTF-8, a date that Python has not
        raise UserError(f"{path}:{number}: row: {_reason(error)}: expected values of Python") from None
    return rows


@contextlib.contextmanager
def _plain(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file as it is once it is no longer compressed; Parquet is read from its end, so it is unpacked first."""
    if path.suffix != ".gz":
        with path.open("rb") as file:
            yield file
        return
    with tempfile.TemporaryFile() as whole:
        with gzip.open(path, "rb") as packed:
            shutil.copyfileobj(packed, whole)
        whole.seek(0)
        yield whole


def _json_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                text = line.removeprefix(_BOM).strip()
                if not text:
                    continue
                if text.startswith(b"[") and path.name.endswith((".json", ".json.gz")):
                    yield from _array_rows(path, number, text + lines.read())
                    return
                yield number, _row(path, number, text)
    except (OSError, EOFError, zlib.error) as error:
        expected = "a whole gzip file" if path.suffix == ".gz" else "a file that can be read"
        raise UserError(f"{path}:{number + 1}: file: {_reason(error)}: expected {expected}") from None


def _array_rows(path: Path, number: int, text: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    rows = _loaded(path, number, text)
    for place, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise row_error(path, place, RowError("row", row, "a JSON object"))
        yield place, row


def _row(path: Path, number: int, text: bytes) -> dict[str, Any]:
    row = _loaded(path, number, text)
    if not isinstance(row, dict):
        raise row_error(path, number, RowError("line", _start(text), "a JSON object"))
    return row


def _loaded(path: Path, number: int, text: bytes) -> Any:
    try:
        return json.loads(text.decode("utf-8"))
    except UnicodeDecodeError as error:
        said = f"byte {text[error.start]:#04x} at {error.start}"
        raise UserError(f"{path}:{number}: line: {said}: expected UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise row_error(path, number, RowError("line", _start(text), f"JSON ({error})")) from None


def _start(text: bytes) -> str:
    return text[:200].decode("utf-8", "replace")


def _reason(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
