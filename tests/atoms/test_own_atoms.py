"""A user's own atoms: loaded from a file's text alone, or refused in one line that names the file and the atom."""

import pickle
from pathlib import Path

import pytest

from moiety.atoms import load_atoms
from moiety.atoms.own import own_atoms
from moiety.errors import UserError

HEADER = "from moiety.atoms import atom\n\nC = ('do {x}', 'make {x}', 'get {x}', 'run {x}')\n\n"
GOOD = """
@atom(topic="own", english=C, chinese=C, examples=[((1,), 78), ((0,), 77), ((-77,), 0)])
def plus_many(n: int) -> int:
    return n + 77
"""
LETTERS = """
@atom(topic="own", english=C, chinese=C, examples=[(("",), ""), (("a",), "a"), (("bb",), "b")])
def letters_once(s: str) -> str:
    return "".join(set(s))
"""


def test_own_atoms_load(tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text(HEADER + GOOD)
    (loaded,) = load_atoms(path)
    assert (loaded.name, loaded.source) == ("plus_many", "def plus_many(n: int) -> int:\n    return n + 77\n")


def test_the_text_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.py").write_text("a file of another text in the working folder is not read\n")
    (loaded,) = own_atoms((("own.py", HEADER + GOOD),))
    copied = pickle.loads(pickle.dumps(loaded))
    assert copied == loaded
    assert copied(3) == loaded(3) == 80


def test_what_a_file_imports_is_not_its_own() -> None:
    text = "from moiety.atoms.sorting import sort_ascending\n" + HEADER + GOOD + "\nalias = plus_many\n"
    assert [atom.name for atom in own_atoms((("own.py", text),))] == ["plus_many"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "need at least one function decorated with @atom, got none"),
        (HEADER, "need at least one function decorated with @atom, got none"),
        ("def f(:\n", ":1: invalid syntax"),
        ("\nimport nothing_of_this_name\n", ":2: ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("\n\nraise ValueError('one\\ntwo')\n", ":3: ValueError: one"),
        (
            HEADER + GOOD.replace("plus_many", "gray_code"),
            "atom gray_code: need a name of its own, got the name of an",
        ),
        (
            HEADER + GOOD.replace("plus_many", "add_7"),
            "atom add_7: need a name of its own, got the name of a gen",
        ),
        (HEADER + GOOD.replace("plus_many", "max"), "atom max: need a name of its own, got a name of Python's"),
        (HEADER + GOOD.replace("plus_many", "xs"), "atom xs: need a name of its own, got the name of a variable"),
        (
            HEADER + GOOD.replace("plus_many", "f"),
            "atom f: need a name of its own, got the name of the composed",
        ),
        (HEADER + GOOD + GOOD, "atom plus_many: need a name of its own, got one that is defined twice"),
        (
            HEADER + GOOD.replace("77", "7").replace("78", "8"),
            "atom plus_many: need a behaviour of its own, got",
        ),
        (HEADER + GOOD.replace("n + 77", "77 // n"), "atom plus_many: "),
        (HEADER + GOOD.replace("78)", "79)"), "atom plus_many: example (1,): need 78, got 79"),
        (HEADER + GOOD.replace("n: int", "n: missing"), ":7: NameError: name 'missing' is not defined"),
        (HEADER + GOOD.replace("n: int", "n: set"), "atom plus_many: n: need one of int, "),
        (HEADER + GOOD.replace("n: int", "n: 'missing'"), "atom plus_many: need known annotations: "),
        (HEADER + GOOD.replace("n: int", "n"), "atom plus_many: n: need a type annotation"),
        (
            HEADER + GOOD.replace("english=C", "english=C[:3]"),
            "atom plus_many: english: need at least 4",
        ),
        (HEADER + GOOD.replace("(1,)", "1"), "atom plus_many: examples: need a tuple of 1 arguments, got 1"),
        (HEADER + LETTERS, "atom letters_once: two processes differ on ("),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        own_atoms((("own.py", text),))
    line = str(caught.value)
    assert line.startswith("own.py")
    assert line.removeprefix("own.py").removeprefix(": ").startswith(message)
    assert "\n" not in line


def test_a_call_that_does_not_come_back_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moiety.atoms.own.LIMIT_S", 1)
    with pytest.raises(UserError, match=r"^own\.py: atom plus_many: takes too long on some value: need an answer"):
        own_atoms((("own.py", HEADER + GOOD.replace("n + 77", "n + 77 + 0 * sum(range(n))")),))


def test_two_files_cannot_share_a_name() -> None:
    files = (("one.py", HEADER + GOOD), ("two.py", HEADER + GOOD))
    with pytest.raises(UserError, match=r"two\.py: atom plus_many: need a name .* the name of an atom in one\.py"):
        own_atoms(files)


@pytest.mark.parametrize(("content", "reason"), [(None, "No such file or directory"), (b"\xff", "not UTF-8 text")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "own.py"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=rf"own\.py: need a Python file of atoms, got: {reason}"):
        load_atoms(path)
