"""Adapters: sampling sees them, switching them off gives the policy back, and merging equals both."""

import copy
from typing import Any

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from foreign_model import foreign_model, foreign_tokenizer
from moiety.errors import UserError
from moiety.models.decode import SamplingPrecision
from moiety.models.forward import hidden_states, own_forward, supported, weights_of
from moiety.models.lora import BasePolicy, add_adapters, dropout_stream, has_adapters, merge_adapters, without_adapters
from moiety.models.policy import TorchPolicy
from moiety.models.prompts import prompt_format
from moiety.models.sampling import sample
from moiety.train.data import Row, padded_batch
from moiety.train.scoring import learnt_logits

torch.set_num_threads(1)


def adapted(model: Any, **changes: Any) -> Any:
    """Put adapters that do something into a model; return peft's handle."""
    options: dict[str, Any] = {"rank": 4, "alpha": 8.0, "dropout": 0.0, "target_modules": (), "seed": 0, **changes}
    handle = add_adapters(model, **options)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
    return handle


def llama() -> Any:
    return foreign_model(foreign_tokenizer())


def gpt2() -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model: Any = GPT2LMHeadModel(GPT2Config(vocab_size=300, n_embd=32, n_layer=2, n_head=2, n_positions=128))
    return model.eval()


PROMPTS = [[5 + n, 9, 40 + 3 * n] * (1 + n % 4) for n in range(12)]


def drawn(model: Any, prompts: list[list[int]], max_rows: int = 256, **options: Any) -> list[Any]:
    groups = sample(
        model,
        prompts,
        num_samples=2,
        temperature=1.0,
        max_new_tokens=20,
        seed=4,
        eos_id=2,
        max_rows=max_rows,
        **options,
    )
    return [one for group in groups for one in group]


def test_our_forward_with_adapters_added_equals_the_modules_and_the_merged_model() -> None:
    model = llama()
    handle = adapted(model)
    assert supported(model)
    assert has_adapters(model)
    assert not own_forward(model)
    tokens, positions = torch.arange(10, 40)[None], torch.arange(30)[None]
    with torch.no_grad():
        through_modules = model(tokens).logits
        weights = weights_of(model)
        ours = hidden_states(weights, tokens, positions, None) @ weights.head.T
        merged = merge_adapters(copy.deepcopy(handle))(tokens).logits
        with without_adapters(model):
            plain = model(tokens).logits
    torch.testing.assert_close(ours, through_modules, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(merged, through_modules, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(plain, llama()(tokens).logits.detach())
    assert not torch.allclose(plain, through_modules, atol=1e-2)


def test_the_reference_is_the_policy_with_its_adapters_off() -> None:
    model = llama()
    batch = padded_batch([Row((5, 6, 7), (8, 9, 2)), Row((5,), (30, 2))])
    before, _ = learnt_logits(model, batch)
    adapted(model)
    logits, _ = learnt_logits(model, batch)
    known, _ = learnt_logits(BasePolicy(model), batch)
    torch.testing.assert_close(known, before, rtol=1e-5, atol=1e-5)
    assert not torch.allclose(logits, before, atol=1e-2)
    logits.sum().backward()  # type: ignore[no-untyped-call]
    trained = {name for name, one in model.named_parameters() if one.grad is not None}
    assert trained
    assert all("lora_" in name for name in trained)


@pytest.mark.parametrize("build", [llama, gpt2])
def test_a_completion_with_adapters_does_not_depend_on_its_batch(build: Any) -> None:
    model = build()
    adapted(model)
    together = drawn(model, PROMPTS)
    ties = 0
    for others in (drawn(model, PROMPTS, max_rows=5), drawn(model, PROMPTS[:6])):
        for one, other in zip(together, others, strict=False):
            if one.tokens == other.tokens:
                assert one.logprobs == pytest.approx(other.logprobs, abs=1e-4)
            else:
                ties += 1
    assert ties <= 1, "a uniform number within rounding of a boundary is rare"


def test_sampling_in_bf16_keeps_to_the_distribution() -> None:
    model = llama()
    adapted(model)
    exact = drawn(model, PROMPTS)
    cached = drawn(model, PROMPTS, precision=SamplingPrecision(cache=torch.bfloat16))
    reduced = drawn(model, PROMPTS, precision=SamplingPrecision(torch.bfloat16, torch.bfloat16))
    for others in (cached, reduced):
        assert [one.tokens[0] for one in others] != []
        first = [
            abs(a.logprobs[0] - b.logprobs[0]) for a, b in zip(exact, others, strict=True) if a.tokens[0] == b.tokens[0]
        ]
        assert len(first) > len(exact) * 0.8
        assert max(first) < 0.2
    assert next(model.parameters()).dtype == torch.float32
    shape = gpt2()
    assert len(drawn(shape, PROMPTS, precision=SamplingPrecision(torch.bfloat16))) == 2 * len(PROMPTS)


def test_the_same_seed_gives_the_same_adapters_and_dropout() -> None:
    factors, draws = [], []
    for _ in range(2):
        model = llama()
        torch.rand(3)  # the global stream does not matter
        add_adapters(model, rank=2, alpha=4.0, dropout=0.5, target_modules=("q_proj",), seed=7)
        factors.append([one.detach().clone() for name, one in model.named_parameters() if "lora_A" in name])
        dropout_stream(model, 7, "sft", 3)
        draws.append(torch.rand(2))
    assert all(torch.equal(a, b) for a, b in zip(*factors, strict=True))
    assert torch.equal(*draws)
    assert len(factors[0]) == 2


def test_a_module_that_is_not_there_is_named() -> None:
    with pytest.raises(UserError, match="no linear module is called 'q_prj'; did you mean 'q_proj'"):
        add_adapters(llama(), rank=2, alpha=4.0, dropout=0.0, target_modules=("q_prj",), seed=0)


def test_other_tokens_of_the_generation_configuration_end_a_completion() -> None:
    tokenizer = foreign_tokenizer()
    model = foreign_model(tokenizer)
    model.generation_config.eos_token_id = [7, 2]
    policy = TorchPolicy(model, tokenizer, wording=prompt_format(tokenizer))
    assert policy.end_ids == (2, 7)
    with torch.no_grad():
        model.lm_head.weight[7] = model.lm_head.weight.mean(0) * 0 + 0.3
    _, groups = policy.rollout(["say\nit\n"], num_samples=40, temperature=1.0, max_new_tokens=30, seed=0)
    ends = [one.tokens[-1] for one in groups[0] if not one.truncated]
    assert 7 in ends
    assert set(ends) <= {2, 7}
    assert all(not {2, 7} & set(one.tokens[:-1]) for one in groups[0])


def test_prompts_are_worded_as_the_tokenizer_says() -> None:
    tokenizer = foreign_tokenizer()
    chat = prompt_format(tokenizer)
    assert chat.text(tokenizer, "sum\ndef f(x):\n") == "<s><|user|>sum\ndef f(x):<|bot|>"
    assert chat.program_of("Here:\n```python\nx = 1\n```\nDone.") == "x = 1\n"
    plain = prompt_format(tokenizer, chat_template=False)
    assert plain.text(tokenizer, "sum\n") == "sum\n"
    assert plain.program_of("```x```") == "```x```"
    tokenizer.chat_template = None
    with pytest.raises(UserError, match="chat_template: the checkpoint's tokenizer has no chat template"):
        prompt_format(tokenizer, chat_template=True)
