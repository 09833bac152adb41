# ruff: noqa: B905
"""Encoding and conversion: ten atoms between numbers, lists and their written forms.

Bodies are the text a model learns to write, so `zip` stands without `strict`. Not cryptography.
"""

from __future__ import annotations

from moiety.atoms.definition import Atom, atom
from moiety.types import NonEmptyStr, NonNegInt, SmallNat

TOPIC = "encoding and conversion"


@atom(
    topic=TOPIC,
    english=[
        "write {x} in base 3, without its sign",
        "give the base 3 digits of the absolute value of {x} as a string",
        "convert {x} without its sign to ternary text (0 gives 0)",
        "spell the size of {x} with the digits 0, 1, 2 in base 3, sign dropped",
    ],
    chinese=[
        "将{x}写成三进制，不带符号",
        "以字符串给出{x}的绝对值的三进制写法",
        "把{x}去掉符号后转换为三进制文本（0 得 0）",
        "用数字 0、1、2 写出{x}的三进制形式，舍去符号",
    ],
    examples=[((5,), "12"), ((0,), "0"), ((-9,), "100"), ((2,), "2")],
    quick=True,
)
def to_base_three(n: int) -> NonEmptyStr:
    digits, rest = "", abs(n)
    while rest > 0:
        digits = str(rest % 3) + digits
        rest //= 3
    return digits or "0"


@atom(
    topic=TOPIC,
    english=[
        "replace each digit of {x} by a letter, 0 by a to 9 by j, ignoring its sign",
        "write the digits of {x} as letters, a for 0 to j for 9, without its sign",
        "spell {x} with letters instead of digits (0 is a, 9 is j), sign dropped",
        "turn every digit of the absolute value of {x} into the letter that many places after a",
    ],
    chinese=[
        "将{x}的每位十进制数字换成字母，0 换 a 直到 9 换 j，忽略符号",
        "把{x}的各位数字写成字母 a 到 j，0 为 a，9 为 j，不带符号",
        "用字母代替数字写出{x}（0 为 a，1 为 b，9 为 j），舍去符号",
        "将{x}的绝对值的每位数字变为 a 到 j 中该下标（从 0 起）的字母",
    ],
    examples=[((120,), "bca"), ((0,), "a"), ((-45,), "ef"), ((9,), "j")],
    quick=True,
)
def digits_to_letters(n: int) -> NonEmptyStr:
    out = ""
    for digit in str(abs(n)):
        out += "abcdefghij"[int(digit)]
    return out


@atom(
    topic=TOPIC,
    english=[
        "turn each element of {x} modulo 26 into a letter, a being 0, and join them",
        "replace every number of {x} by the letter with that index from a, modulo 26, joined",
        "spell {x} as a string of letters, 0 being a, 25 z and 26 a again",
        "write for each element of {x} modulo 26 the letter that many places after a, as one string",
    ],
    chinese=[
        "将{x}的每个元素对 26 取模，变为 a 到 z 中该下标（从 0 起）的字母，再连接起来",
        "把{x}的每个数对 26 取模，换成从 a（算 0）数到的字母，得到一个字符串",
        "将{x}拼成字母串，0 为 a，25 为 z，26 又为 a，-1 又为 z",
        "对{x}的每个元素，写出 a 后移该元素模 26 位所得的字母，组成一个字符串",
    ],
    examples=[(([7, 4, 26],), "hea"), (([],), ""), (([-1],), "z"), (([0, 25],), "az")],
    quick=True,
)
def numbers_to_letters(xs: list[int]) -> str:
    out = ""
    for x in xs:
        out += chr(ord("a") + x % 26)
    return out


