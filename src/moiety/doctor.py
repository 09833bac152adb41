"""What this machine can do: interpreter, cores, memory, isolation, extras, GPU, compiler, browser.

Not a benchmark. It looks for packages by their metadata and imports none of the heavy ones.
"""

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moiety.extras import EXTRAS, missing_packages, version

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
COMPILERS = ("g++", "c++", "clang++")


@dataclass(frozen=True, slots=True)
class Check:
    """One fact about the machine. `advice` is empty where nothing is amiss."""

    name: str
    value: str
    advice: str = ""


def examine_machine() -> list[Check]:
    """Return what was found, in the order a reader asks."""
    return [
        Check("moiety", version("moiety") or "not installed (running from a source tree)"),
        Check("python", f"{platform.python_version()} ({sys.executable})"),
        Check("platform", platform.platform()),
        Check("cores", str(usable_cores())),
        Check("memory", _memory()),
        *_isolation(),
        *(_extra(extra) for extra in EXTRAS),
        _gpu(),
        _program("compiler", COMPILERS, "torch.compile needs a C++ compiler on a CPU; without one training is eager"),
        _program("browser", BROWSERS, "the test that opens the report in a browser is skipped"),
    ]


def machine_facts() -> dict[str, Any]:
    """Return what a measured number should be read with."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": usable_cores(),
        "versions": {name: version(name) for name in ("numpy", "pyarrow", *EXTRAS["train"])},
    }


def usable_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _memory() -> str:
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"{gigabytes:.1f} GB"


def _isolation() -> list[Check]:
    """Return the isolation level in use, and what each level needs and gives here."""
    from moiety.judge import isolation_report

    report = isolation_report()
    best = max((one.level for one in report if one.available), default=None)
    advice = "" if best else "programs of a model need isolation level 1: see below"
    checks = [Check("judge", "none" if best is None else f"isolation level {best}", advice)]
    for one in report:
        value = f"yes: {one.gives}" if one.available else f"no: {one.reason}"
        checks.append(Check(f"  level {one.level}", value, one.hint))
    return checks


def _extra(extra: str) -> Check:
    found = [f"{name} {version(name)}" for name in EXTRAS[extra] if version(name) is not None]
    missing = missing_packages(extra)
    advice = f"{', '.join(missing)} missing: pip install 'moiety[{extra}]'" if missing else ""
    return Check(f"extra {extra}", ", ".join(found) or "none", advice)


def _gpu() -> Check:
    drivers = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
    names = [
        line.partition(":")[2].strip()
        for path in drivers
        for line in path.read_text().splitlines()
        if line.startswith("Model")
    ]
    return Check("gpu", ", ".join(names) or "none found; training runs on the CPU")


def _program(name: str, candidates: tuple[str, ...], without: str) -> Check:
    found = next((path for candidate in candidates if (path := shutil.which(candidate))), None)
    return Check(name, found or "none", "" if found else without)
