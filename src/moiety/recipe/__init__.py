"""Recipes: what a study does, as TOML that is checked before anything runs.

Not the settings of a trainer (`train.config`): the study converts one to the other.
"""

from moiety.recipe.load import built_in_names, load_recipe, load_table
from moiety.recipe.models import (
    ArmRecipe,
    AtomFile,
    ContrastsRecipe,
    DataRecipe,
    EvaluationRecipe,
    ExtraContrast,
    F2Contrast,
    F3Contrast,
    ModelRecipe,
    PPORecipe,
    PretrainRecipe,
    Recipe,
    RejectionRecipe,
    RLRecipe,
    SFTRecipe,
)
from moiety.recipe.split import CorpusRecipe, FunctionCounts, SplitRecipe
from moiety.recipe.synth import SynthRecipe
from moiety.recipe.train import TrainRecipe

__all__ = [
    "ArmRecipe",
    "AtomFile",
    "ContrastsRecipe",
    "CorpusRecipe",
    "DataRecipe",
    "EvaluationRecipe",
    "ExtraContrast",
    "F2Contrast",
    "F3Contrast",
    "FunctionCounts",
    "ModelRecipe",
    "PPORecipe",
    "PretrainRecipe",
    "RLRecipe",
    "Recipe",
    "RejectionRecipe",
    "SFTRecipe",
    "SplitRecipe",
    "SynthRecipe",
    "TrainRecipe",
    "built_in_names",
    "load_recipe",
    "load_table",
]
