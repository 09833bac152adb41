"""Instructions: sentence templates times the paraphrases of each atom.

A template fixes the sentence, a paraphrase the wording of one step; both are numbered, so that phrasing can be held
out. Each step speaks of the value the step before gave. Nothing here is random: the caller picks the numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from moiety.synthesis.graph import Graph
from moiety.types import indefinite, noun


@dataclass(frozen=True, slots=True)
class Template:
    """One way to list steps. `frame` may hold {input} and {steps}; the joins separate the steps.

    `alone` is the frame for a single step, where the usual one would read as if more were to come.
    """

    frame: str
    join: str
    last_join: str
    capital: bool = False
    alone: str = ""


ENGLISH: tuple[Template, ...] = (
    Template("Given {input}, {steps}.", ", then ", ", then "),
    Template("{steps}.", ", then ", ", and finally ", capital=True),
    Template("For {input}: {steps}. Return the result.", "; ", "; then "),
    Template("Take {input}; {steps}.", ", next ", ", and last "),
    Template("First {steps}.", ". Then ", ". Then ", alone="Your task: {steps}."),
    Template(
        "Write f that gets {input}. Steps: {steps}.",
        "; ",
        "; ",
        alone="Write f that gets {input}. What to do: {steps}.",
    ),
    Template("From {input}, return what you get when you {steps}.", ", then ", " and then "),
    Template("{steps}; return that.", "; after that ", "; after that ", capital=True),
)
CHINESE: tuple[Template, ...] = (
    Template("给定{input}，{steps}。", "，然后", "，然后"),
    Template("{steps}。", "，再", "，最后"),
    Template("对{input}：{steps}。返回结果。", "；", "；然后"),
    Template("取{input}，{steps}。", "，接着", "，最后"),
    Template("先{steps}。", "。再", "。再", alone="任务：{steps}。"),
    Template(
        "编写函数 f，输入为{input}。步骤：{steps}。",
        "；",
        "；",
        alone="编写函数 f，输入为{input}。要求：{steps}。",
    ),
    Template(
        "输入{input}，依次执行：{steps}。返回所得的值。",
        "，然后",
        "，然后",
        alone="输入{input}，执行：{steps}。返回所得的值。",
    ),
    Template("{steps}；返回最后的结果。", "；之后", "；之后", alone="{steps}；返回结果。"),
)
TEMPLATES = {"en": ENGLISH, "zh": CHINESE}


def paraphrases(graph: Graph, language: str) -> list[tuple[str, ...]]:
    """Return, per call, the wordings of its atom in a language ('en' or 'zh')."""
    return [call.atom.english if language == "en" else call.atom.chinese for call in graph.calls]


def describe(graph: Graph, *, template: int, wording: Sequence[int], language: str = "en") -> str:
    """Return the instruction of a chain. `wording` gives one paraphrase number per call.

    Raises ValueError for a graph that is not a chain, IndexError for a template or paraphrase that does not exist.
    """
    if graph.shape != "chain":
        raise ValueError(f"no sentence templates for shape {graph.shape}")
    if len(wording) != graph.size:
        raise ValueError(f"need one wording per call, got {len(wording)} for {graph.size}")
    form = TEMPLATES[language][template]
    current = graph.inputs[0]
    clauses: list[str] = []
    for call, clause_options, number in zip(graph.calls, paraphrases(graph, language), wording, strict=True):
        clauses.append(clause_options[number].replace("{x}", noun(current, language)))
        current = call.atom.output
    head = form.join.join(clauses[:-1])
    steps = f"{head}{form.last_join}{clauses[-1]}" if head else clauses[-1]
    if form.capital:
        steps = steps[0].upper() + steps[1:]
    frame = form.frame if head or not form.alone else form.alone
    return frame.format(input=indefinite(graph.inputs[0], language), steps=steps)
