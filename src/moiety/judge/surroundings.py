"""What a process of the judge takes off that it inherited from its caller, before it does anything else.

Launchers ignore SIGCHLD, shells set a umask, daemons close the standard descriptors, batch systems lower limits: none
of that may change a verdict or the isolation. Every process that `spawn` starts calls `settle` first.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal

_PYTHON_IGNORES = (signal.SIGPIPE, getattr(signal, "SIGXFSZ", signal.SIGPIPE))
_LIMITS = ("RLIMIT_NOFILE", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_DATA", "RLIMIT_AS")


def settle() -> None:
    """Set signals, umask, standard descriptors, soft limits and scheduling to what a fresh login has."""
    _settle_signals()
    os.umask(0o022)  # a folder that the sandbox makes must be open to the uid that it drops to
    _open_standard_descriptors()
    for name in _LIMITS:
        which = getattr(resource, name)
        with contextlib.suppress(OSError, ValueError):
            hard = resource.getrlimit(which)[1]
            resource.setrlimit(which, (hard, hard))
    if hasattr(os, "sched_setscheduler"):  # real-time work of the caller is no business of a candidate's
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def _settle_signals() -> None:
    for number in signal.valid_signals():
        if number not in _PYTHON_IGNORES and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _open_standard_descriptors() -> None:
    """Open what is closed of 0 to 2: a pipe of ours that got such a number would be taken for the standard stream."""
    for standard in (0, 1, 2):
        try:
            os.fstat(standard)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
            os.set_inheritable(standard, True)
