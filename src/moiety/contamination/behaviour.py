"""What programs answer on probes they share: the last word where texts and trees differ.

Programs run in the judge alone, on the probes of their argument types, narrow domains first, so that a function that
is total on non-empty lists only is still compared where it answers. Two agree when they answer alike, by the judge's
exact equality, wherever both answer.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from moiety.contamination.arguments import Signature
from moiety.contamination.programs import Program
from moiety.contamination.shingles import Hashes
from moiety.judge import Judge, Verdict, encode
from moiety.synthesis.bank import Values, bank, behaviour_key, probe_inputs
from moiety.types import ValueType, all_types, contains, root_type, value_type

PROBES_A_DOMAIN = 32
MIN_ANSWERS = 24
MIN_DISTINCT = 3
MIN_RARER = 0.2
MAX_DOMAINS = 9
CPU_LIMIT_S = 0.2
_SEED = 0x617564697421
_NARROW = {"int": "small_nat", "list[list[int]]": "grid"}


Run = tuple[str, str, Signature]  # source, entry point, types of its arguments


@dataclass(frozen=True, slots=True)
class Answers:
    """Hashed outputs on the probes of a signature, where `answered`; `varied`: agreeing with them says something."""

    outputs: Hashes
    answered: npt.NDArray[np.bool_]
    varied: bool


@functools.cache
def probes(annotations: tuple[str, ...]) -> tuple[Values, ...]:
    """Return the probes of arguments with these annotations: of the narrowest domains, then of the whole types."""
    roots = tuple(value_type(name) for name in annotations)
    narrow = tuple(_narrowest(t) for t in roots)
    found: dict[bytes, Values] = {}
    for domain in dict.fromkeys((narrow, roots)):
        for values in probe_inputs(domain, PROBES_A_DOMAIN, seed=_SEED, path=("audit",)):
            found.setdefault(encode(values), values)
    return tuple(found.values())


def _narrowest(t: ValueType) -> ValueType:
    if t.name in _NARROW:
        return value_type(_NARROW[t.name])
    return next((other for other in all_types() if other.name.startswith("nonempty") and root_type(other) == t), t)


def run_all(judge: Judge, programs: Sequence[Run], *, ahead: int = 16) -> Iterator[Answers | None]:
    """Run programs, several at a time, each on probes of one signature, and yield the answers of each in order."""
    with ThreadPoolExecutor(ahead) as threads:
        running = deque(threads.submit(answers_of, judge, *pair) for pair in programs[:ahead])
        for position in range(len(programs)):
            answers = running.popleft().result()
            if position + ahead < len(programs):
                running.append(threads.submit(answers_of, judge, *programs[position + ahead]))
            yield answers


def answers_of(judge: Judge, source: str, entry_point: str, signature: Signature) -> Answers | None:
    """Return what a program answers on the probes of a signature, None where that is too little to compare."""
    given = probes(signature)
    ran = judge.run(source, entry_point, given, cpu_limit_s=CPU_LIMIT_S)
    answered = np.array([test is Verdict.PASS for test in ran.tests], np.bool_)
    if answered.sum() < MIN_ANSWERS:
        return None
    said = [encode(value) if ok else b"" for value, ok in zip(ran.outputs, answered, strict=True)]
    hashes = [int.from_bytes(hashlib.blake2b(blob, digest_size=8).digest(), "big") for blob in said]
    kept = [value for value, ok in zip(ran.outputs, answered, strict=True) if ok]
    varied = _varies(kept, len({blob for blob, ok in zip(said, answered, strict=True) if ok}))
    return Answers(np.array(hashes, np.uint64), answered, varied)


def bank_keys(judge: Judge, source: str, program: Program) -> set[str]:
    """Return the behaviour keys that a program has on our banks, one for each choice of domains for its arguments."""
    assert program.inputs is not None
    domains = [[t for t in all_types() if t.annotation == word] for word in program.inputs]
    found = set()
    for chosen in itertools.islice(itertools.product(*domains), MAX_DOMAINS):
        given = bank(chosen)
        ran = judge.run(source, program.entry_point, given, cpu_limit_s=CPU_LIMIT_S)
        output = next((t for t in all_types() if all(contains(t, value) for value in ran.outputs)), None)
        if ran.verdict is Verdict.PASS and output is not None:
            found.add(behaviour_key(chosen, output, tuple(map(encode, ran.outputs))))
    return found


def _varies(outputs: Sequence[object], distinct: int) -> bool:
    """Return True if agreeing with these outputs says anything, as admission asks of a function of ours."""
    if all(type(value) is bool for value in outputs):
        share = sum(value is True for value in outputs) / len(outputs)
        return MIN_RARER <= share <= 1 - MIN_RARER
    return distinct >= MIN_DISTINCT


class BehaviourIndex:
    """The answers of stored programs by signature."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, ...], list[int]] = {}
        self._answers: dict[tuple[str, ...], list[Answers]] = {}
        self._stacked: dict[tuple[str, ...], tuple[Hashes, npt.NDArray[np.bool_]]] = {}

    def add(self, number: int, inputs: tuple[str, ...], answers: Answers) -> None:
        """Put a program's answers under a number. They must vary."""
        self._numbers.setdefault(inputs, []).append(number)
        self._answers.setdefault(inputs, []).append(answers)
        self._stacked.pop(inputs, None)

    def agreeing(self, inputs: tuple[str, ...], answers: Answers) -> list[tuple[int, int]]:
        """Return (number, probes compared) of each stored program that answers alike wherever both answer."""
        if inputs not in self._numbers:
            return []
        if inputs not in self._stacked:
            known = self._answers[inputs]
            self._stacked[inputs] = (np.stack([a.outputs for a in known]), np.stack([a.answered for a in known]))
        outputs, answered = self._stacked[inputs]
        both = answered & answers.answered
        differ = (outputs != answers.outputs) & both
        counts = both.sum(axis=1)
        alike = np.flatnonzero(~differ.any(axis=1) & (counts >= MIN_ANSWERS))
        return [(self._numbers[inputs][i], int(counts[i])) for i in alike.tolist() if self._tells(inputs, i, both[i])]

    def _tells(self, inputs: tuple[str, ...], place: int, both: npt.NDArray[np.bool_]) -> bool:
        """Return True if what two programs agree on varies: they may have agreed on what is constant there."""
        _, counts = np.unique(self._answers[inputs][place].outputs[both], return_counts=True)
        return len(counts) >= MIN_DISTINCT or (len(counts) == 2 and counts.min() >= MIN_RARER * counts.sum())


def differ(a: Answers, b: Answers) -> bool:
    """Return True if two programs answered one probe differently."""
    return bool(((a.outputs != b.outputs) & a.answered & b.answered).any())
