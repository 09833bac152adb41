"""The program in an answer: forms in which models write it, as literals, each with what must be taken out."""

# A case stays on its line.
# ruff: noqa: E501

import pytest

from moiety import extract_program
from moiety.extraction import after_thinking, fenced_blocks

F = "def f(x):\n    return x + 1\n"
IN_FENCE = f"```python\n{F}```"
DOCSTRING = 'def f(x):\n    """Add one.\n\n    ```\n    f(1)\n    ```\n    """\n    return x + 1\n'
LOOSE_DOCSTRING = 'def f(x):\n  """Add one.\n\n```python\nf(1)\n```\n  """\n  return x + 1\n'
MANY_FENCES = (
    'def f(x):\n    """Add one.\n\n' + "    ```python\n    f(1)\n    ```\n" * 12 + '    """\n    return x + 1\n'
)
HELPED = "def g(x):\n    return x\n\n\ndef f(x):\n    return g(x) + 1\n"

ONE_FUNCTION = {
    # fences
    "a fence among words": f"Sure, here it is:\n\n{IN_FENCE}\n\nIt adds one.",
    "no language": f"```\n{F}```\n",
    "capitals": f"```Python\n{F}```\n",
    "a version": f"```python3.11\n{F}```\n",
    "py": f"```py\n{F}```",
    "a space before the language": f"``` python\n{F}```",
    "attributes of Pandoc": f"```{{.python .numberLines}}\n{F}```",
    "options behind the language": f'```python3 {{.numberLines}} title="f.py"\n{F}```',
    "a file name": f"```python:src/f.py\n{F}```",
    "tildes": f"~~~python\n{F}~~~",
    "tildes that end with the text": f"~~~python\n{F}",
    "tildes with nothing behind": f"~~~\n{F}~~~\n",
    "carriage returns": f"Here:\r\n```python\r\n{F}```\r\n".replace("\n", "\r\n").replace("\r\r", "\r"),
    "open to the end": f"Here:\n```python\n{F}",
    "a longer fence": f"````markdown-free\n```\nnot this\n```\n````\n\n````python\n{F}````",
    "a longer closing fence": f"```python\n{F}`````\nDone.",
    "blanks behind the closing fence": f"```python\n{F}```  \nDone.",
    "words behind the closing fence": f"```python\n{F}```This adds one.\n\nThat is all.",
    "a closing fence behind the last line": f"```python\n{F.rstrip()}```\nDone.",
    "an opening fence behind words": f"The code: ```python\n{F}```\n",
    "the next block begins before the first ends": f"```python\n{F}\n```python\nprint(f(1))\n```",
    "one line": "It is ```python f = lambda x: x + 1```.",
    # containers
    "in a list": "1. Code:\n\n   ```python\n   def f(x):\n       return x + 1\n   ```\n2. Done.",
    "in the line of a list": "- ```python\n  def f(x):\n      return x + 1\n  ```\n",
    "in a list of a list": "1. a\n   - b\n\n     ```python\n     def f(x):\n         return x + 1\n     ```\n",
    "in a list, at the margin": f"1. Code:\n{IN_FENCE}\n2. Done.",
    "in a list, its lines at the margin": f"1. Code:\n   ```python\n{F}   ```\n",
    "in a list of tens": "10. Code:\n\n    ```python\n    def f(x):\n        return x + 1\n    ```",
    "in a quote": "> Code:\n>\n> ```python\n> def f(x):\n>     return x + 1\n> ```\nWell?",
    "in a quote that just ends": "> ```python\n> def f(x):\n>     return x + 1\n\nWell?",
    "four columns from the margin": "Code:\n\n    ```python\n    def f(x):\n        return x + 1\n    ```\n",
    "all lines indented": "```python\n    def f(x):\n        return x + 1\n```",
    # blocks beside
    "output": f"{IN_FENCE}\n\nOutput:\n\n```\n2\nhello world\n```",
    "output that is Python": f"{IN_FENCE}\n\nOutput:\n\n```\n[1, 2]\n```",
    "output that is marked": f"{IN_FENCE}\n\n```text\n2\n```",
    "a shell command before": f"```bash\npip install numpy\n```\n\n{IN_FENCE}",
    "a shell command behind": f"{IN_FENCE}\n\n```sh\nls\n```",
    "a session": f"{IN_FENCE}\n\n```python\n>>> f(1)\n2\n```",
    "a session that is marked": f"{IN_FENCE}\n\n```pycon\n>>> f(1)\n2\n```",
    "a demonstration": f"{IN_FENCE}\n\n```python\nprint(f(1))\n```",
    "a demonstration that reads": f"{IN_FENCE}\n\n```python\nn = int(input())\nprint(f(n))\n```",
    "another language": f"```javascript\nfunction f(x) {{ return x + 1 }}\n```\n{IN_FENCE}",
    "an earlier try": f"```python\ndef f(x):\n    return x\n```\nNo, that is wrong.\n{IN_FENCE}",
    "a broken later try": f"{IN_FENCE}\nOr shorter:\n```python\ndef f(x) return x + 1\n```",
    "a diff": f"```diff\n-    return x\n+    return x + 1\n```\n{IN_FENCE}",
    # thinking
    "thoughts with a block": f"<think>\nSo:\n```python\ndef f(x):\n    return 0\n```\n</think>\n\n{IN_FENCE}",
    "thoughts that began in the prompt": f"First I\n```python\ndef f(x):\n    return 0\n</think>\n\n{IN_FENCE}",
    "thoughts with an open fence": f"<think>```python\nx = (</think>{IN_FENCE}",
    "thoughts before a bare program": f"<think>Add one.</think>\n\n{F}",
    "thoughts of Magistral": f"[THINK]Add one.[/THINK]\n{IN_FENCE}",
    "thoughts in words": f"<|begin_of_thought|>\nhm\n<|end_of_thought|>\n\n<|begin_of_solution|>\n{IN_FENCE}",
    "channels": f"<|channel|>analysis<|message|>{IN_FENCE.replace('+', '-')}<|end|><|start|>assistant"
    f"<|channel|>final<|message|>{IN_FENCE}<|return|>",
    "channels without their tokens": f"analysisWe add one.assistantfinal{IN_FENCE}",
    "a token that ends the message": f"{IN_FENCE}<|im_end|>",
    # no fences
    "words before and behind": f"Here is the code:\n\n{F}\nThis function adds one. It's short.",
    "words behind": f"{F}\nExplanation: one is added.",
    "tags around": f"[PYTHON]\n{F}[/PYTHON]",
    "an answer in tags": f"<answer>\n{F}</answer>\n",
    "Chinese words": f"代码如下：\n{F}\n这个函数加一。",
    "a block of an indented program": "Code:\n\n    def f(x):\n        return x + 1\n\nDone.",
    "the fence was opened by the prompt": f"{F}```\n\nIt adds one:\n\n```python\nprint(f(1))\n```",
}


