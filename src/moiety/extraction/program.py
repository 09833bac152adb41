"""The choice of the program among the parts of an answer."""

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from moiety.extraction.fences import Block, fenced_blocks, indent_of, lines_of, parsed, text_outside
from moiety.extraction.needs import bound_names, with_needs
from moiety.extraction.thinking import after_thinking

_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
_CODE = re.compile(r"(?:async +def|def|class|import|from|for|while|with|try)\b|@\w|print\(|\w[\w, ]*=(?!=)")
_WORDS = re.compile(
    r"(?!\w+(?:\s*=|\(|\[|\.\w))(?:[A-Z<\[*_>•–-]|```|~~~|\d+[.)]\s|[^\x00-\x7f]|[a-z]+[ ,]+[a-z]+)"
)  # a line of words: not an assignment, a call or an index
_SPAN = re.compile(r"(?<!`)```(?:i?python[\d.]*|py)?[ \t]+([^`\n]+)```(?!`)")  # a block written within one line
_MOST_STARTS = 30  # lines that may begin a program without a fence; a long text of words must not cost a parse for each


@dataclass(frozen=True)
class _Part:
    """A part of an answer that may be the program."""

    code: str
    may_be_python: bool = True

    @cached_property
    def tree(self) -> ast.Module | None:
        return parsed(self.code)


def extract_program(text: str, entry_point: str = "", *, script: bool = False, given: str = "") -> str:
    """Return the program in a model's answer.

    A text that is a program as it stands is returned unchanged, whatever its docstrings hold. Else it is searched after
    its thinking part: of the blocks that are Python, the last one that defines `entry_point`, below the imports and
    helpers of other blocks that it uses. Other languages, output, shell commands and demonstrations are left out.
    Without an entry point it is the last block that defines a function; of a `script`, which is run and not called, the
    last one that reads its input, or else prints. A program without fences among words is found, too. `given` is source
    that the prompt has: what the program uses of it is put before it. Where there is no program the answer is returned.
    """
    if given and parsed(given) is None:
        given += "\n    pass\n"  # a head whose body is to follow
    if _stands_alone(text):
        return _with(text, given)
    answer = after_thinking(text)
    if _stands_alone(answer):
        return _with(answer, given)
    readings: list[list[_Part]] = []
    for parts in _readings(answer):
        readings.append(parts)
        if (place := _place(parts, entry_point, script=script)) is not None:
            return _with_others(parts, place, given)
    blocks = readings[0]
    if entry_point:  # it is not there: what is judged is the program that was meant, and why it fails
        broken = [one.code for one in blocks if _would_define(one.code, entry_point)]
        if broken:
            return broken[-1]
        for parts in readings:
            if (place := _place(parts, "", script=False)) is not None:
                return _with_others(parts, place, given)
    python = [one.code for one in blocks if one.may_be_python]
    return python[-1] if python else answer


def is_fenced(text: str) -> bool:
    """Return True if a text holds a fenced block and is no program as it stands: it is an answer in Markdown."""
    return ("```" in text or "~~~" in text) and not _stands_alone(text) and bool(fenced_blocks(text))


def defines(source: str, entry_point: str) -> bool:
    """Return True if a source is Python that binds a name in its module."""
    tree = parsed(source)
    return tree is not None and _binds(tree, entry_point)


def _with(source: str, given: str) -> str:
    return with_needs(source, [given]) if given else source


def _with_others(parts: Sequence[_Part], place: int, given: str) -> str:
    """Return a part below what it needs of the others, and of what the prompt gives."""
    before, after = ([one.code for one in some if one.may_be_python] for some in (parts[:place], parts[place + 1 :]))
    return with_needs(parts[place].code, [given, *before], after)


def _stands_alone(text: str) -> bool:
    """Return True if a text is Python as a whole. Fences of tildes are Python, too, in front of a name."""
    tree = parsed(text)
    if tree is None or "~~~" not in text:
        return tree is not None
    return not any(isinstance(node, ast.Expr) and _is_tildes(node.value) for node in tree.body)


def _is_tildes(node: ast.expr, count: int = 3) -> bool:
    return count == 0 or (
        isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert) and _is_tildes(node.operand, count - 1)
    )


