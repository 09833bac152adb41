"""Which modules a zygote should have loaded: those that the tasks' own code imports.

A cold import costs a program 0.75 to 6 ms; a warm one nothing. Only of the standard library, and never of what a
candidate wrote: it would choose what all others find loaded.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterable

_MOST, _SHARE = 24, 0.01
_NEVER = {"__main__", "antigravity", "idlelib", "lib2to3", "site", "test", "this", "tkinter", "turtle", "turtledemo"}


def warm_modules(sources: Iterable[str]) -> tuple[str, ...]:
    """Return the modules that at least 1 % of trusted programs import, most frequent first, at most 24."""
    counts: Counter[str] = Counter()
    total = 0
    for source in sources:
        total += 1
        counts.update(_imported(source))
    common = [name for name, count in counts.items() if count >= _SHARE * total]
    return tuple(sorted(common, key=lambda name: (-counts[name], name))[:_MOST])


def _imported(source: str) -> set[str]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return {name for name in names if (top := name.partition(".")[0]) in sys.stdlib_module_names and top not in _NEVER}
