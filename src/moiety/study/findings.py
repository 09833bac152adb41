"""The declared contrasts of a study, computed from readings: F1a … F3c and the exploratory ones.

The claims and their opposites were stated before any result; verdicts follow `statistics.verdicts`. F1 is decided on
the clean base, F2 and F3 on the exposed one. Everything that is not primary is exploratory and marked so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from moiety.recipe import Recipe
from moiety.statistics import (
    PRIMARY,
    Contrast,
    Decision,
    Handful,
    TaskValue,
    contrast,
    decide,
    decide_findings,
    decide_handful,
    f2_sentence,
    format_effect,
    holm,
    matched_checkpoints,
    measure_handful,
    paired_difference,
    paired_sum,
)
from moiety.study.readings import Readings, covered_tasks, keep

TITLES = {
    "F1": "SFT needs atomic and synthetic functions, and a handful of the latter is enough",
    "F2": "RL on the same prompts improves generalization",
    "F3": "RL from scratch over-fits less than SFT",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One contrast with what is needed to read it. `best_effect` is the same effect at the validation-best steps."""

    id: str
    title: str
    claim: str
    arms: tuple[str, str]
    base: str
    domain: str
    reading: str
    found: Contrast
    best_effect: float | None = None
    sentence: str = ""


def measure_contrasts(recipe: Recipe, readings: Readings) -> list[Measured]:
    """Return every contrast of the recipe but F1c, which is no difference of two arms."""
    return [*_f1(recipe, readings), *_f2(recipe, readings), *_f3(recipe, readings), *_extra(recipe, readings)]


def _base(recipe: Recipe, arm: str) -> str:
    return next(a.base for a in recipe.arms if a.name == arm)


def _label(recipe: Recipe, arm: str) -> str:
    return next(a.label for a in recipe.arms if a.name == arm)


def _last(readings: Readings, better: str, worse: str, domain: str = "recombined") -> Contrast:
    return contrast(paired_difference(readings.values(better, domain), readings.values(worse, domain)))


def _best_effect(readings: Readings, better: str, worse: str) -> float:
    best = [readings.values(name, "recombined", steps=readings.best_steps(name)) for name in (better, worse)]
    return contrast(paired_difference(*best)).effect


def _f1(recipe: Recipe, readings: Readings) -> Iterator[Measured]:
    claims = (
        ("F1a", "atoms are needed", recipe.contrasts.f1a),
        ("F1b", "synthetics are needed", recipe.contrasts.f1b),
    )
    for name, claim, (better, worse) in claims:
        yield Measured(
            name,
            claim,
            f"{_label(recipe, better)} scores higher on recombined than {_label(recipe, worse)}, at equal steps",
            (better, worse),
            _base(recipe, better),
            "recombined",
            "last",
            _last(readings, better, worse),
            _best_effect(readings, better, worse),
        )
    better, worse = recipe.contrasts.f1a
    k = next(arm.k for arm in recipe.arms if arm.name == worse)
    for suffix, wanted in (("covered", True), ("not covered", False)):
        parts = [_covered(readings, name, k, wanted=wanted) for name in (better, worse)]
        if all(parts) and len({value.family for value in parts[0]}) > 1:
            yield Measured(
                f"F1a-{suffix.replace(' ', '-')}",
                f"atoms are needed, on tasks whose atoms are {suffix} by the {k} synthetics",
                "the gain of atoms is more than coverage" if wanted else "the gain of atoms is coverage",
                (better, worse),
                _base(recipe, better),
                "recombined",
                "last",
                contrast(paired_difference(*parts)),
            )


def _covered(readings: Readings, name: str, k: int, *, wanted: bool) -> list[TaskValue]:
    values = readings.values(name, "recombined")
    found: list[TaskValue] = []
    for seed in readings.seeds:
        own = [value for value in values if value.seed == seed]
        covered = covered_tasks(readings.run_dir, k, seed)
        chosen = covered if wanted else frozenset(value.task_id for value in own) - covered
        found += keep(own, chosen)
    return found


