"""`moiety eval` and `judge`."""

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from moiety.cli.app import Json, app, percent, print_json
from moiety.errors import UserError


@app.command("eval")
def evaluate_checkpoint(
    checkpoint: Annotated[str, typer.Argument(help="A checkpoint folder, or a name of the hub.")],
    tasks_file: Annotated[Path, typer.Argument(metavar="TASKS", help="Tasks, .parquet or .jsonl.")],
    num_samples: Annotated[int, typer.Option(min=0, help="Samples of each task besides the greedy one.")] = 0,
    temperature: Annotated[float, typer.Option(min=0.01, help="Sampling temperature.")] = 1.0,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Tokens after which a completion is cut.")] = 160,
    pass_at_k: Annotated[list[int] | None, typer.Option(min=1, help="A k of pass@k; may be repeated.")] = None,
    reward_tests: Annotated[bool, typer.Option("--reward-tests", help="Judge on reward tests, not held-out.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the samples.")] = 0,
    device: Annotated[
        str, typer.Option(help="auto, cpu, mps, cuda or cuda:N; auto: a GPU where there is one.")
    ] = "auto",
    precision: Annotated[
        Literal["auto", "fp32", "bf16"], typer.Option(help="Of weights and products; auto: bf16 on a GPU that has it.")
    ] = "auto",
    decode_rows: Annotated[int, typer.Option(min=1, help="Completions sampled at a time; bounds the memory.")] = 256,
    plain: Annotated[bool, typer.Option("--plain", help="Prompts as plain text, without the chat template.")] = False,
    chat_template_kwargs: Annotated[
        str, typer.Option(metavar="JSON", help='Variables for the chat template, such as {"enable_thinking": false}.')
    ] = "{}",
    out: Annotated[
        Path | None,
        typer.Option(help="Keep every completion with its verdict: a .parquet or .jsonl file, or a folder."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Compare sampled log-probabilities with the model's first.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Measure a checkpoint's pass@k on a file of tasks, per domain and depth."""
    ks = pass_at_k or [1]
    if num_samples and max(ks) > num_samples:
        raise UserError(f"--pass-at-k {max(ks)}: need at most --num-samples {num_samples}")
    template_kwargs = _json_object("--chat-template-kwargs", chat_template_kwargs)
    from moiety.checkpoint_paths import check_checkpoint_path
    from moiety.evaluation import Row, check_samples_path, evaluate, write_samples
    from moiety.extras import require_extra
    from moiety.judge import Judge
    from moiety.recipe.train import DEVICE_PATTERN
    from moiety.tasks import read_tasks

    if re.fullmatch(DEVICE_PATTERN, device) is None:
        raise UserError(f"--device: need auto, cpu, mps, cuda or cuda:N, got {device!r}")
    check_checkpoint_path(checkpoint)
    check_samples_path(out)
    tasks = read_tasks(tasks_file)
    if not reward_tests and any(task.held_out_tests is None for task in tasks):
        raise UserError(f"{tasks_file}: tasks without held-out tests; give --reward-tests to judge on the others")
    require_extra("train", "sampling from a checkpoint")
    from moiety.train.loading import load_policy_to_measure

    policy = load_policy_to_measure(
        checkpoint, device=device, precision=precision, decode_rows=decode_rows,
        chat_template=False if plain else "auto", template_kwargs=template_kwargs, check=check,
    )  # fmt: skip
    scores: dict[str, Any] = {}
    rows: list[Row] = []
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
            rows += measured.rows
            scores[domain] = {**measured.scores(pass_at=ks), "verdicts": measured.verdicts()}
    kept = None if out is None else write_samples(out, rows, scores)
    if as_json:
        print_json(scores)
        return
    _print_scores(scores)
    if kept is not None:
        print(f"completions: {kept}")


def _json_object(option: str, text: str) -> dict[str, Any]:
    """Return the JSON object of an option."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise UserError(f'{option}: need a JSON object such as {{"enable_thinking": false}}, got {text!r}')
    return value


def _print_scores(scores: dict[str, Any]) -> None:
    for domain, row in scores.items():
        print(f"{domain:<14} greedy {percent(row['greedy'])}  sampled {percent(row['sampled'])}")
        for depth, cell in row["by_depth"].items():
            shown = f"greedy {percent(cell['greedy'])}  sampled {percent(cell['sampled'])}"
            print(f"  depth {depth:<6} {shown}  of {cell['count']} tasks")
        for k, value in (row["pass_at_k"] or {}).items():
            print(f"  pass@{k:<7} {percent(value)}")


_LIMIT_HELP = (
    "The least CPU limit in seconds: of each test of a stdin/stdout program, whose row's own time_limit goes first; "
    "of all tests together of any other program."
)


@app.command("judge")
def judge_files(
    tasks_file: Annotated[Path, typer.Argument(metavar="TASKS", help="Own tasks, or HumanEval, MBPP, … rows.")],
    samples_file: Annotated[
        Path, typer.Argument(metavar="SAMPLES", help="Rows of task_id and solution, completion, generation or output.")
    ],
    out: Annotated[Path, typer.Option(help="The verdicts, one JSON line a sample.")],
    pass_at_k: Annotated[list[int] | None, typer.Option(min=1, help="A k of pass@k; may be repeated.")] = None,
    cpu_limit_s: Annotated[float, typer.Option(min=0.01, help=_LIMIT_HELP)] = 1.0,
    reward_tests: Annotated[bool, typer.Option("--reward-tests", help="Judge own tasks on reward tests.")] = False,
    extract: Annotated[
        bool, typer.Option("--extract", help="Samples are answers of a chat model: judge the program in each.")
    ] = False,
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
            extract=extract,
            progress=lambda done, total: bar.reach(done, total=total),
        )
    if as_json:
        print_json(scores)
        return
    for k, value in scores["pass_at_k"].items():
        least = f"  ({percent(scores['pass_at_k_with_left_out'][k])} with unserialisable as failures)"
        print(f"pass@{k:<13} {percent(value)}{least if scores['left_out'] else ''}")
    for verdict, count in scores["verdicts"].items():
        print(f"{verdict:<18} {count:>6}")
    for name, count in (
        ("unsupported tasks", len(scores["unsupported_tasks"])),
        ("without samples", scores["tasks_without_samples"]),
    ):
        if count:
            print(f"{name:<18} {count:>6} of {scores['tasks']} tasks")
    if scores["left_out"]:
        print(f"unserialisable: {scores['left_out']} samples are not in pass@k: their answers are no plain data")
    if scores["fenced_samples"]:
        count = f"{scores['fenced_samples']} of {scores['samples']} samples"
        print(f"{count} hold a fence of Markdown and are no Python; give --extract to judge the program in each")
    if "infra" in scores["verdicts"]:
        print("infra: faults of this machine, no value; run the same command again to judge them")
    print(f"verdicts: {out}")
