"""The settings of each training stage, as frozen dataclasses with a line per field.

Not the recipe: that is checked elsewhere and converted to these, so that `train` can be used without one.
"""

from dataclasses import dataclass
from typing import Literal

from moiety.errors import UserError

Precision = Literal["auto", "fp32", "bf16"]
"""Of matrix products; "auto" is bf16 where that is the faster one (`multiplies_bf16`), fp32 elsewhere."""
Schedule = Literal["cosine", "constant"]


def _require(condition: bool, field: str, value: object, expected: str) -> None:
    """Raise UserError naming the field unless `condition` holds."""
    if not condition:
        raise UserError(f"{field}: expected {expected}, got {value!r}")


@dataclass(frozen=True, slots=True)
class OptimiserConfig:
    """AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101) and its learning-rate schedule."""

    learning_rate: float = 1e-3
    """Peak learning rate."""
    warmup_steps: int = 0
    """Steps of linear warm-up to the peak."""
    schedule: Schedule = "cosine"
    """What follows the warm-up: a cosine down to `final_fraction` of the peak, or a constant."""
    final_fraction: float = 0.0
    """Share of the peak at the end of the cosine."""
    weight_decay: float = 0.0
    """Decoupled weight decay on matrices; vectors have none."""
    betas: tuple[float, float] = (0.9, 0.95)
    """Decay of the gradient's first and second moments."""
    clip_norm: float = 1.0
    """Global gradient norm above which gradients are scaled down; 0 leaves them."""

    def __post_init__(self) -> None:
        _require(self.learning_rate > 0, "learning_rate", self.learning_rate, "a number above 0")
        _require(self.warmup_steps >= 0, "warmup_steps", self.warmup_steps, "at least 0")
        _require(0 <= self.final_fraction <= 1, "final_fraction", self.final_fraction, "a share in [0, 1]")
        _require(self.clip_norm >= 0, "clip_norm", self.clip_norm, "at least 0")


@dataclass(frozen=True, slots=True)
class PretrainConfig:
    """Plain language modelling on packed documents of fixed shape."""

    steps: int = 600
    """Optimiser steps; documents repeat, in a new order, once all were seen."""
    batch_rows: int = 32
    """Packed rows a step."""
    row_tokens: int = 256
    """Tokens in a packed row; no document may be longer."""
    optimiser: OptimiserConfig = OptimiserConfig(
        learning_rate=4e-3, warmup_steps=20, final_fraction=0.05, weight_decay=0.1
    )
    prompt_loss: bool = True
    """Whether prompt tokens are learnt too, not only completions."""
    precision: Precision = "auto"
    """Precision of matrix products; weights, sums and the optimiser stay in fp32."""
    compile: bool = True
    """Compile the step: pays after about a minute of training; eager, with a notice, where no C++ compiler is found."""

    def __post_init__(self) -> None:
        _require(self.steps >= 1, "steps", self.steps, "at least 1")
        _require(self.batch_rows >= 1, "batch_rows", self.batch_rows, "at least 1")
        _require(self.row_tokens >= 2, "row_tokens", self.row_tokens, "at least 2")


@dataclass(frozen=True, slots=True)
class SFTConfig:
    """Supervised fine-tuning on (prompt, completion) rows, loss on the completion only."""

    steps: int | None = 60
    """Optimiser steps; None trains for `epochs` instead. Rows repeat, in a new order, once all were seen."""
    epochs: int | None = None
    """Passes over the rows; used only when `steps` is None."""
    batch_rows: int = 16
    """Packed rows a step."""
    row_tokens: int = 256
    """Tokens in a packed row; no (prompt, completion) row may be longer."""
    optimiser: OptimiserConfig = OptimiserConfig(learning_rate=1e-3, warmup_steps=5)
    precision: Precision = "auto"
    """Precision of matrix products; weights, sums and the optimiser stay in fp32."""
    micro_batch_tokens: int | None = None
    """Tokens, padding included, in one forward and backward pass: bounds the memory; None is the whole batch."""
    checkpoint_steps: tuple[int, ...] = ()
    """Steps after which the checkpoint callback is called; 0 is before the first."""

    def __post_init__(self) -> None:
        _require((self.steps is None) != (self.epochs is None), "steps", self.steps, "either steps or epochs")
        _require(self.steps is None or self.steps >= 1, "steps", self.steps, "at least 1")
        _require(self.epochs is None or self.epochs >= 1, "epochs", self.epochs, "at least 1")
        _require(self.batch_rows >= 1, "batch_rows", self.batch_rows, "at least 1")
        _require(self.row_tokens >= 2, "row_tokens", self.row_tokens, "at least 2")


@dataclass(frozen=True, slots=True)
class RLConfig:
    """What GRPO, PPO and REINFORCE have in common."""

    steps: int = 60
    """Steps, one rollout each."""
    prompts_per_step: int = 32
    """Prompts a step (P); prompts repeat, in a new order, once all were used."""
    group_size: int = 8
    """Rollouts of each prompt (G)."""
    max_new_tokens: int = 150
    """Tokens after which a rollout is cut."""
    temperature: float = 1.0
    """Sampling temperature; the loss uses the same."""
    optimiser: OptimiserConfig = OptimiserConfig(learning_rate=3e-4, warmup_steps=5, schedule="constant")
    kl_coef: float = 0.0
    """Weight of the KL penalty to the initial policy: in the loss for GRPO, in the reward for PPO and REINFORCE."""
    entropy_coef: float = 0.0
    """Weight of the entropy bonus."""
    kl_every: int = 10
    """Steps between estimates of the KL to the initial policy; 1 when `kl_coef` is not 0."""
    micro_batch_tokens: int = 2048
    """Padded tokens in one forward and backward pass; bounds the memory."""
    precision: Precision = "fp32"
    """Precision of matrix products in training, whose shapes vary: bf16 gains little. Sampling stays in fp32."""
    checkpoint_steps: tuple[int, ...] = ()
    """Steps after which the checkpoint callback is called; 0 is before the first."""

    def __post_init__(self) -> None:
        _require(self.steps >= 1, "steps", self.steps, "at least 1")
        _require(self.prompts_per_step >= 1, "prompts_per_step", self.prompts_per_step, "at least 1")
        _require(self.group_size >= 1, "group_size", self.group_size, "at least 1")
        _require(self.max_new_tokens >= 1, "max_new_tokens", self.max_new_tokens, "at least 1")
        _require(self.temperature > 0, "temperature", self.temperature, "a number above 0")
        _require(self.kl_every >= 1, "kl_every", self.kl_every, "at least 1")


