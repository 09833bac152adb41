"""The floor under any judge that forks: the same programs, forked and run, with no isolation and no communication.

A script for a fresh interpreter (`python -S -s -B floor.py FILE KIND`), not an import: it needs the standard library
only. It prints the seconds that its share of the programs took.
"""

import gc
import importlib
import marshal
import os
import sys
import time
from pathlib import Path
from typing import Any

WARM = (
    "bisect", "collections", "copy", "ctypes", "dataclasses", "functools", "heapq", "itertools", "math", "operator",
    "random", "re", "string", "typing",
)  # fmt: skip


def run_program(source: str, entry_point: str, inputs: tuple[bytes, ...]) -> None:
    """Do what a candidate's process must do at the least."""
    namespace: dict[str, Any] = {"__name__": "solution"}
    exec(compile(source, "<solution>", "exec", dont_inherit=True), namespace)
    for blob in inputs:
        namespace[entry_point](*marshal.loads(blob))


def main() -> None:
    """Fork once per program, one after the other."""
    programs = marshal.loads(Path(sys.argv[1]).read_bytes())
    for name in WARM:
        importlib.import_module(name)
    gc.collect()
    gc.disable()
    gc.freeze()
    start_s = time.perf_counter()
    for program in programs:
        child = os.fork()
        if not child:
            if sys.argv[2] == "code":
                run_program(*program)
            os._exit(0)
        os.waitpid(child, 0)
    print(time.perf_counter() - start_s)


if __name__ == "__main__":
    main()
