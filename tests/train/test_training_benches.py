"""The training benches give rows of the agreed form, with TRL and without; their numbers are for docs/log.md."""

from typing import Any

import pytest
import torch

from moiety.bench import rollout, train, workload
from moiety.bench.workload import Stopwatch, median, new_workload


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the benches as short as they can be."""
    monkeypatch.setattr(workload, "SECONDS", 0.0)
    monkeypatch.setattr(train, "STEPS", 2)
    monkeypatch.setattr(train, "BATCH_ROWS", 2)
    monkeypatch.setattr(train, "new_workload", lambda seed: new_workload(num_tasks=4, depth=1, seed=seed))
    monkeypatch.setattr(train, "PRECISIONS", {"fp32": torch.float32})
    monkeypatch.setattr(workload, "matrix_ceiling", lambda *_, **__: 1e9)
    monkeypatch.setattr(train, "matrix_ceiling", lambda *_, **__: 1e9)
    torch.set_num_threads(1)


def test_train_without_trl_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "trl_installed", lambda: False)
    rows: list[dict[str, Any]] = train.bench_train()
    assert all(set(row) >= {"name", "value", "unit"} for row in rows)
    assert [row["name"] for row in rows if "TRL" in row["name"]] == ["TRL is not installed: pip install 'moiety[trl]'"]


def test_train_and_rollout_against_trl(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("trl", reason="needs the extra [trl]")
    monkeypatch.setattr(train, "THEIRS", {"padded": {"per_device_train_batch_size": 2}})
    rows: list[dict[str, Any]] = [*train.bench_train(), *rollout.bench_rollout(num_prompts=3, max_new_tokens=6)]
    assert {row["against"] for row in rows if "SFT" in row["name"]} == {"TRL padded"}
    equal = [row for row in rows if row["name"] == "greedy texts equal"]
    assert [(row["against"], row["value"]) for row in equal] == [("transformers generate", 1.0), ("TRL generate", 1.0)]


def test_a_stopwatch_counts_laps() -> None:
    for watch in (Stopwatch(cpu=True), Stopwatch(cpu=False)):
        watch.lap()
        assert watch.lap() >= 0
        assert len(watch.laps) == 2
    assert median([3.0, 1.0, 2.0, 9.0]) == 2.0
