"""`moiety judge`: files in, verdicts out; resumable, and every mistake is one line."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from moiety import cli
from moiety.splits import DataSet
from moiety.tasks import write_tasks

ECHO = {"task_id": "S", "tests": [{"input": "2\n", "output": "4\n"}]}
ADD = {"task_id": 7, "code": "def add(a, b):\n    return a + b\n", "test_list": ["assert add(1, 2) == 3"]}
DOUBLE = {
    "task_id": "H/0", "entry_point": "double", "prompt": "def double(n):\n", "canonical_solution": "    return n * 2\n",
    "test": "def check(candidate):\n    assert candidate(4) == 8\n",
}  # fmt: skip
MEAN = {
    "task_id": "E/0", "entry_point": "mean", "prompt": "def mean(xs):\n", "base_input": [[[1, 2]]], "atol": 1e-6,
    "canonical_solution": "    return sum(xs) / len(xs)\n",
}  # fmt: skip
OPAQUE = {**DOUBLE, "task_id": "H/1", "test": "def check(candidate):\n    assert candidate(n=4) == 8\n"}
SAMPLES: list[dict[str, Any]] = [
    {"task_id": "S", "solution": "print(int(input()) * 2)"},
    {"task_id": "S", "solution": "print(5)"},
    {"task_id": "S", "solution": "print(int(input()) * 2)"},
    {"task_id": "S", "solution": "print("},
    {"task_id": 7, "completion": "def add(a, b):\n    return b + a\n"},
    {"task_id": 7, "completion": "import os\nos._exit(0)\n"},
    {"task_id": "H/0", "completion": "    return n + n\n"},
    {"task_id": "H/0", "solution": "def double(n):\n    return '\udc80'\n"},
    {"task_id": "E/0", "completion": "    return 1.5000000001\n"},
    {"task_id": "E/0", "completion": "    return print\n"},
    {"task_id": "E/0", "completion": "    return iter(xs)\n"},
    {"task_id": "H/1", "completion": "    return n * 2\n"},
    {"task_id": "H/1", "completion": "    return n\n"},
]
VERDICTS = [
    "pass", "wrong", "pass", "load_error", "pass", "incomplete", "pass", "load_error", "pass", "unserialisable",
    "wrong", "unsupported", "unsupported",
]  # fmt: skip


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Write rows as jsonl, compressed where the name says so."""
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Return the arguments for one file of every kind of row and its samples."""
    tasks = write_rows(tmp_path / "tasks.jsonl.gz", [ECHO, ADD, DOUBLE, MEAN, OPAQUE])
    samples = write_rows(tmp_path / "samples.jsonl", SAMPLES)
    return [str(tasks), str(samples), "--out", str(tmp_path / "out.jsonl")]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Return status, standard output and standard error of `moiety judge`."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["judge", *arguments])
    captured = capsys.readouterr()
    assert isinstance(ended.value.code, int | None)
    return ended.value.code or 0, captured.out, captured.err


def test_every_form_of_row(capsys: pytest.CaptureFixture[str], files: list[str]) -> None:
    status, document, _ = run(capsys, *files, "--json")
    assert status == 0
    lines = [json.loads(line) for line in Path(files[3]).read_text().splitlines()]
    assert [line["verdict"] for line in lines] == VERDICTS
    assert [line["sample"] for line in lines] == list(range(1, len(SAMPLES) + 1))
    scores = json.loads(document)
    assert scores["pass_at_k"] == {"1": pytest.approx((2 / 4 + 1 / 2 + 1 / 2 + 1 / 2) / 4)}
    assert (scores["unsupported_tasks"], scores["tasks_without_samples"]) == (["H/1"], 0)
    assert sum(scores["verdicts"].values()) == len(SAMPLES)
    assert scores["left_out"] == 1  # of E/0, whose pass@1 is 1/2 without it and 1/3 with it
    assert scores["pass_at_k_with_left_out"] == {"1": pytest.approx((2 / 4 + 1 / 2 + 1 / 2 + 1 / 3) / 4)}
    _, text, _ = run(capsys, *files, "--pass-at-k", "2")
    assert text.startswith("pass@2")
    assert "with unserialisable as failures)" in text
    assert "unserialisable: 1 samples are not in pass@k: their answers are no plain data\n" in text


def test_a_second_run_judges_nothing_and_writes_the_same(capsys: pytest.CaptureFixture[str], files: list[str]) -> None:
    run(capsys, *files)
    out = Path(files[3])
    first = out.read_bytes()
    assert not out.with_name("out.jsonl.partial").exists()
    lines = [json.loads(line) for line in first.splitlines()]
    marked = {**lines[1], "detail": "kept"}
    out.write_text("".join(json.dumps(line) + "\n" for line in [lines[0], marked, *lines[2:5]]))
    run(capsys, *files)
    assert [json.loads(line) for line in out.read_text().splitlines()] == [lines[0], marked, *lines[2:]]


COMMAND = (
    "import signal, sys\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "from moiety.cli import main\nmain(['judge', *sys.argv[1:]])\n"
)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_killed_and_resumed_gives_the_same_bytes(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, how: signal.Signals
) -> None:
    sources = [f"print(int(input()) * 2 + {number % 3} - 1)  # {number}" for number in range(60)]
    slow = "import time\ntime.sleep(0.02)\n"
    tasks = write_rows(tmp_path / "tasks.jsonl", [ECHO])
    samples = write_rows(tmp_path / "s.jsonl", [{"task_id": "S", "solution": slow + source} for source in sources])
    line = [sys.executable, "-c", COMMAND, str(tasks), str(samples), "--out"]
    broken, whole = tmp_path / "broken.jsonl", tmp_path / "whole.jsonl"
    journal = tmp_path / "broken.jsonl.partial"
    process = subprocess.Popen([*line, str(broken)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and (not journal.exists() or journal.read_bytes().count(b"\n") < 10):
        time.sleep(0.01)
    process.send_signal(how)
    assert process.wait() == (130 if how is signal.SIGINT else -signal.SIGKILL)
    assert not broken.exists()
    kept = journal.read_text().splitlines()
    journal.write_text("".join(f"{row}\n" for row in kept) + '{"key": "cut sh')
    messages = [run(capsys, str(tasks), str(samples), "--out", str(out)) for out in (broken, whole)]
    assert [status for status, _, _ in messages] == [0, 0]
    assert broken.read_bytes() == whole.read_bytes()
    assert 10 <= len(kept) < 60


def test_own_tasks(capsys: pytest.CaptureFixture[str], small_data: DataSet, tmp_path: Path) -> None:
    tasks = list(small_data.sets["recombined"][:3])
    rows = [{"task_id": task.task_id, "completion": task.reference_solution} for task in tasks]
    rows += [{"task_id": tasks[0].task_id, "completion": "def f(*a):\n    return 0\n"}]
    write_rows(tmp_path / "samples.jsonl", rows)
    for name in ("tasks.parquet", "tasks.jsonl"):
        write_tasks(tmp_path / name, tasks)
        out = tmp_path / f"{name}.out"
        given = [str(tmp_path / name), str(tmp_path / "samples.jsonl"), "--out", str(out), "--json"]
        status, document, _ = run(capsys, *given)
        assert (status, json.loads(document)["verdicts"]) == (0, {"pass": 3, "wrong": 1})
    assert run(capsys, *given, "--reward-tests")[0] == 0


@pytest.mark.parametrize(
    ("tasks", "samples", "message"),
    [
        ("{}", "", "tasks.jsonl:1: task_id: missing: expected a name"),
        ("[]", "", "tasks.jsonl:1: line: '[]': expected a JSON object"),
        ("OK\n\n{", "", "tasks.jsonl:3: line: '{': expected JSON ("),
        ("\xff", "", "tasks.jsonl:1: line: byte 0xff at 0: expected UTF-8"),
        ("[" * 100_000, "", "tasks.jsonl:1: line: '[[[[[["),
        ('{"task_id": 1}', "", "tasks.jsonl:1: tests: missing: expected one of"),
        (
            '{"task_id": 1, "behaviour_key": "x"}',
            "",
            "tasks.jsonl:1: task_id: 1: expected text, as in a task",
        ),
        ("OK\nOK", "", "tasks.jsonl:2: task_id: 'S': expected a name that no other row has"),
        ("", "", "tasks.jsonl: no rows: expected at least one task"),
        ("OK", "", "samples.jsonl: no rows: expected at least one sample"),
        ("OK", '{"task_id": "T", "solution": ""}', "samples.jsonl:1: task_id: 'T': expected the name of a task"),
        (
            "OK",
            '{"task_id": "S", "solution": 1}',
            "samples.jsonl:1: solution: 1: expected a text in one of solution, ",
        ),
        ("OK", '{"task_id": "S"}', "samples.jsonl:1: solution: missing: expected a text"),
        ("OK", '{"task_id": "S", "solution": "\xff"}', "samples.jsonl:1: line: byte 0xff at 30: expected UTF-8"),
    ],
)
def test_bad_rows_are_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, tasks: str, samples: str, message: str
) -> None:
    (tmp_path / "tasks.jsonl").write_bytes(tasks.replace("OK", json.dumps(ECHO)).encode("latin-1"))
    (tmp_path / "samples.jsonl").write_bytes(samples.encode("latin-1"))
    before = sorted(tmp_path.iterdir())
    given = [str(tmp_path / name) for name in ("tasks.jsonl", "samples.jsonl", "out.jsonl")]
    status, out, err = run(capsys, given[0], given[1], "--out", given[2])
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"error: {tmp_path}/{message}")
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ((0, "absent.jsonl"), "absent.jsonl: no such file: expected .parquet, .jsonl or .json, each also .gz"),
        ((1, "absent.jsonl"), "absent.jsonl: no such file"),
        ((0, "text.jsonl.gz"), "text.jsonl.gz:1: file: Not a gzipped file"),
        ((0, "text.parquet"), "text.parquet:1: file: "),
        ((3, "absent/out"), "absent/out: cannot be written: No such file or directory"),
        ((3, "."), ": a folder: expected the name of a file"),
        ((3, "samples.jsonl"), "samples.jsonl:1: key: missing: expected a line of an earlier run"),
    ],
)
def test_bad_files_are_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str], files: list[str], tmp_path: Path, change: tuple[int, str], message: str
) -> None:
    for name in ("text.jsonl.gz", "text.parquet"):
        (tmp_path / name).write_text("{}")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    files[change[0]] = str(tmp_path / change[1])
    status, out, err = run(capsys, *files)
    assert (status, out) == (2, "")
    assert err.splitlines()[-1].startswith(f"error: {tmp_path}")
    assert message in err
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


SHIFT = {
    "task_id": "H/2", "entry_point": "shift_word",
    "prompt": "def shift(c):\n    return chr(ord(c) + 1)\n\n\ndef shift_word(s):\n",
    "canonical_solution": "    return ''.join(map(shift, s))\n",
    "test": "def check(candidate):\n    assert candidate('ab') == 'bc'\n",
}  # fmt: skip
ANSWERS: list[dict[str, Any]] = [
    {"task_id": "S", "solution": "So:\n```python\nprint(int(input()) * 2)\n```\nwhich prints\n```\n4\n```"},
    {"task_id": "S", "output": "<think>print(5)</think>\n```\nprint(int(input()) * 2)\n```"},
    {"task_id": "S", "generation": "print(int(input()) * 2)"},
    {"task_id": 7, "completion": "~~~py\ndef add(a, b):\n    return a + b\n~~~\n```python\nprint(add(1, 2))\n```"},
    {"task_id": "H/0", "completion": "The body:\n```python\n    return n * 2\n```"},
    {"task_id": "H/0", "completion": "```python\ndef double(n):\n    return n * 2\n```"},
    {"task_id": "H/2", "completion": "```python\ndef shift_word(s):\n    return ''.join(shift(c) for c in s)\n```"},
    {"task_id": "H/2", "solution": "```python\ndef shift_word(s):\n    return ''.join(shift(c) for c in s)\n```"},
    {"task_id": "H/2", "completion": "    return ''.join(map(shift, s))\n"},
]


def test_answers_of_a_chat_model(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    tasks = write_rows(tmp_path / "tasks.jsonl", [ECHO, ADD, DOUBLE, SHIFT])
    samples = write_rows(tmp_path / "answers.jsonl", ANSWERS)
    given = [str(tasks), str(samples), "--out", str(tmp_path / "out.jsonl")]
    assert run(capsys, *given, "--extract")[0] == 0
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [line["verdict"] for line in lines] == ["pass"] * len(ANSWERS)
    status, text, _ = run(capsys, *given)
    assert (status, "load_error" in text) == (0, True)
    assert "7 of 9 samples hold a fence of Markdown and are no Python; give --extract to judge" in text


def test_a_sample_of_two_fields_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    tasks = write_rows(tmp_path / "tasks.jsonl", [ECHO])
    samples = write_rows(tmp_path / "s.jsonl", [{"task_id": "S", "completion": "a", "output": "b"}])
    status, _, err = run(capsys, str(tasks), str(samples), "--out", str(tmp_path / "out.jsonl"))
    assert (status, err) == (2, f"error: {samples}:1: completion and output: both given: expected one of them\n")


def test_a_device_is_no_output(capsys: pytest.CaptureFixture[str], files: list[str]) -> None:
    status, _, err = run(capsys, files[0], files[1], "--out", "/dev/full")
    assert (status, err) == (2, "error: /dev/full: a device: expected the name of a file\n")


FULL = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop()),) * 2)\n"


def test_a_disk_that_is_full_is_one_line_and_the_next_run_goes_on(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    tasks = write_rows(tmp_path / "tasks.jsonl", [ECHO])
    rows = [{"task_id": "S", "solution": f"print(int(input()) * 2)  # {number}"} for number in range(30)]
    line = [str(tasks), str(write_rows(tmp_path / "s.jsonl", rows)), "--out", str(tmp_path / "out.jsonl")]
    command = [sys.executable, "-c", COMMAND.replace("from", f"{FULL}from", 1), *line, "1000"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    start = f"error: {tmp_path}/out.jsonl: cannot be written: File too large"
    assert done.stderr == f"{start}; what is judged is kept in out.jsonl.partial\n"
    assert (tmp_path / "out.jsonl.partial").read_bytes().count(b"\n") >= 5
    assert run(capsys, *line)[0] == 0
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 30


def test_a_k_beyond_the_samples_is_refused(capsys: pytest.CaptureFixture[str], files: list[str]) -> None:
    status, _, err = run(capsys, *files, "--pass-at-k", "3")
    assert status == 2
    assert err.startswith("error: --pass-at-k 3: expected at most 2, the number of samples that ")
    assert err.endswith("samples.jsonl has of task 7\n")


def test_ten_megabytes_of_source_get_a_verdict(capsys: pytest.CaptureFixture[str], files: list[str]) -> None:
    large = [{"task_id": "S", "solution": "# " + "x" * 10_000_000}, {"task_id": "S", "solution": "x = 1\n" * 1_700_000}]
    write_rows(Path(files[1]), large)
    status, document, _ = run(capsys, *files, "--json", "--cpu-limit-s", "0.1")
    assert status == 0
    assert json.loads(document)["verdicts"].keys() <= {"wrong", "timeout", "memory"}
