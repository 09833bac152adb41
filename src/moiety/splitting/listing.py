"""The proof of a split as plain text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moiety.splitting.keys import KINDS
from moiety.splitting.plan import FILES


def proof_text(proof: Mapping[str, Any]) -> str:
    """Return the proof for a reader: sets, shared keys, rules, what exists of every cell, near-duplicates."""
    lines = [f"{'set':<16} {'rows':>9} {'functions':>10} {'sources':>9} {'behaviours':>11}  SHA-256 of the file"]
    for name in _ordered(proof["sets"]):
        one = proof["sets"][name]
        structures, sources, behaviours = (one["keys"][kind] for kind in KINDS)
        lines.append(
            f"{name:<16} {one['rows']:>9,} {structures:>10,} {sources:>9,} {behaviours:>11,}  {one['sha256'][:16]}"
        )
    lines += ["", *_shared(proof), "", *_rules(proof)]
    if proof.get("left_out"):
        lines += ["", *(f"{count:>9,}  {why}" for why, count in proof["left_out"].items())]
    if proof["cells"]:
        lines += ["", *_cells(proof)]
    lines += ["", *_near(proof)]
    lines += [
        "",
        f"held out of compositions: {', '.join(proof['held_out_atoms'])}",
        f"generator version {proof['generator_version']}, behaviour bank {proof['bank_version']}, "
        f"dataset {proof['dataset_hash'][:16]}",
    ]
    return "\n".join(lines) + "\n"


def _ordered(named: Mapping[str, Any]) -> list[str]:
    """Return the names of sets in the order of the design; files keep them sorted."""
    return [name for name in FILES if name in named]


def _shared(proof: Mapping[str, Any]) -> list[str]:
    rows = proof["shared_keys"]
    named = {pair: row for pair, row in rows.items() if row["by_design"]}
    rest = [row for row in rows.values() if not row["by_design"]]
    sums = [sum(row["keys"][kind] for row in rest) for kind in KINDS]
    lines = [f"{'shared keys':<34} {'structure':>10} {'source':>9} {'behaviour':>11}"]
    lines.append(f"{f'all other {len(rest)} pairs of sets':<34} {sums[0]:>10} {sums[1]:>9} {sums[2]:>11}")
    for pair, row in named.items():
        counts = [row["keys"][kind] for kind in KINDS]
        lines.append(f"{pair:<34} {counts[0]:>10,} {counts[1]:>9,} {counts[2]:>11,}  by design: {row['by_design']}")
    return lines


def _rules(proof: Mapping[str, Any]) -> list[str]:
    return ["rows that break a rule", *(f"{count:>6}  {rule}" for rule, count in proof["rules"].items())]


def _cells(proof: Mapping[str, Any]) -> list[str]:
    lines = [f"{'cell':<50} {'well-typed':>20} {'drawn':>9} {'taken':>7}  of the set's"]
    for name in _ordered(proof["cells"]):
        for cell, row in sorted(proof["cells"][name].items()):
            label = f"{name}: {cell}"
            exist = f"{row['in_set']:,} ({row['in_set_is']})"
            lines.append(f"{label:<50} {row['well_typed']:>20,} {row['drawn']:>9,} {row['taken']:>7,}  {exist}")
    return lines


def _near(proof: Mapping[str, Any]) -> list[str]:
    counts = proof["near_duplicates"]
    found = {pair: row for pair, row in counts.items() if row["instruction"] or row["code"]}
    lines = [f"{'rows that read nearly alike':<38} {'instruction':>12} {'program':>9} {'rows read':>10}"]
    for pair, row in found.items():
        lines.append(f"{pair:<38} {row['instruction']:>12,} {row['code']:>9,} {row['rows_read']:>10,}")
    lines.append(f"none between the other {len(counts) - len(found)} pairs of sets")
    return lines
