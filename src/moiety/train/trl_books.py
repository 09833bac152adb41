"""Our books of a training that TRL runs: rewards asked of our score, metrics under our keys, and what a resume needs.

Not the trainer: `trl_engine` builds it. With several processes each keeps the totals of all, and the first one tells.
"""

import copy
import math
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from moiety.errors import UserError
from moiety.models.policy import TorchPolicy
from moiety.models.tokenizer import decode_tokens, encode_texts
from moiety.runs import read_json, write_json
from moiety.train.config import GRPOConfig, ReinforceConfig, RLConfig, SFTConfig
from moiety.train.data import OnCheckpoint, Row, micro_batches, padded_batch
from moiety.train.grpo import grpo_advantages
from moiety.train.losses import kl_k3, token_logprobs
from moiety.train.metrics import Budget, Metrics, OnStep
from moiety.train.onpolicy import Score, reward_metrics
from moiety.train.reinforce import reinforce_advantages
from moiety.train.scoring import learnt_logits

BOOKS = "moiety.json"


def newest_checkpoint(folder: Path) -> Path | None:
    """Return the newest checkpoint of TRL's that is whole: its last file, our books, is there."""
    found = sorted(folder.glob(f"checkpoint-*/{BOOKS}"), key=lambda path: int(path.parent.name.partition("-")[2]))
    return found[-1].parent if found else None


@dataclass(slots=True)
class Books:
    """What a stage has told and spent; `identity` is all that its course depends on, besides where the model starts."""

    stage: str
    config: SFTConfig | RLConfig
    identity: str
    budget: Budget
    on_step: OnStep
    on_checkpoint: OnCheckpoint | None
    num_rows: int
    """Rows of the data, or prompts."""
    told: list[Metrics] = field(default_factory=list)
    facts: Metrics = field(default_factory=dict)
    """What the rollouts of the step in hand told."""
    learns: bool = True
    """Whether the step in hand is an update: not where no rollout of it has a gradient."""
    rows: int = 0
    tokens: int = 0
    """Rows and tokens of this process's micro-batches since the last step."""
    started: float = field(default_factory=time.perf_counter)

    def saw(self, inputs: Any) -> None:
        """Count a micro-batch: TRL packs rows without padding into one line, whose positions restart at each."""
        if "position_ids" in inputs and isinstance(self.config, SFTConfig):
            self.rows += int((inputs["position_ids"] == 0).sum())
            self.tokens += inputs["position_ids"].numel()

    def restore(self, checkpoint: Path) -> None:
        """Take over the books of a checkpoint and tell its metrics again.

        Raises UserError for the checkpoint of another stage or of other settings.
        """
        kept = read_json(checkpoint / BOOKS)
        if kept["identity"] != self.identity:
            raise UserError(f"{checkpoint}: holds the state of a stage with other settings, seed or data")
        for name, value in kept["budget"].items():
            setattr(self.budget, name, value)
        for metrics in kept["told"]:
            self.told.append(metrics)
            self.on_step(metrics, {})

    def keep(self, checkpoint: Path) -> None:
        """Write the books into a checkpoint, as its last file, and remove checkpoints that never got theirs."""
        write_json(checkpoint / BOOKS, {"identity": self.identity, "budget": asdict(self.budget), "told": self.told})
        for other in checkpoint.parent.glob("checkpoint-*"):
            if not (other / BOOKS).is_file():
                shutil.rmtree(other, ignore_errors=True)

    def checkpoint(self, step: int, model: Any) -> None:
        """Call back after one of the steps that the settings name."""
        if self.on_checkpoint is not None and step in self.config.checkpoint_steps:
            training = model.training
            self.on_checkpoint(step, model.eval())
            model.train(training)

    def tell(self, step: int, logs: Metrics, *, main: bool) -> None:
        """Turn what TRL logs of a step into our metrics and hand them on."""
        from accelerate.utils import gather_object

        counted = gather_object([(self.rows, self.tokens)])
        self.rows = self.tokens = 0
        metrics: Metrics = {
            "step": step,
            "loss": logs["loss"] if self.learns else 0.0,
            "learning_rate": logs["learning_rate"],
            "gradient_norm": logs["grad_norm"] if self.learns else 0.0,
        }
        self.budget.gradient_steps += int(self.learns)
        if isinstance(self.config, SFTConfig):
            self.budget.prompts += sum(rows for rows, _ in counted)
            self.budget.tokens_trained += sum(tokens for _, tokens in counted)
            metrics |= {"accuracy/token": logs["mean_token_accuracy"], "epochs": self.budget.prompts / self.num_rows}
        else:
            metrics |= {**self.facts, "policy/entropy": logs["entropy"]}
        metrics |= self.budget.metrics()
        self.told.append(metrics)
        now = time.perf_counter()
        if main:
            self.on_step(metrics, {"time/step_s": now - self.started})
        self.started = now

    def callback(self, trainer: Any) -> Any:
        """Return the callback through which the trainer keeps these books."""
        from transformers import TrainerCallback

        books = self

        class Callback(TrainerCallback):
            def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
                if not books.learns:
                    for parameter in trainer.model.parameters():
                        parameter.grad = None  # gradients of 0 would let AdamW's momentum and decay move the weights
                    return
                gradients = [p.grad for p in trainer.model.parameters() if p.grad is not None]
                norm = float(torch.nn.utils.get_total_norm(gradients))
                if not math.isfinite(norm):
                    raise UserError(
                        f"{books.stage}: the gradient norm is {norm} at step {state.global_step + 1}; the step was not "
                        f"taken and earlier checkpoints are kept. Lower learning_rate (now {args.learning_rate})"
                    )

            def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:  # noqa: ARG002
                if "loss" in logs:
                    books.tell(state.global_step, logs, main=state.is_world_process_zero)

            def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
                if state.is_world_process_zero:
                    books.checkpoint(state.global_step, trainer.accelerator.unwrap_model(trainer.model))

            def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
                if state.is_world_process_zero:
                    books.keep(Path(args.output_dir) / f"checkpoint-{state.global_step}")

        return Callback()


