"""Sample completions from a causal language model, quickly and with a random stream per row.

A row's stream is derived from (seed, prompt index, sample index), so its completion does not depend on its batch
neighbours (ties within floating-point error excepted). Supported shapes decode with fused weights, a preallocated
key-value cache shared by the layers, and rows that leave the batch when finished; others through their own forward.
Inverse-CDF sampling, not `torch.multinomial`: its random numbers cost half a step on a CPU.
Not a server: no continuous batching, no stop strings; a row ends at the end-of-text token or at `max_new_tokens`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from moiety.models import decode
from moiety.models.forward import supported
from moiety.models.module_decode import rollout_with_module
from moiety.rng import derive


@dataclass(frozen=True, slots=True)
class Sample:
    """One sampled completion: its tokens, the end-of-text token included, and their log-probabilities.

    The log-probabilities are those of the distribution that was sampled; for greedy, of temperature 1.
    """

    tokens: list[int]
    logprobs: list[float]
    truncated: bool


def sample(
    model: Any,
    prompts: Sequence[Sequence[int]],
    *,
    num_samples: int,
    temperature: float,
    max_new_tokens: int,
    seed: int,
    eos_id: int | Sequence[int],
    max_rows: int = 256,
    precision: decode.SamplingPrecision = decode.AS_WEIGHTS,
) -> list[list[Sample]]:
    """Return `num_samples` samples of each prompt (tokens), in order; temperature 0 is greedy.

    `eos_id` names the token or tokens that end a completion. `max_rows` bounds the decode batch and so the memory;
    prompts of like length share a batch.
    """
    end_ids = (eos_id,) if isinstance(eos_id, int) else tuple(eos_id)
    if any(not prompt for prompt in prompts):
        raise ValueError("every prompt needs at least one token")
    if num_samples < 1 or max_new_tokens < 1 or temperature < 0:
        raise ValueError(
            f"need num_samples >= 1, max_new_tokens >= 1, temperature >= 0, "
            f"got {num_samples}, {max_new_tokens}, {temperature}"
        )
    rollout = decode.rollout if supported(model) else rollout_with_module
    rows = sorted(
        ((p, g) for p in range(len(prompts)) for g in range(num_samples)), key=lambda row: (len(prompts[row[0]]), row)
    )
    samples: dict[tuple[int, int], Sample] = {}
    for start in range(0, len(rows), max_rows):
        batch = rows[start : start + max_rows]
        result = rollout(
            model,
            [prompts[p] for p, _ in batch],
            uniforms=None if temperature == 0 else _uniforms(batch, seed=seed, length=max_new_tokens),
            temperature=temperature,
            max_new_tokens=max_new_tokens,
            end_ids=end_ids,
            precision=precision,
        )
        samples.update(zip(batch, _to_samples(result, end_ids=end_ids), strict=True))
    return [[samples[p, g] for g in range(num_samples)] for p in range(len(prompts))]


def _uniforms(rows: Sequence[tuple[int, int]], *, seed: int, length: int) -> Tensor:
    """Return uniform numbers in [0, 1), (rows, length), each row from its own stream."""
    numbers = np.empty((len(rows), length), dtype=np.float32)
    for i, (p, g) in enumerate(rows):
        key = derive(seed, "sample", p, g)
        numbers[i] = np.random.Generator(np.random.Philox(key=key)).random(length, dtype=np.float32)
    return torch.from_numpy(numbers)


def _to_samples(result: decode.Decoded, *, end_ids: Sequence[int]) -> list[Sample]:
    """Cut the rectangular outputs to each row's length."""
    lengths = result.lengths.tolist()
    tokens, logprobs = result.tokens.tolist(), result.logprobs.tolist()
    return [
        Sample(tokens=row[:n], logprobs=logprob[:n], truncated=row[n - 1] not in end_ids)
        for row, logprob, n in zip(tokens, logprobs, lengths, strict=True)
    ]
