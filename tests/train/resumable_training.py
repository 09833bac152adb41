"""Short stages that can be stopped and gone on with; as a program, one stage in a folder: NAME FOLDER DELAY_S."""

import hashlib
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from small_training import PAIRS, small_policy, weights

from moiety.runs import append_jsonl, write_text
from moiety.train.config import (
    GRPOConfig,
    OptimiserConfig,
    PPOConfig,
    PretrainConfig,
    ReinforceConfig,
    RejectionConfig,
    SFTConfig,
)
from moiety.train.data import encode_rows
from moiety.train.onpolicy import Scores
from moiety.train.pretrain import pretrain_model
from moiety.train.rejection import train_by_rejection
from moiety.train.resume import Resume
from moiety.train.rl import train_by_reward
from moiety.train.sft import finetune

STEPS = 6
SHARED: dict[str, Any] = {
    "steps": STEPS, "prompts_per_step": 4, "group_size": 4, "max_new_tokens": 8, "kl_every": 4,
    "optimiser": OptimiserConfig(learning_rate=1e-3, warmup_steps=2),
}  # fmt: skip
SFT = SFTConfig(steps=STEPS, batch_rows=2, row_tokens=32)
STAGES: dict[str, tuple[Callable[..., Any], Any]] = {
    "sft": (finetune, SFT),
    "pretrain": (pretrain_model, PretrainConfig(steps=STEPS, batch_rows=2, row_tokens=32, compile=False)),
    "rejection": (
        train_by_rejection,
        RejectionConfig(num_samples=4, max_new_tokens=8, accept_reward=0.0, sft=SFT),
    ),
    "grpo": (train_by_reward, GRPOConfig(**SHARED)),
    "reinforce": (train_by_reward, ReinforceConfig(**SHARED)),
    "ppo": (train_by_reward, PPOConfig(**SHARED, kl_coef=0.1)),
    "ppo-shared": (train_by_reward, PPOConfig(**SHARED, shared_trunk=True)),
}


class StoppedError(Exception):
    """What stops a stage in the midst."""


def share_of_a(_: Sequence[int], texts: Sequence[str]) -> Scores:
    return Scores([text.count("a") / max(1, len(text)) for text in texts])


def run_stage(name: str, on_step: Any, *, resume: Resume | None) -> list[torch.Tensor]:
    """Run a stage from its start, or from where it was stopped, and return the weights."""
    train, config = STAGES[name]
    policy = small_policy()
    if name in ("sft", "pretrain"):
        train(policy.model, encode_rows(policy.tokenizer, PAIRS), config, seed=0, on_step=on_step, resume=resume)
    else:
        prompts = [prompt for prompt, _ in PAIRS]
        train(policy, prompts, share_of_a, config, seed=0, on_step=on_step, resume=resume)
    return weights(policy)


def main(name: str, folder: Path, delay_s: float) -> None:
    """Run a stage with its metrics, its state and the digest of its weights in `folder`."""
    (folder / "metrics.jsonl").unlink(missing_ok=True)

    def on_step(metrics: dict[str, float], _: Any) -> None:
        append_jsonl(folder / "metrics.jsonl", metrics)
        print("step", metrics["step"], flush=True)
        time.sleep(delay_s)

    final = run_stage(name, on_step, resume=Resume(folder / "state", every_steps=1))
    digest = hashlib.sha256(b"".join(weight.numpy().tobytes() for weight in final))
    write_text(folder / "weights.sha256", digest.hexdigest())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]))
