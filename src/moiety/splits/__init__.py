"""Which split and domain a task belongs to, the study's sets, and the loading of sets that carry a proof.

Read in this order: assign, phrasing, select, disjoint, dataset, load. Making the files is `splitting`'s.
"""

from moiety.splits.assign import DOMAIN_SHARES, SAME_FUNCTIONS, SHARES, set_of, sets_of, split_of
from moiety.splits.dataset import DataPlan, DataSet, atomic_tasks, balanced_order, build_data, draw_tasks
from moiety.splits.disjoint import LeakError, check_disjoint, shared_keys
from moiety.splits.load import load_split, without_held_out
from moiety.splits.phrasing import HELD_OUT_PARAPHRASES, HELD_OUT_TEMPLATES, is_held_out, task_phrasings
from moiety.splits.select import select

__all__ = [
    "DOMAIN_SHARES",
    "HELD_OUT_PARAPHRASES",
    "HELD_OUT_TEMPLATES",
    "SAME_FUNCTIONS",
    "SHARES",
    "DataPlan",
    "DataSet",
    "LeakError",
    "atomic_tasks",
    "balanced_order",
    "build_data",
    "check_disjoint",
    "draw_tasks",
    "is_held_out",
    "load_split",
    "select",
    "set_of",
    "sets_of",
    "shared_keys",
    "split_of",
    "task_phrasings",
    "without_held_out",
]
