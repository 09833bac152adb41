"""Tasks: a frozen prompt with its reference, its tests and its identity.

Not a data set and not a split: those are lists of tasks (`splits`). Rows follow one canonical schema, in Parquet or
JSONL; tests are stored as JSON text with type tags, so that a row survives any table format.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any

from moiety.judge import Job
from moiety.rows import MISSING, RowError, read_rows, row_error
from moiety.synthesis.admit import Admitted
from moiety.synthesis.describe import describe
from moiety.synthesis.inputs import TestInputs
from moiety.synthesis.keys import source_key, structure_key
from moiety.synthesis.render import ENTRY_POINT, composed, definitions, render, signature
from moiety.types import from_json, to_json

GENERATOR_VERSION = "4"
CPU_LIMIT_S = 0.1
_KINDS: dict[str, tuple[tuple[type, ...], str]] = {  # of the fields of a row, by their annotation
    "str": ((str,), "text"),
    "int": ((int,), "a whole number"),
    "float | None": ((float, int, NoneType), "a number or nothing"),
    "tuple[str, ...]": ((list, tuple), "a list of names"),
}
GIVEN = {"en": "These functions are given; you may call them:", "zh": "以下函数已给出，可以直接调用："}


@dataclass(frozen=True, slots=True)
class Tests:
    """Inputs of calls and the outputs they must return."""

    __test__ = False

    inputs: tuple[tuple[Any, ...], ...]
    expected: tuple[Any, ...]

    def to_text(self) -> str:
        """Return the tests as JSON text with type tags."""
        rows = [[[to_json(v) for v in i], to_json(e)] for i, e in zip(self.inputs, self.expected, strict=True)]
        return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Tests:
        """Read what `to_text` wrote."""
        rows = json.loads(text)
        return cls(tuple(tuple(from_json(v) for v in row[0]) for row in rows), tuple(from_json(row[1]) for row in rows))


@dataclass(frozen=True, slots=True)
class Task:
    """One write-the-function task.

    `helpers` are the functions that its prompt gives, as source, most often none. `held_out_tests` is None on training
    rows that travel to other tools. A kill rate is the share of unseen near-misses that tests tell, None where there
    was none to measure it on.
    """

    task_id: str
    split: str
    domain: str
    depth: int
    size: int
    shape: str
    language: str
    vocabulary: str
    rendering: str
    template_id: str
    instruction: str
    entry_point: str
    signature: str
    helpers: str
    reference_solution: str
    tests: Tests
    held_out_tests: Tests | None
    reward_kill_rate: float | None
    held_out_kill_rate: float | None
    atoms: tuple[str, ...]
    family: str
    generator_version: str
    structure_key: str
    source_key: str
    behaviour_key: str

    @property
    def prompt(self) -> str:
        """The text a policy is given: the instruction, helpers where there are any, and the signature."""
        return f"{self._asked}\n"

    @property
    def messages(self) -> list[dict[str, str]]:
        """The prompt as one chat message."""
        return [{"role": "user", "content": self._asked}]

    @property
    def _asked(self) -> str:
        given = f"{GIVEN[self.language]}\n\n{self.helpers}\n\n\n" if self.helpers else ""
        return f"{self.instruction}\n{given}{self.signature}"

    def program(self, completion: str) -> str:
        """Return a completion as it is judged: below the helpers that the prompt gives."""
        return f"{self.helpers}\n\n\n{completion}" if self.helpers else completion

    def job(self, completion: str, *, held_out: bool = False) -> Job:
        """Return what the judge needs to run a completion on the reward tests, or on the held-out tests.

        Raises ValueError when held-out tests are asked of a row that has none.
        """
        tests = self.held_out_tests if held_out else self.tests
        if tests is None:
            raise ValueError(f"task {self.task_id} carries no held-out tests")
        return Job(self.program(completion), self.entry_point, tests.inputs, tests.expected, cpu_limit_s=CPU_LIMIT_S)

    def as_row(self) -> dict[str, Any]:
        """Return the canonical row."""
        row = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        row["tests"] = self.tests.to_text()
        row["held_out_tests"] = None if self.held_out_tests is None else self.held_out_tests.to_text()
        row["atoms"] = list(self.atoms)
        row["prompt"] = self.messages
        return row

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Task:
        """Read a canonical row. Raises RowError naming a field that is missing or not what it must be."""
        return cls(**{field.name: _value(row, field.name, str(field.type)) for field in dataclasses.fields(cls)})


def _value(row: Mapping[str, Any], name: str, kind: str) -> Any:
    """Return a field of a canonical row as a task has it; `kind` is its annotation."""
    value = row.get(name, MISSING)
    if value is MISSING:
        raise RowError.missing(name, "a task of `moiety synth`")
    if kind.startswith("Tests"):
        if value is None and kind.endswith("None"):
            return None
        try:
            return Tests.from_text(value)
        except (ValueError, TypeError, IndexError, KeyError, AttributeError) as error:
            raise RowError(name, value, f"tests of a task of `moiety synth` ({error})") from None
    types, expected = _KINDS[kind]
    if not isinstance(value, types) or isinstance(value, bool):
        raise RowError(name, value, f"{expected}, as in a task of `moiety synth`")
    return tuple(row[name]) if kind.startswith("tuple") else value


@dataclass(frozen=True, slots=True)
class Phrasing:
    """How an instruction is worded: a sentence template and one paraphrase number per call."""

    template: int
    wording: tuple[int, ...]
    language: str = "en"

    @property
    def template_id(self) -> str:
        """The phrasing as text, such as `en3:0.2`."""
        return f"{self.language}{self.template}:{'.'.join(map(str, self.wording))}"


def make_task(
    admitted: Admitted,
    phrasing: Phrasing,
    tests: TestInputs,
    *,
    split: str,
    domain: str,
    rendering: str = "inline",
    vocabulary: str = "described",
    helpers_in_prompt: bool = False,
) -> Task:
    """Return the task that asks for an admitted graph in a given phrasing; of `named`, the atoms bear their words.

    `helpers_in_prompt` gives the atoms of a composition in its prompt; a lone atom would be its own answer.
    """
    graph = admitted.graph
    source, used = render(graph, rendering=rendering)
    helpers = definitions(graph) if helpers_in_prompt and graph.size > 1 else ""
    if helpers and used == "helpers":
        source = composed(graph)
    structure = structure_key(graph)
    identity = f"{split}\n{domain}\n{structure}\n{phrasing.template_id}\n{used}"
    if vocabulary != "described":
        identity += f"\n{vocabulary}"
    if helpers:
        identity += "\nhelpers in prompt"
    return Task(
        task_id=f"{domain}-{hashlib.sha256(identity.encode()).hexdigest()[:16]}",
        split=split,
        domain=domain,
        depth=graph.depth,
        size=graph.size,
        shape=graph.shape,
        language=phrasing.language,
        vocabulary=vocabulary,
        rendering=used,
        template_id=phrasing.template_id,
        instruction=describe(graph, template=phrasing.template, wording=phrasing.wording, language=phrasing.language),
        entry_point=ENTRY_POINT,
        signature=signature(graph),
        helpers=helpers,
        reference_solution=source,
        tests=_tests(tests.reward),
        held_out_tests=_tests(tests.held_out),
        reward_kill_rate=tests.reward_kill_rate,
        held_out_kill_rate=tests.held_out_kill_rate,
        atoms=graph.atoms,
        family=graph.family,
        generator_version=GENERATOR_VERSION,
        structure_key=structure,
        source_key=source_key(graph),
        behaviour_key=admitted.behaviour.key,
    )


def _tests(pairs: Sequence[tuple[tuple[Any, ...], Any]]) -> Tests:
    return Tests(tuple(inputs for inputs, _ in pairs), tuple(expected for _, expected in pairs))


def dataset_hash(tasks: Iterable[Task]) -> str:
    """Return SHA-256 over the canonical rows, in order; it does not depend on the file format."""
    return _rows_hash(task.as_row() for task in tasks)


def _rows_hash(rows: Iterable[dict[str, Any]]) -> str:
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps(row, sort_keys=True, ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()


def write_tasks(path: Path, tasks: Sequence[Task]) -> None:
    """Write tasks to a `.parquet` (zstd) or `.jsonl` file, whole or not at all."""
    temporary = path.with_name(f".{path.name}.partial")
    rows = [task.as_row() for task in tasks]
    if path.suffix == ".jsonl":
        lines = [json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows]
        temporary.write_text("".join(lines), encoding="utf-8")
    else:
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = task_schema().with_metadata(file_stamp(_rows_hash(rows)))
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), temporary, compression="zstd")
    temporary.replace(path)


def file_stamp(rows_hash: str) -> dict[str, str]:
    """Return the metadata of a Parquet file of tasks: the `dataset_hash` of its own rows, and what made them."""
    return {"moiety.dataset_hash": rows_hash, "moiety.generator_version": GENERATOR_VERSION}


def read_tasks(path: Path) -> list[Task]:
    """Read the tasks of a file in any form that `moiety.rows` reads. Raises UserError naming file, row and field."""
    return [read_row(row, path, number) for number, row in read_rows(path)]


def read_row(row: Mapping[str, Any], path: Path, number: int) -> Task:
    """Return the task of row `number`, from 1, of a file. Raises UserError naming file, row and field."""
    try:
        return Task.from_row(row)
    except RowError as error:
        raise row_error(path, number, error) from None


def task_table(tasks: Sequence[Task]) -> Any:
    """Return tasks as a table of the one schema that all task files have."""
    import pyarrow as pa

    return pa.Table.from_pylist([task.as_row() for task in tasks], schema=task_schema())


def task_schema() -> Any:
    """Return the schema of task files, as pyarrow has it."""
    import pyarrow as pa

    message = pa.struct([("role", pa.string()), ("content", pa.string())])
    kinds = {"depth": pa.int32(), "size": pa.int32(), "atoms": pa.list_(pa.string())}
    kinds |= dict.fromkeys(("reward_kill_rate", "held_out_kill_rate"), pa.float64())
    names = [field.name for field in dataclasses.fields(Task)]
    return pa.schema([(n, kinds.get(n, pa.string())) for n in names] + [("prompt", pa.list_(message))])
