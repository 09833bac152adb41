"""The files a training reads: tasks, rows with a prompt and a solution, plain text; and whether they fit the model.

All is read and checked before anything is written. Not the encoding of a batch: that is `data`.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moiety.contamination.rows import read_records
from moiety.errors import UserError
from moiety.models.policy import TorchPolicy
from moiety.recipe.train import TrainRecipe
from moiety.tasks import Task, read_tasks
from moiety.train.data import Row

TEXT, TABLES = (".txt",), (".parquet", ".jsonl", ".jsonl.gz")
TASKS_NEEDED = ("rejection", "grpo", "ppo", "reinforce")


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt with its solution, and where it stands; `task` where rewards can be given for it."""

    place: str
    prompt: str
    solution: str
    task: Task | None = None


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a recipe names: examples to train on, tasks to measure, and each file's SHA-256."""

    examples: list[Example]
    validation: list[Example]
    digests: dict[str, str]

    @property
    def tasks(self) -> list[Task]:
        """The tasks to train on."""
        return [one.task for one in self.examples if one.task is not None]

    @property
    def validation_tasks(self) -> list[Task]:
        """The tasks to measure."""
        return [one.task for one in self.validation if one.task is not None]


def read_inputs(recipe: TrainRecipe) -> Inputs:
    """Read the recipe's files. Raises UserError naming the file and the row that cannot be used."""
    data, validation = _files(recipe.data), _files(recipe.validation)
    pretraining = recipe.algorithm == "pretrain"
    examples = [one for path in data for one in _examples(path, documents=pretraining)]
    measured = [one for path in validation for one in _examples(path, documents=False)]
    if not examples:
        raise UserError(f"{', '.join(recipe.data)}: no rows to train on")
    for one in [*(examples if recipe.algorithm in TASKS_NEEDED else ()), *measured]:
        if one.task is None:
            raise UserError(f"{one.place}: not a task: rewards and scores need rows such as `moiety synth` writes")
    digests = {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in (*data, *validation)}
    return Inputs(examples, measured, digests)


def _files(names: Sequence[str]) -> list[Path]:
    """Return the files that are named, those of a folder in the order of their names."""
    found: list[Path] = []
    for name in names:
        path = Path(name)
        inside = sorted(p for p in path.iterdir() if p.name.endswith(TABLES)) if path.is_dir() else [path]
        if not inside or not inside[0].is_file():
            raise UserError(f"{path}: no such file; expected {', '.join(TABLES)} or a folder of such")
        if not path.is_dir() and not path.name.endswith((*TABLES, *TEXT)):
            raise UserError(f"{path}: expected {', '.join(TABLES)}, or .txt for pretraining")
        found += inside
    return found


def _examples(path: Path, *, documents: bool) -> Iterator[Example]:
    if path.suffix in TEXT:
        if not documents:
            raise UserError(f"{path}: plain text is for pretraining; expected {', '.join(TABLES)}")
        try:
            yield Example(str(path), "", path.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            raise UserError(f"{path}: not UTF-8 text") from None
    elif _holds_tasks(path):
        for number, task in enumerate(read_tasks(path), start=1):
            yield Example(f"{path}: row {number}", task.prompt, task.reference_solution, task)
    else:
        for record in read_records(path):
            place = f"{path}: row {record.row}"
            if record.code and record.code != record.instruction:
                yield Example(place, record.instruction + "\n", record.code)
            elif documents:
                yield Example(place, "", record.instruction)
            else:
                raise UserError(f"{place}: no solution to learn; expected a prompt and a solution, or a task")


def _holds_tasks(path: Path) -> bool:
    """Tell whether a file's rows are tasks of ours."""
    if path.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return "behaviour_key" in pq.read_schema(path).names
        except (OSError, pa.ArrowException) as error:
            raise UserError(f"{path}: cannot be read as Parquet: {str(error).splitlines()[0]}") from None
    if path.suffix != ".jsonl":
        return False
    with path.open("rb") as lines:
        first = next((line for line in lines if line.strip()), b"{}")
    try:
        row: Any = json.loads(first)
    except ValueError:
        return False  # the reader of rows names the line
    return isinstance(row, dict) and "behaviour_key" in row


def sft_rows(inputs: Inputs, policy: TorchPolicy, *, row_tokens: int) -> list[Row]:
    """Return the rows to fine-tune on. Raises UserError naming the first that is longer than a line or the context."""
    if row_tokens > policy.context:
        raise UserError(f"sft.length: need at most the context of {policy.context} tokens, got {row_tokens}")
    rows = _encoded(inputs.examples, policy)
    for one, row in zip(inputs.examples, rows, strict=True):
        if len(row) > row_tokens:
            raise UserError(f"{one.place}: {len(row)} tokens with its solution, more than sft.length = {row_tokens}")
    return rows


def pretrain_rows(inputs: Inputs, policy: TorchPolicy, *, row_tokens: int) -> list[Row]:
    """Return documents as rows of at most `row_tokens`; a longer one is cut into several. No template is used."""
    if row_tokens > policy.context:
        raise UserError(f"pretrain.length: need at most the context of {policy.context} tokens, got {row_tokens}")
    rows: list[Row] = []
    for row in _encoded(inputs.examples, policy):
        if len(row) <= row_tokens:
            rows.append(row)
            continue
        tokens = row.prompt + row.completion
        pieces = [tokens[start : start + row_tokens] for start in range(0, len(tokens), row_tokens)]
        rows += [Row((), piece) for piece in pieces if len(piece) > 1]
    return rows


def _encoded(examples: Sequence[Example], policy: TorchPolicy) -> list[Row]:
    pairs = policy.encode_pairs([(one.prompt, one.solution) for one in examples])
    end = policy.tokenizer.eos_token_id
    return [Row(tuple(prompt), (*solution, end)) for prompt, solution in pairs]


def check_prompts(examples: Sequence[Example], policy: TorchPolicy, *, max_new_tokens: int, knob: str) -> None:
    """Raise UserError naming the first prompt that leaves no room in the context for `max_new_tokens`."""
    for one, tokens in zip(examples, policy.encode([one.prompt for one in examples]), strict=True):
        if len(tokens) + max_new_tokens > policy.context:
            raise UserError(
                f"{one.place}: the prompt has {len(tokens)} tokens; with {knob} = {max_new_tokens} that exceeds the "
                f"context of {policy.context} tokens"
            )
