"""The optimiser, its learning-rate schedule, and the check that stops a run before a bad step.

Not a trainer: each algorithm has its own loop.
"""

import math
from collections.abc import Iterable
from typing import Any

import torch

from moiety.errors import UserError
from moiety.train.config import OptimiserConfig


class NotFiniteError(UserError):
    """The loss or the gradient is not finite: the step was not taken."""


def learning_rate_at(step: int, config: OptimiserConfig, *, steps: int) -> float:
    """Return the learning rate of optimiser step `step` (from 0) of `steps`."""
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / config.warmup_steps
    if config.schedule == "constant":
        return config.learning_rate
    progress = (step - config.warmup_steps) / max(1, steps - config.warmup_steps)
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
    return config.learning_rate * (config.final_fraction + (1 - config.final_fraction) * cosine)


def new_optimiser(model: Any, config: OptimiserConfig) -> torch.optim.AdamW:
    """Return AdamW over the trainable parameters; weight decay on matrices only."""
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in trainable if p.ndim >= 2], "weight_decay": config.weight_decay},
        {"params": [p for p in trainable if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]], lr=config.learning_rate, betas=config.betas, fused=True
    )


def step_optimiser(
    optimiser: torch.optim.AdamW, config: OptimiserConfig, *, learning_rate: float, loss: float, step: int, stage: str
) -> float:
    """Clip the gradients, take one step, clear them, and return the gradient norm before clipping.

    Raises NotFiniteError, with the weights as they were, when the loss or the norm is not finite.
    """
    parameters: list[torch.Tensor] = [p for group in optimiser.param_groups for p in group["params"]]
    limit = config.clip_norm or math.inf
    norm = float(torch.nn.utils.clip_grad_norm_(parameters, limit)) if math.isfinite(loss) else math.nan
    if not math.isfinite(loss) or not math.isfinite(norm):
        raise NotFiniteError(
            f"{stage}: the loss is {loss} and the gradient norm {norm} at step {step}; the step was not taken and "
            f"earlier checkpoints are kept. Lower learning_rate (now {config.learning_rate})"
        )
    for group in optimiser.param_groups:
        group["lr"] = learning_rate
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)
    return norm


def mean(values: Iterable[float]) -> float:
    """Return the mean, 0 for none."""
    items = list(values)
    return sum(items) / len(items) if items else 0.0
