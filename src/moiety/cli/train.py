"""`moiety pretrain`, `sft` and `rl`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from moiety.cli.app import Json, app, percent, print_json
from moiety.errors import UserError

NameOrFile = Annotated[str, typer.Argument(metavar="NAME_OR_FILE", help="A TOML file, or a built-in recipe's name.")]
Overrides = Annotated[list[str] | None, typer.Argument(help="Such as checkpoint=runs/sft/checkpoint rl.steps=50.")]
Out = Annotated[Path | None, typer.Option(help="The run folder; else runs/NAME-HASH.")]


@app.command()
def pretrain(recipe: NameOrFile, overrides: Overrides = None, out: Out = None, as_json: Json = False) -> None:
    """Train a causal language model on plain text or on whole tasks; the same command goes on after a stop."""
    _train("pretrain", recipe, overrides, out, as_json)


@app.command()
def sft(recipe: NameOrFile, overrides: Overrides = None, out: Out = None, as_json: Json = False) -> None:
    """Fine-tune any checkpoint on tasks' solutions, or on its own accepted samples; goes on after a stop."""
    _train("sft", recipe, overrides, out, as_json)


@app.command()
def rl(recipe: NameOrFile, overrides: Overrides = None, out: Out = None, as_json: Json = False) -> None:
    """Train any checkpoint by GRPO, PPO or REINFORCE with the judge's reward; goes on after a stop."""
    _train("rl", recipe, overrides, out, as_json)


def _train(command: str, name: str, overrides: list[str] | None, out: Path | None, as_json: bool) -> None:
    from moiety.checkpoint_paths import check_checkpoint_path
    from moiety.extras import require_extra
    from moiety.recipe import TrainRecipe, load_table
    from moiety.recipe.train import COMMANDS
    from moiety.runs import read_json

    recipe = load_table(name, overrides or [], TrainRecipe, folder="recipes/train")
    if recipe.algorithm not in COMMANDS[command]:
        other = next(key for key, known in COMMANDS.items() if recipe.algorithm in known)
        allowed = " or ".join(COMMANDS[command])
        raise UserError(f"{name}: algorithm: need {allowed}, got {recipe.algorithm!r}: that is `moiety {other}`")
    check_checkpoint_path(recipe.checkpoint)
    require_extra("train", "training")
    from moiety.train.run import run_training
    from moiety.train.trl_trainer import is_main_process

    run_dir = run_training(recipe, out=out)
    if not is_main_process():
        return
    result = read_json(run_dir / "result.json")
    if as_json:
        print_json({**result, "run_dir": str(run_dir)})
        return
    _print(result)
    print(f"checkpoint: {run_dir / 'checkpoint'} ({result['weights']})")


def _print(result: dict[str, Any]) -> None:
    for row in result["checkpoints"]:
        print(f"step {row['step']:>6}  validation greedy {percent(row['greedy'])}  sampled {percent(row['sampled'])}")
    spent = result["budget"]
    print(f"{spent['gradient_steps']} updates on {spent['tokens_trained']} tokens, {spent['flops']:.2e} FLOPs")
