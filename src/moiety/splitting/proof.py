"""The proof that the sets of a split are disjoint, made from the very files: `proof.json` and `proof.txt` beside them.

It holds every set's rows, distinct keys and hashes; the keys that each pair of sets shares, and which may by design;
the rules of the split with the rows that break them; what exists and was taken of every cell; near-duplicates.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from moiety.processes import Workers
from moiety.progress import Progress
from moiety.runs import canonical_json, write_json, write_text
from moiety.splits import SAME_FUNCTIONS, LeakError
from moiety.splits.load import PROOF
from moiety.splitting.facts import RULES, Facts, facts_of
from moiety.splitting.keys import shared_of_all
from moiety.splitting.listing import proof_text
from moiety.splitting.near import LEARNT, begin, near_chunk, near_chunks, near_counts
from moiety.splitting.plan import FILES, SplitPlan
from moiety.synthesis.bank import BANK_VERSION
from moiety.tasks import GENERATOR_VERSION

EXPOSURE, TEXT = "exposure.json", "proof.txt"
TOLD = "pretraining reads lone atoms; and may hold what training holds, never what a test domain does"
BY_DESIGN = {
    ("recombined", "rephrased"): "the same functions in templates held out of training",
    ("recombined", "other_language"): "the same functions in a language held out of training",
    SAME_FUNCTIONS: "the same functions",
    ("atoms", "pretraining"): TOLD,
    ("train", "pretraining"): TOLD,
}


def prove(
    folder: Path, plan: SplitPlan, made: Mapping[str, Any], *, workers: int = 1, progress: Progress
) -> dict[str, Any]:
    """Write the proof of the set files in a folder and return it; `made` says how they came about.

    Raises LeakError naming the first pair of sets that shares a key it must not, or the first rule that is broken, and
    UserError naming file and row of a row that cannot be read.
    """
    paths = {name: folder / f"{name}.parquet" for name in FILES if (folder / f"{name}.parquet").exists()}
    facts, near = _read(paths, plan, workers=workers, progress=progress)
    stated = {
        "recipe": plan.recipe.model_dump(mode="json"),
        "generator_version": GENERATOR_VERSION,
        "bank_version": BANK_VERSION,
        "held_out_atoms": sorted(plan.held_out),
        "sets": {name: _summary(one) for name, one in facts.items()},
        "shared_keys": _shared(facts),
        "rules": {said: sum(one.broken[rule] for one in facts.values()) for rule, said in RULES.items()},
        "near_duplicates": near,
        "dataset_hash": hashlib.sha256("".join(one.dataset_hash for one in facts.values()).encode()).hexdigest(),
        **made,
    }
    proof: dict[str, Any] = json.loads(canonical_json(stated))  # as it will be read
    _require_sound(facts, proof)
    write_json(folder / EXPOSURE, {name: one.exposure.as_json() for name, one in facts.items()})
    write_json(folder / PROOF, proof)
    write_text(folder / TEXT, proof_text(proof))
    return proof


def _summary(one: Facts) -> dict[str, Any]:
    return {
        "file": one.file,
        "rows": one.rows,
        "keys": {kind: len(keys) for kind, keys in one.keys.items()},
        "sha256": one.sha256,
        "dataset_hash": one.dataset_hash,
    }


def _shared(facts: Mapping[str, Facts]) -> dict[str, Any]:
    counted = shared_of_all({name: one.keys for name, one in facts.items()})
    return {f"{a} & {b}": {"keys": keys, "by_design": BY_DESIGN.get((a, b), "")} for (a, b), keys in counted.items()}


def _read(
    paths: Mapping[str, Path], plan: SplitPlan, *, workers: int, progress: Progress
) -> tuple[dict[str, Facts], dict[str, Any]]:
    """Read every file once for its facts, beside counting near-duplicates; in processes where there are several."""
    with ExitStack() as stack:
        bar = stack.enter_context(progress.stage("proof", total=len(paths) + 1))
        measured = {name: path for name, path in paths.items() if name not in LEARNT}
        if workers <= 1:
            begin(measured)
            found = [facts_of(name, path, plan) for name, path in paths.items()]
            return dict(zip(paths, found, strict=True)), near_counts(paths, map(near_chunk, near_chunks(paths)))
        pool = stack.enter_context(Workers(workers, begin, measured))
        waiting = {name: pool.submit(facts_of, name, path, plan) for name, path in paths.items()}
        near = near_counts(paths, pool.as_done(near_chunk, near_chunks(paths)))
        bar.advance()
        facts: dict[str, Facts] = {}
        for name, job in waiting.items():
            facts[name] = pool.result(job)
            bar.advance()
        return facts, near


def _require_sound(facts: Mapping[str, Facts], proof: Mapping[str, Any]) -> None:
    for pair, row in proof["shared_keys"].items():
        if any(row["keys"].values()) and not row["by_design"]:
            told = ", ".join(f"{count} of {kind}" for kind, count in row["keys"].items() if count)
            raise LeakError(f"{pair} share keys ({told}); they must be disjoint")
    for rule, said in RULES.items():
        for name, one in facts.items():
            if one.broken[rule]:
                raise LeakError(f"{one.file}: {one.broken[rule]} rows of {name} break the rule: {said}")
