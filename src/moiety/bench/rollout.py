"""How fast we sample, against `transformers` generate on the same checkpoint, in one run.

Not a quality check, but greedy texts are compared: a fast wrong sampler would win.
"""

import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from moiety.models.policy import TorchPolicy, load_policy
from moiety.models.sampling import sample
from moiety.models.tiny import new_tiny_model, tiny_config
from moiety.models.tokenizer import encode_texts, train_tokenizer

WORDS = ["reverse", "the list", "add", "each number", "sort", "return", "of", "result", "and", "keep", "the string"]


def bench_rollout(
    *,
    checkpoint: Path | None = None,
    num_prompts: int = 64,
    max_new_tokens: int = 96,
    seed: int = 0,
) -> list[dict[str, object]]:
    """Return rows of tokens per second, ours and generate's, greedy and sampled, and the share of equal greedy texts.

    Without a checkpoint the tiny model is used with random weights, which never end a text early.
    """
    rng = random.Random(seed)
    prompts = ["".join(f"{rng.choice(WORDS)} " for _ in range(rng.randrange(8, 25))) + "\n" for _ in range(num_prompts)]
    policy = _fresh_policy(prompts, seed=seed) if checkpoint is None else load_policy(checkpoint)
    tokens = encode_texts(policy.tokenizer, prompts)
    rows: list[dict[str, object]] = []
    for name, temperature in (("greedy", 0.0), ("sampled", 1.0)):
        speeds, outputs = [], []
        for decode in (_ours, _generate):
            decode(policy, tokens[:4], temperature, 4, seed)  # warm up
            started = time.perf_counter()
            texts = decode(policy, tokens, temperature, max_new_tokens, seed)
            speeds.append(sum(len(text) for text in texts) / (time.perf_counter() - started))
            outputs.append(texts)
        rows.append(_row(name, speeds[0], against=speeds[1]))
        if temperature == 0:
            equal = sum(ours == theirs for ours, theirs in zip(*outputs, strict=True)) / num_prompts
            same = {"name": "greedy texts equal", "value": equal, "unit": "share"}
            same |= {"against": "all prompts", "ratio": equal}
            rows.append(same)
    return rows


def _row(name: str, ours: float, *, against: float) -> dict[str, object]:
    row: dict[str, object] = {"name": f"{name} rollout", "value": ours, "unit": "tokens/s"}
    return {**row, "against": "transformers generate", "ratio": ours / against}


def _fresh_policy(texts: Sequence[str], *, seed: int) -> TorchPolicy:
    tokenizer = train_tokenizer(texts, vocab_size=1024)
    config = tiny_config(eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id)
    return TorchPolicy(model=new_tiny_model(config, seed=seed), tokenizer=tokenizer)


def _ours(
    policy: TorchPolicy, prompts: list[list[int]], temperature: float, max_new_tokens: int, seed: int
) -> list[list[int]]:
    groups = sample(
        policy.model,
        prompts,
        num_samples=1,
        temperature=temperature,
        max_new_tokens=max_new_tokens,
        seed=seed,
        eos_id=policy.tokenizer.eos_token_id,
        max_rows=policy.max_rows,
    )
    return [group[0].tokens for group in groups]


@torch.inference_mode()
def _generate(
    policy: TorchPolicy, prompts: list[list[int]], temperature: float, max_new_tokens: int, seed: int
) -> list[list[int]]:
    """Return the new tokens of each prompt by `transformers` generate, in batches of the same size."""
    end: int = policy.tokenizer.eos_token_id
    pad: int = policy.tokenizer.pad_token_id if policy.tokenizer.pad_token_id is not None else end
    # temperature 1 on the whole vocabulary, whatever the checkpoint's generation settings say
    choice: dict[str, Any] = {"temperature": temperature, "top_k": 0, "top_p": 1.0} if temperature else {}
    completions: list[list[int]] = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for start in range(0, len(prompts), policy.max_rows):
            batch = prompts[start : start + policy.max_rows]
            width = max(len(prompt) for prompt in batch)
            tokens = torch.tensor([[pad] * (width - len(prompt)) + prompt for prompt in batch])
            mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in batch])
            out = policy.model.generate(
                tokens,
                attention_mask=mask,
                max_new_tokens=max_new_tokens,
                do_sample=temperature > 0,
                eos_token_id=end,
                pad_token_id=pad,
                **choice,
            )
            for row in out[:, width:].tolist():
                completions.append(row[: row.index(end) + 1] if end in row else row)
    return completions
