"""Fenced blocks of a text in Markdown, by the rules of CommonMark 0.31, section 4.5.

A fence is three or more backticks or tildes, indented by at most three columns within its list item or block quote; it
ends at a fence of the same kind that is as long, or with the text. Models break two of these rules: they leave a block
open before the next one, and they write fences in the docstrings of a fenced program. So where a block is no Python,
other ends are tried, and the first that makes it Python is taken. Not a parser of Markdown: headings, tables, HTML and
spans of code in a line are text here.
"""

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_LINE_END = re.compile(r"\r\n|\n|\r")
_FENCE = re.compile(r"(`{3,})(?P<info>[^`]*)\Z|(~{3,})(?P<text>.*)\Z")
_AFTER_WORDS = re.compile(r"(?<!`)(`{3,})(?P<info>[\w+.-]*)(?P<text>)[ \t]*\Z")
_QUOTES = re.compile(r"(?: {0,3}>[ \t]?)+")
_ITEM = re.compile(r"(?:[-+*]|\d{1,9}[.)])(?:[ \t]+|\Z)")
_WORD = re.compile(r"[^\s,:;{}=]+")
_PYTHON = re.compile(r"(?:i?python|py|sage)[\d.]*\Z")
_DEEPEST = 3  # columns; a line that is indented further is no fence
_MOST_ITEMS = 16  # list items that begin in one line
_MOST_ENDS = 8  # other ends that are tried of one block, and lines that may be ends before the one of CommonMark:
_MOST_LINES = 64  # a text of nothing but fences must not cost a parse, or a look at all of it, for each


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: the first word after its fence in lower case, its text, and the lines it takes up, from 0."""

    language: str
    code: str
    start: int
    end: int

    @property
    def may_be_python(self) -> bool:
        """True where the fence names Python or nothing."""
        return _is_python(self.language)


@dataclass(frozen=True, slots=True)
class _Fence:
    """An opening fence: its characters, its column, the column of its container, and how many quotes it stands in."""

    marks: str
    language: str
    column: int
    base: int
    quotes: int

    def closed_by(self, line: str) -> bool:
        """Return True if a line closes the block."""
        bare = line.strip(" \t")
        same = len(bare) >= len(self.marks) and not bare.strip(self.marks[0])
        return same and indent_of(line) <= self.base + _DEEPEST

    @property
    def may_be_python(self) -> bool:
        """True where the fence names Python or nothing."""
        return _is_python(self.language)


@dataclass(frozen=True, slots=True)
class _End:
    """A place where a block may end: after so many lines and perhaps a part of the next; the text goes on at `after`.

    It is `meant` where CommonMark sees no end: at a fence with words behind it, or at the end of a line of code.
    """

    count: int
    after: int
    meant: bool = False
    last: str = ""

    def python(self, inner: Sequence[str], column: int) -> str | None:
        """Return the text of the block where it is Python; its lines may stand left of their fence."""
        least = min((indent_of(line) for line in inner[: self.count] if line.strip()), default=0)
        found = (self.of(inner, columns) for columns in sorted({min(least, column), column}))
        return next((code for code in found if parsed(code) is not None), None)

    def of(self, inner: Sequence[str], columns: int) -> str:
        """Return the text of the block up to this end, each line without so many columns as far as they are blank."""
        lines = [*inner[: self.count], *([self.last] if self.last else ())]
        return "".join(f"{_dedented(line, columns)}\n" for line in lines)


def _is_python(language: str) -> bool:
    return not language or _PYTHON.match(language) is not None


def parsed(source: str) -> ast.Module | None:
    """Return the syntax tree of a source, or None where it is no Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def lines_of(text: str) -> list[str]:
    """Return the lines of a text as Markdown has them: of any line end, and of no other character."""
    return _LINE_END.split(text)


def indent_of(line: str) -> int:
    """Return the column at which a line begins; a tab goes to the next column that 4 divides."""
    column = 0
    for mark in line:
        if mark not in " \t":
            break
        column += 1 if mark == " " else 4 - column % 4
    return column


def fenced_blocks(text: str, *, lenient: bool = False) -> list[Block]:
    """Return the fenced blocks of a text, in order.

    `lenient` also takes a fence that is indented further than CommonMark allows, or that ends a line of words.
    """
    lines, blocks = lines_of(text), []
    offsets: list[int] = []
    at = 0
    while at < len(lines):
        fence = _opened(lines[at], offsets, lenient=lenient)
        at += 1
        if fence is not None:
            code, end = _block(lines, at, fence)
            blocks.append(Block(fence.language, code, at - 1, end))
            at = end
    return blocks


