"""`moiety split`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from moiety.cli.app import Json, app, print_json


@app.command()
def split(
    recipe: Annotated[str, typer.Argument(metavar="NAME_OR_FILE", help="`full`, or a TOML file.")],
    overrides: Annotated[list[str] | None, typer.Argument(help="Such as functions.train=500 seed=1.")] = None,
    out: Annotated[Path, typer.Option(help="The folder of the files; it appears whole.")] = Path("split"),
    source: Annotated[
        Path | None, typer.Option("--from", help="Split the tasks that `moiety synth` wrote there, instead of making.")
    ] = None,
    workers: Annotated[int, typer.Option(min=0, help="Processes; 0 is one a core.")] = 0,
    as_json: Json = False,
) -> None:
    """Make train, validation and test files that share no function, with the proof."""
    from moiety.progress import Progress
    from moiety.recipe import SplitRecipe, load_table
    from moiety.splitting import proof_text, split_folder, split_recipe

    checked = load_table(recipe, overrides or [], SplitRecipe, folder="recipes/split")
    cores = workers or len(os.sched_getaffinity(0))
    with Progress() as progress:
        if source is None:
            proof = split_recipe(checked, out=out, workers=cores, progress=progress)
        else:
            proof = split_folder(source, checked, out=out, workers=cores, progress=progress)
    if as_json:
        print_json(proof)
    else:
        print(proof_text(proof), end="")
