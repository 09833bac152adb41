"""Our losses, advantages and gradients equal those of TRL's own trainers on the same batch and weights."""

import copy
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from small_training import random_rows, small_policy

pytest.importorskip("trl", reason="needs the extra [trl]")
from datasets import Dataset
from trl import GRPOConfig as TRLGRPOConfig
from trl import GRPOTrainer, RLOOConfig, RLOOTrainer, SFTConfig, SFTTrainer

from moiety.models.sampling import Sample
from moiety.train.config import GRPOConfig, OptimiserConfig, ReinforceConfig
from moiety.train.data import Row, packed_batch, padded_batch, plan_batches
from moiety.train.grpo import GRPOLearner
from moiety.train.losses import (
    clipped_surrogate,
    completion_cross_entropy,
    group_advantages,
    kl_k3,
    leave_one_out_advantages,
    rollout_weights,
    token_logprobs,
)
from moiety.train.metrics import Budget
from moiety.train.onpolicy import Rollout
from moiety.train.reinforce import ReinforceLearner
from moiety.train.scoring import learnt_logits

# TRL 1.16 reads attributes that transformers 5.23 has renamed
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")

P, G = 4, 6
TOLERANCE = 1e-5
PLAIN: dict[str, Any] = {
    "use_cpu": True, "bf16": False, "activation_checkpointing": False, "report_to": "none", "save_strategy": "no",
    "disable_tqdm": True,
}  # fmt: skip
TEMPERATURE = 0.7


class Recorder(torch.optim.SGD):
    """An optimiser that keeps the gradients and leaves the weights."""

    gradients: list[torch.Tensor]

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        assert closure is None
        self.gradients = [p.grad.clone() for group in self.param_groups for p in group["params"]]


def moved(model: Any, by: float) -> Any:
    """Return a frozen copy of a model, all weights moved a little."""
    other = copy.deepcopy(model).requires_grad_(False)
    generator = torch.Generator().manual_seed(7)
    for parameter in other.parameters():
        parameter.add_(by * torch.randn(parameter.shape, generator=generator))
    return other


def rollout_of(policy: Any) -> Rollout:
    """Return rollouts of random tokens: rewards that differ, a flat group, and two that the machine failed on."""
    rng = random.Random(3)

    def tokens(low: int, high: int) -> tuple[int, ...]:
        return tuple(rng.randrange(2, 250) for _ in range(rng.randrange(low, high)))

    prompts = [tokens(2, 12) for _ in range(P)]
    end = policy.tokenizer.eos_token_id
    rows = [Row(prompt, (*tokens(1, 18), end)) for prompt in prompts for _ in range(G)]
    rewards = torch.tensor([[rng.choice([0.0, 0.25, 1.0]) for _ in range(G)] for _ in range(P)])
    rewards[1] = 1.0
    valid = torch.ones(P, G, dtype=torch.bool)
    samples = [Sample(list(row.completion), [0.0] * len(row.completion), truncated=False) for row in rows]
    return Rollout(rows, samples, rewards, valid, {}, {})


def gradients_of(model: Any) -> list[torch.Tensor]:
    """Take a model's gradients away from it."""
    found = [parameter.grad.clone() for parameter in model.parameters()]
    model.zero_grad(set_to_none=True)
    return found


def distance(ours: list[torch.Tensor], theirs: list[torch.Tensor]) -> float:
    """Return the norm of the difference of two gradients, relative to the norm of theirs."""
    difference = sum(float((a - b).double().square().sum()) for a, b in zip(ours, theirs, strict=True))
    return float((difference / sum(float(b.double().square().sum()) for b in theirs)) ** 0.5)


def backward(loss: torch.Tensor) -> float:
    loss.backward()  # type: ignore[no-untyped-call]
    return loss.item()


