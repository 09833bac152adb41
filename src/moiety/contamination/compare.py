"""Behaviour in an audit: which programs are run, with which types, and what they equal.

A stored program whose types are known, from annotations or from the inputs of its tests, is run once. An audited one is
run with its own types where a stored program takes them; where it says none, with those of the stored programs that
take as many arguments. A stored program without types is lent those of the audited ones in the same way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from moiety.contamination.arguments import Arguments, Signature
from moiety.contamination.behaviour import Answers, BehaviourIndex, Run, bank_keys, differ, run_all
from moiety.contamination.index import Traits
from moiety.contamination.programs import Program
from moiety.contamination.rows import Record
from moiety.judge import Judge
from moiety.progress import Progress

MOST_LENT = 12  # signatures that a program without types is run with, the commonest first
NO_CODE = "it holds no program"
NO_ARITY = "no function of {} in the other files"
NO_TYPES = "no inputs of its types, {}, in the other files"
UNKNOWN = "types unknown: neither annotations nor test inputs, here or in the other files"
FEW_ANSWERS = "run, but it gave too few answers"
Row = tuple[Record, Program]


@dataclass(slots=True)
class Answered:
    """What running one audited program gave: the stored ones it equals, each with the evidence.

    `not_run` says why it was not compared; `answers` are by signature.
    """

    not_run: str = ""
    failed: bool = False
    answers: dict[Signature, Answers] = field(default_factory=dict)
    equal: dict[int, str] = field(default_factory=dict)

    @property
    def compared(self) -> bool:
        """Whether its behaviour was compared with any."""
        return not self.not_run


class Behaviours:
    """The stored programs by what they answer."""

    def __init__(self, stored: Sequence[Traits], judge: Judge, *, recorded_keys: bool, progress: Progress) -> None:
        self._stored, self._judge, self._recorded_keys = stored, judge, recorded_keys
        self._index, self._lent = BehaviourIndex(), BehaviourIndex()
        self._answers: dict[tuple[int, Signature], Answers] = {}
        self._keys: dict[str, list[int]] = {}
        self._keys_of: dict[int, set[str]] = {}
        self._known: Counter[Signature] = Counter()
        self._untyped = [i for i, t in enumerate(stored) if t.record.code and t.program.arguments.open]
        self._lent_to: set[Signature] = set()
        self._wanted_by: dict[Arguments, tuple[list[Signature], str]] = {}
        typed = [(i, t.program.inputs) for i, t in enumerate(stored) if t.program.inputs is not None]
        with progress.stage("run the programs of the other files", total=len(typed)) as bar:
            ran = run_all(judge, [self._run_of(i, signature) for i, signature in typed])
            for (number, signature), answers in zip(typed, ran, strict=True):
                self._add(number, signature, answers)
                bar.advance()

    def _run_of(self, number: int, signature: Signature) -> Run:
        traits = self._stored[number]
        return traits.record.code, traits.program.entry_point, signature

    def _add(self, number: int, signature: Signature, answers: Answers | None) -> None:
        traits = self._stored[number]
        if self._recorded(traits.record):
            self._add_keys(number, {traits.record.behaviour_key})
        if answers is None:
            return
        self._answers[number, signature] = answers
        self._known[signature] += 1
        if answers.varied:
            self._index.add(number, signature, answers)
            if self._recorded_keys and not self._recorded(traits.record):
                self._add_keys(number, bank_keys(self._judge, traits.record.code, traits.program))

    def _add_keys(self, number: int, keys: set[str]) -> None:
        self._keys_of[number] = keys
        for key in keys:
            self._keys.setdefault(key, []).append(number)

    def not_run(self) -> dict[str, list[str]]:
        """Return why stored programs were never run, each reason with the places of the rows."""
        found: dict[str, list[str]] = {}
        ran = {number for number, _ in self._answers}
        lent = {i for i in self._untyped for one in self._lent_to if self._stored[i].program.arguments.take(one)}
        for number, traits in enumerate(self._stored):
            arguments = traits.program.arguments
            if number in ran or self._recorded(traits.record):
                continue
            if not traits.record.code:
                reason = NO_CODE
            elif arguments.cannot:
                reason = arguments.cannot
            elif arguments.inputs is not None or number in lent:
                reason = FEW_ANSWERS
            else:
                reason = UNKNOWN if arguments.open else f"no inputs can be made of its types, {arguments}"
            found.setdefault(reason, []).append(traits.record.place)
        return found

    def answered(self, rows: Sequence[Row]) -> Iterator[Answered]:
        """Yield for each of some rows what running it gave, or why it was not run."""
        wanted = [self._wanted(record, program) for record, program in rows]
        for (_, program), (signatures, _) in zip(rows, wanted, strict=True):
            if signatures and program.inputs is not None:
                self._lend(program.inputs)
        runs = [
            (record.code, program.entry_point, signature)
            for (record, program), (signatures, _) in zip(rows, wanted, strict=True)
            for signature in signatures
        ]
        ran = run_all(self._judge, runs)
        for (record, program), (signatures, reason) in zip(rows, wanted, strict=True):
            if self._recorded(record):
                said = "equal behaviour keys on our bank"
                yield Answered(equal=dict.fromkeys(self._keys.get(record.behaviour_key, ()), said))
            elif not signatures:
                yield Answered(reason)
            else:
                yield self._compared(program, {signature: next(ran) for signature in signatures})

    def _wanted(self, record: Record, program: Program) -> tuple[list[Signature], str]:
        """Return the signatures that an audited program is run with, and why there are none."""
        arguments = program.arguments
        if self._recorded(record):
            return [], ""
        if not record.code or arguments.cannot:
            return [], arguments.cannot if record.code else NO_CODE
        if arguments not in self._wanted_by:
            self._wanted_by[arguments] = self._wanted_of(arguments)
        return self._wanted_by[arguments]

    def _wanted_of(self, arguments: Arguments) -> tuple[list[Signature], str]:
        others = [self._stored[number].program.arguments for number in self._untyped]
        if arguments.inputs is not None:
            if arguments.inputs in self._known or any(other.take(arguments.inputs) for other in others):
                return [arguments.inputs], ""
        elif arguments.open:
            fitting = [one for one in self._known if arguments.take(one)]
            if fitting:
                return sorted(fitting, key=lambda one: (-self._known[one], one))[:MOST_LENT], ""
        counts = range(arguments.least, len(arguments.types) + 1)
        if not any(t.program.arguments.has_arity(count) for t in self._stored for count in counts):
            shown = " or ".join(map(str, counts))
            return [], NO_ARITY.format(f"{shown} argument{'s' if shown != '1' else ''}")
        unknown = arguments.open and not any(arguments.types)
        return [], UNKNOWN if unknown else NO_TYPES.format(arguments)

    def _lend(self, signature: Signature) -> None:
        """Run the stored programs without types, once, with those of an audited one."""
        if signature in self._lent_to:
            return
        self._lent_to.add(signature)
        numbers = [i for i in self._untyped if self._stored[i].program.arguments.take(signature)]
        ran = run_all(self._judge, [self._run_of(i, signature) for i in numbers])
        for number, answers in zip(numbers, ran, strict=True):
            if answers is not None:
                self._answers[number, signature] = answers
                if answers.varied:
                    self._lent.add(number, signature, answers)

    def _recorded(self, record: Record) -> bool:
        return self._recorded_keys and bool(record.behaviour_key)

    def _compared(self, program: Program, ran: dict[Signature, Answers | None]) -> Answered:
        result = Answered(answers={signature: one for signature, one in ran.items() if one is not None})
        if not result.answers:
            return Answered(FEW_ANSWERS, failed=True)
        indexes = [self._index] if program.inputs is None else [self._index, self._lent]
        for signature, answers in result.answers.items():
            for index in indexes if answers.varied else ():
                for number, count in index.agreeing(signature, answers):
                    said = f"equal answers on all {count} probes of ({', '.join(signature)}) that both answer"
                    result.equal.setdefault(number, said)
        return result

    def differ(self, row: Row, answered: Answered, number: int) -> bool:
        """Return True if an audited program surely is another function than a stored one."""
        record, program = row
        if self._recorded(record) and self._keys_of.get(number):
            return record.behaviour_key not in self._keys_of[number]
        own, other = program.arguments, self._stored[number].program.arguments
        if own.annotated and other.annotated and own.inputs and other.inputs and own.inputs != other.inputs:
            return (number, other.inputs) in self._answers
        pairs = ((answers, self._answers.get((number, signature))) for signature, answers in answered.answers.items())
        return any(theirs is not None and differ(ours, theirs) for ours, theirs in pairs)
