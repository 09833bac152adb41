"""What a request is made of: its cells, how many functions each gives, and how many exist."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from moiety.errors import UserError
from moiety.recipe import SynthRecipe
from moiety.recipe.synth import bounds
from moiety.synthesis.draw import Cell, Space

MAX_INPUTS = 3
LEAST_SHARD = 8  # functions: below this a file of its own costs more than the functions in it
AXES = {
    "language": ("en", "zh"),
    "rendering": ("inline", "helpers"),
    "vocabulary": ("described", "named"),
}


@dataclass(frozen=True, slots=True)
class Quota:
    """A cell, how many functions are wanted of it, how many well-typed ones exist, and how many a shard draws."""

    cell: Cell
    wanted: int
    exist: int
    shard: int


def quotas(recipe: SynthRecipe, space: Space, count: int) -> list[Quota]:
    """Divide `count` functions over the cells of the recipe by weight.

    Combinations that no types allow, such as a chain of two inputs, get nothing, unless nothing is left for a value
    that was asked for. Raises UserError for such a value, and where a cell has fewer functions than its part.
    """
    for name, allowed in AXES.items():
        for value in getattr(recipe, name):
            if value not in allowed:
                raise UserError(f"{name}: need {' or '.join(allowed)}, got {value!r}")
    if not all(1 <= inputs <= MAX_INPUTS for inputs in recipe.inputs):
        raise UserError(f"inputs: need 1 to {MAX_INPUTS}, got {max(recipe.inputs)}")
    axes: dict[str, Mapping[Any, float]] = {
        "depth": recipe.depth,
        "shape": recipe.shape,
        "inputs": recipe.inputs,
        "sizes": _ends(recipe.size),
        "lengths": _ends(recipe.output_length),
    }
    weights = {
        Cell(*values): math.prod(axis[value] for axis, value in zip(axes.values(), values, strict=True))
        for values in itertools.product(*axes.values())
    }
    exist = {cell: space.count(cell) for cell in weights}
    weights = {cell: weight for cell, weight in weights.items() if exist[cell]}
    _require_every_value(axes, weights)
    shares = _divide(weights, count)
    for cell, wanted in shares.items():
        if wanted > exist[cell]:
            raise UserError(f"{cell}: {wanted} functions asked for, but only {exist[cell]} well-typed ones exist")
    return [
        Quota(cell, wanted, exist[cell], shard_size(wanted, most=recipe.shard))
        for cell, wanted in shares.items()
        if wanted
    ]


def shard_size(wanted: int, *, most: int) -> int:
    """Return how many functions a shard draws, so that a small request does not draw thousands to keep a handful.

    About half of the drawn functions stay, so twice `wanted` are often enough in one round. The size is a power of two:
    cells of one request that want 5 and 6 functions draw alike.
    """
    return min(most, max(LEAST_SHARD, 1 << (2 * wanted - 1).bit_length()))


def _require_every_value(axes: Mapping[str, Mapping[Any, float]], cells: Collection[Cell]) -> None:
    for name, values in axes.items():
        for value in values:
            if not any(getattr(cell, name) == value for cell in cells):
                asked = f"size {value[0]} to {value[1]}" if name == "sizes" else f"{name} {value}"
                raise UserError(f"{asked}: no types allow such a function with the other axes of the recipe")


def _ends(axis: Mapping[str, float] | None) -> dict[tuple[int, int] | None, float]:
    return {None: 1.0} if axis is None else {bounds(text): weight for text, weight in axis.items()}


def _divide(weights: Mapping[Cell, float], count: int) -> dict[Cell, int]:
    """Divide `count` in proportion to the weights, the largest remainders rounded up, ties in order."""
    total = sum(weights.values())
    exact = {cell: count * weight / total for cell, weight in weights.items()}
    parts = {cell: int(value) for cell, value in exact.items()}
    left = count - sum(parts.values())
    for cell in sorted(exact, key=lambda c: parts[c] - exact[c])[:left]:
        parts[cell] += 1
    return parts
