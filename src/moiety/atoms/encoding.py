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
        "write {x} in base 3 as a string, without its sign",
        "give the base 3 digits of the absolute value of {x} as a string",
        "convert {x} without its sign to ternary text (0 gives 0)",
        "spell the absolute value of {x} in base 3 as a string of the digits 0, 1, 2",
    ],
    chinese=[
        "将{x}写成三进制字符串，不带符号",
        "以字符串给出{x}的绝对值的三进制写法",
        "把{x}去掉符号后转换为三进制文本（0 得 0）",
        "用数字 0、1、2 组成的字符串写出{x}的三进制形式，舍去符号",
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
        "turn each element of {x} modulo 26 into a letter, 0 being a (-1 gives z), and join them",
        "replace every element of {x} by the letter at that index of a to z, modulo 26 (-1 gives z), and join",
        "spell {x} as a string of letters, 0 being a, 25 z, 26 a again and -1 z",
        "write for each element of {x} the letter a moved on cyclically by that many places, joined (-1 gives z)",
    ],
    chinese=[
        "将{x}的每个元素对 26 取模（-1 得 25），变为 a 到 z 中该下标（从 0 起）的字母，再连接起来",
        "把{x}的每个数对 26 取非负余数，换成从 a（算 0）数到的字母，得到一个字符串",
        "将{x}拼成字母串，0 为 a，25 为 z，26 又为 a，-1 又为 z",
        "对{x}的每个元素，写出 a 循环后移该数位所得的字母（-1 得 z），组成一个字符串",
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
        "swap lower case a with z, b with y and so on in {x}, other characters kept",
        "encode the lower case letters of {x} with the alphabet reversed, z to a for a to z, others kept",
    ],
    chinese=[
        "将{x}中每个小写字母 a 到 z 换成字母表中的镜像（a 换 z，b 换 y），其他不变",
        "把{x}的小写字母在字母表中作镜像，a 变 z，z 变 a，其余保持不变",
        "在{x}中互换小写的 a 与 z、b 与 y、c 与 x，依此类推，其他字符不变",
        "用颠倒的字母表 z 到 a 代替小写的 a 到 z 来编码{x}，其他字符保留",
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
        "list for each character of {x} its alphabet position from 1 if it is a lower case letter, else 0",
        "replace every character of {x} by its place from 1 in lower case a to z, others by 0",
        "give a number for each character of {x}: 1 for lower case a to 26 for z, else 0",
        "convert the lower case letters a to z of {x} to 1 to 26 and every other character to 0",
    ],
    chinese=[
        "列出{x}中每个字符在字母表里的位置，小写 a 到 z 为 1 到 26，其他为 0",
        "把{x}的每个字符换成其在字母表中的位置，小写 a 为 1，不是小写字母则为 0",
        "为{x}的每个字符给出一个数：小写 a 为 1 直到 z 为 26，否则为 0",
        "将{x}转换成数，小写字母 a 到 z 变为 1 到 26，其他字符都变为 0",
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
        "write in one string each run of equal neighbouring characters of {x} as its length followed by the character",
        "run-length encode {x}: the count before the character, for every run, counts of 1 written too",
        "replace every stretch of one repeated character of {x} by its count and the character",
        "join, for each run of equal adjacent characters of {x}, the run's length and its character",
    ],
    chinese=[
        "把{x}中每段相邻相同字符写成长度后跟该字符，连成一个字符串",
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
        "write {x}, a column index counted from 0, as spreadsheet letters: 0 is A, 25 is Z, 26 is AA",
        "convert {x} to the letters of a spreadsheet column, counted from 0 (A to Z, then AA)",
        "spell {x} in column letters as spreadsheets do, A for 0, Z for 25 and AB for 27",
        "take {x} as the index, from 0, of one of the columns A, B to Z, AA, AB and so on and name it",
    ],
    chinese=[
        "把{x}当作从 0 起的列下标，写出电子表格的列名：0 为 A，25 为 Z，26 为 AA",
        "将{x}转换为电子表格的列字母，从 0 数起（A 到 Z，然后 AA）",
        "像电子表格那样用列字母写出{x}，0 为 A，27 为 AB",
        "以{x}为编号（从 0 起），给出列名 A、B 直到 Z、AA、AB 等之中的一个",
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
        "find {x} in the sequence 0, -1, 1, -2, 2 and so on and give its index from 0",
        "map {x} to twice itself if it is at least 0, else to -2 times itself minus 1",
        "encode {x} as a non-negative number: 2 times {x}, or -2 times {x} minus 1 if negative",
        "fold {x} to non-negative: 0, 1, 2 and so on become 0, 2, 4, while -1, -2, -3 become 1, 3, 5",
    ],
    chinese=[
        "求{x}在数列 0、-1、1、-2、2 等之中的下标（从 0 起）",
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
        "shift each lower case letter of {x} cyclically by {y}, repeated, at its index (a 0, z 25, other or none 0)",
        "encrypt lower case a-z of {x} after Vigenere, key {y} moving on at every character (a 0, other or no key 0)",
        "move character i of {x}, if lower case, cyclically on by that of {y}, repeated (a 0, z 25, other or none 0)",
        "add to character i of {x}, if lower case, that of {y}, repeated, modulo 26 (a 0, z 25, others or none 0)",
    ],
    chinese=[
        "将{x}的小写字母按循环使用的{y}在同一下标处的字符循环后移（小写 a 为 0，z 为 25，其他字符和空串算 0）",
        "以{y}为密钥对{x}作维吉尼亚加密：只改小写字母，密钥逐字符前进（a 为 0，z 为 25，其他和空密钥算 0）",
        "把{x}的第 i 个字符（限小写字母）按循环使用的{y}的第 i 个循环后移（小写 a 为 0，其他字符和空串算 0）",
        "将{x}的第 i 个字符（限小写字母）与循环的{y}的第 i 个相加后模 26（小写 a 为 0，其他和空串算 0）",
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