def _f2(recipe: Recipe, readings: Readings) -> Iterator[Measured]:
    f2 = recipe.contrasts.f2
    best = readings.values(f2.sft, "recombined", steps=readings.best_steps(f2.sft))
    steps = _last(readings, f2.rl, f2.sft)
    best_sft = contrast(paired_difference(readings.values(f2.rl, "recombined"), best))
    flops = _last(readings, f2.rl, f2.sft_equal_flops) if f2.sft_equal_flops else None
    sentence = f2_sentence(equal_steps=steps, equal_flops=flops, best_sft=best_sft)
    effect = _best_effect(readings, f2.rl, f2.sft)
    base = _base(recipe, f2.rl)
    pair = (f2.rl, f2.sft)
    claim = "RL scores higher on recombined than more SFT from the same checkpoint"
    domain = "recombined"
    yield Measured("F2a", "RL against SFT at equal steps", claim, pair, base, domain, "last", steps, effect, sentence)
    if flops is not None and f2.sft_equal_flops:
        other = (f2.rl, f2.sft_equal_flops)
        yield Measured("F2b", "RL against SFT at equal FLOPs", claim, other, base, domain, "last", flops)
    yield Measured("F2c", "RL against SFT at its best step", claim, pair, base, domain, "best", best_sft, effect)
    for name in f2.controls:
        title = f"RL against {_label(recipe, name)}"
        found = _last(readings, f2.rl, name)
        yield Measured(f"F2-{name}", title, claim, (f2.rl, name), base, domain, "last", found)


def _f3(recipe: Recipe, readings: Readings) -> Iterator[Measured]:
    f3 = recipe.contrasts.f3
    for sft in (f3.sft, *f3.controls):
        suffix = "" if sft == f3.sft else f"-{sft}"
        yield from _f3_against(recipe, readings, f3.rl, sft, suffix)


def _f3_against(recipe: Recipe, readings: Readings, rl: str, sft: str, suffix: str) -> Iterator[Measured]:
    base, pair = _base(recipe, rl), (sft, rl)
    at_train = _matched(readings, rl, sft, "train")
    train, test = (
        paired_difference(
            readings.values(sft, domain, steps=at_train[1]), readings.values(rl, domain, steps=at_train[0])
        )
        for domain in ("train", "recombined")
    )
    yield Measured(
        f"F3a{suffix}",
        "train less test gap, SFT less RL",
        "at equal train pass rate the gap of SFT is larger than that of RL from scratch",
        pair,
        base,
        "recombined",
        "matched",
        contrast(train, minus=test),
        sentence=_steps_sentence("train pass rate", _label(recipe, rl), _label(recipe, sft), at_train),
    )
    drop = paired_sum(
        [
            (sign * part, readings.values(name, "validation", steps=steps))
            for name, sign in ((sft, 1.0), (rl, -1.0))
            for steps, part in ((readings.best_steps(name), 1.0), (None, -1.0))
        ]
    )
    yield Measured(
        f"F3b{suffix}",
        "best-to-last drop on validation, SFT less RL",
        "SFT falls further from its best step than RL from scratch",
        pair,
        base,
        "validation",
        "last",
        contrast(drop, bound=2.0),
    )
    at_score = _matched(readings, rl, sft, "validation")
    kept = paired_difference(
        readings.values(rl, "retention", steps=at_score[0]), readings.values(sft, "retention", steps=at_score[1])
    )
    yield Measured(
        f"F3c{suffix}",
        "the base's own skills, RL less SFT",
        "at equal validation score RL from scratch keeps more of the base's skills than SFT",
        pair,
        base,
        "retention",
        "matched",
        contrast(kept),
        sentence=_steps_sentence("validation score", _label(recipe, rl), _label(recipe, sft), at_score),
    )


def _matched(readings: Readings, rl: str, sft: str, domain: str) -> tuple[dict[int, int], dict[int, int]]:
    """Return, per seed, the step of RL and of SFT at which both reached the same level on a domain."""
    matched = {
        seed: matched_checkpoints(readings.curve(rl, seed, domain), readings.curve(sft, seed, domain))
        for seed in readings.seeds
    }
    return {s: m.step_a for s, m in matched.items()}, {s: m.step_b for s, m in matched.items()}


def _steps_sentence(what: str, rl: str, sft: str, steps: tuple[dict[int, int], dict[int, int]]) -> str:
    shown = "; ".join(f"seed {s}: {rl} at step {step}, {sft} at step {steps[1][s]}" for s, step in steps[0].items())
    return f"Read at the first measured steps with equal {what}: {shown}."


def _extra(recipe: Recipe, readings: Readings) -> Iterator[Measured]:
    for extra in recipe.contrasts.extra:
        yield Measured(
            extra.id,
            extra.title,
            f"{_label(recipe, extra.better)} scores higher on {extra.domain} than {_label(recipe, extra.worse)}",
            (extra.better, extra.worse),
            _base(recipe, extra.better),
            extra.domain,
            "last",
            _last(readings, extra.better, extra.worse, extra.domain),
        )


