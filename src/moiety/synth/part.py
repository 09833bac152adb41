"""Which of the drawn functions a set takes, and in which wordings each becomes rows.

Without a set (`moiety synth`) every function is taken, in wordings that training may use. Membership is by the hash of
the behaviour key and is looked up before admission, which costs far more.
"""

from __future__ import annotations

from dataclasses import dataclass

from moiety.atoms.definition import Atom
from moiety.splits import set_of
from moiety.synthesis.bank import Evaluator
from moiety.synthesis.graph import Graph
from moiety.synthesis.limits import SizeLimitError

ANOTHER_SET = "belongs to another set"
NOT_COMPOSED = "holds no held-out atom"
AN_ATOM = "equals an atomic task"


@dataclass(frozen=True, slots=True)
class Wording:
    """`count` rows of a function in one domain.

    `language`: "" for the one drawn; `held_out`: in the templates kept from training; `split`: "" for that of the key.
    """

    domain: str
    count: int = 1
    language: str = ""
    held_out: bool = False
    split: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One set's part of the functions that are drawn.

    `member_of` is what `set_of` must say of the key; `uses`: atoms of which a function must hold one; `atom_keys`:
    behaviour keys of atomic tasks, which no composition may equal. A function must not equal a shorter one over
    `catalogue`.
    """

    wordings: tuple[Wording, ...]
    catalogue: tuple[Atom, ...] = ()
    member_of: str = ""
    uses: frozenset[str] = frozenset()
    atom_keys: frozenset[str] = frozenset()

    @property
    def rows_a_function(self) -> int:
        """How many rows each function becomes."""
        return sum(wording.count for wording in self.wordings)

    def refuses(self, graph: Graph, evaluator: Evaluator) -> str:
        """Return why a function is not of this part, nothing where it is. One that grows too large is admission's."""
        if self.uses and not self.uses.intersection(graph.atoms):
            return NOT_COMPOSED
        if not self.member_of:
            return ""
        try:
            key = evaluator.behaviour(graph).key
        except SizeLimitError:
            return ""
        if key in self.atom_keys:
            return AN_ATOM
        return "" if set_of(key) == self.member_of else ANOTHER_SET
