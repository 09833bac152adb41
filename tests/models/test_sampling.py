"""Sampling agrees with the model's own forward, and a row does not depend on its neighbours."""

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from moiety.errors import UserError
from moiety.models.decode import choose
from moiety.models.hf import Checkpoint, load_checkpoint, save_files
from moiety.models.policy import TorchPolicy, load_policy
from moiety.models.sampling import sample
from small_model import small_model, small_tokenizer

EOS = 0


def some_prompts(count: int) -> list[list[int]]:
    rng = random.Random(3)
    return [[rng.randrange(2, 250) for _ in range(rng.randrange(1, 25))] for _ in range(count)]


def gpt2() -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = GPT2Config(vocab_size=320, n_embd=32, n_layer=2, n_head=2, n_positions=128)
        model: Any = GPT2LMHeadModel(config)
    return model.eval()


@torch.no_grad()
def own_greedy(model: Any, prompt: list[int], steps: int) -> tuple[list[int], list[float]]:
    """Decode by the module's own forward, without a cache."""
    tokens, logprobs = list(prompt), []
    for _ in range(steps):
        row = model(torch.tensor([tokens])).logits[0, -1].log_softmax(-1)
        tokens.append(int(row.argmax()))
        logprobs.append(float(row.max()))
        if tokens[-1] == EOS:
            break
    return tokens[len(prompt) :], logprobs


def sharpen(model: Any) -> Any:
    """Scale the weights so that greedy choices are no near-ties and the end of text comes up."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.mul_(5.0)
    return model


@pytest.mark.parametrize("kind", ["tiny", "gpt2"])
def test_greedy_text_and_logprobs_equal_the_modules_own(kind: str) -> None:
    subject = sharpen(small_model() if kind == "tiny" else gpt2())
    prompts = some_prompts(24)
    groups = sample(subject, prompts, num_samples=1, temperature=0, max_new_tokens=30, seed=0, eos_id=EOS, max_rows=9)
    for prompt, (one,) in zip(prompts, groups, strict=True):
        tokens, logprobs = own_greedy(subject, prompt, 30)
        assert one.tokens == tokens
        assert one.logprobs == pytest.approx(logprobs, abs=1e-4)
        assert one.truncated == (tokens[-1] != EOS)


@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_sampled_logprobs_are_the_modules_own(temperature: float) -> None:
    model = small_model()
    prompts = some_prompts(6)
    groups = sample(model, prompts, num_samples=4, temperature=temperature, max_new_tokens=20, seed=1, eos_id=EOS)
    for prompt, group in zip(prompts, groups, strict=True):
        assert len({tuple(one.tokens) for one in group}) > 1
        for one in group:
            with torch.no_grad():
                logits = model(torch.tensor([prompt + one.tokens])).logits[0, len(prompt) - 1 : -1]
            expected = (logits / temperature).log_softmax(-1).gather(1, torch.tensor(one.tokens)[:, None])
            assert one.logprobs == pytest.approx(expected.squeeze(1).tolist(), abs=1e-4)


@pytest.mark.parametrize("kind", ["tiny", "gpt2"])
def test_a_completion_does_not_depend_on_its_batch(kind: str) -> None:
    subject = small_model() if kind == "tiny" else gpt2()
    with torch.no_grad():
        subject.lm_head.weight[EOS] *= 3  # some rows end early and leave the batch
    prompts = some_prompts(16)

    def draw(prompts: list[list[int]], max_rows: int) -> list[list[int]]:
        groups = sample(
            subject, prompts, num_samples=3, temperature=1.0, max_new_tokens=25, seed=7, eos_id=EOS, max_rows=max_rows
        )
        return [one.tokens for group in groups for one in group]

    together = draw(prompts, 256)
    assert draw(prompts, 5) == together
    assert draw(prompts[:4], 256) == together[:12]
    assert draw(prompts, 256) == together


def test_rows_that_end_leave_while_others_go_on() -> None:
    model = small_model()
    with torch.no_grad():
        model.model.embed_tokens.weight[EOS] = 0
    prompts = some_prompts(40)
    groups = sample(model, prompts, num_samples=2, temperature=1.0, max_new_tokens=60, seed=0, eos_id=7)
    lengths = Counter(len(one.tokens) for group in groups for one in group)
    assert all(one.tokens.count(7) == (0 if one.truncated else 1) for group in groups for one in group)
    assert len(lengths) > 1


def test_choice_follows_the_distribution_and_never_takes_an_impossible_token() -> None:
    probabilities = torch.tensor([0.0, 0.5, 0.0, 0.25, 0.25, 0.0])
    numbers = (torch.arange(1000) + 0.5) / 1000
    tokens, logprobs = choose(probabilities.log().expand(1000, 6), numbers, 1.0)
    counts = Counter(tokens.tolist())
    assert counts == {1: 500, 3: 250, 4: 250}
    torch.testing.assert_close(logprobs, probabilities[tokens].log())
    last, _ = choose(probabilities.log()[None], torch.tensor([1.0 - 2**-24]), 1.0)
    assert last.item() == 4


def test_impossible_arguments_are_refused() -> None:
    model = small_model()
    with pytest.raises(ValueError, match="at least one token"):
        sample(model, [[]], num_samples=1, temperature=0, max_new_tokens=1, seed=0, eos_id=EOS)
    with pytest.raises(ValueError, match="num_samples >= 1"):
        sample(model, [[2]], num_samples=0, temperature=0, max_new_tokens=1, seed=0, eos_id=EOS)


def test_a_policy_survives_a_checkpoint_folder(tmp_path: Path) -> None:
    model, tokenizer = small_model(), small_tokenizer()
    save_files(Checkpoint(model=model, tokenizer=tokenizer), tmp_path)
    prompts = ["reverse the list\n", "def f(xs):"]
    options: dict[str, Any] = {"num_samples": 3, "max_new_tokens": 12, "seed": 4}
    before = TorchPolicy(model=model, tokenizer=tokenizer)
    after = load_policy(tmp_path)
    for temperature in (0.0, 1.0):
        completions = before.complete(prompts, temperature=temperature, **options)
        assert completions == after.complete(prompts, temperature=temperature, **options)
        assert [len(group) for group in completions] == [3, 3]
        assert all(one.num_tokens <= 12 and one.logprob <= 0 for group in completions for one in group)


def test_bad_checkpoints_and_long_prompts_are_one_clear_line(tmp_path: Path) -> None:
    model, tokenizer = small_model(), small_tokenizer()
    with pytest.raises(UserError, match=r"no config\.json"):
        load_checkpoint(tmp_path)
    model.save_pretrained(tmp_path)
    with pytest.raises(UserError, match="no tokenizer"):
        load_checkpoint(tmp_path)
    policy = TorchPolicy(model=model, tokenizer=tokenizer)
    with pytest.raises(UserError, match="context of 128 tokens"):
        policy.complete(["xs " * 100], num_samples=1, temperature=0, max_new_tokens=100, seed=0)
