"""Where this interpreter's own files lie: what a candidate may read so that cold imports work, and no more.

Third-party folders (`site-packages`, `dist-packages`) are left out even where they lie inside the standard library:
they may hold the very code that a task asks for.
"""

# pathlib would be memory that every fork of a candidate pays for
# ruff: noqa: PTH100, PTH110, PTH112, PTH119, PTH120, PTH123

from __future__ import annotations

import os
import sys

_THIRD_PARTY = ("site-packages", "dist-packages")
_EXTRAS = ("/usr/share/zoneinfo", "/etc/ld.so.cache")


def search_paths() -> list[str]:
    """Return the folders that imports look into."""
    return [path for path in sys.path if path and os.path.isdir(path)]


def shared_library_folders(hidden: list[str]) -> list[str]:
    """Return the folders of the shared libraries mapped now, but for those in `hidden`, and the usual ones."""
    without = {os.path.realpath(path) for path in hidden}
    mapped = {os.path.dirname(path) for path in _mapped_files()}
    folders = {path for path in mapped if not any(path == one or _beneath(path, one) for one in without)}
    folders |= {path for path in ("/lib", "/lib64", "/usr/lib", "/usr/lib64") if os.path.isdir(path)}
    return sorted(folders)


def _mapped_files() -> set[str]:
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as file:
        fields = [line.split(None, 5) for line in file]
    paths = {parts[5].strip() for parts in fields if len(parts) == 6}
    return {path for path in paths if path.startswith("/") and ".so" in os.path.basename(path)}


def bind_paths(folders: list[str], shown: list[str]) -> list[str]:
    """Return the paths to show in a root of its own, outermost only, under every name they are reached by."""
    wanted = [*search_paths(), *folders, *shown, *_EXTRAS, os.devnull]
    there = [path for path in wanted if os.path.exists(path)]
    named = {os.path.abspath(path) for path in there} | {os.path.realpath(path) for path in there}
    return [path for path in sorted(named) if not any(other != path and _beneath(path, other) for other in named)]


def _beneath(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")


def readable_paths(folders: list[str]) -> tuple[list[str], list[str]]:
    """Return (readable beneath, listable only) for Landlock."""
    search = [os.path.realpath(path) for path in search_paths()]
    readable: list[str] = [*_EXTRAS]
    for folder in search:
        readable += [entry.path for entry in os.scandir(folder) if entry.name not in _THIRD_PARTY]
    for folder in {os.path.realpath(path) for path in folders}:
        readable += _libraries_in(folder, search)
    return readable, search


def _libraries_in(folder: str, search: list[str]) -> list[str]:
    entries = list(os.scandir(folder))
    mixed = any(_beneath(path, folder) or path == folder for path in search)
    if mixed or any("python" in entry.name and entry.is_dir() for entry in entries):
        return [entry.path for entry in entries if ".so" in entry.name and entry.is_file()]
    return [folder]
