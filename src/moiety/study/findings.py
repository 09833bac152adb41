"""The findings of a study as rows: each contrast with its verdict, then F1, F2 and F3 as wholes.

The claims and their opposites were stated before any result; verdicts follow `statistics.verdicts`. Everything that is
not primary is exploratory and marked so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from moiety.recipe import Recipe
from moiety.statistics import (
    PRIMARY,
    Contrast,
    Decision,
    Handful,
    decide,
    decide_findings,
    decide_handful,
    format_effect,
    holm,
)
from moiety.study.contrasts import Measured, base_of, measure_contrasts, measure_doses
from moiety.study.readings import Readings

TITLES = {
    "F1": "SFT needs atomic and synthetic functions, and a handful of the latter is enough",
    "F2": "RL on the same prompts improves generalization",
    "F3": "RL from scratch over-fits less than SFT",
}


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
        "base": base_of(recipe, recipe.contrasts.f1b[1]),
        "domain": "recombined",
        "arms": [recipe.contrasts.f1c[-1], recipe.contrasts.f1b[1]],
        "reading": "last",
        "sentence": sentence,
    }
