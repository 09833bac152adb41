"""A mistake of the caller is one line that names field, value and what was expected, and no verdict on a program."""

from __future__ import annotations

import dataclasses
import gc
import math
from collections.abc import Iterator
from typing import Any

import pytest

from moiety.errors import UserError
from moiety.judge import Comparison, Job, Judge, Style, Verdict

GOOD = "def f(xs):\n    return sorted(xs)\n"
JOB = Job(GOOD, "f", (([3, 1],), ([2],)), ([1, 3], [2]))


class Broken:
    """An object that cannot even be shown."""

    def __repr__(self) -> str:
        raise ZeroDivisionError


_BROKEN = Broken()


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    """Return a pool of one zygote."""
    with Judge(zygotes=1) as pool:
        yield pool


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"cpu_limit_s": math.inf}, "cpu_limit_s: inf: expected seconds above 0 and at most 86400"),
        ({"cpu_limit_s": math.nan}, "cpu_limit_s: nan: expected"),
        ({"cpu_limit_s": 1e12}, "cpu_limit_s: 1000000000000.0: expected"),
        ({"cpu_limit_s": 10**400}, "cpu_limit_s: 1000"),
        ({"cpu_limit_s": 0}, "cpu_limit_s: 0: expected"),
        ({"cpu_limit_s": -1}, "cpu_limit_s: -1: expected"),
        ({"cpu_limit_s": True}, "cpu_limit_s: True: expected"),
        ({"cpu_limit_s": "1"}, "cpu_limit_s: '1': expected"),
        ({"cpu_limit_s": None}, "cpu_limit_s: None: expected"),
        ({"tolerance": math.nan}, "tolerance: nan: expected a finite number, at least 0"),
        ({"tolerance": math.inf}, "tolerance: inf: expected"),
        ({"tolerance": -1e-9}, "tolerance: -1e-09: expected"),
        ({"tolerance": False}, "tolerance: False: expected"),
        ({"tolerance": 10**400}, "tolerance: 1000"),
        ({"comparison": "exact"}, "comparison: 'exact': expected one of Comparison.EXACT"),
        ({"style": "call"}, "style: 'call': expected one of Style.CALL"),
        ({"entry_point": ""}, "entry_point: '': expected the name of a function"),
        ({"entry_point": "f()"}, "entry_point: 'f"),
        ({"entry_point": "\ud800"}, "entry_point: '.ud800': expected"),
        ({"entry_point": None}, "entry_point: None: expected"),
        ({"source": b"x = 1"}, "source: b'x = 1': expected the text of a program"),
        ({"source": None}, "source: None: expected"),
        ({"inputs": (), "expected": ()}, "inputs: .*: expected at least one tuple of arguments"),
        ({"inputs": "ab"}, "inputs: 'ab': expected"),
        ({"inputs": (5, 6)}, r"inputs.0.: 5: expected a tuple of arguments"),
        ({"inputs": (([1],), (object(),))}, r"inputs.1.: .*: expected plain data"),
        ({"inputs": (([1],), (_BROKEN,))}, r"inputs.1.: .*: expected plain data"),
        ({"expected": ([1],)}, "expected: 1 answers: expected one for each of the 2 inputs"),
        ({"expected": None}, "expected: None: expected a tuple of one answer for each input"),
        ({"expected": ([1], _BROKEN)}, r"expected.1.: an object of Broken: expected plain data"),
        ({"expected": ("x" * (1 << 24), [2])}, r"expected.0.: 16777226 bytes: expected at most 16777216"),
        ({"style": Style.STDIO}, r"inputs.0.: .*: expected a tuple of one text"),
        ({"style": Style.STDIO, "inputs": (("1",),), "expected": ([1, 3],)}, r"expected.0.: .1, 3.: expected a text"),
        ({"style": Style.STDIO, "inputs": (("1",), ("2",))}, "inputs: .*: expected one input"),
    ],
)
def test_a_field_is_named_with_its_value_and_what_was_expected(
    judge: Judge, changed: dict[str, Any], message: str
) -> None:
    wrong = dataclasses.replace(JOB, **changed)
    with pytest.raises(UserError, match=f"^judge: {message}") as caught:
        judge.judge([JOB, wrong])
    assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match=f"^judge: {message}"):
        judge.submit(wrong)
    assert judge.judge([JOB])[0].passed


@pytest.mark.parametrize("limit_s", [math.inf, 0, True])
def test_a_run_is_checked_too(judge: Judge, limit_s: float) -> None:
    with pytest.raises(UserError, match=r"^judge: cpu_limit_s: "):
        judge.run(GOOD, "f", [([1],)], cpu_limit_s=limit_s)
    with pytest.raises(UserError, match=r"^judge: entry_point: 3: "):
        judge.run(GOOD, 3, [([1],)])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "expected", "comparison"),
    [
        ("complex(1.7e308, 1.7e308)", 1.0, Comparison.CLOSE),
        ("1.5", complex(1.7e308, 1.7e308), Comparison.CLOSE),
        ("{1}", {math.nan, -math.nan}, Comparison.PYTHON),
        ("[10 ** 400]", [1.5], Comparison.CLOSE),
        ("'\\ud800'", "\ud801", Comparison.TEXT),
        ("-0.0", 10**400, Comparison.CLOSE),
    ],
)
def test_what_cannot_be_compared_fails_itself_alone(
    judge: Judge, answer: str, expected: Any, comparison: Comparison
) -> None:
    hostile = Job(f"def f(): return {answer}", "f", ((),), (expected,), comparison=comparison)
    supervisor = judge.supervisor
    assert [one.verdict for one in judge.judge([JOB, hostile, JOB])] == [Verdict.PASS, Verdict.WRONG, Verdict.PASS]
    assert judge.supervisor == supervisor


def test_surrogates_in_a_program_are_its_own_mistake(judge: Judge) -> None:
    assert judge.judge([dataclasses.replace(JOB, source="x = '\ud800'\n" + GOOD)])[0].verdict is Verdict.LOAD_ERROR


@pytest.mark.parametrize("limit_s", [1e-9, 86_400.0, 3])
def test_limits_at_the_edges_are_taken(judge: Judge, limit_s: float) -> None:
    verdict = judge.judge([dataclasses.replace(JOB, cpu_limit_s=limit_s)])[0].verdict
    assert verdict is (Verdict.TIMEOUT if limit_s < 1 else Verdict.PASS)


def test_jobs_of_a_generator_keep_their_own_tests(judge: Judge) -> None:
    def jobs() -> Iterator[Job]:
        for number in range(200):
            gc.collect(0)
            yield Job(f"def f(n):\n    return n + {number}\n", "f", ((number,),), (2 * number if number % 2 else -1,))

    verdicts = [one.verdict for one in judge.judge(jobs())]
    assert verdicts == [Verdict.PASS if number % 2 else Verdict.WRONG for number in range(200)]
    futures = [judge.submit(job) for job in jobs()]
    assert [future.result().verdict for future in futures] == verdicts
