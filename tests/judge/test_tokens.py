"""Printed answers, token by token: what is the same number, what is near enough, and what only looks like a number."""

# A case stays on its line.
# ruff: noqa: E501

from __future__ import annotations

import pytest

from moiety.judge import Comparison, Verdict, encode
from moiety.judge.compare import compare

BIG = "9" * 5000


@pytest.mark.parametrize(
    ("printed", "wanted", "passes"),
    [
        ("0.333333", "0.333333333333", True), ("1.0", "1.00", True), ("2  2", "2 2", True), ("1\n2", "1 2", True), ("\n 5\n", "5", True),
        ("3", "3.0", True), ("3.0", "3", True), ("007", "7", True), ("+7", "7", True), ("-0", "0", True), ("1e3", "1000", True), ("1E3", "1000.0", True),
        (".5", "0.5", True), ("5.", "5.0", True), ("1000001", "1000000.0", True), ("1000002", "1000000.0", False), ("1e-7", "0.0", True),
        ("YES 0.5000001", "YES 0.5", True), ("NO 0.5", "YES 0.5", False), ("yes", "YES", False), ("1,0", "1.0", False),
        ("3.0000001", "3", False), ("1000000.0000001", "1000000", False), ("4", "3", False), ("0.5", "1", False), ("2.1e-6", "0.0", False),
        ("1 2", "1", False), ("1", "1 2", False), ("", "1", False), ("1", "", False), ("1.0 1.0", "1.0", False),
        ("nan", "1.0", False), ("1.0", "nan", False), ("nan", "nan", True), ("inf", "1.0", False), ("1.0", "inf", False), ("Infinity", "inf", False),
        ("1e400", "1e400", True), ("1e400", "1e401", False), ("1e401", "1.0", False), ("1.0", "1e401", False), ("1e99999", "1.0", False),
        ("1_000", "1000", False), ("0x10", "16", False), ("\u0663", "3", False), ("1e", "1", False), (".", "0", False), ("-", "0", False), ("+.e5", "0.0", False),
        (BIG, BIG, True), (BIG + ".0", BIG, True), (BIG[:-1] + "8", BIG, False), (BIG + ".1", BIG + ".0", False), ("0" * 900 + "1", "1.0", True),
        ("True", "1", False), ("1+0j", "1", False), ("1\u00a02", "1 2", True),
    ],
)  # fmt: skip
def test_tokens(printed: str, wanted: str, passes: bool) -> None:
    verdict = compare(encode(printed), encode(wanted), Comparison.TOKENS, 1e-6)
    assert verdict is (Verdict.PASS if passes else Verdict.WRONG)


@pytest.mark.parametrize(
    ("printed", "wanted", "passes"),
    [
        ("1.0", "1.00", False),
        ("2  2", "2 2", False),
        ("1\n2", "1 2", False),
        ("1 \n2\n\n", "1\n2", True),
        (" 5", "5", False),
    ],
)
def test_a_row_may_ask_for_its_exact_text(printed: str, wanted: str, passes: bool) -> None:
    verdict = compare(encode(printed), encode(wanted), Comparison.TEXT, 1e-6)
    assert verdict is (Verdict.PASS if passes else Verdict.WRONG)


def test_what_is_no_text_is_wrong() -> None:
    assert compare(encode(1), encode("1"), Comparison.TOKENS, 1e-6) is Verdict.WRONG


def test_the_cost_is_linear_and_numbers_of_any_length_are_compared() -> None:
    printed, wanted = " ".join(["0.1"] * 200_000), " ".join(["0.10"] * 200_000)
    assert compare(encode(printed), encode(wanted), Comparison.TOKENS, 1e-6) is Verdict.PASS
    digits = "1" * 1_000_000
    assert compare(encode(f"{digits}.5"), encode(f"{digits}.50"), Comparison.TOKENS, 1e-6) is Verdict.PASS
    assert compare(encode(f"{digits}.5"), encode(f"{digits}.6"), Comparison.TOKENS, 1e-6) is Verdict.WRONG
