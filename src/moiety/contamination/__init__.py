"""Contamination: what one file of tasks or text shares with others, and what each set of tasks is exposed to.

Read in this order: rows, shingles, programs, behaviour, index, compare, matching, audit; exposure and near stand alone.
"""

from moiety.contamination.audit import KINDS, Audit, Finding, audit_files, audit_records
from moiety.contamination.exposure import Exposure, exposure
from moiety.contamination.index import Thresholds
from moiety.contamination.near import near_duplicates, near_texts
from moiety.contamination.rows import Record, read_records

__all__ = [
    "KINDS",
    "Audit",
    "Exposure",
    "Finding",
    "Record",
    "Thresholds",
    "audit_files",
    "audit_records",
    "exposure",
    "near_duplicates",
    "near_texts",
    "read_records",
]
