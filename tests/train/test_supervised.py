"""Pretraining, SFT and rejection: they learn, repeat bit for bit, and stop at a bad loss."""

import shutil
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from small_training import PAIRS, equal, random_rows, small_policy, weights

from moiety.errors import UserError
from moiety.models.policy import TorchPolicy, load_policy
from moiety.train.checkpoint import save_checkpoint
from moiety.train.config import OptimiserConfig, PretrainConfig, RejectionConfig, SFTConfig
from moiety.train.data import encode_rows
from moiety.train.onpolicy import Scores
from moiety.train.pretrain import pretrain_model
from moiety.train.rejection import train_by_rejection
from moiety.train.sft import finetune

FAST = OptimiserConfig(learning_rate=5e-3, warmup_steps=3)


def greedy(policy: TorchPolicy, prompts: Sequence[str]) -> list[str]:
    groups = policy.complete(prompts, num_samples=1, temperature=0, max_new_tokens=16, seed=0)
    return [group[0].text for group in groups]


def test_sft_learns_a_task_and_keeps_its_books() -> None:
    policy = small_policy()
    rows = encode_rows(policy.tokenizer, PAIRS)
    metrics: list[dict[str, float]] = []
    seen: list[int] = []
    config = SFTConfig(steps=60, batch_rows=4, row_tokens=64, optimiser=FAST, checkpoint_steps=(0, 20, 60))
    budget = finetune(
        policy.model, rows, config, seed=0,
        on_step=lambda step, _: metrics.append(step), on_checkpoint=lambda step, _: seen.append(step),
    )  # fmt: skip
    assert greedy(policy, [prompt for prompt, _ in PAIRS]) == [completion for _, completion in PAIRS]
    assert [step["step"] for step in metrics] == list(range(1, 61))
    assert metrics[-1]["loss"] < 0.1 < metrics[0]["loss"]
    assert seen == [0, 20, 60]
    last = metrics[-1]
    assert (last["tokens/trained"], last["prompts"]) == (budget.tokens_trained, budget.prompts)
    assert budget.flops == 6 * budget.num_parameters * budget.tokens_trained
    assert not any(name.startswith("time") for name in last)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_sft_repeats_bit_for_bit(precision: Any) -> None:
    results = []
    for seed in (0, 0, 1):
        policy = small_policy()
        torch.rand(3)  # the global stream does not matter
        finetune(
            policy.model, random_rows(), SFTConfig(steps=4, batch_rows=4, row_tokens=64, precision=precision), seed=seed
        )
        results.append(weights(policy))
    assert equal(results[0], results[1])
    assert not equal(results[0], results[2])


def test_epochs_pass_over_every_row() -> None:
    budget = finetune(small_policy().model, random_rows(), SFTConfig(steps=None, epochs=2, row_tokens=64), seed=0)
    assert budget.prompts == 2 * len(random_rows())
    assert budget.tokens_trained == 2 * sum(len(row) for row in random_rows())


def sft_of(model: Any, on_step: Any) -> None:
    finetune(model, random_rows(), SFTConfig(steps=9, batch_rows=2, row_tokens=64), seed=0, on_step=on_step)


def pretrain_of(model: Any, on_step: Any) -> None:
    config = PretrainConfig(steps=9, batch_rows=2, row_tokens=64, compile=False)
    pretrain_model(model, random_rows(), config, seed=0, on_step=on_step)


@pytest.mark.parametrize(("stage", "run"), [("sft", sft_of), ("pretrain", pretrain_of)])
def test_a_loss_that_is_not_finite_stops_before_the_step(stage: str, run: Any) -> None:
    policy = small_policy()
    poisoned: list[torch.Tensor] = []

    def poison(metrics: dict[str, float], _: dict[str, float]) -> None:
        if metrics["step"] == 3:
            with torch.no_grad():
                policy.model.model.norm.weight[0] = float("inf")
            poisoned.extend(weights(policy))

    with pytest.raises(UserError, match=rf"{stage}: the loss is nan .* at step 4"):
        run(policy.model, poison)
    assert equal(poisoned, weights(policy))


def test_pretraining_learns_and_repeats() -> None:
    results, losses = [], []
    for _ in range(2):
        policy = small_policy()
        rows = encode_rows(policy.tokenizer, PAIRS)
        config = PretrainConfig(steps=60, batch_rows=4, row_tokens=64, optimiser=FAST, compile=False)
        pretrain_model(policy.model, rows, config, seed=0, on_step=lambda step, _: losses.append(step["loss"]))
        results.append(weights(policy))
    assert equal(*results)
    assert losses[59] < 0.5 < losses[0]


