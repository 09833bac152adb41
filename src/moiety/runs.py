"""The on-disk run format: canonical JSON, atomic files and directories, and a run directory's lock.

A file or directory under its final name is whole: it was written beside and renamed, so a kill at any moment leaves
either all of it or nothing. Not a database and not a log of times: two runs of one recipe compare byte for byte.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

from moiety.errors import UserError

RECIPE_FILE = "recipe.json"
LOCK_FILE = ".lock"
_PARTIAL = ".partial-"
_ABSENT = object()


def canonical_json(obj: Any, *, indent: int | None = None) -> str:
    """Return `obj` as JSON with sorted keys. Raises ValueError for NaN and infinities, TypeError for foreign types."""
    separators = (",", ":") if indent is None else (",", ": ")
    return json.dumps(obj, sort_keys=True, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators)


def canonical_hash(obj: Any) -> str:
    """Return the SHA-256 of the canonical JSON of `obj`, in hexadecimal."""
    return hashlib.sha256(canonical_json(obj).encode("utf-8", "surrogatepass")).hexdigest()


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all. Raises UserError where the folder cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _partial_sibling(path)
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync(path.parent)
    except OSError as error:
        raise _cannot_write(path, error) from error


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, obj: Any) -> None:
    """Write canonical JSON (sorted keys, indent 1, final newline), whole or not at all."""
    write_text(path, canonical_json(obj, indent=1) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file. Raises UserError naming the file where it is missing or malformed."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UserError(f"{path}: not valid JSON: {error}") from None


def append_jsonl(path: Path, row: Mapping[str, Any]) -> None:
    """Append one canonical line. It is not synced: a kill may cost the last lines, never an earlier one."""
    line = canonical_json(row) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(line)
    except OSError as error:
        raise _cannot_write(path, error) from error


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """Read the rows of a JSONL file. A last line without its newline was cut by a kill and is left out.

    Raises UserError naming the file and line of a malformed row.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read: {error}") from None
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise UserError(f"{path}:{number}: not valid JSON: {error}") from None
        if not isinstance(row, dict):
            raise UserError(f"{path}:{number}: need one JSON object a line, got {type(row).__name__}")
        rows.append(row)
    return rows


@contextlib.contextmanager
def atomic_directory(path: Path) -> Iterator[Path]:
    """Yield a temporary sibling directory and publish it as `path` when the block ends without an exception.

    Raises FileExistsError if `path` exists at the start. If another process published it meanwhile, that one stays:
    both were made from the same recipe.
    """
    if path.exists():
        raise FileExistsError(f"{path} is already complete")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _partial_sibling(path)
        temporary.mkdir()
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        yield temporary
        _sync_tree(temporary)
        try:
            temporary.rename(path)
        except OSError:
            if not path.is_dir():
                raise
        _sync(path.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def is_complete(directory: Path) -> bool:
    """Say whether `atomic_directory` has published this directory."""
    return directory.is_dir()


@contextlib.contextmanager
def open_run(run_dir: Path, recipe: Mapping[str, Any]) -> Iterator[Path]:
    """Lock a run directory for this recipe, creating it with `recipe.json` as its first file.

    Raises UserError where the directory cannot be written, is in use, holds a run of another recipe (naming the
    fields that differ) or holds something that is no run.
    """
    stored = run_dir / RECIPE_FILE
    if not stored.exists() and run_dir.is_dir() and any(not p.name.startswith(".") for p in run_dir.iterdir()):
        raise UserError(f"{run_dir} holds files but no {RECIPE_FILE}; expected an empty folder or a run")
    with locked(run_dir):
        if stored.exists():
            _refuse_another_recipe(run_dir, read_json(stored), recipe)
        else:
            write_json(stored, recipe)
        yield run_dir


@contextlib.contextmanager
def locked(run_dir: Path) -> Iterator[None]:
    """Hold the lock of a directory (created if need be) against other processes; the kernel drops it on a kill.

    Raises UserError naming the process that holds it.
    """
    path = run_dir / LOCK_FILE
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise _cannot_write(run_dir, error) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise UserError(f"{run_dir}: run directory is in use by process {file.read().strip() or '?'}") from None
        except OSError as error:
            raise UserError(f"{run_dir}: cannot be locked: {error.strerror}") from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def differing_fields(there: Any, here: Any, *, name: str = "") -> list[tuple[str, Any, Any]]:
    """Return (dotted name, value there, value here) of every leaf in which two JSON-able values differ.

    Rows of a list are named by their `name` where they have one, so that an inserted row does not shift the others.
    """
    if isinstance(there, Mapping) and isinstance(here, Mapping):
        found = []
        for key in sorted({*there, *here}):
            inner = f"{name}.{key}" if name else str(key)
            found += differing_fields(there.get(key, _ABSENT), here.get(key, _ABSENT), name=inner)
        return found
    rows_there, rows_here = _named_rows(there), _named_rows(here)
    if rows_there is not None and rows_here is not None:
        return differing_fields(rows_there, rows_here, name=name)
    same = there is here if _ABSENT in (there, here) else canonical_json(there) == canonical_json(here)
    return [] if same else [(name, there, here)]


def _named_rows(value: Any) -> dict[str, Any] | None:
    if not isinstance(value, list) or not all(isinstance(row, Mapping) and "name" in row for row in value):
        return None
    rows = {str(row["name"]): row for row in value}
    return rows if len(rows) == len(value) > 0 else None


def _refuse_another_recipe(run_dir: Path, there: Any, here: Mapping[str, Any]) -> None:
    fields = differing_fields(there, json.loads(canonical_json(here)))
    if not fields:
        return
    shown = "; ".join(f"{name} {_difference(old, new)}" for name, old, new in fields[:3])
    rest = f"; and {len(fields) - 3} more fields" if len(fields) > 3 else ""
    raise UserError(f"{run_dir} holds a run of another recipe: {shown}{rest}")


def _difference(old: Any, new: Any) -> str:
    if isinstance(old, str) and isinstance(new, str) and "\n" in old + new:
        pairs = enumerate(zip_longest(old.split("\n"), new.split("\n")), start=1)
        return f"differs from line {next(number for number, (a, b) in pairs if a != b)} on"
    return f"is {_brief(old)} there, {_brief(new)} here"


def _brief(value: Any) -> str:
    if value is _ABSENT:
        return "absent"
    if isinstance(value, Mapping):
        return "present"
    text = canonical_json(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _cannot_write(path: Path, error: OSError) -> UserError:
    return UserError(f"{path}: cannot be written: {error.strerror or error}")


def _partial_sibling(path: Path) -> Path:
    """Return this process's temporary name for `path`, after removing those that killed processes left behind."""
    for left in path.parent.glob(f".{path.name}{_PARTIAL}*"):
        owner = left.name.rpartition("-")[2]
        if owner.isdigit() and not _is_alive(int(owner)):
            shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
    mine = path.parent / f".{path.name}{_PARTIAL}{os.getpid()}"
    if mine.is_dir():
        shutil.rmtree(mine)
    return mine


def _is_alive(pid: int) -> bool:
    if pid == os.getpid():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_tree(root: Path) -> None:
    for directory, _, names in os.walk(root):
        for name in names:
            _sync(Path(directory) / name)
        _sync(Path(directory))
