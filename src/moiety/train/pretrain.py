"""Pretraining: plain language modelling on packed documents, the first of the two stages of a code model.

Fixed shapes, so that bf16 products and a compiled step pay.
"""

import contextlib
import os
import shutil
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from moiety.models.forward import hidden_states, own_forward, weights_of
from moiety.models.tiny import num_parameters
from moiety.train.config import PretrainConfig
from moiety.train.data import Batch, Row, block_mask, packed_batch, plan_batches, rows_digest
from moiety.train.losses import completion_cross_entropy
from moiety.train.metrics import Budget, OnStep, ignore
from moiety.train.optimise import learning_rate_at, new_optimiser, step_optimiser
from moiety.train.resume import Ledger, Resume
from moiety.train.scoring import autocast, learnt_logits

LossFunction = Callable[[Batch], Tensor]
IGNORED = -100


@contextlib.contextmanager
def _repeatable() -> Iterator[None]:
    """Have operations repeat bit for bit: compiled code else adds up the embedding's gradient in any order."""
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)


@_repeatable()
def pretrain_model(
    model: Any,
    rows: Sequence[Row],
    config: PretrainConfig,
    *,
    seed: int,
    on_step: OnStep = ignore,
    compile_cache: Path | None = None,
    notice: Callable[[str], None] = warnings.warn,
    resume: Resume | None = None,
) -> Budget:
    """Train `model` in place on whole documents and return what it cost.

    `compile_cache` keeps compiled code between runs; `notice` is told when compilation is not possible. With `resume`
    it goes on where it was killed, and metrics are told again from the first step. Raises UserError for a document
    longer than a line and at a step whose loss is not finite.
    """
    plan = plan_batches(
        [len(row) for row in rows],
        batch_rows=config.batch_rows,
        row_tokens=config.row_tokens,
        seed=seed,
        steps=config.steps,
    )
    optimiser = new_optimiser(model, config.optimiser)
    budget = Budget(num_parameters=num_parameters(model))
    identity = ["pretrain", seed, asdict(config), rows_digest(rows) if resume else ""]
    ledger = Ledger(resume, identity, {"model": model, "optimiser": optimiser}, budget, on_step)
    done = ledger.restore()
    loss_of = _loss_function(model.train(), config, compile_cache=compile_cache, notice=notice)
    for step, lines in enumerate(islice(plan, done, None), start=done + 1):
        started = time.perf_counter()
        batch = packed_batch(rows, lines, row_tokens=config.row_tokens, prompt_loss=config.prompt_loss)
        with autocast(config.precision, model.device.type):
            loss = loss_of(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        rate = learning_rate_at(step - 1, config.optimiser, steps=config.steps)
        norm = step_optimiser(
            optimiser, config.optimiser, learning_rate=rate, loss=loss.item(), step=step, stage="pretrain"
        )
        budget.gradient_steps = step
        budget.prompts += sum(len(line) for line in lines)
        budget.tokens_trained += batch.num_tokens
        ledger.tell(
            {
                "step": step,
                "loss": loss.item(),
                "learning_rate": rate,
                "gradient_norm": norm,
                "epochs": budget.prompts / len(rows),
                **budget.metrics(),
            },
            {"time/step_s": time.perf_counter() - started},
        )
        ledger.keep(step)
    model.eval()
    return budget


def _loss_function(
    model: Any, config: PretrainConfig, *, compile_cache: Path | None, notice: Callable[[str], None]
) -> LossFunction:
    """Return the step's loss: compiled over every position where that is asked for and possible, eager otherwise."""

    def eager(batch: Batch) -> Tensor:
        return completion_cross_entropy(*learnt_logits(model, batch))

    if not config.compile or not own_forward(model):
        return eager
    if not any(shutil.which(name) for name in (os.environ.get("CXX", "c++"), "g++", "clang++")):
        notice("no C++ compiler found: pretraining runs eagerly, at about two thirds of the compiled speed")
        return eager
    if compile_cache is not None:
        compile_cache.mkdir(parents=True, exist_ok=True)
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(compile_cache)

    def fixed_shape(tokens: Tensor, positions: Tensor, segments: Tensor, targets: Tensor) -> Tensor:
        weights = weights_of(model)
        states = hidden_states(weights, tokens, positions, block_mask(segments))
        logits = functional.linear(states, weights.head).float()
        return functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED)

    compiled = torch.compile(fixed_shape, dynamic=False)

    def loss(batch: Batch) -> Tensor:
        assert batch.segments is not None
        targets = batch.tokens.masked_fill(~batch.loss_mask, IGNORED).roll(-1, dims=1)
        targets[:, -1] = IGNORED
        result: Tensor = compiled(batch.tokens, batch.positions, batch.segments, targets)
        return result

    return loss
