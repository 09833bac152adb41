"""The words of instructions: written Chinese, clauses that every sentence template can take, none for two behaviours.

Read by rule, not by sense: whether a clause fixes the behaviour is for a reader to say.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

import pytest

from moiety.atoms import Atom, catalogue
from moiety.atoms.generic import generic_operations
from moiety.judge.codec import encode
from moiety.synthesis.describe import TEMPLATES, describe
from moiety.synthesis.graph import chain
from moiety.types import LANGUAGES, all_types, edge_cases, indefinite, is_subtype, noun

EVERY = pytest.mark.parametrize("atom", catalogue(), ids=lambda a: a.name)
IN_EACH_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)
UNARY = tuple(atom for atom in catalogue() if len(atom.inputs) == 1)

CODE = re.compile(r"'[^']*'|\{[a-z]+\}")
ASCII_PUNCTUATION = re.compile(r"[,.;:()!?\"']")
HAN = r"[\u4e00-\u9fff]"
WRONG_SPACE = re.compile(
    r"\s[，。；：、（）]|[，。；：、（）]\s"  # beside punctuation
    rf"|(?:{HAN}|\}})\s+(?:{HAN}|\{{)|\s\s"  # between characters
    rf"|{HAN}[A-Za-z0-9<>=-]|[A-Za-z0-9<>=]{HAN}"  # none between a character and a Latin token
)
DOUBLED = {
    "en": re.compile(r"[,.;:]\s*[,.;:)]|\([,.;:\s]|\s[,.;:)]|\s\s|\b([a-z]+) \1\b|\b(then|next|last|finally) then\b"),
    "zh": re.compile("[，。；：、]{2}|[，。；：、]）|（[，。；：、）]|先先|再再|(然后|接着|最后|之后)(再|然后|最后)"),
}
# A clause follows "what you get when you ...", "First ...", 先 and 再, so it starts with its verb or an adverb of it.
NOT_FIRST = {
    "en": re.compile(r"(?:a|an|the|if|in|for|from|of|per|when|while|with|by|on|at|all|each|every|its|then|first)\b"),
    "zh": re.compile(r"\{|若|如果|仅当|当|除|先|再|然后|最后|接着|其"),
}
# An operand is called by what stands for {x}: a clause that says "the list" gives one value two names.
OWN_NOUN = {
    "en": re.compile(
        r"\b(?:the|this|that) (?:list|number|string|table|result|results|original)\b(?! of\b| line\b)|\bresults?\b"
    ),
    "zh": re.compile("这个|子列表|当前|结果|(?:前一个|后一个|该|原)列表|列表中|空列表为"),
}
# Whatever the operand is called, "{y} times" and "index {y}" put its noun beside another.
BESIDE_NOUN = {
    "en": re.compile(
        r"(?<!\d times )\{[xyz]\} (?:times|places|positions|steps)\b|\b(?:index|position|power|number) \{"
    ),
    "zh": re.compile(r"\{[xyz]\}(?:次|位|步|个)"),
}
# What only some characters decide is said of these alone: by the atom's code, then by the words of each clause.
ONLY_LOWER = re.compile(r'"a" <= ch <= "z"|in "aeiou"(?!A)')
ONLY_UPPER = re.compile(r'"A" <= ch <= "Z"')
VOWELS = re.compile(r"a\W*e\W*i\W*o\W*(?:and )?u")
STEP_MARKS = {"en": re.compile(r"[.;]"), "zh": re.compile(r"[。；]")}


def clauses(atom: Atom, language: str) -> tuple[str, ...]:
    return atom.english if language == "en" else atom.chinese


def chinese_texts() -> Iterator[str]:
    """Yield every piece of Chinese that an instruction is made of."""
    for operation in (*catalogue(), *generic_operations()):
        yield from operation.chinese
    for t in all_types():
        yield from (noun(t, "zh"), indefinite(t, "zh"))
    for form in TEMPLATES["zh"]:
        yield from (form.frame, form.join, form.last_join, form.alone)


def sentences(language: str) -> Iterator[str]:
    """Yield every clause of every unary atom in every template: alone, and first, last and between in a chain."""
    for atom in UNARY:
        others = [a for a in UNARY if a.name != atom.name]
        before = [a for a in others if is_subtype(a.output, atom.inputs[0])][:1]
        after = [a for a in others if is_subtype(atom.output, a.inputs[0])][:1]
        chains: list[list[Atom]] = [[atom], [atom, *after], [*before, atom], [*before, atom, *after]]
        for graph, place in [(chain(atoms), atoms.index(atom)) for atoms in chains]:
            for template in range(len(TEMPLATES[language])):
                for number in range(len(clauses(atom, language))):
                    wording = [number if step == place else template % 4 for step in range(graph.size)]
                    yield describe(graph, template=template, wording=wording, language=language)


def test_chinese_is_punctuated_as_chinese() -> None:
    assert [text for text in chinese_texts() if ASCII_PUNCTUATION.search(CODE.sub("", text))] == []
    assert [text for text in chinese_texts() if WRONG_SPACE.search(text) or DOUBLED["zh"].search(text)] == []


def test_the_rule_sees_unwritten_chinese() -> None:
    for text in ("给定{x},排序", "排序(空则为空)", "取第3个", "取 3个", "数出 {x}", "排序， 再反转", "排序。。"):
        seen = ASCII_PUNCTUATION.search(CODE.sub("", text)) or WRONG_SPACE.search(text) or DOUBLED["zh"].search(text)
        assert seen, text


@EVERY
@IN_EACH_LANGUAGE
def test_clauses_fit_every_template(atom: Atom, language: str) -> None:
    """Joins are full stops and semicolons, so that none may stand in a clause."""
    assert len(set(clauses(atom, language))) == len(clauses(atom, language)) >= 4
    for clause in clauses(atom, language):
        assert not NOT_FIRST[language].match(clause), clause
        assert not STEP_MARKS[language].search(clause), clause
        opened, closed = ("(", ")") if language == "en" else ("（", "）")
        assert clause.count(opened) == clause.count(closed), clause


def test_there_are_eight_templates_in_each_language() -> None:
    for forms in TEMPLATES.values():
        assert len({form.frame for form in forms}) == len(forms) >= 8
        assert all("{steps}" in form.frame for form in forms)


@IN_EACH_LANGUAGE
def test_joined_sentences_are_well_formed(language: str) -> None:
    stop = "." if language == "en" else "。"
    for text in sentences(language):
        assert not DOUBLED[language].search(text), text
        assert text.endswith(stop), text
        assert "{" not in text, text
        if language == "en":
            assert all(part[0].isupper() for part in text.split(". ")), text


@EVERY
@IN_EACH_LANGUAGE
def test_no_clause_names_its_operand_by_a_noun_of_its_own(atom: Atom, language: str) -> None:
    for clause in clauses(atom, language):
        assert not OWN_NOUN[language].search(clause), clause
        assert not BESIDE_NOUN[language].search(clause), clause


@IN_EACH_LANGUAGE
def test_the_rule_sees_operands_beside_nouns(language: str) -> None:
    beside = {"en": ["move it {y} times", "with index {x}: 0 is A"], "zh": ["重复{y}次", "循环右移{y}个位置"]}
    own = {
        "en": ["count the smaller values in the list", "list the results"],
        "zh": ["数出列表中较小的值", "前一个列表优先"],
    }
    assert all(BESIDE_NOUN[language].search(text) for text in beside[language])
    assert all(OWN_NOUN[language].search(text) for text in own[language])


@EVERY
@IN_EACH_LANGUAGE
def test_clauses_say_which_characters_count(atom: Atom, language: str) -> None:
    lower, upper = ("lower case", "capital") if language == "en" else ("小写", "大写")
    folded = ".lower()" in atom.source
    for clause in clauses(atom, language):
        assert folded or not ONLY_LOWER.search(atom.source) or lower in clause, clause
        assert not ONLY_UPPER.search(atom.source) or upper in clause, clause
        assert "aeiou" not in atom.source or VOWELS.search(clause), clause


@EVERY
@IN_EACH_LANGUAGE
def test_clauses_say_what_empty_input_gives_and_when_rows_come_out(atom: Atom, language: str) -> None:
    """A truth about a list or text that may be empty says which it is then; rows are called rows."""
    empty, row = ("empty", "row") if language == "en" else ("空", "行")
    taken, given = atom.inputs[0].annotation, atom.output.annotation
    for clause in clauses(atom, language):
        assert given != "bool" or taken == "int" or empty in clause, clause
        assert given != "list[list[int]]" or taken == given or row in clause, clause


@EVERY
def test_atoms_show_three_edge_cases(atom: Atom) -> None:
    """Examples begin with edge cases or hold them: empty, zero, one element, negative, repeated."""
    assert len({encode(arguments) for arguments, _ in atom.examples}) >= 3
    assert all(len(edge_cases(t)) >= 3 for t in atom.inputs)


@IN_EACH_LANGUAGE
def test_no_clause_says_what_two_atoms_do(language: str) -> None:
    """Compared as read: with the noun put in, without punctuation and spaces."""
    said: dict[str, set[str]] = defaultdict(set)
    for atom in (*catalogue(), *generic_operations()):
        for clause in clauses(atom, language):
            for place, t in zip(("{x}", "{y}"), atom.inputs, strict=False):
                clause = clause.replace(place, noun(t, language))
            said[re.sub(r"[\s,:()，：、（）]", "", clause)].add(atom.name)
    assert [names for names in said.values() if len(names) > 1] == []
