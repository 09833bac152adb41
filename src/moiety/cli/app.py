"""The application that the commands join, and what they share."""

import json
from typing import Annotated, Any

import typer

EXIT_FAILURE = 1

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Tell, with evidence, what SFT and RL each contribute to a code language model, and on which data.",
)
bench_app = typer.Typer(no_args_is_help=True, help="Measure this machine's speed against the plain alternatives.")
app.add_typer(bench_app, name="bench")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def print_json(document: Any) -> None:
    print(json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1))


def percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"
