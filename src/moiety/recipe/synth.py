"""The recipe of mass synthesis: the axes of the functions, each fixed, ranged or weighted on its own."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from moiety.recipe.functions import FunctionsRecipe
from moiety.recipe.models import Count, Int

IntAxis = dict[Int, Annotated[float, Field(gt=0)]]
NameAxis = dict[str, Annotated[float, Field(gt=0)]]


def _int_axis(value: Any) -> Any:
    """Read `3`, `[2, 4]` (from 2 to 4) or `{2 = 0.5, 3 = 1}` as weights."""
    if isinstance(value, int) and not isinstance(value, bool):
        return {value: 1.0}
    if isinstance(value, (list, tuple)) and len(value) == 2 and all(type(v) is int for v in value):
        return dict.fromkeys(range(value[0], value[1] + 1), 1.0)
    if isinstance(value, dict):
        return {int(k) if isinstance(k, str) and k.isdigit() else k: v for k, v in value.items()}
    return value


def _range_axis(value: Any) -> Any:
    """Read `3`, `[2, 4]` (from 2 to 4) or `{"2-4" = 0.5, 5 = 1}` as weights of ranges."""
    if isinstance(value, int) and not isinstance(value, bool):
        return {str(value): 1.0}
    if isinstance(value, (list, tuple)) and len(value) == 2 and all(type(v) is int for v in value):
        return {f"{value[0]}-{value[1]}": 1.0}
    return value


def bounds(text: str) -> tuple[int, int]:
    """Return the ends of a range written as `3` or `2-4`."""
    first, _, last = text.partition("-")
    return int(first), int(last or first)


def _ranges(axis: dict[str, float]) -> dict[str, float]:
    for text in axis:
        if not re.fullmatch(r"\d+(-\d+)?", text) or bounds(text)[0] > bounds(text)[1]:
            raise PydanticCustomError("range", "a number or a range such as 2-4")
    return axis


def _name_axis(value: Any) -> Any:
    """Read `"chain"`, `["chain", "tree"]` or `{chain = 2, tree = 1}` as weights."""
    if isinstance(value, str):
        return {value: 1.0}
    if isinstance(value, (list, tuple)) and all(isinstance(v, str) for v in value):
        return dict.fromkeys(value, 1.0)
    return value


Depths = Annotated[IntAxis, BeforeValidator(_int_axis), Field(min_length=1)]
Ranges = Annotated[NameAxis, BeforeValidator(_range_axis), Field(min_length=1), AfterValidator(_ranges)]
Choices = Annotated[NameAxis, BeforeValidator(_name_axis), Field(min_length=1)]


class SynthRecipe(FunctionsRecipe):
    """What `moiety synth` makes."""

    depth: Depths = Field(description="Atoms on the longest path: one depth, [from, to], or a table of weights.")
    shape: Choices = Field(
        default={"chain": 1.0},
        description="chain, tree, conditional, map, pair, or several joined by `+`: one, a list, or weights.",
    )
    inputs: Depths = Field(default={1: 1.0}, description="Number of inputs, 1 to 3: one, [from, to], or weights.")
    size: Ranges | None = Field(default=None, description="Atom calls: one number, [from, to], or weights of ranges.")
    output_length: Ranges | None = Field(
        default=None,
        description="Mean size of the output over the probes (elements, characters), rounded: written like `size`.",
    )
    vocabulary: Choices = Field(
        default={"described": 1.0},
        description="described (the instruction says what each step does), named (it uses coined words), or both.",
    )
    language: Choices = Field(default={"en": 1.0}, description="en, zh, or both.")
    rendering: Choices = Field(default={"inline": 1.0}, description="inline, helpers, or both.")
    phrasings: Count = Field(default=1, description="Wordings of each function, each a row of its own.")
    shard: Count = Field(
        default=2000,
        description="Most functions drawn for a shard, the unit of work and of restart; a small request draws fewer.",
    )
