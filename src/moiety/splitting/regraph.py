"""The graph of a task, read back from its row, so that it can be worded anew."""

from __future__ import annotations

import re
from collections.abc import Mapping

from moiety.atoms.definition import Atom
from moiety.synthesis.derived import choice, common_type, mapped, pair
from moiety.synthesis.graph import Call, Graph
from moiety.synthesis.keys import structure_key
from moiety.tasks import Task
from moiety.types import ValueType, value_type

TUPLE = "tuple["  # no atom gives one
_STEP = re.compile(r"\(([^)]*)\)->(.+?)@([\d,]*)")


def graph_of(task: Task, atoms: Mapping[str, Atom]) -> Graph:
    """Return the graph that a task was made of. Raises ValueError where its row does not tell, or tells another one."""
    head, _, _ = task.family.partition(" ")
    inputs = tuple(value_type(name) for name in head.split(","))
    steps = _STEP.findall(task.family)
    names = iter(task.atoms)
    choices = len(steps) - len(task.atoms) - sum(given.startswith(TUPLE) for _, given, _ in steps)
    types = list(inputs)
    calls: list[Call] = []
    for taken, given, wiring in steps:
        arguments = tuple(int(number) for number in wiring.split(","))
        chosen: Atom
        if given.startswith(TUPLE):
            chosen = pair(*(types[i] for i in arguments))
        elif choices and taken.startswith("bool,") and len(arguments) == 3:
            chosen = _choice(calls, types, arguments, given)
        else:
            chosen = _called(atoms, next(names, ""), taken, task)
        calls.append(Call(chosen, arguments))
        types.append(chosen.output)
    graph = Graph(inputs, tuple(calls))
    if structure_key(graph) != task.structure_key:
        raise ValueError("its structure key is not that of its atoms and wiring")
    return graph


def _called(atoms: Mapping[str, Atom], name: str, taken: str, task: Task) -> Atom:
    if name not in atoms:
        raise ValueError(f"atom {name!r} is not in the recipe; it has {', '.join(task.atoms)}")
    atom = atoms[name]
    if ",".join(t.annotation for t in atom.inputs) == taken:
        return atom
    over_list = mapped(atom)
    if over_list is None or over_list.inputs[0].annotation != taken:
        raise ValueError(f"atom {name!r} does not take ({taken})")
    return over_list


def _choice(calls: list[Call], types: list[ValueType], arguments: tuple[int, ...], given: str) -> Atom:
    """Return the choice between two values: of the type of one of them, or of their root."""
    first, second = types[arguments[1]], types[arguments[2]]
    common = common_type(first, second)
    if common is None or common.annotation != given:
        raise ValueError(f"call {len(calls)} chooses between {first.name} and {second.name}")
    return choice(common)