def prepared(
    trainer_class: Any, config_class: Any, policy: Any, reference: Any, rollout: Rollout, folder: Path, **options: Any
) -> tuple[Any, dict[str, Any]]:
    """Return a TRL trainer and what it makes, its own advantages included, of the prompts with our completions."""
    rewards = [
        reward if valid else None
        for reward, valid in zip(rollout.rewards.flatten().tolist(), rollout.valid.flatten().tolist(), strict=True)
    ]

    def reward(completions: list[str], **_: Any) -> list[float | None]:
        assert len(completions) == len(rewards)
        return rewards

    config = config_class(
        output_dir=str(folder), per_device_train_batch_size=P * G, num_generations=G, temperature=TEMPERATURE,
        max_completion_length=20, **PLAIN, **options,
    )  # fmt: skip
    reference.save_pretrained(folder / "reference")
    policy.model.config._name_or_path = str(folder / "reference")  # where TRL takes its reference policy from
    rows = [{"prompt": str(i)} for i in range(P)]
    trainer = trainer_class(
        model=policy.model, reward_funcs=reward, args=config, train_dataset=Dataset.from_list(rows),
        processing_class=policy.tokenizer,
    )  # fmt: skip
    trainer._tokenize_prompts = lambda _: ([list(row.prompt) for row in rollout.rows], None, {})
    completions = [list(row.completion) for row in rollout.rows]
    trainer._generate_single_turn = lambda *_: (completions, None) if trainer_class is GRPOTrainer else completions
    trainer.current_gradient_accumulation_steps = 1
    policy.model.train()
    return trainer, trainer._generate_and_score_completions([rows[i] for i in range(P) for _ in range(G)])


def per_token(model: Any, rollout: Rollout, width: int) -> torch.Tensor:
    """Return the log-probabilities, (rollouts, width), that a model gives the completions; 0 beyond their ends."""
    with torch.no_grad():
        flat = token_logprobs(*learnt_logits(model, padded_batch(rollout.rows)), temperature=TEMPERATURE)
    padded = torch.zeros(len(rollout.rows), width)
    for line, part in zip(padded, torch.split(flat, rollout.lengths.tolist()), strict=True):
        line[: len(part)] = part
    return padded


def with_logprobs(rollout: Rollout, policy: Any) -> Rollout:
    """Return the rollout with the log-probabilities that the policy gives its tokens."""
    padded = per_token(policy.model, rollout, int(rollout.lengths.max()))
    samples = [
        replace(sample, logprobs=line[: len(sample.tokens)].tolist())
        for sample, line in zip(rollout.samples, padded, strict=True)
    ]
    return replace(rollout, samples=samples)


def test_completion_only_cross_entropy_padded_and_packed(tmp_path: Path) -> None:
    policy, rows = small_policy(), random_rows()
    data = [
        {
            "input_ids": [*row.prompt, *row.completion],
            "completion_mask": [0] * len(row.prompt) + [1] * len(row.completion),
        }
        for row in rows
    ]
    config = SFTConfig(
        output_dir=str(tmp_path), per_device_train_batch_size=len(rows), completion_only_loss=True, **PLAIN
    )
    trainer = SFTTrainer(
        model=policy.model, args=config, train_dataset=Dataset.from_list(data), processing_class=policy.tokenizer
    )
    batch = trainer.data_collator([trainer.train_dataset[i] for i in range(len(rows))])
    policy.model.train()
    theirs = backward(trainer.compute_loss(policy.model, dict(batch)))
    wanted = gradients_of(policy.model)
    (lines,) = plan_batches([len(row) for row in rows], batch_rows=40, row_tokens=64, seed=0, epochs=1)
    for ours in (padded_batch(rows), packed_batch(rows, lines, row_tokens=64, prompt_loss=False)):
        loss = backward(completion_cross_entropy(*learnt_logits(policy.model, ours)))
        assert loss == pytest.approx(theirs, rel=TOLERANCE)
        assert distance(gradients_of(policy.model), wanted) < TOLERANCE
    with_prompts = packed_batch(rows, lines, row_tokens=64, prompt_loss=True)
    backward(completion_cross_entropy(*learnt_logits(policy.model, with_prompts)))
    assert distance(gradients_of(policy.model), wanted) > 0.1


