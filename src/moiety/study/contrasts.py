"""The declared contrasts of a study, computed from readings: F1a … F3c and the exploratory ones.

F1 is measured on the clean base, F2 and F3 on the exposed one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from moiety.recipe import Recipe
from moiety.statistics import (
    Contrast,
    Handful,
    TaskValue,
    contrast,
    f2_sentence,
    matched_checkpoints,
    measure_handful,
    paired_difference,
    paired_sum,
)
from moiety.study.readings import Readings, covered_tasks, keep


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


def base_of(recipe: Recipe, arm: str) -> str:
    """Return the base that an arm begins from."""
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
            base_of(recipe, better),
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
                base_of(recipe, better),
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
    base = base_of(recipe, f2.rl)
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
    base, pair = base_of(recipe, rl), (sft, rl)
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
            base_of(recipe, extra.better),
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