@atom(
    topic=TOPIC,
    english=[
        "replace each lower case letter of {x} by its mirror in the alphabet (a by z)",
        "mirror the lower case letters of {x} in the alphabet, a and z swapped, the rest unchanged",
        "swap a with z, b with y and so on in {x}, lower case only",
        "encode {x} with the alphabet reversed, z to a for a to z, others kept",
    ],
    chinese=[
        "将{x}中每个字母 a 到 z 换成字母表中的镜像（a 换 z，b 换 y），其他不变",
        "把{x}的小写字母在字母表中作镜像，a 变 z，z 变 a，其余保持不变",
        "在{x}中互换 a 与 z、b 与 y、c 与 x，依此类推，只限小写",
        "用颠倒的字母表 z 到 a 代替 a 到 z 来编码{x}，其他字符保留",
    ],
    examples=[(("abz",), "zya"), (("",), ""), (("A1 m",), "A1 n"), (("level",), "ovevo")],
    quick=True,
)
def mirror_alphabet(s: str) -> str:
    out = ""
    for ch in s:
        out += chr(219 - ord(ch)) if "a" <= ch <= "z" else ch
    return out


@atom(
    topic=TOPIC,
    english=[
        "list the alphabet position from 1 of each character of {x}, 0 if not a to z",
        "replace every character of {x} by its place from 1 in a to z, others by 0",
        "give a number for each character of {x}: 1 for a to 26 for z, else 0",
        "convert the letters a to z of {x} to 1 to 26 and other characters to 0",
    ],
    chinese=[
        "列出{x}中每个字符在字母表里的位置，a 到 z 为 1 到 26，其他为 0",
        "把{x}的每个字符换成其在字母表中的位置，a 为 1，不是 a 到 z 则为 0",
        "为{x}的每个字符给出一个数：a 为 1 直到 z 为 26，否则为 0",
        "将{x}转换成数，字母 a 到 z 变为 1 到 26，其他字符都变为 0",
    ],
    examples=[(("abz",), [1, 2, 26]), (("",), []), (("A b",), [0, 0, 2]), (("7",), [0])],
    quick=True,
)
def letter_numbers(s: str) -> list[int]:
    numbers = []
    for ch in s:
        numbers.append(ord(ch) - 96 if "a" <= ch <= "z" else 0)
    return numbers


@atom(
    topic=TOPIC,
    english=[
        "write each run of equal neighbouring characters of {x} as its length followed by the character",
        "run-length encode {x}: the count before the character, for every run, counts of 1 written too",
        "replace every stretch of one repeated character of {x} by its count and the character",
        "join, for each run of equal adjacent characters of {x}, the run's length and its character",
    ],
    chinese=[
        "把{x}中每段相邻相同字符写成长度后跟该字符",
        "对{x}作游程编码：每段先写个数再写字符，个数为 1 也写",
        "将{x}中由同一字符重复构成的每一段换成个数和该字符",
        "对{x}中每段相邻相同字符，连接该段的长度和字符",
    ],
    examples=[(("aabbb",), "2a3b"), (("",), ""), (("a b",), "1a1 1b"), (("777",), "37")],
)
def run_length_encode(s: str) -> str:
    out, count = "", 0
    for i, ch in enumerate(s):
        count += 1
        if i + 1 == len(s) or s[i + 1] != ch:
            out += str(count) + ch
            count = 0
    return out


