"""The files a training reads: tasks, rows with a prompt and a solution, plain text; and whether they fit the model.

All is read and checked before anything is written. Not the encoding of a batch: that is `data`.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

from moiety.errors import UserError
from moiety.models.policy import TorchPolicy
from moiety.models.prompts import Prompt
from moiety.recipe.train import TrainRecipe
from moiety.rows import EXPECTED, RowError, holds_rows, read_rows, row_error
from moiety.tasks import Task, read_row
from moiety.train.data import Row
from moiety.train.pairs import read_pair

TEXT = ".txt"
OWN_FIELD = "behaviour_key"  # which only rows of `moiety synth` have
TASKS_NEEDED = ("rejection", "grpo", "ppo", "reinforce")
TASKS_TAKEN = "prompt and solution of tasks"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt with its solution, and where it stands; `task` where rewards can be given for it."""

    place: str
    prompt: Prompt
    solution: str
    task: Task | None = None
    taken: str = TASKS_TAKEN


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

    @property
    def taken(self) -> str:
        """What the rows to train on were taken from, with how many where they differ."""
        counts = Counter(one.taken for one in self.examples).most_common()
        if len(counts) == 1:
            return counts[0][0]
        return "; ".join(f"{name} ({count} row{'s' if count > 1 else ''})" for name, count in counts)


def read_inputs(recipe: TrainRecipe) -> Inputs:
    """Read the recipe's files. Raises UserError naming the file and the row that cannot be used."""
    data, validation = _files(recipe.data), _files(recipe.validation)
    kind: Literal["documents", "pairs", "tasks"] = "tasks" if recipe.algorithm in TASKS_NEEDED else "pairs"
    kind = "documents" if recipe.algorithm == "pretrain" else kind
    named = {}
    if recipe.sft is not None:
        named = {"prompt_field": recipe.sft.prompt_field, "solution_field": recipe.sft.solution_field}
    examples = [one for path in data for one in _examples(path, kind, named)]
    measured = [one for path in validation for one in _examples(path, "tasks", {})]
    if not examples:
        raise UserError(f"{', '.join(recipe.data)}: no rows to train on")
    digests = {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in (*data, *validation)}
    return Inputs(examples, measured, digests)


def _files(names: Sequence[str]) -> list[Path]:
    """Return the files that are named, those of a folder in the order of their names.

    A `.json` file of a folder is left out: it is most often a manifest, as in the folders of `moiety synth`.
    """
    found: list[Path] = []
    for name in names:
        path = Path(name)
        inside = [path]
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if holds_rows(p.name) and ".json" not in p.suffixes)
        if not inside or not inside[0].is_file():
            raise UserError(f"{path}: no such file: expected {EXPECTED}, or a folder of such")
        if not path.is_dir() and not holds_rows(path.name) and path.suffix != TEXT:
            raise UserError(f"{path}: expected {EXPECTED}, or .txt for pretraining")
        found += inside
    return found


def _examples(path: Path, kind: Literal["documents", "pairs", "tasks"], named: dict[str, str]) -> Iterator[Example]:
    if path.suffix == TEXT:
        if kind != "documents":
            raise UserError(f"{path}: plain text is for pretraining: expected {EXPECTED}")
        try:
            yield Example(str(path), "", path.read_text(encoding="utf-8-sig"), taken="text")
        except UnicodeDecodeError:
            raise UserError(f"{path}: not UTF-8 text") from None
        return
    for number, row in read_rows(path):
        place = f"{path}:{number}"
        try:
            if OWN_FIELD in row:
                task = read_row(row, path, number)
                yield Example(place, task.prompt, task.reference_solution, task)
                continue
            if kind == "tasks":
                raise RowError.missing(OWN_FIELD, "a row of `moiety synth`: rewards and scores need its tests")
            pair = read_pair(row, **named)
            if not pair.solution and kind == "pairs":
                raise RowError.missing("solution", "a solution to learn beside the prompt, or a task")
        except RowError as error:
            raise row_error(path, number, error) from None
        if pair.solution:
            yield Example(place, pair.prompt, pair.solution, taken=pair.taken)
        else:
            yield Example(place, "", str(pair.prompt), taken=pair.taken)


@dataclass(frozen=True, slots=True)
class Fitted:
    """The rows to fine-tune on, and what was said and counted of those that were too long for a line."""

    rows: list[Row]
    dropped: int = 0
    longest: int = 0
    said: str = field(default="", compare=False)


def sft_rows(
    inputs: Inputs, policy: TorchPolicy, *, row_tokens: int, too_long: Literal["refuse", "drop"] = "refuse"
) -> Fitted:
    """Return the rows to fine-tune on. Raises UserError that counts those that are too long, unless they go."""
    if row_tokens > policy.context:
        raise UserError(f"sft.length: need at most the context of {policy.context} tokens, got {row_tokens}")
    rows = _encoded(inputs.examples, policy)
    long = [number for number, row in enumerate(rows) if len(row) > row_tokens]
    if not long:
        return Fitted(rows)
    place = max(long, key=lambda number: len(rows[number]))
    longest = len(rows[place])
    said = (
        f"{len(long)} of {len(rows)} rows {'is' if len(long) == 1 else 'are'} longer than sft.length = {row_tokens}, "
        f"the longest has {longest} tokens ({inputs.examples[place].place})"
    )
    if too_long == "refuse":
        raise UserError(f'{said}; raise sft.length or set sft.too_long = "drop"')
    if len(long) == len(rows):
        raise UserError(f"{said}; raise sft.length")
    return Fitted([row for row in rows if len(row) <= row_tokens], len(long), longest, f"{said}: dropped")


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
    pairs = _located(examples, lambda some: policy.encode_pairs([(one.prompt, one.solution) for one in some]))
    end = policy.tokenizer.eos_token_id
    return [Row(tuple(prompt), (*solution, end)) for prompt, solution in pairs]


def _prompt_tokens(examples: Sequence[Example], policy: TorchPolicy) -> list[list[int]]:
    return _located(examples, lambda some: policy.encode([one.prompt for one in some]))


def _located(examples: Sequence[Example], encode: Callable[[Sequence[Example]], list[T]]) -> list[T]:
    """Return the tokens of all examples. Raises UserError naming the row whose conversation the template refuses."""
    try:
        return encode(examples)
    except UserError:
        for one in examples:
            try:
                encode([one])
            except UserError as error:
                raise UserError(f"{one.place}: {error}") from None
        raise


def check_prompts(examples: Sequence[Example], policy: TorchPolicy, *, max_new_tokens: int, knob: str) -> None:
    """Raise UserError that counts the prompts which leave no room in the context for `max_new_tokens`."""
    lengths = [len(tokens) for tokens in _prompt_tokens(examples, policy)]
    room = policy.context - max_new_tokens
    long = [number for number, length in enumerate(lengths) if length > room]
    if not long:
        return
    place = max(long, key=lambda number: lengths[number])
    raise UserError(
        f"{len(long)} of {len(lengths)} prompts leave no room for {knob} = {max_new_tokens} in the context of "
        f"{policy.context} tokens, the longest has {lengths[place]} tokens ({examples[place].place}); "
        f"lower {knob}, raise max_context as far as the model allows, or leave such rows out"
    )
