"""A user's own atoms: from a Python file to atoms that keep the promises of ours.

The file is imported as it stands, not judged: it is the user's own code. Its text is enough, so a recipe carries it and
a run needs the file no more. Every error is one line: file, atom, what was found, what is needed.
"""

from __future__ import annotations

import ast
import builtins
import functools
import json
import linecache
import os
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from moiety.atoms.checking import check_atom
from moiety.atoms.collection import catalogue
from moiety.atoms.definition import Atom
from moiety.atoms.generic import generic_operations
from moiety.errors import UserError
from moiety.judge.codec import encode
from moiety.rng import stream
from moiety.types import all_types, edge_cases, is_subtype, sample

NUM_SAMPLES: Final = 500
NUM_PROBES: Final = 200

Arguments = tuple[Any, ...]


def load_atoms(path: Path | str) -> tuple[Atom, ...]:
    """Import a Python file and return the atoms it defines, each checked.

    Raises UserError that names the file and the atom: no such file, an error on import, a name taken, a broken promise.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = "not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise UserError(f"{path}: need a Python file of atoms, got: {reason}") from None
    return own_atoms(((str(path), text),))


@functools.cache
def own_atoms(files: tuple[tuple[str, str], ...], *, check: bool = True) -> tuple[Atom, ...]:
    """Return the atoms that files define, given as pairs of name and text.

    Each is checked, `check=False` where that was done before: the same text keeps the same promises. Raises UserError
    that names the file and the atom.
    """
    taken: dict[str, str] = {}
    found: list[Atom] = []
    for file, text in files:
        atoms = _import_atoms(file, text)
        for candidate in atoms:
            _check_name(candidate.name, taken, file=file)
            taken[candidate.name] = f"the name of an atom in {file}"
        found += atoms
        if check:
            _check_promises(file, text, atoms)
    return tuple(found)


def _import_atoms(file: str, text: str) -> list[Atom]:
    """Run the text as a module and return the atoms that it defines itself, in order."""
    module = _import_text(file, text)
    values = {id(v): v for v in vars(module).values() if isinstance(v, Atom)}.values()
    found = [atom for atom in values if atom.function.__module__ == module.__name__]
    if not found:
        raise UserError(f"{file}: need at least one function decorated with @atom, got none")
    defined = Counter(node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef))
    for atom in found:
        if defined[atom.name] > 1:
            raise UserError(f"{file}: atom {atom.name}: need a name of its own, got one that is defined twice")
    return found


def _import_text(file: str, text: str) -> ModuleType:
    shown = f"<{file}>"
    module = ModuleType(f"moiety_atoms_{sha256(text.encode()).hexdigest()[:16]}")
    # Where `inspect.getsource` finds the text of a function whose file may be gone; None: never checked against a file.
    linecache.cache[shown] = (len(text), None, text.splitlines(keepends=True), shown)
    try:
        exec(compile(text, shown, "exec", dont_inherit=True), module.__dict__)
    except UserError as error:
        raise UserError(f"{file}: {error}") from error
    except SyntaxError as error:
        raise UserError(f"{file}:{error.lineno}: {error.msg}") from error
    except Exception as error:
        lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == shown]
        where = f"{file}:{lines[-1]}" if lines else file
        reason = (str(error).splitlines() or [""])[0]
        raise UserError(f"{where}: {type(error).__name__}: {reason}") from error
    return module


def _check_name(name: str, taken: dict[str, str], *, file: str) -> None:
    """A reference is one text: atoms, the function `f` that composes them, its variables and builtins share names."""
    of_ours = {
        **dict.fromkeys(dir(builtins), "a name of Python's"),
        **{v: "the name of a variable" for t in all_types() for v in (t.variable, t.second_variable)},
        "f": "the name of the composed function",
        **{a.name: "the name of an atom of the catalogue" for a in catalogue()},
        **{a.name: "the name of a generic operation" for a in generic_operations()},
    }
    owner = taken.get(name) or of_ours.get(name)
    if owner is not None:
        raise UserError(f"{file}: atom {name}: need a name of its own, got {owner}")


def _check_promises(file: str, text: str, atoms: Sequence[Atom]) -> None:
    try:
        for atom in atoms:
            check_atom(atom, num_samples=NUM_SAMPLES)
            _check_behaviour(atom)
        _check_hash_seeds(file, text, atoms)
    except UserError as error:
        raise UserError(f"{file}: {error}") from error


def _probes(atom: Atom) -> Iterator[Arguments]:
    rng = stream(0, "own", atom.name)
    yield from zip(*(edge_cases(t) for t in atom.inputs), strict=False)
    for _ in range(NUM_PROBES):
        yield tuple(sample(t, rng) for t in atom.inputs)


def _check_behaviour(atom: Atom) -> None:
    """Refuse what is there already: splits go by behaviour, and a base that read the twin would know this atom."""
    for other in (*catalogue(), *generic_operations()):
        fits = len(other.inputs) == len(atom.inputs) and all(map(is_subtype, atom.inputs, other.inputs))
        if fits and all(encode(atom.function(*a)) == encode(other.function(*a)) for a in _probes(atom)):
            raise UserError(f"atom {atom.name}: need a behaviour of its own, got that of {other.topic}: {other.name}")


def _check_hash_seeds(file: str, text: str, atoms: Sequence[Atom]) -> None:
    """Compare the outputs of two processes with different hash seeds: the order of a set of strings differs."""
    first, second = (_outputs_elsewhere(file, text, hash_seed) for hash_seed in ("1", "2"))
    for atom in atoms:
        for arguments, one, other in zip(_probes(atom), first[atom.name], second[atom.name], strict=True):
            if one != other:
                what = "need a deterministic function (the order of a set is none)"
                raise UserError(f"atom {atom.name}: two processes differ on {arguments!r}: {what}")


def _outputs_elsewhere(file: str, text: str, hash_seed: str) -> dict[str, list[str]]:
    program = "import sys; from moiety.atoms.own import outputs; print(outputs(sys.argv[1], sys.stdin.read()))"
    done = subprocess.run(
        [sys.executable, "-c", program, file],
        input=text,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return found


def outputs(file: str, text: str) -> str:
    """Return, as JSON, a digest of each atom's output on each of its probes."""
    atoms = _import_atoms(file, text)
    return json.dumps({a.name: [sha256(encode(a.function(*x))).hexdigest()[:16] for x in _probes(a)] for a in atoms})
