"""The contamination audit: which rows of one file are also in others, by which kind of evidence.

Kinds, from the plainest: `text` (equal once case, punctuation and white space are gone), `ngram` (share of the shorter
text's runs of tokens that the other has), `near` (MinHash, then the exact Jaccard similarity of runs), `ast` (equal
syntax trees once names and the order of functions are gone), `behaviour` (equal answers on shared probes, in the
judge). Instructions are compared with instructions, programs with programs, both without the text that many rows of a
file have (`boilerplate`). Rows that are similar as text but whose
programs answered a probe differently are other functions: such pairs are withdrawn, and counted.
The audited file is read as a stream, twice; the files it is compared against are kept in memory.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from moiety.contamination.boilerplate import SAMPLE, Stretch, evenly, find_boilerplate
from moiety.contamination.compare import Behaviours
from moiety.contamination.index import Match, Thresholds, traits_of
from moiety.contamination.matching import Matched, match_chunks
from moiety.contamination.rows import Record, read_records
from moiety.errors import UserError
from moiety.judge import Judge
from moiety.progress import Progress
from moiety.rows import count_rows, require_file

KINDS = ("text", "ngram", "near", "ast", "behaviour")
SIMILAR = ("ngram", "near")
CHUNK = 500
LARGE_BYTES = 2_000_000  # below, a process costs more to start than it saves


@dataclass(frozen=True, slots=True)
class Finding:
    """One pair of rows with one kind of evidence on one side. `score` is 1.0 for the kinds that hold or do not."""

    kind: str
    side: str
    audited: Record
    against: Record
    score: float
    evidence: str


@dataclass
class Audit:
    """What an audit found, over how many rows and pairs, and what could not be compared."""

    audited: str
    against: tuple[str, ...]
    thresholds: Thresholds
    rows: int = 0
    rows_against: int = 0
    unparsed: int = 0
    compared_by_behaviour: int = 0
    unanswered: int = 0
    not_run: dict[str, list[int]] = field(default_factory=dict)
    """Why rows of the audited file were not compared by behaviour, with the numbers of the rows."""
    against_not_run: dict[str, list[str]] = field(default_factory=dict)
    """The same of the rows that they were compared with, by their places."""
    withdrawn: int = 0
    discounted: tuple[Stretch, ...] = ()
    findings: list[Finding] = field(default_factory=list)

    @property
    def pairs(self) -> int:
        """Pairs of rows that were compared."""
        return self.rows * self.rows_against

    def counts(self) -> dict[str, int]:
        """Return the number of pairs found by each kind."""
        found = Counter(kind for kind, _, _ in {(f.kind, f.audited.place, f.against.place) for f in self.findings})
        return {kind: found[kind] for kind in KINDS}

    def by_pair(self) -> list[list[Finding]]:
        """Return the findings by pair of rows, in the order of the files."""
        groups: dict[tuple[str, str], list[Finding]] = {}
        for finding in self.findings:
            groups.setdefault((finding.audited.place, finding.against.place), []).append(finding)
        return list(groups.values())


def audit_files(
    audited: Path,
    against: Sequence[Path],
    *,
    thresholds: Thresholds | None = None,
    judge: Judge | None = None,
    recorded_keys: bool = False,
    progress: Progress | None = None,
    workers: int = 1,
) -> Audit:
    """Hold every row of a file against every row of others. Without a judge, behaviour is not compared.

    With `recorded_keys` rows of our own generator are compared by the behaviour keys they carry, and not run. Raises
    UserError naming file, row and field where a row cannot be read.
    """
    if not against:
        raise UserError(f"{audited}: nothing to hold it against; expected another file")
    require_file(audited)
    shown = progress or Progress(quiet=True)
    stored = []
    with shown.stage("read") as bar:
        for path in against:
            for record in read_records(path):
                stored.append(record)
                bar.advance()
    with shown.stage("look for text that many rows have", total=count_rows(audited)) as bar:
        sample = evenly(_told(read_records(audited), bar.advance))
    return audit_records(
        read_records(audited),
        stored,
        thresholds=thresholds,
        judge=judge,
        recorded_keys=recorded_keys,
        progress=shown,
        names=(str(audited), *map(str, against)),
        total=count_rows(audited),
        sample=sample,
        workers=workers if audited.stat().st_size >= LARGE_BYTES else 1,
    )


def audit_records(
    audited: Iterable[Record],
    against: Sequence[Record],
    *,
    thresholds: Thresholds | None = None,
    judge: Judge | None = None,
    recorded_keys: bool = False,
    progress: Progress | None = None,
    names: Sequence[str] = ("",),
    total: int | None = None,
    sample: Sequence[Record] | None = None,
    workers: int = 1,
) -> Audit:
    """Compare records with records, as `audit_files` does with files.

    What many rows share is looked for in `sample`, audited records from all of their file; else in the first ones.
    """
    shown = progress or Progress(quiet=True)
    result = Audit(names[0], tuple(names[1:]), thresholds or Thresholds(), rows_against=len(against))
    if sample is None:
        rows = iter(audited)
        sample = list(itertools.islice(rows, SAMPLE))
        audited = itertools.chain(sample, rows)
    boilerplate = find_boilerplate(sample, against)
    result.discounted = boilerplate.stretches
    known = [traits_of(record, boilerplate=boilerplate) for record in against]
    behaviours = None
    if judge is not None:
        behaviours = Behaviours(known, judge, recorded_keys=recorded_keys, progress=shown)
    with shown.stage("audit", total=total) as bar:
        trust_keys = judge is None or recorded_keys
        chunks = match_chunks(
            _chunks(audited),
            known,
            result.thresholds,
            boilerplate=boilerplate,
            trust_keys=trust_keys,
            workers=workers,
        )
        for chunk, texts in chunks:
            result.findings += _findings(result, behaviours, against, chunk, texts)
            bar.advance(len(chunk), note=f"{len(result.findings)} found")
    if behaviours is not None:
        result.against_not_run = behaviours.not_run()
    return result


def _told(records: Iterable[Record], advance: Callable[[], None]) -> Iterator[Record]:
    for record in records:
        advance()
        yield record


def _chunks(records: Iterable[Record]) -> Iterator[list[Record]]:
    chunk: list[Record] = []
    for record in records:
        chunk.append(record)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _findings(
    result: Audit,
    behaviours: Behaviours | None,
    stored: Sequence[Record],
    chunk: Sequence[Record],
    texts: Sequence[Matched],
) -> list[Finding]:
    """Return what is found of a chunk of rows, in their order, and count them."""
    found: list[Finding] = []
    rows = [(record, program) for record, (program, _) in zip(chunk, texts, strict=True)]
    answered = behaviours.answered(rows) if behaviours is not None else None
    for row, (program, matches) in zip(rows, texts, strict=True):
        record = row[0]
        result.rows += 1
        result.unparsed += bool(record.code and not program.parsed)
        if behaviours is not None and answered is not None:
            answers = next(answered)
            result.compared_by_behaviour += answers.compared
            result.unanswered += answers.failed
            if answers.not_run:
                result.not_run.setdefault(answers.not_run, []).append(record.row)
            doubtful = {m[2] for m in matches if _may_mislead(m, record, stored)} - answers.equal.keys()
            others = {number for number in sorted(doubtful) if behaviours.differ(row, answers, number)}
            result.withdrawn += len(others)
            matches = [m for m in matches if not (m[2] in others and _may_mislead(m, record, stored))]
            matches += [("behaviour", "code", number, 1.0, said) for number, said in answers.equal.items()]
        found += [Finding(kind, side, record, stored[n], score, said) for kind, side, n, score, said in matches]
    return found


def _may_mislead(match: Match, record: Record, stored: Sequence[Record]) -> bool:
    """Tell whether a match is withdrawn where the programs differ: similar programs, or instructions of our own rows.

    Foreign instructions may be the same although a solution beside them is wrong; ours are not.
    """
    kind, side, number, _, _ = match
    ours = bool(record.behaviour_key and stored[number].behaviour_key)
    return kind in SIMILAR and (side == "code" or ours)
