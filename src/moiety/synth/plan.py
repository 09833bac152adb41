"""What a request is made of: its cells, how many functions each gives, and how many exist."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from moiety.errors import UserError
from moiety.recipe import SynthRecipe
from moiety.synthesis.draw import Cell, Space

MAX_INPUTS = 3
AXES = {
    "language": ("en", "zh"),
    "rendering": ("inline", "helpers"),
    "vocabulary": ("described", "named"),
}


@dataclass(frozen=True, slots=True)
class Quota:
    """A cell, how many functions are wanted of it, and how many well-typed ones exist."""

    cell: Cell
    wanted: int
    exist: int


def quotas(recipe: SynthRecipe, space: Space, count: int) -> list[Quota]:
    """Divide `count` functions over the cells of the recipe by weight.

    Combinations that no types allow, such as a chain of two inputs, get nothing, unless nothing is left for a value
    that was asked for. Raises UserError for such a value, and where a cell has fewer functions than its part.
    """
    for name, allowed in AXES.items():
        for value in getattr(recipe, name):
            if value not in allowed:
                raise UserError(f"{name}: need {' or '.join(allowed)}, got {value!r}")
    weights: dict[Cell, float] = {}
    for (depth, a), (shape, b), (inputs, c) in itertools.product(
        recipe.depth.items(), recipe.shape.items(), recipe.inputs.items()
    ):
        if not 1 <= inputs <= MAX_INPUTS:
            raise UserError(f"inputs: need 1 to {MAX_INPUTS}, got {inputs}")
        weights[Cell(depth, shape, inputs, recipe.size)] = a * b * c
    exist = {cell: space.count(cell) for cell in weights}
    weights = {cell: weight for cell, weight in weights.items() if exist[cell]}
    for name, values in (("depth", recipe.depth), ("shape", recipe.shape), ("inputs", recipe.inputs)):
        for value in values:
            if not any(getattr(cell, name) == value for cell in weights):
                raise UserError(f"{name} {value}: no types allow such a function with the other axes of the recipe")
    shares = _divide(weights, count)
    for cell, wanted in shares.items():
        if wanted > exist[cell]:
            raise UserError(f"{cell}: {wanted} functions asked for, but only {exist[cell]} well-typed ones exist")
    return [Quota(cell, wanted, exist[cell]) for cell, wanted in shares.items() if wanted]


def _divide(weights: Mapping[Cell, float], count: int) -> dict[Cell, int]:
    """Divide `count` in proportion to the weights, the largest remainders rounded up, ties in order."""
    total = sum(weights.values())
    exact = {cell: count * weight / total for cell, weight in weights.items()}
    parts = {cell: int(value) for cell, value in exact.items()}
    left = count - sum(parts.values())
    for cell in sorted(exact, key=lambda c: parts[c] - exact[c])[:left]:
        parts[cell] += 1
    return parts
