"""The tables of a recipe, documented field by field; unknown keys are refused.

What defines a study has no default here and stands in the recipe file; how it is carried out has one. Checks that take
more than one field are in `recipe.check`; how a problem is told to the user is in `recipe.load`.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, Strict, model_validator
from pydantic_core import PydanticCustomError

from moiety.recipe.check import problems
from moiety.runs import canonical_hash

Int = Annotated[int, Strict()]
Bool = Annotated[bool, Strict()]
Float = Annotated[float, Strict()]
Count = Annotated[Int, Field(ge=1)]
Amount = Annotated[Int, Field(ge=0)]
Depth = Annotated[Int, Field(ge=1, le=6)]
Share = Annotated[Float, Field(ge=0, le=1)]
Rate = Annotated[Float, Field(gt=0, lt=1)]
Positive = Annotated[Float, Field(gt=0)]
NonNegative = Annotated[Float, Field(ge=0)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]

Base = Literal["clean", "exposed"]
Algorithm = Literal["base", "sft", "rejection", "grpo", "ppo", "reinforce"]
RL_ALGORITHMS = ("grpo", "ppo", "reinforce")
Precision = Literal["auto", "fp32", "bf16"]
PRECISION = "Precision of matrix products; `auto` is bf16 where the processor multiplies it in hardware, else fp32."


class Table(BaseModel):
    """A table of a recipe."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class AtomFile(Table):
    """A Python file of your own atoms; a recipe gives its path alone, and what is resolved from it holds the text."""

    name: str = Field(description="Name of the file.")
    source: str = Field(description="Its text: a run is of this text, and needs the file no more.")


class DataRecipe(Table):
    """Which functions are made, and how many of them each set holds."""

    atoms: Literal["quick", "all"] | tuple[str, ...] = Field(
        description="The atomic functions: `quick`, `all`, or a list of names."
    )
    atom_files: tuple[AtomFile, ...] = Field(
        default=(),
        description="Paths, from the recipe, of Python files of your own atoms; `quick` and `all` take them in.",
    )
    generic: Count | None = Field(
        default=None, description="How many generic operations pretraining composes; all of them where it is left out."
    )
    train_depths: tuple[Depth, ...] = Field(
        min_length=1, description="Depths of the training functions; validation and recombined have the same."
    )
    train_pool: Count = Field(description="Distinct training functions; the k of every arm are drawn from them.")
    validation_per_depth: Count = Field(description="Validation functions of each training depth.")
    recombined_per_depth: Count = Field(description="Functions of each training depth in the test domain recombined.")
    deeper_depths: tuple[Depth, ...] = Field(min_length=1, description="Depths of the test domain deeper.")
    deeper_per_depth: Count = Field(description="Functions of each depth in the test domain deeper.")
    retention_depths: tuple[Depth, ...] = Field(
        min_length=1, description="Depths of the generic compositions that tell what a policy has kept of its base."
    )
    retention_per_depth: Count = Field(description="Generic compositions of each retention depth.")
    phrasings: Count = Field(default=4, description="Wordings of each training function, each a row of its own.")
    num_reward_tests: Count = Field(default=8, description="Tests that training may see the verdict of, at least.")
    num_held_out_tests: Count = Field(default=12, description="Tests that only evaluation uses, at least.")


class ModelRecipe(Table):
    """The shape of the tiny model (Qwen3)."""

    width: Count = Field(default=128, description="Size of the residual stream.")
    layers: Count = Field(default=4, description="Transformer blocks.")
    heads: Count = Field(default=2, description="Query heads.")
    head_size: Count = Field(default=64, description="Size of a head.")
    kv_heads: Count = Field(default=1, description="Key-value heads; they divide the query heads.")
    feed_forward: Count = Field(default=384, description="Hidden size of the gated feed-forward layer.")
    vocabulary: Annotated[Int, Field(ge=260, le=65536)] = Field(
        default=1024, description="Tokens of the byte-level BPE, the 256 bytes and the special ones included."
    )
    context: Count = Field(default=512, description="Most tokens of a prompt and its completion.")