@pytest.mark.parametrize("text", ONE_FUNCTION.values(), ids=ONE_FUNCTION)
@pytest.mark.parametrize("entry_point", ["f", ""])
def test_forms_of_an_answer(text: str, entry_point: str) -> None:
    found = extract_program(text, entry_point)
    scope: dict[str, object] = {}
    exec(found, scope)
    function = scope["f"]
    assert callable(function)
    assert (function(1), function(5)) == (2, 6)
    assert not {"n", "input", "numpy"} & scope.keys()
    if "lambda" not in text:
        assert found.strip() == F.strip()


@pytest.mark.parametrize(
    "text",
    [
        F,
        f"\n\n{F}",
        F.replace("\n", "\r\n"),
        DOCSTRING,
        LOOSE_DOCSTRING,
        f"# ```python\n{F}# ```\n",
        'def f(s):\n    return s.split("</think>")[-1].strip("```")\n',
        'def f(s):\n    return """\n~~~\n""" + s\n',
        "",
        "def f(x:\n    return x\n",
        "I cannot write that.",
    ],
)
def test_a_bare_program_and_a_text_without_one_are_returned_unchanged(text: str) -> None:
    assert extract_program(text, "f") == text
    assert extract_program(text) == text


@pytest.mark.parametrize("docstring", [DOCSTRING, LOOSE_DOCSTRING, MANY_FENCES])
@pytest.mark.parametrize("fence", ["```", "````", "~~~"])
def test_fences_in_the_docstring_of_a_fenced_program(docstring: str, fence: str) -> None:
    text = f"So:\n{fence}python\n{docstring}{fence}\nAnd a test:\n{fence}python\nprint(f(1))\n{fence}\n"
    assert extract_program(text, "f") == docstring
    assert extract_program(text) == docstring


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        (["import math\n", "def f(x):\n    return math.floor(x)\n"], "import math\n\n\ndef f(x):\n    return math.floor(x)\n"),
        (["def g(x):\n    return x\n", "def f(x):\n    return g(x) + 1\n"], HELPED),
        (["def f(x):\n    return g(x) + 1\n", "def g(x):\n    return x\n"], HELPED),
        (
            ["import math\ndef g(x):\n    return math.pi\nprint(g(1))\n", "def f(x):\n    return g(x)\n"],
            "import math\ndef g(x):\n    return math.pi\n\n\ndef f(x):\n    return g(x)\n",
        ),
        (["n = int(input())\nx = 3\n", F], F),
        (["def f(x):\n    return 0\n", "def g(x):\n    return 1\n", F], F),
        (["from math import *\n", "def f(x):\n    return floor(x)\n"], "from math import *\n\n\ndef f(x):\n    return floor(x)\n"),
        (
            ["MEMO = {}\nMEMO[0] = 1\n", "from __future__ import annotations\ndef f(x: int) -> int:\n    return MEMO[x]\n"],
            "from __future__ import annotations\nMEMO = {}\nMEMO[0] = 1\n\n\n\ndef f(x: int) -> int:\n    return MEMO[x]\n",
        ),
        (
            ["from functools import cache\n", "@cache\ndef g(x):\n    return x\n", "def f(x):\n    return g(x) + 1\n"],
            "from functools import cache\n@cache\ndef g(x):\n    return x\n\n\ndef f(x):\n    return g(x) + 1\n",
        ),
        (
            ["if __name__ == '__main__':\n    k = 3\n    print(k)\n", "def f(x):\n    return k\n"],
            "def f(x):\n    return k\n",
        ),
        (["def f(x):\n    return y\n    y = 1\n", "y = 2\nprint(f(y))\n"], "def f(x):\n    return y\n    y = 1\n"),
        (["def f(x):\n    return f\n", "f = 3 * [lambda x: x]\n"], "f = 3 * [lambda x: x]\n"),
    ],
)  # fmt: skip
def test_what_the_program_needs_of_other_blocks(blocks: list[str], expected: str) -> None:
    text = "\n\nthen\n\n".join(f"```python\n{block}```" for block in blocks)
    assert extract_program(f"Well,\n\n{text}\n", "f") == expected


