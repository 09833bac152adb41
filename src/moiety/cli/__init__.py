"""The command line: `moiety study | report | atoms | synth | split | audit | pretrain | sft | rl | eval | …`.

Nothing is computed here: a command reads its arguments, calls one function and prints. `--help` loads no torch and no
numpy: commands import what they need when they run. A mistake of the user's is one line on standard error and status 2.
"""

import os
import shlex
import sys
from collections.abc import Sequence

import typer

from moiety.cli.app import EXIT_FAILURE, app
from moiety.errors import StageError, UserError

# Commands join the application as their modules load: `--help` lists them in this order.
from moiety.cli import study, data, split, train, scoring, bench  # noqa: F401  # isort: skip

EXIT_USER_ERROR = 2
EXIT_INTERRUPTED = 130
RESUMABLE = (["study"], ["judge"], ["pretrain"], ["sft"], ["rl"])
EXAMPLES = {
    "study": "moiety study quick",
    "report": "moiety report runs/quick-0123456789",
    "synth": "moiety synth shapes --count 1000 --out tasks",
    "split": "moiety split full --out data",
    "audit": "moiety audit mine.jsonl --against humaneval.jsonl.gz",
    "pretrain": "moiety pretrain mine.toml",
    "sft": "moiety sft lora-sft checkpoint=Qwen/Qwen3-0.6B data=tasks",
    "rl": "moiety rl lora-grpo checkpoint=runs/sft/checkpoint data=tasks",
    "judge": "moiety judge humaneval.jsonl.gz samples.jsonl --out verdicts.jsonl",
    "eval": "moiety eval runs/sft/checkpoint tasks.jsonl",
}
"""A command as it is typed, for those who left out what it needs."""
EXTRA_OF_MODULE = {
    "torch": ("training", "train"),
    "transformers": ("training", "train"),
    "tokenizers": ("training", "train"),
    "safetensors": ("training", "train"),
    "peft": ("training", "train"),
    "jinja2": ("the report", "report"),
}


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
        status = EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader went away, as `| head` does; the interpreter must not complain again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = EXIT_FAILURE
    except Exception as error:
        # Wrong usage. The class of this exception differs between typer's versions; what it carries does not.
        if not (hasattr(error, "format_message") and hasattr(error, "exit_code")):
            raise
        _complain(f"{error.format_message()}{_example(error)}")
        status = error.exit_code
    if status == EXIT_INTERRUPTED:  # typer may have turned the interruption into this status itself
        resume = f"; to resume: {shlex.join(['moiety', *given])}" if given[:1] in RESUMABLE else ""
        print(f"interrupted{resume}", file=sys.stderr)
    sys.exit(status)


def _example(error: Exception) -> str:
    """Return what a command without its argument could have been."""
    command = getattr(getattr(error, "ctx", None), "info_name", None)
    missing = getattr(error, "param", None) is not None and type(error).__name__ == "MissingParameter"
    return f" Such as: {EXAMPLES[command]}" if missing and command in EXAMPLES else ""


def _complain(message: str) -> None:
    for line in message.splitlines():
        print(f"error: {line}", file=sys.stderr)
