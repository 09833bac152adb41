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

The zygote alone keeps, at level 2, a proc file system of its pid namespace that is mounted nowhere, and the capability
to set the next pid; each child gives up both before it reads its job.

Level 1 adds after each fork a second filter that bans new processes and signals. Level 0 has what is left: rlimits.
Not a virtual machine: a kernel exploit or a covert channel by load is out of scope.
"""

# pathlib would be memory that every fork of a candidate pays for
# ruff: noqa: PTH103, PTH106, PTH112, PTH114, PTH115, PTH120, PTH123, PTH211

from __future__ import annotations

import contextlib
import os
import resource
import signal

from moiety.judge import kernel, landlock, libraries, seccomp
from moiety.judge.watch import MAX_TASKS, Family, Threads, Watch

NAMESPACES = kernel.CLONE_NEWPID | kernel.CLONE_NEWNS | kernel.CLONE_NEWNET | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
_FILE_BYTES, DESCRIPTORS, _SIGNALS = 1 << 20, 64, 256
STACK_BYTES = 8 << 20


def isolate(
    level: int, *, memory_bytes: int, drop_to: int, shown: list[str], hidden: list[str]
) -> tuple[list[str], Watch]:
    """Put on isolation `level`. Returns notes, and how to watch programs; raises OSError.

    `drop_to` is the uid to become, 0 to stay; `shown` are paths of third-party packages that stay readable, `hidden`
    the folders that hold them and others.
    """
    notes: list[str] = []
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # a launcher of the trainer may have set it to be ignored
    if not kernel.LINUX:
        _limit(memory_bytes, level, size=0)
        return ["not Linux: rlimits only"], Watch()
    folders = libraries.shared_library_folders(hidden)
    size = _address_space()
    proc: tuple[int, ...] = ()
    if level == 2:
        if os.getpid() != 1:
            raise OSError("not pid 1 of a pid namespace")
        proc = _new_root(libraries.bind_paths(folders, shown))
        kernel.set_hostname("judge")
        if drop_to:
            _become(drop_to)
    _limit(memory_bytes, level, size=size)
    _drop(proc)
    if level >= 1:
        if not landlock.abi():
            raise OSError("no Landlock in this kernel")
        readable, listable = libraries.readable_paths(folders)
        landlock.restrict([*readable, *shown], listable, proc[:1])
    watch = Family(*proc, memory_bytes=memory_bytes) if proc else Threads() if level == 1 else Watch()
    if level >= 1 or seccomp.supported():
        try:
            seccomp.zygote_filter(second=level < 2 or not proc).install()
        except (OSError, KeyError) as error:
            if level:
                raise
            notes.append(f"no seccomp: {error}")
    return notes, watch


def _drop(proc: tuple[int, ...]) -> None:
    """Give up every right that the zygote does not need."""
    with contextlib.suppress(OSError):
        kernel.prctl(kernel.PR_CAP_AMBIENT, kernel.PR_CAP_AMBIENT_CLEAR_ALL)
    try:
        kernel.drop_capabilities(keep=kernel.CAP_CHECKPOINT_RESTORE if proc else None)
    except OSError:  # before Linux 5.9
        kernel.drop_capabilities()
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)


def _become(uid: int) -> None:
    """Take a uid of our own. What is permitted stays, so that `_drop` can choose."""
    kernel.prctl(kernel.PR_SET_KEEPCAPS, 1)
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
        (resource.RLIMIT_NOFILE, DESCRIPTORS),
    ]
    if kernel.LINUX:
        limits.append((resource.RLIMIT_SIGPENDING, _SIGNALS))  # the queue is the user's: others must not feel it full
    if size:
        limits.append((resource.RLIMIT_AS, size + memory_bytes))
    if level == 2:  # elsewhere the count is of the whole machine's processes of this user
        limits.append((resource.RLIMIT_NPROC, MAX_TASKS))
    for which, value in limits:
        hard = resource.getrlimit(which)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (value, value))


def _new_root(paths: list[str]) -> tuple[int, ...]:
    """Leave the file system for an empty one that shows `paths` alone, read-only. Returns what `_proc` does."""
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
    proc = _proc(base.rstrip("/") + "/proc")
    kernel.pivot_to(base)
    kernel.make_read_only("/", recursive=False)
    return proc


def _proc(place: str) -> tuple[int, ...]:
    """Return descriptors of a proc file system that no path leads to, and of its last pid; nothing if it cannot be."""
    os.makedirs(place)
    try:
        kernel.mount("proc", place, "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
    except OSError:
        return ()
    try:
        last_pid = os.open(f"{place}/sys/kernel/ns_last_pid", os.O_RDWR | os.O_CLOEXEC)
    except OSError:  # a kernel without checkpoint and restore
        last_pid = -1
    proc = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    kernel.unmount(place)
    os.rmdir(place)
    return proc, last_pid
