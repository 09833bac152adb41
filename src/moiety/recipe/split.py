"""The recipe of `moiety split`: which functions each set holds, and how they are worded."""

from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from moiety.recipe.functions import FunctionsRecipe
from moiety.recipe.models import Count, Depth, Share, Table

SHAPES = ("chain", "tree", "conditional", "map", "pair")
Language = Literal["en", "zh"]
HowMany = Count | Literal["all"]


class FunctionCounts(Table):
    """Distinct functions of each set; `all` takes every one of a folder that is split (`--from`)."""

    train: HowMany = Field(description="Training functions.")
    validation: HowMany = Field(description="Validation functions.")
    recombined: HowMany = Field(description="Of `recombined`, and so of `rephrased` and `other_language`.")
    deeper: HowMany = Field(description="Of the test domain `deeper`.")
    reshaped: HowMany = Field(description="Of the test domain `reshaped`.")
    held_out_atoms: HowMany = Field(description="Of the test domain `held_out_atoms`.")
    retention: HowMany = Field(description="Compositions of generic operations.")


class CorpusRecipe(Table):
    """The pretraining corpus that is written and proved with the sets; it composes no target atom."""

    documents: Count = Field(description="Documents.")
    atomic_share: Share = Field(default=0.15, description="Share of documents that hold one target atom alone.")
    shaped_share: Share = Field(default=0.2, description="Share of documents of the shapes of `reshaped`.")
    depth_weights: tuple[float, ...] = Field(
        default=(1.0, 1.0, 1.0), min_length=1, description="Relative weight of depth 1, 2, 3 …"
    )


class SplitRecipe(FunctionsRecipe):
    """What `moiety split` makes."""

    generic: Count | None = Field(
        default=None, description="Generic operations of retention and pretraining; all where it is left out."
    )
    held_out_atoms: Count | tuple[str, ...] = Field(
        description="Atoms that training has as atomic tasks only: how many, or their names."
    )
    train_depths: tuple[Depth, ...] = Field(min_length=1, description="Depths of all sets but `deeper`.")
    deeper_depths: tuple[Depth, ...] = Field(min_length=1, description="Depths of `deeper`.")
    retention_depths: tuple[Depth, ...] = Field(min_length=1, description="Depths of retention.")
    train_shapes: tuple[str, ...] = Field(min_length=1, description="Shapes of all sets but `reshaped`.")
    reshaped_shapes: tuple[str, ...] = Field(
        min_length=1, description="Shapes of `reshaped`; each has a label that no training shape has."
    )
    inputs: tuple[Count, ...] = Field(default=(1,), min_length=1, description="Numbers of inputs, of 1 to 3.")
    functions: FunctionCounts
    phrasings: Count = Field(default=4, description="Wordings of each training function, each a row of its own.")
    language: Language = Field(default="en", description="Language of all sets but `other_language`.")
    vocabulary: Literal["described", "named"] = Field(default="described", description="As in `moiety synth`.")
    rendering: Literal["inline", "helpers"] = Field(default="inline", description="As in `moiety synth`.")
    shard: Count = Field(default=500, description="Functions drawn for a shard, the unit of work and of restart.")
    pretraining: CorpusRecipe | None = Field(default=None, description="The corpus; left out, none is written.")

    @property
    def other_language(self) -> Language:
        """The language that training does not have."""
        return "zh" if self.language == "en" else "en"

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        found = self._problems()
        if found:
            text = "; ".join(f"{'.'.join(path)}: {message}" for path, message in found)
            raise PydanticCustomError("recipe", text.replace("{", "(").replace("}", ")"), {"problems": found})
        return self

    def _problems(self) -> list[tuple[tuple[str, ...], str]]:
        found: list[tuple[tuple[str, ...], str]] = []
        if min(self.deeper_depths) <= max(self.train_depths):
            found.append((("deeper_depths",), f"need depths above those of training, {list(self.train_depths)}"))
        for field in ("train_depths", "deeper_depths", "retention_depths", "train_shapes", "reshaped_shapes", "inputs"):
            values = getattr(self, field)
            if len(set(values)) != len(values):
                found.append(((field,), f"need distinct values, got {list(values)}"))
        for field in ("train_shapes", "reshaped_shapes"):
            for shape in getattr(self, field):
                if not set(shape.split("+")) <= set(SHAPES):
                    found.append(((field,), f"need {', '.join(SHAPES)}, or several joined by +, got {shape!r}"))
        trained = {label for shape in self.train_shapes for label in shape.split("+")}
        for shape in self.reshaped_shapes:
            if set(shape.split("+")) <= trained | {"chain"}:
                found.append((("reshaped_shapes",), f"need a label that training does not have, got {shape!r}"))
        if max(self.inputs) > 3:
            found.append((("inputs",), f"need 1 to 3, got {max(self.inputs)}"))
        return found