def _readings(answer: str) -> Iterator[list[_Part]]:
    """Yield the parts of an answer, read more and more freely: its blocks, what stands between them, other fences."""
    blocks = fenced_blocks(answer)
    parts = _parts(blocks)
    yield parts
    yield [*(_Part(code) for code in _unfenced(text_outside(answer, blocks))), *parts]
    yield _parts(fenced_blocks(answer, lenient=True))
    yield [_Part(found[1] + "\n") for found in _SPAN.finditer(answer)]


def _parts(blocks: Sequence[Block]) -> list[_Part]:
    return [_Part(_at_margin(one.code), one.may_be_python) for one in blocks]


def _at_margin(code: str) -> str:
    """Return a block without an indentation that all its lines share, where that makes it Python."""
    moved = textwrap.dedent(code)
    return moved if moved != code and parsed(code) is None and parsed(moved) is not None else code


def _place(parts: Sequence[_Part], entry_point: str, *, script: bool) -> int | None:
    """Return the place of the program among the parts, None where none of them is it."""
    trees = [(place, one.tree, one.may_be_python) for place, one in enumerate(parts) if one.tree is not None]
    if entry_point:
        return _last(
            [place for place, tree, _ in trees if _binds(tree, entry_point)],
            [place for place, tree, _ in trees if _has_method(tree, entry_point)],
        )
    python = [(place, tree) for place, tree, may_be_python in trees if may_be_python]
    functions = [place for place, tree in python if any(isinstance(n, _FUNCTIONS | ast.ClassDef) for n in tree.body)]
    acting = [place for place, tree in python if _acts(tree)]
    if script:
        reading = [place for place, tree in python if _names(tree) & {"input", "stdin", "open"}]
        printing = [place for place, tree in python if _names(tree) & {"print", "stdout"}]
        return _last(reading, printing, functions, acting)
    return _last(functions, acting)


def _last(*choices: list[int]) -> int | None:
    """Return the last place of the first list that has one."""
    return next((places[-1] for places in choices if places), None)


def _binds(tree: ast.Module, name: str) -> bool:
    return any(name in bound_names(node) for node in tree.body)


def _has_method(tree: ast.Module, name: str) -> bool:
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return any(isinstance(node, _FUNCTIONS) and node.name == name for one in classes for node in one.body)


def _acts(tree: ast.Module) -> bool:
    """Return True if a source does more than name values, as an output that happens to be Python does."""
    return any(not isinstance(n, ast.Expr) or any(isinstance(m, ast.Call) for m in ast.walk(n)) for n in tree.body)


def _names(tree: ast.Module) -> set[str]:
    nodes = list(ast.walk(tree))
    return {n.id for n in nodes if isinstance(n, ast.Name)} | {n.attr for n in nodes if isinstance(n, ast.Attribute)}


def _would_define(code: str, entry_point: str) -> bool:
    """Return True if a block would define the entry point if it were Python."""
    return re.search(rf"^[ \t]*(?:async +)?def +{re.escape(entry_point)}\b", code, re.MULTILINE) is not None


def _unfenced(text: str) -> Iterator[str]:
    """Yield the stretches of a text that are Python among words."""
    lines = lines_of(text)
    at = tries = 0
    while at < len(lines) and tries < _MOST_STARTS:
        if not _CODE.match(lines[at].lstrip(" \t")):
            at += 1
            continue
        tries += 1
        count = _stretch(lines[at:])
        if count:
            yield _joined(lines[at : at + count])
        at += max(1, count)


def _stretch(lines: Sequence[str]) -> int:
    """Return how many lines from the first on are one stretch of Python, which ends before a line of words."""
    indent = indent_of(lines[0])
    count = next((n for n, one in enumerate(lines) if one.strip() and indent_of(one) < indent), len(lines))
    for _ in range(_MOST_STARTS):
        wrong = _wrong_line(_joined(lines[:count]))
        if wrong is None:
            return count
        count = next((n for n in range(min(wrong, count) - 1, 0, -1) if _is_words(lines[n], indent)), 0)
        if not count:
            return 0
    return 0


def _joined(lines: Sequence[str]) -> str:
    return textwrap.dedent("".join(f"{line}\n" for line in lines))


def _wrong_line(source: str) -> int | None:
    """Return the number, from 1, of the line at which a source stops being Python, None where it is Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except SyntaxError as error:
        return error.lineno or 0
    except (ValueError, RecursionError, MemoryError):
        return 0
    return None


def _is_words(line: str, indent: int) -> bool:
    return bool(line.strip()) and indent_of(line) == indent and _WORDS.match(line.strip()) is not None
