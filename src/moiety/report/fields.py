"""Typed access to one JSON object of a run, with the path of every field kept for messages.

Not a schema library: a field that is absent, null or not finite is `None` (the page then says "not measured"); a field
of the wrong kind is a `UserError` that names file, field, value and what was expected.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from moiety import runs
from moiety.errors import UserError


@dataclass(frozen=True, slots=True)
class Fields:
    """One JSON object and where it stands, such as `result.json: arms[3].budget`."""

    where: str
    items: dict[str, object]

    def has(self, name: str) -> bool:
        return self.items.get(name) is not None

    def number(self, name: str) -> float | None:
        """Return a finite number, or `None` where there is none."""
        return number(self.items.get(name), self.path(name))

    def whole(self, name: str) -> int | None:
        """Return a whole number, or `None` where there is none."""
        value = self.number(name)
        if value is not None and value != int(value):
            raise wrong(self.path(name), value, "a whole number")
        return None if value is None else int(value)

    def text(self, name: str, default: str = "") -> str:
        value = self.items.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise wrong(self.path(name), value, "text")
        return value

    def flag(self, name: str) -> bool | None:
        value = self.items.get(name)
        if value is not None and not isinstance(value, bool):
            raise wrong(self.path(name), value, "true or false")
        return value

    def interval(self, name: str) -> tuple[float, float] | None:
        """Return the pair `[lo, hi]`, or `None` where either end is missing."""
        ends = [number(end, self.path(name)) for end in self.array(name)]
        if not ends:
            return None
        if len(ends) != 2:
            raise wrong(self.path(name), ends, "[lo, hi]")
        low, high = ends
        return None if low is None or high is None else (low, high)

    def array(self, name: str) -> list[object]:
        value = self.items.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise wrong(self.path(name), value, "a list")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        values = self.array(name)
        for value in values:
            if not isinstance(value, str):
                raise wrong(self.path(name), value, "a list of texts")
        return tuple(str(value) for value in values)

    def child(self, name: str) -> "Fields":
        """Return the object under `name`, empty where there is none."""
        return fields(self.items.get(name), self.path(name))

    def children(self, name: str) -> Iterator["Fields"]:
        """Yield each object of the list under `name`."""
        for index, value in enumerate(self.array(name)):
            yield fields(value, f"{self.path(name)}[{index}]")

    def members(self) -> Iterator[tuple[str, "Fields"]]:
        """Yield each name of this object with the object it holds."""
        for name in self.items:
            yield name, self.child(name)

    def numbers(self) -> dict[str, float]:
        """Return the members that are numbers; a member that is missing a value is left out."""
        read = {name: self.number(name) for name in self.items}
        return {name: value for name, value in read.items() if value is not None}

    def path(self, name: str) -> str:
        return f"{self.where}{'' if self.where.endswith(': ') else '.'}{name}"


def fields(value: object, where: str) -> Fields:
    """Wrap a JSON object; null counts as empty."""
    if value is None:
        return Fields(where, {})
    if not isinstance(value, dict):
        raise wrong(where, value, "an object")
    return Fields(where, {str(name): member for name, member in value.items()})


def number(value: object, where: str) -> float | None:
    """Return `value` as a finite number; null, NaN and infinities count as not measured."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(where, value, "a number")
    return float(value) if math.isfinite(value) else None


def wrong(where: str, value: object, expected: str) -> UserError:
    """Make the one-line complaint about a field."""
    shown = repr(value)
    return UserError(f"{where}: need {expected}, got {shown if len(shown) <= 60 else shown[:57] + '...'}")


def read_object(path: Path) -> Fields:
    """Read a file that holds one JSON object."""
    return fields(runs.read_json(path), f"{path}: ")


def read_rows(path: Path) -> list[Fields]:
    """Read a file of one JSON object a line; a file that is not there has no rows."""
    rows = runs.read_jsonl(path) if path.is_file() else []
    return [Fields(f"{path}:{number}: ", row) for number, row in enumerate(rows, start=1)]