@dataclass(slots=True)
class Rewards:
    """The reward function that TRL calls, and what it notes of each step's rollouts."""

    score: Score
    prompts: list[list[int]]
    policy: TorchPolicy
    config: RLConfig
    books: Books
    reference: Any = None

    def __post_init__(self) -> None:
        self.reference = copy.deepcopy(self.policy.model.eval()).requires_grad_(False)

    def tokenize(self, prompts: Sequence[str]) -> tuple[list[list[int]], None, dict[str, Any]]:
        """Return the tokens of prompts as TRL wants them: with images and other inputs, of which there are none."""
        return encode_texts(self.policy.tokenizer, list(prompts)), None, {}

    def reward(self, completion_ids: list[list[int]], index: list[int], **_: Any) -> list[float | None]:
        """Return the reward of each completion, None where the machine failed."""
        from accelerate.utils import gather_object

        end = self.policy.tokenizer.eos_token_id
        texts = decode_tokens(self.policy.tokenizer, [ids[:-1] if ids[-1] == end else ids for ids in completion_ids])
        scores = self.score(index, texts)
        rows = [Row(tuple(self.prompts[i]), tuple(ids)) for i, ids in zip(index, completion_ids, strict=True)]
        seen = _Seen(
            rewards=scores.rewards,
            counts=scores.counts,
            row_lengths=[len(row) for row in rows],
            lengths=[len(row.completion) for row in rows],
            truncated=sum(ids[-1] != end for ids in completion_ids),
            divergence=self._divergence(rows[:: self.config.group_size]),
        )
        self._note(gather_object([seen]))
        return scores.rewards

    def _divergence(self, rows: Sequence[Row]) -> tuple[float, int]:
        """Return the sum over tokens of the KL (k3) of the policy that sampled to the initial one, and their number."""
        step, config = len(self.books.told) + 1, self.config
        every = 1 if config.kl_coef else config.kl_every
        if step % every and step not in (1, config.steps):
            return 0.0, 0
        total, count, model = 0.0, 0, self.policy.model
        with torch.no_grad():
            for part in micro_batches([len(row) for row in rows], max_tokens=config.micro_batch_tokens):
                batch = padded_batch([rows[i] for i in part])
                ours, initial = (
                    token_logprobs(*learnt_logits(one, batch), temperature=config.temperature)
                    for one in (model, self.reference.to(model.device))
                )
                total, count = total + float(kl_k3(ours, initial).sum()), count + len(ours)
        return total, count

    def _learnt(self, rewards: torch.Tensor, valid: torch.Tensor) -> list[int]:
        """Return the rollouts that our own loop would learn from; the others pass through the model and count not."""
        if isinstance(self.config, GRPOConfig):
            return grpo_advantages(rewards, valid, self.config)[1]
        assert isinstance(self.config, ReinforceConfig)
        return reinforce_advantages(rewards, valid, self.config)[1]

    def _note(self, seen: Sequence["_Seen"]) -> None:
        """Note the facts of a step from what each process saw, in their order."""
        budget, G = self.books.budget, self.config.group_size
        rewards = [reward for one in seen for reward in one.rewards]
        valid = torch.tensor([reward is not None for reward in rewards]).view(-1, G)
        grouped = torch.tensor([0.0 if reward is None else reward for reward in rewards]).view(-1, G)
        row_lengths, sampled = [n for one in seen for n in one.row_lengths], sum(sum(one.lengths) for one in seen)
        learnt = self._learnt(grouped, valid)
        tokens = sum(row_lengths[i] for i in learnt)
        self.books.learns = bool(learnt)
        budget.prompts += len(rewards) // G
        budget.tokens_sampled += sampled
        budget.tokens_trained += tokens
        if self.config.kl_coef:  # REINFORCE's penalty is part of the reward, of every rollout
            budget.tokens_referenced += tokens if isinstance(self.config, GRPOConfig) else sum(row_lengths)
        names = sorted({name for one in seen for name in one.counts})
        self.books.facts = {
            **reward_metrics(grouped, valid),
            "tokens/completion_mean": sampled / len(rewards),
            "completions/truncated": sum(one.truncated for one in seen),
            **{name: float(sum(one.counts.get(name, 0) for one in seen)) for name in names},
        }
        total, count = (sum(parts) for parts in zip(*(one.divergence for one in seen), strict=True))
        if count:
            self.books.facts["policy/kl"] = total / count


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one process saw of a step's rollouts; `divergence` is a sum over tokens and their number."""

    rewards: list[float | None]
    counts: dict[str, int]
    row_lengths: list[int]
    lengths: list[int]
    truncated: int
    divergence: tuple[float, int]
