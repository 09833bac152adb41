"""A cheap look at a program's text that tells that its syntax tree cannot be among some others.

Counts of keywords, operators and numbers are the same in two programs whose trees are equal once names, annotations,
docstrings and the order of functions are gone. Only texts without comments, long strings and continued lines are looked
at: of those the tokens tell the counts. Parsing costs thirty times as much.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from moiety.contamination.programs import bare_texts

# Not `else` (an `elif` is another way to write it), nor marks that annotations have too.
WORDS = ("return", "for", "while", "if", "lambda", "and", "or", "not", "break", "continue", "yield", "try", "in")
MARKS = tuple("+-*/%<>=!&^~")
_TOKEN = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|[^\W\d]\w*|\d[\w.]*|[-+*/%<>=!&^~]")
_UNTOLD = ('"""', "'''", "#", "\\\n", "import", "class ", "async ", "@", "match ")
_PLACE = {word: place for place, word in enumerate((*WORDS, *MARKS, "elif"))}
_PLACE["elif"] = _PLACE["if"]
NUMBERS = len(WORDS) + len(MARKS)

Outline = tuple[int, ...]


def outline_of(source: str) -> Outline | None:
    """Return the counts of a text, None where its tokens do not tell them. It need not be Python."""
    if any(mark in source for mark in _UNTOLD):
        return None
    counts = [0] * (NUMBERS + 1)
    for token in _TOKEN.findall(source.replace("->", " ")):
        place = _PLACE.get(token)
        if place is not None:
            counts[place] += 1
        elif token[0].isdigit():
            counts[NUMBERS] += 1
    return tuple(counts)


class Outlines:
    """The outlines of stored programs; a program whose outline is told and fits none of them equals none of them."""

    def __init__(self, programs: Iterable[tuple[str, str]]) -> None:
        """Read programs, each a source and its entry point; every one counts whole, and as its entry point alone."""
        texts = {text for source, entry_point in programs for text in bare_texts(source, entry_point)}
        # A text that is not told holds what no told one can hold: a class, a decorator, an import of its own.
        self._known = {outline for text in texts if (outline := outline_of(text)) is not None}
        self._stacked: npt.NDArray[np.int64] = np.array(sorted(self._known), np.int64).reshape(-1, NUMBERS + 1)

    def may_hold(self, source: str) -> bool:
        """Tell whether a program may equal a stored one, in all or in what its entry point reaches."""
        outline = outline_of(source)
        if outline is None:
            return True
        if source.count("def ") == 1:
            return outline in self._known
        return bool((self._stacked <= np.array(outline)).all(axis=1).any())