class PretrainRecipe(Table):
    """The two stages of pretraining: `clean`, and `exposed` continued from it."""

    clean_steps: Count = Field(description="Optimiser steps of the clean base.")
    exposed_steps: Count = Field(description="Further optimiser steps of the exposed base.")
    batch: Count = Field(default=32, description="Packed rows a step.")
    length: Count = Field(default=256, description="Tokens in a packed row; longer documents are left out.")
    learning_rate: Rate = Field(default=4e-3, description="Peak learning rate of the clean stage.")
    exposed_learning_rate: Rate = Field(default=4e-3, description="Peak learning rate of the exposed stage.")
    warmup_fraction: Share = Field(default=0.05, description="Share of a stage's steps that warm up.")
    clean_atomic_share: Share = Field(
        default=0.15, description="Share of the clean stage's documents that hold one target atom alone."
    )
    exposed_atomic_share: Share = Field(default=0.15, description="The same share in the exposed stage.")
    exposed_target_share: Share = Field(
        default=0.3, description="Chance that a composition's step is a target atom, in the exposed stage only."
    )
    clean_depth_weights: tuple[NonNegative, ...] = Field(
        default=(1.0, 1.0, 1.0), min_length=1, description="Relative weight of depth 1, 2, 3 … in the clean stage."
    )
    exposed_depth_weights: tuple[NonNegative, ...] = Field(
        default=(1.0, 1.0, 1.0), min_length=1, description="Relative weight of depth 1, 2, 3 … in the exposed stage."
    )
    prompt_loss: Bool = Field(default=True, description="Whether prompts are learnt too, not only completions.")
    precision: Precision = Field(default="auto", description=PRECISION)
    compile: Bool = Field(default=True, description="Compile the training step (needs a C++ compiler on a CPU).")
    threads: Count = Field(default=2, description="Threads a stage computes with; results depend on it.")


class SFTRecipe(Table):
    """Supervised fine-tuning, loss on the completion only."""

    steps: Count = Field(description="Optimiser steps of an arm that states none.")
    batch: Count = Field(default=12, description="Packed rows a step.")
    length: Count = Field(default=320, description="Tokens in a packed row; no training row may be longer.")
    learning_rate: Rate = Field(default=1e-3, description="Peak learning rate of an arm that states none.")
    precision: Precision = Field(default="auto", description=PRECISION)


class RejectionRecipe(Table):
    """SFT on the policy's own accepted samples; sampled as in RL, trained as in SFT."""

    num_samples: Count = Field(default=8, description="Samples drawn for each prompt.")


class RLRecipe(Table):
    """Reinforcement learning: what GRPO, PPO and REINFORCE have in common, and all that GRPO and REINFORCE need."""

    steps: Count = Field(description="Steps of an arm that states none; each one rollout, and one update but for PPO.")
    prompts_per_step: Count = Field(default=32, description="Prompts a step.")
    group_size: Annotated[Int, Field(ge=2)] = Field(default=8, description="Rollouts of each prompt.")
    learning_rate: Rate = Field(default=3e-4, description="Peak learning rate of an arm that states none.")
    warmup_steps: Amount = Field(default=5, description="Steps of linear warm-up.")
    temperature: Positive = Field(default=1.0, description="Sampling temperature.")
    max_new_tokens: Count = Field(default=160, description="Tokens after which a rollout is cut.")
    kl_coef: NonNegative = Field(default=0.0, description="Weight of the KL penalty to the policy RL starts from.")
    reward: Literal["binary", "per_test", "staged"] = Field(default="binary", description="What a verdict is worth.")


class PPORecipe(Table):
    """What PPO has beside `rl`: a critic, and several updates on each rollout."""

    epochs: Count = Field(default=2, description="Passes over each rollout.")
    minibatches: Count = Field(default=2, description="Updates in one pass; the rollouts are split among them.")
    clip: Annotated[Float, Field(gt=0, lt=1)] = Field(
        default=0.2, description="How far the probability ratio counts: from 1 - clip to 1 + clip."
    )
    discount: Share = Field(default=1.0, description="Worth of the next token's return (gamma).")
    gae_trace: Share = Field(
        default=1.0, description="Decay of later surprises in an advantage (lambda); 1 waits for the reward."
    )
    normalise_advantages: Bool = Field(
        default=True, description="Whether a rollout's advantages are scaled to mean 0 and standard deviation 1."
    )
    value_coef: NonNegative = Field(default=0.5, description="Weight of the critic's loss.")
    value_clip: NonNegative = Field(default=0.2, description="How far a value moves on one rollout; 0 leaves it free.")
    entropy_coef: NonNegative = Field(default=0.0, description="Weight of the entropy bonus.")
    shared_trunk: Bool = Field(
        default=False, description="Whether the critic is a head on the policy's trunk, not on a copy of its own."
    )
    critic_learning_rate: Rate = Field(default=1e-3, description="Learning rate of the critic.")


class EvaluationRecipe(Table):
    """How every checkpoint is measured; greedy is always measured."""

    num_samples: Count = Field(default=4, description="Samples of a task at an arm's last checkpoint.")
    temperature: Positive = Field(default=1.0, description="Temperature of those samples.")
    max_new_tokens: Count = Field(default=224, description="Tokens after which a completion is cut.")
    validation_samples: Amount = Field(
        default=0, description="Samples of a validation task at every checkpoint, for curves of sampled pass@1."
    )
    pass_at_k: tuple[Count, ...] = Field(default=(1, 4), description="The k of pass@k; none above num_samples.")


