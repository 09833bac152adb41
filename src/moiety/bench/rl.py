"""How long a step of reinforcement learning takes, against GRPOTrainer on the same prompts and reward, in one run.

The policy is the tiny model after a short fine-tuning, so that completions end and some are right. A small learning
rate keeps it as it is: every step has about the same lengths and the same share of groups with signal. Two rewards:
the judge's verdict, where groups that are all right or all wrong cost us nothing; and one that differs within every
group, where no rollout can be left out.
"""

import copy
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from moiety.bench.workload import Stopwatch, Workload, matrix_ceiling, median, new_workload, row, rows_of_machine
from moiety.judge import Judge
from moiety.models.policy import TorchPolicy
from moiety.reward import judge_completions, reward_of
from moiety.rng import derive
from moiety.train.config import GRPOConfig, OptimiserConfig, PPOConfig, RLConfig, SFTConfig
from moiety.train.metrics import Budget, Metrics, OnStep
from moiety.train.onpolicy import Score, Scores
from moiety.train.rl import train_by_reward
from moiety.train.sft import finetune
from moiety.train.trl_engine import train_with_trl
from moiety.train.trl_fields import trl_installed

PROMPTS, GROUP = 32, 8
STEPS, THEIR_STEPS = 4, 3
ROUNDS, SFT_STEPS, SFT_LINES = 80, 10, 5
"""Rounds of fine-tuning, until enough completions are right, the steps of one and the lines of a step."""
RIGHT = 0.4
STILL = OptimiserConfig(learning_rate=1e-7, schedule="constant")
GRPO = GRPOConfig(
    steps=STEPS, prompts_per_step=PROMPTS, group_size=GROUP, max_new_tokens=150, optimiser=STILL, kl_every=1000
)
PPO = PPOConfig(
    steps=STEPS, prompts_per_step=PROMPTS, group_size=GROUP, max_new_tokens=150, optimiser=STILL, kl_every=1000,
    critic_optimiser=STILL, epochs=1, minibatches=1,
)  # fmt: skip
THEIR_SIZES = (32, 256)
"""Rows of TRL's micro-batches; the fastest counts."""

Run = Callable[[OnStep], Budget]


def bench_rl(*, cpu_time: bool = False, seed: int = 0) -> list[dict[str, object]]:
    """Return rows of seconds per step, ours and TRL's, and operations per second against the ceiling.

    `cpu_time` counts CPU seconds, not the wall's: for a machine busy with other work, with OMP_NUM_THREADS=1.
    """
    workload = new_workload(num_tasks=PROMPTS, seed=seed)
    ceiling = matrix_ceiling(cpu_time=cpu_time)
    rows = rows_of_machine({"fp32": ceiling})
    with Judge(zygotes=1) as judge:

        def verdicts(indices: Sequence[int], texts: Sequence[str]) -> Scores:
            outcomes = judge_completions(judge, [workload.tasks[i] for i in indices], texts)
            return Scores([reward_of(outcome) for outcome in outcomes])

        _learn(workload, verdicts, seed=seed)
        rows += _compare(workload, verdicts, "verdict", THEIR_SIZES, ceiling, cpu_time=cpu_time, seed=seed)
    rows += _compare(workload, _dense, "dense", THEIR_SIZES[:1], ceiling, cpu_time=cpu_time, seed=seed)
    rows += _ppo(workload, ceiling, cpu_time=cpu_time, seed=seed)
    return rows


def _learn(workload: Workload, score: Score, *, seed: int) -> None:
    """Fine-tune the policy until the share of right completions is about where groups differ most."""
    sft = SFTConfig(
        steps=SFT_STEPS, batch_rows=SFT_LINES, optimiser=OptimiserConfig(learning_rate=3e-3, schedule="constant")
    )
    prompts = [task.prompt for task in workload.tasks]
    for number in range(ROUNDS):
        finetune(workload.policy.model, workload.rows, sft, seed=derive(seed, "bench", number))
        found = workload.policy.complete(prompts, num_samples=2, temperature=1.0, max_new_tokens=150, seed=number)
        texts = [completion.text for group in found for completion in group]
        rewards = score([i for i in range(len(prompts)) for _ in range(2)], texts).rewards
        if sum(reward or 0 for reward in rewards) >= RIGHT * len(rewards):
            return


