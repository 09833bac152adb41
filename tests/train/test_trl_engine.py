"""The engine "trl" trains, tells our metrics, goes on after a stop, and shares checkpoints with ours."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_training import PAIRS, equal, small_policy, weights

pytest.importorskip("trl", reason="needs the extra [trl]")

from moiety.errors import UserError
from moiety.models.policy import TorchPolicy, load_policy
from moiety.train.checkpoint import save_checkpoint
from moiety.train.config import GRPOConfig, OptimiserConfig, PPOConfig, ReinforceConfig, RLConfig, SFTConfig
from moiety.train.data import encode_rows
from moiety.train.onpolicy import Scores
from moiety.train.rl import train_by_reward
from moiety.train.sft import finetune
from moiety.train.trl_engine import finetune_with_trl, train_with_trl
from moiety.train.trl_fields import check_trl_fields

PROMPTS = [prompt for prompt, _ in PAIRS]
SHARED: dict[str, Any] = {
    "steps": 4, "prompts_per_step": 4, "group_size": 4, "max_new_tokens": 8, "kl_every": 2,
    "optimiser": OptimiserConfig(learning_rate=1e-3, warmup_steps=2, schedule="constant"),
}  # fmt: skip
SFT = SFTConfig(
    steps=6, batch_rows=2, row_tokens=32, precision="fp32",
    optimiser=OptimiserConfig(learning_rate=3e-3, warmup_steps=2),
)  # fmt: skip


class StoppedError(Exception):
    """What stops a stage in the midst."""


def share_of_a(indices: Sequence[int], texts: Sequence[str]) -> Scores:
    """Reward the share of letters that are an a; the machine fails on every tenth."""
    assert len(indices) == len(texts)
    rewards = [text.count("a") / max(1, len(text)) for text in texts]
    return Scores([None if i == 3 else reward for i, reward in enumerate(rewards)], {"verdict/pass": len(texts)})


def sft(policy: TorchPolicy, folder: Path, *, config: SFTConfig = SFT, on_step: Any = None) -> list[dict[str, float]]:
    told: list[dict[str, float]] = []
    rows = encode_rows(policy.tokenizer, PAIRS)
    finetune_with_trl(
        policy.model, policy.tokenizer, rows, config, seed=0, folder=folder, every_steps=2,
        on_step=on_step or (lambda metrics, _: told.append(metrics)),
    )  # fmt: skip
    return told


def rl(policy: TorchPolicy, folder: Path, config: RLConfig, **options: Any) -> list[dict[str, float]]:
    told: list[dict[str, float]] = []
    options = {"on_step": lambda metrics, _: told.append(metrics), **options}
    train_with_trl(policy, PROMPTS, share_of_a, config, seed=0, folder=folder, every_steps=1, **options)
    return told


def test_sft_learns_and_tells_what_our_engine_tells(tmp_path: Path) -> None:
    policy, own = small_policy(), small_policy()
    config = replace(SFT, steps=30, checkpoint_steps=(0, 30))
    seen: list[int] = []
    rows = encode_rows(policy.tokenizer, PAIRS)
    told: list[dict[str, float]] = []
    budget = finetune_with_trl(
        policy.model, policy.tokenizer, rows, config, seed=0, folder=tmp_path,
        on_step=lambda metrics, _: told.append(metrics), on_checkpoint=lambda step, _: seen.append(step),
    )  # fmt: skip
    ours: list[dict[str, float]] = []
    finetune(own.model, rows, config, seed=0, on_step=lambda metrics, _: ours.append(metrics))
    assert [set(metrics) for metrics in told] == [set(metrics) for metrics in ours]
    for name in ours[0]:  # later steps drift: AdamW divides rounding errors by gradients near 0
        expected = pytest.approx([metrics[name] for metrics in ours[:6]], rel=1e-3, abs=1e-5)
        assert [metrics[name] for metrics in told[:6]] == expected, name
    assert told[0]["loss"] == pytest.approx(ours[0]["loss"], rel=1e-5)
    assert told[-1]["loss"] < 0.5 * told[0]["loss"]
    assert seen == [0, 30]
    assert not policy.model.training
    assert "forward" not in vars(policy.model)
    assert (budget.tokens_trained, budget.prompts) == (told[-1]["tokens/trained"], told[-1]["prompts"])


@pytest.mark.parametrize(
    "config",
    [
        GRPOConfig(**SHARED, normalisation="sequence", advantage="mean_centred"),
        GRPOConfig(**SHARED, kl_coef=0.1, entropy_coef=0.01, micro_batch_tokens=60),
        ReinforceConfig(**SHARED),
        ReinforceConfig(**SHARED, kl_coef=0.1),
    ],
)
def test_rl_tells_what_our_engine_tells(config: Any, tmp_path: Path) -> None:
    policy, own = small_policy(), small_policy()
    before = weights(policy)
    told = rl(policy, tmp_path, config)
    ours: list[dict[str, float]] = []
    learnt = replace(GRPOConfig(**SHARED), kl_coef=config.kl_coef)
    train_by_reward(own, PROMPTS, share_of_a, learnt, seed=0, on_step=lambda metrics, _: ours.append(metrics))
    assert [set(metrics) for metrics in told] == [set(metrics) for metrics in ours]
    assert told[0]["policy/kl"] == pytest.approx(0, abs=1e-6)
    assert told[-1]["policy/kl"] > 0
    assert told[0]["verdict/pass"] == 16
    assert [metrics["learning_rate"] for metrics in told] == pytest.approx([5e-4, 1e-3, 1e-3, 1e-3])
    assert not equal(before, weights(policy))


def test_a_stopped_stage_goes_on_to_the_same_weights_and_metrics(tmp_path: Path) -> None:
    """On one machine with one thread; TRL keeps the state of its random streams in its checkpoints."""
    for name, config in (("grpo", GRPOConfig(**SHARED)), ("sft", SFT)):
        run: Any = sft if name == "sft" else rl
        options: dict[str, Any] = {"config": config}
        whole, stopped = small_policy(), small_policy()
        told = run(whole, tmp_path / name / "whole", **options)

        def stop(metrics: dict[str, float], _: Any) -> None:
            if metrics["step"] == 3:
                raise StoppedError

        with pytest.raises(StoppedError):
            run(stopped, tmp_path / name / "stopped", **options, on_step=stop)
        again = small_policy()
        assert run(again, tmp_path / name / "stopped", **options) == told
        assert equal(weights(whole), weights(again))
        assert len(list((tmp_path / name / "stopped").glob("checkpoint-*"))) <= 2
    with pytest.raises(UserError, match="holds the state of a stage with other settings"):
        rl(small_policy(), tmp_path / "grpo" / "stopped", GRPOConfig(**SHARED, clip_high=0.3))


def test_a_checkpoint_goes_from_our_engine_to_trl_and_back(tmp_path: Path) -> None:
    policy = small_policy()
    finetune(policy.model, encode_rows(policy.tokenizer, PAIRS), SFT, seed=0)
    save_checkpoint(policy.model, policy.tokenizer, tmp_path / "ours")
    further = load_policy(tmp_path / "ours")
    assert equal(weights(policy), weights(further))
    sft(further, tmp_path / "sft")
    rl(further, tmp_path / "rl", GRPOConfig(**SHARED))
    save_checkpoint(further.model, further.tokenizer, tmp_path / "theirs")
    back = load_policy(tmp_path / "theirs")
    assert equal(weights(further), weights(back))
    told: list[dict[str, float]] = []
    finetune(
        back.model, encode_rows(back.tokenizer, PAIRS), SFT, seed=1, on_step=lambda metrics, _: told.append(metrics)
    )
    assert told[-1]["loss"] < told[0]["loss"]
    newest = load_policy(next(iter((tmp_path / "rl").glob("checkpoint-4"))))
    assert equal(weights(further), weights(newest))


def test_a_loss_that_is_no_number_stops_before_the_step(tmp_path: Path) -> None:
    policy = small_policy()
    config = replace(SFT, optimiser=OptimiserConfig(learning_rate=1e30, schedule="constant"))
    with pytest.raises(UserError, match=r"at step .*Lower learning_rate"):
        sft(policy, tmp_path, config=config)


@pytest.mark.parametrize(
    ("algorithm", "extra", "message"),
    [
        ("grpo", {"top_entropy_quantil": 0.5}, "GRPOConfig has no such field; did you mean 'top_entropy_quantile'?"),
        ("sft", {"num_generations": 4}, "trl.num_generations: set by the recipe's group_size"),
        ("reinforce", {"beta": 0.1}, "trl.beta: set by the recipe's kl_coef"),
        ("sft", {"output_dir": "x"}, "trl.output_dir: set by the run"),
        ("ppo", {}, 'engine "trl": TRL has no ppo; it has sft, grpo, reinforce'),
    ],
)
def test_a_wrong_field_is_named(algorithm: str, extra: dict[str, Any], message: str) -> None:
    check_trl_fields("grpo", {"top_entropy_quantile": 0.5, "delta": 2.0})
    with pytest.raises(UserError) as raised:
        check_trl_fields(algorithm, extra)
    assert message in str(raised.value)


def test_bad_input_is_said_in_one_line(tmp_path: Path) -> None:
    policy = small_policy()
    with pytest.raises(UserError, match="TRL has no ppo"):
        rl(policy, tmp_path, PPOConfig(**SHARED))
    with pytest.raises(UserError, match="more than row_tokens=4"):
        sft(policy, tmp_path, config=replace(SFT, row_tokens=4))
    with pytest.raises(UserError, match="RLOOTrainer has no entropy bonus"):
        rl(policy, tmp_path, ReinforceConfig(**SHARED, entropy_coef=0.1))
