"""Third-party packages that programs may import, as the caller finds them. A zygote loads them: see `loading`."""

# pathlib would be memory that every fork of a candidate pays for
# ruff: noqa: PTH100, PTH119, PTH120

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Iterable
from importlib import metadata

from moiety.errors import UserError
from moiety.judge.loading import PREFIX

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
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
            raise UserError(f"judge: {PREFIX}{name!r}: expected the name of a package, and not of the judge's own")
        place = None if top in sys.stdlib_module_names else _place(name, top)
        if place and place not in folders:
            folders.append(place)
    return (*(f"+{name}" for name in wanted), *folders) if wanted else ()


def _place(name: str, top: str) -> str:
    spec = importlib.util.find_spec(top)
    within = spec and (next(iter(spec.submodule_search_locations or ()), None) or spec.origin)
    if not within:
        raise UserError(f"judge: {PREFIX}{name!r}: not installed here; expected a package that can be imported")
    return os.path.dirname(os.path.abspath(within))


def versions(names: Iterable[str]) -> str:
    """Return names and versions as a text, for keys of what was judged with them."""
    owners = metadata.packages_distributions() if names else {}
    shown = []
    for name in names:
        owner = owners.get(name.partition(".")[0])
        shown.append(f"{name}={metadata.version(owner[0])}" if owner else name)
    return ",".join(shown)


def refusal(reasons: Iterable[str]) -> str | None:
    """Return what a zygote said of a package that it cannot load, if that is why it did not start."""
    return next((text[text.index(PREFIX) :] for text in reasons if PREFIX in text), None)
