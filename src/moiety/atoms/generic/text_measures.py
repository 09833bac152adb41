"""Generic operations from a string to a number, a list of numbers or a list of strings."""

from __future__ import annotations

from moiety.atoms.generic.family import Family, characters, numbers

_TO_NUMBER: tuple[Family, ...] = (
    Family(
        "count_$c",
        "str -> nonneg_int",
        """return s.count("$c")""",
        characters("a", "e"),
        english=(
            "count the letter '$c' in {x}, lower case only (0 if there is none)",
            "tell how many characters of {x} are '$c'",
            "give the number of times '$c' occurs in {x}, capitals not counted",
            "count how often '$c' stands in {x} (0 if it does not)",
        ),
        chinese=(
            "数出{x}中字母 '$c' 的个数，只限小写（没有则得 0）",
            "求{x}中有多少个字符是 '$c'",
            "给出 '$c' 在{x}中出现的次数，大写不算",
            "计算{x}中 '$c' 出现几次（没有则得 0）",
        ),
    ),
    Family(
        "code_sum_modulo_$k",
        "str -> small_nat",
        """
total = 0
for ch in s:
    total += ord(ch)
return total % $k
""",
        numbers(10, 26),
        english=(
            "add up the character codes of {x} and take the sum modulo $k (0 if empty)",
            "sum the code of each character of {x} and keep the remainder by $k",
            "compute the total of all character codes in {x} modulo $k (0 if empty)",
            "give what is left of the sum of the codes of {x} after division by $k",
        ),
        chinese=(
            "将{x}的字符编码相加，再对 $k 取模（空则得 0）",
            "求{x}每个字符的编码之和，保留除以 $k 的余数",
            "计算{x}中所有字符编码的总和模 $k（空则得 0）",
            "给出{x}的编码之和除以 $k 后剩下的数",
        ),
    ),
    Family(
        "count_words_longer_than_$k",
        "str -> nonneg_int",
        """
count = 0
for word in s.split():
    if len(word) > $k:
        count += 1
return count
""",
        numbers(2, 3),
        english=(
            "count the words of {x}, cut at whitespace, that have more than $k characters",
            "tell how many words of {x} are longer than $k (0 if none)",
            "split {x} at whitespace and count the words of length greater than $k",
            "give the number of words in {x} whose length exceeds $k, split at whitespace",
        ),
        chinese=(
            "数出{x}按空白切分后多于 $k 个字符的单词",
            "求{x}中有多少个单词比 $k 个字符长（没有则得 0）",
            "在空白处切分{x}，数出长度大于 $k 的单词",
            "给出{x}中长度超过 $k 的单词个数，按空白切分",
        ),
    ),
)

_TO_NUMBERS: tuple[Family, ...] = (
    Family(
        "positions_of_$c",
        "str -> list[int]",
        """
places = []
for i, ch in enumerate(s):
    if ch == "$c":
        places.append(i)
return places
""",
        characters("a", "t"),
        english=(
            "list the indices of '$c' in {x}, counting from 0, lower case only",
            "give the positions from 0 of every letter '$c' of {x}",
            "find where in {x} the character '$c' stands and list the indices, first index 0",
            "collect each index of {x} whose character is '$c', from 0 up",
        ),
        chinese=(
            "列出{x}中 '$c' 的下标，从 0 数起，只限小写",
            "给出{x}中每个字母 '$c' 的位置（从 0 起）",
            "找出{x}中字符 '$c' 所在之处，列出下标，首个下标为 0",
            "收集{x}中字符为 '$c' 的每个下标，从 0 起",
        ),
    ),
    Family(
        "codes_minus_$k",
        "str -> list[int]",
        """
codes = []
for ch in s:
    codes.append(ord(ch) - $k)
return codes
""",
        numbers(32, 97),
        english=(
            "list the code of each character of {x} minus $k",
            "replace every character of {x} by its character code less $k",
            "give a number for each character of {x}: its code reduced by $k",
            "convert {x} to the character codes, subtracting $k from each",
        ),
        chinese=(
            "列出{x}中每个字符的编码减 $k",
            "把{x}的每个字符换成其字符编码减去 $k 的值",
            "为{x}的每个字符给出一个数：其编码减少 $k",
            "将{x}转换成字符编码，各减去 $k",
        ),
    ),
    Family(
        "word_lengths_plus_$k",
        "str -> list[int]",
        """
words = s.split()
return [len(word) + $k for word in words]
""",
        numbers(1, 5),
        english=(
            "split {x} at whitespace and list the length of each word plus $k",
            "list for every word of {x} its number of characters and $k more",
            "cut {x} into words at whitespace and give their lengths, each increased by $k",
            "add $k to the length of each word of {x}, in order",
        ),
        chinese=(
            "在空白处切分{x}，列出每个单词的长度加 $k",
            "对{x}的每个单词，列出其字符数再加 $k",
            "在空白处把{x}切成单词，给出各自的长度，每个增加 $k",
            "按顺序将{x}中每个单词的长度加 $k",
        ),
    ),
)

