"""The report's tables for other tools: the arms as Markdown for a terminal, and CSV files beside the page.

Not rounded: the CSV files hold the numbers as `result.json` has them, one row a run, checkpoint, domain and depth.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from moiety import runs
from moiety.report import text
from moiety.report.arm_tables import BUDGET_COLUMNS
from moiety.report.load import load_result, parse_result
from moiety.report.result import Arm, Checkpoint, Result, Run, Score, mean_of

MARKDOWN_DOMAINS = ("recombined", "deeper", "train", "retention")
Place = tuple[Arm, Run, Checkpoint, str, int | str]
CSV_FINDING = (
    "id", "title", "primary", "base", "domain", "reading", "effect", "best_effect", "n_seeds", "n_tasks", "n_families",
    "p_value", "p_holm", "smallest_visible_effect", "seeds_to_halve", "k_star", "in_these_runs", "verdict",
)  # fmt: skip


def arms_markdown(result: Mapping[str, object]) -> str:
    """Write the arms of a read `result.json` as one Markdown table: last step, greedy [sampled] in percent."""
    study = parse_result(result)
    domains = [domain for domain in MARKDOWN_DOMAINS if domain in study.domains()]
    lines = [["arm", "base", "seeds", *domains, "gap, points"], ["---", "---", *["---:"] * (len(domains) + 2)]]
    for arm in study.arms:
        lasts = [run.last.scores for run in arm.runs if run.last is not None]
        scores = [[scores[domain] for scores in lasts if domain in scores] for domain in domains]
        shown = [text.score(mean_of(s.greedy for s in there), mean_of(s.sampled for s in there)) for there in scores]
        lines.append([arm.label, arm.base, str(len(arm.runs)), *shown, text.points(arm.last(lambda point: point.gap))])
    return "\n".join("| " + " | ".join(_escape(cell) for cell in line) + " |" for line in lines) + "\n"


def arms_csv(run_dir: Path) -> tuple[Path, ...]:
    """Write `tables/*.csv` into a run directory and return their paths; equal inputs give equal bytes."""
    result = load_result(run_dir)
    contents: dict[str, Sequence[Sequence[object]]] = {
        "arms.csv": list(_arm_rows(result)),
        "budgets.csv": list(_budget_rows(result)),
        "contrasts.csv": list(_contrast_rows(result)),
        "health.csv": list(_health_rows(result)),
        "data.csv": list(_data_rows(result)),
    }
    for name, rows in contents.items():
        runs.write_text(run_dir / "tables" / name, _csv(rows))
    return tuple(run_dir / "tables" / name for name in contents)


def _arm_rows(result: Result) -> Iterator[Sequence[object]]:
    ks = sorted({k for _, score in _scores(result) for k in score.pass_at_k})
    yield (
        "arm", "label", "base", "algorithm", "start", "atoms", "k", "seed", "step", "reading", "domain", "depth",
        "count", "greedy", "sampled", *(f"pass@{k}" for k in ks),
    )  # fmt: skip
    for (arm, run, point, domain, depth), score in _scores(result):
        reading = "+".join(name for name, at in (("last", run.last), ("best", run.best)) if at is point)
        yield (
            arm.name, arm.label, arm.base, arm.algorithm, arm.start, arm.atoms, arm.k, run.seed, point.step, reading,
            domain, depth, score.count, score.greedy, score.sampled, *(score.pass_at_k.get(k) for k in ks),
        )  # fmt: skip


def _scores(result: Result) -> Iterator[tuple[Place, Score]]:
    for arm in result.arms:
        for run in arm.runs:
            for point in run.checkpoints:
                for domain, score in point.scores.items():
                    yield (arm, run, point, domain, "mean"), score
                    for depth, part in sorted(score.by_depth.items()):
                        yield (arm, run, point, domain, depth), part


def _budget_rows(result: Result) -> Iterator[Sequence[object]]:
    keys = [key for key, _ in BUDGET_COLUMNS]
    yield ("arm", "label", "base", "seed", "learning_rate", "steps", *keys)
    for arm in result.arms:
        for run in arm.runs:
            budget = (run.budget.get(key) for key in keys)
            yield (arm.name, arm.label, arm.base, run.seed, arm.learning_rate, arm.steps, *budget)


def _contrast_rows(result: Result) -> Iterator[Sequence[object]]:
    intervals = ("interval", "interval_tasks", "interval_seeds")
    yield (*CSV_FINDING, "arm_a", "arm_b", *(f"{name}_{end}" for name in intervals for end in ("low", "high")))
    for finding in result.findings:
        arms = (*finding.arms, "", "")[:2]
        ends = [end for name in intervals for end in (getattr(finding, name) or (None, None))]
        yield (*(getattr(finding, name) for name in CSV_FINDING), *arms, *ends)


def _health_rows(result: Result) -> Iterator[Sequence[object]]:
    yield ("check", "value", "threshold", "passed")
    for check in result.health:
        yield (check.name, check.value, check.threshold, check.passed)


def _data_rows(result: Result) -> Iterator[Sequence[object]]:
    yield ("table", "name", "part", "value")
    for domain, depths in result.counts.items():
        yield from (("counts", domain, depth, count) for depth, count in depths.items())
    yield from (("shared_keys", pair, "", count) for pair, count in result.shared_keys.items())
    yield from (("rejections", cause, "", count) for cause, count in result.rejections.items())


def _csv(rows: Sequence[Sequence[object]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _escape(cell: str) -> str:
    return cell.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
