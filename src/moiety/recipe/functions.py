"""What every recipe of functions says alike: whence they come, and how they are tested."""

from typing import Literal

from pydantic import Field

from moiety.recipe.models import Amount, AtomFile, Bool, Count, Share, Table


class FunctionsRecipe(Table):
    """The atomic functions, the seed and the tests of a recipe that makes functions."""

    seed: Amount = Field(default=0, description="Seed of every stream.")
    atoms: Literal["quick", "all"] | tuple[str, ...] = Field(
        default="all", description="The atomic functions: `quick`, `all`, or a list of names."
    )
    atom_files: tuple[AtomFile, ...] = Field(
        default=(),
        description="Paths, from the recipe, of Python files of your own atoms; `quick` and `all` take them in.",
    )
    helpers_in_prompt: Bool = Field(
        default=False, description="Whether the prompt of a composition gives the definitions of its atoms."
    )
    num_reward_tests: Count = Field(default=8, description="Tests that training may see the verdict of, at least.")
    num_held_out_tests: Count = Field(default=12, description="Tests that only evaluation uses, at least.")
    min_kill_rate: Share = Field(default=0.95, description="Least share of unseen near-misses that tests must tell.")