@pytest.mark.parametrize(
    ("text", "entry_point", "expected"),
    [
        ("```python\nclass Solution:\n    def f(self, x):\n        return x\n```\nOr\n```python\nprint(1)\n```", "f",
         "class Solution:\n    def f(self, x):\n        return x\n"),
        ("```python\ndef h(x):\n    return x\n```", "f", "def h(x):\n    return x\n"),
        ("```python\ndef f(x)\n    return x\n```\n```python\nprint(1)\n```", "f", "def f(x)\n    return x\n"),
        ("```python\nx = (\n```\nand\n```text\nout\n```", "f", "x = (\n"),
        ("```python\n    return x + 1\n```", "f", "return x + 1\n"),
        ("```bash\nls\n```", "f", "```bash\nls\n```"),
        (f"<think>\nHm.\n{IN_FENCE}\n", "f", ""),
        (f"<|channel|>analysis<|message|>{IN_FENCE}", "f", ""),
        (f"{IN_FENCE}\n<think>And so on", "f", F),
        ("```python\nimport random\nprint(random.random())\n```\n```\n7\n```", "", "import random\nprint(random.random())\n"),
    ],
)  # fmt: skip
def test_answers_without_the_function(text: str, entry_point: str, expected: str) -> None:
    assert extract_program(text, entry_point) == expected


