"""How fast we sample, against `transformers` generate and TRL's way to it on the same checkpoint, in one run.

Not a quality check, but greedy texts are compared: a fast wrong sampler would win.
"""

import copy
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from moiety.extras import missing_packages
from moiety.models.policy import TorchPolicy, load_policy
from moiety.models.sampling import sample
from moiety.models.tiny import new_tiny_model, tiny_config
from moiety.models.tokenizer import encode_texts, train_tokenizer

Decode = Callable[[list[list[int]]], list[list[int]]]
"""Takes prompts, gives the new tokens of each."""
Decoder = Callable[[TorchPolicy, float, int, int], Decode]
"""Takes a policy, a temperature (0 is greedy), the most new tokens and a seed."""
WORDS = ["reverse", "the list", "add", "each number", "sort", "return", "of", "result", "and", "keep", "the string"]


def bench_rollout(
    *,
    checkpoint: Path | None = None,
    num_prompts: int = 64,
    max_new_tokens: int = 96,
    seed: int = 0,
) -> list[dict[str, object]]:
    """Return rows of tokens per second, ours and theirs, greedy and sampled, and the share of equal greedy texts.

    Without a checkpoint the tiny model is used with random weights, which never end a text early.
    """
    rng = random.Random(seed)
    prompts = ["".join(f"{rng.choice(WORDS)} " for _ in range(rng.randrange(8, 25))) + "\n" for _ in range(num_prompts)]
    policy = _fresh_policy(prompts, seed=seed) if checkpoint is None else load_policy(checkpoint)
    tokens = encode_texts(policy.tokenizer, prompts)
    peers = {"transformers generate": _generate}
    if not missing_packages("trl"):
        peers["TRL generate"] = _trl
    rows: list[dict[str, object]] = []
    for name, temperature in (("greedy", 0.0), ("sampled", 1.0)):
        speed, ours = _run(_ours, policy, tokens, temperature, max_new_tokens, seed)
        for peer, decoder in peers.items():
            other, theirs = _run(decoder, policy, tokens, temperature, max_new_tokens, seed)
            rows.append(_row(f"{name} rollout", speed, "tokens/s", against=peer, ratio=speed / other))
            if temperature == 0:
                equal = sum(a == b for a, b in zip(ours, theirs, strict=True)) / num_prompts
                rows.append(_row("greedy texts equal", equal, "share", against=peer, ratio=equal))
    if missing_packages("trl"):
        rows.append(_row("TRL is not installed: pip install 'moiety[trl]'", 0, "tokens/s", against=None, ratio=None))
    return rows


def _run(
    decoder: Decoder, policy: TorchPolicy, prompts: list[list[int]], temperature: float, max_new_tokens: int, seed: int
) -> tuple[float, list[list[int]]]:
    """Return the tokens per second and the tokens that a decoder gives."""
    decoder(policy, temperature, 4, seed)(prompts[:4])  # warm up
    decode = decoder(policy, temperature, max_new_tokens, seed)
    started = time.perf_counter()
    completions = decode(prompts)
    return sum(map(len, completions)) / (time.perf_counter() - started), completions


def _row(name: str, value: float, unit: str, *, against: str | None, ratio: float | None) -> dict[str, object]:
    return {"name": name, "value": value, "unit": unit, "against": against, "ratio": ratio}


def _fresh_policy(texts: Sequence[str], *, seed: int) -> TorchPolicy:
    tokenizer = train_tokenizer(texts, vocab_size=1024)
    config = tiny_config(eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id)
    return TorchPolicy(model=new_tiny_model(config, seed=seed), tokenizer=tokenizer)


def _ours(policy: TorchPolicy, temperature: float, max_new_tokens: int, seed: int) -> Decode:
    def decode(prompts: list[list[int]]) -> list[list[int]]:
        groups = sample(
            policy.model, prompts, num_samples=1, temperature=temperature, max_new_tokens=max_new_tokens, seed=seed,
            eos_id=policy.tokenizer.eos_token_id, max_rows=policy.max_rows,
        )  # fmt: skip
        return [group[0].tokens for group in groups]

    return decode


def _generate(policy: TorchPolicy, temperature: float, max_new_tokens: int, seed: int) -> Decode:
    """Decode by `transformers` generate, in batches of the same size."""
    end: int = policy.tokenizer.eos_token_id
    pad: int = policy.tokenizer.pad_token_id if policy.tokenizer.pad_token_id is not None else end
    # temperature 1 on the whole vocabulary, whatever the checkpoint's generation settings say
    choice: dict[str, Any] = {"temperature": temperature, "top_k": 0, "top_p": 1.0} if temperature else {}

    @torch.inference_mode()
    def decode(prompts: list[list[int]]) -> list[list[int]]:
        completions: list[list[int]] = []
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            for start in range(0, len(prompts), policy.max_rows):
                batch = prompts[start : start + policy.max_rows]
                width = max(len(prompt) for prompt in batch)
                tokens = torch.tensor([[pad] * (width - len(prompt)) + prompt for prompt in batch])
                mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in batch])
                out = policy.model.generate(
                    tokens, attention_mask=mask, max_new_tokens=max_new_tokens, do_sample=temperature > 0,
                    eos_token_id=end, pad_token_id=pad, **choice,
                )  # fmt: skip
                for row in out[:, width:].tolist():
                    completions.append(row[: row.index(end) + 1] if end in row else row)
        return completions

    return decode


def _trl(policy: TorchPolicy, temperature: float, max_new_tokens: int, seed: int) -> Decode:
    """Decode as TRL's GRPOTrainer does, in one batch; the trainer is built beforehand."""
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    from moiety.train.trl_trainer import quiet

    model = copy.deepcopy(policy.model)
    with tempfile.TemporaryDirectory() as folder, torch.random.fork_rng(devices=[]), quiet():
        config = GRPOConfig(
            output_dir=folder, use_cpu=True, bf16=False, activation_checkpointing=False, report_to="none",
            per_device_train_batch_size=2, num_generations=2, max_completion_length=max_new_tokens, seed=seed,
            temperature=temperature or 1.0, top_p=1.0, top_k=0, disable_tqdm=True,
            generation_kwargs=None if temperature else {"do_sample": False},
        )  # fmt: skip
        trainer = GRPOTrainer(
            model=model, reward_funcs=lambda prompts, **_: [0.0] * len(prompts), args=config,
            train_dataset=Dataset.from_list([{"prompt": ""}]), processing_class=copy.deepcopy(policy.tokenizer),
        )  # fmt: skip

    def decode(prompts: list[list[int]]) -> list[list[int]]:
        with torch.random.fork_rng(devices=[]), quiet():
            completions: list[list[int]] = trainer._generate_single_turn(prompts, None, {}, 1)[0]
        return completions

    return decode