GRPO_VARIANTS = [
    # ours; theirs
    ({"advantage": "z_scored", "normalisation": "token"}, {"scale_rewards": "group", "loss_type": "dapo"}),
    ({"advantage": "z_scored", "normalisation": "token"}, {"scale_rewards": "group", "loss_type": "bnpo"}),
    ({"advantage": "mean_centred", "normalisation": "token"}, {"scale_rewards": "none", "loss_type": "dapo"}),
    ({"advantage": "z_scored", "normalisation": "sequence"}, {"scale_rewards": "group", "loss_type": "grpo"}),
    ({"advantage": "mean_centred", "normalisation": "sequence"}, {"scale_rewards": "none", "loss_type": "grpo"}),
    (
        {"clip_low": 0.1, "clip_high": 0.3, "kl_coef": 0.2},
        {
            "epsilon": 0.1,
            "epsilon_high": 0.3,
            "beta": 0.2,
            "use_bias_correction_kl": False,
            "loss_type": "dapo",
            "scale_rewards": "group",
        },
    ),
    (
        {"normalisation": "sequence", "kl_coef": 0.5, "advantage": "mean_centred"},
        {"loss_type": "grpo", "beta": 0.5, "use_bias_correction_kl": False, "scale_rewards": "none"},
    ),
]


@pytest.mark.parametrize(("ours", "theirs"), GRPO_VARIANTS)
def test_grpo_off_policy(ours: dict[str, Any], theirs: dict[str, Any], tmp_path: Path) -> None:
    """Old log-probabilities of other weights: the clip acts on both sides."""
    policy = small_policy()
    old, reference = moved(policy.model, 0.02), moved(policy.model, 0.03)
    config, rollout = GRPOConfig(temperature=TEMPERATURE, **ours), rollout_of(policy)
    trainer, inputs = prepared(GRPOTrainer, TRLGRPOConfig, policy, reference, rollout, tmp_path, **theirs)
    inputs["old_per_token_logps"] = per_token(old, rollout, inputs["completion_ids"].shape[1])
    wanted_loss = backward(trainer.compute_loss(policy.model, inputs))
    wanted = gradients_of(policy.model)

    def loss_with(clip_low: float, clip_high: float) -> torch.Tensor:
        batch, lengths = padded_batch(rollout.rows), rollout.lengths
        advantages = group_advantages(rollout.rewards, rollout.valid, kind=config.advantage).flatten()
        weights = rollout_weights(lengths, normalisation=config.normalisation).repeat_interleave(lengths)
        logprobs = token_logprobs(*learnt_logits(policy.model, batch), temperature=TEMPERATURE)
        with torch.no_grad():
            before, known = (
                token_logprobs(*learnt_logits(model, batch), temperature=TEMPERATURE) for model in (old, reference)
            )
        ratio = (logprobs - before).exp()
        assert (ratio > 1 + config.clip_high).any()
        assert (ratio < 1 - config.clip_low).any()
        loss = clipped_surrogate(
            logprobs, before, advantages.repeat_interleave(lengths), weights, clip_low=clip_low, clip_high=clip_high
        )
        return loss + config.kl_coef * (kl_k3(logprobs, known) * weights).sum()

    loss = backward(loss_with(config.clip_low, config.clip_high))
    assert loss == pytest.approx(wanted_loss, rel=TOLERANCE, abs=TOLERANCE * 0.1)
    assert distance(gradients_of(policy.model), wanted) < TOLERANCE
    for wrong in ((config.clip_low / 2, config.clip_high), (config.clip_low, config.clip_high / 2)):
        backward(loss_with(*wrong))
        assert distance(gradients_of(policy.model), wanted) > 100 * TOLERANCE


def learnt(learner_class: Any, policy: Any, reference: Any, config: Any, rollout: Rollout) -> tuple[float, Any]:
    """Return the loss and the gradients of one of our learners' steps on a rollout."""
    optimiser = Recorder(policy.model.parameters(), lr=1.0)
    told = learner_class(policy.model, reference, config, optimiser).learn(
        rollout, step=1, budget=Budget(num_parameters=1)
    )
    return told["loss"], optimiser.gradients


FREE = OptimiserConfig(clip_norm=0)


WITH_ENTROPY = ({"entropy_coef": 0.05}, {"entropy_coef": 0.05, "loss_type": "dapo"})


