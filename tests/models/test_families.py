"""Sampled, padded, packed and the model's own log-probabilities agree, whatever the family and its attention."""

from typing import Any

import pytest
import torch

from families import EAGER_ONLY, FAMILIES, family
from moiety.errors import UserError
from moiety.models.lora import add_adapters, merge_adapters
from moiety.models.module import own_logits
from moiety.models.module_decode import keeps_cache
from moiety.models.policy import own_context
from moiety.models.sampling import sample
from moiety.train.critic import new_critic
from moiety.train.data import Row, packed_batch, padded_batch, unpacked
from moiety.train.losses import token_logprobs
from moiety.train.packing import keeps_rows_apart, reads_packed, shortest_window
from moiety.train.scoring import learnt_logits, learnt_logits_and_states, learnt_states

torch.set_num_threads(1)

# Alibi, recurrent and convolutional layers: they take no positions, or their state runs from one row into the next.
UNPACKED = {"bloom", "falcon-alibi", "lfm2", "mamba", "mpt", "recurrent_gemma"}
READ_AGAIN = {"mamba", "recurrent_gemma"}
# Which rows share a product with which depends on the router: equal but for rounding, so either form is right.
EXPERTS = {"llama4_text", "mixtral", "qwen2_moe"}
QUICK = [
    ("codegen", "eager", False, True),
    ("gemma2", "eager", True, False),
    ("gptj", "eager", False, False),
    ("qwen2", "sdpa", True, True),
    ("qwen2", "eager", False, False),
    ("llama", "eager", False, True),
    ("bloom", "eager", True, True),
    ("mamba", "eager", False, False),
]
EVERY = [
    (name, attention, tied, adapted)
    for name in FAMILIES
    for attention in (("eager",) if name in EAGER_ONLY else ("sdpa", "eager"))
    for tied in (False, True)
    for adapted in (False, True)
    if not (adapted and name == "mamba")  # peft refuses, see below
]
# What transformers says of its own speed and of missing kernels is no matter here.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def with_adapters(model: Any) -> Any:
    """Put adapters that do something into a model's linear modules; return peft's handle."""
    handle = add_adapters(model, rank=2, alpha=4.0, dropout=0.0, target_modules=(), seed=0)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.2)
    return handle


def sampled_rows(model: Any, *, lengths: tuple[int, ...] = (4, 9, 2), new: int = 8) -> tuple[list[Row], torch.Tensor]:
    """Return rows that the model sampled, with the log-probabilities that sampling gave, flat."""
    prompts = [[5 + 3 * n for n in range(length)] for length in lengths]
    groups = sample(model, prompts, num_samples=1, temperature=1.0, max_new_tokens=new, seed=0, eos_id=0)
    rows = [Row(tuple(prompt), tuple(one.tokens)) for prompt, (one,) in zip(prompts, groups, strict=True)]
    return rows, torch.tensor([value for (one,) in groups for value in one.logprobs])


@torch.no_grad()
def forms(model: Any, rows: list[Row]) -> dict[str, torch.Tensor]:
    """Return the log-probabilities of the completions, flat, by the way in which they are computed."""
    own = []
    for row in rows:
        logits = own_logits(model, torch.tensor([row.prompt + row.completion]))[0, len(row.prompt) - 1 : -1]
        own.append(logits.log_softmax(-1).gather(1, torch.tensor(row.completion)[:, None])[:, 0])
    lines = [[2, 0], [1]]
    total = sum(map(len, rows))
    packed = token_logprobs(*learnt_logits(model, packed_batch(rows, lines, row_tokens=total, prompt_loss=False)))
    by_line = torch.split(packed, [len(rows[i].completion) for line in lines for i in line])
    return {
        "own": torch.cat(own),
        "padded": token_logprobs(*learnt_logits(model, padded_batch(rows))),
        "packed": torch.cat([by_line[1], by_line[2], by_line[0]]),
    }


def assert_all_agree(model: Any, rows: list[Row], sampled: torch.Tensor) -> None:
    found = forms(model, rows)
    for name, values in {**found, "sampled": sampled}.items():
        worst = float((values - found["own"]).abs().max())
        assert worst <= 1e-4, (name, worst)


