# ruff: noqa: B905, RUF007
"""String transformation: ten atoms from strings to strings, or between a string and its words.

Bodies are the text a model learns to write, so `zip` stands without `strict`. Case is Python's (`upper`, `lower`).
"""

from __future__ import annotations

from moiety.atoms.definition import Atom, atom

TOPIC = "string transformation"


@atom(
    topic=TOPIC,
    english=[
        "swap every two neighbouring characters of {x}, an odd last one stays",
        "cut {x} into pairs of characters and reverse each pair, an odd last character stays",
        "exchange neighbouring characters of {x} two by two, an odd last one stays",
        "reverse each block of two characters of {x}, a single one at the end stays",
    ],
    chinese=[
        "将{x}的字符从头起两两互换，多出的最后一个不变",
        "把{x}按两个字符一组切开并反转每组，多出的最后一个字符不变",
        "交换{x}的第一和第二个字符、第三和第四个字符，依此类推，多出的最后一个不变",
        "将{x}每两个字符组成的块反转，末尾单个字符不变",
    ],
    examples=[(("abcde",), "badce"), (("",), ""), (("a",), "a"), (("1 2",), " 12")],
    quick=True,
)
def swap_neighbours(s: str) -> str:
    out = ""
    for i in range(0, len(s), 2):
        out += s[i : i + 2][::-1]
    return out


@atom(
    topic=TOPIC,
    english=[
        "reverse each word of {x}, words being split at single spaces and all spaces kept",
        "write every word of {x} backwards, keeping the order of words and all spaces",
        "split {x} at each space, reverse every part and join them with spaces again",
        "turn each part of {x} between spaces around, leaving the spaces in place",
    ],
    chinese=[
        "将{x}中每个单词的字符反转，以单个空格为界，空格全部保留",
        "把{x}的每个单词倒着写，单词顺序和所有空格不变",
        "将{x}在每个空格处切开，反转每一部分，再用空格连接",
        "把{x}中空格之间的每一部分颠倒过来，空格仍作分隔",
    ],
    examples=[(("the cat",), "eht tac"), (("",), ""), (("  two  gaps ",), "  owt  spag "), (("ab",), "ba")],
    quick=True,
)
def reverse_each_word(s: str) -> str:
    words = s.split(" ")
    return " ".join(word[::-1] for word in words)


@atom(
    topic=TOPIC,
    english=[
        "remove the vowels a, e, i, o, u from {x}, in upper and lower case",
        "drop every a, e, i, o and u from {x}, capitals too, and keep the rest",
        "keep only the characters of {x} that are not vowels (aeiou, either case)",
        "delete all vowels aeiou and AEIOU from {x}",
    ],
    chinese=[
        "删除{x}中的元音字母 a、e、i、o、u，大小写都删",
        "去掉{x}中所有的 a、e、i、o、u，包括大写，其余保留",
        "只保留{x}中不是元音（aeiou，不分大小写）的字符",
        "从{x}中删去全部元音字母 aeiou 和 AEIOU",
    ],
    examples=[(("Hello World",), "Hll Wrld"), (("",), ""), (("aEi",), ""), (("x1y",), "x1y")],
    quick=True,
)
def drop_vowels(s: str) -> str:
    out = ""
    for ch in s:
        if ch not in "aeiouAEIOU":
            out += ch
    return out


@atom(
    topic=TOPIC,
    english=[
        "write the characters of {x} in upper and lower case in turn, the first in upper case",
        "make the characters of {x} at even indices upper case and the others lower case",
        "change every second character of {x} from the first on to upper case, the others to lower",
        "alternate the case of {x} by index, counting every character and starting with upper case",
    ],
    chinese=[
        "将{x}的字符依次交替写成大写和小写，第一个为大写",
        "把{x}中偶数下标的字符变为大写，其余变为小写",
        "将{x}的第 1、3、5 等字符变为大写，其余字符变为小写",
        "按下标交替改变{x}的大小写，每个字符都计数，从大写开始",
    ],
    examples=[(("abcd",), "AbCd"), (("",), ""), (("A b",), "A B"), (("HELLO",), "HeLlO")],
    quick=True,
)
def alternate_case(s: str) -> str:
    out = ""
    for i, ch in enumerate(s):
        out += ch.upper() if i % 2 == 0 else ch.lower()
    return out


@atom(
    topic=TOPIC,
    english=[
        "split {x} at whitespace and sort the words by length, shortest first, ties in order",
        "list the words of {x}, split at whitespace, from shortest to longest, equally long ones in their order",
        "cut {x} into words at whitespace and order them by rising length, equals in order",
        "give the words of {x} (split at whitespace) by number of characters, short first, ties as they stand",
    ],
    chinese=[
        "将{x}按空白切分，并按长度对单词排序，短的在前，等长的保持原序",
        "从最短到最长列出{x}按空白切分的单词，等长的按原来的顺序",
        "在空白处把{x}切成单词，按长度递增排列，相等的保持顺序",
        "给出{x}的单词（按空白切分），按字符数排序，短的在前，相同的按原顺序",
    ],
    examples=[(("the quick ox",), ["ox", "the", "quick"]), (("",), []), (("b a",), ["b", "a"]), ((" x ",), ["x"])],
    quick=True,
)
def words_by_length(s: str) -> list[str]:
    words = s.split()
    return sorted(words, key=len)


