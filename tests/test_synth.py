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
from moiety.progress import Progress
from moiety.recipe import SynthRecipe, load_table
from moiety.reward import judge_completions
from moiety.rng import stream
from moiety.splits import split_of, task_phrasings
from moiety.splitting.regraph import graph_of
from moiety.synth import run as synth_run
from moiety.synth import synthesise
from moiety.synth.harvest import Harvest, keep_distinct
from moiety.synth.plan import Quota
from moiety.synth.shard import KEY_BYTES
from moiety.synthesis.admit import Admission, Rejection
from moiety.synthesis.draw import Cell, Space
from moiety.synthesis.fresh import differs
from moiety.synthesis.graph import Graph, run_graph
from moiety.synthesis.inputs import TestInputs, TestPlan, choose_inputs
from moiety.synthesis.mutate import mutants, without_a_step
from moiety.synthesis.pools import pool_of
from moiety.synthesis.render import render
from moiety.synthesis.vocabulary import coin_words
from moiety.tasks import Task, dataset_hash, make_task, read_tasks

GOLDEN = "7d64c0fc53d0e675731721c5e9a4efa915f733a6155bd9fc0192858f01d2585e"
SHAPES = {"chain": 1.0, "tree": 1.0, "conditional": 1.0, "map": 1.0}
RECIPE = SynthRecipe(depth=(2, 3), shape=SHAPES, inputs=(1, 2), shard=12, language=("en", "zh"))  # type: ignore[arg-type]


def make(out: Path, recipe: SynthRecipe = RECIPE, *, count: int = 20, workers: int = 1, form: str = "parquet") -> Any:
    return synthesise(recipe, count=count, out=out, form=form, workers=workers, progress=Progress(quiet=True))


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("synth") / "one"
    make(out)
    return out


