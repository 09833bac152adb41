"""Rows of every usual form give their prompt and solution unchanged; what is ambiguous or would be lost is refused."""

# A case stays on its line.
# ruff: noqa: E501

from typing import Any

import pytest

from moiety.rows import RowError
from moiety.train.pairs import read_pair

ADD = "def add(a, b):\n    return a + b"
FENCED = "def add(a, b):\n    '''Example:\n    ```\n    add(1, 2)\n    ```\n    '''\n    return a + b"
CHATTY = f"Sure:\n```python\n{ADD}\n```\nDone."
USER, BOT = {"role": "user", "content": "Add."}, {"role": "assistant", "content": ADD}
SYSTEM = {"role": "system", "content": "Be brief."}


@pytest.mark.parametrize(
    ("row", "prompt", "solution", "taken"),
    [
        ({"prompt": "Add.", "completion": ADD}, "Add.\n", ADD, "prompt from prompt, solution from completion"),
        ({"prompt": "Add.", "response": FENCED}, "Add.\n", FENCED, "prompt from prompt, solution from response"),
        ({"prompt": "Add.", "solution": CHATTY}, "Add.\n", CHATTY, "prompt from prompt, solution from solution"),
        ({"prompt": "def add(a, b):", "completion": "\n    return a + b"}, "def add(a, b):", "\n    return a + b", "prompt from prompt, solution from completion"),
        ({"prompt": "Add.\n\n", "completion": ADD}, "Add.\n\n", ADD, "prompt from prompt, solution from completion"),
        ({"instruction": "To Python.", "input": "int x;", "output": "x: int"}, "To Python.\n\nint x;\n", "x: int", "prompt from instruction + input, solution from output"),
        ({"instruction": "Add.", "input": "", "output": ADD}, "Add.\n", ADD, "prompt from instruction + input, solution from output"),
        ({"instruction": "Add.", "input": None, "output": ADD, "text": ""}, "Add.\n", ADD, "prompt from instruction + input, solution from output"),
        ({"instruction": "Who?", "context": "Ada wrote.", "response": "Ada"}, "Who?\n\nAda wrote.\n", "Ada", "prompt from instruction + context, solution from response"),
        ({"input": "Add.", "output": ADD, "id": 7}, "Add.\n", ADD, "prompt from input, solution from output"),
        ({"question": "1 + 1?", "answer": "2"}, "1 + 1?\n", "2", "prompt from question, solution from answer"),
        ({"task_id": 7, "text": "Add.", "code": ADD, "test_list": ["assert add(1, 2) == 3"]}, "Add.\n", ADD, "prompt from text, solution from code"),
        (
            {"task_id": "H/0", "prompt": "def add(a, b):\n", "entry_point": "add", "canonical_solution": "    return a + b\n", "test": "x"},
            "def add(a, b):\n", "def add(a, b):\n    return a + b\n", "prompt from prompt, solution from canonical_solution",
        ),
        ({"messages": [USER, BOT]}, (USER,), ADD, "prompt from messages but the last turn, solution from that"),
        ({"messages": [SYSTEM, USER, BOT]}, (SYSTEM, USER), ADD, "prompt from messages but the last turn, solution from that"),
        ({"messages": [SYSTEM, USER, BOT, USER, {"role": "assistant", "content": CHATTY}]}, (SYSTEM, USER, BOT, USER), CHATTY, "prompt from messages but the last turn, solution from that"),
        ({"conversations": [{"from": "human", "value": "Add."}, {"from": "gpt", "value": ADD}]}, (USER,), ADD, "prompt from conversations but the last turn, solution from that"),
        ({"conversations": [{"from": "system", "value": "Be brief."}, {"from": "user", "value": "Add."}, {"from": "assistant", "value": ADD}]}, (SYSTEM, USER), ADD, "prompt from conversations but the last turn, solution from that"),
        ({"system": "Be brief.", "conversations": [USER, BOT]}, (SYSTEM, USER), ADD, "prompt from conversations but the last turn, solution from that"),
        ({"system": "Be brief.", "prompt": "Add.", "response": ADD}, (SYSTEM, {"role": "user", "content": "Add.\n"}), ADD, "prompt from system + prompt, solution from response"),
        ({"prompt": [SYSTEM, USER], "completion": [BOT]}, (SYSTEM, USER), ADD, "prompt from prompt, solution from completion"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "Add."}]}, BOT]}, (USER,), ADD, "prompt from messages but the last turn, solution from that"),
        ({"text": "Only words."}, "Only words.", "", "text from text"),
        ({"code": ADD}, ADD, "", "text from code"),
    ],
)  # fmt: skip
def test_forms_of_rows(row: dict[str, Any], prompt: Any, solution: str, taken: str) -> None:
    pair = read_pair(row)
    assert (pair.prompt, pair.solution, pair.taken) == (prompt, solution, taken)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"prompt": "a", "instruction": "b", "output": "c"}, "prompt and instruction: both given: expected one field for the prompt, or its name in sft.prompt_field"),
        ({"prompt": "a", "response": "b", "output": "c"}, "response and output: both given: expected one field for the solution, or its name in sft.solution_field"),
        ({"question": "a", "input": "b", "output": "c"}, "question and input: both given: expected one field for the prompt"),
        ({"messages": [USER, BOT], "prompt": "a"}, "messages and prompt: both given: expected one field"),
        ({"messages": [USER, BOT], "conversations": [USER, BOT]}, "messages and conversations: both given: expected one field"),
        ({"prompt": 7, "output": "c"}, "prompt: 7: expected text"),
        ({"prompt": "a", "output": 7}, "output: 7: expected text"),
        ({"words": "a"}, "fields: ['words']: expected a prompt and a solution, prompt, instruction"),
        ({"messages": []}, "fields: ['messages']: expected a prompt"),
        ({"messages": "a"}, "messages: 'a': expected a list of turns"),
        ({"messages": [USER]}, "messages: 'user': expected an assistant's turn at the end"),
        ({"messages": [SYSTEM, BOT]}, "messages: ['system', 'assistant']: expected a user's turn before the last one"),
        ({"messages": [USER, {"role": "tool", "content": "3"}, BOT]}, "messages[1].role: 'tool': expected one of system, developer, user"),
        ({"messages": [USER, {"role": "assistant", "content": None}]}, "messages[1].content: None: expected text"),
        ({"messages": [USER, {**BOT, "tool_calls": [{"name": "f"}]}]}, "messages[1].tool_calls: [{'name': 'f'}]: expected no such field"),
        ({"messages": [USER, {**BOT, "reasoning_content": "hm"}]}, "messages[1].reasoning_content: 'hm': expected no such field"),
        ({"conversations": [{"from": "human"}, {"from": "gpt", "value": ADD}]}, "conversations[0].value: missing: expected text"),
        ({"conversations": ["a"]}, "conversations[0]: 'a': expected a turn"),
        ({"prompt": [USER], "completion": [USER, BOT]}, "completion: ['user', 'assistant']: expected one assistant's turn"),
        ({"instruction": "a", "output": "b", "history": [["c", "d"]]}, "history: [['c', 'd']]: expected no such field"),
        ({"system": "a", "messages": [SYSTEM, USER, BOT]}, "system: 'a': expected no such field beside a system's turn"),
        ({"prompt": "a", "chosen": "b", "rejected": "c"}, None),
    ],
)  # fmt: skip
def test_rows_that_are_refused(row: dict[str, Any], message: str | None) -> None:
    if message is None:
        assert read_pair(row).solution == ""  # the caller asks for a solution
        assert read_pair(row, solution_field="chosen").solution == "b"
        return
    with pytest.raises(RowError) as error:
        read_pair(row)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def test_fields_may_be_named() -> None:
    row = {"prompt": "a", "instruction": "b", "response": "c", "output": "d", "messages": [USER, BOT]}
    pair = read_pair(row, prompt_field="instruction", solution_field="output")
    assert (pair.prompt, pair.solution) == ("b\n", "d")
    assert read_pair(row, prompt_field="messages").prompt == (USER,)
    with pytest.raises(RowError, match="nothing: missing: expected the prompt, as the recipe names this field"):
        read_pair(row, prompt_field="nothing")
