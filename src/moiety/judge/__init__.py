"""The judge: runs model-written code fast, safely, and without being fooled. Knows nothing of tasks.

Read in this order: verdicts, pool, supervisor, fleet, zygote, candidate, settle, compare, isolation.
"""

from moiety.judge.codec import CodecError, decode, encode, equal
from moiety.judge.pool import Judge
from moiety.judge.verdicts import Comparison, Execution, Job, JudgeError, Outcome, Style, Verdict

__all__ = [
    "CodecError",
    "Comparison",
    "Execution",
    "Job",
    "Judge",
    "JudgeError",
    "Outcome",
    "Style",
    "Verdict",
    "decode",
    "encode",
    "equal",
]
