"""What `moiety atoms` shows: the catalogue as a table, one atom as a page; plain text, no colours."""

from __future__ import annotations

from typing import Any

from moiety.atoms.collection import atom_named, catalogue
from moiety.atoms.definition import Atom


def type_signature(atom: Atom) -> str:
    """Return the types of an atom as one reads them: "list[int], int -> nonneg_int"."""
    return f"{', '.join(t.name for t in atom.inputs)} -> {atom.output.name}"


def atom_rows() -> list[dict[str, Any]]:
    """Return one JSON-able row per atom of the catalogue."""
    return [
        {
            "name": atom.name,
            "topic": atom.topic,
            "types": type_signature(atom),
            "lines": atom.source.count("\n") - 1,
            "quick": atom.quick,
            "instruction": atom.english[0],
        }
        for atom in catalogue()
    ]


def atoms_table() -> str:
    """Return the catalogue as a table: name, types, lines of body, `quick`, first English clause, by topic."""
    rows = atom_rows()
    name_width = max(len(row["name"]) for row in rows)
    types_width = max(len(row["types"]) for row in rows)
    lines: list[str] = []
    topic = ""
    for row in rows:
        if row["topic"] != topic:
            topic = row["topic"]
            lines += ["", topic] if lines else [topic]
        mark = "quick" if row["quick"] else ""
        head = f"  {row['name']:{name_width}}  {row['types']:{types_width}}  {row['lines']:2}  {mark:5}"
        lines.append(f"{head}  {row['instruction'].replace('{x}', 'x').replace('{y}', 'y')}")
    quick = sum(row["quick"] for row in rows)
    lines += ["", f"{len(rows)} atoms, {quick} of them in the quick study; `moiety atoms NAME` shows one."]
    return "\n".join(lines) + "\n"


def atom_page(name: str) -> str:
    """Return everything about one atom of the catalogue. Raises UserError for a name that is not there."""
    atom = atom_named(name)
    marks = [word for word, given in (("inlinable", atom.inlinable), ("quick", atom.quick)) if given]
    lines = [f"{atom.name}  ({', '.join([atom.topic, *marks])})", type_signature(atom), ""]
    lines += [f"    {line}" for line in atom.source.splitlines()]
    lines += ["", "English", *(f"  {clause}" for clause in atom.english)]
    lines += ["", "Chinese", *(f"  {clause}" for clause in atom.chinese)]
    lines += ["", "Examples"]
    for arguments, output in atom.examples:
        lines.append(f"  {atom.name}({', '.join(map(repr, arguments))}) == {output!r}")
    return "\n".join(lines) + "\n"
