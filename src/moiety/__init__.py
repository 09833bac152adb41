"""moiety: what supervised fine-tuning and reinforcement learning each contribute to a code language model.

The names below are the public ones. They are loaded when first used, so that `import moiety` costs nothing and never
loads torch.
"""

import importlib
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from moiety.atoms import atom, atom_named, catalogue, quick_atoms
    from moiety.errors import UserError
    from moiety.evaluation import Evaluation, evaluate
    from moiety.extraction import extract_program
    from moiety.judge import Job, Judge, Outcome, Verdict
    from moiety.report import render_report
    from moiety.reward import judge_completions, reward_of
    from moiety.rollout import Completion, Policy
    from moiety.splits import DataPlan, build_data, draw_tasks
    from moiety.statistics import pass_at_k
    from moiety.tasks import Task, read_tasks, write_tasks

try:
    __version__ = version("moiety")
except PackageNotFoundError:  # a source tree that is not installed
    __version__ = "0+unknown"

_HOMES = {
    "Completion": "rollout",
    "DataPlan": "splits",
    "Evaluation": "evaluation",
    "Job": "judge",
    "Judge": "judge",
    "Outcome": "judge",
    "Policy": "rollout",
    "Task": "tasks",
    "UserError": "errors",
    "Verdict": "judge",
    "atom": "atoms",
    "atom_named": "atoms",
    "build_data": "splits",
    "catalogue": "atoms",
    "draw_tasks": "splits",
    "evaluate": "evaluation",
    "extract_program": "extraction",
    "judge_completions": "reward",
    "pass_at_k": "statistics",
    "quick_atoms": "atoms",
    "read_tasks": "tasks",
    "render_report": "report",
    "reward_of": "reward",
    "write_tasks": "tasks",
}

__all__ = [
    "Completion",
    "DataPlan",
    "Evaluation",
    "Job",
    "Judge",
    "Outcome",
    "Policy",
    "Task",
    "UserError",
    "Verdict",
    "atom",
    "atom_named",
    "build_data",
    "catalogue",
    "draw_tasks",
    "evaluate",
    "extract_program",
    "judge_completions",
    "pass_at_k",
    "quick_atoms",
    "read_tasks",
    "render_report",
    "reward_of",
    "write_tasks",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'moiety' has no attribute {name!r}")
    return getattr(importlib.import_module(f"moiety.{_HOMES[name]}"), name)
