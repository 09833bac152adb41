"""The tables of the report as data: every arm per domain and depth, budgets, contrasts, health, and the data's proof.

Not the markup: the page, the Markdown and the CSV files each write a `Table` in their own way.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from moiety.report import text
from moiety.report.result import Arm, Checkpoint, Finding, Result, Run, Score, mean_of

BUDGET_COLUMNS = (
    ("prompts", "Prompts"),
    ("gradient_steps", "Gradient steps"),
    ("tokens_trained", "Tokens trained"),
    ("tokens_sampled", "Tokens sampled"),
    ("flops", "FLOPs"),
    ("epochs_per_row", "Epochs per row"),
    ("base_target_compositions", "Base's target compositions"),
)
DOMAIN_NOTES = {
    "recombined": "New compositions of the same atoms: the primary test domain.",
    "deeper": "Compositions deeper than any in training.",
    "atoms": "Single atomic functions.",
    "validation": "Drawn like recombined; used only to choose a step.",
    "train": "The training prompts of each arm, on held-out tests.",
    "retention": "Generic compositions that the base could do before training.",
}


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    numeric: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    cells: tuple[str, ...]
    css: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns; the first cell of a row names it."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""


def scores_table(result: Result, domain: str) -> Table:
    """Give every arm's score on one domain: last step, against its base, validation-best step, each depth, pass@k."""
    depths = sorted({depth for arm in result.arms for score in _lasts(arm, domain) for depth in score.by_depth})
    ks = sorted({k for arm in result.arms for score in _lasts(arm, domain) for k in score.pass_at_k})
    columns = [Column("Arm", False), Column("Base", False), Column("Seeds"), Column("Mean of depths"), Column("Against base")]
    columns += [Column("At best step")] + [Column(_depth_name(result, domain, depth)) for depth in depths]
    columns += [Column(f"pass@{k}") for k in ks]
    rows = []
    for arm in result.arms:
        if not _lasts(arm, domain):
            continue
        cells = [arm.label, arm.base, _seeds(arm), _score_with_range(arm, domain), _against_base(result, arm, domain)]
        cells += [_best(arm, domain)] + [_depth(arm, domain, depth) for depth in depths]
        cells += [text.percent(mean_of(score.pass_at_k.get(k) for score in _lasts(arm, domain))) for k in ks]
        rows.append(Row(tuple(cells), arm.algorithm))
    return Table(f"scores-{domain}", domain, tuple(columns), tuple(rows), DOMAIN_NOTES.get(domain, ""))


def diagnostics_table(result: Result) -> Table:
    """Give what every arm reports beside its scores, at the last checkpoint."""
    names = ("Arm", "Base", "Train", "Train − test gap", "KL to start", "Entropy", "Tokens a completion", "Truncated", "Verdicts")
    rows = [
        Row(
            (
                arm.label,
                arm.base,
                text.percent(arm.last(lambda point: point.greedy("train"))),
                text.points(arm.last(lambda point: point.gap)),
                text.decimal(arm.last(lambda point: point.kl)),
                text.decimal(arm.last(lambda point: point.entropy)),
                text.decimal(arm.last(lambda point: point.completion_tokens)),
                text.decimal(arm.last(lambda point: None if point.truncated is None else float(point.truncated))),
                _verdicts(arm),
            ),
            arm.algorithm,
        )
        for arm in result.arms
    ]
    columns = tuple(Column(name, name not in ("Arm", "Base", "Verdicts")) for name in names)
    return Table("diagnostics", "Diagnostics", columns, tuple(rows), "At the last checkpoint, mean over seeds; gap in points.")


def budgets_table(result: Result) -> Table:
    """Give the budget of every arm, mean over its runs."""
    rows = []
    for arm in result.arms:
        budget = [arm.mean(_budget(key)) for key, _ in BUDGET_COLUMNS]
        settings = (text.decimal(arm.learning_rate) if arm.learning_rate else "–", text.quantity(arm.steps))
        rows.append(Row((arm.label, arm.base, *settings, *map(text.quantity, budget)), arm.algorithm))
    names = ("Learning rate", "Steps", *(name for _, name in BUDGET_COLUMNS))
    columns = (Column("Arm", False), Column("Base", False), *map(Column, names))
    note = "Per run, mean over seeds. An arm that continues from another counts its own part only."
    return Table("budgets", "Budgets", columns, tuple(rows), note)


def contrasts_table(result: Result) -> Table:
    """Give every contrast that the study declared, primary ones first."""
    names = (
        "Contrast", "Kind", "Base", "Domain", "Arms", "Reading", "Effect", "Interval", "Over tasks", "Over seeds",
        "Seeds / tasks / families", "p", "p (Holm)", "Smallest visible", "Seeds to halve", "In these runs", "Verdict",
    )  # fmt: skip
    words = {"Contrast", "Kind", "Base", "Domain", "Arms", "Reading", "In these runs", "Verdict"}
    rows = [_contrast(result, finding) for finding in sorted(result.findings, key=lambda finding: not finding.primary)]
    note = "Effects and intervals in percentage points unless a unit is given; the interval is the wider of tasks and seeds."
    columns = tuple(Column(name, name not in words) for name in names)
    return Table("contrasts", "All contrasts", columns, tuple(rows), note)


