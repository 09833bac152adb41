"""The optional extras: what belongs to each, and whether it is installed. Nothing is imported to find out."""

from collections.abc import Sequence
from importlib import metadata

from moiety.errors import UserError

EXTRAS: dict[str, tuple[str, ...]] = {
    "train": ("torch", "transformers", "tokenizers", "safetensors", "accelerate", "peft"),
    "trl": ("trl", "datasets"),
    "report": ("jinja2",),
    "dev": ("pytest", "hypothesis", "ruff", "mypy", "import-linter", "playwright"),
}


def version(package: str) -> str | None:
    """Return the installed version of a package, or None."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def missing_packages(extra: str) -> list[str]:
    """Return the packages of an extra that are not installed."""
    return [name for name in EXTRAS[extra] if version(name) is None]


def require_extra(extra: str, purpose: str) -> None:
    """Raise UserError with the command that installs an extra, unless all of it is there."""
    require_extras([extra], purpose)


def require_extras(extras: Sequence[str], purpose: str) -> None:
    """Raise UserError with the one command that installs all extras that are missing, unless none is."""
    missing = [extra for extra in extras if missing_packages(extra)]
    if missing:
        noun = "extra" if len(missing) == 1 else "extras"
        raise UserError(f"{purpose} needs the {noun}: pip install 'moiety[{','.join(missing)}]'")
