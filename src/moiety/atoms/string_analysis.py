# ruff: noqa: B905
"""String analysis: ten atoms that measure, search or take apart a string or a list of strings.

Bodies are the text a model learns to write, so `zip` stands without `strict`. Not a tokenizer: letters are a to z.
"""

from __future__ import annotations

from moiety.atoms.definition import Atom, atom
from moiety.types import NonNegInt

TOPIC = "string analysis"


@atom(
    topic=TOPIC,
    english=[
        "add up the digits 0 to 9 that occur in {x} (0 if there are none)",
        "sum every digit character of {x}, one by one (0 without digits)",
        "compute the total of all single digits in {x}, other characters ignored (0 if none)",
        "read each digit 0-9 of {x} as a number and add them (0 if none)",
    ],
    chinese=[
        "将{x}中出现的数字 0 到 9 逐个相加（没有则得 0）",
        "求{x}中每个数字字符之和，一个一个加（无数字则得 0）",
        "计算{x}中所有单个数字的总和，忽略其他字符（没有则得 0）",
        "把{x}的每个数字 0-9 读作数并相加（没有则得 0）",
    ],
    examples=[(("x1y22z",), 5), (("",), 0), (("abc",), 0), (("-90",), 9)],
    quick=True,
)
def digit_total(s: str) -> NonNegInt:
    total = 0
    for ch in s:
        if ch in "0123456789":
            total += int(ch)
    return total


@atom(
    topic=TOPIC,
    english=[
        "add up the alphabet positions (a is 1) of the letters of {x}, ignoring case",
        "sum the letters of {x}, a as 1 to z as 26, either case, others 0",
        "give each letter of {x} its place in the alphabet from 1, case ignored, and add up",
        "put {x} in lower case and total its letters, a being 1 and z 26",
    ],
    chinese=[
        "将{x}中字母在字母表里的位置（a 为 1）相加，忽略大小写和其他字符",
        "对{x}的字母求和，a 算 1 到 z 算 26，不分大小写，其他字符算 0",
        "给{x}打分：每个字母取其在字母表中的位置（从 1 起），忽略大小写，再相加",
        "将{x}变为小写，求字母 a 到 z 的值之和，a 为 1，z 为 26（没有则得 0）",
    ],
    examples=[(("abc",), 6), (("",), 0), (("Z 9",), 26), (("a-A",), 2)],
    quick=True,
)
def letter_score(s: str) -> NonNegInt:
    total = 0
    for ch in s.lower():
        if "a" <= ch <= "z":
            total += ord(ch) - 96
    return total


@atom(
    topic=TOPIC,
    english=[
        "cut {x} into runs of equal neighbouring characters, in order",
        "split {x} before each character that differs from the one before it and list the parts",
        "list the stretches of one repeated character of {x}, each as long as possible, left to right",
        "group equal adjacent characters of {x} into strings and list them in order",
    ],
    chinese=[
        "将{x}切成由相邻相同字符组成的若干段，顺序不变",
        "在{x}中每个与前一字符不同的字符之前切开，列出各段",
        "从左到右把{x}分成由同一字符构成的段，每段尽量长",
        "把{x}中相邻的相同字符合成字符串，按顺序列出",
    ],
    examples=[(("aabbba",), ["aa", "bbb", "a"]), (("",), []), (("x",), ["x"]), (("ab",), ["a", "b"])],
    quick=True,
)
def split_runs(s: str) -> list[str]:
    starts = [i for i, ch in enumerate(s) if i == 0 or s[i - 1] != ch]
    return [s[a:b] for a, b in zip(starts, [*starts[1:], len(s)])]


