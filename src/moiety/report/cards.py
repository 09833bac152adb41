"""The opening of the page: one paragraph, what is wrong if anything is, and a card for each of the three findings.

Not a judgement of its own: the verdicts of the claims and of their parts come from the study.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from moiety.report import svg, text
from moiety.report.result import Arm, Finding, Result

CLAIMS = {
    "F1": "SFT needs atomic and synthetic functions, and a handful of the latter is enough",
    "F2": "RL on the same prompts improves generalization",
    "F3": "RL from scratch over-fits less than SFT",
}
STRIP_WIDTH, STRIP_HEIGHT = 300, 34


@dataclass(frozen=True, slots=True)
class Item:
    """One part of a claim on its card."""

    finding: Finding
    effect: str
    interval: str
    needed: str
    strip: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Card:
    id: str
    claim: str
    verdict: str
    in_these_runs: str
    items: tuple[Item, ...]


def cards(result: Result) -> tuple[Card, ...]:
    """Make a card for each of the three claims, with its parts (`F1a`); further contrasts stand in the table."""
    parts = headline([finding for finding in result.findings if re.fullmatch(r"F\d+[a-z]", finding.id)])
    scale = _scale(parts)
    return tuple(_card(result, name, [part for part in parts if part.id[:-1] == name], scale) for name in CLAIMS)


def headline(findings: Sequence[Finding]) -> list[Finding]:
    """Return the primary contrasts, and of every other id the first one declared, by id."""
    primary = [finding for finding in findings if finding.primary]
    seen = {finding.id for finding in primary}
    for finding in findings:
        if finding.id not in seen:
            primary.append(finding)
            seen.add(finding.id)
    return sorted(primary, key=lambda finding: finding.id)


def summary(result: Result) -> str:
    """Say in one paragraph what was run and what came out."""
    trained = sum(arm.algorithm != "base" for arm in result.arms)
    bases = [f"base/{base}" for base in result.bases]
    seeds = f" with {text.plural(len(result.seeds), 'seed')}" if result.seeds else ""
    opening = f"This study trained {text.plural(trained, 'arm')} from {text.listed(bases)}{seeds}."
    levels = [level for base in result.bases if (level := _scores(result, base))]
    scores = f"On new compositions of the same atoms, greedy and at the last step, {'; '.join(levels)}."
    return " ".join([opening, *([scores] if levels else []), *_verdicts(result)])


def warnings(result: Result) -> tuple[str, ...]:
    """Say what a reader must know before any number: leaks, failed checks, contrasts without a measurement."""
    said = []
    leaks = [f"{pair} ({count:.0f})" for pair, count in result.shared_keys.items() if count]
    if leaks:
        said.append(f"Leak: keys are shared between {text.listed(leaks)}. No score below can be trusted.")
    failed = [check.name for check in result.health if check.passed is False]
    if failed:
        checks = text.plural(len(result.health), "health check")
        said.append(f"{len(failed)} of {checks} failed: {text.listed(failed)}.")
    hasty = [f.id for f in result.findings if f.n_seeds in (1, 2) and f.verdict not in ("undecided", "")]
    if hasty:
        said.append(f"Decided with fewer than three seeds, which no verdict can be: {text.listed(hasty)}.")
    if not result.findings:
        said.append("No contrast is in result.json: the findings are not measured.")
    return tuple(said)


def rl_note(result: Result) -> str:
    """Say which RL algorithms the runs hold, and that PPO is not among them where it is not."""
    names = dict.fromkeys(arm.algorithm for arm in result.arms if arm.is_rl)
    if not names:
        return "No RL arm is in these runs."
    used = text.listed([name.upper() for name in names])
    return f"RL here is {used}." + ("" if "ppo" in names else " PPO, the paper's algorithm, is not among these arms.")


def _scores(result: Result, base: str) -> str:
    def score(arm: Arm) -> float | None:
        return arm.last(lambda point: point.greedy("recombined"))

    origin = result.base_arm(base)
    before = None if origin is None else score(origin)
    others = [arm for arm in result.arms if arm.base == base and arm is not origin]
    known = [(value, arm) for arm in others if (value := score(arm)) is not None]
    if not known:
        return ""
    value, arm = max(known, key=lambda pair: pair[0])
    start = f"base/{base} passes {text.percent(before, unit=True)}"
    highest = f"the highest of its {text.plural(len(known), 'arm')}, {arm.label}, {text.percent(value, unit=True)}"
    return f"{start} and {highest}"


def _verdicts(result: Result) -> list[str]:
    primary = [finding for finding in result.findings if finding.primary]
    if not primary:
        return []
    said = [f"Of {text.plural(len(primary), 'primary contrast')}, {_tally([f.verdict for f in primary])}."]
    if 0 < len(result.seeds) < 3:
        runs = _tally([finding.in_these_runs for finding in primary])
        said.append(f"With fewer than three seeds a verdict is always undecided; in these runs alone, {runs}.")
    return said


def _tally(verdicts: Sequence[str]) -> str:
    counts = Counter(verdict or "not measured" for verdict in verdicts)
    order = ("supported", "contradicted", "undecided", "not measured")
    said = [f"{counts[name]} {'is' if counts[name] == 1 else 'are'} {name}" for name in order if counts[name]]
    return text.listed(said)


def _card(result: Result, name: str, parts: Sequence[Finding], scale: tuple[float, float]) -> Card:
    whole = next((finding for finding in result.findings if finding.id == name), None)
    return Card(
        id=name,
        claim=CLAIMS[name] if whole is None or not whole.title else whole.title,
        verdict="" if whole is None else whole.verdict,
        in_these_runs="" if whole is None else whole.in_these_runs,
        items=tuple(_item(part, scale) for part in parts),
    )


def _item(finding: Finding, scale: tuple[float, float]) -> Item:
    visible = text.effect(finding.smallest_visible_effect).lstrip("+")
    needed = f"smallest visible effect {visible} · seeds that would halve it: {text.whole(finding.seeds_to_halve)}"
    if finding.best_effect is not None:
        needed = f"at the best steps {text.effect(finding.best_effect)} · {needed}"
    repeats = finding.sentence.startswith(f"{finding.title}:")  # says only what the card already shows
    item = Item(
        finding=finding,
        effect=text.effect(finding.effect),
        interval=text.interval(finding.interval),
        needed=needed,
        strip=_strip(finding, scale),
        sentence="" if repeats else finding.sentence,
    )
    if finding.k_star is None:
        return item
    at_handful = f"strip: gain at the handful less 90 % of the gain at the largest k, {item.effect} {item.interval}"
    doses = text.doses(finding.k_star_interval)
    return replace(item, effect=f"k* = {finding.k_star:,}", interval=doses, needed=f"{at_handful} · {needed}")


def _scale(findings: Sequence[Finding]) -> tuple[float, float]:
    """Return one range of effects for all strips of the page, cut at 100 points either way."""
    ends = [end for f in findings for end in (f.effect, *(f.interval or ())) if end is not None]
    return max(min([*ends, -0.05]), -1.0), min(max([*ends, 0.05]), 1.0)


def _strip(finding: Finding, scale: tuple[float, float]) -> str:
    """Draw effect and interval about zero, with the effects that the design could not have seen as a band."""
    if finding.effect is None:
        return ""
    axis = svg.Axis(*scale, 8, STRIP_WIDTH - 8, ())

    def at(value: float) -> float:
        return axis.at(min(max(value, scale[0]), scale[1]))

    middle, body = 12.0, []
    if finding.smallest_visible_effect is not None:
        low, high = at(-finding.smallest_visible_effect), at(finding.smallest_visible_effect)
        body.append(svg.bar(low, middle - 9, high - low, 18, css="band"))
    body.append(f'<line class="zero" x1="{svg.num(at(0))}" x2="{svg.num(at(0))}" y1="1" y2="23"/>')
    body.append(svg.text(at(0), 33, "0", css="tick", anchor="middle"))
    if finding.interval is not None:
        ends = [at(end) for end in finding.interval]
        body.append(svg.line([(end, middle) for end in ends], tone="", css="whisker"))
    told = f"{text.effect(finding.effect)} {text.interval(finding.interval)}"
    body.append(svg.mark(at(finding.effect), middle, shape="circle", tone="", css="point", title=told))
    return svg.document(
        name=f"strip-{finding.id}-{finding.base}-{finding.domain}-{finding.reading}",
        title=f"{finding.id}: effect and interval about zero",
        description=told,
        width=STRIP_WIDTH,
        height=STRIP_HEIGHT,
        body=body,
    )
