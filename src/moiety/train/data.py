"""Rows of tokens, how they are packed into fixed shapes, and the batches that come of it.

Several rows share a packed line of T tokens; positions restart at each and attention never crosses from one to the
next, so a packed loss equals the unpacked one. A row is never cut: one that does not fit is an error.
Not a data loader: rows are in memory, and a batch is made when it is asked for.
"""

import hashlib
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from moiety.errors import UserError
from moiety.models.tokenizer import encode_pairs
from moiety.rng import stream

LIKE_LENGTH = 0.75  # rows this near to the longest share an unpacked batch


@dataclass(frozen=True, slots=True)
class Row:
    """One document: the prompt's tokens and the completion's, the end-of-text token included."""

    prompt: tuple[int, ...]
    completion: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.prompt) + len(self.completion)


@dataclass(frozen=True, slots=True)
class Batch:
    """Tokens with what the forward pass needs, (B, T) each.

    `segments` numbers the rows within a line, -1 for padding; None means one row a line, padded on the right.
    `loss_mask` is true at tokens that are learnt, each predicted from the token before it.
    """

    tokens: Tensor
    positions: Tensor
    segments: Tensor | None
    loss_mask: Tensor
    num_tokens: int


def encode_rows(tokenizer: Any, pairs: Sequence[tuple[str, str]]) -> list[Row]:
    """Return the rows of (prompt, completion) texts; the end-of-text token is appended to each completion."""
    end = tokenizer.eos_token_id
    return [Row(tuple(prompt), (*completion, end)) for prompt, completion in encode_pairs(tokenizer, pairs)]


def rows_digest(rows: Sequence[Row]) -> str:
    """Return the SHA-256 of all rows' tokens, in their order."""
    digest = hashlib.sha256()
    for row in rows:
        for part in (row.prompt, row.completion):
            digest.update(np.array([len(part), *part], dtype="<i8").tobytes())
    return digest.hexdigest()


def shuffled_epochs(count: int, *, seed: int, epochs: int | None = None) -> Iterator[int]:
    """Yield the indices below `count` in a new order for each epoch; for ever when `epochs` is None."""
    epoch = 0
    while epochs is None or epoch < epochs:
        order = list(range(count))
        _shuffle(stream(seed, "epoch", epoch), order)
        yield from order
        epoch += 1


def _shuffle(rng: random.Random, items: list[int]) -> None:
    rng.shuffle(items)


def plan_batches(
    lengths: Sequence[int],
    *,
    batch_rows: int,
    row_tokens: int,
    seed: int,
    steps: int | None = None,
    epochs: int | None = None,
    patience: int = 16,
) -> Iterator[list[list[int]]]:
    """Yield, for each step, `batch_rows` lines of row indices that fit `row_tokens` tokens.

    Rows are drawn in shuffled epochs. A row goes to the fullest line that takes it; one that fits nowhere waits for
    the next step, and a step is full when `patience` rows wait. With `epochs`, the last step may be part empty.
    """
    if not lengths:
        raise UserError("no rows to train on")
    longest = max(range(len(lengths)), key=lengths.__getitem__)
    if lengths[longest] > row_tokens:
        raise UserError(f"row {longest} has {lengths[longest]} tokens, more than row_tokens={row_tokens}")
    source = shuffled_epochs(len(lengths), seed=seed, epochs=epochs)
    waiting: list[int] = []
    step = 0
    while steps is None or step < steps:
        lines: list[list[int]] = [[] for _ in range(batch_rows)]
        room = [row_tokens] * batch_rows
        queue, waiting = waiting, []
        for index in queue:
            _place(index, lengths[index], lines, room, waiting)
        while len(waiting) < patience:
            following = next(source, None)
            if following is None:
                break
            _place(following, lengths[following], lines, room, waiting)
        if not any(lines):
            return
        yield lines
        step += 1


def _place(index: int, length: int, lines: list[list[int]], room: list[int], waiting: list[int]) -> None:
    """Put a row into the fullest line with room for it, or among those that wait."""
    best = min((i for i in range(len(room)) if room[i] >= length), key=lambda i: (room[i], i), default=None)
    if best is None:
        waiting.append(index)
    else:
        lines[best].append(index)
        room[best] -= length


