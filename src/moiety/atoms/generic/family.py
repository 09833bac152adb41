"""A family of generic operations: one template of name, body and clauses, and the parameter values to fill in.

`$k` and the like stand for parameters (`string.Template`), `{x}` for the operand, as in every atom's clauses.
Not a way to add atoms of one's own: that is `@atom`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Template
from typing import Final

from moiety.atoms.definition import Atom, compile_source
from moiety.types import edge_cases, value_type

TOPIC: Final = "generic"
_CHARACTER_NAMES: Final = {"-": "dash", ".": "dot", ",": "comma", " ": "space", "_": "underscore"}

Values = Mapping[str, str]


@dataclass(frozen=True)
class Family:
    """Operations that differ in a parameter only. `types` reads `input -> output`; one `return`, the last line."""

    name: str
    types: str
    body: str
    values: tuple[Values, ...]
    english: tuple[str, ...]
    chinese: tuple[str, ...]

    def operations(self) -> tuple[Atom, ...]:
        """Return one operation per set of parameter values."""
        return tuple(self._operation(values) for values in self.values)

    def _operation(self, values: Values) -> Atom:
        operand, output = (value_type(name) for name in self.types.split(" -> "))
        name = Template(self.name).substitute(values)
        body = Template(self.body.strip("\n")).substitute(values)
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        source = f"def {name}({operand.variable}: {operand.annotation}) -> {output.annotation}:\n{lines}"
        function = compile_source(source, name)
        edges = edge_cases(operand)
        return Atom(
            name=name,
            topic=TOPIC,
            inputs=(operand,),
            output=output,
            source=source,
            inlinable=True,
            quick=False,
            function=function,
            english=tuple(Template(clause).substitute(values) for clause in self.english),
            chinese=tuple(Template(clause).substitute(values) for clause in self.chinese),
            examples=tuple(((x,), function(x)) for x in (edges[0], edges[len(edges) // 2], edges[-1])),
        )


def numbers(*ks: int) -> tuple[Values, ...]:
    """Return values of the parameter `$k`."""
    return tuple({"k": str(k)} for k in ks)


def characters(*texts: str) -> tuple[Values, ...]:
    """Return values of the parameter `$c`, a text, and of `$name`, the word for it in a name."""
    return tuple({"c": text, "name": _CHARACTER_NAMES.get(text, text)} for text in texts)


def pairs(*texts: tuple[str, str]) -> tuple[Values, ...]:
    """Return values of two texts, `$a` and `$b`, and of their words in a name, `$first` and `$second`."""
    return tuple(
        {"a": a, "b": b, "first": _CHARACTER_NAMES.get(a, a), "second": _CHARACTER_NAMES.get(b, b)} for a, b in texts
    )
