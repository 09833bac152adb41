"""The table and the pages of `moiety atoms`."""

import json

from moiety.atoms import atom_named, catalogue
from moiety.atoms.listing import atom_page, atom_row, atoms_table


def test_the_table_names_every_atom_once_under_its_topic() -> None:
    lines = atoms_table(catalogue()).splitlines()
    assert [line.split()[0] for line in lines if line.startswith("  ")] == [a.name for a in catalogue()]
    topics = [line for line in lines[:-1] if line and not line.startswith(" ")]
    assert topics == list(dict.fromkeys(a.topic for a in catalogue()))
    assert lines[-1] == "100 atoms, 50 of them in the quick study; `moiety atoms NAME` shows one."


def test_atoms_in_any_order_are_listed_by_topic() -> None:
    mixed = [atom_named(name) for name in ("gray_code", "sort_ascending", "is_ascending")]
    topics = [line for line in atoms_table([*mixed, atom_named("digital_root")]).splitlines()[:-1] if line]
    assert [line.split()[0] for line in topics] == [
        *("arithmetic", "gray_code", "digital_root"),
        *("sorting", "sort_ascending", "is_ascending"),
    ]


def test_rows_are_json() -> None:
    rows = [atom_row(atom) for atom in catalogue()]
    assert json.loads(json.dumps(rows)) == rows
    assert [row["name"] for row in rows] == [atom.name for atom in catalogue()]


def test_a_page_shows_everything() -> None:
    page = atom_page(atom_named("gray_code"))
    assert page.startswith("gray_code  (arithmetic, inlinable, quick)\nint -> nonneg_int\n")
    assert "    return n ^ (n >> 1)\n" in page
    assert "exclusive-or x with itself shifted right by one bit" in page
    assert f"\nChinese\n  {atom_named('gray_code').chinese[0].replace('{x}', 'x')}\n" in page
    assert "gray_code(6) == 5" in page
