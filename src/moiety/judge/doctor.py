"""What isolation this machine allows, what is missing, and how to get it: for `moiety doctor`."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass

from moiety.errors import UserError
from moiety.judge.pool import Judge

_GIVES = {
    2: "namespaces, an empty file system, Landlock, seccomp, limits",
    1: "Landlock, seccomp, limits; programs may not start processes or send signals",
    0: "limits alone: for programs that mean no harm; side effects are not stopped, the judge's own files neither",
}
_HINTS = {
    2: "run as root, or allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, "
    "user.max_user_namespaces > 0, and on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0)",
    1: "needs Linux 5.13 or newer with Landlock in its list of security modules, and seccomp",
    0: "needs a POSIX system",
}


@dataclass(frozen=True, slots=True)
class Allowance:
    """Whether one isolation level can be had, and if not, why and how."""

    level: int
    available: bool
    gives: str
    reason: str
    hint: str


def isolation_report() -> list[Allowance]:
    """Try every level once, highest first."""
    report = []
    for level in (2, 1, 0):
        try:
            # The warning of level 0 is for those who judge at it, not for those who ask what there is.
            with contextlib.redirect_stderr(io.StringIO()), Judge(zygotes=1, level=level, allow_unsafe=level == 0):
                report.append(Allowance(level, True, _GIVES[level], "", ""))
        except UserError as error:
            report.append(Allowance(level, False, _GIVES[level], str(error), _HINTS[level]))
    return report
