"""How fast we fine-tune, against TRL's SFTTrainer on the same model and rows, in one run.

Tokens of rows are counted, padding is not. TRL packs in three ways and pads in one; the ratio is to the fastest whose
loss is ours. "wrapped" packing cuts rows and lets them see each other: it trains something else, and is told apart.
"""

import copy
import tempfile
from typing import Any

import torch

from moiety.bench.workload import Stopwatch, Workload, matrix_ceiling, median, new_workload, row, rows_of_machine, share
from moiety.extras import missing_packages
from moiety.train.config import OptimiserConfig, Precision, SFTConfig
from moiety.train.sft import finetune
from moiety.train.trl_trainer import quiet

BATCH_ROWS, ROW_TOKENS = 16, 256
STEPS = 8
PRECISIONS: dict[Precision, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16}
PACKED: dict[str, Any] = {"packing": True, "max_length": ROW_TOKENS, "shuffle_dataset": True}
THEIRS: dict[str, dict[str, Any]] = {
    "packed, a line at a time": {
        **PACKED, "per_device_train_batch_size": 1, "gradient_accumulation_steps": BATCH_ROWS,
    },
    "packed, four lines at a time": {
        **PACKED, "per_device_train_batch_size": 4, "gradient_accumulation_steps": BATCH_ROWS // 4,
    },
    "padded": {"per_device_train_batch_size": 2 * BATCH_ROWS},
    "wrapped": {**PACKED, "packing_strategy": "wrapped", "per_device_train_batch_size": BATCH_ROWS},
}  # fmt: skip
OTHER_LOSS = "wrapped"


def bench_train(*, cpu_time: bool = False, seed: int = 0) -> list[dict[str, object]]:
    """Return rows of tokens per second, ours and TRL's, in fp32 and bf16, and their shares of the ceiling.

    `cpu_time` counts CPU seconds, not the wall's: for a machine busy with other work, with OMP_NUM_THREADS=1.
    """
    workload = new_workload(seed=seed)
    ceilings = {name: matrix_ceiling(dtype, cpu_time=cpu_time) for name, dtype in PRECISIONS.items()}
    rows = rows_of_machine({name: ceilings[name] for name in PRECISIONS})
    for precision in PRECISIONS:
        ours = _ours(workload, precision, Stopwatch(cpu_time))
        theirs = (
            {}
            if missing_packages("trl")
            else {name: _theirs(workload, precision, name, Stopwatch(cpu_time)) for name in THEIRS}
        )
        comparable = {name: speed for name, speed in theirs.items() if name != OTHER_LOSS}
        best = max(comparable, key=comparable.__getitem__, default=None)
        rows.append(
            row(f"SFT, {precision}", ours, "tokens/s")
            if best is None
            else row(f"SFT, {precision}", ours, "tokens/s", against=f"TRL {best}", ratio=ours / comparable[best])
        )
        rows.append(share(ours, workload.policy, ceilings[precision], name=precision))
        rows += [
            row(f"TRL {name}, {precision}", speed, "tokens/s", against="ours", ratio=speed / ours)
            for name, speed in theirs.items()
        ]
    if missing_packages("trl"):
        rows.append(row("TRL is not installed: pip install 'moiety[trl]'", 0, "tokens/s"))
    return rows


def _ours(workload: Workload, precision: Precision, watch: Stopwatch) -> float:
    """Return our tokens per second, the median step's."""
    speeds: list[float] = []
    config = SFTConfig(
        steps=STEPS, batch_rows=BATCH_ROWS, row_tokens=ROW_TOKENS, precision=precision,
        optimiser=OptimiserConfig(learning_rate=1e-4),
    )  # fmt: skip
    before = 0.0

    def on_step(metrics: dict[str, float], _: dict[str, float]) -> None:
        nonlocal before
        speeds.append((metrics["tokens/trained"] - before) / watch.lap())
        before = metrics["tokens/trained"]

    finetune(copy.deepcopy(workload.policy.model), workload.rows, config, seed=0, on_step=on_step)
    return median(speeds[1:])


def _theirs(workload: Workload, precision: Precision, name: str, watch: Stopwatch) -> float:
    """Return TRL's tokens per second, the median step's, in one of its ways of packing."""
    from datasets import Dataset
    from transformers import PrinterCallback, TrainerCallback
    from trl import SFTConfig as TRLConfig
    from trl import SFTTrainer

    speeds: list[float] = []
    data = [
        {"input_ids": [*r.prompt, *r.completion], "completion_mask": [0] * len(r.prompt) + [1] * len(r.completion)}
        for r in workload.rows
    ] * 8

    class Clock(TrainerCallback):
        """Counts tokens and seconds from one step's end to the next."""

        tokens = 0.0

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:  # noqa: ARG002
            if logs and "num_tokens" in logs:
                speeds.append((logs["num_tokens"] - self.tokens) / watch.lap())
                self.tokens = logs["num_tokens"]

    with tempfile.TemporaryDirectory() as folder, quiet():
        config = TRLConfig(
            output_dir=folder, max_steps=STEPS, learning_rate=1e-4, use_cpu=True, bf16=precision == "bf16",
            activation_checkpointing=False, completion_only_loss=True, report_to="none", disable_tqdm=True,
            save_strategy="no", logging_steps=1, optim="adamw_torch_fused", dataloader_pin_memory=False, **THEIRS[name],
        )  # fmt: skip
        trainer = SFTTrainer(
            model=copy.deepcopy(workload.policy.model), args=config, train_dataset=Dataset.from_list(data),
            processing_class=copy.deepcopy(workload.policy.tokenizer), callbacks=[Clock()],
        )  # fmt: skip
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    return median(speeds[1:])