def _contrast(result: Result, finding: Finding) -> Row:
    labels = [arm.label if (arm := result.arm(name)) is not None else name for name in finding.arms]
    shape = [text.whole(n) if n is not None else "–" for n in (finding.n_seeds, finding.n_tasks, finding.n_families)]
    cells = (
        f"{finding.id} {finding.title}".strip(),
        "primary" if finding.primary else "exploratory",
        finding.base or "–",
        finding.domain or "–",
        " − ".join(labels) or "–",
        finding.reading or "–",
        text.effect(finding.effect, finding.unit).removesuffix(" points"),
        *(text.interval(ends, finding.unit) for ends in (finding.interval, finding.interval_tasks, finding.interval_seeds)),
        " / ".join(shape),
        text.probability(finding.p_value),
        text.probability(finding.p_holm) if finding.primary else "–",
        text.effect(finding.smallest_visible_effect, finding.unit).removesuffix(" points").lstrip("+"),
        text.whole(finding.seeds_to_halve),
        finding.in_these_runs or text.NOT_MEASURED,
        finding.verdict or text.NOT_MEASURED,
    )
    return Row(cells, "primary" if finding.primary else "exploratory")


def health_table(result: Result) -> Table:
    """Give every health check, failed ones first."""
    state = {True: "passed", False: "failed", None: text.NOT_MEASURED}
    checks = sorted(result.health, key=lambda check: check.passed is not False)
    rows = [
        Row((check.name, text.cell(check.value), text.cell(check.threshold), state[check.passed]), state[check.passed])
        for check in checks
    ]
    return Table("health", "Health checks", (Column("Check", False), Column("Value"), Column("Threshold"), Column("State", False)), tuple(rows))


def counts_table(result: Result) -> Table:
    """Give the number of tasks per domain and depth."""
    depths = sorted({depth for row in result.counts.values() for depth in row}, key=lambda name: (len(name), name))
    rows = [
        Row((domain, *(text.quantity(row[d]) if d in row else "–" for d in depths), text.quantity(sum(row.values()))))
        for domain, row in result.counts.items()
    ]
    columns = (Column("Domain", False), *(Column(f"Depth {depth}" if depth.isdecimal() else depth) for depth in depths), Column("All"))
    return Table("counts", "Tasks per domain and depth", columns, tuple(rows))


def keys_table(result: Result) -> Table:
    """Give the number of keys that each pair of sets shares; anything but 0 is a leak."""
    rows = [
        Row((pair, text.quantity(count), "clean" if count == 0 else "leak"), "" if count == 0 else "failed")
        for pair, count in result.shared_keys.items()
    ]
    return Table("shared-keys", "Shared keys", (Column("Pair", False), Column("Keys"), Column("State", False)), tuple(rows))


def rejections_table(result: Result) -> Table:
    """Give the rejected candidates by cause, the commonest first."""
    causes = sorted(result.rejections.items(), key=lambda item: (-item[1], item[0]))
    rows = [Row((cause.replace("_", " "), text.quantity(count))) for cause, count in causes]
    return Table("rejections", "Rejected candidates by cause", (Column("Cause", False), Column("Candidates")), tuple(rows))


def mapping_table(name: str, title: str, items: Mapping[str, object]) -> Table:
    """Give names and values as two columns."""
    rows = tuple(Row((key.replace("_", " "), text.cell(value))) for key, value in items.items())
    return Table(name, title, (Column("Name", False), Column("Value")), rows)


def _lasts(arm: Arm, domain: str) -> list[Score]:
    return [run.last.scores[domain] for run in arm.runs if run.last is not None and domain in run.last.scores]


def _seeds(arm: Arm) -> str:
    return str(len(arm.runs))


def _score_with_range(arm: Arm, domain: str) -> str:
    """Write the mean; with several seeds, also the lowest and highest."""
    scores = _lasts(arm, domain)
    shown = text.score(mean_of(s.greedy for s in scores), mean_of(s.sampled for s in scores))
    known = [s.greedy for s in scores if s.greedy is not None]
    return f"{shown} ({text.percent(min(known))} to {text.percent(max(known))})" if len(known) > 1 else shown


def _against_base(result: Result, arm: Arm, domain: str) -> str:
    base = result.base_arm(arm.base)
    after = arm.last(lambda point: point.greedy(domain))
    before = None if base is None or base is arm else base.last(lambda point: point.greedy(domain))
    return "–" if base is arm else text.points(None if after is None or before is None else after - before)


def _best(arm: Arm, domain: str) -> str:
    if arm.algorithm == "base":
        return "–"
    steps = "/".join(f"{run.best.step:,}" for run in arm.runs if run.best is not None)
    value = arm.best(lambda point: point.greedy(domain))
    return text.NOT_MEASURED if not steps else f"{text.percent(value)} (step {steps})"


def _depth(arm: Arm, domain: str, depth: int) -> str:
    there = [score.by_depth[depth] for score in _lasts(arm, domain) if depth in score.by_depth]
    return text.score(mean_of(s.greedy for s in there), mean_of(s.sampled for s in there))


def _depth_name(result: Result, domain: str, depth: int) -> str:
    counts = {s.by_depth[depth].count for arm in result.arms for s in _lasts(arm, domain) if depth in s.by_depth}
    only = counts.pop() if len(counts) == 1 else None
    return f"Depth {depth}" if only is None else f"Depth {depth} (n = {only:,})"


def _budget(key: str) -> Callable[[Run], float | None]:
    return lambda run: run.budget.get(key)


def _verdicts(arm: Arm) -> str:
    points: list[Checkpoint] = [run.last for run in arm.runs if run.last is not None]
    names = dict.fromkeys(name for point in points for name in point.verdicts)
    total = {name: sum(point.verdicts.get(name, 0) for point in points) for name in names}
    shown = [f"{name.lower()} {text.quantity(count)}" for name, count in sorted(total.items(), key=lambda kv: -kv[1]) if count]
    return ", ".join(shown) or text.NOT_MEASURED
