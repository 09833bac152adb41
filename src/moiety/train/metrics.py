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
class SignalWatch:
    """Says once what to do where the rewards of a step are all equal, so that nothing can be learnt from them.

    `reward` is the name of the reward, such as `binary`.
    """

    reward: str
    said: bool = False

    def look(self, metrics: Metrics, *, told_before: bool = False) -> str | None:
        """Return one line at the first step without a signal; None at others, and for a step told again."""
        nothing_accepted = metrics.get("rejection/accepted") == 0
        if self.said or not (metrics.get("reward/without_signal") or nothing_accepted):
            return None
        self.said = True
        if told_before:
            return None
        mean = metrics["reward/mean"]
        kind = "" if self.reward == "per_test" else ', or reward = "per_test"'
        if nothing_accepted:
            return "warning: no sample was accepted, the policy stays as it is: SFT first, easier tasks, more samples"
        if metrics["reward/judged"] == 0:
            says = "no completion could be judged, so there is no reward: run `moiety doctor`"
        elif mean == 0:
            says = f"the policy solves nothing yet: SFT first, easier tasks, more samples of a task{kind}"
        elif mean == 1:
            says = "the policy solves all of them already: harder tasks"
        else:
            says = f"the samples of one task all have one reward: more samples, tasks solved at times{kind}"
        step = int(metrics["step"])
        return f"warning: nothing can be learnt from the rewards of step {step}, mean {mean:.2f}: {says}"


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
