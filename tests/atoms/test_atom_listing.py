"""The table and the pages of `moiety atoms`."""

import json

import pytest

from moiety.atoms import catalogue
from moiety.atoms.listing import atom_page, atom_rows, atoms_table
from moiety.errors import UserError


def test_the_table_names_every_atom_once() -> None:
    lines = atoms_table().splitlines()
    names = [line.split()[0] for line in lines if line.startswith("  ")]
    assert names == [a.name for a in catalogue()]
    assert lines[-1] == "100 atoms, 50 of them in the quick study; `moiety atoms NAME` shows one."


def test_rows_are_json() -> None:
    assert json.loads(json.dumps(atom_rows())) == atom_rows()
    assert atom_rows()[0]["name"] == catalogue()[0].name


def test_a_page_shows_everything() -> None:
    page = atom_page("gray_code")
    assert page.startswith("gray_code  (arithmetic, inlinable, quick)\nint -> nonneg_int\n")
    assert "    return n ^ (n >> 1)\n" in page
    assert "exclusive-or {x} with itself shifted right by one bit" in page
    assert "gray_code(6) == 5" in page
    with pytest.raises(UserError):
        atom_page("nothing")
