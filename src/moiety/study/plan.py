"""From a recipe to the nodes of a study: what must be done, in which order, with how many threads.

A node publishes its folder by one rename, and a finished one is never run again; one that trains goes on from a state
it keeps. Each has a stated number of threads, so that results do not depend on what runs beside it.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from moiety.atoms.generic import generic_operations
from moiety.atoms.own import chosen_atoms
from moiety.recipe import ArmRecipe, Recipe
from moiety.runs import canonical_hash
from moiety.splits import HELD_OUT_PARAPHRASES, HELD_OUT_TEMPLATES, SHARES
from moiety.synthesis.bank import BANK_VERSION
from moiety.synthesis.describe import TEMPLATES
from moiety.tasks import GENERATOR_VERSION

STAGES = ("clean", "exposed")
STATE = "state"


@dataclass(frozen=True, slots=True)
class Node:
    """One step of a study. `folder` exists if and only if the step is done; `threads` is what it computes with."""

    name: str
    kind: str
    folder: Path
    needs: tuple[str, ...]
    threads: int
    seed: int = 0
    arm: str = ""


def study_nodes(recipe: Recipe, run_dir: Path, cache_dir: Path) -> list[Node]:
    """Return the nodes of a study, each after all that it needs."""
    nodes = [Node("data", "data", run_dir / "data", (), 1)]
    threads = recipe.pretrain.threads
    for seed in recipe.seeds:
        folder = base_folder(recipe, cache_dir, seed=seed)
        previous = f"corpus seed {seed}"
        nodes.append(Node(previous, "corpus", folder / "corpus", (), threads, seed))
        for stage in STAGES:
            name = f"pretrain {stage} seed {seed}"
            nodes.append(Node(name, f"pretrain-{stage}", folder / stage, (previous,), threads, seed))
            previous = name
    arms = ordered_arms(recipe)
    for seed in recipe.seeds:
        for arm in arms:
            needs = ["data", f"pretrain {arm.base} seed {seed}"]
            needs += [arm_name(other, seed) for other in (arm.start, arm.match_flops) if other]
            folder = run_dir / "arms" / f"{arm.name}-seed{seed}"
            nodes.append(Node(arm_name(arm.name, seed), "arm", folder, tuple(needs), 1, seed, arm.name))
    return nodes


def state_folder(run_dir: Path, node: Node) -> Path:
    """Return where a node that trains keeps what it goes on from after a kill, until it is done."""
    return run_dir / STATE / node.name.replace(" ", "-")


def arm_name(arm: str, seed: int) -> str:
    """Return the name of an arm's node."""
    return f"{arm} seed {seed}"


def ordered_arms(recipe: Recipe) -> list[ArmRecipe]:
    """Return the arms so that each comes after the arms it needs; otherwise in the recipe's order."""
    left = list(recipe.arms)
    done: dict[str, ArmRecipe] = {}
    while left:
        ready = next(a for a in left if all(o is None or o in done for o in (a.start, a.match_flops)))
        left.remove(ready)
        done[ready.name] = ready
    return list(done.values())


def base_folder(recipe: Recipe, cache_dir: Path, *, seed: int) -> Path:
    """Return where the bases of a seed are cached: under the hash of all that they depend on."""
    return cache_dir / f"base-{canonical_hash(base_identity(recipe, seed=seed))[:16]}"


def base_identity(recipe: Recipe, *, seed: int) -> dict[str, Any]:
    """Return what a base depends on: recipe, seed, the atoms' and operations' text, and the rule of keys to avoid."""

    def texts(atoms: Any) -> str:
        return canonical_hash([[a.name, a.source, [t.name for t in a.inputs], list(a.english)] for a in atoms])

    return {
        "seed": seed,
        "model": recipe.model.model_dump(mode="json"),
        "pretrain": recipe.pretrain.model_dump(mode="json"),
        "atoms": texts(chosen_atoms(recipe.data, check=False)),
        "generic": texts(generic_operations(recipe.data.generic)),
        "templates": [astuple(template) for template in TEMPLATES["en"]],
        "avoid": [list(map(list, SHARES)), BANK_VERSION, HELD_OUT_TEMPLATES, HELD_OUT_PARAPHRASES],
        "generator_version": GENERATOR_VERSION,
        "versions": _versions(),
    }


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("torch", "transformers", "tokenizers")}
