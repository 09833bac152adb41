"""The judge: runs model-written code fast, safely, and without being fooled. Knows nothing of tasks.

Read in this order: verdicts, pool, supervisor, fleet, zygote, candidate, settle, compare, isolation.
"""

from moiety.judge.benchmarks import Bench
from moiety.judge.calibrate import calibrate
from moiety.judge.codec import CodecError, decode, encode, equal
from moiety.judge.doctor import Allowance, isolation_report
from moiety.judge.pool import Judge
from moiety.judge.problems import Problem, problem
from moiety.judge.samples import Sample, Summary, judge_samples, read_problems, read_samples
from moiety.judge.verdicts import Comparison, Execution, Job, JudgeError, Outcome, Style, Verdict
from moiety.judge.warm import warm_modules
from moiety.rows import RowError

__all__ = [
    "Allowance",
    "Bench",
    "CodecError",
    "Comparison",
    "Execution",
    "Job",
    "Judge",
    "JudgeError",
    "Outcome",
    "Problem",
    "RowError",
    "Sample",
    "Style",
    "Summary",
    "Verdict",
    "calibrate",
    "decode",
    "encode",
    "equal",
    "isolation_report",
    "judge_samples",
    "problem",
    "read_problems",
    "read_samples",
    "warm_modules",
]
