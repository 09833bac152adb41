"""Which sentence templates and paraphrases tasks may use, and which are held out of them.

The last templates and the last paraphrase of each atom are kept for pretraining and for the domain `rephrased`: the
base has read other words than SFT and RL use, and no training row is worded as that domain is.
"""

from __future__ import annotations

from moiety.rng import stream
from moiety.synthesis.describe import TEMPLATES, paraphrases
from moiety.synthesis.graph import Graph
from moiety.tasks import Phrasing

HELD_OUT_TEMPLATES = 2
HELD_OUT_PARAPHRASES = 1


def task_phrasings(
    graph: Graph, count: int, *, seed: int, identity: str, language: str = "en", held_out: bool = False
) -> list[Phrasing]:
    """Return up to `count` distinct phrasings of a graph out of those that tasks may use, or of those held out."""
    rng = stream(seed, "phrasing held out" if held_out else "phrasing", identity, language)
    usual = len(TEMPLATES[language]) - HELD_OUT_TEMPLATES
    templates = range(usual, usual + HELD_OUT_TEMPLATES) if held_out else range(usual)
    wordings = [_wordings(len(options), held_out=held_out) for options in paraphrases(graph, language)]
    found: dict[Phrasing, None] = {}
    for _ in range(20 * count):
        template = templates[rng.randrange(len(templates))]
        wording = tuple(numbers[rng.randrange(len(numbers))] for numbers in wordings)
        found.setdefault(Phrasing(template, wording, language))
        if len(found) == count:
            break
    return list(found)


def _wordings(count: int, *, held_out: bool) -> range:
    """Return the numbers of an atom's paraphrases that are used; an atom with a single one has no choice."""
    usual = max(1, count - HELD_OUT_PARAPHRASES)
    return range(min(usual, count - 1), count) if held_out else range(usual)


def is_held_out(template_id: str) -> bool:
    """Tell whether a phrasing, such as `en6:2.2`, is of a template that training tasks do not use."""
    language, number = template_id[:2], template_id[2:].partition(":")[0]
    return int(number) >= len(TEMPLATES[language]) - HELD_OUT_TEMPLATES
