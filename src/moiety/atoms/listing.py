"""What `moiety atoms` shows: atoms as a table by topic, one atom as a page, both as JSON; plain text, no colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from moiety.atoms.definition import Atom
from moiety.types import to_json


def type_signature(atom: Atom) -> str:
    """Return the types of an atom as one reads them: "list[int], int -> nonneg_int"."""
    return f"{', '.join(t.name for t in atom.inputs)} -> {atom.output.name}"


def atom_row(atom: Atom) -> dict[str, Any]:
    """Return everything about one atom as JSON-able values."""
    return {
        "name": atom.name,
        "topic": atom.topic,
        "inputs": [t.name for t in atom.inputs],
        "output": atom.output.name,
        "quick": atom.quick,
        "inlinable": atom.inlinable,
        "source": atom.source,
        "english": list(atom.english),
        "chinese": list(atom.chinese),
        "examples": [[to_json(list(arguments)), to_json(output)] for arguments, output in atom.examples],
    }


def atoms_table(atoms: Sequence[Atom]) -> str:
    """Return atoms as a table by topic: name, types, lines of body, `quick`, first English instruction."""
    name_width = max(len(atom.name) for atom in atoms)
    types_width = max(len(type_signature(atom)) for atom in atoms)
    lines: list[str] = []
    for topic in dict.fromkeys(atom.topic for atom in atoms):
        lines += ["", topic] if lines else [topic]
        for atom in atoms:
            if atom.topic == topic:
                head = f"  {atom.name:{name_width}}  {type_signature(atom):{types_width}}"
                body, mark = atom.source.count("\n") - 1, "quick" if atom.quick else ""
                lines.append(f"{head}  {body:2}  {mark:5}  {_readable(atom.english[0])}")
    count, quick = len(atoms), sum(atom.quick for atom in atoms)
    of_these = f", {quick} of them in the quick study" if quick else ""
    lines += ["", f"{count} atom{'s' if count > 1 else ''}{of_these}; `moiety atoms NAME` shows one."]
    return "\n".join(lines) + "\n"


def atom_page(atom: Atom) -> str:
    """Return one atom in full: types, source, instructions in both languages, examples."""
    marks = [word for word, given in (("inlinable", atom.inlinable), ("quick", atom.quick)) if given]
    lines = [f"{atom.name}  ({', '.join([atom.topic, *marks])})", type_signature(atom), ""]
    lines += [f"    {line}" for line in atom.source.splitlines()]
    lines += ["", "English", *(f"  {_readable(clause)}" for clause in atom.english)]
    lines += ["", "Chinese", *(f"  {_readable(clause)}" for clause in atom.chinese)]
    lines += ["", "Examples"]
    for arguments, output in atom.examples:
        lines.append(f"  {atom.name}({', '.join(map(repr, arguments))}) == {output!r}")
    return "\n".join(lines) + "\n"


def _readable(clause: str) -> str:
    return clause.replace("{x}", "x").replace("{y}", "y").replace("{z}", "z")
