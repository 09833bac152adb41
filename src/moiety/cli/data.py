"""`moiety atoms`, `synth` and `audit`."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from moiety.cli.app import EXIT_FAILURE, Json, app, print_json
from moiety.errors import UserError


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
            print_json([atom_row(atom) for atom in known])
        else:
            print(atoms_table(known), end="")
        return
    chosen = atom_named(name, among=known)
    if as_json:
        print_json(atom_row(chosen))
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
        print_json(manifest)
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
        print_json(audit_json(found))
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
        print_json({name: one.as_json() for name, one in counted.items()})
    else:
        print(exposure_table(counted), end="")