@pytest.mark.parametrize(
    ("name", "attention", "tied", "adapted"),
    [*QUICK, *(pytest.param(*case, marks=pytest.mark.full) for case in EVERY if case not in QUICK)],
)
def test_all_forms_agree(name: str, attention: str, tied: bool, adapted: bool) -> None:
    model = family(name, attention=attention, tied=tied)
    assert model.config._attn_implementation == attention
    if adapted:
        handle = with_adapters(model)
        before = forms(family(name, attention=attention, tied=tied), sampled_rows(model)[0])["own"]
    rows, sampled = sampled_rows(model)
    assert_all_agree(model, rows, sampled)
    assert name in EXPERTS or keeps_rows_apart(model) == (name not in UNPACKED)
    assert keeps_cache(model) == (name not in READ_AGAIN)
    if adapted:
        own = forms(model, rows)["own"]
        assert not torch.allclose(own, before, atol=1e-3), "the adapters do something"
        merged = forms(merge_adapters(handle), rows)["own"]
        torch.testing.assert_close(merged, own, rtol=0, atol=1e-4)


WINDOWS: dict[str, dict[str, Any]] = {
    "mistral": {"sliding_window": 10},
    "gemma2": {"sliding_window": 10},
    "gpt_neo": {"window_size": 10},
    "gemma3_text": {"sliding_window": 10},
    "llama4_text": {"attention_chunk_size": 10},
    "phi3": {"sliding_window": 10},
    "qwen2": {"sliding_window": 10, "use_sliding_window": True, "max_window_layers": 0},
    "qwen3": {"sliding_window": 10, "use_sliding_window": True, "max_window_layers": 0},
    "recurrent_gemma": {"attention_window_size": 10},
    "starcoder2": {"sliding_window": 10},
}  # fmt: skip


@pytest.mark.parametrize(
    "name", [name if name in ("mistral", "gpt_neo") else pytest.param(name, marks=pytest.mark.full) for name in WINDOWS]
)
def test_rows_longer_than_a_window_keep_it(name: str) -> None:
    for attention in ("eager",) if name in EAGER_ONLY else ("sdpa", "eager"):
        model = family(name, attention=attention, **WINDOWS[name])
        assert shortest_window(model.config) == 10
        rows, sampled = sampled_rows(model, lengths=(4, 15, 2), new=14)
        assert_all_agree(model, rows, sampled)
        without = family(name, attention=attention, **{**WINDOWS[name], next(iter(WINDOWS[name])): 100})
        assert not torch.allclose(forms(without, rows)["own"], forms(model, rows)["own"], atol=1e-3), (
            "the window counts"
        )


def test_short_rows_of_a_model_with_windows_are_packed_and_longer_ones_are_not() -> None:
    model = family("mistral", attention="sdpa", sliding_window=10)
    short, long = Row((5, 6), (7,) * 8), Row((5, 6), (7,) * 9)
    assert reads_packed(model, packed_batch([short], [[0, 0]], row_tokens=24, prompt_loss=False))
    assert not reads_packed(model, packed_batch([short, long], [[0, 1]], row_tokens=24, prompt_loss=False))


def test_a_gradient_through_unpacked_rows_is_that_of_rows_alone() -> None:
    model = family("bloom")
    rows = [Row(tuple(range(5, 5 + n)), tuple(range(40, 40 + k))) for n, k in ((5, 7), (12, 4), (3, 20))]
    gradients = []
    for batches in (
        [packed_batch(rows, [[0, 1], [2]], row_tokens=30, prompt_loss=False)],
        [padded_batch([row]) for row in rows],
    ):
        model.zero_grad()
        total: Any = sum(token_logprobs(*learnt_logits(model, batch)).sum() for batch in batches)
        total.backward()
        gradients.append({name: one.grad.clone() for name, one in model.named_parameters()})
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradient, gradients[1][name], rtol=1e-4, atol=1e-4, msg=name)


def test_unpacked_rows_spelled_out() -> None:
    rows = [Row((5, 6), (7, 8, 0)), Row((8,), (9,)), Row((3, 3), (4, 4, 4, 4))]
    batches, places = unpacked(packed_batch(rows, [[1, 0], [2]], row_tokens=8, prompt_loss=False))
    assert [batch.tokens.tolist() for batch in batches] == [[[3, 3, 4, 4, 4, 4], [5, 6, 7, 8, 0, 0]], [[8, 9]]]
    assert [batch.num_tokens for batch in batches] == [11, 2]
    learnt = [token for batch in batches for token in batch.tokens[batch.loss_mask].tolist()]
    assert [learnt[i] for i in places.tolist()] == [9, 7, 8, 0, 4, 4, 4, 4]


