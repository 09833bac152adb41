"""The tables of the arms as data: scores per domain and depth, diagnostics, and what each arm was given.

Not a ranking: arms stand in the order in which the study declared them, each with its base.
"""

from collections.abc import Callable

from moiety.report import text
from moiety.report.result import Arm, Checkpoint, Result, Run, Score, mean_of
from moiety.report.tables import Column, Row, Table

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


def scores_table(result: Result, domain: str) -> Table:
    """Give every arm's score on one domain: last step, against its base, validation-best step, each depth, pass@k."""
    depths = sorted({depth for arm in result.arms for score in _lasts(arm, domain) for depth in score.by_depth})
    ks = sorted({k for arm in result.arms for score in _lasts(arm, domain) for k in score.pass_at_k})
    names = ["Mean of depths", "Against base", "At best step"]
    names += [_depth_name(result, domain, depth) for depth in depths] + [f"pass@{k}" for k in ks] + ["Seeds"]
    columns = (Column("Arm", False), Column("Base", False), *map(Column, names))
    rows = []
    for arm in result.arms:
        if not _lasts(arm, domain):
            continue
        cells = [arm.label, arm.base, _score_with_range(arm, domain), _against_base(result, arm, domain)]
        cells += [_best(arm, domain)] + [_depth(arm, domain, depth) for depth in depths]
        cells += [text.percent(mean_of(score.pass_at_k.get(k) for score in _lasts(arm, domain))) for k in ks]
        rows.append(Row((*cells, str(len(arm.runs))), arm.algorithm))
    return Table(f"scores-{domain}", domain, columns, tuple(rows), DOMAIN_NOTES.get(domain, ""))


def diagnostics_table(result: Result) -> Table:
    """Give what every arm reports beside its scores, at the last checkpoint."""
    names = (
        "Arm",
        "Base",
        "Train",
        "Train − test gap",
        "KL to start",
        "Entropy",
        "Tokens a completion",
        "Truncated",
        "Verdicts",
    )
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
    return Table(
        "diagnostics",
        "Diagnostics",
        columns,
        tuple(rows),
        f"At the last checkpoint{text.over_seeds(result.most_runs())}; gap in points, verdicts added up over runs.",
    )


def budgets_table(result: Result) -> Table:
    """Give the budget of every arm, mean over its runs."""
    rows = []
    for arm in result.arms:
        budget = [arm.mean(_budget(key)) for key, _ in BUDGET_COLUMNS]
        settings = (
            ("–", "–") if arm.algorithm == "base" else (text.exponential(arm.learning_rate), text.quantity(arm.steps))
        )
        rows.append(Row((arm.label, arm.base, *settings, *map(text.quantity, budget)), arm.algorithm))
    names = ("Learning rate", "Steps", *(name for _, name in BUDGET_COLUMNS))
    columns = (Column("Arm", False), Column("Base", False), *map(Column, names))
    note = f"Per run{text.over_seeds(result.most_runs())}. An arm that continues from another counts its own part only."
    return Table("budgets", "Budgets", columns, tuple(rows), note)


def _lasts(arm: Arm, domain: str) -> list[Score]:
    return [run.last.scores[domain] for run in arm.runs if run.last is not None and domain in run.last.scores]


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
    return f"Depth {depth}" if only is None else f"Depth {depth} (n\u00a0=\u00a0{only:,})"


def _budget(key: str) -> Callable[[Run], float | None]:
    return lambda run: run.budget.get(key)


def _verdicts(arm: Arm) -> str:
    points: list[Checkpoint] = [run.last for run in arm.runs if run.last is not None]
    names = dict.fromkeys(name for point in points for name in point.verdicts)
    total = {name: sum(point.verdicts.get(name, 0) for point in points) for name in names}
    shown = [
        f"{name.lower()} {text.quantity(count)}"
        for name, count in sorted(total.items(), key=lambda kv: -kv[1])
        if count
    ]
    return ", ".join(shown) or text.NOT_MEASURED
