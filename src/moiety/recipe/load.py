"""From a TOML file or a built-in name, and overrides, to a checked recipe; or one line for each problem.

A line says where, which key and what is expected: `my.toml:3: rl.grup_size: unknown key; did you mean 'group_size'?`
"""

import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from moiety.errors import UserError, did_you_mean
from moiety.recipe.extend import EXTENDS, merged, moved_lines
from moiety.recipe.lines import key_lines, line_of
from moiety.recipe.models import Recipe

KeyPath = tuple[str | int, ...]
AnyTable = TypeVar("AnyTable", bound=BaseModel)
_TOML_LINE = re.compile(r" \(at line (\d+), column \d+\)$| \(at end of document\)$")
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
class _Source:
    """Where the keys of a recipe came from."""

    name: str
    lines: dict[KeyPath, int] = field(default_factory=dict)
    overrides: dict[KeyPath, str] = field(default_factory=dict)

    def place(self, path: KeyPath) -> str:
        """Return `file:line` of a key, or the override that set it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.overrides:
                return f"override {self.overrides[path[:length]]}"
        line = line_of(path, self.lines)
        return self.name if line is None else f"{self.name}:{line}"


def built_in_names(folder_name: str = "recipes") -> list[str]:
    """Return the names of the recipes that come with the package, in one of its folders."""
    folder = resources.files("moiety") / folder_name
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_recipe(name_or_file: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """Return the study recipe of a TOML file or a built-in name, with overrides such as `rl.group_size=16`."""
    return load_table(name_or_file, overrides, Recipe, folder="recipes")


def load_table(name_or_file: str | Path, overrides: Sequence[str], model: type[AnyTable], *, folder: str) -> AnyTable:
    """Return the checked table of a TOML file or a built-in name, with overrides such as `seeds=[0,1]`.

    `folder` is the package's folder of built-in ones.

    A file may say `extends = "quick"`: it is laid over that recipe, by name or by path from its own folder.
    An override's value is written as in TOML; a bare word or path is a string. The row of an array of tables is
    addressed by its name: `arm.sft_20.steps=30`. Raises UserError with one line for each problem.
    """
    data, source = _load(name_or_file, folder)
    wrong = [line for override in overrides if (line := _override(data, override, source)) is not None]
    wrong += _read_all_atom_files(data, source)
    if wrong:
        raise UserError("\n".join(wrong))
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise UserError("\n".join(_messages(error, data, source, model))) from None


def _load(name_or_file: str | Path, folder: str, *, within: tuple[str, ...] = ()) -> tuple[dict[str, Any], _Source]:
    """Return what a recipe says, over what the one that it extends says."""
    name, text = _read(name_or_file, folder)
    data, source = _parse(name, text), _Source(name, key_lines(text))
    other = data.pop(EXTENDS, None)
    if other is None:
        return data, source
    where = source.place((EXTENDS,))
    if not isinstance(other, str):
        raise UserError(f"{where}: {EXTENDS}: need the name or the file of a recipe, got {_brief(other)}")
    if name in within:
        raise UserError(f"{where}: {EXTENDS}: {name} extends itself, by way of {' and '.join(within)}")
    beside = Path(name).parent / other
    base, base_source = _load(beside if beside.is_file() else other, folder, within=(*within, name))
    wrong = [*_read_all_atom_files(base, base_source)]
    if wrong:
        raise UserError("\n".join(wrong))
    moved: dict[KeyPath, KeyPath] = {}
    both = merged(base, data, moved)
    return both, _Source(name, moved_lines(source.lines, moved))


def _read(name_or_file: str | Path, folder: str) -> tuple[str, str]:
    path = Path(name_or_file)
    try:
        if path.suffix != ".toml" and len(path.parts) == 1 and not path.is_file():
            names = built_in_names(folder)
            if path.name not in names:
                near = did_you_mean(path.name, names)
                raise UserError(f"{path}: no such recipe file, and no built-in recipe of that name{near}")
            built_in = resources.files("moiety") / folder / f"{path.name}.toml"
            return path.name, built_in.read_text(encoding="utf-8")
        return str(path), path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: not UTF-8 text") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None


def _parse(name: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        found = _TOML_LINE.search(message)
        line = (found[1] or text.count("\n") + 1) if found else "?"
        raise UserError(f"{name}:{line}: not valid TOML: {_TOML_LINE.sub('', message)}") from None


def _override(data: dict[str, Any], text: str, source: _Source) -> str | None:
    """Set one value in place; return what is wrong with the override, if anything is."""
    key, equals, written = text.partition("=")
    parts = [part.strip() for part in key.split(".")]
    if not equals or not all(re.fullmatch(r"[A-Za-z0-9_-]+", part) for part in parts):
        return f"override {text}: need key=value, such as rl.group_size=16"
    value = _value(written.strip())
    if value is None:
        return f"override {text}: not a TOML value: {written.strip()}"
    place: Any = data
    path: list[str | int] = []
    for part in parts[:-1]:
        step: str | int = part
        if isinstance(place, list):
            names = [row.get("name") if isinstance(row, dict) else None for row in place]
            if part not in names:
                return f"override {text}: no row is called {part!r}{did_you_mean(part, [n for n in names if n])}"
            step = names.index(part)
        elif part not in place:
            place[part] = {}
            source.overrides[(*path, part)] = text
        place = place[step]
        path.append(step)
        if not isinstance(place, (dict, list)):
            return f"override {text}: {'.'.join(map(str, path))} is no table"
    if isinstance(place, list):
        return f"override {text}: need a key of one row, such as {key}.steps=30"
    place[parts[-1]] = value
    source.overrides[(*path, parts[-1])] = text
    return None


def _read_all_atom_files(data: dict[str, Any], source: _Source) -> Iterator[str]:
    """Read the files of atoms wherever a recipe names them; yield one line for each that cannot be read."""
    for path in (("data", "atom_files"), ("atom_files",)):
        yield from _read_atom_files(data, source, path)


def _read_atom_files(data: dict[str, Any], source: _Source, path: KeyPath) -> Iterator[str]:
    """Put the name and the text of each file in the place of its path; yield one line for each that cannot be read.

    Paths start at the recipe's folder; those of an override, at the working folder.
    """
    given = _at(data, path)
    if not isinstance(given, list):
        return
    folder = Path() if {path, path[:1]} & set(source.overrides) else Path(source.name).parent
    for index, item in enumerate(given):
        if isinstance(item, dict):
            continue
        where = f"{source.place(path)}: {_key(path, data)}: "
        if not isinstance(item, str):
            yield f"{where}need the path of a Python file, got {_brief(item)}"
            continue
        try:
            given[index] = {"name": Path(item).name, "source": (folder / item).read_text(encoding="utf-8")}
        except (OSError, UnicodeDecodeError) as error:
            reason = "not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
            yield f"{where}need the path of a Python file, got {item!r}: {reason}"


def _value(written: str) -> Any:
    """Return a TOML value, a bare word as a string, or None for what is neither."""
    try:
        parsed = tomllib.loads(f"value = {written}")
    except tomllib.TOMLDecodeError:
        return written if re.fullmatch(r"[A-Za-z_./~][\w./~: -]*", written) else None
    return parsed["value"] if len(parsed) == 1 else None


def _messages(error: ValidationError, data: dict[str, Any], source: _Source, model: type[BaseModel]) -> Iterator[str]:
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
            branches.setdefault(path, []).append(_expected(details))
    for path, expected in branches.items():
        distinct = list(dict.fromkeys(expected))
        found.setdefault(path, []).append(f"need {' or '.join(distinct)}, got {_brief(_at(data, path))}")
    for path in sorted(found, key=lambda p: line_of(p, source.lines) or 0):
        for message in found[path]:
            yield f"{source.place(path)}: {_key(path, data)}: {message}"


def _key(path: KeyPath, data: Any) -> str:
    """Return a path with dots; the row of an array of tables bears its name where it has one."""
    text = ""
    for length, part in enumerate(path, start=1):
        row = _at(data, path[:length])
        named = isinstance(part, int) and isinstance(row, dict) and isinstance(row.get("name"), str)
        text += f".{row['name']}" if named else f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")


def _at(data: Any, path: KeyPath) -> Any:
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


def _expected(details: ErrorDetails) -> str:
    """Return what a value should have been, as it follows "need"."""
    template = _EXPECTED.get(details["type"])
    if template is not None:
        return template.format(**details.get("ctx", {}))
    return details["msg"].removeprefix("Input should be ")


def _brief(value: Any) -> str:
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
    return f"; did you mean {' or '.join(map(repr, elsewhere))}?" if elsewhere else near


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


def _model_in(annotation: Any) -> type[BaseModel] | None:
    candidates = (annotation, *get_args(annotation))
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None)
