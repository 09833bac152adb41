"""Rows whose tests are pairs of input and output: programs that read and print, and functions called with JSON.

Forms: `tests` of {input, output}; `input_output` of {inputs, outputs} as APPS and TACO have it, calls where there is a
`fn_name`; `public_test_cases` and `private_test_cases` as LiveCodeBench has them, calls where `testtype` is functional.
"""

from __future__ import annotations

import base64
import binascii
import json
import pickletools
import re
import zlib
from collections.abc import Mapping
from typing import Any

from moiety.judge import fields
from moiety.judge.fields import Problem
from moiety.judge.verdicts import Comparison, Style
from moiety.rows import MISSING, RowError

PUBLIC, PRIVATE = "public_test_cases", "private_test_cases"
_MOST_BYTES = 1 << 28  # of unpacked tests
_OWN_COMPARISONS = (Comparison.TOKENS, Comparison.TEXT)
_SECONDS = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*(ms|milliseconds?|s|sec|secs|seconds?)?\s*")
_STRING_OPCODES = ("SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE")
_HARMLESS_OPCODES = ("PROTO", "FRAME", "MEMOIZE", "BINPUT", "LONG_BINPUT", "PUT", "STOP", *_STRING_OPCODES)


def stdio_row(task_id: str, row: Mapping[str, Any]) -> Problem:
    """Return the problem of a row with `tests` or `input_output`."""
    name = row.get("fn_name") or row.get("func_name")
    if "tests" in row:
        tests = fields.loaded(row, "tests", list)
        pairs = [(_side(test, "input"), _side(test, "output")) for test in tests]
        functional = any(isinstance(test, dict) and test.get("testtype") == "functional" for test in tests)
        where = "tests"
    else:
        both = fields.loaded(row, "input_output", dict)
        given, wanted = (fields.field(both, name, list, "a list of tests") for name in ("inputs", "outputs"))
        if len(given) != len(wanted):
            raise RowError("input_output", both, "as many outputs as inputs")
        pairs, functional, where = list(zip(given, wanted, strict=True)), False, "input_output"
        name = both.get("fn_name") or both.get("func_name") or name
    if not pairs or any(side is MISSING for pair in pairs for side in pair):
        raise RowError(where, pairs, "at least one pair of an input and an output")
    if name is not None or functional:
        return _called(task_id, row, name, pairs, where)
    return _printed(task_id, row, [(_joined(one), _joined(other)) for one, other in pairs], where)


def cases_row(task_id: str, row: Mapping[str, Any]) -> Problem:
    """Return the problem of a row in LiveCodeBench's form."""
    cases = list(fields.loaded(row, PUBLIC, list))
    if row.get(PRIVATE):
        cases += _unpacked(row[PRIVATE]) if isinstance(row[PRIVATE], str) else fields.loaded(row, PRIVATE, list)
    pairs = [(_side(case, "input"), _side(case, "output")) for case in cases]
    if not pairs or not all(isinstance(side, str) for pair in pairs for side in pair):
        raise RowError(PUBLIC, cases, "at least one test with the texts input and output")
    kinds = {case.get("testtype", "stdin") for case in cases}
    if kinds == {"functional"}:
        metadata = fields.loaded(row, "metadata", dict) if row.get("metadata") else {}
        name = metadata.get("func_name") or metadata.get("fn_name") or row.get("fn_name")
        return _called(task_id, row, name, pairs, PUBLIC)
    if kinds != {"stdin"}:
        raise RowError("testtype", sorted(map(str, kinds)), "stdin or functional, the same for all tests of a row")
    return _printed(task_id, row, pairs, PUBLIC)


def _printed(task_id: str, row: Mapping[str, Any], pairs: list[tuple[Any, Any]], where: str) -> Problem:
    if not all(isinstance(side, str) for pair in pairs for side in pair):
        raise RowError(where, pairs, "at least one pair of texts, the input and the output")
    return Problem(
        task_id, "", canonical=fields.text(row, "canonical_solution", needed=False),
        inputs=tuple((given,) for given, _ in pairs), expected=tuple(wanted for _, wanted in pairs),
        style=Style.STDIO, comparison=_own_comparison(row), test_limit_s=_seconds(row),
    )  # fmt: skip


