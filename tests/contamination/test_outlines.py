"""The cheap look at a text that excludes equal trees: it never excludes a program that the trees say is equal."""

import random

import pytest

from moiety.atoms import catalogue
from moiety.contamination import Record, audit_records
from moiety.contamination.outline import Outlines, outline_of
from moiety.contamination.programs import read_program
from moiety.rng import stream
from moiety.synthesis.draw import Cell, Space
from moiety.synthesis.render import render

STORED = '''
import math

def double(x: int) -> int:
    """Return x twice, not once: 2 + 2."""
    return x * 2  # or x + x

def f(xs: list[int]) -> int:
    total = 0
    for x in xs:
        if x > 3:
            total += double(x)
        elif not x:
            total -= 1
    return total
'''


def drawn(count: int) -> list[str]:
    space, rng = Space(catalogue()), stream(0, "outlines")
    cells = [Cell(2), Cell(3), Cell(2, "tree"), Cell(2, "conditional"), Cell(3, "map")]
    sources = []
    for number in range(count):
        rendering = "helpers" if number % 3 == 0 else "inline"
        sources.append(render(space.draw(cells[number % len(cells)], rng), rendering=rendering)[0])
    return sources


@pytest.mark.parametrize(
    "copy",
    [
        "def f(a):\n    t = 0\n    for b in a:\n        if b > 3:\n            t += g(b)\n        else:\n"
        "            if not b:\n                t -= 1\n    return t\ndef g(c):\n    return c * 2\n",
        "def unused(q: int) -> int:\n    return q\n" + STORED.replace('"""Return x twice, not once: 2 + 2."""', "'x'"),
    ],
)
def test_a_program_equal_without_names_is_never_excluded(copy: str) -> None:
    assert Outlines([(STORED, "f")]).may_hold(copy)


def test_no_program_is_excluded_from_equalling_itself_or_one_that_holds_it() -> None:
    sources = drawn(60)
    for source in sources:
        assert Outlines([(source, "f")]).may_hold(source)
        assert Outlines([(source, "f")]).may_hold("def more(n):\n    return [n] if n else []\n\n\n" + source)


def test_most_other_programs_are_excluded_and_equal_trees_never() -> None:
    sources = drawn(200)
    entries = {read_program(source, entry_point="f").entry for source in sources[:50]}
    outlines = Outlines((source, "f") for source in sources[:50])
    passed = [source for source in sources[50:] if outlines.may_hold(source)]
    assert len(passed) < 100
    left = set(sources[50:]) - set(passed)
    assert not {read_program(source, entry_point="f").entry for source in left} & entries


def test_what_tokens_do_not_tell_is_looked_at() -> None:
    assert outline_of("def f(x):\n    # for\n    return x") is None
    assert outline_of('def f(x):\n    """if"""\n    return x') is None
    assert outline_of("def f(x):\n    return 'for'") == outline_of("def f(y: int) -> str:\n    return 'if'")
    assert Outlines([]).may_hold("# anything")
    assert not Outlines([]).may_hold("def f(x):\n    return x + 1")


def test_rows_of_ours_give_the_same_findings_with_and_without() -> None:
    rng = random.Random(0)
    sources = drawn(80)
    stored = [Record("b", n, "", f"task {n}", source, "f") for n, source in enumerate(sources[:40])]
    audited = [Record("a", n, "", f"other {n}", source, "f") for n, source in enumerate(sources[20:])]
    keyed = [Record("a", r.row, "", r.instruction, r.code, "f", (), f"{rng.getrandbits(256):064x}") for r in audited]
    found = [
        {(f.kind, f.side, f.audited.row, f.against.row, f.evidence) for f in audit_records(rows, stored).findings}
        for rows in (audited, keyed)
    ]
    assert found[0] == found[1]
    assert len([one for one in found[0] if one[0] == "ast"]) >= 20
