"""What one pass over a set's file tells: rows, keys, and how many rows break which rule of the split.

The file is read as it lies on disk, so that what is proved is what is used.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from moiety.contamination.exposure import Exposure
from moiety.rows import batches
from moiety.splits import SAME_FUNCTIONS, is_held_out, sets_of
from moiety.splits.load import file_hash
from moiety.splitting.keys import KINDS, Keys, keys_of
from moiety.splitting.plan import SETS, SplitPlan
from moiety.splitting.tables import WITHOUT_HELD_OUT, require_version

RULES = {
    "tests": "training rows carry no held-out tests, test rows do",
    "key": "every composition lies in the set that the hash of its behaviour key gives",
    "held_out": "held-out atoms are composed in held_out_atoms alone, and in every function there",
    "shape": "training shapes everywhere but in reshaped; its shapes are pretrained over generic operations only",
    "depth": "training depths everywhere but in deeper and retention",
    "template": "templates of rephrased are not in train and validation",
    "language": "one language everywhere but in other_language",
}
COUNTED = ("structure_key", "atoms", "family", "signature")
WORDED_AS_TRAINING = ("atoms", "train", "validation")


@dataclass
class Facts:
    """One set's file: rows, sorted distinct keys by kind, hashes, broken rules, functions by shape and depth."""

    file: str
    rows: int = 0
    sha256: str = ""
    dataset_hash: str = ""
    keys: dict[str, Keys] = field(default_factory=dict)
    broken: Counter[str] = field(default_factory=Counter)
    exposure: Exposure = field(default_factory=Exposure)


def facts_of(name: str, path: Path, plan: SplitPlan) -> Facts:
    """Read a set's file. Raises UserError naming file and row of a malformed key or another generator's row."""
    found = Facts(path.name, sha256=file_hash(path))
    digest = hashlib.sha256()
    keys: dict[str, list[Keys]] = {kind: [] for kind in KINDS}
    for batch in batches(path):
        require_version(path, found.rows, batch)
        for kind in KINDS:
            keys[kind].append(keys_of(path, found.rows, batch, kind))
        found.broken.update(_broken(name, batch, keys["behaviour_key"][-1], plan))
        found.exposure.add(
            *(batch.column(field).to_pylist() for field in ("structure_key", "atoms", "family", "signature"))
        )
        for row in batch.to_pylist():
            digest.update(json.dumps(row, sort_keys=True, ensure_ascii=False).encode() + b"\n")
        found.rows += batch.num_rows
    found.keys = {kind: np.unique(np.concatenate(parts)) for kind, parts in keys.items()}
    found.dataset_hash = digest.hexdigest()
    return found


def _broken(name: str, batch: Any, keys: Keys, plan: SplitPlan) -> dict[str, int]:
    """Return how many rows of a batch break each rule."""
    recipe = plan.recipe
    held_out_tests = np.array(batch.column("held_out_tests").is_valid())
    composed = np.array(batch.column("size")) > 1
    with_held_out = holds(batch.column("atoms"), plan.held_out)
    shapes = np.array(batch.column("shape").to_pylist(), dtype=object)
    depths = np.array(batch.column("depth"))
    languages = np.array(batch.column("language").to_pylist(), dtype=object)
    broken: dict[str, Any] = {"tests": held_out_tests == (name in WITHOUT_HELD_OUT)}
    if name in (*SETS, *SAME_FUNCTIONS):
        broken["key"] = sets_of(keys) != ("recombined" if name in SAME_FUNCTIONS else name)
    if name == "held_out_atoms":
        broken["held_out"] = ~with_held_out
    elif name != "atoms":
        broken["held_out"] = with_held_out & composed
    if name == "pretraining":
        other = ~np.isin(shapes, (*recipe.train_shapes, "chain"))
        broken["shape"] = other & holds(batch.column("atoms"), {atom.name for atom in plan.atoms})
    elif name not in ("atoms", "retention"):
        broken["shape"] = ~np.isin(shapes, recipe.reshaped_shapes if name == "reshaped" else recipe.train_shapes)
        broken["depth"] = ~np.isin(depths, recipe.deeper_depths if name == "deeper" else recipe.train_depths)
    if name in WORDED_AS_TRAINING:
        templates = batch.column("template_id").to_pylist()
        broken["template"] = np.array([is_held_out(template) for template in templates], bool)
    if name != "pretraining":
        broken["language"] = languages != (recipe.other_language if name == "other_language" else recipe.language)
    return {rule: int(rows.sum()) for rule, rows in broken.items()}


def holds(atoms: Any, names: frozenset[str] | set[str]) -> Any:
    """Tell of each list of atoms whether one of `names` is in it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    flags = np.array(pc.is_in(atoms.flatten(), value_set=pa.array(sorted(names), pa.string())))
    found = np.zeros(len(atoms), bool)
    found[np.array(pc.list_parent_indices(atoms))[flags]] = True
    return found