class ArmRecipe(Table):
    """One training configuration."""

    name: Name = Field(description="Name used by `start`, `match_flops` and the contrasts.")
    label: str = Field(min_length=1, description="Name shown in the report.")
    base: Base = Field(description="The base it goes back to.")
    algorithm: Algorithm = Field(description="What it does: `base` trains nothing.")
    start: str | None = Field(default=None, description="The arm whose last policy it continues; else the base.")
    atoms: Bool = Field(default=False, description="Whether it trains on the atomic tasks.")
    k: Amount = Field(default=0, description="How many synthetic functions it trains on; smaller sets are nested.")
    steps: Count | None = Field(default=None, description="Optimiser steps, instead of its algorithm's.")
    match_flops: str | None = Field(default=None, description="The arm whose FLOPs give its steps, instead of `steps`.")
    learning_rate: Rate | None = Field(default=None, description="Peak learning rate, instead of its algorithm's.")
    checkpoints: tuple[Count, ...] = Field(
        default=(),
        description="Steps at which it is measured besides its last, none later; with any, at step 0 too. An arm with "
        "`match_flops` knows its last step only when it runs, and leaves out later ones.",
    )


class F2Contrast(Table):
    """The arms of F2; all continue from one SFT checkpoint on the same prompts."""

    rl: str = Field(description="The arm that continues with RL.")
    sft: str = Field(description="The arm that continues with SFT for as many steps.")
    sft_equal_flops: str | None = Field(default=None, description="The arm that continues with SFT for as many FLOPs.")
    controls: tuple[str, ...] = Field(default=(), description="Further arms RL is set against, such as rejection.")


class F3Contrast(Table):
    """The arms of F3; all start at one base."""

    rl: str = Field(description="The arm of RL from scratch.")
    sft: str = Field(description="The SFT arm on the same prompts.")
    controls: tuple[str, ...] = Field(default=(), description="Further SFT arms, such as one at RL's learning rate.")


class ExtraContrast(Table):
    """An exploratory contrast."""

    id: Name = Field(description="Its id in the report.")
    title: str = Field(min_length=1, description="What it is about.")
    better: str = Field(description="The arm that is claimed to score higher.")
    worse: str = Field(description="The arm it is set against.")
    domain: Literal["train", "validation", "recombined", "deeper", "atoms", "retention"] = Field(
        default="recombined", description="The set both are measured on."
    )


class ContrastsRecipe(Table):
    """Which arms each finding is read from."""

    f1a: tuple[str, str] = Field(description="Atoms are needed: the arm with atoms and k, the arm with k alone.")
    f1b: tuple[str, str] = Field(description="Synthetics are needed: the arm with atoms and k, the one with atoms.")
    f1c: tuple[str, ...] = Field(min_length=2, description="A handful is enough: arms with atoms, by growing k.")
    handful: Count = Field(description="The k that is claimed to be enough, at most a tenth of the largest.")
    f2: F2Contrast = Field(description="RL helps on the same prompts.")
    f3: F3Contrast = Field(description="RL from scratch over-fits less.")
    extra: tuple[ExtraContrast, ...] = Field(default=(), description="Exploratory contrasts.")


class Recipe(Table):
    """A whole study."""

    name: Name = Field(description="Name of the study and of its run directory.")
    seeds: tuple[Amount, ...] = Field(
        min_length=1, description="One run of every arm for each; three for a verdict.", examples=[[0, 1, 2]]
    )
    data_seed: Amount = Field(description="Seed of the functions and of the sets; the same for all arms and seeds.")
    workers: Amount = Field(default=0, description="Threads in use at a time; 0 for as many as cores. Not identity.")
    judge_level: Annotated[Int, Field(ge=1, le=2)] = Field(
        default=1, description="The least isolation level that completions may be judged at."
    )
    data: DataRecipe
    model: ModelRecipe = ModelRecipe()
    pretrain: PretrainRecipe
    sft: SFTRecipe
    rejection: RejectionRecipe = RejectionRecipe()
    rl: RLRecipe
    ppo: PPORecipe = PPORecipe()
    evaluation: EvaluationRecipe = EvaluationRecipe()
    arms: tuple[ArmRecipe, ...] = Field(alias="arm", min_length=1, description="The arms, each a table `[[arm]]`.")
    contrasts: ContrastsRecipe

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        found = problems(self)
        if found:
            text = "; ".join(f"{'.'.join(map(str, path))}: {message}" for path, message in found)
            # Braces would be read as fields of the template.
            template = text.replace("{", "(").replace("}", ")")
            raise PydanticCustomError("recipe", template, {"problems": found})
        return self

    def resolved(self) -> dict[str, Any]:
        """Return everything that defines the study as JSON-able values: not `workers`."""
        return self.model_dump(mode="json", by_alias=True, exclude={"workers"})

    @property
    def recipe_hash(self) -> str:
        """The hash of `resolved()`, which names the run."""
        return canonical_hash(self.resolved())