@pytest.mark.parametrize("name", ["gpt2", "gpt_neox", "mpt", "gemma2"])
def test_states_are_the_same_from_either_pass_and_a_critic_fits_them(name: str) -> None:
    model = family(name)
    batch = packed_batch([Row((5, 6), (7, 8, 0)), Row((9,), (4, 0))], [[0, 1]], row_tokens=12, prompt_loss=False)
    with torch.no_grad():
        states = learnt_states(model, batch)
        logits, targets, along = learnt_logits_and_states(model, batch)
        values = new_critic(model, shared_trunk=True).values(batch)
    torch.testing.assert_close(along, states, rtol=0, atol=1e-6)
    assert values.tolist() == [0.0] * 5
    assert (len(logits), targets.tolist()) == (5, [7, 8, 0, 4, 0])


@pytest.mark.parametrize(
    ("name", "target"), [("qwen3", "lm_head"), ("llama", "lm_head"), ("gpt2", "lm_head"), ("gpt_neox", "lm_head")]
)
def test_a_head_that_is_tied_takes_no_adapter_and_one_that_is_not_is_sampled_with_it(name: str, target: str) -> None:
    options: dict[str, Any] = {"rank": 2, "alpha": 4.0, "dropout": 0.0, "target_modules": (target,), "seed": 0}
    with pytest.raises(UserError, match=f"lora.target_modules: '{target}' shares its weight with the embedding"):
        add_adapters(family(name, tied=True), **options)
    model = family(name, tied=False)
    handle = add_adapters(model, **options)
    with torch.no_grad():
        for path, parameter in model.named_parameters():
            if "lora_B" in path:
                parameter.normal_(std=0.3, generator=torch.Generator().manual_seed(2))
    rows, sampled = sampled_rows(model)
    assert_all_agree(model, rows, sampled)
    own = forms(model, rows)["own"]
    torch.testing.assert_close(forms(merge_adapters(handle), rows)["own"], own, rtol=0, atol=1e-4)
    assert not torch.allclose(forms(family(name), rows)["own"], own, atol=1e-3)


def test_what_peft_refuses_is_one_line_and_other_modules_work() -> None:
    options: dict[str, Any] = {"rank": 2, "alpha": 4.0, "dropout": 0.0, "seed": 0}
    with pytest.raises(UserError, match=r"lora\.target_modules: peft refuses; there are .*in_proj.* incompatible"):
        add_adapters(family("mamba"), target_modules=(), **options)
    model = family("mamba")
    add_adapters(model, target_modules=("in_proj",), **options)
    assert_all_agree(model, *sampled_rows(model))


def test_a_router_of_experts_takes_no_adapter() -> None:
    model = family("llama4_text")
    with_adapters(model)
    adapted = {name.split(".lora_A")[0].rpartition(".")[2] for name, _ in model.named_parameters() if "lora_A" in name}
    assert "router" not in adapted
    assert "q_proj" in adapted


@pytest.mark.parametrize("target", ["embed_tokens", "wte"])
def test_an_embedding_takes_no_adapter(target: str) -> None:
    model = family("qwen2" if target == "embed_tokens" else "gpt2")
    with pytest.raises(UserError, match=f"lora.target_modules: no linear module is called '{target}'"):
        add_adapters(model, rank=2, alpha=4.0, dropout=0.0, target_modules=(target,), seed=0)


def test_a_model_whose_frequencies_grow_with_the_text_is_used_up_to_where_they_do() -> None:
    factors = {"short_factor": [1.0] * 4, "long_factor": [2.0] * 4}
    model = family(
        "phi3",
        rope_parameters={"rope_type": "longrope", "rope_theta": 10000.0, **factors},
        original_max_position_embeddings=64,
    )
    assert own_context(model.config) == 64
    assert own_context(family("llama").config) == 256
    assert own_context(family("mpt").config) == 256
    assert own_context(family("bloom").config) is None