def measure_doses(recipe: Recipe, readings: Readings) -> tuple[Handful, int]:
    """Return F1c's measurement at the last steps, and k* at the validation-best steps."""
    arms = {0: recipe.contrasts.f1b[1]}
    arms |= {next(a.k for a in recipe.arms if a.name == name): name for name in recipe.contrasts.f1c}
    claimed = recipe.contrasts.handful

    def scores(at: Callable[[str], dict[int, int] | None]) -> Handful:
        values = {k: readings.values(name, "recombined", steps=at(name)) for k, name in arms.items()}
        return measure_handful(values, claimed=claimed)

    return scores(lambda _: None), scores(readings.best_steps).k_star


def findings(recipe: Recipe, readings: Readings) -> list[dict[str, Any]]:
    """Return the findings of `result.json`: F1, F2, F3, then their parts, then what is exploratory."""
    measured = measure_contrasts(recipe, readings)
    adjusted = holm({m.id: m.found.p_value for m in measured if m.id in PRIMARY})
    decisions = {m.id: decide(m.found, p_holm=adjusted.get(m.id), best_effect=m.best_effect) for m in measured}
    handful, best_k_star = measure_doses(recipe, readings)
    decisions["F1c"] = decide_handful(handful, best_k_star=best_k_star)
    rows = [_row(m, decisions[m.id], adjusted.get(m.id)) for m in measured]
    rows.insert(2, _dose_row(recipe, handful, decisions["F1c"], best_k_star))
    return [*_claims(decide_findings(decisions), rows), *rows]


def _claims(decided: dict[str, Decision], rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a row for each finding as a whole; it has parts but no effect of its own."""
    by_id = {row["id"]: row for row in rows}
    claims = []
    for name, decision in decided.items():
        parts = [row for id_, row in by_id.items() if id_[:2] == name and id_[2:] in ("a", "b", "c")]
        claims.append(
            {
                "id": name,
                "title": TITLES[name],
                "claim": TITLES[name],
                "verdict": decision.verdict.value,
                "in_these_runs": decision.in_these_runs.value,
                "parts": [row["id"] for row in parts],
                "n_seeds": max(row["n_seeds"] for row in parts),
                "primary": False,
                "sentence": " ".join(row["sentence"] for row in parts if row["sentence"]),
            }
        )
    return claims


def _contrast_fields(found: Contrast) -> dict[str, Any]:
    return {
        "effect": found.effect,
        "interval": _pair(found.interval),
        "interval_tasks": _pair(found.interval_tasks),
        "interval_seeds": _pair(found.interval_seeds),
        "n_seeds": found.n_seeds,
        "n_tasks": found.n_tasks,
        "n_families": found.n_families,
        "smallest_visible_effect": found.smallest_visible_effect,
        "seeds_to_halve": found.seeds_to_halve,
        "p_value": found.p_value,
    }


def _pair(interval: tuple[float, float] | None) -> list[float] | None:
    return None if interval is None else list(interval)


def _row(measured: Measured, decision: Decision, adjusted: float | None) -> dict[str, Any]:
    return {
        "id": measured.id,
        "title": measured.title,
        "claim": measured.claim,
        "verdict": decision.verdict.value,
        "in_these_runs": decision.in_these_runs.value,
        **_contrast_fields(measured.found),
        "p_holm": adjusted,
        "best_effect": measured.best_effect,
        "primary": measured.id in PRIMARY,
        "base": measured.base,
        "domain": measured.domain,
        "arms": list(measured.arms),
        "reading": measured.reading,
        "sentence": measured.sentence or f"{measured.title}: {format_effect(measured.found)}.",
    }


def _dose_row(recipe: Recipe, handful: Handful, decision: Decision, best_k_star: int) -> dict[str, Any]:
    bounds = handful.bounds_in_these_runs
    sentence = (
        f"90 % of the gain at k = {handful.k_max} is reached at k* = {handful.k_star} "
        f"(in these runs between {bounds.lower} and {bounds.upper}); a handful is {handful.claimed}."
    )
    return {
        "id": "F1c",
        "title": "a handful of synthetics is enough",
        "claim": f"k* is at most a tenth of {handful.k_max}",
        "verdict": decision.verdict.value,
        "in_these_runs": decision.in_these_runs.value,
        **_contrast_fields(handful.at_handful),
        "p_holm": None,
        "k_star": handful.k_star,
        "k_star_best": best_k_star,
        "k_star_interval": [bounds.lower, bounds.upper],
        "primary": False,
        "base": _base(recipe, recipe.contrasts.f1b[1]),
        "domain": "recombined",
        "arms": [recipe.contrasts.f1c[-1], recipe.contrasts.f1b[1]],
        "reading": "last",
        "sentence": sentence,
    }
