"""Exposure: how often each atom, each pair of adjacent atoms and each type signature occurs in sets of tasks.

Sub-compositions may recur between splits, by design: this counts them. Not a check, and no set is refused for it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
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

    def as_json(self) -> dict[str, object]:
        """Return the counts as plain data, names in order."""
        counts = {name: dict(sorted(getattr(self, name).items())) for name in OF}
        return {"rows": self.rows, "functions": self.functions, **counts}


def exposure(sets: Mapping[str, Iterable[Task]]) -> dict[str, Exposure]:
    """Return the counts of each set, by name. A pair `a > b` is an atom b that takes what a gives."""
    found: dict[str, Exposure] = {}
    for name, tasks in sets.items():
        one = found[name] = Exposure()
        seen: set[str] = set()
        for task in tasks:
            one.rows += 1
            if task.structure_key not in seen:
                seen.add(task.structure_key)
                one.functions += 1
                one.atoms.update(set(task.atoms))
                one.pairs.update(set(adjacent_atoms(task)))
                one.signatures[type_signature(task)] += 1
    return found


def type_signature(task: Task) -> str:
    """Return a task's signature without names: `(list[int]) -> int`."""
    return _INPUT_NAMES.sub("", task.signature[task.signature.index("(") :]).rstrip(":")


def adjacent_atoms(task: Task) -> list[str]:
    """Return the pairs `a > b` of a task's graph, read from the wiring in its family; a choice passes values on."""
    steps = _STEP.findall(task.family)
    first = task.family[: task.family.index("(")].count(",") + 1 if steps else 0
    givers: list[set[str]] = [set() for _ in range(first)]  # per value, the atoms that may have given it
    names = iter(task.atoms)
    choices = len(steps) - len(task.atoms)
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