@atom(
    topic=TOPIC,
    english=[
        "write {x} as a Roman numeral in capital letters (0 gives the empty string)",
        "convert {x} to Roman numerals with M, D, C, L, X, V, I (empty if {x} is 0)",
        "spell {x} in Roman numerals, 4 as IV and 9 as IX (nothing for 0)",
        "give the Roman numeral of {x} as a string, empty for 0",
    ],
    chinese=[
        "将{x}写成大写的罗马数字（0 得空串）",
        "用 M、D、C、L、X、V、I 把{x}转换成罗马数字（{x}为 0 则得空串）",
        "以罗马数字写出{x}，4 写作 IV，9 写作 IX（0 则什么也不写）",
        "以字符串给出{x}的罗马数字，0 得空串",
    ],
    examples=[((994,), "CMXCIV"), ((0,), ""), ((4,), "IV"), ((1000,), "M")],
)
def roman_numeral(n: SmallNat) -> str:
    values = (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1)
    signs = ("M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I")
    out, rest = "", n
    for value, sign in zip(values, signs):
        out += sign * (rest // value)
        rest %= value
    return out


@atom(
    topic=TOPIC,
    english=[
        "name the spreadsheet column with index {x}: 0 is A, 25 is Z, 26 is AA",
        "convert the index {x}, counted from 0, to spreadsheet column letters (A to Z, then AA)",
        "spell {x} in column letters as spreadsheets do, A for 0 and AB for 27",
        "give the letters A, B to Z, AA, AB and so on of the column number {x} from 0",
    ],
    chinese=[
        "写出下标为{x}的电子表格列名：0 为 A，25 为 Z，26 为 AA",
        "将下标{x}（从 0 数起）转换为电子表格的列字母（A 到 Z，然后 AA）",
        "像电子表格那样用列字母写出{x}，0 为 A，27 为 AB",
        "给出列名 A、B 直到 Z、AA、AB 等之中从 0 起编号为{x}的一个",
    ],
    examples=[((0,), "A"), ((25,), "Z"), ((26,), "AA"), ((701,), "ZZ")],
)
def column_letters(n: NonNegInt) -> NonEmptyStr:
    letters = ""
    rest = n + 1
    while rest > 0:
        rest, digit = divmod(rest - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters


@atom(
    topic=TOPIC,
    english=[
        "number the integers 0, -1, 1, -2, 2 and so on from 0 and give the number of {x}",
        "map {x} to twice itself if it is at least 0, else to minus twice itself minus 1",
        "encode {x} as a non-negative number: 2 times {x}, or -2 times {x} minus 1 if negative",
        "fold {x} to non-negative: 0, 1, 2 become 0, 2, 4 and so on, while -1, -2 become 1, 3",
    ],
    chinese=[
        "将整数 0、-1、1、-2、2 等从 0 起编号，给出{x}的编号",
        "把{x}变为其两倍（不小于 0 时），否则变为其 -2 倍再减 1",
        "把{x}编码为非负数：{x}的 2 倍，若为负则为{x}的 -2 倍减 1",
        "将{x}折叠成非负数：0、1、2 变为 0、2、4，-1、-2、-3 变为 1、3、5，依此类推",
    ],
    examples=[((3,), 6), ((0,), 0), ((-1,), 1), ((-3,), 5)],
)
def fold_sign(n: int) -> NonNegInt:
    return 2 * n if n >= 0 else -2 * n - 1


@atom(
    topic=TOPIC,
    english=[
        "shift each letter a-z of {x} cyclically by what {y}, repeated, has at its index (a 0, z 25, others or none 0)",
        "encrypt a-z of {x} after Vigenere, key {y} advancing at each character (not a-z in it, or no key, is 0)",
        "move the i-th character of {x}, if a-z, on cyclically by the i-th of {y}, repeated (a 0, others 0, no key 0)",
        "add to each letter a-z of {x} what {y}, repeated, has at its index, modulo 26 (a 0, others or none 0)",
    ],
    chinese=[
        "将{x}的字母 a 到 z 按循环使用的{y}同下标处的字母循环后移（a 为 0，z 为 25，其他字符和空串算 0）",
        "以{y}为密钥对{x}作维吉尼亚加密：只改 a 到 z，密钥逐字符前进，其中其他字符算 0，空密钥不变",
        "把{x}的第 i 个字符（限 a 到 z）按重复{y}后的第 i 个循环后移（a 为 0，其他字符和空串算 0）",
        "将{x}的每个 a 到 z 与循环的{y}同下标的字母相加后模 26（a 为 0，其他字符和空的{y}算 0）",
    ],
    examples=[(("abc", "b"), "bcd"), (("xyz", "ab"), "xzz"), (("", "k"), ""), (("A b", ""), "A b")],
)
def vigenere(s: str, t: str) -> str:
    shifts = [ord(ch) - ord("a") if "a" <= ch <= "z" else 0 for ch in t] or [0]
    out = ""
    for i, ch in enumerate(s):
        if "a" <= ch <= "z":
            out += chr(ord("a") + (ord(ch) - ord("a") + shifts[i % len(shifts)]) % 26)
        else:
            out += ch
    return out


ATOMS: tuple[Atom, ...] = (
    to_base_three,
    digits_to_letters,
    numbers_to_letters,
    mirror_alphabet,
    letter_numbers,
    run_length_encode,
    roman_numeral,
    column_letters,
    fold_sign,
    vigenere,
)