@atom(
    topic=TOPIC,
    english=[
        "list the indices of the vowels aeiou in {x}, either case, counting from 0",
        "give the positions from 0 of all vowels aeiou of {x}, upper or lower case",
        "find where in {x} a vowel aeiou or AEIOU stands and list indices from 0",
        "collect every index (from 0) in {x} whose character is one of aeiou or AEIOU",
    ],
    chinese=[
        "列出{x}中元音 a、e、i、o、u 的下标，不分大小写，从 0 数起",
        "给出{x}中所有元音 aeiou 的位置（从 0 起），大小写都算",
        "找出{x}中元音（aeiou 或 AEIOU）所在之处，列出下标（首字符的下标为 0）",
        "收集{x}中字符属于 aeiou 或 AEIOU 的每个下标（从 0 起）",
    ],
    examples=[(("Hello",), [1, 4]), (("",), []), (("xyz",), []), (("A e",), [0, 2])],
    quick=True,
)
def vowel_positions(s: str) -> list[int]:
    places = []
    for i, ch in enumerate(s):
        if ch in "aeiouAEIOU":
            places.append(i)
    return places


@atom(
    topic=TOPIC,
    english=[
        "find the longest palindrome among the substrings of {x}, the first of several",
        "take the longest stretch of {x} that reads the same backwards, ties to the earlier",
        "return the first of the longest substrings of {x} equal to their own reverse",
        "cut the longest part out of {x} that is equal to itself reversed, the earliest of equals",
    ],
    chinese=[
        "求{x}的子串中最长的回文，有多个时取第一个",
        "取{x}中正读反读都一样的最长一段，长度相同取靠前的",
        "返回{x}的子串里与自身反转相等的最长者中的第一个",
        "从{x}中截出与自身反转相等的最长部分，长度相等时取最早的",
    ],
    examples=[(("xabbay",), "abba"), (("",), ""), (("abc",), "a"), (("aba bab",), "aba")],
)
def longest_palindrome(s: str) -> str:
    best = ""
    for i in range(len(s)):
        for end in (i, i + 1):
            a, b = i, end
            while a >= 0 and b < len(s) and s[a] == s[b]:
                a, b = a - 1, b + 1
            if b - a - 1 > len(best):
                best = s[a + 1 : b]
    return best


@atom(
    topic=TOPIC,
    english=[
        "count the vowels aeiou, either case, in each string of {x}",
        "list for every string of {x} how many of its characters are vowels (aeiou or AEIOU)",
        "replace each string of {x} by its number of vowels a, e, i, o, u, case ignored",
        "give the vowel counts (aeiou, upper and lower case) of the strings of {x} in order",
    ],
    chinese=[
        "数出{x}的每个字符串中元音 aeiou 的个数，不分大小写",
        "对{x}的每个字符串，列出其中有几个字符是元音（aeiou 或 AEIOU）",
        "把{x}的每个字符串换成其中元音 a、e、i、o、u 的个数，忽略大小写",
        "按顺序给出{x}中各字符串的元音数（aeiou，大小写都算）",
    ],
    examples=[((["one", "Two", "x"],), [2, 1, 0]), (([],), []), (([""],), [0]), ((["AEI"],), [3])],
)
def vowel_counts(words: list[str]) -> list[int]:
    counts = []
    for word in words:
        counts.append(sum(1 for ch in word if ch in "aeiouAEIOU"))
    return counts


@atom(
    topic=TOPIC,
    english=[
        "find the longest common beginning of all strings of {x} (empty if there is none)",
        "take the longest string that every string of {x} starts with (empty if {x} is empty)",
        "return the greatest shared prefix of the strings of {x}, or the empty string for no strings",
        "give as one string the whole beginning that all strings of {x} share (empty if no strings)",
    ],
    chinese=[
        "求{x}中所有字符串的最长公共开头（没有则得空串）",
        "取{x}的每个字符串都以之开头的最长字符串（{x}为空则得空串）",
        "返回{x}中各字符串共有的最长前缀，没有字符串则得空串",
        "给出{x}的各字符串开头完全相同的部分（没有字符串则得空串）",
    ],
    examples=[((["abc", "abd", "ab"],), "ab"), (([],), ""), ((["x", "y"],), ""), ((["one"],), "one")],
)
def common_prefix(words: list[str]) -> str:
    prefix = words[0] if words else ""
    for word in words:
        while not word.startswith(prefix):
            prefix = prefix[:-1]
    return prefix


