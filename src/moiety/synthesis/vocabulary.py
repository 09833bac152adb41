"""The `named` vocabulary: every atom bears a coined word, and what the word means is taught by atomic tasks alone.

A word is two closed syllables, `kunkav` or `benruv`: a consonant, a vowel, l, m or n; then a consonant, a, o or u, and
a last consonant that the five letters before it decide. That is a check letter: two words that differ in one place
before it differ in it too, so any two words are at least two edits apart; and none begins another, being as long.
No word of the pattern is English, a name of Python's or in our instructions: the tests go through all of them.
Not another set of functions: an atom that bears a word equals the plain one, and so do its keys and its split.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from string import Template
from typing import Final

from moiety.atoms.definition import PLACEHOLDERS, Atom
from moiety.rng import derive, stream
from moiety.synthesis.derived import plain_name
from moiety.synthesis.graph import Call, Graph

CONSONANTS: Final = "bdfgklmnprtvz"
PATTERN: Final = (CONSONANTS, "aeiou", "lmn", CONSONANTS, "aou")
# The rotation of the check letters is the one of thirteen that makes no word of the dictionary.
CHECK_LETTERS: Final = "tvzbdfgklmnpr"
NUM_WORDS: Final = 13 * 5 * 3 * 13 * 3

USING: Final = {
    "en": (
        "apply $word to $operands",
        "run $word on $operands",
        "take the $word of $operands",
        "pass $operands to $word",
        "use $word on $operands",
    ),
    "zh": (
        "对$operands施用 $word",
        "用 $word 处理$operands",
        "取$operands的 $word",
        "把$operands交给 $word",
        "在$operands上运行 $word",
    ),
}
TEACHING: Final = {
    "en": (
        "apply $word to $operands, which means: $clause",
        "run $word on $operands, that is, $clause",
        "$clause (the name of this is $word)",
        "use $word on $operands, meaning: $clause",
        "do what $word stands for: $clause",
    ),
    "zh": (
        "对$operands施用 $word，意思是：$clause",
        "用 $word 处理$operands，也就是$clause",
        "$clause（这叫 $word）",
        "在$operands上运行 $word，它表示：$clause",
        "做 $word 所指的事：$clause",
    ),
}
_JOINS: Final = {"en": (", ", " and "), "zh": ("、", "和")}


def coin_words(names: Sequence[str], *, seed: int) -> dict[str, str]:
    """Return a word for each name: the same whatever the order of the names, and another one for almost every seed.

    A name keeps its word when others are added, unless both drew the same one. Raises ValueError for more names than
    there are words.
    """
    distinct = sorted(set(names))
    if len(distinct) > NUM_WORDS:
        raise ValueError(f"need at most {NUM_WORDS} names, got {len(distinct)}")
    words: dict[str, str] = {}
    taken = set(distinct)
    for name in distinct:
        rng = stream(seed, "word", name)
        word = coined(rng.randrange(NUM_WORDS))
        while word in taken:
            word = coined(rng.randrange(NUM_WORDS))
        taken.add(word)
        words[name] = word
    return words


def coined(number: int) -> str:
    """Return word `number` of the pattern, from 0 to `NUM_WORDS` - 1."""
    letters, check = "", 0
    for options in PATTERN:
        number, place = divmod(number, len(options))
        letters += options[place]
        check += place
    return letters + CHECK_LETTERS[check % len(CHECK_LETTERS)]


def use_word(atom: Atom, word: str) -> Atom:
    """Return the atom as compositions speak of it: clauses that use the word and do not say what it means."""
    english, chinese = (tuple(_filled(form, atom, word, language) for form in USING[language]) for language in USING)
    return replace(atom, english=english, chinese=chinese)


def teach_word(atom: Atom, word: str) -> Atom:
    """Return the atom as its atomic task speaks of it: each clause also says that this is what the word means.

    Clause n holds the described clause n, so that a paraphrase held out stays held out; which form goes with which
    clause differs from atom to atom.
    """
    shift = derive(0, "teaching form", atom.name)
    taught = {}
    for language, clauses in (("en", atom.english), ("zh", atom.chinese)):
        forms = TEACHING[language]
        numbered = enumerate(clauses, start=shift)
        taught[language] = tuple(_filled(forms[n % len(forms)], atom, word, language, clause=c) for n, c in numbered)
    return replace(atom, english=taught["en"], chinese=taught["zh"])


def reword(graph: Graph, words: Mapping[str, str]) -> Graph:
    """Return the graph whose atoms bear their words: taught in a graph of one atom, used in any other."""
    form = teach_word if len(graph.calls) == 1 else use_word

    def called(atom: Atom) -> Atom:
        name = plain_name(atom)
        return atom if name is None else form(atom, words[name])

    return Graph(graph.inputs, tuple(Call(called(call.atom), call.arguments) for call in graph.calls))


def rename_helpers(source: str, words: Mapping[str, str]) -> str:
    """Return source whose helper functions, defined or called, bear the words of their atoms."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.name = words.get(node.name, node.name)
        elif isinstance(node, ast.Name):
            node.id = words.get(node.id, node.id)
    return ast.unparse(tree) + "\n"


def _filled(form: str, atom: Atom, word: str, language: str, *, clause: str = "") -> str:
    comma, last = _JOINS[language]
    *first, final = PLACEHOLDERS[: len(atom.inputs)]
    operands = f"{comma.join(first)}{last}{final}" if first else final
    return Template(form).substitute(word=word, operands=operands, clause=clause)
