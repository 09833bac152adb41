"""From completions to outcomes to rewards.

A reward is the number the optimiser sees; the outcome says why. A fault of the machine gives no reward (None), never 0.
"""

from __future__ import annotations

from collections.abc import Sequence

from moiety.extraction import extract_program
from moiety.judge import Judge, Outcome, Verdict
from moiety.tasks import Task

REWARDS = ("binary", "per_test", "staged")


def judge_completions(
    judge: Judge,
    tasks: Sequence[Task],
    completions: Sequence[str],
    *,
    held_out: bool = False,
    extract: bool = False,
) -> list[Outcome]:
    """Return one outcome per (task, completion) pair. Raises ValueError when the lengths differ.

    `extract` is for the answers of a chat model: what is judged is the program in each, as `extract_program` finds it.
    """
    if len(tasks) != len(completions):
        raise ValueError(f"need one completion per task, got {len(tasks)} tasks and {len(completions)} completions")
    pairs = list(zip(tasks, completions, strict=True))
    if extract:
        pairs = [(task, extract_program(text, task.entry_point)) for task, text in pairs]
    return judge.judge([task.job(program, held_out=held_out) for task, program in pairs])


def reward_of(outcome: Outcome, *, kind: str = "binary") -> float | None:
    """Return the reward in [0, 1] of an outcome, or None when the machine was at fault.

    `binary`: all tests passed; `per_test`: share of tests passed; `staged`: 0.1 for code that loads and answers,
    then 0.1 to 0.5 by the share of tests, 1 when all pass. Raises ValueError for an unknown kind.
    """
    if kind not in REWARDS:
        raise ValueError(f"reward must be one of {', '.join(REWARDS)}, got {kind!r}")
    if outcome.verdict is Verdict.INFRA:
        return None
    if outcome.verdict is Verdict.PASS:
        return 1.0
    if kind == "binary":
        return 0.0
    if kind == "per_test":
        return outcome.passed_fraction
    answered = any(v in (Verdict.PASS, Verdict.WRONG) for v in outcome.tests)
    return 0.1 + 0.4 * outcome.passed_fraction if answered else 0.0
