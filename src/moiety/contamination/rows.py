"""Rows of any task or text file, as records that can be compared: our tasks, HumanEval, MBPP, and foreign SFT sets.

Files are read row by row, never whole: a million tasks audited stay in little memory. Nothing is run or parsed here.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moiety.errors import UserError

CHATS = ("messages", "conversations")
INSTRUCTION_FIELDS = ("instruction", "question", "problem", "text", "prompt", *CHATS)
CODE_FIELDS = (
    *("reference_solution", "canonical_solution", "solution", "code"),
    *("completion", "response", "output", "answer", *CHATS),
)
_NEEDED = {
    *INSTRUCTION_FIELDS, *CODE_FIELDS, "input", "helpers", "task_id", "id", "entry_point", "signature", "test_list",
    "behaviour_key", "generator_version", "test", "base_input",
}  # fmt: skip
MOST_INPUTS = 20
CANDIDATE = "candidate"  # what HumanEval's tests call the function
ROLES = {"human": "user", "gpt": "assistant", "model": "assistant", "bot": "assistant"}
_FENCED = re.compile(r"```[\w+-]*[ \t]*\n(.*?)(?:```|\Z)", re.DOTALL)
_CODE = re.compile(r"^(?:async )?def \w|^class \w|^import \w|^from \w", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Record:
    """One row: its words and its program, either of which may be empty."""

    file: str
    row: int
    name: str
    instruction: str
    code: str
    entry_point: str = ""
    asserts: tuple[str, ...] = ()
    behaviour_key: str = ""

    @property
    def place(self) -> str:
        """Where the row stands, such as `tasks.jsonl:7`."""
        return f"{self.file}:{self.row}"


class _FieldError(Exception):
    """A row cannot be read: `field: what was expected`."""


def read_records(path: Path) -> Iterator[Record]:
    """Yield the records of a .parquet, .jsonl or .jsonl.gz file.

    Raises UserError `FILE: row N: field: what was expected` for the first row that cannot be read.
    """
    for number, row in _rows(path):
        try:
            yield _record(str(path), number, row)
        except _FieldError as error:
            raise UserError(f"{path}: row {number}: {error}") from None


def require_file(path: Path) -> None:
    """Raise UserError where there is no file of that name."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; expected .parquet, .jsonl or .jsonl.gz")


def count_rows(path: Path) -> int | None:
    """Return how many rows a file has where that is cheap to tell, else None."""
    if path.suffix != ".parquet":
        return None
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return int(pq.ParquetFile(path).metadata.num_rows)
    except (OSError, pa.ArrowException):
        return None


def _rows(path: Path) -> Iterator[tuple[int, Any]]:
    require_file(path)
    yield from _parquet_rows(path) if path.suffix == ".parquet" else _json_rows(path)


def _json_rows(path: Path) -> Iterator[tuple[int, Any]]:
    number = 0
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                try:
                    yield number, json.loads(line)
                except (ValueError, RecursionError):
                    raise UserError(f"{path}: row {number}: line: expected one JSON object in UTF-8") from None
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path}: row {number + 1}: file: cannot be read further: {error}") from None


def _parquet_rows(path: Path) -> Iterator[tuple[int, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        file = pq.ParquetFile(path)
        columns = [name for name in file.schema_arrow.names if name in _NEEDED]
        for batch in file.iter_batches(batch_size=2000, columns=columns):
            for row in batch.to_pylist():
                number += 1
                yield number, row
    except (OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{path}: row {number + 1}: file: cannot be read as Parquet: {reason}") from None


def _record(file: str, number: int, row: Any) -> Record:
    if not isinstance(row, dict):
        raise _FieldError(f"row: expected an object, got {type(row).__name__}")
    instruction, code = _first(row, INSTRUCTION_FIELDS, "user"), _first(row, CODE_FIELDS, "assistant")
    if isinstance(row.get("instruction"), str) and isinstance(row.get("input"), str):  # Alpaca's two halves of one task
        instruction = f"{instruction}\n{row['input']}".strip("\n")
    entry_point, ours = _text(row, "entry_point"), bool(row.get("generator_version"))
    helpers = _text(row, "helpers") if ours else ""
    if not instruction and not code and not any(isinstance(row.get(field), list) for field in CHATS):
        raise _FieldError(f"fields: expected words or code in one of {', '.join((*INSTRUCTION_FIELDS, *CODE_FIELDS))}")
    prompt = row.get("prompt")
    if entry_point and isinstance(prompt, str) and f"def {entry_point}" in prompt:
        code = code if f"def {entry_point}(" in code else prompt + code  # HumanEval: the prompt is the program's head
    if not code and (_CODE.search(instruction) or "```" in instruction):
        code = instruction
    return Record(
        file=file,
        row=number,
        name=str(row.get("task_id", row.get("id", "")) or ""),
        instruction=instruction,
        code=f"{helpers}\n\n\n{program_in(code)}" if helpers else program_in(code),
        entry_point=entry_point,
        asserts=_asserts(row),
        behaviour_key=_text(row, "behaviour_key") if ours else "",
    )


def program_in(text: str) -> str:
    """Return the fenced blocks of a text in Markdown, or the text itself where it has none."""
    if "```" not in text:
        return text
    return "\n".join(_FENCED.findall(text)) or text


def _first(row: Mapping[str, Any], fields: tuple[str, ...], speaker: str) -> str:
    for field in fields:
        said = _text(row, field, speaker)
        if said.strip():
            return said
    return ""


def _text(row: Mapping[str, Any], field: str, speaker: str = "") -> str:
    """Return a field as text: absent and null are empty, of a chat the turns of one speaker, or of none that is named.

    A system message belongs to no side: it says how to answer, and is the same in most rows of a file.
    """
    value = row.get(field)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise _FieldError(f"{field}: expected a string or chat messages, got {type(value).__name__}")
    turns = [_turn(message, field) for message in value]
    return "\n".join(content for role, content in turns if role in (speaker, None))


def _turn(message: Any, field: str) -> tuple[str | None, str]:
    """Return who speaks in a chat message, None where it does not say, and the text."""
    if isinstance(message, dict):
        content = message.get("content", message.get("value", 0))
        if content is None:  # a turn that only calls tools
            content = ""
        if isinstance(content, list):  # parts, as of messages with images
            content = "\n".join(p["text"] for p in content if isinstance(p, dict) and isinstance(p.get("text"), str))
        if isinstance(content, str):
            role = message.get("role", message.get("from"))
            return ROLES.get(role, role) if isinstance(role, str) else None, content
    raise _FieldError(f"{field}: expected chat messages, each with its text in 'content'")


def _asserts(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the Python texts of a row that call its function: MBPP's asserts, HumanEval's test, EvalPlus' inputs."""
    found = []
    value = row.get("test_list")
    if value is not None:
        if not isinstance(value, list) or not all(isinstance(line, str) for line in value):
            raise _FieldError("test_list: expected a list of strings")
        found += value
    if isinstance(row.get("test"), str):
        found.append(row["test"])
    inputs = row.get("base_input")
    if isinstance(inputs, list):
        calls = [arguments for arguments in inputs[:MOST_INPUTS] if isinstance(arguments, list)]
        found += [f"{CANDIDATE}({', '.join(map(repr, arguments))})" for arguments in calls]
    return tuple(found)
