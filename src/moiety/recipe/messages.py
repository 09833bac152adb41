"""What is wrong with a recipe, as one line for each problem, from what pydantic found.

Not the reading of it: that is `recipe.load`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from moiety.errors import did_you_mean
from moiety.recipe.lines import line_of

KeyPath = tuple[str | int, ...]
_EXPECTED = {
    "model_type": "a table",
    "tuple_type": "a list",
    "int_type": "an integer",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "a string",
    "finite_number": "a finite number",
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
    "too_short": "{min_length} or more values",
    "too_long": "at most {max_length} values",
    "string_too_short": "{min_length} or more characters",
    "string_pattern_mismatch": "letters, digits, _ and - only",
}


@dataclass(slots=True)
class Source:
    """Where the keys of a recipe came from."""

    name: str
    lines: dict[KeyPath, int] = field(default_factory=dict)
    own_rows: dict[KeyPath, int] = field(default_factory=dict)
    """The place in this file of a row of an array of tables, by the path at which it has come to stand."""
    overrides: dict[KeyPath, str] = field(default_factory=dict)

    def place(self, path: KeyPath) -> str:
        """Return `file:line` of a key, or the override that set it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.overrides:
                return f"override {self.overrides[path[:length]]}"
        line = line_of(path, self.lines)
        return self.name if line is None else f"{self.name}:{line}"


def messages(error: ValidationError, data: dict[str, Any], source: Source, model: type[BaseModel]) -> Iterator[str]:
    """Yield one line for each problem, in the order of the file as far as it is known."""
    found: dict[KeyPath, list[str]] = {}
    branches: dict[KeyPath, list[str]] = {}
    for details in error.errors(include_url=False):
        if details["type"] == "recipe":
            for path, message in details["ctx"]["problems"]:
                found.setdefault(tuple(path), []).append(message)
            continue
        path = _existing(details["loc"], data, missing=details["type"] == "missing")
        if details["type"] == "extra_forbidden":
            found[path] = [f"unknown key{_suggestion(path, model)}"]
        elif details["type"] == "missing" and not isinstance(path[-1], int):
            found[path] = ["missing, and it has no default"]
        elif details["type"] == "missing":
            branches.setdefault(path[:-1], []).append("more values")
        elif details["type"] == "too_short" and len(details["input"]) >= details["ctx"]["min_length"]:
            continue  # Its items are wrong, which is told of each of them.
        else:
            branches.setdefault(path, []).append(_expected(details, path, model))
    for path, expected in branches.items():
        distinct = list(dict.fromkeys(expected))
        found.setdefault(path, []).append(f"need {' or '.join(distinct)}, got {brief(at(data, path))}")
    for path in sorted(found, key=lambda p: line_of(p, source.lines) or 0):
        for message in found[path]:
            yield f"{source.place(path)}: {dotted(path, data, source)}: {message}"


def dotted(path: KeyPath, data: Any, source: Source) -> str:
    """Return a path with dots; a row of an array of tables has its name or id there, else its place in the file."""
    text = ""
    for length, part in enumerate(path, start=1):
        row = at(data, path[:length])
        said = [row[key] for key in ("name", "id") if isinstance(row.get(key), str)] if isinstance(row, dict) else []
        if isinstance(part, int):
            text += f".{said[0]}" if said else f"[{source.own_rows.get(path[:length], part)}]"
        else:
            text += f".{part}"
    return text.lstrip(".")


def at(data: Any, path: KeyPath) -> Any:
    """Return the value at a path, or None for a key that is missing."""
    for part in path:
        if isinstance(data, dict):
            data = data.get(part)
        else:
            data = data[part] if isinstance(data, list) and isinstance(part, int) and part < len(data) else None
    return data


def _existing(location: KeyPath, data: Any, *, missing: bool) -> KeyPath:
    """Cut what pydantic adds for the branches of a union: those parts are no keys of the data."""
    path: list[str | int] = []
    for position, part in enumerate(location):
        inside = (isinstance(data, dict) and part in data) or (
            isinstance(data, list) and isinstance(part, int) and part < len(data)
        )
        if not inside:
            if missing and position == len(location) - 1:
                path.append(part)
            break
        path.append(part)
        data = data[part]
    return tuple(path)


def _expected(details: ErrorDetails, path: KeyPath, root: type[BaseModel]) -> str:
    """Return what a value should have been, as it follows "need"."""
    info = _field_at(path, root)
    if details["type"] == "tuple_type" and info is not None:
        if isinstance(details["input"], dict) and details["input"] and _model_in(_item(info.annotation)) is not None:
            return f"a list: write [[{'.'.join(map(str, path))}]] with two brackets"
        if info.examples:
            return f"a list such as {brief(info.examples[0])}"
    template = _EXPECTED.get(details["type"])
    if template is not None:
        return template.format(**details.get("ctx", {}))
    return details["msg"].removeprefix("Input should be ")


def brief(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def _suggestion(path: KeyPath, root: type[BaseModel]) -> str:
    """Return the nearest key of the same table, or the table in which this very key stands."""
    known = _keys(_model_at(path[:-1], root))
    word = str(path[-1])
    near = did_you_mean(word, known)
    if near.startswith("; did you mean"):
        return near
    elsewhere = [f"{table}.{word}" for table in _keys(root) if word in _keys(_model_at((table,), root))]
    return f"; did you mean {' or '.join(map(repr, elsewhere))}?" if elsewhere else f"; known: {', '.join(known)}"


def _keys(model: type[BaseModel] | None) -> list[str]:
    return [] if model is None else [info.alias or name for name, info in model.model_fields.items()]


def _model_at(path: KeyPath, root: type[BaseModel]) -> type[BaseModel] | None:
    """Return the model that checks the table at a path, or None where there is no table."""
    model: type[BaseModel] | None = root
    for part in path:
        if isinstance(part, int):
            continue
        fields = {} if model is None else {info.alias or name: info for name, info in model.model_fields.items()}
        if part not in fields:
            return None
        model = _model_in(fields[part].annotation)
    return model


def _field_at(path: KeyPath, root: type[BaseModel]) -> FieldInfo | None:
    """Return the field that a path ends in, or None where there is none."""
    model = _model_at(path[:-1], root)
    fields = {} if model is None else {info.alias or name: info for name, info in model.model_fields.items()}
    return fields.get(str(path[-1])) if path else None


def _item(annotation: Any) -> Any:
    """Return what the items of a list are, where the annotation is that of one."""
    return get_args(annotation)[0] if get_origin(annotation) is tuple else None


def _model_in(annotation: Any) -> type[BaseModel] | None:
    candidates = (annotation, *get_args(annotation))
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None)
