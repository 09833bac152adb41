"""The wording of steps that are more than one atom: maps, forks, joins with a second input, conditionals, tuples.

Eight wordings of each in each language; a sentence template picks the one of its own number. Every wording begins with
a verb, so that it can stand wherever an atom's clause can. What is "true" is the value of the test, since a coined word
says no more of it.
"""

from __future__ import annotations

from typing import Final

from moiety.types import ValueType

MAPS: Final = {
    "en": (
        "replace each {element} of {list} by what you get when you {clause}",
        "go through {list} and list, for each {element} in order, what you get when you {clause}",
        "turn each {element} of {list} into what comes out when you {clause}",
        "build a list of what you get, for each {element} of {list} in order, when you {clause}",
        "do the following with each {element} of {list} and list what comes out, in order: {clause}",
        "exchange each {element} of {list} for what comes out when you {clause}",
        "work through {list}, putting in place of each {element} what you get when you {clause}",
        "list in order, for each {element} of {list}, what you get when you {clause}",
    ),
    "zh": (
        "把{list}中的{element}换成对它这样做的结果：{clause}",
        "依次处理{list}中的{element}并按顺序列出结果：{clause}",
        "将{list}中的{element}变为如下操作的结果：{clause}",
        "对{list}中的{element}逐一操作，把结果按顺序组成列表：{clause}",
        "对{list}中的{element}执行以下操作，按序收集结果：{clause}",
        "用如下操作的结果替换{list}中的{element}：{clause}",
        "遍历{list}，用操作结果取代{element}：{clause}",
        "按顺序列出{list}中{element}经如下操作的结果：{clause}",
    ),
}
CONDITIONALS: Final = {
    "en": (
        "{test}; if this is true, {first}; otherwise {second}",
        "{test}: when that is true, {first}; when it is false, {second}",
        "{test}; should that be true, {first}; or else {second}",
        "{test}; if the answer is true, {first}; if it is false, {second}",
        "{test}; where the answer is true, {first}; where it is false, {second}",
        "{test}; if the answer is yes, {first}; if it is no, {second}",
        "{test}; in the true case, {first}; in the false case, {second}",
        "{test}; on true, {first}; on false, {second}",
    ),
    "zh": (
        "{test}；若为真，则{first}；否则{second}",
        "{test}：为真时{first}；为假时{second}",
        "{test}；得真则{first}；得假则{second}",
        "{test}；如果为真，{first}；如果为假，{second}",
        "{test}；答案为真就{first}；为假就{second}",
        "{test}；若答案为真，{first}；若答案为假，{second}",
        "{test}；是真的话{first}；是假的话{second}",
        "{test}；真则{first}；假则{second}",
    ),
}
FORKS: Final = {
    "en": (
        "let A be {first} and let B be {second}{both}; with these, {join}",
        "take {first} as A and {second} as B{both}; then {join}",
        "work out A, which is {first}, and B, which is {second}{both}; now {join}",
        "write A for {first} and B for {second}{both}; then {join}",
        "set A to {first} and B to {second}{both}; after that, {join}",
        "find A, {first}, and B, {second}{both}; with the two, {join}",
        "compute A ({first}) and B ({second}){both}; with them, {join}",
        "make two values from {same}, A ({first}) and B ({second}); from these, {join}",
    ),
    "zh": (
        "设 A 为{first}，B 为{second}{both}；随后{join}",
        "取{first}作为 A，取{second}作为 B{both}；然后{join}",
        "由{same}求出 A（{first}）和 B（{second}）；接着{join}",
        "记{first}为 A，记{second}为 B{both}；再{join}",
        "令 A 等于{first}，令 B 等于{second}{both}；之后{join}",
        "由{same}分别得到 A（{first}）与 B（{second}）；接下来{join}",
        "计算 A（{first}）和 B（{second}）{both}；然后{join}",
        "保留由{same}得到的两个值：A（{first}）和 B（{second}）；据此{join}",
    ),
}
JOINS: Final = {
    "en": (
        "let A be {branch}; with it, {join}",
        "take {branch} as A; then {join}",
        "work out A, which is {branch}; now {join}",
        "write A for {branch}; then {join}",
        "set A to {branch}; after that, {join}",
        "find A, {branch}; with that value, {join}",
        "compute A ({branch}); with it, {join}",
        "make A, {branch}; from there, {join}",
    ),
    "zh": (
        "设 A 为{branch}；随后{join}",
        "取{branch}作为 A；然后{join}",
        "求出 A（{branch}）；接着{join}",
        "记{branch}为 A；再{join}",
        "令 A 等于{branch}；之后{join}",
        "得到 A（{branch}）；接下来{join}",
        "计算 A（{branch}）；然后{join}",
        "保留 A（{branch}）；据此{join}",
    ),
}
PAIRS: Final = {
    "en": (
        "make a tuple of {first} and {second}{both}",
        "pair {first} with {second} in a tuple of that order{both}",
        "put {first} and then {second} into a tuple{both}",
        "give a tuple of two, {first} and after it {second}{both}",
        "form the tuple whose first part is {first} and whose second part is {second}{both}",
        "answer with a tuple: first {first}, second {second}{both}",
        "work out {first} and {second}{both}, and put them into a tuple in this order",
        "build a tuple that holds {first}, then {second}{both}",
    ),
    "zh": (
        "把{first}和{second}依次放入一个元组{both}",
        "组成一个元组，第一项是{first}，第二项是{second}{both}",
        "由{same}求出{first}与{second}，按此顺序放进一个元组",
        "以{first}为第一项、{second}为第二项构成元组{both}",
        "给出一个元组：先是{first}，后是{second}{both}",
        "由{same}分别得到{first}和{second}，按先后组成元组",
        "构造含两项的元组，依次为{first}和{second}{both}",
        "将{first}、{second}这两个值按顺序装进元组{both}",
    ),
}
BOTH: Final = {
    "en": (
        ", both worked out from {same}",
        ", each worked out from {same}",
        ", both from {same}",
        ", both taken from {same}",
        ", both worked out from {same}",
        ", each made from {same}",
        ", both from {same}",
        ", each worked out from {same}",
    ),
    "zh": (
        "，两者都由{same}算出",
        "，都由{same}得到",
        "，两项都由{same}得到",
        "，两项都由{same}算出",
        "，均由{same}算出",
        "，两项均由{same}得到",
        "，都由{same}算出",
        "，二者都由{same}算出",
    ),
}
OUTCOME: Final = {"en": 'the result of "{clause}"', "zh": "“{clause}”的结果"}
ITSELF: Final = {"en": "{value} itself", "zh": "{value}本身"}
UNCHANGED: Final = {"en": "leave {value} as it is", "zh": "保持{value}不变"}
FROM_STEP: Final = {"en": "the {noun} from step {number}", "zh": "第 {number} 步所得的{noun}"}
RESTRICTED: Final = {"en": "{value} ({restriction})", "zh": "{value}（{restriction}）"}
_ELEMENTS: Final = {
    "list[int]": {"en": ("number", "that number"), "zh": ("每个数", "该数")},
    "list[str]": {"en": ("string", "that string"), "zh": ("每个字符串", "该字符串")},
    "list[bool]": {"en": ("truth value", "that value"), "zh": ("每个真假值", "该值")},
    "list[list[int]]": {"en": ("row", "that row"), "zh": ("每一行", "该行")},
}


def element_words(values: ValueType, language: str) -> tuple[str, str]:
    """Return what an element of a list type is called, and how a clause refers to the one at hand."""
    return _ELEMENTS[values.annotation][language]
