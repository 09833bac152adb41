"""Instructions: sentence templates times the paraphrases of each atom; steps of other shapes are put into words by
`speak`.

A template fixes the sentence, a paraphrase the wording of one step; both are numbered, so that phrasing can be held
out. Each step speaks of the value the step before gave. Nothing here is random: the caller picks the numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from moiety.synthesis.graph import Graph
from moiety.synthesis.speak import Speaker


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
    Template("Take {input}; {steps}.", ", next ", ", and finally "),
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
    Template("{steps}；返回最后一步的结果。", "；之后", "；之后", alone="{steps}；返回结果。"),
)
# Where Chinese meets a letter or a digit, as at the names of values.
_BETWEEN_SCRIPTS = re.compile(r"(?<=[\u4e00-\u9fff])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=[\u4e00-\u9fff])")
TEMPLATES = {"en": ENGLISH, "zh": CHINESE}


@dataclass(frozen=True, slots=True)
class ShapedTemplate:
    """One way to number the steps of a function that is not a chain, where "then" could be misread.

    `frame` may hold {input} and {steps}; `item` holds {number} and {step}, or {Step} for a capital.
    """

    frame: str
    item: str
    join: str
    alone: str


SHAPED: dict[str, tuple[ShapedTemplate, ...]] = {
    "en": (
        ShapedTemplate("Given {input}: {steps}. Return the result of the last step.", "({number}) {step}", "; ",
                       "Given {input}, {step}. Return the result."),
        ShapedTemplate("{steps}. Return what the last step gives.", "Step {number}: {step}", ". ",
                       "{Step}. Return what this gives."),
        ShapedTemplate("You get {input}. {steps}. Return the outcome of the last step.", "{number}. {Step}", ". ",
                       "You get {input}. {Step}. Return the outcome."),
        ShapedTemplate("Take {input}. {steps}. Return the result of the last step.", "{number}) {Step}", ". ",
                       "Take {input}. {Step}. Return what you get."),
        ShapedTemplate("Do these steps in order. {steps}. The last one gives the answer.", "{number}: {step}", ". ",
                       "Your task: {step}. Return the result."),
        ShapedTemplate("Write f that gets {input}. {steps}. Return what comes out of the last step.",
                       "Step {number}, {step}", ". ",
                       "Write f that gets {input}. What to do: {step}. Return the result."),
        ShapedTemplate("From {input}, return what the last of these steps gives. {steps}.", "[{number}] {Step}", ". ",
                       "From {input}, return what this gives: {step}."),
        ShapedTemplate("Steps: {steps}. Return the result of the last one.", "({number}) {step}", ". ",
                       "{Step}; return the result of that."),
    ),
    "zh": (
        ShapedTemplate("给定{input}：{steps}。返回最后一步的结果。", "（{number}）{step}", "；",
                       "给定{input}，{step}。返回结果。"),
        ShapedTemplate("{steps}。返回最后一步所得的值。", "第{number}步：{step}", "。", "{step}。返回所得的值。"),
        ShapedTemplate("输入为{input}。{steps}。返回最后一步的结果。", "{number}. {step}", "。",
                       "输入为{input}。{step}。返回结果。"),
        ShapedTemplate("取{input}。{steps}。返回最后一步的结果。", "{number}）{step}", "。",
                       "取{input}。{step}。返回所得的结果。"),
        ShapedTemplate("按顺序执行以下步骤。{steps}。最后一步的结果即为答案。", "{number}：{step}", "。",
                       "任务：{step}。返回结果。"),
        ShapedTemplate("编写函数 f，输入为{input}。{steps}。返回最后一步的结果。", "步骤{number}，{step}", "。",
                       "编写函数 f，输入为{input}。要求：{step}。返回结果。"),
        ShapedTemplate("输入{input}，返回以下步骤中最后一步所得的值。{steps}。", "[{number}] {step}", "。",
                       "输入{input}，返回如下操作所得的值：{step}。"),
        ShapedTemplate("步骤：{steps}。返回最后一步的结果。", "（{number}）{step}", "。", "{step}；返回其结果。"),
    ),
}  # fmt: skip


def paraphrases(graph: Graph, language: str) -> list[tuple[str, ...]]:
    """Return, per call, the wordings of its atom in a language ('en' or 'zh'); a choice has one, which is empty."""
    return [call.atom.english if language == "en" else call.atom.chinese for call in graph.calls]


def describe(graph: Graph, *, template: int, wording: Sequence[int], language: str = "en") -> str:
    """Return the instruction of a function. `wording` gives one paraphrase number per call.

    Raises ValueError for a wording of another length, IndexError for a template or paraphrase that does not exist.
    """
    if len(wording) != len(graph.calls):
        raise ValueError(f"need one wording per call, got {len(wording)} for {len(graph.calls)}")
    clauses = [o[number] for o, number in zip(paraphrases(graph, language), wording, strict=True)]
    form = TEMPLATES[language][template] if graph.shape == "chain" else SHAPED[language][template]
    introduced = "{input}" in form.frame
    speaker = Speaker(graph, clauses, template=template, language=language, introduced=introduced)
    steps = [speaker.step(segment) for segment in graph.segments]
    given = speaker.inputs()
    return _shaped(form, steps, given) if isinstance(form, ShapedTemplate) else _chained(form, steps, given)


def _chained(form: Template, steps: Sequence[str], given: str) -> str:
    head = form.join.join(steps[:-1])
    text = f"{head}{form.last_join}{steps[-1]}" if head else steps[-1]
    if form.capital:
        text = _capital(text)
    frame = form.frame if head or not form.alone else form.alone
    return frame.format(input=given, steps=text)


def _shaped(form: ShapedTemplate, steps: Sequence[str], given: str) -> str:
    if len(steps) == 1:
        text = form.alone.format(input=given, step=steps[0], Step=_capital(steps[0]))
    else:
        items = [form.item.format(number=n, step=s, Step=_capital(s)) for n, s in enumerate(steps, start=1)]
        text = form.frame.format(input=given, steps=form.join.join(items))
    return _BETWEEN_SCRIPTS.sub(" ", text)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
