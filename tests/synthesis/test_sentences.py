"""Sentences at which a reader stopped stay away: over functions of every shape, in every template of both languages.

Each rule is one kind of fault: a noun met twice in "the number of the number", two nouns for one value, a name after
the whole phrase of its type, a value that is not said to be of which step, a domain that is nowhere said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from moiety.atoms import Atom, atom_named, catalogue
from moiety.rng import stream
from moiety.synthesis.derived import choice, mapped, pair
from moiety.synthesis.describe import TEMPLATES, describe, paraphrases
from moiety.synthesis.draw import Cell, Space
from moiety.synthesis.graph import Call, Graph, chain, input_names
from moiety.synthesis.speak import Speaker
from moiety.synthesis.vocabulary import coin_words, reword
from moiety.types import LANGUAGES, bare_noun, restriction, value_type

CELLS = (
    *(Cell(depth) for depth in (1, 2, 3)),
    *(Cell(depth, shape) for depth in (1, 3) for shape in ("conditional", "pair")),
    *(Cell(depth, shape) for depth in (2, 3) for shape in ("map", "tree")),
    Cell(1, "tree", 2),
    Cell(2, "tree", 2),
    Cell(3, "tree", 3),
    Cell(3, "tree+pair", 2),
    Cell(4, "tree+conditional+map", 2),
)
SPACE = Space(catalogue())
WORDS = coin_words([atom.name for atom in catalogue()], seed=0)
DRAWS = 12
IN_EACH_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)

NEVER = {
    "en": re.compile(
        r"\b(\w+?)s? of (?:(?:the|that|each|every) )?\1s?\b"  # the number of the number, the rows of rows
        r"|, and last\b|\blast value\b"
        r"|\bthe number(?: from step \d+)? (?:times|places|positions|steps)\b"
        r"|\b(?:index|position|power|number) the (?:number|list|string|table)\b",
        re.IGNORECASE,
    ),
    "zh": re.compile(r"子列表|当前结果|最后的值|最后的结果|两次都|每个行|(?:这个|所得的)数[次位个](?=[，。；”])"),
}
# "The result" is said of a clause just quoted, or of what the whole function gives; never of the value at hand.
RESULT = re.compile(r'\bthe result\b(?! of "| of the last| of that|[.]$|[.] Return)', re.IGNORECASE)
NOUN = {
    "en": re.compile(r"\b(?:the|that) (number|list|string|table)\b(?! of\b| line\b| from step)"),
    "zh": re.compile(r"这个(数|列表|字符串|表格)"),
}
STEP = {
    "en": re.compile(r"\bthe (number|list|string|table|truth value) from step (\d+)"),
    "zh": re.compile(r"第 (\d+) 步所得的(数|列表|字符串|表格|真假值)"),
}


def drawn(cell: Cell) -> Iterator[Graph]:
    for number in range(DRAWS):
        yield SPACE.draw(cell, stream(23, str(cell), number))


def wordings(graph: Graph, language: str, number: int) -> list[int]:
    return [number % len(options) for options in paraphrases(graph, language)]


def instructions(cell: Cell, language: str) -> Iterator[tuple[Graph, str]]:
    for place, plain in enumerate(drawn(cell)):
        for template in range(len(TEMPLATES[language])):
            for graph in (plain, reword(plain, WORDS)):
                wording = wordings(graph, language, place + template)
                yield graph, describe(graph, template=template, wording=wording, language=language)


@IN_EACH_LANGUAGE
@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_no_instruction_holds_what_made_a_reader_stop(cell: Cell, language: str) -> None:
    for _, text in instructions(cell, language):
        assert not NEVER[language].search(text), text
        assert not RESULT.search(text), text


@IN_EACH_LANGUAGE
@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_one_noun_for_the_value_at_hand(cell: Cell, language: str) -> None:
    """Within a step the value taken has one noun; from the second on, its first mention names the step it is from."""
    for place, graph in enumerate(drawn(cell)):
        for template in range(len(TEMPLATES[language])):
            numbers = wordings(graph, language, place)
            clauses = [o[n] for o, n in zip(paraphrases(graph, language), numbers, strict=True)]
            speaker = Speaker(graph, clauses, template=template, language=language)
            taken = 0
            for done, segment in enumerate(graph.segments):
                text = speaker.step(segment)
                mapped = len(segment) == 1 and graph.calls[segment[0]].atom.topic == "map"
                said = set() if mapped and language == "en" else set(NOUN[language].findall(text))
                assert said <= {bare_noun(graph.types[taken], language)}, text
                named = {tuple(sorted(found)) for found in STEP[language].findall(text)}
                wanted = {tuple(sorted((bare_noun(graph.types[taken], language), str(done))))}
                assert named == (wanted if done and graph.shape != "chain" else set()), text
                taken = len(graph.inputs) + segment[-1]


@IN_EACH_LANGUAGE
@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell.inputs > 1], ids=str)
def test_a_name_follows_its_noun(cell: Cell, language: str) -> None:
    for graph in drawn(cell):
        given = Speaker(graph, (), template=0, language=language).inputs()
        for t, name in zip(graph.inputs, input_names(graph), strict=True):
            head = (
                rf"(?:integer|list|string|table|value) {name}\b" if language == "en" else rf"[^）] {name}(?![a-z0-9])"
            )
            assert re.search(head, given), (t.name, given)
        assert "rows" not in input_names(graph)


@IN_EACH_LANGUAGE
@pytest.mark.parametrize("atom", [a for a in catalogue() if any(t.parent for t in a.inputs)], ids=lambda a: a.name)
def test_the_domain_of_an_input_is_said_in_every_template(atom: Atom, language: str) -> None:
    graph = Graph(atom.inputs, (Call(atom, tuple(range(len(atom.inputs)))),))
    for template in range(len(TEMPLATES[language])):
        text = describe(graph, template=template, wording=[0], language=language)
        given = Speaker(graph, (), template=template, language=language).inputs()
        introduced = given.replace(" ", "") in text.replace(" ", "")
        for told in {restriction(t, language) for t in atom.inputs} - {""}:
            noted = text.count(f"({told})" if language == "en" else f"（{told}）")
            assert noted == (not introduced), text


def function(inputs: list[str], *calls: tuple[Atom, tuple[int, ...]]) -> Graph:
    return Graph(tuple(value_type(name) for name in inputs), tuple(Call(atom, taken) for atom, taken in calls))


def over(name: str) -> Atom:
    found = mapped(atom_named(name))
    assert found is not None
    return found


CHAINED = chain([atom_named("sieve_primes"), atom_named("reverse_list")])
MAPPED = function(["list[list[int]]"], (over("reverse_list"), (0,)), (over("sort_ascending"), (1,)))
CHOSEN = function(
    ["list[int]"],
    *((atom_named("prefix_sums"), (0,)), (atom_named("has_repeats"), (1,)), (atom_named("reverse_list"), (1,))),
    (choice(value_type("list[int]")), (2, 3, 1)),
)
PAIRED = function(["list[int]"], (atom_named("sort_ascending"), (0,)), (pair(*[value_type("list[int]")] * 2), (1, 0)))
TURNED = function(
    ["list[list[int]]", "list[int]", "small_nat"],
    (atom_named("zigzag_flatten"), (0,)),
    *((atom_named("elementwise_sum"), (3, 1)), (atom_named("bit_count"), (2,)), (atom_named("rotate_by"), (4, 5))),
)


@pytest.mark.parametrize(
    ("graph", "template", "english", "chinese"),
    [
        (
            CHAINED, 1,
            "List in order all prime numbers up to and including the number (from 0 to 1000), and finally reverse the"
            " order of the elements of the list.",
            "从 2 起依次列出不超过这个数（0 到 1000）的所有质数，最后反转这个列表中元素的顺序。",
        ),
        (
            CHAINED, 3,
            "Take an integer from 0 to 1000; list in order all prime numbers up to and including the number, and"
            " finally reverse the order of the elements of the list.",
            "取一个 0 到 1000 的整数，从 2 起依次列出不超过这个数的所有质数，最后反转这个列表中元素的顺序。",
        ),
        (
            MAPPED, 7,
            "Steps: (1) list in order, for each row of the table, what you get when you reverse the order of the"
            " elements of that row. (2) list in order, for each row of the table from step 1, what you get when you"
            " sort that row in ascending order. Return the result of the last one.",
            "步骤：（1）按顺序列出这个表格中每一行经如下操作的结果：反转该行中元素的顺序。"
            "（2）按顺序列出第 1 步所得的表格中每一行经如下操作的结果：把该行按升序排序。返回最后一步的结果。",
        ),
        (
            CHOSEN, 3,
            "Take a list of integers. 1) Replace each element of the list by the sum of all up to and including it."
            " 2) Tell whether some element of the list from step 1 occurs more than once (false if empty); if the"
            " answer is true, reverse the order of the elements of the list; if it is false, leave the list as it is."
            " Return the result of the last step.",
            "取一个整数列表。1）把这个列表的每个元素换成到它为止的总和。2）判断第 1 步所得的列表中是否有元素出现不止"
            "一次（空则为假）；如果为真，反转这个列表中元素的顺序；如果为假，保持这个列表不变。返回最后一步的结果。",
        ),
        (
            PAIRED, 0,
            'Given a list of integers, make a tuple of the result of "sort the list in ascending order" and the list'
            " itself. Return the result.",
            "给定一个整数列表，把“把这个列表按升序排序”的结果和这个列表本身依次放入一个元组。返回结果。",
        ),
        (
            TURNED, 5,
            "Write f that gets a table grid (a list of rows of integers, of any lengths), a list xs of integers and an"
            " integer n from 0 to 1000. Step 1, read the rows of grid into one list, every second row backwards, the"
            " first forwards. Step 2, add the list from step 1 and xs element by element, up to the shorter length."
            ' Step 3, find A, the result of "count the ones in the binary form of n, ignoring the sign"; with that'
            " value, rotate the list from step 2 to the right, A giving the number of places (to the left if"
            " negative). Return what comes out of the last step.",
            "编写函数 f，输入为一个表格 grid（由若干行整数组成，各行长度可以不同）、一个整数列表 xs 和一个 0 到 1000 的"
            "整数 n。步骤 1，将 grid 的各行读入一个列表，每隔一行倒读，第一行正读。步骤 2，把第 1 步所得的列表与 xs"
            " 逐个元素相加，到较短者为止。步骤 3，得到 A（“数出 n 的二进制中 1 的个数，忽略符号”的结果）；接下来把第 2"
            " 步所得的列表向右旋转，位数为 A，为负则向左旋转。返回最后一步的结果。",
        ),
    ],
)  # fmt: skip
def test_sentences_of_each_shape(graph: Graph, template: int, english: str, chinese: str) -> None:
    wording = [0] * len(graph.calls)
    assert describe(graph, template=template, wording=wording) == english
    assert describe(graph, template=template, wording=wording, language="zh") == chinese


def test_other_braces_of_a_clause_stay() -> None:
    atom = replace(atom_named("reverse_list"), english=("write {x} backwards between { and }, never {y}",))
    text = describe(chain([atom]), template=1, wording=[0])
    assert text == "Write the list backwards between { and }, never {y}."
