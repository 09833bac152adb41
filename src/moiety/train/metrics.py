"""What a stage has spent so far, and what it tells after each step.

Not a logger: the caller writes. Times are handed over apart from metrics, so that metrics can be compared by bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass

Metrics = dict[str, float]
OnStep = Callable[[Metrics, Metrics], None]
"""Called after each optimiser step with its metrics and its times in seconds."""


def ignore(metrics: Metrics, times: Metrics) -> None:
    """Take a step's metrics and drop them."""


@dataclass(slots=True)
class Budget:
    """Running totals. Tokens trained on are prompt and completion tokens of a backward pass, padding left out.

    A critic trains on the same tokens as the policy; `critic_parameters` are those that are the critic's alone.
    """

    num_parameters: int
    prompts: int = 0
    gradient_steps: int = 0
    tokens_trained: int = 0
    tokens_sampled: int = 0
    tokens_referenced: int = 0
    critic_parameters: int = 0
    tokens_valued: int = 0

    @property
    def flops(self) -> int:
        """6 N per token trained on, 2 N per token sampled or read by a reference policy (Kaplan et al., 2001.08361).

        A critic's parameters count beside the policy's, 2 per token that they value before an update.
        """
        policy, critic = self.num_parameters, self.critic_parameters
        forward = policy * (self.tokens_sampled + self.tokens_referenced) + critic * self.tokens_valued
        return 6 * (policy + critic) * self.tokens_trained + 2 * forward

    def metrics(self) -> Metrics:
        """Return the totals under their metric keys."""
        return {
            "prompts": self.prompts,
            "tokens/trained": self.tokens_trained,
            "tokens/sampled": self.tokens_sampled,
            "flops": self.flops,
        }