def tasks_of(folder: Path) -> list[Task]:
    return [task for path in sorted(folder.glob("tasks-*")) for task in read_tasks(path)]


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
    assert max(len(task.instruction) for task in uses) < 2 * 150  # two steps, over lists, in the longest form
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
    quota = Quota(Cell(3), 600_000, 10**9)
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


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inputs": {4: 1.0}}, "inputs: need 1 to 3, got 4"),
        ({"shape": {"ring": 1.0}}, "shape 'ring': need tree, conditional, map"),
        ({"shape": {"chain": 1.0}, "inputs": {2: 1.0}}, "depth 2: no types allow such a function"),
        (
            {"atoms": ("is_ascending", "reverse_list"), "shape": {"chain": 1.0}},
            r"functions asked for, but only \d+ well",
        ),
        ({"atoms": ("nothing",)}, "nothing"),
        ({"language": {"fr": 1.0}}, "language: need en or zh, got 'fr'"),
    ],
)
def test_a_request_that_cannot_be_met_is_refused(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        make(tmp_path / "out", RECIPE.model_copy(update={"inputs": {1: 1.0}, **changes}))
    assert not (tmp_path / "out").exists()


def test_a_cell_that_is_spent_says_how_many_there_are(tmp_path: Path) -> None:
    few = RECIPE.model_copy(
        update={"atoms": ("reverse_list", "prefix_sums", "rotate_left"), "shape": {"chain": 1.0}, "inputs": {1: 1.0}}
    )
    with pytest.raises(UserError, match=r"chain of depth \d: \d+ distinct functions asked for, but only \d+ \(exact\)"):
        make(tmp_path / "out", few.model_copy(update={"depth": {2: 1.0}}), count=9)
    assert (tmp_path / "out" / ".shards").exists()


def test_sizes_and_output_lengths_are_weighted_like_any_axis(tmp_path: Path) -> None:
    axes = {"depth": {2: 1.0, 3: 1.0}, "shape": {"tree": 1.0}, "inputs": {1: 1.0}, "language": {"en": 1.0}}
    ranges = {"size": {"3": 3.0, "4-6": 1.0}, "output_length": {"0-3": 1.0, "4-9": 1.0}}
    manifest = make(tmp_path / "out", RECIPE.model_copy(update=axes | ranges), count=28)
    tasks = tasks_of(tmp_path / "out")
    assert Counter((t.depth, min(t.size, 4)) for t in tasks) == {(2, 3): 12, (3, 3): 12, (3, 4): 4}
    assert manifest["cells"]["tree of depth 3, size 4 to 6, output length 0 to 3"]["distinct"] == 2


def test_a_size_that_no_types_allow_is_refused(tmp_path: Path) -> None:
    far = RECIPE.model_copy(update={"size": {"2-6": 1.0, "40-50": 1.0}})
    with pytest.raises(UserError, match="size 40 to 50: no types allow such a function with the other axes"):
        make(tmp_path / "out", far)


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


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(UserError, match="need a new or empty folder"):
        make(tmp_path)


def test_axes_are_read_as_one_a_range_or_weights(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text('depth = [2, 4]\nshape = "tree"\ninputs = {1 = 0.5, 2 = 1.5}\n')
    recipe = load_table(path, ["size=[2,6]"], SynthRecipe, folder="recipes/synth")
    assert recipe.depth == {2: 1.0, 3: 1.0, 4: 1.0}
    assert recipe.shape == {"tree": 1.0}
    assert recipe.inputs == {1: 0.5, 2: 1.5}
    assert recipe.size == {"2-6": 1.0}
    fixed = load_table(path, ["size=4", 'output_length={"1-3" = 2, 5 = 1}'], SynthRecipe, folder="recipes/synth")
    assert fixed.size == {"4": 1.0}
    assert fixed.output_length == {"1-3": 2.0, "5": 1.0}
    with pytest.raises(UserError, match=r"size: need a number or a range such as 2-4, got \[6, 2\]"):
        load_table(path, ["size=[6,2]"], SynthRecipe, folder="recipes/synth")
    path.write_text("depth = 2\nshapes = 1\n")
    with pytest.raises(UserError, match=r"r.toml:2: shapes: unknown key; did you mean 'shape'\?"):
        load_table(path, [], SynthRecipe, folder="recipes/synth")
    path.write_text('depth = 2\nhelpers_in_prompt = "yes"\n')
    with pytest.raises(UserError, match=r'r.toml:2: helpers_in_prompt: need true or false, got "yes"'):
        load_table(path, [], SynthRecipe, folder="recipes/synth")


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


def third_rates(graph: Graph, space: Space, key: str, tests: TestInputs) -> list[float]:
    """Return the kill rates on near-misses that neither choosing nor admission saw, empty where there are none."""
    seen = {mutant.calls for mutant in mutants(graph, space.atoms, rng=stream(0, "mutants", key))}
    third = [m for m in mutants(graph, space.atoms, rng=stream(1, "third", key)) if m.calls not in seen]

    def told(mutant: Graph, pairs: Any) -> bool:
        try:
            return any(repr(run_graph(mutant, arguments)[-1]) != repr(output) for arguments, output in pairs)
        except Exception:
            return True

    kills = [(told(m, tests.reward), told(m, tests.held_out)) for m in third]
    pool = pool_of(graph.inputs, 0, 0)
    real = [sides for m, sides in zip(third, kills, strict=True) if any(sides) or differs(graph, m, pool)]
    return [sum(side) / len(real) for side in zip(*real, strict=True)]


@pytest.mark.full
def test_two_thousand_tasks_of_all_shapes_hold_against_the_usual_mistakes() -> None:
    cells = [Cell(d, s, n) for s in (*SHAPES, "pair") for d in (2, 3, 4) for n in ((1, 2, 3) if s == "tree" else (1,))]
    space, admission = Space(catalogue()), Admission(catalogue(), shaped=True)
    tasks: list[Task] = []
    shortened: list[tuple[int, str]] = []
    rates: list[list[float]] = []
    for number in range(20_000):
        graph = space.draw(cells[number % len(cells)], stream(5, "mistakes", number))
        decision = admission.decide(graph)
        if isinstance(decision, Rejection):
            continue
        key = decision.behaviour.key
        tests = choose_inputs(graph, space.atoms, TestPlan(min_kill_rate=0.95), identity=key)
        if tests is None:
            continue
        if number % 4 == 0:
            rates.append(third_rates(graph, space, key, tests))
        shortened += [(len(tasks), render(shorter)[0]) for shorter in without_a_step(graph)]
        phrasing = task_phrasings(graph, 1, seed=0, identity=key)[0]
        tasks.append(make_task(decision, phrasing, tests, split=split_of(key), domain="synthetic"))
        if len(tasks) == 2000:
            break
    assert len(tasks) == 2000
    forgeries = {
        "empty": (tasks, ["" for _ in tasks]),
        "constant": (tasks, [f"{t.signature}\n    return {t.tests.expected[0]!r}\n" for t in tasks]),
        "identity": (tasks, [f"{t.signature}\n    return {t.signature[6:].partition(':')[0]}\n" for t in tasks]),
        "a step missing": ([tasks[i] for i, _ in shortened], [source for _, source in shortened]),
    }
    with Judge(zygotes=2) as judge:
        for held_out in (False, True):
            gold = judge_completions(judge, tasks, [t.reference_solution for t in tasks], held_out=held_out)
            assert {outcome.verdict for outcome in gold} == {Verdict.PASS}
            for name, (of, texts) in forgeries.items():
                outcomes = judge_completions(judge, of, texts, held_out=held_out)
                passed = [t.instruction for t, o in zip(of, outcomes, strict=True) if o.verdict is Verdict.PASS]
                assert not passed, (name, len(passed), passed[:3])
    for side, name in enumerate(("reward", "held-out")):
        values = sorted(rate[side] for rate in rates if rate)
        print(name, "kill rate: mean", sum(values) / len(values), "5th percentile", values[len(values) // 20])
        assert sum(values) / len(values) >= 0.97
