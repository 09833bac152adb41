"""Loading the packages that programs may import, in the zygote, before its first fork.

The folders they lie in are searched only while they load. Afterwards a program finds a package among the modules that
are loaded, and its parts by the package's own path: nothing else of those folders can be imported or read.
"""

# pathlib would be memory that every fork of a candidate pays for
# ruff: noqa: PTH110, PTH118, PTH208

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from types import ModuleType

from moiety.judge import kernel

PREFIX = "allow_import: "  # of every complaint about a package


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
                raise OSError(f"{PREFIX}{name!r}: {type(error).__name__}: {error}"[:500].replace("\n", " ")) from error
            if kernel.LINUX and len(os.listdir("/proc/self/task")) != 1:
                raise OSError(f"{PREFIX}{name!r}: it starts threads when it is imported, and a fork would lose them")
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