@atom(
    topic=TOPIC,
    english=[
        "join the strings of {x}, all but the first capitalized (first character upper, rest lower case)",
        "glue the strings of {x} together, the first unchanged, others with first character upper, rest lower case",
        "put the strings of {x} together, each but the first with a capital first character and the rest lower case",
        "join the strings of {x}, the first as it is, every other with first character raised and the rest lowered",
    ],
    chinese=[
        "将{x}的字符串不加空格连接，除第一个外都改为首字母大写、其余小写",
        "把{x}的字符串按驼峰写法拼在一起，第一个不变，其他改为首字母大写、其余小写",
        "将{x}的字符串依次相接，除第一个外，各自首字符大写、后面都小写",
        "把{x}中除第一个外的每个字符串改为首字母大写、其余小写，再全部连接",
    ],
    examples=[((["get", "next", "ITEM"],), "getNextItem"), (([],), ""), ((["Ab"],), "Ab"), ((["", "x"],), "X")],
    quick=True,
)
def camel_case(words: list[str]) -> str:
    out = ""
    for i, word in enumerate(words):
        out += word if i == 0 else word.capitalize()
    return out


@atom(
    topic=TOPIC,
    english=[
        "reduce every run of equal neighbouring characters in {x} to one of them",
        "remove each character of {x} that equals the one just before it",
        "squeeze repeated adjacent characters of {x} into a single one",
        "keep the first character of {x} and each one that differs from the character before it",
    ],
    chinese=[
        "将{x}中每段相邻的相同字符缩减为一个",
        "删除{x}中与紧邻的前一个字符相同的字符",
        "把{x}中相邻重复的字符压缩成一个",
        "保留{x}的第一个字符和每个与前一个字符不同的字符",
    ],
    examples=[(("aabbb",), "ab"), (("",), ""), (("aba",), "aba"), (("  x",), " x")],
)
def squeeze_repeats(s: str) -> str:
    out = s[:1]
    for before, ch in zip(s, s[1:]):
        if ch != before:
            out += ch
    return out


@atom(
    topic=TOPIC,
    english=[
        "turn {x} into snake case: lower each capital A to Z, an underscore before it except at the start",
        "rewrite {x} in snake case: lower the capitals A to Z and put an underscore before them, not at the start",
        "replace each capital A to Z of {x} by an underscore and its lower case, without underscore at the start",
        "lower every capital A to Z in {x} and mark it with an underscore in front, except the first character",
    ],
    chinese=[
        "把{x}改成蛇形写法：在每个大写字母 A 到 Z 前加下划线（开头除外）并改为小写",
        "将{x}改写为蛇形：大写字母 A 到 Z 改为小写并在前面加下划线，开头不加",
        "将{x}中每个大写字母 A 到 Z 换成下划线加小写字母，开头不加下划线",
        "把{x}中每个大写字母 A 到 Z 变为小写并在前面加下划线，第一个字符除外",
    ],
    examples=[(("getNextItem",), "get_next_item"), (("",), ""), (("AB c",), "a_b c"), (("x1",), "x1")],
)
def snake_case(s: str) -> str:
    out = ""
    for i, ch in enumerate(s):
        if "A" <= ch <= "Z":
            out += ("_" if i > 0 else "") + ch.lower()
        else:
            out += ch
    return out


@atom(
    topic=TOPIC,
    english=[
        "turn words of {x} into pig Latin (all before the first lower case aeiou goes last, then ay), joined by spaces",
        "move what precedes the first lower case aeiou in every word of {x} to its end, add ay, join with spaces",
        "split {x} at whitespace, move each word's part before its first lower case aeiou last, add ay, join by spaces",
        "put what precedes the first lower case aeiou (all if none) of each word of {x} last, add ay, join with spaces",
    ],
    chinese=[
        "将{x}的每个单词改成猪拉丁文（首个小写 aeiou 之前的部分移到末尾，再加 ay），用空格连接",
        "把{x}每个单词中第一个小写 aeiou 之前的字符移到词尾，加上 ay，用一个空格连接",
        "用猪拉丁文写{x}：按空白分词，每词第一个小写 aeiou 之前的部分放到最后，再加 ay，以空格连接",
        "把{x}的每个单词中首个小写元音 aeiou 之前的部分（没有则整词）放到最后，加 ay，用空格连接",
    ],
    examples=[(("the apple",), "ethay appleay"), (("",), ""), (("  my ",), "myay"), (("A",), "Aay")],
)
def pig_latin(s: str) -> str:
    words = []
    for word in s.split():
        i = 0
        while i < len(word) and word[i] not in "aeiou":
            i += 1
        words.append(word[i:] + word[:i] + "ay")
    return " ".join(words)


@atom(
    topic=TOPIC,
    english=[
        "take characters of {x} and {y} in turn, starting with {x}, then append what is left of the longer",
        "interleave {x} and {y} character by character, {x} first, the rest of the longer one at the end",
        "merge {x} with {y} by alternating their characters, {x} first, and add the leftover",
        "weave {x} and {y} together, one character each and {x} first, surplus characters last",
    ],
    chinese=[
        "从{x}和{y}轮流取字符，先取{x}，再接上较长者剩下的部分",
        "将{x}与{y}逐字符交错，{x}在先，较长者多出的部分放在末尾",
        "交替取字符来合并{x}与{y}，{x}在先，再加上剩余部分",
        "把{x}和{y}编织在一起，各取一个字符，{x}在先，多余的字符放最后",
    ],
    examples=[(("abc", "12345"), "a1b2c345"), (("", "x"), "x"), (("x", ""), "x"), (("ab", "cd"), "acbd")],
)
def interleave_strings(s: str, t: str) -> str:
    shared = min(len(s), len(t))
    pairs = "".join(a + b for a, b in zip(s, t))
    return pairs + s[shared:] + t[shared:]


ATOMS: tuple[Atom, ...] = (
    swap_neighbours,
    reverse_each_word,
    drop_vowels,
    alternate_case,
    words_by_length,
    camel_case,
    squeeze_repeats,
    snake_case,
    pig_latin,
    interleave_strings,
)