def packed_batch(rows: Sequence[Row], lines: Sequence[Sequence[int]], *, row_tokens: int, prompt_loss: bool) -> Batch:
    """Return the batch of the rows that `lines` names, one packed line each, padded to (B, row_tokens)."""
    size = (len(lines), row_tokens)
    tokens, positions = np.zeros(size, np.int64), np.zeros(size, np.int64)
    segments, learnt = np.full(size, -1, np.int64), np.zeros(size, np.bool_)
    total = 0
    for b, line in enumerate(lines):
        start = 0
        for number, index in enumerate(line):
            row = rows[index]
            end = start + len(row)
            tokens[b, start:end] = row.prompt + row.completion
            positions[b, start:end] = np.arange(len(row))
            segments[b, start:end] = number
            first = start + (1 if prompt_loss else max(1, len(row.prompt)))
            learnt[b, first:end] = True
            start = end
        total += start
    return Batch(
        tokens=torch.from_numpy(tokens),
        positions=torch.from_numpy(positions),
        segments=torch.from_numpy(segments),
        loss_mask=torch.from_numpy(learnt),
        num_tokens=total,
    )


def padded_batch(rows: Sequence[Row]) -> Batch:
    """Return the batch of `rows`, one a line, padded on the right to the longest; completions are learnt."""
    size = (len(rows), max(len(row) for row in rows))
    tokens, learnt = np.zeros(size, np.int64), np.zeros(size, np.bool_)
    for b, row in enumerate(rows):
        tokens[b, : len(row)] = row.prompt + row.completion
        learnt[b, max(1, len(row.prompt)) : len(row)] = True
    return Batch(
        tokens=torch.from_numpy(tokens),
        positions=torch.arange(size[1]).expand(size),
        segments=None,
        loss_mask=torch.from_numpy(learnt),
        num_tokens=sum(len(row) for row in rows),
    )


def unpacked(batch: Batch) -> tuple[list[Batch], Tensor]:
    """Return a packed batch's rows as batches of one row a line, and the places of its learnt tokens among theirs.

    Rows of like length share a batch, so that at most a quarter of it is padding. Rows without a learnt token are left
    out, unless no row has one.
    """
    assert batch.segments is not None
    spans = list(_spans(batch.segments))
    kept = [(b, start, end) for b, start, end in spans if bool(batch.loss_mask[b, start:end].any())] or spans
    parts: list[list[tuple[int, int, int]]] = []
    for span in sorted(kept, key=lambda s: (s[1] - s[2], s)):
        longest = parts[-1][0][2] - parts[-1][0][1] if parts else 0
        if span[2] - span[1] >= LIKE_LENGTH * longest and parts:
            parts[-1].append(span)
        else:
            parts.append([span])
    batches, where = [], []
    for part in parts:
        size = (len(part), part[0][2] - part[0][1])
        tokens, learnt = torch.zeros(size, dtype=torch.long), torch.zeros(size, dtype=torch.bool)
        for i, (b, start, end) in enumerate(part):
            tokens[i, : end - start] = batch.tokens[b, start:end]
            learnt[i, : end - start] = batch.loss_mask[b, start:end]
            where += [(b, start + t) for t in learnt[i].nonzero().flatten().tolist()]
        total = sum(end - start for _, start, end in part)
        batches.append(Batch(tokens, torch.arange(size[1]).expand(size), None, learnt, total))
    return batches, torch.tensor(sorted(range(len(where)), key=where.__getitem__), dtype=torch.long)


def _spans(segments: Tensor) -> Iterator[tuple[int, int, int]]:
    """Yield the line, the first column and the column after the last of each packed row."""
    for b, line in enumerate(segments.tolist()):
        start = 0
        for number, group in itertools.groupby(line):
            end = start + len(list(group))
            if number >= 0:
                yield b, start, end
            start = end


def block_mask(segments: Tensor) -> Tensor:
    """Return (B, 1, T, T), true where a token may look: its own row, not ahead. Padding looks at padding."""
    T = segments.shape[1]
    causal = torch.ones(T, T, dtype=torch.bool, device=segments.device).tril()
    return (segments[:, None, :, None] == segments[:, None, None, :]) & causal


def micro_batches(lengths: Sequence[int], *, max_tokens: int) -> list[list[int]]:
    """Split row indices, longest first, into parts that pad to at most `max_tokens`; a part has at least one row."""
    parts: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        if parts and (len(parts[-1]) + 1) * lengths[parts[-1][0]] <= max_tokens:
            parts[-1].append(index)
        else:
            parts.append([index])
    return parts


OnCheckpoint = Callable[[int, Any], None]
"""Called with the step and the model, in evaluation mode."""
