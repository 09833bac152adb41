"""What each set of a split is made of: its cells, its atoms, how many functions, and the rows each becomes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from moiety.atoms.definition import Atom
from moiety.atoms.generic import generic_operations
from moiety.atoms.own import chosen_atoms
from moiety.errors import UserError, did_you_mean
from moiety.recipe import SplitRecipe, SynthRecipe
from moiety.rng import derive
from moiety.splits import SAME_FUNCTIONS
from moiety.synth.part import Part, Wording
from moiety.synthesis.bank import Evaluator
from moiety.synthesis.draw import Cell, space_of
from moiety.synthesis.graph import Call, Graph

SETS = ("train", "validation", "recombined", "deeper", "reshaped", "held_out_atoms", "retention")
FILES = ("atoms", *SETS[:3], *SAME_FUNCTIONS, *SETS[3:], "pretraining")


@dataclass(frozen=True)
class SetPlan:
    """One set: its name, how its functions are made, and how many are wanted (None: all of a folder)."""

    name: str
    recipe: SynthRecipe
    atoms: tuple[Atom, ...]
    cells: tuple[Cell, ...]
    part: Part
    wanted: int | None


@dataclass(frozen=True)
class SplitPlan:
    """All sets of a recipe, with the atoms it names, those held out of compositions, and the generic operations."""

    recipe: SplitRecipe
    atoms: tuple[Atom, ...]
    held_out: frozenset[str]
    generic: tuple[Atom, ...]
    sets: tuple[SetPlan, ...]

    @property
    def train_atoms(self) -> tuple[Atom, ...]:
        """The atoms that training composes."""
        return tuple(atom for atom in self.atoms if atom.name not in self.held_out)

    def exist(self, name: str, cell: Cell) -> int:
        """Return the exact number of well-typed functions of a cell that a set could hold, whatever their keys."""
        if name == "held_out_atoms":
            return space_of(self.atoms).count(cell) - space_of(self.train_atoms).count(cell)
        return space_of(self.generic if name == "retention" else self.train_atoms).count(cell)


def split_plan(recipe: SplitRecipe) -> SplitPlan:
    """Return what a recipe asks for. Raises UserError where atoms are unknown or no types allow what is asked."""
    atoms = tuple(chosen_atoms(recipe))
    held_out = _held_out(recipe, atoms)
    trained = tuple(atom for atom in atoms if atom.name not in held_out)
    generic = generic_operations(recipe.generic)
    keys = frozenset(_atom_keys(atoms))
    retained = _allowed(generic, (*recipe.train_shapes, *recipe.reshaped_shapes), recipe.retention_depths)
    depths, shapes = recipe.train_depths, recipe.train_shapes
    asked = {
        "train": (trained, depths, shapes),
        "validation": (trained, depths, shapes),
        "recombined": (trained, depths, shapes),
        "deeper": (trained, recipe.deeper_depths, shapes),
        "reshaped": (trained, depths, recipe.reshaped_shapes),
        "held_out_atoms": (atoms, depths, shapes),
        "retention": (generic, recipe.retention_depths, retained),
    }
    sets = tuple(
        SetPlan(
            name=name,
            recipe=_synth_recipe(recipe),
            atoms=of,
            cells=_cells(name, of, recipe, depths=of_depths, shapes=of_shapes),
            part=Part(
                wordings=_wordings(name, recipe),
                catalogue=generic if name == "retention" else atoms,
                member_of=name,
                uses=held_out if name == "held_out_atoms" else frozenset(),
                atom_keys=keys,
            ),
            wanted=None if (count := getattr(recipe.functions, name)) == "all" else count,
        )
        for name, (of, of_depths, of_shapes) in asked.items()
    )
    return SplitPlan(recipe, atoms, held_out, generic, sets)


def _held_out(recipe: SplitRecipe, atoms: Sequence[Atom]) -> frozenset[str]:
    """Return the atoms kept out of compositions: those named, or some of each topic in turn, by a seeded order."""
    names = [atom.name for atom in atoms]
    if isinstance(recipe.held_out_atoms, tuple):
        for name in recipe.held_out_atoms:
            if name not in names:
                raise UserError(f"held_out_atoms: no atom {name!r} in the recipe{did_you_mean(name, names)}")
        return frozenset(recipe.held_out_atoms)
    if recipe.held_out_atoms > len(atoms) // 2:
        raise UserError(f"held_out_atoms: need at most half of the {len(atoms)} atoms, got {recipe.held_out_atoms}")
    topics: dict[str, list[str]] = {}
    for atom in sorted(atoms, key=lambda a: derive(recipe.seed, "held-out atom", a.name)):
        topics.setdefault(atom.topic, []).append(atom.name)
    in_turn = itertools.zip_longest(*topics.values())
    ordered = [name for row in in_turn for name in row if name is not None]
    return frozenset(ordered[: recipe.held_out_atoms])


def lone(atom: Atom) -> Graph:
    """Return the function that is one atom."""
    return Graph(atom.inputs, (Call(atom, tuple(range(len(atom.inputs)))),))


def _atom_keys(atoms: Sequence[Atom]) -> list[str]:
    evaluator = Evaluator()
    return [evaluator.behaviour(lone(atom)).key for atom in atoms]


def _allowed(atoms: tuple[Atom, ...], shapes: Sequence[str], depths: Sequence[int]) -> tuple[str, ...]:
    """Return the shapes that the types of some atoms allow; generic operations have no predicates, for example."""
    return tuple(s for s in shapes if any(space_of(atoms).count(Cell(d, s)) for d in depths))


def _cells(
    name: str, atoms: tuple[Atom, ...], recipe: SplitRecipe, *, depths: Sequence[int], shapes: Sequence[str]
) -> tuple[Cell, ...]:
    space = space_of(atoms)
    every = [Cell(d, s, i) for d, s, i in itertools.product(depths, shapes, recipe.inputs)]
    found = tuple(cell for cell in every if space.count(cell))
    for field, values in (("depth", depths), ("shape", shapes)):
        for value in values:
            if not any(getattr(cell, field) == value for cell in found):
                raise UserError(f"{name}: {field} {value}: no types allow such a function with {recipe.inputs} inputs")
    if not found:
        raise UserError(f"{name}: no types allow any function of depths {list(depths)}")
    return found


def _wordings(name: str, recipe: SplitRecipe) -> tuple[Wording, ...]:
    if name == "train":
        return (Wording(name, recipe.phrasings),)
    if name == "recombined":
        return (
            Wording(name),
            Wording("rephrased", held_out=True),
            Wording("other_language", language=recipe.other_language),
        )
    return (Wording(name),)


def _synth_recipe(recipe: SplitRecipe) -> SynthRecipe:
    """Return the settings that a shard is made by; cells are given to it, so the axes of depth and shape are not."""
    return SynthRecipe(
        seed=recipe.seed,
        depth={1: 1.0},
        vocabulary={recipe.vocabulary: 1.0},
        language={recipe.language: 1.0},
        rendering={recipe.rendering: 1.0},
        helpers_in_prompt=recipe.helpers_in_prompt,
        phrasings=recipe.phrasings,
        num_reward_tests=recipe.num_reward_tests,
        num_held_out_tests=recipe.num_held_out_tests,
        min_kill_rate=recipe.min_kill_rate,
        shard=recipe.shard,
    )
