"""Known-good and known-bad programs that every zygote must judge right before its verdicts count.

A sandbox that breaks honest programs would otherwise only show as a model that never learns.
"""

from __future__ import annotations

import marshal

from moiety.judge.codec import encode
from moiety.judge.verdicts import Comparison, Verdict
from moiety.judge.worker import Task

EVERY = 5000  # programs of a zygote between two checks
_GOOD = """
import colorsys, textwrap, zlib
from collections import Counter
def f(xs):
    room = bytearray(1 << 24)
    return [textwrap.dedent(" a"), zlib.crc32(b"x"), sorted(Counter(xs).items()), len(room)]
"""
_BAD = "def f(xs):\n    return 0\n"
_INPUT = ([3, 1, 3],)
_EXPECTED = ["a", 2363233923, [(1, 1), (3, 2)], 1 << 24]


def tasks() -> list[Task]:
    """Return the checks, to be run in any order."""
    return [_task(_GOOD, Verdict.PASS), _task(_BAD, Verdict.WRONG)]


def _task(source: str, verdict: Verdict) -> Task:
    body = marshal.dumps((source, "f", False, (marshal.dumps(_INPUT, 2),)), 2)
    expected = (encode(_EXPECTED),)
    return Task(-1, body, 1, expected, Comparison.EXACT, 0.0, 5.0, 0, None, canary=verdict)
