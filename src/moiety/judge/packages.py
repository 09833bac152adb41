"""Third-party packages that programs may import: found by the caller, loaded by the zygote before its first fork.

The folders they lie in are searched only while they load. Afterwards a program finds a package among the modules that
are loaded, and its parts by the package's own path: nothing else of those folders can be imported or read.
"""

# pathlib would be memory that every fork of a candidate pays for
# ruff: noqa: PTH100, PTH110, PTH118, PTH119, PTH120, PTH208

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Iterable
from importlib import metadata
from types import ModuleType

from moiety.errors import UserError
from moiety.judge import kernel

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_PREFIX = "allow_import: "
_THIRD_PARTY = ("site-packages", "dist-packages")


def found(names: Iterable[str]) -> tuple[str, ...]:
    """Return what a zygote is told to load: the names, each after "+", and the folders to look into.

    Raises UserError where a name is none, or cannot be found by this interpreter.
    """
    wanted = tuple(dict.fromkeys(names))
    folders = [path for path in sys.path if os.path.basename(path) in _THIRD_PARTY]
    for name in wanted:
        top = name.partition(".")[0]
        if not _NAME.fullmatch(name) or top == "moiety":
            raise UserError(f"judge: {_PREFIX}{name!r}: expected the name of a package, and not of the judge's own")
        place = None if top in sys.stdlib_module_names else _place(name, top)
        if place and place not in folders:
            folders.append(place)
    return (*(f"+{name}" for name in wanted), *folders) if wanted else ()


def _place(name: str, top: str) -> str:
    spec = importlib.util.find_spec(top)
    within = spec and (next(iter(spec.submodule_search_locations or ()), None) or spec.origin)
    if not within:
        raise UserError(f"judge: {_PREFIX}{name!r}: not installed here; expected a package that can be imported")
    return os.path.dirname(os.path.abspath(within))


def versions(names: Iterable[str]) -> str:
    """Return names and versions as a text, for keys of what was judged with them."""
    owners = metadata.packages_distributions() if names else {}
    shown = []
    for name in names:
        owner = owners.get(name.partition(".")[0])
        shown.append(f"{name}={metadata.version(owner[0])}" if owner else name)
    return ",".join(shown)


def split(told: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...], list[str]]:
    """Return (modules to have loaded, packages to allow, folders to look into) of what a zygote is told."""
    allowed = tuple(item[1:] for item in told if item.startswith("+"))
    folders = [item for item in told if item.startswith("/")]
    return tuple(item for item in told if not item.startswith(("+", "/"))), allowed, folders


def load(names: tuple[str, ...], folders: list[str]) -> list[str]:
    """Load packages from `folders`, in the zygote. Returns the paths to let programs read. Raises OSError."""
    if not names:
        return []
    sys.path += folders
    try:
        for name in names:
            try:
                importlib.import_module(name)
            except BaseException as error:  # whatever foreign code raises
                raise OSError(f"{_PREFIX}{name!r}: {type(error).__name__}: {error}"[:500].replace("\n", " ")) from error
            if kernel.LINUX and len(os.listdir("/proc/self/task")) != 1:
                raise OSError(f"{_PREFIX}{name!r}: it starts threads when it is imported, and a fork would lose them")
        if "numpy" in sys.modules:  # else its global generator would start from a number that the machine draws
            importlib.import_module("numpy.random").seed(0)
    finally:
        for folder in folders:
            sys.path.remove(folder)
            sys.path_importer_cache.pop(folder, None)
    return _paths(folders)


def _paths(folders: list[str]) -> list[str]:
    """Return what was loaded from `folders`: the outermost folder or file of each module, and its shared libraries."""
    paths: dict[str, None] = {}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "moiety":
            continue
        for place in _places(module):
            for folder in folders:
                if place.startswith(folder + os.sep):
                    top = place[len(folder) + 1 :].partition(os.sep)[0]
                    paths |= dict.fromkeys((os.path.join(folder, top), os.path.join(folder, f"{top}.libs")))
    return [path for path in paths if os.path.exists(path)]


def _places(module: ModuleType) -> list[str]:
    """Return the file and the folders of a module; of an object that only passes for one, nothing."""
    with contextlib.suppress(Exception):
        return [place for place in (module.__file__, *getattr(module, "__path__", ())) if isinstance(place, str)]
    return []


def refusal(reasons: Iterable[str]) -> str | None:
    """Return what a zygote said of a package that it cannot load, if that is why it did not start."""
    return next((text[text.index(_PREFIX) :] for text in reasons if _PREFIX in text), None)
