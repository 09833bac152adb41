"""Mass synthesis: requests met exactly or refused, the same bytes for any number of workers, restart by shard."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from moiety.atoms import catalogue
from moiety.errors import UserError
from moiety.judge import Judge, Verdict
from moiety.reward import judge_completions
from moiety.splitting.regraph import graph_of
from moiety.synth import run as synth_run
from moiety.synth.harvest import Harvest, keep_distinct
from moiety.synth.plan import Quota, shard_size
from moiety.synth.shard import KEY_BYTES
from moiety.synthesis.draw import Cell
from moiety.synthesis.vocabulary import coin_words
from moiety.tasks import dataset_hash, read_tasks
from small_synth import RECIPE, files, make, tasks_of

GOLDEN = "b0e44c8fac05222da436a356e47df707028b6ab4dc02acfc95a186d760483858"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("synth") / "one"
    make(out)
    return out


def test_a_request_is_met_exactly(made: Path) -> None:
    tasks = tasks_of(made)
    assert len(tasks) == len({task.behaviour_key for task in tasks}) == 20
    assert Counter((t.shape, t.depth) for t in tasks) == {
        ("chain", 2): 2, ("chain", 3): 2, ("tree", 2): 4, ("tree", 3): 4,
        ("conditional", 2): 2, ("conditional", 3): 2, ("map", 2): 2, ("map", 3): 2,
    }  # fmt: skip
    assert {task.language for task in tasks} == {"en", "zh"}
    assert not (made / ".shards").exists()


def test_the_manifest_counts_everything(made: Path) -> None:
    manifest = json.loads((made / "manifest.json").read_text())
    cells = manifest["cells"].values()
    assert sum(cell["distinct"] for cell in cells) == 20
    rejected = sum(manifest["rejections"].values())
    assert sum(cell["drawn"] for cell in cells) == sum(cell["admitted"] for cell in cells) + rejected
    assert manifest["kill_rates"]["held_out"]["mean"] >= 0.97


def test_two_workers_give_the_same_bytes(made: Path, tmp_path: Path) -> None:
    make(tmp_path / "two", workers=2)
    assert files(tmp_path / "two") == files(made)


def test_a_stopped_run_goes_on_where_it_was(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[Path] = []
    work = synth_run._work

    def stop_at_third(job: Any) -> tuple[Cell, int]:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(job[2])
        return work(job)

    monkeypatch.setattr(synth_run, "_work", stop_at_third)
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path / "out")
    monkeypatch.setattr(synth_run, "_work", work)
    before = {path: path.stat().st_mtime_ns for path in done}
    monkeypatch.setattr(shutil, "rmtree", lambda _: None)
    make(tmp_path / "out")
    assert before == {path: path.stat().st_mtime_ns for path in done}
    assert files(tmp_path / "out") == files(made)


def test_a_run_stopped_in_a_later_round_tells_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = RECIPE.model_copy(update={"shape": {"conditional": 1.0}, "inputs": {1: 1.0}, "shard": 6})
    monkeypatch.setattr(shutil, "rmtree", lambda _: None)
    make(tmp_path / "whole", narrow, count=30)
    for number in range(1, 6):
        again = tmp_path / f"again{number}"
        shutil.copytree(tmp_path / "whole", again)
        for cell in (again / ".shards").iterdir():
            for path in sorted(cell.glob("*.json"))[-number:]:
                path.unlink()
        for path in (*again.glob("tasks-*"), again / "manifest.json"):
            path.unlink()
        make(again, narrow, count=30)
        assert files(again) == files(tmp_path / "whole")


def test_a_small_request_draws_about_what_it_needs_and_its_tasks_do_not_depend_on_that(
    made: Path, tmp_path: Path
) -> None:
    drawn = sum(cell["drawn"] for cell in json.loads((made / "manifest.json").read_text())["cells"].values())
    assert drawn < 20 * 20  # 2,000 for each of ten cells before
    assert [shard_size(wanted, most=2000) for wanted in (1, 4, 5, 6, 400, 2000)] == [8, 8, 16, 16, 1024, 2000]
    one_by_one = make(tmp_path / "out", RECIPE.model_copy(update={"shard": 3}))
    assert one_by_one["files"]["dataset_hash"] == GOLDEN


def test_jsonl_holds_the_same_tasks(made: Path, tmp_path: Path) -> None:
    manifest = make(tmp_path / "lines", form="jsonl")
    assert tasks_of(tmp_path / "lines") == tasks_of(made)
    assert (
        manifest["files"]["dataset_hash"] == json.loads((made / "manifest.json").read_text())["files"]["dataset_hash"]
    )


def test_named_compositions_use_words_and_say_nothing_of_what_they_do(tmp_path: Path) -> None:
    named = {"vocabulary": {"named": 1.0}, "shape": {"chain": 1.0, "map": 1.0}, "inputs": {1: 1.0}}
    make(tmp_path / "uses", RECIPE.model_copy(update={**named, "depth": {2: 1.0}}), count=20)
    make(
        tmp_path / "teaches", RECIPE.model_copy(update={**named, "depth": {1: 1.0}, "shape": {"chain": 1.0}}), count=20
    )
    uses, teaches = tasks_of(tmp_path / "uses"), tasks_of(tmp_path / "teaches")
    words = coin_words([atom.name for atom in catalogue()], seed=0)
    for task in uses + teaches:
        assert task.vocabulary == "named"
        assert all(words[name] in task.instruction for name in task.atoms), task.instruction
    assert max(len(task.instruction) for task in uses if task.shape == "chain") < 260
    assert max(len(task.instruction) for task in uses) < 2 * 150  # a step over a list is said in more words
    described = {clause.partition("{x}")[0] for atom in catalogue() for clause in atom.english} - {""}
    assert not [t for t in uses if any(len(text) > 12 and text in t.instruction for text in described)]


def test_pairs_are_judged_worded_and_read_back(tmp_path: Path) -> None:
    both = {"described": 1.0, "named": 1.0}
    axes = {"shape": {"pair": 2.0, "tree+pair": 1.0}, "vocabulary": both, "rendering": {"inline": 1.0, "helpers": 1.0}}
    make(tmp_path / "pairs", RECIPE.model_copy(update={**axes, "depth": {1: 1.0, 3: 1.0}}), count=24)
    tasks = tasks_of(tmp_path / "pairs")
    assert {task.shape for task in tasks} == {"pair", "tree+pair"}
    assert all(type(output) is tuple for task in tasks for output in task.tests.expected)
    known = {atom.name: atom for atom in catalogue()}
    assert [graph_of(task, known).shape for task in tasks] == [task.shape for task in tasks]
    as_lists = [task.reference_solution + "\n\n_f = f\ndef f(*a):\n    return list(_f(*a))\n" for task in tasks]
    with Judge(zygotes=1) as judge:
        right = judge_completions(judge, tasks, [task.reference_solution for task in tasks], held_out=True)
        wrong = judge_completions(judge, tasks, as_lists)
    assert {outcome.verdict for outcome in right} == {Verdict.PASS}
    assert not [outcome for outcome in wrong if outcome.verdict is Verdict.PASS]  # a list is no tuple


@pytest.mark.parametrize("vocabulary", ["described", "named"])
def test_prompts_may_give_the_definitions_of_a_compositions_atoms(vocabulary: str, tmp_path: Path) -> None:
    axes = {"vocabulary": {vocabulary: 1.0}, "rendering": {"inline": 1.0, "helpers": 1.0}, "helpers_in_prompt": True}
    recipe = RECIPE.model_copy(update={**axes, "depth": {1: 1.0, 3: 1.0}, "inputs": {1: 1.0}})
    make(tmp_path / "given", recipe, count=24)
    tasks = tasks_of(tmp_path / "given")
    names = coin_words([atom.name for atom in catalogue()], seed=0) if vocabulary == "named" else {}
    for task in tasks:
        asked = [f"def {names.get(name, name)}(" for name in task.atoms if task.size > 1]
        assert all(text in task.prompt and text in task.messages[0]["content"] for text in asked)
        assert task.prompt.endswith(f"{task.signature}\n")
        assert task.reference_solution.count("\ndef ") == (task.size == 1 and task.rendering == "helpers")
    assert {task.rendering for task in tasks if task.helpers} == {"inline", "helpers"}
    bare = [replace(task, helpers="") for task in tasks if task.helpers and task.rendering == "helpers"]
    with Judge(zygotes=1) as judge:
        right = judge_completions(judge, tasks, [task.reference_solution for task in tasks], held_out=True)
        wrong = judge_completions(judge, bare, [task.reference_solution for task in bare])
    assert {outcome.verdict for outcome in right} == {Verdict.PASS}
    assert {outcome.verdict for outcome in wrong} == {Verdict.RAISED}
    known = {atom.name: atom for atom in catalogue()}
    assert [graph_of(task, known).shape for task in tasks] == [task.shape for task in tasks]


def test_two_seeds_share_no_task_beyond_chance(made: Path, tmp_path: Path) -> None:
    manifest = make(tmp_path / "other", RECIPE.model_copy(update={"seed": 1}))
    keys = [{task.behaviour_key for task in tasks_of(folder)} for folder in (made, tmp_path / "other")]
    by_chance = sum(cell["distinct"] ** 2 / cell["admissible"] for cell in manifest["cells"].values())
    assert by_chance < 1
    assert len(keys[0] & keys[1]) <= 2  # over a Poisson mean below 1: once in ten


def test_the_tasks_of_a_seed_stay_what_they_are(made: Path) -> None:
    files = json.loads((made / "manifest.json").read_text())["files"]
    assert files["dataset_hash"] == GOLDEN, "tasks changed: raise GENERATOR_VERSION or BANK_VERSION, and GOLDEN"


def test_the_pass_for_duplicates_keeps_the_first_of_a_million_keys() -> None:
    quota = Quota(Cell(3), 600_000, 10**9, 2000)
    halves = [Harvest(quota), Harvest(replace(quota, wanted=400_000))]
    for number, harvest in enumerate(halves):
        for shard in range(250):
            first = (number * 250 + shard) * 1900  # 100 of each 2,000 keys are those of the next shard
            harvest.keys.append(b"".join(n.to_bytes(KEY_BYTES, "big") for n in range(first, first + 2000)))
    keep_distinct(halves)
    assert [harvest.distinct for harvest in halves] == [475_100, 400_000]
    assert [len(halves[0].kept[0]), len(halves[0].kept[1])] == [2000, 1900]
    assert halves[0].kept[1][0] == 100
    assert sys.getsizeof(halves[0].kept[1]) < 16_000


def test_the_reference_passes_and_near_misses_fail(made: Path) -> None:
    tasks = tasks_of(made)
    signatures = [task.signature for task in tasks]
    forgeries = {
        "empty": ["" for _ in tasks],
        "constant": [
            f"{s}\n    return {task.tests.expected[0]!r}\n" for s, task in zip(signatures, tasks, strict=True)
        ],
        "identity": [f"{s}\n    return {s.partition('(')[2].partition(':')[0]}\n" for s in signatures],
    }
    with Judge(zygotes=1) as judge:
        for held_out in (False, True):
            gold = judge_completions(judge, tasks, [t.reference_solution for t in tasks], held_out=held_out)
            assert {outcome.verdict for outcome in gold} == {Verdict.PASS}
            for name, texts in forgeries.items():
                verdicts = {o.verdict for o in judge_completions(judge, tasks, texts, held_out=held_out)}
                assert Verdict.PASS not in verdicts, name


def test_every_task_has_its_kill_rates_and_every_file_the_hash_of_its_rows(made: Path) -> None:
    import pyarrow.parquet as pq

    tasks = tasks_of(made)
    for side in ("reward", "held_out"):
        rates = [getattr(task, f"{side}_kill_rate") for task in tasks]
        assert all(rate is None or 0.95 <= rate <= 1 for rate in rates)
        assert any(rate is not None for rate in rates)
    for path in made.glob("tasks-*"):
        stamp = pq.read_schema(path).metadata
        assert stamp[b"moiety.dataset_hash"].decode() == dataset_hash(read_tasks(path))
        assert stamp[b"moiety.generator_version"].decode() == tasks[0].generator_version


def test_a_folder_of_another_request_is_refused(made: Path) -> None:
    with pytest.raises(UserError, match=r"request.json: recipe.seed: 0 in this folder, 5 asked for"):
        make(made, RECIPE.model_copy(update={"seed": 5}))


def start(out: Path, hash_seed: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "moiety", "synth", "shapes", "shard=40", "--count", "240", "--out", str(out)]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    command += ["--workers", "2"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.full
def test_killed_at_any_shard_it_ends_with_the_same_bytes(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert start(whole, "1").wait() == 0
    for number, wanted in enumerate((1, 4, 7)):
        process = start(killed, str(number + 2))
        while len(list(killed.glob(".shards/*/*.json"))) < wanted:
            assert process.poll() is None
            time.sleep(0.05)
        process.kill()
        process.wait()
        workers = subprocess.run(["pgrep", "-f", str(killed)], capture_output=True, text=True, check=False).stdout
        assert not workers.strip()
    assert start(killed, "9").wait() == 0
    assert files(killed) == files(whole)
