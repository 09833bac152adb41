"""From a user's row to a prompt and its solution, for training: what the row says, unchanged.

Nothing is cut, ranked or guessed: a row with two candidates for one side is refused, and so is one of which a part
would be lost. Which fields were taken is in `Pair.taken`. Not the audit's reader, which looks for code in any text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from moiety.rows import BOTH, MISSING, RowError

PROMPTS = ("prompt", "instruction", "question", "problem", "text", "query")
SOLUTIONS = (
    *("completion", "solution", "response", "output", "answer"),
    *("code", "canonical_solution", "reference_solution"),
)
CHATS = ("messages", "conversations")
LOST = ("history", "tools", "functions")  # parts of a conversation that have no place in a pair
_ROLES = {
    "system": "system", "developer": "system", "user": "user", "human": "user",
    "assistant": "assistant", "gpt": "assistant", "chatgpt": "assistant", "model": "assistant",
}  # fmt: skip
_LOST_OF_TURN = ("tool_calls", "function_call", "reasoning_content")

Turns = tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """A prompt (a text, or the turns of a conversation), its solution, and the fields that they were taken from.

    A solution is empty where a row is one text alone, which `pretrain` takes.
    """

    prompt: str | Turns
    solution: str
    taken: str


def read_pair(row: Mapping[str, Any], *, prompt_field: str = "", solution_field: str = "") -> Pair:
    """Return the pair of a row. The fields to take may be named; else there must be one candidate for each side.

    Raises RowError that names the field.
    """
    for name in LOST:
        if row.get(name):
            raise RowError(name, row[name], f"no such field: its content would be lost; write the row as {CHATS[0]}")
    chat = None
    if not prompt_field or prompt_field in CHATS:
        rivals = () if prompt_field else (*PROMPTS, "input", *SOLUTIONS)
        chat = _chosen(row, CHATS, rivals, prompt_field, "prompt and solution")
    if chat is not None:
        turns = _turns(chat, row[chat])
        if turns[-1]["role"] != "assistant":
            raise RowError(chat, turns[-1]["role"], "an assistant's turn at the end, which is the solution")
        asked = _with_system(row, turns[:-1])
        if not any(turn["role"] == "user" for turn in asked):
            raise RowError(chat, [turn["role"] for turn in turns], "a user's turn before the last one")
        return Pair(asked, turns[-1]["content"], f"prompt from {chat} but the last turn, solution from that")
    prompts = PROMPTS if _is_there(row, "instruction") else (*PROMPTS, "input")
    prompt = _chosen(row, prompts, (), prompt_field, "prompt")
    solution = _chosen(row, SOLUTIONS, (), solution_field, "solution")
    if prompt is None or solution is None:
        return _alone(row, prompt, solution)
    return _pair(row, prompt, solution)


def _chosen(row: Mapping[str, Any], names: Sequence[str], rivals: Sequence[str], named: str, side: str) -> str | None:
    """Return the one field of a side that a row has, None where it has none."""
    if named:
        if not _is_there(row, named):
            raise RowError(named, row.get(named, MISSING), f"the {side}, as the recipe names this field")
        return named
    found = [name for name in names if _is_there(row, name)]
    if not found:
        return None
    others = [*found[1:], *(name for name in rivals if _is_there(row, name))]
    if others:
        knob = "solution_field" if side == "solution" else "prompt_field"
        raise RowError(f"{found[0]} and {others[0]}", BOTH, f"one field for the {side}, or its name in sft.{knob}")
    return found[0]


def _is_there(row: Mapping[str, Any], name: str) -> bool:
    return row.get(name) not in (None, "", [])


def _alone(row: Mapping[str, Any], prompt: str | None, solution: str | None) -> Pair:
    """Return a row of one side alone: a text without a solution."""
    name = prompt or solution
    if name is None:
        raise RowError("fields", list(row), f"a prompt and a solution, {', '.join(PROMPTS)} and {', '.join(SOLUTIONS)}")
    return Pair(_text(name, row[name]), "", f"text from {name}")


def _pair(row: Mapping[str, Any], prompt: str, solution: str) -> Pair:
    """Return the pair of two fields; Alpaca's `input` belongs to the prompt, HumanEval's prompt begins the program."""
    answer = _solution(solution, row[solution])
    fields = prompt
    if isinstance(row[prompt], list):
        asked = _with_system(row, _turns(prompt, row[prompt]))
        return Pair(asked, answer, f"prompt from {prompt}, solution from {solution}")
    text = _text(prompt, row[prompt])
    for name in ("input", "context"):
        if name in row and name != prompt and (name == "context" or prompt == "instruction"):
            fields = f"{fields} + {name}"
            text += f"\n\n{_text(name, row[name])}" if _is_there(row, name) else ""
    entry_point = row.get("entry_point")
    if isinstance(entry_point, str) and f"def {entry_point}" in text and f"def {entry_point}(" not in answer:
        answer = text + answer
    if not text[-1:].isspace() and not answer[:1].isspace():
        text += "\n"  # or the prompt's last word and the solution's first would be one
    if _is_there(row, "system"):
        turns = _with_system(row, ({"role": "user", "content": text},))
        return Pair(turns, answer, f"prompt from system + {fields}, solution from {solution}")
    return Pair(text, answer, f"prompt from {fields}, solution from {solution}")


def _solution(name: str, value: object) -> str:
    """Return a solution: a text, or a chat of one assistant's turn."""
    if not isinstance(value, list):
        return _text(name, value)
    turns = _turns(name, value)
    if [turn["role"] for turn in turns] != ["assistant"]:
        raise RowError(name, [turn["role"] for turn in turns], "one assistant's turn")
    return turns[0]["content"]


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise RowError(name, value, "text")
    return value


def _with_system(row: Mapping[str, Any], turns: Turns) -> Turns:
    """Return the turns below the system's message that a row has in a field of its own."""
    if not _is_there(row, "system"):
        return turns
    if turns and turns[0]["role"] == "system":
        raise RowError("system", row["system"], "no such field beside a system's turn")
    return ({"role": "system", "content": _text("system", row["system"])}, *turns)


def _turns(name: str, value: object) -> Turns:
    """Return the turns of a conversation, of `role` and `content` or of ShareGPT's `from` and `value`."""
    if not isinstance(value, list) or not value:
        raise RowError(name, value, "a list of turns")
    return tuple(_turn(f"{name}[{number}]", turn) for number, turn in enumerate(value))


def _turn(place: str, turn: object) -> Mapping[str, str]:
    if not isinstance(turn, dict):
        raise RowError(place, turn, "a turn with role and content, or from and value")
    lost = next((key for key in _LOST_OF_TURN if turn.get(key)), None)
    if lost is not None:
        raise RowError(f"{place}.{lost}", turn[lost], "no such field: its content would be lost")
    who, said = ("from", "value") if "from" in turn else ("role", "content")
    role = _ROLES.get(turn[who]) if isinstance(turn.get(who), str) else None
    if role is None:
        raise RowError(f"{place}.{who}", turn.get(who, MISSING), f"one of {', '.join(_ROLES)}")
    content = turn.get(said, MISSING)
    if isinstance(content, list) and all(isinstance(p, dict) and isinstance(p.get("text"), str) for p in content):
        content = "".join(part["text"] for part in content)
    if not isinstance(content, str):
        raise RowError(f"{place}.{said}", content, "text")
    return {"role": role, "content": content}
