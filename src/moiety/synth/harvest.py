"""What the shards of a cell have given: which of their functions stay, and how many more shards are needed.

Of functions with equal behaviour the one of the lowest (cell, shard, place) stays.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moiety.runs import read_json
from moiety.synth.plan import Quota
from moiety.synth.shard import KEY_BYTES

FIRST_YIELD = 0.5
NEWEST = 8  # shards whose yield tells what the next will give: it falls as a cell is used up
STALE_DRAWS = 5_000
LEAST_NEW = 5  # of so many draws; with fewer the cell counts as spent
SHARDS = ".shards"


@dataclass(slots=True)
class Harvest:
    """What the shards of one cell have given so far.

    `keys` holds a shard's behaviour keys one after the other: a million of them take 16 MB. Only shards that were asked
    for count: a run that was stopped may have left others, and what is told must not depend on that.
    """

    quota: Quota
    asked: int = 0
    records: list[dict[str, Any]] = field(default_factory=list)
    keys: list[bytes] = field(default_factory=list)
    kept: list[array[int]] = field(default_factory=list)  # per shard, the places of its functions that stay

    @property
    def distinct(self) -> int:
        """How many functions stay."""
        return sum(map(len, self.kept))

    @property
    def drawn(self) -> int:
        """How many functions were drawn."""
        return sum(record["drawn"] for record in self.records)

    @property
    def is_whole(self) -> bool:
        """Whether every function of the cell was drawn."""
        return self.drawn == self.quota.exist


def shard_path(out: Path, quota: Quota, number: int) -> Path:
    """Return where a shard lies."""
    return out / SHARDS / re.sub(r"\W+", "-", str(quota.cell)) / f"{number:05}.parquet"


def shards_needed(harvest: Harvest) -> int | None:
    """Return how many more shards a cell needs, by what the newest gave; None for a cell that is spent."""
    quota, made = harvest.quota, harvest.asked
    missing = quota.wanted - harvest.distinct
    if missing <= 0:
        return 0
    newest = harvest.kept[-NEWEST:]
    per_shard = sum(map(len, newest)) / len(newest) if newest else FIRST_YIELD * quota.shard
    more = min(math.ceil(missing / max(per_shard, 1)), math.ceil(quota.exist / quota.shard) - made)
    return None if more <= 0 or _is_stale(harvest) else more


def ask(harvest: Harvest, more: int) -> range:
    """Ask for more shards of a cell; returns their numbers."""
    first = harvest.asked
    harvest.asked += more
    return range(first, harvest.asked)


def _is_stale(harvest: Harvest) -> bool:
    """Tell whether the newest draws of a cell, STALE_DRAWS at least, gave next to nothing new."""
    drawn = new = 0
    for record, places in zip(reversed(harvest.records), reversed(harvest.kept), strict=True):
        drawn, new = drawn + record["drawn"], new + len(places)
        if drawn >= STALE_DRAWS:
            return new < LEAST_NEW
    return False


def read_records(harvests: Sequence[Harvest], out: Path) -> None:
    """Read the records of all shards asked for so far, which must be there, in order."""
    for harvest in harvests:
        for number in range(len(harvest.records), harvest.asked):
            record = read_json(shard_path(out, harvest.quota, number).with_suffix(".json"))
            harvest.keys.append(bytes.fromhex(record.pop("keys")))
            harvest.records.append(record)


def keep_distinct(harvests: Sequence[Harvest]) -> None:
    """Decide which functions stay: the first of equal behaviour, each cell up to its part."""
    seen: set[bytes] = set()
    for harvest in harvests:
        left = harvest.quota.wanted
        harvest.kept = []
        for keys in harvest.keys:
            places = array("I")
            for place in range(len(keys) // KEY_BYTES if left else 0):
                key = keys[place * KEY_BYTES : (place + 1) * KEY_BYTES]
                if left and key not in seen:
                    seen.add(key)
                    places.append(place)
                    left -= 1
            harvest.kept.append(places)