def _dense(_: Sequence[int], texts: Sequence[str]) -> Scores:
    """Reward what differs between almost any two texts."""
    return Scores([sum(text.encode()) % 997 / 997 for text in texts])


def _compare(
    workload: Workload,
    score: Score,
    name: str,
    sizes: Sequence[int],
    ceiling: float,
    *,
    cpu_time: bool,
    seed: int,
) -> list[dict[str, object]]:
    """Return the rows of a GRPO step with a reward."""
    prompts = [task.prompt for task in workload.tasks]

    def ours(on_step: OnStep) -> Budget:
        return train_by_reward(_fresh(workload), prompts, score, GRPO, seed=seed, on_step=on_step)

    seconds, told, budget = _steps(ours, Stopwatch(cpu_time))
    rows = [
        row(f"groups with signal, {name}", told["reward/signal_fraction"], "share"),
        row(f"tokens a completion, {name}", told["tokens/completion_mean"], "tokens"),
    ]
    theirs = (
        {}
        if not trl_installed()
        else {size: _trl(workload, score, size, Stopwatch(cpu_time), seed=seed) for size in sizes}
    )
    best = min(theirs, key=lambda size: theirs[size], default=None)
    step = f"GRPO step of {PROMPTS} x {GROUP}, {name}"
    if best is None:
        rows += [row(step, seconds, "s"), row("TRL is not installed: pip install 'moiety[trl]'", 0, "s")]
    else:
        rows.append(row(step, seconds, "s", against=f"TRL in parts of {best}", ratio=theirs[best] / seconds))
    rows.append(_share(budget, seconds, ceiling))
    return rows + [
        row(f"TRL in parts of {size}, {name}", value, "s", against="ours", ratio=value / seconds)
        for size, value in theirs.items()
    ]


def _trl(workload: Workload, score: Score, size: int, watch: Stopwatch, *, seed: int) -> float:
    """Return the seconds of a step of GRPOTrainer, `size` rows at a time."""
    prompts = [task.prompt for task in workload.tasks]

    def run(on_step: OnStep) -> Budget:
        with tempfile.TemporaryDirectory() as folder:
            return train_with_trl(
                _fresh(workload), prompts, score, replace(GRPO, steps=THEIR_STEPS), seed=seed, folder=Path(folder),
                extra={"per_device_train_batch_size": size}, every_steps=1000, on_step=on_step,
            )  # fmt: skip

    return _steps(run, watch)[0]


def _ppo(workload: Workload, ceiling: float, *, cpu_time: bool, seed: int) -> list[dict[str, object]]:
    """Return the rows of a PPO step at rows and passes equal to GRPO's: one pass over every rollout."""
    prompts = [task.prompt for task in workload.tasks]

    def run(config: RLConfig) -> tuple[float, Metrics, Budget]:
        return _steps(
            lambda on_step: train_by_reward(_fresh(workload), prompts, _dense, config, seed=seed, on_step=on_step),
            Stopwatch(cpu_time),
        )

    grpo = run(GRPO)[0]
    rows: list[dict[str, object]] = []
    for name, config in (
        ("own trunk", PPO),
        ("shared trunk", replace(PPO, shared_trunk=True)),
        ("own trunk, 2 epochs of 2 minibatches", replace(PPO, epochs=2, minibatches=2)),
    ):
        seconds, _, budget = run(config)
        rows += [row(f"PPO step, {name}", seconds, "s", against="a GRPO step", ratio=seconds / grpo)]
        rows += [_share(budget, seconds, ceiling)]
    return rows


def _fresh(workload: Workload) -> TorchPolicy:
    """Return a copy of the policy, to be trained."""
    return replace(workload.policy, model=copy.deepcopy(workload.policy.model))


def _steps(run: Run, watch: Stopwatch) -> tuple[float, Metrics, Budget]:
    """Run and return the median seconds of a step after the first, the last step's metrics, and the budget."""
    told: list[Metrics] = []

    def on_step(metrics: Metrics, _: Metrics) -> None:
        watch.lap()
        told.append(metrics)

    budget = run(on_step)
    return median(watch.laps[1:]), told[-1], budget


def _share(budget: Budget, seconds: float, ceiling: float) -> dict[str, object]:
    flops = budget.flops / STEPS / seconds
    return row("  its share", flops / 1e9, "GFLOP/s", against="matrix product", ratio=flops / ceiling)
