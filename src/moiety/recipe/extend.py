"""`extends`: a recipe that says only what differs from another.

Tables are merged key by key. Rows of an array of tables that bear the name of one of the other's are merged into it,
the rest come after them; any other list is replaced.
"""

from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]
EXTENDS = "extends"


def merged(base: Any, own: Any, moved: dict[Path, Path], path: Path = (), place: Path = ()) -> Any:
    """Return `own` laid over `base`; `moved` is told where each row of `own`, by its path, has come to stand."""
    if isinstance(base, dict) and isinstance(own, dict):
        both = dict(base)
        for key, value in own.items():
            both[key] = merged(base.get(key), value, moved, (*path, key), (*place, key))
        return both
    if not (_rows(base) and _rows(own)):
        return own
    rows = list(base)
    names = [row.get("name") for row in rows]
    for index, row in enumerate(own):
        name = row.get("name")
        at = names.index(name) if name is not None and name in names else len(rows)
        moved[(*path, index)] = (*place, at)
        if at == len(rows):
            rows.append(row)
            names.append(name)
        else:
            rows[at] = merged(rows[at], row, moved, (*path, index), (*place, at))
    return rows


def named_twice(own: Any, path: Path = ()) -> Iterator[tuple[str, Path, Path]]:
    """Yield the name and the paths of two rows of one array of tables that have one name; they would be merged."""
    if isinstance(own, dict):
        for key, value in own.items():
            yield from named_twice(value, (*path, key))
    elif _rows(own):
        first: dict[str, int] = {}
        for index, row in enumerate(own):
            name = row.get("name")
            if isinstance(name, str) and first.setdefault(name, index) != index:
                yield name, (*path, first[name]), (*path, index)


def moved_lines(lines: dict[Path, int], moved: dict[Path, Path]) -> dict[Path, int]:
    """Return the lines of keys by where the keys have come to stand."""
    return {_moved(path, moved): line for path, line in lines.items()}


def _moved(path: Path, moved: dict[Path, Path]) -> Path:
    for length in range(len(path), 0, -1):
        if path[:length] in moved:
            return moved[path[:length]] + path[length:]
    return path


def _rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)
