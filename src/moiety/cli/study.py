"""`moiety study`, `report` and `doctor`."""

from pathlib import Path
from typing import Annotated

import typer

from moiety.cli.app import Json, app, print_json


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
    recipe: Annotated[str, typer.Argument(metavar="NAME_OR_FILE", help="`quick`, `findings`, or a TOML file.")],
    overrides: Annotated[list[str] | None, typer.Argument(help="Such as rl.group_size=16 seeds=[0,1,2].")] = None,
    out: Annotated[Path | None, typer.Option(help="The run directory; else runs/NAME-HASH.")] = None,
    as_json: Json = False,
) -> None:
    """Run or resume a study and write its report."""
    from moiety.extras import require_extras
    from moiety.recipe import load_recipe
    from moiety.runs import read_json

    checked = load_recipe(recipe, overrides or [])
    require_extras(["train", "report"], "a study")
    from moiety.study.run import run_study

    run_dir = run_study(checked, out=out)
    if as_json:
        print_json(read_json(run_dir / "result.json"))
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
    """Write the report of a finished study again, from its run directory."""
    from moiety.report import render_report
    from moiety.runs import read_json
    from moiety.study.unfinished import require_finished

    require_finished(run_dir)
    path = render_report(run_dir)
    if as_json:
        print_json(read_json(run_dir / "result.json"))
    else:
        print(path)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Say what this machine can do: isolation, extras, GPU, compiler, browser."""
    from moiety.doctor import examine_machine

    checks = examine_machine()
    if as_json:
        print_json([{"name": c.name, "value": c.value, "advice": c.advice} for c in checks])
        return
    for check in checks:
        print(f"{check.name:<14} {check.value}")
        if check.advice:
            print(f"{'':<14} ! {check.advice}")
