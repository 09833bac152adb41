"""Whether an atom keeps its promises: total, typed, pure, deterministic, its source and its function one and the same.

A check on samples, not a proof. What only shows between processes (the order of a set) is `own`'s part.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any, Final

from moiety.atoms.definition import Atom, compile_source
from moiety.errors import UserError
from moiety.judge.codec import encode
from moiety.rng import stream
from moiety.types import contains, edge_cases, sample, stress_cases

MAX_STEPS: Final = 200_000
# Builtins whose effect or value is not in what a call returns, or not the same in another process.
IMPURE: Final = frozenset(
    {"__import__", "breakpoint", "compile", "eval", "exec", "exit", "globals", "hash", "help", "id", "input", "locals"}
    | {"open", "print", "quit", "vars"}
)

Arguments = tuple[Any, ...]


class _TooManyStepsError(Exception):
    pass


def check_atom(atom: Atom, *, seed: int = 0, num_samples: int = 2000) -> None:
    """Check that an atom is total, typed, pure and deterministic, and that its source alone gives the same values.

    Edge cases and extreme values come first, then `num_samples` samples; a call may run `MAX_STEPS` lines.
    Raises UserError with the atom, the arguments and what was expected.
    """
    _check_names(atom)
    from_source = compile_source(atom.source, atom.name)
    for arguments, expected in atom.examples:
        for value, t in zip(arguments, atom.inputs, strict=True):
            if not contains(t, value):
                raise UserError(f"atom {atom.name}: example {arguments!r}: need a value of {t.name}, got {value!r}")
        got = _checked_call(atom, from_source, arguments)
        if got != encode(expected):
            returned = atom.function(*arguments)
            raise UserError(f"atom {atom.name}: example {arguments!r}: need {returned!r}, got {expected!r}")
    for arguments in _extreme_arguments(atom, seed):
        _checked_call(atom, from_source, arguments)
    rng = stream(seed, "check", atom.name)
    for _ in range(num_samples):
        _checked_call(atom, from_source, tuple(sample(t, rng) for t in atom.inputs))


def _check_names(atom: Atom) -> None:
    nodes = list(ast.walk(ast.parse(atom.source)))
    bound = {node.arg for node in nodes if isinstance(node, ast.arg)}
    names = [node for node in nodes if isinstance(node, ast.Name)]
    bound |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
    impure = {node.id for node in names} & IMPURE - bound
    if impure:
        raise UserError(f"atom {atom.name}: uses {min(impure)}: need a pure function")


def _extreme_arguments(atom: Atom, seed: int) -> Iterator[Arguments]:
    """Yield every edge and stress case in every position, the other positions sampled."""
    rng = stream(seed, "extremes", atom.name)
    for position, t in enumerate(atom.inputs):
        for value in (*edge_cases(t), *stress_cases(t)):
            yield tuple(value if i == position else sample(other, rng) for i, other in enumerate(atom.inputs))
    yield from zip(*(stress_cases(t) for t in atom.inputs), strict=False)


def _checked_call(atom: Atom, from_source: Any, arguments: Arguments) -> bytes:
    shown = _shown(arguments)
    before = encode(arguments)
    output = _call(atom, atom.function, arguments, limited=True)
    if encode(arguments) != before:
        raise UserError(f"atom {atom.name}: changes its argument on {shown}: need a pure function")
    if not contains(atom.output, output):
        raise UserError(f"atom {atom.name}: on {shown}: need a value of {atom.output.name}, got {_shown(output)}")
    encoded = encode(output)
    if encode(_call(atom, atom.function, arguments)) != encoded:
        raise UserError(f"atom {atom.name}: two calls differ on {shown}: need a deterministic function")
    if encode(_call(atom, from_source, arguments)) != encoded:
        raise UserError(f"atom {atom.name}: its source by itself gives another value on {shown}")
    return encoded


def _call(atom: Atom, function: Any, arguments: Arguments, *, limited: bool = False) -> Any:
    try:
        return _limited_call(function, arguments) if limited else function(*arguments)
    except _TooManyStepsError:
        raise UserError(f"atom {atom.name}: on {_shown(arguments)}: need at most {MAX_STEPS} lines run") from None
    except Exception as error:
        wanted = f"a total function on {', '.join(t.name for t in atom.inputs)}"
        who = f"atom {atom.name}: raises"
        if function is not atom.function:
            wanted, who = "a body that uses nothing from outside", f"atom {atom.name}: its source by itself raises"
        raise UserError(f"{who} {type(error).__name__} on {_shown(arguments)}: need {wanted}") from error


def _limited_call(function: Any, arguments: Arguments) -> Any:
    """Call `function` and count the lines it runs; a count, not a clock, so that the answer is the same everywhere."""
    steps = 0

    def trace(_frame: FrameType, _event: str, _argument: object) -> Any:
        nonlocal steps
        steps += 1
        if steps > MAX_STEPS:
            raise _TooManyStepsError
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        return function(*arguments)
    finally:
        sys.settrace(previous)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
