"""Packing loses nothing, mixes nothing, and its loss is the unpacked one."""

from collections import Counter
from itertools import islice
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_training import random_rows, small_policy, small_tokenizer
from transformers import GPT2Config, GPT2LMHeadModel

from moiety.errors import UserError
from moiety.train.data import (
    Row,
    block_mask,
    encode_rows,
    micro_batches,
    packed_batch,
    padded_batch,
    plan_batches,
    shuffled_epochs,
)
from moiety.train.losses import token_logprobs
from moiety.train.scoring import learnt_logits


def sorted_logprobs(model: Any, batch: Any) -> list[float]:
    with torch.no_grad():
        return sorted(token_logprobs(*learnt_logits(model, batch)).tolist())


def test_a_packed_loss_equals_the_unpacked_one() -> None:
    model, rows = small_policy().model, random_rows()
    lines = next(plan_batches([len(row) for row in rows], batch_rows=5, row_tokens=64, seed=0, steps=1))
    packed = packed_batch(rows, lines, row_tokens=64, prompt_loss=False)
    chosen = [index for line in lines for index in line]
    assert max(len(line) for line in lines) > 1
    alone = [value for index in chosen for value in sorted_logprobs(model, padded_batch([rows[index]]))]
    assert sorted_logprobs(model, packed) == pytest.approx(sorted(alone), abs=1e-5)
    together = sorted_logprobs(model, padded_batch([rows[index] for index in chosen]))
    assert together == pytest.approx(sorted(alone), abs=1e-5)
    assert len(alone) == sum(len(rows[index].completion) for index in chosen) == int(packed.loss_mask.sum())


def test_packing_holds_through_the_modules_own_forward() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = GPT2LMHeadModel(GPT2Config(vocab_size=250, n_embd=32, n_layer=2, n_head=2, n_positions=64))
    model.train(False)
    rows = random_rows()
    packed = packed_batch(rows, [[0, 1, 2], [3]], row_tokens=64, prompt_loss=False)
    alone = [value for index in range(4) for value in sorted_logprobs(model, padded_batch([rows[index]]))]
    assert sorted_logprobs(model, packed) == pytest.approx(sorted(alone), abs=1e-5)


def test_a_batch_spelled_out() -> None:
    rows = [Row((5, 6), (7, 0)), Row((8,), (9, 9, 0))]
    batch = packed_batch(rows, [[0, 1], [1]], row_tokens=9, prompt_loss=False)
    assert batch.segments is not None
    assert batch.tokens.tolist() == [[5, 6, 7, 0, 8, 9, 9, 0, 0], [8, 9, 9, 0, 0, 0, 0, 0, 0]]
    assert batch.positions[0].tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 0]
    assert batch.segments.tolist() == [[0, 0, 0, 0, 1, 1, 1, 1, -1], [0, 0, 0, 0, -1, -1, -1, -1, -1]]
    assert batch.loss_mask.int().tolist() == [[0, 0, 1, 1, 0, 1, 1, 1, 0], [0, 1, 1, 1, 0, 0, 0, 0, 0]]
    assert batch.num_tokens == 12
    whole = packed_batch(rows, [[0, 1]], row_tokens=8, prompt_loss=True)
    assert whole.loss_mask.int().tolist() == [[0, 1, 1, 1, 0, 1, 1, 1]]


def test_the_block_mask_spelled_out() -> None:
    mask = block_mask(torch.tensor([[0, 0, 1, -1]]))
    assert mask[0, 0].int().tolist() == [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]


@given(st.lists(st.integers(1, 50), min_size=1, max_size=60), st.integers(1, 4), st.integers(0, 5))
def test_each_epoch_places_each_row_once_and_no_line_overflows(lengths: list[int], batch_rows: int, seed: int) -> None:
    steps = list(plan_batches(lengths, batch_rows=batch_rows, row_tokens=50, seed=seed, epochs=2))
    assert Counter(i for lines in steps for line in lines for i in line) == dict.fromkeys(range(len(lengths)), 2)
    assert all(sum(lengths[i] for i in line) <= 50 for lines in steps for line in lines)


def test_few_rows_fill_every_step() -> None:
    steps = list(plan_batches([20, 30], batch_rows=4, row_tokens=100, seed=0, steps=6))
    assert len(steps) == 6
    assert all(sum((20, 30)[i] for line in lines for i in line) >= 4 * 80 for lines in steps)


def test_a_row_longer_than_a_line_is_named() -> None:
    with pytest.raises(UserError, match="row 1 has 12 tokens, more than row_tokens=8"):
        next(plan_batches([3, 12], batch_rows=1, row_tokens=8, seed=0, steps=1))
    with pytest.raises(UserError, match="no rows"):
        next(plan_batches([], batch_rows=1, row_tokens=8, seed=0, steps=1))


def test_epochs_differ_and_repeat_by_seed() -> None:
    first = list(islice(shuffled_epochs(10, seed=0), 30))
    assert [sorted(first[i : i + 10]) for i in (0, 10, 20)] == [list(range(10))] * 3
    assert first[:10] != first[10:20]
    assert first == list(shuffled_epochs(10, seed=0, epochs=3))
    assert first != list(shuffled_epochs(10, seed=1, epochs=3))


def test_micro_batches_hold_every_row_within_the_budget() -> None:
    lengths = [5, 40, 8, 7, 12, 3]
    parts = micro_batches(lengths, max_tokens=24)
    assert parts == [[1], [4, 2], [3, 0, 5]]


def test_encoded_rows_end_with_the_end_of_text() -> None:
    tokenizer = small_tokenizer()
    (row,) = encode_rows(tokenizer, [("say beta\n", "beta beta\n")])
    assert row.completion[-1] == tokenizer.eos_token_id
    assert tokenizer.decode(row.prompt + row.completion[:-1]) == "say beta\nbeta beta\n"
