"""Rows of any task or text file, as records that can be compared: our tasks, HumanEval, MBPP, and foreign SFT sets.

Files are read row by row, never whole: a million tasks audited stay in little memory. Nothing is run or parsed here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moiety.extraction import fenced_blocks, parsed
from moiety.rows import MISSING, RowError, read_rows, row_error

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


def read_records(path: Path) -> Iterator[Record]:
    """Yield the records of a file in any form that `moiety.rows` reads.

    Raises UserError `FILE:LINE: field: value: expected ...` for the first row that cannot be read.
    """
    for number, row in read_rows(path, sorted(_NEEDED)):
        try:
            yield _record(str(path), number, row)
        except RowError as error:
            raise row_error(path, number, error) from None


def _record(file: str, number: int, row: Mapping[str, Any]) -> Record:
    instruction, code = _first(row, INSTRUCTION_FIELDS, "user"), _first(row, CODE_FIELDS, "assistant")
    if isinstance(row.get("instruction"), str) and isinstance(row.get("input"), str):  # Alpaca's two halves of one task
        instruction = f"{instruction}\n{row['input']}".strip("\n")
    entry_point, ours = _text(row, "entry_point"), bool(row.get("generator_version"))
    helpers = _text(row, "helpers") if ours else ""
    if not instruction and not code and not any(isinstance(row.get(field), list) for field in CHATS):
        raise RowError("fields", MISSING, f"words or code in one of {', '.join((*INSTRUCTION_FIELDS, *CODE_FIELDS))}")
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
        code=f"{helpers}\n\n\n{code_in(code)}" if helpers else code_in(code),
        entry_point=entry_point,
        asserts=_asserts(row),
        behaviour_key=_text(row, "behaviour_key") if ours else "",
    )


def code_in(text: str) -> str:
    """Return all code of a text in Markdown: its blocks that are Python, else all its blocks, else the text itself.

    An audit asks what a row holds; which part of an answer is its program is another question (`extract_program`).
    """
    if ("```" not in text and "~~~" not in text) or parsed(text) is not None:
        return text
    blocks = [one.code for one in fenced_blocks(text)]
    python = [code for code in blocks if code.strip() and parsed(code) is not None]
    return "\n".join(python or blocks) or text


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
        raise RowError(field, value, "a string or chat messages")
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
    raise RowError(field, message, "chat messages, each with its text in 'content'")


def _asserts(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the Python texts of a row that call its function: MBPP's asserts, HumanEval's test, EvalPlus' inputs."""
    found = []
    value = row.get("test_list")
    if value is not None:
        if not isinstance(value, list) or not all(isinstance(line, str) for line in value):
            raise RowError("test_list", value, "a list of strings")
        found += value
    if isinstance(row.get("test"), str):
        found.append(row["test"])
    inputs = row.get("base_input")
    if isinstance(inputs, list):
        calls = [arguments for arguments in inputs[:MOST_INPUTS] if isinstance(arguments, list)]
        found += [f"{CANDIDATE}({', '.join(map(repr, arguments))})" for arguments in calls]
    return tuple(found)
