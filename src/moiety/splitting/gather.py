"""Making the functions of all sets in shards, until every set has what is wanted, by the machinery of `moiety synth`.

A set's count is spread over its cells as evenly as what exists allows: what a cell that is spent cannot give, the
others do. More functions of a set keep those that fewer had.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from moiety.errors import UserError
from moiety.processes import Workers
from moiety.progress import Bar, Progress
from moiety.splitting.plan import SetPlan
from moiety.synth.harvest import Harvest, ask, keep_distinct, read_records, shard_path, shards_needed
from moiety.synth.plan import Quota
from moiety.synth.shard import Maker
from moiety.synthesis.draw import Cell, space_of

Job = tuple[int, Quota, int, Path]


@dataclass
class Gathered:
    """What the shards of one set have given; `spent`: the cells that have no more, with what they gave."""

    plan: SetPlan
    folder: Path
    wanted: int
    harvests: list[Harvest]
    spent: dict[Cell, int] = field(default_factory=dict)

    @property
    def distinct(self) -> int:
        """How many functions stay."""
        return sum(harvest.distinct for harvest in self.harvests)


def gather(plans: Sequence[SetPlan], folder: Path, *, workers: int, progress: Progress) -> list[Gathered]:
    """Make shards in `folder` until every set is full. Raises UserError for a set whose cells are all spent."""
    sets = [_begin(plan, folder / plan.name) for plan in plans]
    with ExitStack() as stack:
        pool = None
        bar = stack.enter_context(progress.stage("functions", total=sum(one.wanted for one in sets)))
        while jobs := [job for number, one in enumerate(sets) for job in _jobs(number, one)]:
            if workers > 1 and pool is None:
                pool = stack.enter_context(Workers(workers, _start, tuple(plans)))
            if pool is None:
                _start(tuple(plans))
            done = map(_work, jobs) if pool is None else pool.as_done(_work, jobs)
            _wait(done, bar)
            for one in sets:
                read_records(one.harvests, one.folder)
                keep_distinct(one.harvests)
            bar.reach(sum(one.distinct for one in sets))
    return sets


def _wait(done: Iterator[int], bar: Bar) -> None:
    for admitted in done:
        bar.reach(min(bar.total or 0, bar.done + admitted))


def _begin(plan: SetPlan, folder: Path) -> Gathered:
    space = space_of(plan.atoms)
    if plan.wanted is None:
        raise UserError(f"functions.{plan.name}: need a number; 'all' is for a folder that is split (--from)")
    quotas = [Quota(cell, 0, space.count(cell), plan.recipe.shard) for cell in plan.cells]
    found = Gathered(plan, folder, plan.wanted, [Harvest(quota) for quota in quotas])
    _share_out(found)
    return found


def _share_out(one: Gathered) -> None:
    """Give every cell its part: as even as spent cells allow."""
    caps = [one.spent.get(h.quota.cell) for h in one.harvests]
    for harvest, wanted in zip(one.harvests, levels(one.wanted, caps), strict=True):
        harvest.quota = replace(harvest.quota, wanted=wanted)


def levels(count: int, caps: Sequence[int | None]) -> list[int]:
    """Divide `count` as evenly as the caps allow (None: no cap), the first places getting one more.

    More to divide never gives a place less. The parts sum to less than `count` where the caps do.
    """
    parts = [0] * len(caps)
    left = count
    while left:
        open_places = [i for i, cap in enumerate(caps) if cap is None or parts[i] < cap]
        if not open_places:
            break
        room = [caps[i] - parts[i] for i in open_places if caps[i] is not None]  # type: ignore[operator]
        step = max(1, min([left // len(open_places), *room]))
        for i in open_places:
            given = min(step, left)
            parts[i] += given
            left -= given
    return parts


def _jobs(number: int, one: Gathered) -> list[Job]:
    """Return the shards that a set needs next, none when it is full."""
    while True:
        needed = [shards_needed(harvest) for harvest in one.harvests]
        spent = {h.quota.cell: h.distinct for h, more in zip(one.harvests, needed, strict=True) if more is None}
        if not spent:
            break
        one.spent |= spent
        _share_out(one)
        keep_distinct(one.harvests)
        if sum(harvest.quota.wanted for harvest in one.harvests) < one.wanted:
            raise UserError(_too_few(one))
    jobs: list[Job] = []
    for harvest, more in zip(one.harvests, needed, strict=True):
        for shard in ask(harvest, more or 0):
            path = shard_path(one.folder, harvest.quota, shard)
            path.parent.mkdir(parents=True, exist_ok=True)
            jobs.append((number, harvest.quota, shard, path))
    return jobs


def _too_few(one: Gathered) -> str:
    exact = all(harvest.is_whole for harvest in one.harvests)
    exist = sum(harvest.quota.exist for harvest in one.harvests)
    drawn = sum(harvest.drawn for harvest in one.harvests)
    return (
        f"functions.{one.plan.name}: {one.wanted} distinct functions asked for, but only {sum(one.spent.values())} "
        f"({'exact' if exact else 'estimated'}) were admitted of {drawn} drawn ({exist} well-typed ones exist)"
    )


_plans: tuple[SetPlan, ...] = ()
_makers: dict[int, Maker] = {}


def _start(plans: tuple[SetPlan, ...]) -> None:
    global _plans
    _plans = plans
    _makers.clear()


def _work(job: Job) -> int:
    number, quota, shard, path = job
    if path.with_suffix(".json").exists():
        return 0
    if number not in _makers:
        plan = _plans[number]
        _makers[number] = Maker(plan.recipe, plan.atoms, plan.part)
    return _makers[number].write(quota, shard, path)
