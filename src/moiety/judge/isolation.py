"""What a zygote puts on once, so that every candidate it forks is born inside it.

    clone(new pid, mount, network, ipc, uts [, user] namespaces)        level 2, made by the supervisor
      |
    python, warm imports          nothing hostile has run yet; files are still reachable
      |
    new root                      an empty tmpfs, the interpreter's libraries bound read-only, pivot_root     level 2
      |
    a uid nobody else has         real root only; in a user namespace the outer uid is kept                  level 2
      |
    rlimits                       address space relative to this process, never absolute
      |
    capabilities, no_new_privs    nothing can be regained by exec
      |
    Landlock                      opens nothing but the libraries, from here on                          levels 2, 1
      |
    seccomp                       last: mounts, limits and rulesets can no longer be changed             levels 2, 1

Level 1 adds after each fork a second filter that bans new processes and signals. Level 0 has what is left: rlimits.
Not a virtual machine: a kernel exploit or a covert channel by load is out of scope.
"""

# pathlib would be memory that every fork of a candidate pays for
# ruff: noqa: PTH103, PTH112, PTH114, PTH115, PTH120, PTH123, PTH211

from __future__ import annotations

import contextlib
import os
import resource
import signal

from moiety.judge import kernel, landlock, libraries, seccomp

NAMESPACES = kernel.CLONE_NEWPID | kernel.CLONE_NEWNS | kernel.CLONE_NEWNET | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
_FILE_BYTES, _DESCRIPTORS, _PROCESSES = 1 << 25, 64, 64  # of files: the input or output of a program
STACK_BYTES = 8 << 20


def isolate(level: int, *, memory_bytes: int, drop_to: int) -> list[str]:
    """Put on isolation `level`. `drop_to` is the uid to become, 0 to stay. Returns notes; raises OSError."""
    notes: list[str] = []
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if not kernel.LINUX:
        _limit(memory_bytes, level, size=0)
        return ["not Linux: rlimits only"]
    folders = libraries.shared_library_folders()
    size = _address_space()
    if level == 2:
        if os.getpid() != 1:
            raise OSError("not pid 1 of a pid namespace")
        _new_root(libraries.bind_paths(folders))
        kernel.set_hostname("judge")
        if drop_to:
            _become(drop_to)
    _limit(memory_bytes, level, size=size)
    with contextlib.suppress(OSError):
        kernel.prctl(kernel.PR_CAP_AMBIENT, kernel.PR_CAP_AMBIENT_CLEAR_ALL)
    kernel.drop_capabilities()
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if level >= 1:
        if not landlock.abi():
            raise OSError("no Landlock in this kernel")
        landlock.restrict(*libraries.readable_paths(folders))
    if level >= 1 or seccomp.supported():
        try:
            seccomp.zygote_filter().install()
        except (OSError, KeyError) as error:
            if level:
                raise
            notes.append(f"no seccomp: {error}")
    return notes


def _become(uid: int) -> None:
    """Take a uid of our own. The capabilities go with it, but for those needed to give up the rest."""
    with contextlib.suppress(OSError):
        os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _address_space() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def _limit(memory_bytes: int, level: int, *, size: int) -> None:
    limits = [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, _FILE_BYTES),
        (resource.RLIMIT_NOFILE, _DESCRIPTORS),
    ]
    if size:
        limits.append((resource.RLIMIT_AS, size + memory_bytes))
    if level == 2:  # elsewhere the count is of the whole machine's processes of this user
        limits.append((resource.RLIMIT_NPROC, _PROCESSES))
    for which, value in limits:
        hard = resource.getrlimit(which)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (value, value))


def _new_root(paths: list[str]) -> None:
    """Leave the file system for an empty one that shows `paths` alone, read-only."""
    kernel.mount("none", "/", "", kernel.MS_REC | kernel.MS_PRIVATE)
    trees = [(path, os.path.isdir(path), kernel.clone_tree(path)) for path in paths]
    links = [(name, os.readlink(name)) for name in ("/lib", "/lib64", "/usr/lib64") if os.path.islink(name)]
    base = next(path for path in ("/tmp", "/var/tmp", "/mnt", "/") if os.path.isdir(path))
    kernel.mount("tmpfs", base, "tmpfs", kernel.MS_NOSUID, "size=1m,mode=755")
    os.chdir(base)
    for path, is_folder, tree in trees:
        target = base.rstrip("/") + path
        if not os.path.lexists(target):
            os.makedirs(target if is_folder else os.path.dirname(target), mode=0o755, exist_ok=True)
            if not is_folder:
                os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
        kernel.attach_tree(tree, target)
        os.close(tree)
        if path != os.devnull:
            kernel.make_read_only(target, recursive=True)
    for name, destination in links:
        if not os.path.lexists(base.rstrip("/") + name):
            os.symlink(destination, base.rstrip("/") + name)
    kernel.pivot_to(base)
    kernel.make_read_only("/", recursive=False)
