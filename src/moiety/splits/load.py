"""Loading task sets whose files are the very ones that were proved disjoint: the hash of each is looked up first.

Three kinds of folders carry such a proof: what `moiety split` wrote (`proof.json`), a study's data and what
`moiety synth` wrote (`manifest.json`; there the split of a row is that of its behaviour key).
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from moiety.errors import UserError
from moiety.runs import read_json
from moiety.synthesis.bank import BANK_VERSION
from moiety.tasks import GENERATOR_VERSION, Task, read_tasks

PROOF, MANIFEST = "proof.json", "manifest.json"


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file. Raises UserError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None


def load_split(folder: Path, name: str) -> list[Task]:
    """Return the tasks of one set, such as `train`, `validation` or `recombined`, of a folder of proved task files.

    Training tasks come without held-out tests. Raises UserError for a folder without a proof, a set it does not have,
    a file that is not the proved one, a proof that was edited or made by another version, and an unreadable row.
    """
    if (folder / PROOF).exists():
        proof = read_proof(folder)
        if name not in proof["sets"]:
            raise UserError(f"{folder}: no set {name!r}; there are {', '.join(proof['sets'])}")
        path = folder / proof["sets"][name]["file"]
        require_proved(path, proof["sets"][name]["sha256"], PROOF)
        return read_tasks(path)
    if not (folder / MANIFEST).exists():
        raise UserError(f"{folder}: no {PROOF} and no {MANIFEST}: expected what `moiety split` or `synth` wrote")
    manifest = read_json(folder / MANIFEST)
    _require_version(folder / MANIFEST, manifest)
    tables = manifest["files"].get("tables")
    if tables is None:
        found = load_proved(folder, manifest, [name])[name]
    else:
        found = _of_synth(folder, tables, name)
    return without_held_out(found) if name == "train" else found


def _of_synth(folder: Path, tables: Mapping[str, Any], name: str) -> list[Task]:
    found: list[Task] = []
    for file, stated in tables.items():
        require_proved(folder / file, stated["sha256"], MANIFEST)
        found += [task for task in read_tasks(folder / file) if task.split == name]
    if not found:
        raise UserError(f"{folder}: no task of split {name!r}; there are train, validation and test")
    return found


def load_proved(folder: Path, manifest: Mapping[str, Any], names: Sequence[str]) -> dict[str, list[Task]]:
    """Read sets of a study's data. Raises UserError where a file is not the one of the manifest."""
    for name in names:
        if f"{name}.parquet" not in manifest["files"]:
            raise UserError(f"{folder}: no set {name!r}; there are {', '.join(map(_stem, manifest['files']))}")
        require_proved(folder / f"{name}.parquet", manifest["files"][f"{name}.parquet"], MANIFEST)
    return {name: read_tasks(folder / f"{name}.parquet") for name in names}


def _stem(file: str) -> str:
    return file.partition(".")[0]


def without_held_out(tasks: Sequence[Task]) -> list[Task]:
    """Return the tasks as training may have them."""
    return [dataclasses.replace(task, held_out_tests=None) for task in tasks]


def require_proved(path: Path, sha256: str, proof: str) -> None:
    """Raise UserError where a file is not the one whose hash was proved."""
    if file_hash(path) != sha256:
        raise UserError(f"{path}: not the file that was proved disjoint: its hash differs from {proof}")


def read_proof(folder: Path) -> dict[str, Any]:
    """Return the proof of a split. Raises UserError where it is missing, of another version, or admits a leak."""
    path = folder / PROOF
    proof: dict[str, Any] = read_json(path)
    missing = {"sets", "shared_keys", "rules", "generator_version", "bank_version"} - proof.keys()
    if missing:
        raise UserError(f"{path}: not a proof: {min(missing)} is missing")
    _require_version(path, proof)
    for pair, row in proof["shared_keys"].items():
        if any(row["keys"].values()) and not row["by_design"]:
            raise UserError(f"{path}: {pair} share keys; they must be disjoint")
    for rule, count in proof["rules"].items():
        if count:
            raise UserError(f"{path}: {count} rows break the rule: {rule}")
    return proof


def _require_version(path: Path, stated: Mapping[str, Any]) -> None:
    for field, ours in (("generator_version", GENERATOR_VERSION), ("bank_version", BANK_VERSION)):
        if stated[field] != ours:
            raise UserError(f"{path}: {field} {stated[field]!r}, this program has {ours!r}: make the data again")
