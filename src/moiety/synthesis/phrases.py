"""The wording of steps that are more than one atom: maps, forks, joins with a second input, conditionals.

Eight wordings of each in each language; a sentence template picks the one of its own number. Every wording begins with
a verb, so that it can stand wherever an atom's clause can.
"""

from __future__ import annotations

from typing import Final

from moiety.types import ValueType

MAPS: Final = {
    "en": (
        "replace each {element} of {list} by what you get when you {clause}",
        "go through {list} and, for each {element}, {clause}, listing the results in order",
        "turn each {element} of {list} into what comes out when you {clause}",
        "build a list of the results when, for each {element} of {list} in turn, you {clause}",
        "do the following with each {element} of {list} and list the results in order: {clause}",
        "exchange each {element} of {list} for the result when you {clause}",
        "work through {list}, putting in place of each {element} what you get when you {clause}",
        "list, for each {element} of {list}, what you get when you {clause}",
    ),
    "zh": (
        "把{list}中的每个{element}换成对它这样做的结果：{clause}",
        "依次处理{list}中的每个{element}并按顺序列出结果：{clause}",
        "将{list}中的每个{element}变为如下操作的结果：{clause}",
        "对{list}中的每个{element}逐一操作，把结果组成列表：{clause}",
        "对{list}中的每个{element}执行以下操作，按序收集结果：{clause}",
        "用如下操作的结果替换{list}中的每个{element}：{clause}",
        "遍历{list}，用操作结果取代每个{element}：{clause}",
        "按顺序列出{list}中每个{element}经如下操作的结果：{clause}",
    ),
}
CONDITIONALS: Final = {
    "en": (
        "{test}; if so, {first}, otherwise {second}",
        "{test}: when that is true, {first}; when it is false, {second}",
        "{test} and, if it holds, {first}, or else {second}",
        "{test}; if yes, {first}; if no, {second}",
        "{test}; where the answer is true, {first}, and where it is false, {second}",
        "{test}; if the answer is yes, {first}, and if it is no, {second}",
        "{test}; in that case {first}, in any other case {second}",
        "{test}; on true {first}, on false {second}",
    ),
    "zh": (
        "{test}；若是，则{first}，否则{second}",
        "{test}：为真时{first}；为假时{second}",
        "{test}，成立则{first}，不成立则{second}",
        "{test}；如果是，{first}；如果不是，{second}",
        "{test}；答案为真就{first}，为假就{second}",
        "{test}；若结果为真，{first}，若结果为假，{second}",
        "{test}；是的话{first}，其他情况{second}",
        "{test}；真则{first}，假则{second}",
    ),
}
FORKS: Final = {
    "en": (
        "let A be {first} and let B be {second}, both starting from {same}; with these, {join}",
        "take {first} as A and {second} as B, each starting from {same}, and {join}",
        "work out A, which is {first}, and B, which is {second}, both from {same}; now {join}",
        "call {first} A, call {second} B, both starting from {same}, and {join}",
        "set A to {first} and B to {second}, using {same} for both; after that {join}",
        "find A, {first}, and B, {second}, each from {same}; with the two, {join}",
        "compute A ({first}) and B ({second}) from {same}, and {join}",
        "keep two values made from {same}, A ({first}) and B ({second}); from them, {join}",
    ),
    "zh": (
        "设 A 为{first}，B 为{second}，两者都从{same}出发；随后{join}",
        "取{first}作为 A，取{second}作为 B，均从{same}出发，然后{join}",
        "从{same}求出 A（{first}）和 B（{second}）；接着{join}",
        "记{first}为 A，记{second}为 B，都由{same}得到，再{join}",
        "令 A 等于{first}，令 B 等于{second}，两次都使用{same}；之后{join}",
        "由{same}分别得到 A（{first}）与 B（{second}），用这两个值{join}",
        "计算 A（{first}）和 B（{second}），都从{same}开始，并{join}",
        "保留由{same}得到的两个值：A（{first}）和 B（{second}）；据此{join}",
    ),
}
JOINS: Final = {
    "en": (
        "let B be {second}; with it, {join}",
        "take {second} as B and {join}",
        "work out B, which is {second}; now {join}",
        "call {second} B and {join}",
        "set B to {second}; after that {join}",
        "find B, {second}; with that value, {join}",
        "compute B ({second}) and {join}",
        "keep B, {second}; with it, {join}",
    ),
    "zh": (
        "设 B 为{second}；随后{join}",
        "取{second}作为 B，然后{join}",
        "求出 B（{second}）；接着{join}",
        "记{second}为 B，再{join}",
        "令 B 等于{second}；之后{join}",
        "得到 B（{second}），用这个值{join}",
        "计算 B（{second}），并{join}",
        "保留 B（{second}）；据此{join}",
    ),
}
PAIRS: Final = {
    "en": (
        "make a tuple of {first} and {second}, both starting from {same}",
        "pair {first} with {second} in a tuple of that order, each starting from {same}",
        "put {first} and then {second} into a tuple, both starting from {same}",
        "give a tuple of two, {first} and after it {second}, each worked out from {same}",
        "form the tuple whose first part is {first} and whose second part is {second}, using {same} for both",
        "answer with a tuple: first {first}, second {second}, both made from {same}",
        "work out {first} and {second}, both from {same}, and put them into a tuple in this order",
        "build a tuple that holds {first}, then {second}, starting from {same} for each",
    ),
    "zh": (
        "把{first}和{second}依次放入一个元组，两者都从{same}出发",
        "组成一个元组，第一项是{first}，第二项是{second}，都由{same}得到",
        "从{same}求出{first}与{second}，按此顺序放进一个元组",
        "以{first}为第一项、{second}为第二项构成元组，两次都使用{same}",
        "给出一个元组：先是{first}，后是{second}，均从{same}出发",
        "由{same}分别得到{first}和{second}，按先后组成元组",
        "构造含两项的元组，依次为{first}和{second}，都从{same}开始",
        "将{first}、{second}这两个值按顺序装进元组，都由{same}算出",
    ),
}
OUTCOME: Final = {"en": 'the result of "{clause}"', "zh": "“{clause}”的结果"}
ITSELF: Final = {"en": "{value} itself", "zh": "{value}本身"}
UNCHANGED: Final = {"en": "leave {value} as it is", "zh": "保持{value}不变"}
RESULT: Final = {"en": "the result", "zh": "当前结果"}
_ELEMENTS: Final = {
    "list[int]": ("number", "that number", "数", "该数"),
    "list[str]": ("string", "that string", "字符串", "该字符串"),
    "list[bool]": ("truth value", "that value", "真假值", "该值"),
    "list[list[int]]": ("row", "that row", "子列表", "该子列表"),
}


def element_words(values: ValueType, language: str) -> tuple[str, str]:
    """Return what an element of a list type is called, and how a clause refers to the one at hand."""
    words = _ELEMENTS[values.annotation]
    return (words[0], words[1]) if language == "en" else (words[2], words[3])