@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler")
@pytest.mark.filterwarnings(r"ignore:`torch\.jit\.script_method` is deprecated:DeprecationWarning")
def test_compiled_pretraining_on_two_threads_repeats_bit_for_bit(tmp_path: Path) -> None:
    results = []
    torch.set_num_threads(2)
    try:
        for _ in range(2):
            policy = small_policy()
            config = PretrainConfig(steps=12, batch_rows=16, row_tokens=64, optimiser=FAST)
            pretrain_model(policy.model, random_rows(), config, seed=0, compile_cache=tmp_path)
            results.append(weights(policy))
    finally:
        torch.set_num_threads(1)
    assert equal(*results)
    assert not torch.are_deterministic_algorithms_enabled()


def test_pretraining_without_a_compiler_says_so_and_goes_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    notices: list[str] = []
    config = PretrainConfig(steps=1, batch_rows=2, row_tokens=64, compile=True)
    pretrain_model(small_policy().model, random_rows(), config, seed=0, notice=notices.append)
    assert len(notices) == 1
    assert "no C++ compiler" in notices[0]


def test_a_checkpoint_is_an_ordinary_folder(tmp_path: Path) -> None:
    policy = small_policy()
    save_checkpoint(policy.model, policy.tokenizer, tmp_path / "sft")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sft"]
    assert equal(weights(load_policy(tmp_path / "sft")), weights(policy))


def accept_matches() -> Callable[[Sequence[int], Sequence[str]], Scores]:
    def score(indices: Sequence[int], texts: Sequence[str]) -> Scores:
        passed = [text == PAIRS[i][1] for i, text in zip(indices, texts, strict=True)]
        return Scores(rewards=[float(one) for one in passed], counts={"verdict/pass": sum(passed)})

    return score


def test_rejection_learns_from_its_own_accepted_samples() -> None:
    policy = small_policy()
    prompts = [prompt for prompt, _ in PAIRS]
    half = SFTConfig(steps=30, batch_rows=4, row_tokens=64, optimiser=FAST)
    finetune(policy.model, encode_rows(policy.tokenizer, PAIRS), half, seed=0)
    sft = SFTConfig(steps=20, batch_rows=4, row_tokens=64, optimiser=OptimiserConfig(learning_rate=2e-3))
    config = RejectionConfig(num_samples=16, max_new_tokens=16, sft=sft, max_per_prompt=3)
    first: list[dict[str, float]] = []
    result = train_by_rejection(
        policy, prompts, accept_matches(), config, seed=0, on_step=lambda step, _: first.append(step)
    )
    assert 0 < result.num_accepted == result.num_prompts_accepted <= len(PAIRS)  # one text passes, kept once
    assert result.budget.tokens_sampled == first[0]["tokens/sampled"] > 0
    assert result.budget.gradient_steps == 20
    after = policy.complete(prompts, num_samples=16, temperature=1.0, max_new_tokens=16, seed=9)
    rate = sum(one.text == pair[1] for pair, group in zip(PAIRS, after, strict=True) for one in group) / (16 * 6)
    assert rate > first[0]["reward/mean"]


def test_rejection_with_nothing_accepted_leaves_the_policy() -> None:
    policy = small_policy()
    before = weights(policy)
    seen: list[int] = []
    config = RejectionConfig(num_samples=2, max_new_tokens=8, sft=SFTConfig(steps=2, checkpoint_steps=(0, 2)))
    result = train_by_rejection(
        policy, [PAIRS[0][0]], accept_matches(), config, seed=0, on_checkpoint=lambda step, _: seen.append(step)
    )
    assert result.num_accepted == 0
    assert seen == [0, 2]
    assert equal(before, weights(policy))


def test_settings_that_make_no_sense_are_named() -> None:
    with pytest.raises(UserError, match="steps: expected either steps or epochs"):
        SFTConfig(steps=3, epochs=2)
    with pytest.raises(UserError, match="learning_rate: expected a number above 0, got -1"):
        OptimiserConfig(learning_rate=-1)


def test_nothing_here_warns() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        finetune(small_policy().model, random_rows(), SFTConfig(steps=1, row_tokens=64, precision="bf16"), seed=0)
