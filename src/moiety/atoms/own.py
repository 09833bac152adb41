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
import resource
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from moiety.atoms.checking import check_atom
from moiety.atoms.collection import atom_named, catalogue, quick_atoms
from moiety.atoms.definition import Atom
from moiety.atoms.generic import generic_operations
from moiety.errors import UserError
from moiety.judge.codec import encode
from moiety.recipe import DataRecipe, SplitRecipe, SynthRecipe
from moiety.rng import stream
from moiety.types import all_types, edge_cases, is_subtype, sample

NUM_SAMPLES: Final = 500
NUM_PROBES: Final = 200
LIMIT_S: Final = 20  # of processor time, for one atom
LIMIT_BYTES: Final = 2 << 30

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


def chosen_atoms(data: DataRecipe | SynthRecipe | SplitRecipe, *, check: bool = True) -> tuple[Atom, ...]:
    """Return the atoms a recipe names: `quick`, `all`, or a list of names; with those of its files.

    Atoms of a file are checked, `check=False` where that was done before. Raises UserError for an atom that breaks a
    promise, and for an unknown name.
    """
    own = own_atoms(tuple((file.name, file.source) for file in data.atom_files), check=check)
    if data.atoms == "quick":
        return (*quick_atoms(), *own)
    if data.atoms == "all":
        return (*catalogue(), *own)
    return tuple(atom_named(name, among=(*catalogue(), *own)) for name in data.atoms)


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
    """Check the atoms in two processes of different hash seeds, where the order of a set differs; outputs must not."""
    first, second = (_outputs_elsewhere(file, text, hash_seed) for hash_seed in ("1", "2"))
    for atom in atoms:
        for arguments, one, other in zip(_probes(atom), first[atom.name], second[atom.name], strict=True):
            if one != other:
                what = "need a deterministic function (the order of a set is none)"
                raise UserError(f"{file}: atom {atom.name}: two processes differ on {arguments!r}: {what}")


def _outputs_elsewhere(file: str, text: str, hash_seed: str) -> dict[str, list[str]]:
    """Return a digest of each atom's output on each of its probes, as a process of that hash seed finds them."""
    done = subprocess.run(
        [sys.executable, "-c", "from moiety.atoms.own import check_here; check_here()", file, str(LIMIT_S)],
        input=text,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode < 0 and messages:
        what = f"need an answer within {LIMIT_S} s and {LIMIT_BYTES >> 30} GiB"
        raise UserError(f"{file}: atom {messages[-1]['atom']}: takes too long on some value: {what}")
    done.check_returncode()
    if "error" in messages[-1]:
        raise UserError(f"{file}: {messages[-1]['error']}")
    return {message["atom"]: message["outputs"] for message in messages if "outputs" in message}


def check_here() -> None:
    """Check the atoms of the file on standard input, under limits on time and memory; the answers are lines of JSON."""
    (file, limit_s), answers = sys.argv[1:], sys.stdout
    sys.stdout = sys.stderr  # what the user's file prints is no answer
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_AS, LIMIT_BYTES)
    for atom in _import_atoms(file, sys.stdin.read()):
        print(json.dumps({"atom": atom.name}), file=answers, flush=True)
        _limit(resource.RLIMIT_CPU, int(time.process_time()) + int(limit_s))
        try:
            check_atom(atom, num_samples=NUM_SAMPLES)
            _check_behaviour(atom)
        except UserError as error:
            print(json.dumps({"error": str(error)}), file=answers)
            return
        digests = [sha256(encode(atom.function(*arguments))).hexdigest()[:16] for arguments in _probes(atom)]
        print(json.dumps({"atom": atom.name, "outputs": digests}), file=answers, flush=True)


def _limit(kind: int, most: int) -> None:
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


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
