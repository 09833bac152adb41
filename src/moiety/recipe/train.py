"""The recipe of one training: any causal language model on any file of tasks, by any of the algorithms.

Not a study: no arms and no contrasts. Paths are taken from the working folder, in a file and in an override alike.
Whether the data fits the model is told when both are loaded (`train.inputs`).
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from moiety.recipe.models import (
    RL_ALGORITHMS,
    Amount,
    Bool,
    Count,
    EvaluationRecipe,
    Float,
    Name,
    NonNegative,
    Positive,
    PPORecipe,
    Precision,
    Rate,
    RejectionRecipe,
    RLRecipe,
    Share,
    Table,
)

Algorithm = Literal["pretrain", "sft", "rejection", "grpo", "ppo", "reinforce"]
COMMANDS: dict[str, tuple[str, ...]] = {
    "pretrain": ("pretrain",),
    "sft": ("sft", "rejection"),
    "rl": RL_ALGORITHMS,
}
NEEDED = {"pretrain": ("pretrain",), "sft": ("sft",), "rejection": ("sft", "rl", "rejection"), "grpo": ("rl", "grpo"),
          "ppo": ("rl", "ppo"), "reinforce": ("rl",)}  # fmt: skip

DEVICE_PATTERN = r"^(auto|cpu|mps|cuda(:\d+)?)$"


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Files = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_one_or_more)]


class LoRARecipe(Table):
    """Low-rank adapters: the weights stay as they are, and what is trained is small."""

    rank: Count = Field(default=16, description="Rank of an adapter.")
    alpha: Positive = Field(default=32.0, description="Weight of the adapters: alpha / rank.")
    dropout: Annotated[Float, Field(ge=0, lt=1)] = Field(default=0.0, description="Dropout before the adapters.")
    target_modules: tuple[str, ...] = Field(
        default=(), description="Names of the linear modules that get one; none: all but the head."
    )


class TrainPretrainRecipe(Table):
    """Plain language modelling on packed rows."""

    steps: Count = Field(description="Optimiser steps.")
    batch: Count = Field(default=32, description="Packed rows a step.")
    length: Count = Field(default=256, description="Tokens in a packed row; a longer document goes on in the next.")
    learning_rate: Rate = Field(default=1e-3, description="Peak learning rate.")
    warmup_fraction: Share = Field(default=0.05, description="Share of the steps that warm up.")
    weight_decay: NonNegative = Field(default=0.1, description="Decoupled weight decay on matrices.")
    prompt_loss: Bool = Field(default=True, description="Whether prompts are learnt too, not only solutions.")
    compile: Bool = Field(default=False, description="Compile the training step: pays after minutes.")


class TrainSFTRecipe(Table):
    """Supervised fine-tuning, loss on the solution only."""

    steps: Count | None = Field(default=None, description="Optimiser steps; else `epochs`.")
    epochs: Count | None = Field(default=None, description="Passes over the rows; else `steps`.")
    batch: Count = Field(default=16, description="Packed rows a step.")
    length: Count = Field(default=512, description="Tokens in a packed row; no training row may be longer.")
    too_long: Literal["refuse", "drop"] = Field(
        default="refuse", description="What is done with rows longer than `length`; how many are dropped is said."
    )
    prompt_field: str = Field(default="", description="The field to take the prompt from, where rows have several.")
    solution_field: str = Field(default="", description="The field to take the solution from, where rows have several.")
    learning_rate: Rate = Field(default=1e-4, description="Peak learning rate.")
    warmup_steps: Amount = Field(default=5, description="Steps of linear warm-up.")
    weight_decay: NonNegative = Field(default=0.0, description="Decoupled weight decay on matrices.")


class GRPORecipe(Table):
    """What GRPO has beside `rl`."""

    advantage: Literal["z_scored", "mean_centred"] = Field(
        default="z_scored", description="Whether advantages are divided by the group's deviation (Dr. GRPO: not)."
    )
    normalisation: Literal["token", "sequence"] = Field(
        default="token", description="Mean over all tokens (DAPO), or within each rollout first."
    )
    clip_low: Annotated[Float, Field(ge=0, lt=1)] = Field(default=0.2, description="Lower clip of the ratio.")
    clip_high: NonNegative = Field(default=0.2, description="Upper clip of the ratio.")
    entropy_coef: NonNegative = Field(default=0.0, description="Weight of the entropy bonus.")


class TrainRecipe(Table):
    """What `moiety pretrain`, `sft` and `rl` do."""

    name: Name = Field(default="train", description="Name of the run directory.")
    seed: Amount = Field(default=0, description="Seed of every stream.")
    algorithm: Algorithm = Field(description="pretrain; sft or rejection; grpo, ppo or reinforce.")
    checkpoint: str = Field(min_length=1, description="The model to start from: a checkpoint folder or a hub name.")
    data: Files = Field(
        min_length=1,
        description="Files of rows (.parquet, .jsonl, .json, each also .gz); pretraining reads plain text (.txt) too.",
    )
    validation: Files = Field(default=(), description="Files of tasks that checkpoints are measured on.")
    checkpoints: tuple[Count, ...] = Field(
        default=(), description="Steps at which validation is measured, besides the start and the end."
    )
    save_every: Count = Field(default=10, description="Steps between states to go on from; a kill costs at most these.")
    engine: Literal["moiety", "trl"] = Field(default="moiety", description="Our own loops, or TRL's trainers.")
    device: str = Field(default="auto", pattern=DEVICE_PATTERN, description="auto, cpu, cuda …")
    precision: Precision = Field(
        default="auto", description="bf16 on a GPU that has it, else fp32; of products, and of weights under LoRA."
    )
    gradient_checkpointing: Bool = Field(
        default=False, description="Compute activations anew in the backward pass: less memory, a third more time."
    )
    micro_batch_tokens: Count = Field(
        default=8192, description="Padded tokens in one forward and backward pass; bounds the memory."
    )
    decode_rows: Count = Field(default=256, description="Completions sampled at a time; bounds the memory.")
    chat_template: Literal["auto"] | Bool = Field(
        default="auto", description="Whether a prompt is a chat message; auto: where the tokenizer has a template."
    )
    chat_template_kwargs: dict[str, Any] = Field(
        default={}, description="Variables handed to the chat template, such as { enable_thinking = false }."
    )
    check_checkpoint: Bool = Field(
        default=True, description="Whether packed, padded and sampled log-probabilities are compared before training."
    )
    save_precision: Literal["checkpoint", "fp32", "bf16", "fp16"] = Field(
        default="checkpoint", description="Precision of the saved weights; checkpoint: that of the files it began with."
    )
    max_context: Count | None = Field(
        default=None, description="Most tokens of prompt and completion together; else as many as the model takes."
    )
    threads: Amount = Field(default=0, description="Threads on a CPU; 0 for as many as cores. Results depend on it.")
    judge_level: Literal[1, 2] = Field(default=1, description="The least isolation level of the judge.")
    lora: LoRARecipe | None = Field(default=None, description="Adapters; without this table all weights are trained.")
    pretrain: TrainPretrainRecipe | None = Field(default=None, description="Settings of pretraining.")
    sft: TrainSFTRecipe | None = Field(default=None, description="Settings of SFT, and of rejection's training.")
    rejection: RejectionRecipe | None = Field(default=None, description="Settings of rejection sampling.")
    rl: RLRecipe | None = Field(default=None, description="Settings of GRPO, PPO, REINFORCE; how rejection samples.")
    grpo: GRPORecipe | None = Field(default=None, description="Settings of GRPO alone.")
    ppo: PPORecipe | None = Field(default=None, description="Settings of PPO alone.")
    trl: dict[str, Any] = Field(default={}, description="Fields handed to TRL's configuration; engine `trl` only.")
    evaluation: EvaluationRecipe = EvaluationRecipe()

    @model_validator(mode="before")
    @classmethod
    def _with_tables_of_algorithm(cls, data: Any) -> Any:
        """Give a recipe the tables of its algorithm that have a default for every field."""
        optional = {"rejection", "grpo", "ppo"} & set(NEEDED.get(data.get("algorithm"), ())) if _has_name(data) else ()
        return {**{table: {} for table in sorted(optional)}, **data} if optional else data

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        found = list(_problems(self))
        if found:
            text = "; ".join(f"{'.'.join(map(str, path))}: {message}" for path, message in found)
            raise PydanticCustomError("recipe", text.replace("{", "(").replace("}", ")"), {"problems": found})
        return self

    @property
    def steps(self) -> int | None:
        """The steps of its algorithm; None where epochs say how long."""
        if self.pretrain is not None and self.algorithm == "pretrain":
            return self.pretrain.steps
        if self.rl is not None and self.algorithm in RL_ALGORITHMS:
            return self.rl.steps
        assert self.sft is not None
        return self.sft.steps


def _table_of_steps(recipe: TrainRecipe) -> str:
    return {"pretrain": "pretrain", "sft": "sft", "rejection": "sft"}.get(recipe.algorithm, "rl")


def _has_name(data: Any) -> bool:
    return isinstance(data, dict) and isinstance(data.get("algorithm"), str)


def _problems(recipe: TrainRecipe) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield what contradicts between the fields of a recipe."""
    for table in NEEDED[recipe.algorithm]:
        if getattr(recipe, table) is None:
            yield (table,), f"missing: algorithm {recipe.algorithm!r} needs the table [{table}]"
    sft, rl = recipe.sft, recipe.rl
    if sft is not None and (sft.steps is None) == (sft.epochs is None):
        yield ("sft", "steps"), "need either steps or epochs"
    if list(recipe.checkpoints) != sorted(set(recipe.checkpoints)):
        yield ("checkpoints",), f"need growing steps, got {list(recipe.checkpoints)}"
    elif recipe.checkpoints and getattr(recipe, _table_of_steps(recipe), None) is not None:
        table = _table_of_steps(recipe)
        steps = getattr(recipe, table).steps
        if steps is not None and recipe.checkpoints[-1] > steps:
            expected = f"need none after the last step, {table}.steps = {steps}"
            yield ("checkpoints",), f"{expected}, got {recipe.checkpoints[-1]}"
    if recipe.ppo is not None and rl is not None and recipe.ppo.minibatches > rl.prompts_per_step * rl.group_size:
        expected = f"need at most rl.prompts_per_step x rl.group_size = {rl.prompts_per_step * rl.group_size}"
        yield ("ppo", "minibatches"), f"{expected}, got {recipe.ppo.minibatches}"
    too_large = [k for k in recipe.evaluation.pass_at_k if k > recipe.evaluation.num_samples]
    if too_large:
        expected = f"need at most num_samples = {recipe.evaluation.num_samples}"
        yield ("evaluation", "pass_at_k"), f"{expected}, got {too_large[0]}"
    if recipe.engine == "trl" and recipe.algorithm in ("pretrain", "rejection", "ppo"):
        yield ("engine",), f"TRL has no {recipe.algorithm}; need engine 'moiety', or sft, grpo or reinforce"
    if recipe.trl and recipe.engine != "trl":
        yield ("trl",), "need engine = 'trl'"
