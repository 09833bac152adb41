"""Reads a run directory into a `Result`: `result.json`, `recipe.json` and `arms/*/metrics.jsonl`; never a time.

Fields that are missing stay missing. Fields of the wrong kind, and another format than ours, are errors of the user's.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from moiety.errors import UserError
from moiety.report.fields import Fields, fields, read_object, read_rows, wrong
from moiety.report.result import Arm, Checkpoint, Finding, HealthCheck, Result, Run, Score

FORMAT = 1
VERDICTS = ("supported", "contradicted", "undecided")

Metrics = Mapping[tuple[str, int | None], tuple[Mapping[str, float], ...]]


def load_result(run_dir: Path) -> Result:
    """Read the study that `run_dir` holds, with the metrics of every run."""
    document = read_object(run_dir / "result.json")
    recipe = run_dir / "recipe.json"
    if not document.has("recipe") and recipe.is_file():
        document = Fields(document.where, {**document.items, "recipe": read_object(recipe).items})
    metrics = {
        (row.text("arm"), row.whole("seed")): _metrics(run_dir, row.text("arm"), row.whole("seed"))
        for row in document.children("arms")
    }
    return _result(document, metrics)


def parse_result(document: Mapping[str, object]) -> Result:
    """Take an already read `result.json`; the runs then have no metrics."""
    return _result(fields(dict(document), "result.json: "), {})


def _metrics(run_dir: Path, arm: str, seed: int | None) -> tuple[Mapping[str, float], ...]:
    folder = f"{arm}-seed{seed}"
    if Path(folder).name != folder:
        raise UserError(f"{run_dir / 'result.json'}: arms: need a plain name for an arm, got {arm!r}")
    rows = read_rows(run_dir / "arms" / folder / "metrics.jsonl")
    kept = ("step", "reward/mean", "reward/signal_fraction")
    return tuple({name: value for name in kept if (value := row.number(name)) is not None} for row in rows)


def _result(document: Fields, metrics: Metrics) -> Result:
    found = document.items.get("format")
    if found != FORMAT:
        raise UserError(
            f"{document.where}format: need {FORMAT}, got {found!r}; make the run and the report with one version"
        )
    data = document.child("data")
    return Result(
        name=document.text("name", "study"),
        recipe=document.items.get("recipe"),
        recipe_hash=document.text("recipe_hash"),
        seeds=tuple(dict.fromkeys(_seed(value, document) for value in document.array("seeds"))),
        findings=tuple(_finding(row) for row in document.children("findings")),
        arms=_arms(document.children("arms"), metrics),
        health=tuple(_health(row) for row in document.children("health")),
        counts={domain: depths.numbers() for domain, depths in data.child("counts").members()},
        shared_keys=data.child("shared_keys").numbers(),
        rejections=data.child("rejections").numbers(),
        dataset_hash=data.text("dataset_hash"),
        space=data.items.get("space"),
        commands=document.texts("commands"),
        notes=document.texts("notes"),
    )


def _seed(value: object, document: Fields) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong(document.path("seeds"), value, "whole numbers")
    return value


def _finding(row: Fields) -> Finding:
    return Finding(
        id=row.text("id", "?"),
        title=row.text("title"),
        claim=row.text("claim"),
        verdict=_verdict(row, "verdict"),
        in_these_runs=_verdict(row, "in_these_runs"),
        effect=row.number("effect"),
        interval=row.interval("interval"),
        interval_tasks=row.interval("interval_tasks"),
        interval_seeds=row.interval("interval_seeds"),
        n_seeds=row.whole("n_seeds"),
        n_tasks=row.whole("n_tasks"),
        n_families=row.whole("n_families"),
        best_effect=row.number("best_effect"),
        smallest_visible_effect=row.number("smallest_visible_effect"),
        seeds_to_halve=row.whole("seeds_to_halve"),
        p_value=row.number("p_value"),
        p_holm=row.number("p_holm"),
        primary=row.flag("primary") is True,
        base=row.text("base"),
        domain=row.text("domain"),
        arms=row.texts("arms"),
        reading=row.text("reading"),
        sentence=row.text("sentence"),
        k_star=row.whole("k_star"),
        k_star_interval=row.interval("k_star_interval"),
    )


def _verdict(row: Fields, name: str) -> str:
    value = row.text(name)
    if value and value not in VERDICTS:
        raise wrong(row.path(name), value, f"one of {', '.join(VERDICTS)}")
    return value


def _health(row: Fields) -> HealthCheck:
    return HealthCheck(
        name=row.text("name", "?"),
        value=row.items.get("value"),
        threshold=row.items.get("threshold"),
        passed=row.flag("passed"),
    )


def _arms(rows: Iterable[Fields], metrics: Metrics) -> tuple[Arm, ...]:
    """Group the runs of one arm, in the order in which arms first appear."""
    grouped: dict[str, list[Fields]] = {}
    for row in rows:
        if not row.text("arm"):
            raise wrong(row.path("arm"), row.items.get("arm"), "the arm's name")
        grouped.setdefault(row.text("arm"), []).append(row)
    return tuple(_arm(name, members, metrics) for name, members in grouped.items())


def _arm(name: str, rows: list[Fields], metrics: Metrics) -> Arm:
    first = rows[0]
    base = first.text("base", "base")
    runs = sorted((_run(row, metrics) for row in rows), key=lambda run: -1 if run.seed is None else run.seed)
    return Arm(
        name=name,
        label=first.text("label", name).removesuffix(f" ({base})"),  # the page names the base beside every label
        base=base,
        algorithm=first.text("algorithm", "unknown"),
        start=first.text("start") or None,
        atoms=first.flag("atoms"),
        k=first.whole("k"),
        steps=first.whole("steps"),
        learning_rate=first.number("learning_rate"),
        runs=tuple(runs),
    )


def _run(row: Fields, metrics: Metrics) -> Run:
    arm, seed = row.text("arm"), row.whole("seed")
    points = sorted((_checkpoint(point) for point in row.children("checkpoints")), key=lambda point: point.step)
    return Run(
        arm=arm,
        seed=seed,
        checkpoints=tuple(points),
        budget=row.child("budget").numbers(),
        metrics=metrics.get((arm, seed), ()),
    )


def _checkpoint(row: Fields) -> Checkpoint:
    return Checkpoint(
        step=row.whole("step") or 0,
        scores={domain: _score(score) for domain, score in row.child("scores").members()},
        gap=row.number("gap"),
        kl=row.number("kl"),
        entropy=row.number("entropy"),
        completion_tokens=row.number("completion_tokens"),
        verdicts=row.child("verdicts").numbers(),
        truncated=row.whole("truncated"),
    )


def _score(row: Fields) -> Score:
    at_k = row.child("pass_at_k")
    depths = row.child("by_depth")
    return Score(
        count=row.whole("count"),
        greedy=row.number("greedy"),
        sampled=row.number("sampled"),
        pass_at_k={_whole(name, at_k): value for name, value in at_k.numbers().items()},
        by_depth={_whole(name, depths): _score(score) for name, score in depths.members()},
        interval=row.interval("interval"),
    )


def _whole(name: str, where: Fields) -> int:
    if not name.isdecimal():
        raise wrong(where.where, name, "whole numbers as names")
    return int(name)
