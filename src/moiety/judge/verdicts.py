"""The nouns of the judge: what it is asked, and what it answers.

A verdict is an enum, never a bool, and it is decided outside the candidate's process. INFRA is a fault of the machine:
it is no value at all, never a wrong answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from moiety.errors import StageError


class Verdict(str, Enum):  # noqa: UP042 - StrEnum would change str() of the members that others already store
    """Why a program, or one test of it, ended as it did."""

    PASS = "pass"
    WRONG = "wrong"
    RAISED = "raised"
    LOAD_ERROR = "load_error"  # syntax, or no entry point
    INCOMPLETE = "incomplete"  # exited early
    UNSERIALISABLE = "unserialisable"  # an answer that is not plain data
    TIMEOUT = "timeout"  # CPU limit, or not done at the wall cap
    MEMORY = "memory"
    CRASHED = "crashed"  # killed by a signal
    PROTOCOL = "protocol"  # malformed or surplus frames: suspected tampering
    UNSUPPORTED = "unsupported"  # of benchmarks only: the test needs what cannot cross as plain data
    INFRA = "infra"  # the machine's fault: masked in training, excluded and counted in evaluation


class Comparison(str, Enum):  # noqa: UP042
    """How an answer is compared with the expected one. The data set chooses, never the answer."""

    EXACT = "exact"  # equal canonical bytes
    PYTHON = "python"  # `==` of plain values: 1 == 1.0 == True, but no NaN equals anything
    UNORDERED = "unordered"  # exact, a list or tuple as a bag of its elements
    CLOSE = "close"  # as PYTHON; where floats are wanted, within `tolerance` (0: EvalPlus's 1e-6) and 1e-7 of them
    LISTS = "lists"  # as PYTHON, a tuple being the list of its elements
    WRAPPED = "wrapped"  # as LISTS, and a wanted list of one element may stand for that element
    AS_SETS = "as_sets"  # the same elements, as EvalPlus has it for some tasks
    PRESENCE = "presence"  # both None or neither, a truth value being itself: as EvalPlus has it for some tasks
    ROOT = "root"  # a root, within `tolerance` of 0, of the polynomial whose coefficients are the expected value
    TEXT = "text"  # lines without trailing white space or trailing empty lines
    TOKENS = "tokens"  # as TEXT, else token by token: integers exactly, other numbers within `tolerance`


# of benchmarks: answers cross as trees
TREES = frozenset(Comparison) - {
    Comparison.EXACT, Comparison.PYTHON, Comparison.UNORDERED, Comparison.TEXT, Comparison.TOKENS,
}  # fmt: skip


class Style(str, Enum):  # noqa: UP042
    """How a test reaches the program."""

    CALL = "call"  # an input is the tuple of arguments of one call of the entry point
    STDIO = "stdio"  # the one input is (stdin text,), the answer is all that the program prints; no entry point


@dataclass(frozen=True, slots=True)
class Job:
    """One program with its tests. `expected` never enters the candidate's process."""

    source: str
    entry_point: str
    inputs: tuple[tuple[Any, ...], ...]
    expected: tuple[Any, ...]
    cpu_limit_s: float = 0.2
    comparison: Comparison = Comparison.EXACT
    tolerance: float = 1e-6
    style: Style = Style.CALL


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict on a job, and on each of its tests in order."""

    verdict: Verdict
    tests: tuple[Verdict, ...]
    cpu_s: float
    near_limit: bool  # ended above half of its CPU limit
    detail: str

    @property
    def passed(self) -> bool:
        """Return True if every test passed."""
        return self.verdict is Verdict.PASS

    @property
    def passed_fraction(self) -> float:
        """Return the share of tests that passed; 1.0 for a job that passed without any test."""
        if not self.tests:
            return float(self.passed)
        return sum(test is Verdict.PASS for test in self.tests) / len(self.tests)

    @property
    def infra(self) -> bool:
        """Return True if this is a fault of the machine and so no value at all."""
        return self.verdict is Verdict.INFRA


@dataclass(frozen=True, slots=True)
class Execution:
    """What foreign code answered. `outputs[i]` counts only where `tests[i]` is PASS, which here means: it answered."""

    verdict: Verdict
    tests: tuple[Verdict, ...]
    outputs: tuple[Any, ...]
    raised: tuple[str, ...]  # per test the name of the exception's type, of trees `Name: text`; or ""
    cpu_s: float
    detail: str
    wall_s: float = 0.0  # from when its process could start until it had ended


class JudgeError(StageError):
    """The judge itself cannot go on: no verdict can be given."""
