"""The repository itself: nothing of one machine in it, small files, complete pins, complete `__all__`."""

import ast
import importlib
import re
import subprocess
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LARGEST_BYTES = 2_000_000
LONGEST_LINES = 400
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
# Written in pieces, so that this file does not hold what it looks for.
_PIECES = (
    ("py", r"pi\."),
    ("python", "hosted"),
    (r"download\.", "pytorch"),
    ("/ro", "ot/"),
    ("/wo", "rk/"),
    ("/op", "t/py"),
    ("/ho", "me/"),
)
OF_ONE_MACHINE = re.compile("|".join("".join(pieces) for pieces in _PIECES))


def tracked() -> list[Path]:
    """Return the files that are, or could be, committed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [path for line in listed.stdout.splitlines() if (path := ROOT / line).is_file()]


def test_files_are_small() -> None:
    assert [p.name for p in tracked() if p.stat().st_size > LARGEST_BYTES] == []


def test_no_registry_and_no_path_of_one_machine() -> None:
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {hit}" for hit in OF_ONE_MACHINE.findall(text)]
    assert found == []


def test_no_module_is_too_long() -> None:
    files = [p for folder in ("src", "tests") for p in (ROOT / folder).rglob("*.py")]
    lengths = {p.name: len(p.read_text(encoding="utf-8").splitlines()) for p in files}
    assert {name: length for name, length in lengths.items() if length > LONGEST_LINES} == {}


def packages_with_all() -> list[str]:
    """Return the packages that state their public names."""
    found = (ROOT / "src" / "moiety").rglob("__init__.py")
    relative = [p.parent.relative_to(ROOT / "src") for p in found if "__all__" in p.read_text(encoding="utf-8")]
    return sorted(".".join(path.parts) for path in relative)


@pytest.mark.parametrize("name", packages_with_all())
def test_all_is_sorted_and_complete(name: str) -> None:
    module = importlib.import_module(name)
    names = list(module.__all__)
    assert names == sorted(names, key=lambda n: (0 if n.isupper() else 1 if n[0].isupper() else 2, n))
    assert [n for n in names if not hasattr(module, n)] == []
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    if any(isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name != "__getattr__" for node in tree.body):
        return  # more than re-exports: what it imports is not all public
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("moiety")
        for alias in node.names
    }
    assert sorted(n for n in imported if not n.startswith("_") and n not in names) == []


def pins() -> dict[str, str]:
    """Return the pinned version of each package."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9.]+", line) for line in lines)
    return {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines)}


def required() -> list[Requirement]:
    """Return what the package, its extras and its build ask for."""
    project = PROJECT["project"]
    extras = [text for texts in project["optional-dependencies"].values() for text in texts]
    return [Requirement(text) for text in (*PROJECT["build-system"]["requires"], *project["dependencies"], *extras)]


def test_every_package_that_gets_installed_is_pinned() -> None:
    pinned, seen = pins(), set[str]()
    frontier = required()
    while frontier:
        requirement = frontier.pop()
        name = canonicalize_name(requirement.name)
        if requirement.marker is not None and not any(
            requirement.marker.evaluate({"extra": extra}) for extra in ("", *requirement.extras)
        ):
            continue
        assert name in pinned, f"{name} is not in constraints.txt"
        assert requirement.specifier.contains(pinned[name]), f"{requirement} against {pinned[name]}"
        if name not in seen:
            seen.add(name)
            frontier += _requirements_of(name)


def _requirements_of(name: str) -> list[Requirement]:
    try:
        return [Requirement(text) for text in metadata.requires(name) or []]
    except metadata.PackageNotFoundError:
        return []  # what only the build needs is not installed
