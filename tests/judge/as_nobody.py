"""Become an unprivileged user who can still reach this interpreter, then run a command.

Not a test. A script for root: `python as_nobody.py PATH... -- COMMAND...` shows each PATH to the user, in a mount
namespace of its own, even where it lies in somebody's private home.
"""

import ctypes
import os
import sys
from pathlib import Path

from moiety.judge import kernel

NOBODY = 65534


def main() -> None:
    """Open the way to the paths, give up root, and run the command."""
    split = sys.argv.index("--")
    paths, command = sys.argv[1:split], sys.argv[split + 1 :]
    unshare(kernel.CLONE_NEWNS)
    kernel.mount("none", "/", "", kernel.MS_REC | kernel.MS_PRIVATE)
    hidden = [(path, kernel.clone_tree(path), wall) for path in paths if (wall := private_folder(Path(path)))]
    for wall in sorted({wall for _, _, wall in hidden}):
        kernel.mount("tmpfs", str(wall), "tmpfs", kernel.MS_NOSUID, "mode=755")
    for path, tree, _ in hidden:
        Path(path).mkdir(parents=True, exist_ok=True)
        kernel.attach_tree(tree, path)
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    os.execv(command[0], command)


def unshare(flags: int) -> None:
    """Call unshare(2)."""
    if ctypes.CDLL(None, use_errno=True).unshare(flags):
        raise OSError(ctypes.get_errno(), "unshare")


def private_folder(path: Path) -> Path | None:
    """Return the outermost folder on the way to `path` that others may not enter, None if there is none."""
    for folder in [*reversed(path.parents), path]:
        if not folder.stat().st_mode & 0o001:
            return folder
    return None


if __name__ == "__main__":
    main()
