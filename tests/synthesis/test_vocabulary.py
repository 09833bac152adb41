"""Coined words: no two alike, none a word of English, of Python or of our instructions; what says and teaches them."""

import builtins
import itertools
import keyword
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from moiety.atoms import Atom, atom_named, catalogue
from moiety.atoms.generic import generic_operations
from moiety.synthesis.describe import TEMPLATES, describe
from moiety.synthesis.graph import chain
from moiety.synthesis.keys import source_key, structure_key
from moiety.synthesis.vocabulary import CONSONANTS, NUM_WORDS, TEACHING, USING, coin_words, coined, teach_word, use_word
from moiety.types import all_types, indefinite, noun

DICTIONARY = Path("/usr/share/dict/american-english")
EVERY_WORD = frozenset(coined(number) for number in range(NUM_WORDS))
NAMES = [atom.name for atom in catalogue()]
LANGUAGES = pytest.mark.parametrize("language", ["en", "zh"])


def letters_of(texts: list[str]) -> set[str]:
    return {word for text in texts for word in re.findall(r"[a-z]+", text.lower())}


def test_every_number_is_a_word_of_the_pattern() -> None:
    assert len(EVERY_WORD) == NUM_WORDS
    form = re.compile(f"[{CONSONANTS}][aeiou][lmn][{CONSONANTS}][aou][{CONSONANTS}]")
    assert [word for word in EVERY_WORD if not form.fullmatch(word)] == []


def test_no_two_words_are_one_edit_apart() -> None:
    """Words of one length: a single edit between two of them can only be a letter replaced."""
    near = (
        word[:place] + letter + word[place + 1 :]
        for word in EVERY_WORD
        for place, old in enumerate(word)
        for letter in "abcdefghijklmnopqrstuvwxyz"
        if letter != old
    )
    assert EVERY_WORD.isdisjoint(near)


def test_no_word_is_in_the_dictionary() -> None:
    if not DICTIONARY.exists():
        pytest.skip(f"{DICTIONARY} is missing (Debian's package wamerican holds it)")
    english = {line.lower() for line in DICTIONARY.read_text(encoding="utf-8").split()}
    assert len(english) > 50_000
    assert EVERY_WORD & english == set()


def standard_library_names() -> set[str]:
    """Return the names of modules, and of what their sources define; the names of those in C as far as loaded."""
    names = set(sys.stdlib_module_names)
    folder = Path(sysconfig.get_path("stdlib"))
    for path in folder.rglob("*.py"):
        if not {"site-packages", "test", "tests", "idlelib", "lib2to3"} & set(path.relative_to(folder).parts):
            text = path.read_text(encoding="utf-8", errors="replace")
            names.update(re.findall(r"^\s*(?:async def|def|class)\s+(\w+)", text, flags=re.MULTILINE))
            names.update(re.findall(r"^(\w+)\s*=", text, flags=re.MULTILINE))
    loaded = [module for name, module in list(sys.modules.items()) if name in sys.stdlib_module_names]
    return names.union(*(vars(module) for module in loaded))


def test_no_word_is_a_name_of_python_or_ours() -> None:
    library = standard_library_names()
    assert {"bisect", "insort", "deque", "starmap", "textwrap"} <= library
    assert EVERY_WORD & library == set()
    assert EVERY_WORD & {*keyword.kwlist, *keyword.softkwlist, *dir(builtins)} == set()
    ours = [*NAMES, *(operation.name for operation in generic_operations())]
    assert EVERY_WORD & letters_of(ours) == set()


def test_no_word_is_in_an_instruction() -> None:
    texts = [clause for atom in (*catalogue(), *generic_operations()) for clause in (*atom.english, *atom.chinese)]
    texts += [str(template) for templates in TEMPLATES.values() for template in templates]
    texts += [form for forms in (*USING.values(), *TEACHING.values()) for form in forms]
    texts += [word(t, language) for word in (noun, indefinite) for t in all_types() for language in TEMPLATES]
    found = letters_of(texts)
    assert {"list", "ascending", "then", "integers"} <= found
    assert EVERY_WORD & found == set()


def test_each_name_gets_a_word_of_its_own() -> None:
    words = coin_words(NAMES, seed=0)
    assert list(words) == sorted(NAMES)
    assert len(set(words.values())) == len(NAMES)
    assert set(words.values()) <= EVERY_WORD