@atom(
    topic=TOPIC,
    english=[
        "count the fewest single-character insertions, deletions and replacements that turn {x} into {y}",
        "compute the edit distance of {x} and {y} (insert, delete or replace one character, cost 1 each)",
        "give the Levenshtein distance between {x} and {y} (fewest characters inserted, deleted or replaced)",
        "tell the least number of edits (one character added, removed or changed) from {x} to {y}",
    ],
    chinese=[
        "求把{x}变成{y}最少需要多少次单字符的插入、删除和替换",
        "计算{x}与{y}的编辑距离（插入、删除或替换一个字符，各计 1）",
        "给出{x}与{y}之间的莱文斯坦距离（单个字符增、删、改的最少次数）",
        "求从{x}到{y}至少需要多少次编辑（增加、去掉或改变一个字符）",
    ],
    examples=[(("kitten", "sitting"), 3), (("", "ab"), 2), (("abc", "abc"), 0), (("ab", "ba"), 2)],
)
def edit_distance(s: str, t: str) -> NonNegInt:
    costs = list(range(len(t) + 1))
    for i, a in enumerate(s, start=1):
        last = [i]
        for j, b in enumerate(t):
            last.append(min(costs[j] + (a != b), costs[j + 1] + 1, last[j] + 1))
        costs = last
    return costs[-1]


@atom(
    topic=TOPIC,
    english=[
        "tell whether no character of {x} occurs twice, case ignored (true if empty)",
        "check whether all characters of {x} are different after lowering it (true if empty)",
        "decide whether {x}, put in lower case, repeats no character (true if empty)",
        "tell whether {x} is free of repeated characters, upper and lower case taken as equal (true if empty)",
    ],
    chinese=[
        "判断{x}中是否没有字符出现两次，忽略大小写（空则为真）",
        "检查{x}变为小写后所有字符是否各不相同（空则为真）",
        "判定{x}改成小写后是否没有重复的字符（空则为真）",
        "判断{x}是否没有重复字符，大小写视为相同（空则为真）",
    ],
    examples=[(("abc",), True), (("",), True), (("aA",), False), (("a  b",), False)],
)
def is_isogram(s: str) -> bool:
    lowered = s.lower()
    return len(set(lowered)) == len(lowered)


@atom(
    topic=TOPIC,
    english=[
        "list the whole numbers written in {x} as runs of digits 0-9, left to right, signs ignored",
        "read every whole run of digits 0 to 9 in {x} as a number and list them in order",
        "extract all numbers from {x}, digits next to each other belonging together, no signs",
        "collect the numbers that the digit runs of {x} spell, in order, other characters only separating",
    ],
    chinese=[
        "列出{x}中由连续数字 0-9 写成的整数，从左到右，忽略正负号",
        "把{x}中每段连续数字 0 到 9（尽量长）读作一个数，按顺序列出",
        "从{x}中依次提取所有的数，相邻数字属于同一个数，不看符号",
        "按顺序收集{x}中各段连续数字所表示的数，其他字符只作分隔",
    ],
    examples=[(("x1y22z",), [1, 22]), (("",), []), (("-7 007",), [7, 7]), (("abc",), [])],
)
def numbers_in(s: str) -> list[int]:
    spaced = ""
    for ch in s:
        spaced += ch if ch in "0123456789" else " "
    return [int(part) for part in spaced.split()]


ATOMS: tuple[Atom, ...] = (
    digit_total,
    letter_score,
    split_runs,
    vowel_positions,
    longest_palindrome,
    vowel_counts,
    common_prefix,
    edit_distance,
    is_isogram,
    numbers_in,
)
