"""Starting fresh interpreters that import the judge alone.

A new process is always exec'd, never forked from a caller with threads or gigabytes. It finds the judge by path, under
empty parent packages, so that neither the package's `__init__` files nor any third-party folder is ever imported.
"""

# pathlib would be memory that every fork of a candidate pays for
# ruff: noqa: PTH100, PTH120, PTH123

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import signal
import socket
import sys

from moiety.judge import isolation, kernel

_BOOT = (
    "import sys, types\n"
    "for name, path in (('moiety', {parent!r}), ('moiety.judge', {here!r})):\n"
    "    sys.modules[name] = module = types.ModuleType(name)\n"
    "    module.__path__ = [path]\n"
    "from moiety.judge import surroundings\n"
    "surroundings.settle()\n"
    "from moiety.judge.{module} import main\n"
    "main({arguments})\n"
)
# LD_BIND_NOW: what the linker resolves once in the zygote, every fork would resolve again, in pages of its own.
# One thread each: a zygote that loads numpy must have no other.
_ENVIRONMENT = {
    "PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "LC_ALL": "C.UTF-8", "TZ": "UTC", "PATH": "/usr/bin:/bin",
    "MALLOC_ARENA_MAX": "1", "LD_BIND_NOW": "1",
    "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "NUMEXPR_NUM_THREADS": "1",
}  # fmt: skip


def command(module: str, *arguments: object, third_party: bool = False) -> list[str]:
    """Return the command line that calls `moiety.judge.<module>.main(*arguments)` in a fresh interpreter."""
    here = os.path.dirname(os.path.abspath(__file__))
    text = ", ".join(map(repr, arguments))
    code = _BOOT.format(parent=os.path.dirname(here), here=here, module=module, arguments=text)
    bare = [] if third_party else ["-S"]
    return [sys.executable, *bare, "-s", "-B", "-P", "-c", code]


def environment() -> dict[str, str]:
    """Return the whole environment of our processes: nothing of the caller's."""
    return dict(_ENVIRONMENT)


def socket_pair() -> tuple[socket.socket, socket.socket]:
    """Return two connected sockets above the standard descriptors, which a caller may have closed."""
    pair = socket.socketpair()
    return _raised(pair[0]), _raised(pair[1])


def _raised(one: socket.socket) -> socket.socket:
    if one.fileno() > 2:
        return one
    descriptor = fcntl.fcntl(one.fileno(), fcntl.F_DUPFD_CLOEXEC, 3)
    one.close()
    return socket.socket(fileno=descriptor)


def start(line: list[str], *, level: int, keep: tuple[int, ...], user_namespace: bool) -> int:
    """Start a zygote in the namespaces of `level`, keeping the descriptors `keep`. Returns its pid."""
    if level < 2:
        child = os.fork()
    else:
        flags = isolation.NAMESPACES | (kernel.CLONE_NEWUSER if user_namespace else 0)
        child = kernel.syscall("clone", flags | signal.SIGCHLD, 0, 0, 0, 0)
    if child:
        return child
    try:
        _become_zygote(line, keep, user_namespace=user_namespace and level == 2)
    finally:
        os._exit(71)


def _become_zygote(line: list[str], keep: tuple[int, ...], *, user_namespace: bool) -> None:
    if kernel.LINUX:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if user_namespace:
        _map_user()
    _die_first()
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    for descriptor in keep:
        os.set_inheritable(descriptor, True)
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    stack = isolation.STACK_BYTES if hard == resource.RLIM_INFINITY else min(hard, isolation.STACK_BYTES)
    resource.setrlimit(resource.RLIMIT_STACK, (stack, hard))
    os.execve(line[0], line, environment())


def _die_first() -> None:
    """Be what the kernel kills where memory runs out: the largest candidate, then zygotes, never the trainer."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")


def _map_user() -> None:
    """Be root of the new user namespace, and outside of it the user that we are."""
    uid, gid = OUTER
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


OUTER = (os.geteuid(), os.getegid())  # read before any namespace: inside, unmapped ids read as 65534