def _called(task_id: str, row: Mapping[str, Any], name: Any, pairs: list[tuple[Any, Any]], where: str) -> Problem:
    """Return the problem of a function whose arguments and result are JSON, written as text or as values."""
    if not isinstance(name, str) or not name.isidentifier():
        raise RowError("fn_name", MISSING if name is None else name, "the name of the function that is called")
    as_text = all(isinstance(given, str) and isinstance(wanted, str) for given, wanted in pairs)
    calls, expected = [], []
    for number, (given, wanted) in enumerate(pairs):
        place = f"{where}[{number}]"
        if as_text:
            given, wanted = [_json(line, place) for line in given.split("\n") if line.strip()], _json(wanted, place)
        if not isinstance(given, list):
            raise RowError(place, given, "a list of arguments")
        calls.append(tuple(fields.plain(_whole_keys(given), place)))
        expected.append(fields.plain(_whole_keys(wanted), place))
    return Problem(
        task_id, f"Solution.{name}", canonical=fields.text(row, "canonical_solution", needed=False),
        inputs=tuple(calls), expected=tuple(expected),
        comparison=Comparison.LISTS if as_text else Comparison.WRAPPED, test_limit_s=_seconds(row),
    )  # fmt: skip


def _json(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise RowError(place, text, "JSON") from None


def _whole_keys(value: Any) -> Any:
    """Return a value whose dicts have whole numbers for keys where JSON could only write them as text."""
    if isinstance(value, list):
        return [_whole_keys(item) for item in value]
    if isinstance(value, dict):
        numbers = bool(value) and all(re.fullmatch(r"-?[0-9]{1,18}", key) for key in value)
        return {int(key) if numbers else key: _whole_keys(item) for key, item in value.items()}
    return value


def _side(test: object, name: str) -> object:
    return test.get(name, MISSING) if isinstance(test, dict) else MISSING


def _joined(side: Any) -> Any:
    """Return a text; a list of lines, as some rows of APPS have it, is joined."""
    if isinstance(side, list) and all(isinstance(line, str) for line in side):
        return "\n".join(side)
    return side


def _own_comparison(row: Mapping[str, Any]) -> Comparison:
    asked = row.get("comparison")
    if asked is None:
        return Comparison.TOKENS
    for one in _OWN_COMPARISONS:
        if asked == one.value:
            return one
    raise RowError("comparison", asked, " or ".join(one.value for one in _OWN_COMPARISONS))


def _seconds(row: Mapping[str, Any]) -> float | None:
    """Return the row's own limit: a number of seconds, text such as `2 seconds`, or {seconds, nanos}."""
    limit = row.get("time_limit")
    if limit is None or limit == "":
        return None
    seconds: Any = limit
    if isinstance(limit, str) and (found := _SECONDS.fullmatch(limit.lower())):
        seconds = float(found[1]) / (1000 if (found[2] or "").startswith("m") else 1)
    elif isinstance(limit, dict):
        parts = [limit.get("seconds") or 0, limit.get("nanos") or 0]
        seconds = parts[0] + parts[1] / 1e9 if all(type(part) in (int, float) for part in parts) else None
    if type(seconds) not in (int, float) or not 0 < seconds <= 3600:
        raise RowError("time_limit", limit, "seconds, above 0 and at most 3600")
    return float(seconds)


def _unpacked(data: str) -> list[Any]:
    """Return tests that are JSON, or JSON in a pickled text, compressed, in base64: the pickle is parsed, never run."""
    try:
        return list(json.loads(data))
    except (ValueError, RecursionError, TypeError):
        pass
    try:
        engine = zlib.decompressobj()
        packed = engine.decompress(base64.b64decode(data, validate=True), _MOST_BYTES)
        if not engine.eof:
            raise ValueError(f"over {_MOST_BYTES} bytes, or cut short")
        found = [(opcode.name, argument) for opcode, argument, _ in pickletools.genops(packed)]
        texts = [argument for name, argument in found if name in _STRING_OPCODES]
        if len(texts) != 1 or any(name not in _HARMLESS_OPCODES for name, _ in found):
            raise ValueError("a pickle of more than one text")
        tests = json.loads(str(texts[0]))
    except (ValueError, zlib.error, binascii.Error, RecursionError) as error:
        raise RowError(PRIVATE, data, f"tests as LiveCodeBench packs them ({error})") from None
    if not isinstance(tests, list):
        raise RowError(PRIVATE, data, "a JSON array of tests")
    return tests
