"""`moiety eval` and `judge`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from moiety.cli.app import Json, app, percent, print_json
from moiety.errors import UserError


@app.command("eval")
def evaluate_checkpoint(
    checkpoint: Annotated[Path, typer.Argument(help="A checkpoint folder.")],
    tasks_file: Annotated[Path, typer.Argument(metavar="TASKS", help="Tasks, .parquet or .jsonl.")],
    num_samples: Annotated[int, typer.Option(min=0, help="Samples of each task besides the greedy one.")] = 0,
    temperature: Annotated[float, typer.Option(min=0.01, help="Sampling temperature.")] = 1.0,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Tokens after which a completion is cut.")] = 160,
    pass_at_k: Annotated[list[int] | None, typer.Option(min=1, help="A k of pass@k; may be repeated.")] = None,
    reward_tests: Annotated[bool, typer.Option("--reward-tests", help="Judge on reward tests, not held-out.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the samples.")] = 0,
    as_json: Json = False,
) -> None:
    """Measure a checkpoint's pass@k on a file of tasks, per domain and depth."""
    ks = pass_at_k or [1]
    if num_samples and max(ks) > num_samples:
        raise UserError(f"--pass-at-k {max(ks)}: need at most --num-samples {num_samples}")
    if not checkpoint.is_dir():
        raise UserError(f"{checkpoint}: no such folder; expected a checkpoint")
    from moiety.evaluation import evaluate
    from moiety.judge import Judge
    from moiety.tasks import read_tasks

    tasks = read_tasks(tasks_file)
    if not reward_tests and any(task.held_out_tests is None for task in tasks):
        raise UserError(f"{tasks_file}: tasks without held-out tests; give --reward-tests to judge on the others")
    from moiety.models.policy import load_policy

    policy = load_policy(checkpoint)
    scores: dict[str, Any] = {}
    with Judge() as judge:
        for domain in sorted({task.domain for task in tasks}):
            measured = evaluate(
                policy,
                [task for task in tasks if task.domain == domain],
                judge,
                num_samples=num_samples,
                temperature=temperature,
                max_new_tokens=max_new_tokens,
                held_out=not reward_tests,
                seed=seed,
            )
            scores[domain] = {**measured.scores(pass_at=ks), "verdicts": measured.verdicts()}
    if as_json:
        print_json(scores)
        return
    for domain, row in scores.items():
        print(f"{domain:<14} greedy {percent(row['greedy'])}  sampled {percent(row['sampled'])}")
        for depth, cell in row["by_depth"].items():
            shown = f"greedy {percent(cell['greedy'])}  sampled {percent(cell['sampled'])}"
            print(f"  depth {depth:<6} {shown}  of {cell['count']} tasks")
        for k, value in (row["pass_at_k"] or {}).items():
            print(f"  pass@{k:<7} {percent(value)}")


@app.command("judge")
def judge_files(
    tasks_file: Annotated[Path, typer.Argument(metavar="TASKS", help="Own tasks, or HumanEval, MBPP, … rows.")],
    samples_file: Annotated[
        Path, typer.Argument(metavar="SAMPLES", help="Rows of task_id and solution or completion.")
    ],
    out: Annotated[Path, typer.Option(help="The verdicts, one JSON line a sample.")],
    pass_at_k: Annotated[list[int] | None, typer.Option(min=1, help="A k of pass@k; may be repeated.")] = None,
    cpu_limit_s: Annotated[float, typer.Option(min=0.01, help="The least CPU limit of a program, in seconds.")] = 1.0,
    reward_tests: Annotated[bool, typer.Option("--reward-tests", help="Judge own tasks on reward tests.")] = False,
    level: Annotated[int | None, typer.Option(min=0, max=2, help="The isolation level; else the best.")] = None,
    zygotes: Annotated[int | None, typer.Option(min=1, help="Programs at a time; else one a core.")] = None,
    allow_unsafe: Annotated[bool, typer.Option("--allow-unsafe", help="Accept level 0.")] = False,
    allow_import: Annotated[
        list[str] | None, typer.Option(help="A package that programs may import; may be repeated.")
    ] = None,
    memory: Annotated[int, typer.Option(min=16, max=1 << 20, help="Megabytes that a program may use.")] = 512,
    as_json: Json = False,
) -> None:
    """Judge samples against tasks; resumable. Prints pass@k and the verdicts."""
    from moiety.judge import Judge
    from moiety.judging import problems_of, score_samples
    from moiety.progress import Progress

    problems = problems_of(tasks_file, held_out=not reward_tests)
    with Progress() as shown, shown.stage("judge") as bar:
        scores = score_samples(
            problems,
            samples_file,
            out,
            start=lambda warm: Judge(
                level=level,
                zygotes=zygotes,
                allow_unsafe=allow_unsafe,
                warm=warm,
                allow_import=allow_import or (),
                memory_bytes=memory << 20,
            ),
            ks=pass_at_k or (),
            cpu_limit_s=cpu_limit_s,
            progress=lambda done, total: bar.reach(done, total=total),
        )
    if as_json:
        print_json(scores)
        return
    for k, value in scores["pass_at_k"].items():
        print(f"pass@{k:<13} {percent(value)}")
    for verdict, count in scores["verdicts"].items():
        print(f"{verdict:<18} {count:>6}")
    for name, count in (
        ("unsupported tasks", len(scores["unsupported_tasks"])),
        ("without samples", scores["tasks_without_samples"]),
    ):
        if count:
            print(f"{name:<18} {count:>6} of {scores['tasks']} tasks")
    if "infra" in scores["verdicts"]:
        print("infra: faults of this machine, no value; run the same command again to judge them")
    print(f"verdicts: {out}")
