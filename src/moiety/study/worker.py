"""A process that does nodes: read the recipe, do a node's work, publish its folder, go on to the next.

`python -m moiety.study.worker RUN_DIR CACHE_DIR`, the names of nodes on standard input. Progress and the user's errors
go to standard output, one JSON object a line; all else that is printed, tracebacks too, goes to standard error, which
the parent keeps in a file.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
from pathlib import Path

from moiety.errors import UserError
from moiety.processes import die_with_parent
from moiety.recipe import Recipe
from moiety.runs import read_json
from moiety.study.plan import Node, state_folder, study_nodes

_parent = sys.stdout


def keep_standard_output() -> None:
    """Keep standard output for messages to the parent; what others print goes to standard error."""
    global _parent
    _parent = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)


def say(**message: object) -> None:
    """Send one message to the parent."""
    print(json.dumps(message), file=_parent, flush=True)


def report(done: int, total: int, note: str) -> None:
    """Tell the parent how far the node is."""
    say(done=done, total=total, note=note)


def run_node(recipe: Recipe, node: Node, run_dir: Path, cache_dir: Path) -> None:
    """Do the work of one node. Imports what the node needs and no more."""
    if node.kind == "data":
        from moiety.study.data import write_data

        write_data(recipe, node.folder)
        return
    import torch

    torch.set_num_threads(node.threads)
    if node.kind == "corpus":
        from moiety.study.bases import write_corpus

        write_corpus(recipe, node.folder, seed=node.seed, report=report)
    elif node.kind.startswith("pretrain-"):
        from moiety.study.bases import train_base

        stage = node.kind.removeprefix("pretrain-")
        state = state_folder(run_dir, node)
        train_base(recipe, node.folder.parent, stage=stage, seed=node.seed, state=state, report=report)
    else:
        from moiety.study.arms import run_arm

        run_arm(recipe, node, run_dir, cache_dir, report=report)


def main(arguments: list[str]) -> int:
    """Do the nodes named on standard input until it ends; return the exit status."""
    run_dir, cache_dir = Path(arguments[0]), Path(arguments[1])
    keep_standard_output()
    die_with_parent(int(os.environ.get("MOIETY_PARENT", "0")))
    recipe = Recipe.model_validate(read_json(run_dir / "recipe.json"))
    nodes = {node.name: node for node in study_nodes(recipe, run_dir, cache_dir)}
    for line in sys.stdin:
        before = resource.getrusage(resource.RUSAGE_SELF)
        try:
            run_node(recipe, nodes[line.strip()], run_dir, cache_dir)
        except UserError as error:
            say(error=str(error))
            return 2
        gc.collect()
        after = resource.getrusage(resource.RUSAGE_SELF)
        cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        say(finished={"cpu_s": round(cpu_s, 2), "peak_bytes": after.ru_maxrss * 1024})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