_TO_STRINGS: tuple[Family, ...] = (
    Family(
        "split_at_$name",
        "str -> nonempty list[str]",
        """return s.split("$c")""",
        characters(",", "e"),
        english=(
            "split {x} at each '$c', empty parts too",
            "cut {x} wherever '$c' occurs, dropping it, and list all parts",
            "list the parts of {x} between the '$c', in order, also empty ones",
            "break {x} into strings at every '$c', which is left out",
        ),
        chinese=(
            "将{x}在每个 '$c' 处切开，空的部分也要",
            "在{x}中出现 '$c' 的地方切开并去掉它，列出所有部分",
            "按顺序列出{x}中 '$c' 之间的部分，空的也列",
            "在每个 '$c' 处把{x}断成字符串，'$c' 略去",
        ),
    ),
    Family(
        "pieces_of_$k",
        "str -> list[str]",
        """
pieces = []
for i in range(0, len(s), $k):
    pieces.append(s[i:i + $k])
return pieces
""",
        numbers(2, 3),
        english=(
            "cut {x} into strings of $k characters, the last one shorter if needed",
            "split {x} into blocks of $k characters, the rest in a last one",
            "break {x} after every $k characters and list the parts",
            "divide {x} into stretches of $k characters, what is left as a last string",
        ),
        chinese=(
            "将{x}切成每个 $k 个字符的字符串，最后一个可以较短",
            "把{x}按 $k 个字符一块分开，其余为最后一块",
            "在{x}中每 $k 个字符之后断开，列出各部分",
            "将{x}分成 $k 个字符一段，剩下的作为最后一个字符串",
        ),
    ),
    Family(
        "words_longer_than_$k",
        "str -> list[str]",
        """
words = s.split()
return [word for word in words if len(word) > $k]
""",
        numbers(1, 2),
        english=(
            "split {x} at whitespace and keep the words longer than $k",
            "list the words of {x} that have more than $k characters, in order",
            "cut {x} into words at whitespace and drop those of length $k or less",
            "give the words of {x} whose length exceeds $k, as they stand",
        ),
        chinese=(
            "在空白处切分{x}，保留长于 $k 的单词",
            "按顺序列出{x}中多于 $k 个字符的单词",
            "在空白处把{x}切成单词，去掉长度不超过 $k 的",
            "给出{x}中长度超过 $k 的单词，照原样",
        ),
    ),
    Family(
        "split_before_$name",
        "str -> list[str]",
        """
starts = [i for i, ch in enumerate(s) if i == 0 or ch == "$c"]
return [s[a:b] for a, b in zip(starts, [*starts[1:], len(s)])]
""",
        characters("a", " "),
        english=(
            "split {x} before each '$c', keeping it",
            "cut {x} into strings, a new one starting at every '$c'",
            "break {x} in front of each character '$c' and list the parts in order",
            "divide {x} into stretches in which only the first character may be '$c'",
        ),
        chinese=(
            "在每个 '$c' 之前将{x}切开，'$c' 保留",
            "把{x}切成若干字符串，每个 '$c' 处开始新的一个",
            "在{x}的每个字符 '$c' 前断开，按顺序列出各部分",
            "将{x}分成若干段，每段只有第一个字符可以是 '$c'",
        ),
    ),
)

FAMILIES: tuple[Family, ...] = (*_TO_NUMBER, *_TO_NUMBERS, *_TO_STRINGS)
