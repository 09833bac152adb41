"""The command line: what it loads, what it says of mistakes, and with which status it ends."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from moiety import cli
from moiety.errors import UserError
from moiety.runs import write_json

OWN = """
from moiety import atom

C = ("do {x}", "make {x}", "get {x}", "run {x}")


@atom(topic="own", english=C, chinese=C, examples=[((1,), 78), ((0,), 77), ((-77,), 0)])
def plus_many(n: int) -> int:
    return n + 77
"""
HEAVY = ("torch", "numpy", "pyarrow", "transformers", "scipy")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Return status, standard output and standard error of a command."""
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    captured = capsys.readouterr()
    code = ended.value.code
    assert code is None or isinstance(code, int)
    return code or 0, captured.out, captured.err


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["study", "--help"], ["atoms", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import sys\nfrom moiety.cli import main\n"
        "try:\n main(sys.argv[1:])\n"
        f"finally:\n loaded = [name for name in {HEAVY!r} if name in sys.modules]\n"
        " assert not loaded, loaded\n"
    )
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["study", "quik"], "error: quik: no such recipe file, and no built-in recipe of that name; did you mean 'qu"),
        (["study", "quick", "rl.grup_size=4"], "error: override rl.grup_size=4: rl.grup_size: unknown key; did you"),
        (["study"], "error: Missing argument 'NAME_OR_FILE'. Such as: moiety study quick\n"),
        (["rl"], "error: Missing argument 'NAME_OR_FILE'. Such as: moiety rl lora-grpo checkpoint="),
        (["judge"], "error: Missing argument 'TASKS'. Such as: moiety judge humaneval.jsonl.gz samples.jsonl --out"),
        (["study", "quick", "--sed", "1"], "error: No such option: --sed"),
        (["nope"], "error: No such command 'nope'."),
        (["report", "no-such-run"], "error: no-such-run"),
        (["atoms", "grey_code"], "error: no atom is called 'grey_code'; did you mean 'gray_code'?"),
        (["atoms", "--file", "no_such.py"], "error: no_such.py: need a Python file of atoms, got: No such file or dir"),
        (["study", "quick", 'data.atom_files=["no_such.py"]'], 'error: override data.atom_files=["no_such.py"]: data'),
        (["eval", "./no-such", "tasks.jsonl"], "error: ./no-such: no such checkpoint folder"),
        (["eval", ".", "tasks.jsonl", "--num-samples", "2", "--pass-at-k", "4"], "error: --pass-at-k 4: need at most"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.startswith(message)
    assert err.count("\n") == 1


def test_the_report_of_an_unfinished_study_says_how_far_it_is(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from moiety.recipe import load_recipe

    for name, overrides, shown in (("quick", [], "quick"), ("mine", ["name=mine", "seeds=[0,1]"], "mine.toml")):
        folder, recipe = tmp_path / "runs" / name, load_recipe("quick", overrides)
        (folder / "data").mkdir(parents=True)
        (folder / "arms" / "base_clean-seed0").mkdir(parents=True)
        write_json(folder / "recipe.json", recipe.resolved())
        steps = 1 + len(recipe.seeds) * (3 + len(recipe.arms))
        goes_on = f"`moiety study {shown} --out {folder}` goes on"
        assert run(capsys, "report", str(folder)) == (
            2, "", f"error: {folder}: not finished: 2 of {steps} steps; {goes_on}\n",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "no run of a study: it holds no result.json and no recipe.json"),
        ({"recipe.json": {"algorithm": "sft"}}, "a run of one training; reports are of studies"),
        ({"recipe.json": {"algorithm": "sft"}, "result.json": {}}, "a run of one training; reports are of studies"),
        ({"recipe.json": {"name": "old"}}, "not finished, and its recipe.json is of another version of moiety"),
    ],
)
def test_a_folder_that_holds_no_study_is_named_as_what_it_is(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, files: dict[str, dict[str, str]], message: str
) -> None:
    for name, content in files.items():
        write_json(tmp_path / name, content)
    status, out, err = run(capsys, "report", str(tmp_path))
    assert (status, out) == (2, "")
    assert err.startswith(f"error: {tmp_path}: {message}")
    assert err.count("\n") == 1


def test_short_help(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ([], ["study"], ["audit"]):
        assert run(capsys, *command, "-h") == run(capsys, *command, "--help")


def test_a_refused_study_leaves_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, _, err = run(capsys, "study", "quick", "seeds=[]", "rl.stps=1", "--out", str(tmp_path / "run"))
    assert status == 2
    assert err.count("\n") == 2
    assert list(tmp_path.iterdir()) == []


def ending_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every command end with an exception."""

    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(cli, "app", fail)


def test_ctrl_c_says_how_to_resume(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    ending_with(KeyboardInterrupt(), monkeypatch)
    status, _, err = run(capsys, "study", "quick", "seeds=[0, 1]")
    assert (status, err) == (130, "interrupted; to resume: moiety study quick 'seeds=[0, 1]'\n")


def test_a_missing_extra_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    ending_with(ModuleNotFoundError("No module named 'torch.nn'", name="torch.nn"), monkeypatch)
    status, _, err = run(capsys, "study", "quick")
    assert (status, err) == (2, "error: training needs the extra: pip install 'moiety[train]'\n")


def test_faults_of_the_program_keep_their_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    ending_with(ModuleNotFoundError("No module named 'moiety.nope'", name="moiety.nope"), monkeypatch)
    with pytest.raises(ModuleNotFoundError):
        cli.main([])


def test_every_line_of_a_user_error_is_marked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ending_with(UserError("first\nsecond"), monkeypatch)
    assert run(capsys)[2] == "error: first\nerror: second\n"


def test_atoms_as_text_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    status, listing, _ = run(capsys, "atoms")
    assert status == 0
    _, document, _ = run(capsys, "atoms", "--json")
    rows = json.loads(document)
    assert [row["name"] for row in rows] == [line.split()[0] for line in listing.splitlines() if line.startswith("  ")]
    _, one, _ = run(capsys, "atoms", rows[0]["name"])
    assert textwrap.indent(rows[0]["source"], "    ") in one
    _, document, _ = run(capsys, "atoms", rows[0]["name"], "--json")
    assert json.loads(document) == rows[0]


def test_a_file_of_own_atoms_is_checked_and_shown(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(OWN)
    assert "  plus_many  int -> int" in run(capsys, "atoms", "--file", str(path))[1]
    assert "    return n + 77" in run(capsys, "atoms", "plus_many", "--file", str(path))[1]
    path.write_text(OWN.replace("n + 77", "77 // n"))
    status, out, err = run(capsys, "atoms", "--file", str(path))
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"error: {path}: atom plus_many: ")


def test_doctor_finds_the_packages_of_the_tests(capsys: pytest.CaptureFixture[str]) -> None:
    status, document, _ = run(capsys, "doctor", "--json")
    facts = {row["name"]: row for row in json.loads(document)}
    assert status == 0
    assert int(facts["cores"]["value"]) >= 1
    assert "pytest" in facts["extra dev"]["value"]
    assert "isolation level" in facts["judge"]["value"]
    levels = [facts[f"  level {level}"] for level in (2, 1, 0)]
    assert all(row["value"].startswith("yes: ") or row["advice"] for row in levels)
