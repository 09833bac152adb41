"""From a TOML file or a built-in name, and overrides, to a checked recipe; or one line for each problem.

A line says where, which key and what is expected: `my.toml:3: rl.grup_size: unknown key; did you mean 'group_size'?`
"""

import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from moiety.errors import UserError, did_you_mean
from moiety.recipe.extend import EXTENDS, merged, moved_lines, named_twice
from moiety.recipe.lines import key_lines
from moiety.recipe.messages import KeyPath, Source, at, brief, dotted, messages
from moiety.recipe.models import Recipe

AnyTable = TypeVar("AnyTable", bound=BaseModel)
_TOML_LINE = re.compile(r" \(at line (\d+), column (\d+)\)$| \(at end of document\)$")
_BARE_WORD = re.compile(r"^[A-Za-z_./~][\w./~ -]*$")


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
    data, source = _load(name_or_file, folder, overrides=overrides)
    wrong = [line for override in overrides if (line := _override(data, override, source)) is not None]
    wrong += _read_all_atom_files(data, source)
    if wrong:
        raise UserError("\n".join(wrong))
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise UserError("\n".join(messages(error, data, source, model))) from None


def _load(
    name_or_file: str | Path, folder: str, *, within: tuple[str, ...] = (), overrides: Sequence[str] = ()
) -> tuple[dict[str, Any], Source]:
    """Return what a recipe says, over what the one that it extends says."""
    name, text = _read(name_or_file, folder)
    data, source = _parse(name, text), Source(name, key_lines(text))
    if not data:
        raise UserError(f'{name}: empty; start from extends = "{built_in_names(folder)[-1]}" and a name')
    twice = [_twice(source, *found) for found in named_twice(data)]
    if twice:
        raise UserError("\n".join(twice))
    other = data.pop(EXTENDS, None)
    if other is None:
        return data, source
    where = source.place((EXTENDS,))
    if not isinstance(other, str):
        raise UserError(f"{where}: {EXTENDS}: need the name or the file of a recipe, got {brief(other)}")
    if name in within:
        raise UserError(f"{where}: {EXTENDS}: {name} extends itself, by way of {' and '.join(within)}")
    beside = Path(name).parent / other
    base, base_source = _load(beside if beside.is_file() else other, folder, within=(*within, name))
    wrong = [*_read_all_atom_files(base, base_source)]
    if wrong:
        raise UserError("\n".join(wrong))
    moved: dict[KeyPath, KeyPath] = {}
    both = merged(base, data, moved)
    named = "name" in data or any(override.startswith("name=") for override in overrides)
    if "name" in base and not named and not within:
        raise UserError(f"{name}: name: missing: a recipe that extends {other!r} needs a name of its own")
    rows = {path: own[-1] for own, path in moved.items() if isinstance(own[-1], int)}
    return both, Source(name, moved_lines(source.lines, moved), rows)


def _twice(source: Source, name: str, first: KeyPath, second: KeyPath) -> str:
    table = ".".join(str(part) for part in second[:-1])
    lines = f"at lines {source.lines.get(first, '?')} and {source.lines.get(second, '?')}"
    return f"{source.place(second)}: {table}.{name}: named twice, {lines}; need distinct names"


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
        found = _TOML_LINE.search(str(error))
        said = f"not valid TOML: {_TOML_LINE.sub('', str(error))}"
        if found is None:
            raise UserError(f"{name}:?: {said}") from None
        if found[1] is None:
            raise UserError(f"{name}:{text.count(chr(10)) + 1}: {said}, at the end of the file") from None
        hint = _quotes_missing(text, int(found[1]), int(found[2])) if said.endswith("Invalid value") else ""
        raise UserError(f"{name}:{found[1]}: {said}, at column {found[2]}{hint}") from None


def _quotes_missing(text: str, line: int, column: int) -> str:
    """Return a hint where a bare word stands for a value."""
    word = text.splitlines()[line - 1][column - 1 :].partition("#")[0].strip(" ,]")
    return f"; are quotes missing, as in {json.dumps(word, ensure_ascii=False)}?" if _BARE_WORD.match(word) else ""


def _override(data: dict[str, Any], text: str, source: Source) -> str | None:
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


def _read_all_atom_files(data: dict[str, Any], source: Source) -> Iterator[str]:
    """Read the files of atoms wherever a recipe names them; yield one line for each that cannot be read."""
    for path in (("data", "atom_files"), ("atom_files",)):
        yield from _read_atom_files(data, source, path)


def _read_atom_files(data: dict[str, Any], source: Source, path: KeyPath) -> Iterator[str]:
    """Put the name and the text of each file in the place of its path; yield one line for each that cannot be read.

    Paths start at the recipe's folder; those of an override, at the working folder.
    """
    given = at(data, path)
    if not isinstance(given, list):
        return
    folder = Path() if {path, path[:1]} & set(source.overrides) else Path(source.name).parent
    for index, item in enumerate(given):
        if isinstance(item, dict):
            continue
        where = f"{source.place(path)}: {dotted(path, data, source)}: "
        if not isinstance(item, str):
            yield f"{where}need the path of a Python file, got {brief(item)}"
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
