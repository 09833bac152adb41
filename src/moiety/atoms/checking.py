"""Whether an atom keeps its promises, and the loader of a user's own atoms.

`check_atom` is a sampled property check (total, typed, pure, deterministic, source and function agree), not a proof.
A user's file is the user's own code: it is imported as it stands, not judged.
"""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, Final

from moiety.atoms.collection import catalogue
from moiety.atoms.definition import Atom, compile_source
from moiety.errors import UserError
from moiety.judge.codec import encode
from moiety.rng import derive, stream
from moiety.types import contains, edge_cases, sample, stress_cases

MAX_STEPS: Final = 200_000

Arguments = tuple[Any, ...]


class _TooManyStepsError(Exception):
    pass


def check_atom(atom: Atom, *, seed: int = 0, num_samples: int = 2000) -> None:
    """Check that an atom is total, typed, pure and deterministic, and that its source alone gives the same values.

    Edge cases and extreme values come first, under a limit of `MAX_STEPS` lines run; then `num_samples` samples.
    Raises UserError with the atom, the arguments and what was expected.
    """
    from_source = compile_source(atom.source, atom.name)
    for arguments, expected in atom.examples:
        for value, t in zip(arguments, atom.inputs, strict=True):
            if not contains(t, value):
                raise UserError(f"atom {atom.name}: example {arguments!r}: need a value of {t.name}, got {value!r}")
        got = _checked_call(atom, from_source, arguments, limited=True)
        if got != encode(expected):
            returned = atom.function(*arguments)
            raise UserError(f"atom {atom.name}: example {arguments!r}: need {returned!r}, got {expected!r}")
    for arguments in _extreme_arguments(atom, seed):
        _checked_call(atom, from_source, arguments, limited=True)
    rng = stream(seed, "check", atom.name)
    for _ in range(num_samples):
        _checked_call(atom, from_source, tuple(sample(t, rng) for t in atom.inputs), limited=False)


def _extreme_arguments(atom: Atom, seed: int) -> Iterator[Arguments]:
    """Yield every edge and stress case in every position, the other positions sampled."""
    rng = stream(seed, "extremes", atom.name)
    for position, t in enumerate(atom.inputs):
        for value in (*edge_cases(t), *stress_cases(t)):
            yield tuple(value if i == position else sample(other, rng) for i, other in enumerate(atom.inputs))
    yield from zip(*(stress_cases(t) for t in atom.inputs), strict=False)


def _checked_call(atom: Atom, from_source: Any, arguments: Arguments, *, limited: bool) -> bytes:
    shown = _shown(arguments)
    before = encode(arguments)
    output = _call(atom, atom.function, arguments, limited=limited)
    if encode(arguments) != before:
        raise UserError(f"atom {atom.name}: changes its argument on {shown}: need a pure function")
    if not contains(atom.output, output):
        raise UserError(f"atom {atom.name}: on {shown}: need a value of {atom.output.name}, got {_shown(output)}")
    encoded = encode(output)
    if encode(_call(atom, atom.function, arguments, limited=limited)) != encoded:
        raise UserError(f"atom {atom.name}: two calls differ on {shown}: need a deterministic function")
    if encode(_call(atom, from_source, arguments, limited=limited)) != encoded:
        raise UserError(f"atom {atom.name}: its source by itself gives another value on {shown}")
    return encoded


def _call(atom: Atom, function: Any, arguments: Arguments, *, limited: bool) -> Any:
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


def load_atoms(path: Path | str, *, seed: int = 0, num_samples: int = 500) -> tuple[Atom, ...]:
    """Import a Python file and return the atoms it defines, each checked.

    Raises UserError that names the file and the atom: no such file, an error on import, a name taken, a broken promise.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path}: need a Python file of atoms, got no such file")
    found = [value for value in vars(_import_file(path)).values() if isinstance(value, Atom)]
    if not found:
        raise UserError(f"{path}: need at least one function decorated with @atom, got none")
    taken = {a.name for a in catalogue()}
    for candidate in found:
        if candidate.name in taken:
            raise UserError(f"{path}: atom {candidate.name}: need a name of its own, got one already taken")
        taken.add(candidate.name)
        try:
            check_atom(candidate, seed=seed, num_samples=num_samples)
        except UserError as error:
            raise UserError(f"{path}: {error}") from error
    return tuple(found)


def _import_file(path: Path) -> ModuleType:
    name = f"moiety_atoms_{derive(0, 'atoms', str(path.resolve())):016x}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UserError(f"{path}: need a Python file, name ending in .py")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    except SyntaxError as error:
        raise UserError(f"{path}:{error.lineno}: {error.msg}") from error
    except Exception as error:
        lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
        where = f"{path}:{lines[-1]}" if lines else f"{path}"
        raise UserError(f"{where}: {type(error).__name__}: {error}") from error
    return module
