"""Our forward pass equals the Hugging Face module's, in values and in gradients."""

from typing import Any

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

from moiety.models.forward import hidden_states, supported, weights_of
from moiety.models.tiny import new_tiny_model, num_parameters, tiny_config


def llama() -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = LlamaConfig(
            vocab_size=96, hidden_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
            intermediate_size=80, max_position_embeddings=128, tie_word_embeddings=False,
        )  # fmt: skip
        model: Any = LlamaForCausalLM(config)
    return model.eval()


def qwen() -> Any:
    return new_tiny_model(tiny_config(vocab_size=96, width=64, num_layers=2, num_heads=4, num_kv_heads=2), seed=0)


@pytest.mark.parametrize("build", [llama, qwen])
def test_values_and_gradients_agree_with_the_module(build: Any) -> None:
    model = build()
    assert supported(model)
    with torch.no_grad():  # norms start at one: make them count
        for name, parameter in model.named_parameters():
            if "norm" in name:
                parameter.uniform_(0.5, 1.5)
    tokens = torch.randint(0, 96, (3, 20), generator=torch.Generator().manual_seed(1))
    gradients, logits = [], []
    for ours in (True, False):
        model.zero_grad()
        if ours:
            weights = weights_of(model)
            states = hidden_states(weights, tokens, torch.arange(20).expand(3, 20), None)
            out = torch.nn.functional.linear(states, weights.head)
        else:
            out = model(tokens).logits
        total: Any = out.log_softmax(-1)[..., 3].sum()
        total.backward()
        logits.append(out.detach())
        gradients.append({name: parameter.grad.clone() for name, parameter in model.named_parameters()})
    torch.testing.assert_close(logits[0], logits[1], rtol=1e-4, atol=1e-5)
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradient, gradients[1][name], rtol=1e-3, atol=1e-4, msg=name)


def test_other_shapes_are_not_claimed() -> None:
    small: dict[str, Any] = {"vocab_size": 64, "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    assert not supported(GPT2LMHeadModel(GPT2Config(vocab_size=64, n_embd=32, n_layer=1, n_head=2, n_positions=64)))
    assert not supported(Qwen2ForCausalLM(Qwen2Config(**small, num_key_value_heads=1, intermediate_size=48)))
    scaled = {"rope_type": "linear", "factor": 2.0, "rope_theta": 10000.0}
    assert not supported(LlamaForCausalLM(LlamaConfig(**small, intermediate_size=48, rope_parameters=scaled)))


def test_the_tiny_model_has_its_stated_size_and_depends_on_the_seed_only() -> None:
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first, again, other = (new_tiny_model(tiny_config(), seed=seed) for seed in (1, 1, 2))
    assert num_parameters(first) == 919_168
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    assert not torch.equal(first.lm_head.weight, other.lm_head.weight)
