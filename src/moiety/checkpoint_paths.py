"""Whether a checkpoint's name is a local folder or a name of the hub, and whether a local one can be loaded.

No torch: commands ask this before they import it, so that a wrong path fails at once. Not a loader: see `models.hf`.
"""

import re
from pathlib import Path

from moiety.errors import UserError
from moiety.runs import RECIPE_FILE

CONFIG, ADAPTER_CONFIG = "config.json", "adapter_config.json"
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")
HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")  # NAME or OWNER/NAME
SHOWN = 3


def check_checkpoint_path(name: Path | str) -> None:
    """Raise UserError for a local path that holds no checkpoint. A name that only the hub can know passes."""
    path = Path(name)
    if path.is_dir():
        _check_folder(path)
    elif path.exists():
        raise UserError(f"{path}: is a file; expected a checkpoint folder, one with {CONFIG}")
    elif isinstance(name, Path) or _is_local(name):
        raise UserError(f"{name}: no such checkpoint folder{_hint(path)}")


def _is_local(name: str) -> bool:
    """Return True if a name that does not exist can only be meant as a path.

    A name of the hub is NAME or OWNER/NAME; one whose first part is a folder here is a path with a mistake in it.
    """
    return HUB_NAME.fullmatch(name) is None or ("/" in name and Path(name.partition("/")[0]).is_dir())


def _check_folder(path: Path) -> None:
    """Raise UserError for a folder without a model or a tokenizer, naming the checkpoint that was probably meant."""
    if not (path / CONFIG).is_file():
        inside = checkpoints_inside(path)
        if (path / RECIPE_FILE).is_file() or inside:
            where = f"did you mean {' or '.join(map(str, inside[:SHOWN]))}?" if inside else "it has no checkpoint yet"
            raise UserError(f"{path} is a run folder; {where}")
        if (path / ADAPTER_CONFIG).is_file():
            raise UserError(
                f"{path}: holds adapters alone; expected the checkpoint that has them merged in{_hint(path)}"
            )
        raise UserError(f"{path}: not a checkpoint folder: it has no {CONFIG}")
    if not any((path / file).is_file() for file in TOKENIZER_FILES):
        raise UserError(f"{path}: the checkpoint has no tokenizer ({TOKENIZER_FILES[0]})")


def checkpoints_inside(folder: Path) -> list[Path]:
    """Return the checkpoints of a run folder: the one of its end first, then others it has kept, or its arms'."""
    patterns = ("checkpoint", "checkpoint-*", "arms/*/checkpoint")
    return [path for pattern in patterns for path in sorted(folder.glob(pattern)) if (path / CONFIG).is_file()]


def _hint(path: Path) -> str:
    """Return a question for the checkpoint beside a path, or nothing."""
    beside = checkpoints_inside(path.parent) if path.parent != Path() else []
    return f"; did you mean {beside[0]}?" if beside else ""
