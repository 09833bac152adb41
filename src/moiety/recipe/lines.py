"""At which line of a TOML text a key stands. Not a parser: `tomllib` has read the text before."""

import json
import re
from collections import Counter

_HEADER = re.compile(r"^\s*(\[\[?)\s*(.+?)\s*(\]\]?)\s*(#.*)?$")
_KEY = re.compile(r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")
_LEXEMES = re.compile(r'"""|\'\'\'|"(?:\\.|[^"\\])*"|\'[^\']*\'|#.*|[\[\]{}]')

Path = tuple[str | int, ...]


def key_lines(text: str) -> dict[Path, int]:
    """Map the path of every key and table header of a valid TOML text to its line, counted from 1.

    Keys inside arrays and inline tables are not found; the nearest path above them is (`line_of`).
    """
    found: dict[Path, int] = {}
    counts: Counter[Path] = Counter()
    table: Path = ()
    quote, depth = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        if not quote and depth == 0:
            header, key = _HEADER.match(line), _KEY.match(line)
            if header:
                table = _table(_parts(header[2]), array=header[1] == "[[", counts=counts)
                found.setdefault(table, number)
                continue
            if key:
                found.setdefault(table + _parts(key[1]), number)
                line = line[key.end() :]
        quote, depth = _scan(line, quote, depth)
    return found


def line_of(path: Path, lines: dict[Path, int]) -> int | None:
    """Return the line of a path, or of the nearest key or header above it."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


def _parts(dotted: str) -> Path:
    return tuple(json.loads(p) if p[0] == '"' else p.strip("'") for p in _PART.findall(dotted))


def _table(parts: Path, *, array: bool, counts: Counter[Path]) -> Path:
    """Return a header's path, with the number of the row for each array of tables on the way."""
    path: Path = ()
    for position, part in enumerate(parts):
        path = (*path, part)
        if array and position == len(parts) - 1:
            counts[path] += 1
        if counts[path]:
            path = (*path, counts[path] - 1)
    return path


def _scan(line: str, quote: str, depth: int) -> tuple[str, int]:
    """Return the open multi-line quote and the depth of open brackets after a line."""
    position = 0
    while True:
        if quote:
            end = line.find(quote, position)
            if end < 0:
                return quote, depth
            position, quote = end + 3, ""
        lexeme = _LEXEMES.search(line, position)
        if lexeme is None:
            return quote, depth
        position = lexeme.end()
        if lexeme[0] in ('"""', "'''"):
            quote = lexeme[0]
        elif lexeme[0] in "[{":
            depth += 1
        elif lexeme[0] in "]}":
            depth -= 1
