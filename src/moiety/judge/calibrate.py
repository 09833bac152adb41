"""CPU limits from the reference: ten times what the right program takes, and never below a floor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from moiety.errors import UserError
from moiety.judge.pool import Judge
from moiety.judge.verdicts import Verdict

FLOOR_S, FACTOR, _MOST_S = 0.1, 10.0, 60.0


def calibrate(
    judge: Judge,
    source: str,
    entry_point: str,
    inputs: Sequence[tuple[Any, ...]],
    *,
    floor_s: float = FLOOR_S,
    factor: float = FACTOR,
) -> float:
    """Return the CPU limit in seconds for programs that do the work of `source` on `inputs`.

    Rounded up to 0.1 s, so that the limit of a task does not depend on the noise of one run. Raises UserError if the
    reference itself does not answer.
    """
    done = judge.run(source, entry_point, inputs, cpu_limit_s=_MOST_S)
    if done.verdict not in (Verdict.PASS, Verdict.RAISED):
        raise UserError(f"judge: the reference for {entry_point!r} ended as {done.verdict.value}: {done.detail}")
    tenths = -int(-max(floor_s, factor * done.cpu_s) * 10 // 1)
    return tenths / 10