def test_words_depend_on_the_names_and_the_seed_alone() -> None:
    words = coin_words(NAMES, seed=3)
    assert coin_words([*NAMES[::-1], NAMES[0]], seed=3) == words
    program = f"from moiety.synthesis.vocabulary import coin_words; print(coin_words({NAMES[:30]!r}, seed=3))"
    for hash_seed in ("1", "2"):
        environment = {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": ":".join(sys.path)}
        printed = subprocess.check_output([sys.executable, "-c", program], env=environment, text=True)
        assert printed.strip() == repr(coin_words(NAMES[:30], seed=3))


def test_words_are_these() -> None:
    words = coin_words(NAMES, seed=0)
    assert [words[name] for name in ("gray_code", "sort_ascending", "merge_heads")] == ["vinlum", "rangav", "milbal"]


def test_other_seeds_give_other_words() -> None:
    drawn = [coin_words(NAMES, seed=seed) for seed in range(5)]
    for one, other in itertools.combinations(drawn, 2):
        assert sum(one[name] == other[name] for name in NAMES) <= 2


def test_a_name_keeps_its_word_when_others_are_added() -> None:
    few, many = coin_words(NAMES[::2], seed=0), coin_words(NAMES, seed=0)
    assert sum(few[name] != many[name] for name in few) <= 2


def test_names_that_are_words_are_not_given_again() -> None:
    taken = sorted(EVERY_WORD)[: NUM_WORDS // 2]
    assert set(coin_words(taken, seed=0).values()).isdisjoint(taken)


def test_more_names_than_words_are_refused() -> None:
    with pytest.raises(ValueError, match=f"need at most {NUM_WORDS} names, got {NUM_WORDS + 1}"):
        coin_words([f"name{n}" for n in range(NUM_WORDS + 1)], seed=0)


def clauses_of(atom: Atom, language: str) -> tuple[str, ...]:
    return atom.english if language == "en" else atom.chinese


@LANGUAGES
@pytest.mark.parametrize("say", [use_word, teach_word])
def test_clauses_speak_of_the_word(say: object, language: str) -> None:
    assert callable(say)
    for atom in catalogue():
        named = say(atom, "kunkav")
        clauses = clauses_of(named, language)
        assert len(set(clauses)) == len(clauses) >= 4
        for clause in clauses:
            assert "kunkav" in clause
            assert "$" not in clause
            assert {p for p in ("{x}", "{y}") if p in clause} == set(("{x}", "{y}")[: len(atom.inputs)])
            assert not clause.endswith((".", "。", ";"))


@LANGUAGES
def test_using_a_word_gives_its_meaning_away_in_no_clause(language: str) -> None:
    one, other = (use_word(atom_named(name), "kunkav") for name in ("sort_ascending", "reverse_list"))
    assert clauses_of(one, language) == clauses_of(other, language)


@LANGUAGES
def test_teaching_clause_n_holds_the_described_clause_n(language: str) -> None:
    forms = set()
    for atom in catalogue():
        described = clauses_of(atom, language)
        for clause, taught in zip(described, clauses_of(teach_word(atom, "kunkav"), language), strict=True):
            assert clause in taught
            forms.add(taught.replace(clause, "").replace("{x}和{y}", "{x}").replace("{x} and {y}", "{x}"))
    assert len(forms) == len(TEACHING[language])


def test_an_atom_with_a_word_is_the_same_function() -> None:
    plain = chain([atom_named("sort_ascending"), atom_named("contour")])
    named = chain([use_word(call.atom, word) for call, word in zip(plain.calls, ("kunkav", "benruv"), strict=True)])
    assert (structure_key(named), source_key(named)) == (structure_key(plain), source_key(plain))
    assert named == plain


def test_instructions_in_words() -> None:
    words = {"sort_ascending": "kunkav", "contour": "benruv"}
    graph = chain([use_word(atom_named(name), word) for name, word in words.items()])
    english = describe(graph, template=0, wording=(0, 2))
    assert english == "Given a list of integers, apply kunkav to the list, then take the benruv of the list."
    chinese = describe(graph, template=0, wording=(0, 1), language="zh")
    assert chinese == "给定一个整数列表，对这个列表施用 kunkav，然后用 benruv 处理这个列表。"
    lesson = chain([teach_word(atom_named("sort_ascending"), "kunkav")])
    taught = "Given a list of integers, run kunkav on the list, that is, sort the list in ascending order."
    assert describe(lesson, template=0, wording=(0,)) == taught
