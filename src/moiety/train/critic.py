"""The critic: what reward is still to come, told at each token of a completion.

A linear head, zero at first, over the last states of a trunk: a copy of the policy's as it starts, or the policy's own.
A copy costs a second model, but the critic's gradient then never moves the policy (Andrychowicz et al. 2021, arXiv
2006.05990, found that better); a shared one costs next to nothing.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from moiety.train.data import Batch
from moiety.train.scoring import learnt_states


@dataclass(frozen=True, slots=True)
class Critic:
    """A head over a trunk; a `shared` trunk is the policy's, and trained by its optimiser."""

    trunk: Any
    head: torch.nn.Linear
    shared: bool

    def parameters(self) -> Iterator[torch.nn.Parameter]:
        """Yield what is the critic's alone; of a trunk of its own, not the head over the vocabulary."""
        yield from self.head.parameters()
        if not self.shared:
            yield from self.trunk.base_model.parameters()

    def values(self, batch: Batch) -> Tensor:
        """Return the value (D,) of the text before each learnt token."""
        return self.values_of(learnt_states(self.trunk, batch))

    def values_of(self, states_D_W: Tensor) -> Tensor:
        """Return the values (D,) that the head reads off a trunk's states."""
        assert states_D_W.ndim == 2, states_D_W.shape
        values: Tensor = self.head(states_D_W.to(self.head.weight.dtype)).squeeze(1).float()
        return values


def new_critic(model: Any, *, shared_trunk: bool) -> Critic:
    """Return a critic of `model` that values everything at 0; torch's global generator is left as it was."""
    head: torch.nn.Linear = torch.nn.utils.skip_init(  # type: ignore[no-untyped-call]
        torch.nn.Linear, model.get_output_embeddings().weight.shape[-1], 1, device=model.device
    )
    torch.nn.init.zeros_(head.weight)
    torch.nn.init.zeros_(head.bias)
    return Critic(trunk=model if shared_trunk else copy.deepcopy(model), head=head, shared=shared_trunk)
