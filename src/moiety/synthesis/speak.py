"""Steps in words: what each step of a function does, said of the value the step before gave.

A function of one input speaks of "the list", "the number"; with several inputs the first step names the parameters and
later ones speak of "the result".
"""

from __future__ import annotations

from collections.abc import Sequence

from moiety.synthesis import phrases
from moiety.synthesis.derived import Choice, Mapped, Pair
from moiety.synthesis.graph import Graph, input_names
from moiety.types import indefinite, noun


class Speaker:
    """Put the steps of one graph into words, in order. `clauses` holds each call's wording."""

    def __init__(self, graph: Graph, clauses: Sequence[str], *, template: int, language: str) -> None:
        self._graph, self._clauses = graph, clauses
        self._number, self._language = template, language
        self._names = input_names(graph)
        self._current = 0

    def inputs(self) -> str:
        """Return how the inputs are introduced."""
        kinds = [indefinite(t, self._language) for t in self._graph.inputs]
        if len(kinds) == 1:
            return kinds[0]
        named = [f"{kind} {name}" for kind, name in zip(kinds, self._names, strict=True)]
        comma, last = (", ", " and ") if self._language == "en" else ("、", "和")
        return f"{comma.join(named[:-1])}{last}{named[-1]}"

    def step(self, segment: range) -> str:
        """Return the words of one step, and go on to the value it gives."""
        graph, first = self._graph, len(self._graph.inputs)
        final = segment[-1]
        atom = graph.calls[final].atom
        if isinstance(atom, Choice):
            text = self._conditional(final)
        elif isinstance(atom, Pair):
            text = self._paired(segment)
        elif len(segment) == 1:
            text = self._mapped(final) if isinstance(atom, Mapped) else self._fill(final)
        else:
            text = self._joined(segment)
        self._current = first + final
        return text

    def _value(self, value: int) -> str:
        """Return how a value that exists before the step is referred to."""
        graph = self._graph
        if len(graph.inputs) > 1:
            return self._names[value] if value < len(graph.inputs) else phrases.RESULT[self._language]
        return noun(graph.types[value], self._language)

    def _fill(self, position: int, names: Sequence[str] = ()) -> str:
        """Return a call's clause with its operands; `names` replaces the words for them."""
        words = names or [self._value(i) for i in self._graph.calls[position].arguments]
        text = self._clauses[position]
        for placeholder, word in zip(("{x}", "{y}", "{z}"), words, strict=False):
            text = text.replace(placeholder, word)
        return text

    def _mapped(self, position: int) -> str:
        call = self._graph.calls[position]
        element, this = phrases.element_words(call.atom.inputs[0], self._language)
        form = phrases.MAPS[self._language][self._number]
        clause = self._fill(position, [this])
        return form.format(element=element, list=self._value(call.arguments[0]), clause=clause)

    def _conditional(self, position: int) -> str:
        test, first, second = self._graph.calls[position].arguments
        form = phrases.CONDITIONALS[self._language][self._number]
        start = len(self._graph.inputs)
        branches = {
            name: phrases.UNCHANGED[self._language].format(value=self._value(value))
            if value == self._current
            else self._fill(value - start)
            for name, value in (("first", first), ("second", second))
        }
        return form.format(test=self._fill(test - start), **branches)

    def _paired(self, segment: range) -> str:
        first, second = map(self._branch, self._graph.calls[segment[-1]].arguments)
        form = phrases.PAIRS[self._language][self._number]
        return form.format(first=first, second=second, same=self._same())

    def _joined(self, segment: range) -> str:
        graph, start, language = self._graph, len(self._graph.inputs), self._language
        final = segment[-1]
        values = graph.calls[final].arguments
        inner = [v for v in values if v >= start and v - start in segment]
        forked = all(graph.calls[v - start].arguments == (self._current,) for v in inner) and all(
            v in inner or v == self._current for v in values
        )
        if not forked:
            (branch,) = inner
            names = ["B" if v == branch else self._value(v) for v in values]
            form = phrases.JOINS[language][self._number]
            return form.format(second=self._branch(branch), join=self._fill(final, names))
        first, second = map(self._branch, values)
        form = phrases.FORKS[language][self._number]
        join = self._fill(final, ["A", "B"])
        return form.format(first=first, second=second, same=self._same(), join=join)

    def _branch(self, value: int) -> str:
        """Return the words for one side of a step: what a call gives, or the value the step takes."""
        if value == self._current:
            return phrases.ITSELF[self._language].format(value=self._value(value))
        return phrases.OUTCOME[self._language].format(clause=self._fill(value - len(self._graph.inputs)))

    def _same(self) -> str:
        value = self._value(self._current)
        if self._language == "zh":
            return f"同一个值（{value}）" if value == phrases.RESULT["zh"] else value
        return value
