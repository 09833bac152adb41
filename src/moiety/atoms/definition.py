"""What an atomic function is, and the decorator that makes one from a typed Python function.

`@atom(...)` replaces the function by a frozen `Atom` that carries its plain source, its types and its wordings.
Nothing is registered: a module's atoms are those it holds. Whether an atom keeps its promises is `checking`'s part.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from moiety.errors import UserError
from moiety.types import ValueType, all_types, type_of_annotation

MIN_CLAUSES: Final = 4
MIN_EXAMPLES: Final = 3
PLACEHOLDERS: Final = ("{x}", "{y}", "{z}")

Example = tuple[tuple[Any, ...], Any]


@dataclass(frozen=True)
class Atom:
    """One atomic function.

    `source` is a plain `def`: no decorator, no docstring, annotations of the standard library only.
    `inlinable`: one final return, no recursion, parameters never rebound, so that the body can stand in another one.
    Atoms are equal when name, topic, types and source are.
    """

    name: str
    topic: str
    inputs: tuple[ValueType, ...]
    output: ValueType
    source: str
    inlinable: bool
    quick: bool
    function: Callable[..., Any] = field(compare=False, repr=False)
    english: tuple[str, ...] = field(compare=False, repr=False)
    chinese: tuple[str, ...] = field(compare=False, repr=False)
    examples: tuple[Example, ...] = field(compare=False, repr=False)

    def __call__(self, *arguments: Any) -> Any:
        """Apply the function; recursive atoms call themselves through this."""
        return self.function(*arguments)

    def __hash__(self) -> int:
        return hash(self.name)

    def __reduce__(self) -> tuple[Any, ...]:
        values = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "function"}
        return _from_source, (values,)


def _from_source(values: dict[str, Any]) -> Atom:
    """Rebuild an unpickled atom: its function is compiled from its source."""
    return Atom(**values, function=compile_source(values["source"], values["name"]))


def compile_source(source: str, name: str) -> Callable[..., Any]:
    """Return the function `name` that `source` defines."""
    namespace: dict[str, Any] = {}
    exec(compile(source, f"<atom {name}>", "exec"), namespace)
    function: Callable[..., Any] = namespace[name]
    return function


def atom(
    *, topic: str, english: Sequence[str], chinese: Sequence[str], examples: Sequence[Example], quick: bool = False
) -> Callable[[Callable[..., Any]], Atom]:
    """Turn a typed function into an `Atom`.

    `english`, `chinese`: at least four clauses each, with `{x}` for the operand and `{y}` for a second one;
    `examples`: at least three pairs of (arguments, output); `quick`: part of the quick study's subset.
    Raises UserError that names the atom.
    """

    def make(function: Callable[..., Any]) -> Atom:
        name = function.__name__
        inputs, output = _signature(function)
        _check_clauses(name, "english", english, arity=len(inputs))
        _check_clauses(name, "chinese", chinese, arity=len(inputs))
        if len(examples) < MIN_EXAMPLES:
            raise UserError(f"atom {name}: examples: need at least {MIN_EXAMPLES}, got {len(examples)}")
        for arguments, _ in examples:
            if type(arguments) is not tuple or len(arguments) != len(inputs):
                raise UserError(f"atom {name}: examples: need a tuple of {len(inputs)} arguments, got {arguments!r}")
        text = textwrap.dedent(inspect.getsource(function))
        node = _definition(text, name)
        return Atom(
            name=name,
            topic=topic,
            inputs=inputs,
            output=output,
            source=_plain_source(node, text, inputs, output),
            inlinable=_is_inlinable(node),
            quick=quick,
            function=function,
            english=tuple(english),
            chinese=tuple(chinese),
            examples=tuple(examples),
        )

    return make


def _signature(function: Callable[..., Any]) -> tuple[tuple[ValueType, ...], ValueType]:
    name = function.__name__
    parameters = inspect.signature(function).parameters
    plain = [p.kind is p.POSITIONAL_OR_KEYWORD and p.default is p.empty for p in parameters.values()]
    if not plain or not all(plain):
        raise UserError(f"atom {name}: need one or more plain parameters without defaults, got {tuple(parameters)}")
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except NameError as error:
        raise UserError(f"atom {name}: need known annotations: {error}") from None
    types = []
    for parameter in (*parameters, "return"):
        try:
            types.append(type_of_annotation(hints[parameter]))
        except KeyError:
            raise UserError(f"atom {name}: {parameter}: need a type annotation") from None
        except ValueError:
            known = ", ".join(t.name for t in all_types())
            raise UserError(f"atom {name}: {parameter}: need one of {known}, got {hints[parameter]}") from None
    return tuple(types[:-1]), types[-1]


def _check_clauses(name: str, language: str, clauses: Sequence[str], *, arity: int) -> None:
    count = len(set(clauses))
    if count < MIN_CLAUSES:
        raise UserError(f"atom {name}: {language}: need at least {MIN_CLAUSES} different clauses, got {count}")
    for clause in clauses:
        missing = [p for p in PLACEHOLDERS[:arity] if p not in clause]
        extra = [p for p in PLACEHOLDERS[arity:] if p in clause]
        if missing or extra:
            wanted = " and ".join(PLACEHOLDERS[:arity])
            raise UserError(f"atom {name}: {language}: need {wanted} and no other placeholder, got {clause!r}")


def _definition(text: str, name: str) -> ast.FunctionDef:
    node = ast.parse(text).body[0]
    if not isinstance(node, ast.FunctionDef):
        raise UserError(f"atom {name}: need a plain `def`, got {type(node).__name__}")
    if ast.get_docstring(node) is not None:
        del node.body[0]
    if not node.body:
        raise UserError(f"atom {name}: need a body, got a docstring only")
    return node


def _plain_source(node: ast.FunctionDef, text: str, inputs: tuple[ValueType, ...], output: ValueType) -> str:
    """Return the definition with plain annotations and the body as it is written."""
    lines = text.splitlines()
    parameters = ", ".join(f"{a.arg}: {t.annotation}" for a, t in zip(node.args.args, inputs, strict=True))
    first, last = node.body[0].lineno, node.body[-1].end_lineno
    if first == node.lineno:
        raise UserError(f"atom {node.name}: need the body on lines of its own")
    body = textwrap.indent(textwrap.dedent("\n".join(lines[first - 1 : last])), "    ")
    return f"def {node.name}({parameters}) -> {output.annotation}:\n{body}\n"


def _is_inlinable(node: ast.FunctionDef) -> bool:
    inner = [n for statement in node.body for n in ast.walk(statement)]
    returns = [n for n in inner if isinstance(n, ast.Return)]
    parameters = {a.arg for a in node.args.args}
    nested = any(isinstance(n, ast.FunctionDef) for n in inner)
    recursive = any(isinstance(n, ast.Name) and n.id == node.name for n in inner)
    rebinds = any(isinstance(n, ast.Name) and n.id in parameters and not isinstance(n.ctx, ast.Load) for n in inner)
    return returns == [node.body[-1]] and not (nested or recursive or rebinds)
