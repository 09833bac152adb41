"""Reinforcement learning by any of the algorithms: the settings' type says which.

Each algorithm is a learner in a file of its own; the loop is `onpolicy`.
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any

from moiety.models.policy import TorchPolicy
from moiety.train.config import GRPOConfig, PPOConfig, ReinforceConfig, RLConfig
from moiety.train.data import OnCheckpoint
from moiety.train.grpo import GRPOLearner
from moiety.train.metrics import Budget, OnStep, ignore
from moiety.train.onpolicy import Learner, Score, train_on_policy
from moiety.train.ppo import PPOLearner
from moiety.train.reinforce import ReinforceLearner
from moiety.train.resume import Resume

LEARNERS: dict[type[RLConfig], Callable[..., Learner]] = {
    GRPOConfig: GRPOLearner.new,
    PPOConfig: PPOLearner.new,
    ReinforceConfig: ReinforceLearner.new,
}


def train_by_reward(
    policy: TorchPolicy,
    prompts: Sequence[str],
    score: Score,
    config: RLConfig,
    *,
    seed: int,
    reference: Any = None,
    on_step: OnStep = ignore,
    on_checkpoint: OnCheckpoint | None = None,
    resume: Resume | None = None,
) -> Budget:
    """Train the policy's model in place with the algorithm that `config` is of, and return what it cost.

    `reference` is the model that the KL is taken to; None is a frozen copy of the policy at the start. With `resume`
    it goes on where it was killed. Raises UserError without prompts and at a step whose loss is not finite.
    """
    if reference is None:
        reference = copy.deepcopy(policy.model.eval()).requires_grad_(False)
    learner = LEARNERS[type(config)](policy.model, reference, config, seed=seed)
    return train_on_policy(
        policy, prompts, score, config, learner,
        seed=seed, reference=reference, on_step=on_step, on_checkpoint=on_checkpoint, resume=resume,
    )  # fmt: skip
