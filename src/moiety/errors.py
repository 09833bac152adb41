"""The one error a user is meant to read, and the word that was meant.

Not for faults of the program: those keep their own exceptions and their tracebacks.
"""

import difflib
from collections.abc import Sequence
from typing import Final

SHOWN: Final = 8


class UserError(Exception):
    """Say in one line what is wrong with the input: the file, the field, the value and what was expected.

    The command line prints the message and exits with status 2.
    """


class StageError(Exception):
    """A step of long work failed in a process of its own, for another reason than the user's input.

    The command line prints the message, which ends with what the process said last, and exits with status 1.
    """


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Return "; did you mean 'x'?" for the nearest known word, else the words that are known."""
    near = difflib.get_close_matches(word, known, n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    turned = [one for one in known if len(one) == len(word) and sorted(one) == sorted(word)]
    if turned:  # two letters exchanged, which no measure sees in a short word
        return f"; did you mean {turned[0]!r}?"
    more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
    return f"; known: {', '.join(known[:SHOWN])}{more}"
