"""Exposure: how often each atom, each pair of adjacent atoms and each type signature occurs in sets of tasks.

Sub-compositions may recur between splits, by design: this counts them. Not a check, and no set is refused for it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from moiety.tasks import Task

OF = ("atoms", "pairs", "signatures")
_STEP = re.compile(r"\(([^)]*)\)->\S+?@([\d,]*)")
_INPUT_NAMES = re.compile(r"\w+: ")


@dataclass(slots=True)
class Exposure:
    """Counts over one set. Every function counts once, in however many phrasings; `rows` counts those."""

    rows: int = 0
    functions: int = 0
    atoms: Counter[str] = field(default_factory=Counter)
    pairs: Counter[str] = field(default_factory=Counter)
    signatures: Counter[str] = field(default_factory=Counter)

    seen: set[bytes] = field(default_factory=set, repr=False)

    def add(
        self,
        structure_keys: Iterable[str],
        atoms: Iterable[Sequence[str]],
        families: Iterable[str],
        signatures: Iterable[str],
    ) -> None:
        """Count rows, given by four of their fields."""
        for key, names, family, signature in zip(structure_keys, atoms, families, signatures, strict=True):
            self.rows += 1
            identity = bytes.fromhex(key)[:16]
            if identity not in self.seen:
                self.seen.add(identity)
                self.functions += 1
                self.atoms.update(set(names))
                self.pairs.update(set(adjacent_atoms(names, family)))
                self.signatures[type_signature(signature)] += 1

    def as_json(self) -> dict[str, object]:
        """Return the counts as plain data, names in order."""
        counts = {name: dict(sorted(getattr(self, name).items())) for name in OF}
        return {"rows": self.rows, "functions": self.functions, **counts}


def exposure(sets: Mapping[str, Iterable[Task]]) -> dict[str, Exposure]:
    """Return the counts of each set, by name. A pair `a > b` is an atom b that takes what a gives."""
    found: dict[str, Exposure] = {}
    for name, tasks in sets.items():
        one = found[name] = Exposure()
        for task in tasks:
            one.add([task.structure_key], [task.atoms], [task.family], [task.signature])
    return found


def type_signature(signature: str) -> str:
    """Return a signature without names: `(list[int]) -> int`."""
    return _INPUT_NAMES.sub("", signature[signature.index("(") :]).rstrip(":")


def adjacent_atoms(atoms: Sequence[str], family: str) -> list[str]:
    """Return the pairs `a > b` of a task's graph, read from the wiring in its family; a choice passes values on."""
    steps = _STEP.findall(family)
    first = family[: family.index("(")].count(",") + 1 if steps else 0
    givers: list[set[str]] = [set() for _ in range(first)]  # per value, the atoms that may have given it
    names = iter(atoms)
    choices = len(steps) - len(atoms)
    pairs = []
    for types, wiring in steps:
        sources = [int(number) for number in wiring.split(",")]
        if choices and types.startswith("bool,") and len(sources) == 3:
            givers.append(givers[sources[1]] | givers[sources[2]])
            continue
        name = next(names)
        pairs += [f"{giver} > {name}" for source in sources for giver in sorted(givers[source])]
        givers.append({name})
    return pairs