@pytest.mark.parametrize(("ours", "theirs"), [*GRPO_VARIANTS, WITH_ENTROPY])
def test_a_step_of_grpo(ours: dict[str, Any], theirs: dict[str, Any], tmp_path: Path) -> None:
    """On policy, as our loop runs it: in micro-batches, without the rollouts that have no gradient."""
    policy = small_policy()
    reference = moved(policy.model, 0.03)
    config, rollout = (
        GRPOConfig(temperature=TEMPERATURE, optimiser=FREE, micro_batch_tokens=99, **ours),
        rollout_of(policy),
    )
    trainer, inputs = prepared(GRPOTrainer, TRLGRPOConfig, policy, reference, rollout, tmp_path, **theirs)
    wanted_loss = backward(trainer.compute_loss(policy.model, inputs))
    wanted = gradients_of(policy.model)
    loss, gradients = learnt(GRPOLearner, policy, reference, config, rollout)
    assert loss == pytest.approx(wanted_loss, rel=TOLERANCE, abs=TOLERANCE * 0.1)
    assert distance(gradients, wanted) < TOLERANCE


@pytest.mark.parametrize("trainer", ["grpo", "rloo"])
def test_where_the_machine_failed_advantages_agree_and_denominators_do_not(trainer: str, tmp_path: Path) -> None:
    """TRL's means count rollouts without a reward, ours do not: its gradient is ours times the valid share."""
    policy = small_policy()
    rollout = with_logprobs(rollout_of(policy), policy)
    rollout.valid[0, 1] = rollout.valid[2, 3] = rollout.valid[2, 4] = False
    classes: Any = (GRPOTrainer, TRLGRPOConfig) if trainer == "grpo" else (RLOOTrainer, RLOOConfig)
    trainer_class, config_class = classes
    their_trainer, inputs = prepared(trainer_class, config_class, policy, policy.model, rollout, tmp_path)
    valid, lengths = rollout.valid.flatten(), rollout.lengths
    if trainer == "grpo":
        advantages = group_advantages(rollout.rewards, rollout.valid)
        share = float(lengths[valid].sum() / lengths.sum())
        config: Any = GRPOConfig(temperature=TEMPERATURE, optimiser=FREE)
    else:
        advantages = leave_one_out_advantages(rollout.rewards, rollout.valid)
        share = float(valid.float().mean())
        config = ReinforceConfig(temperature=TEMPERATURE, optimiser=FREE)
    torch.testing.assert_close(inputs["advantages"], advantages.flatten(), rtol=TOLERANCE, atol=1e-6)
    backward(their_trainer.compute_loss(policy.model, inputs))
    wanted = [gradient / share for gradient in gradients_of(policy.model)]
    learner = GRPOLearner if trainer == "grpo" else ReinforceLearner
    assert distance(learnt(learner, policy, None, config, rollout)[1], wanted) < TOLERANCE


@pytest.mark.parametrize("kl_coef", [0.0, 0.1])
def test_a_step_of_reinforce_with_a_leave_one_out_baseline(kl_coef: float, tmp_path: Path) -> None:
    """TRL minimises minus the ratio times the advantage, we minus the log-probability times it: one gradient.

    At ratio 1 its loss is minus the mean advantage, which is 0; the losses are compared as surrogates.
    """
    policy = small_policy()
    reference, rollout = moved(policy.model, 0.03), rollout_of(policy)
    trainer, inputs = prepared(
        RLOOTrainer, RLOOConfig, policy, reference, rollout, tmp_path, beta=kl_coef, normalize_advantages=False
    )
    wanted_loss = backward(trainer.compute_loss(policy.model, inputs))
    wanted = gradients_of(policy.model)
    rollout = with_logprobs(rollout, policy)
    config = ReinforceConfig(temperature=TEMPERATURE, optimiser=FREE, kl_coef=kl_coef, micro_batch_tokens=99)
    _, gradients = learnt(ReinforceLearner, policy, reference, config, rollout)
    assert wanted_loss == pytest.approx(0, abs=1e-6)
    assert distance(gradients, wanted) < TOLERANCE
    flipped = replace(rollout, rewards=rollout.rewards.roll(1, dims=1))
    assert distance(learnt(ReinforceLearner, policy, reference, config, flipped)[1], wanted) > 0.1