@dataclass(frozen=True, slots=True)
class GRPOConfig(RLConfig):
    """Group-relative policy optimisation (Shao et al. 2024, arXiv 2402.03300), one optimiser step a rollout."""

    advantage: Literal["z_scored", "mean_centred"] = "z_scored"
    """Divide by the group's standard deviation, or not (Dr. GRPO, Liu et al. 2025, arXiv 2503.20783)."""
    normalisation: Literal["token", "sequence"] = "token"
    """Average over all tokens (DAPO, Yu et al. 2025, arXiv 2503.14476), or within each rollout first."""
    clip_low: float = 0.2
    """The probability ratio's lower clip, 1 - clip_low."""
    clip_high: float = 0.2
    """The probability ratio's upper clip, 1 + clip_high; larger than `clip_low` is DAPO's asymmetric clip."""

    def __post_init__(self) -> None:
        RLConfig.__post_init__(self)
        _require(self.group_size >= 2, "group_size", self.group_size, "at least 2")
        _require(0 <= self.clip_low < 1 and self.clip_high >= 0, "clip_low", self.clip_low, "a share in [0, 1)")


@dataclass(frozen=True, slots=True)
class ReinforceConfig(RLConfig):
    """REINFORCE with a leave-one-out baseline (Ahmadian et al. 2024, arXiv 2402.14740), one update a rollout."""

    def __post_init__(self) -> None:
        RLConfig.__post_init__(self)
        _require(self.group_size >= 2, "group_size", self.group_size, "at least 2")


@dataclass(frozen=True, slots=True)
class PPOConfig(RLConfig):
    """Proximal policy optimisation with a critic (Schulman et al. 2017, arXiv 1707.06347).

    A step is one rollout and `epochs` x `minibatches` optimiser steps; the budget counts them all.
    """

    epochs: int = 2
    """Passes over each rollout."""
    minibatches: int = 2
    """Optimiser steps in one pass; the rollouts are split among them anew each time."""
    clip: float = 0.2
    """How far the probability ratio counts: from 1 - clip to 1 + clip."""
    discount: float = 1.0
    """Worth of the next token's return (gamma)."""
    gae_trace: float = 1.0
    """Decay of later surprises in an advantage (lambda): 1 waits for the reward, 0 believes the critic at once.

    With one reward at the end, 0.95 leaves early tokens of a long completion to a critic that knows nothing yet."""
    normalise_advantages: bool = True
    """Scale the advantages of a rollout to mean 0 and standard deviation 1."""
    value_coef: float = 0.5
    """Weight of the critic's loss."""
    value_clip: float = 0.2
    """How far a value may move from that at the rollout before its loss stops to fall; 0 leaves it free."""
    shared_trunk: bool = False
    """Whether the critic is a head on the policy's own trunk, or has a copy of it: dearer, but the policy is let be."""
    critic_optimiser: OptimiserConfig = OptimiserConfig(learning_rate=1e-3, schedule="constant")

    def __post_init__(self) -> None:
        RLConfig.__post_init__(self)
        rollouts = self.prompts_per_step * self.group_size
        _require(self.epochs >= 1, "epochs", self.epochs, "at least 1")
        _require(1 <= self.minibatches <= rollouts, "minibatches", self.minibatches, f"1 to {rollouts}, the rollouts")
        _require(0 < self.clip < 1, "clip", self.clip, "a share in (0, 1)")
        _require(0 <= self.discount <= 1, "discount", self.discount, "a share in [0, 1]")
        _require(0 <= self.gae_trace <= 1, "gae_trace", self.gae_trace, "a share in [0, 1]")
        _require(self.value_coef >= 0, "value_coef", self.value_coef, "at least 0")
        _require(self.value_clip >= 0, "value_clip", self.value_clip, "at least 0")


@dataclass(frozen=True, slots=True)
class RejectionConfig:
    """Supervised fine-tuning on the policy's own accepted samples."""

    num_samples: int = 8
    """Samples drawn for each prompt."""
    max_new_tokens: int = 150
    """Tokens after which a sample is cut; a cut sample is never accepted."""
    temperature: float = 1.0
    """Sampling temperature."""
    accept_reward: float = 1.0
    """The least reward that accepts a sample."""
    max_per_prompt: int | None = None
    """Most distinct accepted samples kept for one prompt, first come; None keeps all."""
    sft: SFTConfig = SFTConfig()

    def __post_init__(self) -> None:
        _require(self.num_samples >= 1, "num_samples", self.num_samples, "at least 1")
        _require(self.temperature > 0, "temperature", self.temperature, "a number above 0")
        _require(self.max_new_tokens >= 1, "max_new_tokens", self.max_new_tokens, "at least 1")