SCRIPT = "n = int(input())\nprint(n * 2)\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"```python\n{SCRIPT}```\nOutput:\n```\n4\n```", SCRIPT),
        (f"```python\n{SCRIPT}```\nA test:\n```python\nprint(4)\n```", SCRIPT),
        (f"First a helper:\n```python\ndef g(n):\n    return n\n```\nThen\n```python\n{SCRIPT}```", SCRIPT),
        ("```python\ndef g(n):\n    return n\n```\nThen\n```python\nprint(g(int(input())))\n```",
         "def g(n):\n    return n\n\n\nprint(g(int(input())))\n"),
        ("```python\nimport sys\nprint(sum(map(int, sys.stdin)))\n```\n```python\nprint(1)\n```",
         "import sys\nprint(sum(map(int, sys.stdin)))\n"),
        (f"The program:\n\n{SCRIPT}\nIt doubles the number.", SCRIPT + "\n"),
        ("```python\nprint('hello')\n```\nwhich prints\n```\nhello\n```", "print('hello')\n"),
    ],
)  # fmt: skip
def test_programs_that_are_run(text: str, expected: str) -> None:
    assert extract_program(text, script=True) == expected


@pytest.mark.parametrize(
    "given",
    [
        "import math\n\n\ndef g(x):\n    return math.floor(x)\n\n\ndef f(x):\n",
        "import math\ndef g(x):\n    return math.floor(x)\n",
    ],
)
@pytest.mark.parametrize("fence", ["{}", "```python\n{}```"])
def test_what_the_prompt_gives_is_put_before_the_program(given: str, fence: str) -> None:
    scope: dict[str, object] = {}
    exec(extract_program(fence.format("def f(x):\n    return g(x) + 1\n"), "f", given=given), scope)
    assert scope["f"](1.5) == 2  # type: ignore[operator]
    assert extract_program(fence.format(F), "f", given=given) == F


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<think>a</think>b", "b"),
        ("<thinking>\na\n</thinking>\n\n b", " b"),
        ("a\n</think>\nb", "b"),
        ("<think>a</think>\nb\n<think>c</think>\nd", "b\n\nd"),
        ("s = '</think>' + 1", "s = '</think>' + 1"),
        ("◁think▷a◁/think▷b", "b"),
        ("<|channel>thought\na<channel|>b", "b"),
        ("<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b<|return|>", "b"),
        ("<|channel|>commentary<|message|>a<|end|>", ""),
        ("analysis of it: b", "analysis of it: b"),
        ("b<|eot_id|>", "b\n"),
        ("b\n</s>", "b\n"),
    ],
)
def test_after_thinking(text: str, expected: str) -> None:
    assert after_thinking(text) == expected


def test_blocks_say_where_they_stand() -> None:
    text = "a\n```sh\nls\n```\n\n> ~~~\n> b\nc\n"
    found = [(one.language, one.code, one.start, one.end) for one in fenced_blocks(text)]
    assert found == [("sh", "ls\n", 1, 4), ("", "b\n", 5, 7)]


@pytest.mark.parametrize(
    "text",
    ["```\n" * 2_000, "```python\n" * 2_000, "```python\nx = (\n" * 1_000, "> " * 5_000 + "```", "1. " * 3_000,
     "import a lot\n" * 2_000, "<think>\n" * 5_000, "(" * 50_000, "def f(x):\n" * 3_000, "x = 1\n" * 2_000 + "so there"],
)  # fmt: skip
def test_a_text_of_nothing_but_marks_ends(text: str) -> None:
    """A hang guard: the suite's own cap would stop it."""
    assert isinstance(extract_program(text, "f"), str)
