"""Behaviour in an audit: the stored programs are run once, each audited one when its signature is among theirs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from moiety.contamination.behaviour import Answers, BehaviourIndex, bank_keys, differ, run_all
from moiety.contamination.index import Traits
from moiety.contamination.programs import Program
from moiety.contamination.rows import Record
from moiety.judge import Judge
from moiety.progress import Progress

Row = tuple[Record, Program]


@dataclass(slots=True)
class Answered:
    """What running one audited program gave: the stored ones it equals, each with the evidence."""

    compared: bool = False
    failed: bool = False
    answers: Answers | None = None
    equal: dict[int, str] = field(default_factory=dict)


class Behaviours:
    """The stored programs by what they answer."""

    def __init__(self, stored: Sequence[Traits], judge: Judge, *, recorded_keys: bool, progress: Progress) -> None:
        self._stored, self._judge, self._recorded_keys = stored, judge, recorded_keys
        self._index = BehaviourIndex()
        self._answers: dict[int, Answers | None] = {}
        self._keys: dict[str, list[int]] = {}
        self._keys_of: dict[int, set[str]] = {}
        fitting = [i for i, traits in enumerate(stored) if traits.program.inputs is not None]
        with progress.stage("run the programs it is held against", total=len(fitting)) as bar:
            ran = run_all(judge, [(stored[i].record.code, stored[i].program) for i in fitting])
            for number, answers in zip(fitting, ran, strict=True):
                self._add(number, answers)
                bar.advance()

    def _add(self, number: int, answers: Answers | None) -> None:
        traits = self._stored[number]
        self._answers[number] = answers
        if self._recorded(traits.record):
            self._add_keys(number, {traits.record.behaviour_key})
        if answers is None or traits.program.inputs is None:
            return
        self._index.signatures.add(traits.program.inputs)
        if answers.varied:
            self._index.add(number, traits.program.inputs, answers)
            if self._recorded_keys and not self._recorded(traits.record):
                self._add_keys(number, bank_keys(self._judge, traits.record.code, traits.program))

    def _add_keys(self, number: int, keys: set[str]) -> None:
        self._keys_of[number] = keys
        for key in keys:
            self._keys.setdefault(key, []).append(number)

    def answered(self, rows: Sequence[Row]) -> Iterator[Answered]:
        """Yield for each of some rows what running it gave; nothing where no stored signature fits."""
        to_run = [self._is_run(record, program) for record, program in rows]
        programs = [(record.code, program) for (record, program), runs in zip(rows, to_run, strict=True) if runs]
        ran = run_all(self._judge, programs)
        for (record, program), runs in zip(rows, to_run, strict=True):
            if runs:
                yield self._compared(program, next(ran))
            elif self._recorded(record):
                said = "equal behaviour keys on our bank"
                yield Answered(True, equal=dict.fromkeys(self._keys.get(record.behaviour_key, ()), said))
            else:
                yield Answered()

    def _is_run(self, record: Record, program: Program) -> bool:
        return program.inputs in self._index.signatures and not self._recorded(record)

    def _recorded(self, record: Record) -> bool:
        return self._recorded_keys and bool(record.behaviour_key)

    def _compared(self, program: Program, answers: Answers | None) -> Answered:
        inputs = program.inputs
        if answers is None or inputs is None:
            return Answered(failed=True)
        result = Answered(True, answers=answers)
        if answers.varied:
            for number, count in self._index.agreeing(inputs, answers):
                result.equal[number] = f"equal answers on all {count} probes of ({', '.join(inputs)}) that both answer"
        return result

    def differ(self, row: Row, answered: Answered, number: int) -> bool:
        """Tell whether an audited program surely is another function than a stored one."""
        record, program = row
        if self._recorded(record) and self._keys_of.get(number):
            return record.behaviour_key not in self._keys_of[number]
        other = self._answers.get(number)
        if other is None or program.inputs is None:
            return False
        if program.inputs != self._stored[number].program.inputs:
            return True
        return answered.answers is not None and differ(answered.answers, other)
