"""That no two sets share a key of any kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from moiety.errors import UserError
from moiety.tasks import Task


class LeakError(UserError):
    """A key is shared by sets that must be disjoint."""


def shared_keys(sets: Mapping[str, Iterable[Task]]) -> dict[str, int]:
    """Return, per pair of sets, the number of keys of any of the three kinds that both hold."""
    keys = {
        name: {(kind, getattr(t, kind)) for t in tasks for kind in ("structure_key", "source_key", "behaviour_key")}
        for name, tasks in sets.items()
    }
    names = list(keys)
    return {f"{a} & {b}": len(keys[a] & keys[b]) for i, a in enumerate(names) for b in names[i + 1 :]}


def check_disjoint(sets: Mapping[str, Iterable[Task]]) -> dict[str, int]:
    """Return the counts of shared keys, all zero. Raises LeakError naming the first pair that shares one."""
    counts = shared_keys(sets)
    for pair, count in counts.items():
        if count:
            raise LeakError(f"{pair} share {count} keys; they must be disjoint")
    return counts