def _opened(line: str, offsets: list[int], *, lenient: bool) -> _Fence | None:
    """Return the fence that a line opens; `offsets`, the columns of the list items around it, are kept up to date."""
    quoted = _QUOTES.match(line)
    quotes = quoted.group().count(">") if quoted else 0
    rest = line[quoted.end() :] if quoted else line
    if not rest.strip():
        return None
    column = indent_of(rest)
    while offsets and column < offsets[-1]:
        offsets.pop()
    rest = rest.lstrip(" \t")
    outer = offsets[-1] if offsets else 0
    for _ in range(_MOST_ITEMS):
        base = offsets[-1] if offsets else 0
        inside = column - base <= _DEEPEST or lenient
        found = _FENCE.match(rest) if inside else None
        if found is None and lenient and base == outer:
            found = _AFTER_WORDS.search(rest)
        if found is not None:
            marks = next(group for group in found.groups() if group)
            return _Fence(marks, _language(found["info"] or found["text"] or ""), column, base, quotes)
        item = _ITEM.match(rest) if inside else None
        if item is None:
            return None
        mark = item.group().rstrip()
        blanks = len(item.group().expandtabs(4)) - len(mark)
        column += len(mark) + (blanks if 1 <= blanks <= 4 else 1)
        offsets.append(column)
        rest = rest[item.end() :]
    return None


def _language(info: str) -> str:
    """Return the first word of an info string: `python3` of "Python3 {.numberLines}", `python` of "{.python}"."""
    word = _WORD.search(info)
    return word.group().lstrip(".").lower() if word else ""


def _block(lines: Sequence[str], at: int, fence: _Fence) -> tuple[str, int]:
    """Return the text of a block whose first line is `at`, and the number of the line after it.

    It ends where CommonMark ends it, unless it is no Python then and is Python up to another end.
    """
    inner: list[str] = []
    waiting: list[_End] = []
    first: _End | None = None
    tried = 0
    for count, end in enumerate(_ends(lines, at, fence, inner)):
        if end.meant and first is None and count < _MOST_LINES:
            waiting.append(end)
            continue
        first = first or end
        for one in (end, *waiting[:_MOST_ENDS]) if fence.may_be_python else ():
            code = one.python(inner, fence.column)
            if code is not None:
                return code, one.after
        waiting = []
        tried += not end.meant
        if tried > _MOST_ENDS or count >= _MOST_LINES or not fence.may_be_python:
            break
    assert first is not None, "the last end is that of the text"
    return first.of(inner, fence.column), first.after


def _ends(lines: Sequence[str], at: int, fence: _Fence, inner: list[str]) -> Iterator[_End]:
    """Yield the ends that a block may have, in order; `inner` gets its lines meanwhile."""
    for number in range(at, len(lines)):
        line = _inside(lines[number], fence)
        if line is None:
            yield _End(len(inner), number)
            return
        bare = line.rstrip()
        if fence.closed_by(line):
            yield _End(len(inner), number + 1)
        elif bare.lstrip(" \t").startswith(fence.marks):
            yield _End(len(inner), number, meant=True)
        elif bare.endswith(fence.marks):
            yield _End(len(inner), number + 1, meant=True, last=bare.rstrip(fence.marks[0]))
        inner.append(line)
    yield _End(len(inner), len(lines))


def _inside(line: str, fence: _Fence) -> str | None:
    """Return a line without the marks of the block quotes of its block; None where it stands in them no more."""
    if not fence.quotes or not line.strip():
        return line
    marks = re.match(rf"(?: {{0,3}}>[ \t]?){{{fence.quotes}}}", line)
    return None if marks is None else line[marks.end() :]


def _dedented(line: str, columns: int) -> str:
    """Return a line without its first columns, as far as they are blank."""
    column = 0
    for place, mark in enumerate(line):
        if column >= columns or mark not in " \t":
            return " " * max(0, column - columns) + line[place:]
        column += 1 if mark == " " else 4 - column % 4
    return ""


def text_outside(text: str, blocks: Sequence[Block]) -> str:
    """Return a text without its blocks."""
    return "".join(f"{line}\n" for line in _outside(lines_of(text), blocks))


def _outside(lines: Sequence[str], blocks: Sequence[Block]) -> Iterator[str]:
    taken = {number for block in blocks for number in range(block.start, block.end)}
    for number, line in enumerate(lines):
        if number not in taken:
            yield line
