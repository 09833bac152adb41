"""Steps in words: what each step of a function does, said of the value the step before gave.

Inputs are called by their noun ("the list"), or by their names where there are several. In a chain the value at hand is
called by its noun alone; where steps are numbered it is called by its noun and its step, "the list from step 2".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from moiety.atoms.definition import PLACEHOLDERS
from moiety.synthesis import phrases
from moiety.synthesis.derived import Choice, Mapped, Pair
from moiety.synthesis.graph import Graph, input_names
from moiety.types import bare_noun, indefinite, noun, restriction

_PART: Final = re.compile(r"\{(\w+)\}")


class Speaker:
    """Put the steps of one graph into words, in order. `clauses` holds each call's wording.

    `introduced`: the sentence says what the inputs are; if not, the first mention of each tells what restricts it.
    """

    def __init__(
        self, graph: Graph, clauses: Sequence[str], *, template: int, language: str, introduced: bool = True
    ) -> None:
        self._graph, self._clauses = graph, clauses
        self._number, self._language = template, language
        self._names = input_names(graph)
        self._current, self._done = 0, 0
        self._mentioned = False  # the value at hand, in this step
        self._known = set(range(len(graph.inputs))) if introduced else set()

    def inputs(self) -> str:
        """Return how the inputs are introduced."""
        types, language = self._graph.inputs, self._language
        if len(types) == 1:
            return indefinite(types[0], language)
        named = [indefinite(t, language, name=name) for t, name in zip(types, self._names, strict=True)]
        comma, last = (", ", " and ") if language == "en" else ("、", "和")
        return f"{comma.join(named[:-1])}{last}{named[-1]}"

    def step(self, segment: range) -> str:
        """Return the words of one step, and go on to the value it gives."""
        graph, first = self._graph, len(self._graph.inputs)
        final = segment[-1]
        atom = graph.calls[final].atom
        if isinstance(atom, Choice):
            text = self._conditional(final)
        elif isinstance(atom, Pair):
            text = self._branched(phrases.PAIRS, segment)
        elif len(segment) == 1:
            text = self._mapped(final) if isinstance(atom, Mapped) else self._clause(final)
        else:
            text = self._joined(segment)
        self._current, self._done, self._mentioned = first + final, self._done + 1, False
        return text

    def _value(self, value: int) -> str:
        """Return how a value that exists before the step is referred to."""
        graph, language = self._graph, self._language
        if value < len(graph.inputs):
            return self._input(value)
        if graph.shape == "chain" or (self._mentioned and len(graph.inputs) == 1):
            return noun(graph.types[value], language)
        self._mentioned = True
        return phrases.FROM_STEP[language].format(noun=bare_noun(graph.types[value], language), number=self._done)

    def _input(self, value: int) -> str:
        types, language = self._graph.inputs, self._language
        word = self._names[value] if len(types) > 1 else noun(types[value], language)
        known = value in self._known
        self._known.add(value)
        said = "" if known else restriction(types[value], language)
        return phrases.RESTRICTED[language].format(value=word, restriction=said) if said else word

    def _clause(self, position: int, words: Sequence[str] = ()) -> str:
        """Return a call's clause with its operands; `words` says how they are called instead of `_value`."""
        arguments = self._graph.calls[position].arguments

        def operand(place: int) -> str:
            return words[place] if words else self._value(arguments[place])

        names = [placeholder.strip("{}") for placeholder in PLACEHOLDERS[: len(arguments)]]
        parts = {name: functools.partial(operand, place) for place, name in enumerate(names)}
        return _filled(self._clauses[position], parts)

    def _form(self, forms: Mapping[str, Sequence[str]], **parts: Callable[[], str]) -> str:
        return _filled(forms[self._language][self._number], parts)

    def _mapped(self, position: int) -> str:
        call = self._graph.calls[position]
        element, this = phrases.element_words(call.atom.inputs[0], self._language)
        return self._form(
            phrases.MAPS,
            element=lambda: element,
            list=lambda: self._value(call.arguments[0]),
            clause=lambda: self._clause(position, [this]),
        )

    def _conditional(self, position: int) -> str:
        test, first, second = self._graph.calls[position].arguments
        start = len(self._graph.inputs)

        def side(value: int) -> str:
            if value == self._current:
                return phrases.UNCHANGED[self._language].format(value=self._value(value))
            return self._clause(value - start)

        return self._form(
            phrases.CONDITIONALS,
            test=lambda: self._clause(test - start),
            first=lambda: side(first),
            second=lambda: side(second),
        )

    def _joined(self, segment: range) -> str:
        graph, start = self._graph, len(self._graph.inputs)
        final = segment[-1]
        values = graph.calls[final].arguments
        inner = [v for v in values if v >= start and v - start in segment]
        forked = all(graph.calls[v - start].arguments == (self._current,) for v in inner) and all(
            v in inner or v == self._current for v in values
        )
        if forked:
            return self._branched(phrases.FORKS, segment)
        (branch,) = inner
        return self._form(
            phrases.JOINS,
            branch=lambda: self._branch(branch),
            join=lambda: self._clause(final, ["A" if v == branch else self._value(v) for v in values]),
        )

    def _branched(self, forms: Mapping[str, Sequence[str]], segment: range) -> str:
        """Return the words of a step of two branches from the value at hand: joined by an atom, or put in a tuple."""
        final, language = segment[-1], self._language
        first, second = self._graph.calls[final].arguments

        def both() -> str:
            """Return what says that both branches take the same value; needless where one is that value itself."""
            if self._current in (first, second):
                return ""
            return phrases.BOTH[language][self._number].format(same=self._value(self._current))

        return self._form(
            forms,
            first=lambda: self._branch(first),
            second=lambda: self._branch(second),
            both=both,
            same=lambda: self._value(self._current),
            join=lambda: self._clause(final, ["A", "B"]),
        )

    def _branch(self, value: int) -> str:
        """Return the words for one side of a step: what a call gives, or the value the step takes."""
        if value != self._current:
            return phrases.OUTCOME[self._language].format(clause=self._clause(value - len(self._graph.inputs)))
        inputs = len(self._graph.inputs)
        by_step = value >= inputs and (inputs > 1 or not self._mentioned)
        text = self._value(value)
        return text if by_step else phrases.ITSELF[self._language].format(value=text)


def _filled(form: str, parts: Mapping[str, Callable[[], str]]) -> str:
    """Return a form with its parts, worked out in the order in which they are read: first mentions say more.

    Other braces stay as they are: the clauses of a user's atoms may hold them.
    """
    return _PART.sub(lambda found: parts[found[1]]() if found[1] in parts else found[0], form)
