"""Supervised fine-tuning: a flat loop over packed batches, loss on the completion only.

Not tied to tasks: rows are tokens. Ouyang et al. 2022 (arXiv 2203.02155).
"""

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from moiety.errors import UserError
from moiety.models.lora import dropout_stream
from moiety.models.tiny import num_parameters
from moiety.train.config import SFTConfig
from moiety.train.data import Batch, OnCheckpoint, Row, packed_batch, plan_batches, rows_digest
from moiety.train.losses import completion_cross_entropy
from moiety.train.metrics import Budget, OnStep, ignore
from moiety.train.optimise import learning_rate_at, new_optimiser, step_optimiser
from moiety.train.resume import Ledger, Resume
from moiety.train.scoring import autocast, learnt_logits


def finetune(
    model: Any,
    rows: Sequence[Row],
    config: SFTConfig,
    *,
    seed: int,
    budget: Budget | None = None,
    on_step: OnStep = ignore,
    on_checkpoint: OnCheckpoint | None = None,
    resume: Resume | None = None,
) -> Budget:
    """Train `model` in place on `rows` and return what it cost, added to `budget` where one is given.

    `on_checkpoint` gets (step, model) after each of `config.checkpoint_steps`. With `resume` it goes on where it was
    killed: metrics are told again from the first step, checkpoints are not. Raises UserError for a row longer than a
    line and at a step whose loss is not finite.
    """
    plan = list(
        plan_batches(
            [len(row) for row in rows],
            batch_rows=config.batch_rows,
            row_tokens=config.row_tokens,
            seed=seed,
            steps=config.steps,
            epochs=config.epochs,
        )
    )
    late = [step for step in config.checkpoint_steps if step > len(plan)]
    if late:
        raise UserError(f"checkpoints: need none after the last step, {len(plan)}, got {late[0]}")
    optimiser = new_optimiser(model, config.optimiser)
    budget = budget or Budget(num_parameters=num_parameters(model))
    identity = ["sft", seed, asdict(config), rows_digest(rows)]
    ledger = Ledger(resume, identity, {"model": model, "optimiser": optimiser}, budget, on_step)
    done = ledger.restore()
    rows_seen = sum(len(line) for lines in plan[:done] for line in lines)
    if on_checkpoint is not None and done == 0 and 0 in config.checkpoint_steps:
        on_checkpoint(0, model.eval())
    for step, lines in enumerate(plan[done:], start=done + 1):
        started = time.perf_counter()
        dropout_stream(model, seed, "sft", step)
        batches = [
            packed_batch(rows, part, row_tokens=config.row_tokens, prompt_loss=False) for part in _parts(lines, config)
        ]
        loss, accuracy = _accumulate(model.train(), batches, config)
        rate = learning_rate_at(step - 1, config.optimiser, steps=len(plan))
        norm = step_optimiser(optimiser, config.optimiser, learning_rate=rate, loss=loss, step=step, stage="sft")
        rows_seen += sum(len(line) for line in lines)
        budget.gradient_steps += 1
        budget.prompts += sum(len(line) for line in lines)
        budget.tokens_trained += sum(batch.num_tokens for batch in batches)
        ledger.tell(
            {
                "step": step,
                "loss": loss,
                "accuracy/token": accuracy,
                "learning_rate": rate,
                "gradient_norm": norm,
                "epochs": rows_seen / len(rows),
                **budget.metrics(),
            },
            {"time/step_s": time.perf_counter() - started},
        )
        if on_checkpoint is not None and step in config.checkpoint_steps:
            on_checkpoint(step, model.eval())
        ledger.keep(step)
    model.eval()
    return budget


def _parts(lines: list[list[int]], config: SFTConfig) -> list[list[list[int]]]:
    """Split a step's lines into micro-batches; lines without a row are left out of a step of several."""
    size = len(lines) if config.micro_batch_tokens is None else max(1, config.micro_batch_tokens // config.row_tokens)
    if size >= len(lines):
        return [lines]
    filled = [line for line in lines if line]
    return [filled[start : start + size] for start in range(0, len(filled), size)]


def _accumulate(model: Any, batches: Sequence[Batch], config: SFTConfig) -> tuple[float, float]:
    """Accumulate the gradient of the mean over all learnt tokens; return the loss and the share of tokens guessed."""
    counts = [int(batch.loss_mask[:, 1:].sum()) for batch in batches]
    total, guessed = 0.0, 0.0
    for batch, count in zip(batches, counts, strict=True):
        with autocast(config.precision, model.device.type):
            logits, targets = learnt_logits(model, batch)
            loss = completion_cross_entropy(logits, targets)
        share = count / sum(counts)
        part = loss if len(batches) == 1 else loss * share
        part.backward()  # type: ignore[no-untyped-call]
        total += loss.item() * share
        guessed += float((logits.detach().argmax(dim=-1) == targets).float().mean()) * share
    return total, guessed
