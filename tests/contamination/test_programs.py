"""Programs without names: which changes leave a digest alone, and which signatures are read."""

import pytest

from moiety.contamination.behaviour import probes
from moiety.contamination.programs import read_program

LOOP = "def f(xs: list[int]) -> int:\n    total = 0\n    for x in xs:\n        total += x\n    return total\n"


def test_an_extra_function_leaves_the_entry_alone() -> None:
    more = "def unused(s):\n    return s[::-1] + s.upper()\n\n" + LOOP.replace("xs", "ys")
    one, two = read_program(LOOP), read_program(more, entry_point="f")
    assert one.entry == two.entry != ""
    assert one.whole != two.whole


def test_another_helper_is_another_entry() -> None:
    helper = "def g(x):\n    return x + {}\n\ndef f(xs: list[int]) -> int:\n    return sum(g(x) for x in xs)\n"
    assert read_program(helper.format(1)).entry != read_program(helper.format(2)).entry
    assert read_program(helper.format(1)).entry == read_program(helper.format(1).replace("g(", "plus(")).entry


def test_circles_end() -> None:
    even_odd = (
        "def even(n: int) -> bool:\n    return True if n == 0 else odd(n - 1)\n\n"
        "def odd(n: int) -> bool:\n    return False if n == 0 else even(n - 1)\n"
    )
    renamed = even_odd.replace("even", "e").replace("odd", "o")
    assert read_program(even_odd).entry == read_program(renamed).entry != ""


@pytest.mark.parametrize("source", ["", "x = 1\n", "def f(x):\n    return x\n"])
def test_too_little_code_has_no_digest(source: str) -> None:
    assert read_program(source).entry == ""


def test_what_does_not_parse_is_said_to() -> None:
    assert not read_program("def f(:").parsed
    assert read_program("print('no function')").parsed


@pytest.mark.parametrize(
    ("source", "asserts", "inputs"),
    [
        ("def f(a: List[int], b: 'int') -> int:\n    return 0", (), ("list[int]", "int")),
        ("def f(a: list[list[int]]):\n    return 0", (), ("list[list[int]]",)),
        ("def f(a: float) -> int:\n    return 0", (), None),
        ("def f(a: int, b):\n    return 0", (), None),
        ("def f(*a: int):\n    return 0", (), None),
        ("def f():\n    return 0", (), None),
        ("def f(a, b):\n    return 0", ("assert f([], 'x') == 1", 'assert f([2], "y") == 2'), ("list[int]", "str")),
        ("def f(a):\n    return 0", ("assert f(1) == 1", "assert f('x') == 1"), None),
        ("def f(a):\n    return 0", ("assert f([True, False]) == 1",), ("list[bool]",)),
        ("def f(a):\n    return 0", ("assert f([[1], []]) == 1",), ("list[list[int]]",)),
        ("def f(a):\n    return 0", ("assert f((1, 2)) == 1",), None),
        ("def f(a):\n    return 0", ("assert f(", "assert f(open('x')) == 1"), None),
    ],
)
def test_signatures(source: str, asserts: tuple[str, ...], inputs: tuple[str, ...] | None) -> None:
    assert read_program(source, asserts=asserts).inputs == inputs


def test_asserts_name_the_entry_point() -> None:
    source = "def g(n):\n    return n + 1\n\ndef helper(n):\n    return n\n"
    assert read_program(source, asserts=["assert g(1) == 2"]).entry_point == "g"
    assert read_program(source).entry_point == "helper"


def test_probes_begin_with_narrow_domains() -> None:
    lists, numbers = probes(("list[int]",)), probes(("int", "str"))
    assert all(xs for (xs,) in lists[:32])
    assert [] in [xs for (xs,) in lists]
    assert all(0 <= n <= 1000 and s for n, s in numbers[:32])
    assert len(lists) > 48
