"""Generic operations on a list of strings."""

from __future__ import annotations

from moiety.atoms.generic.family import Family, characters, numbers

_TO_TEXT: tuple[Family, ...] = (
    Family(
        "join_with_$name",
        "list[str] -> str",
        """return "$c".join(words)""",
        characters("-", ","),
        english=(
            "join the strings of {x} by '$c'",
            "put the strings of {x} one after the other with '$c' between them",
            "glue the strings of {x} together, separated by '$c' (empty if there are none)",
            "write all strings of {x} as one, with '$c' between every two",
        ),
        chinese=(
            "用 '$c' 连接{x}的字符串",
            "将{x}的字符串依次相接，中间用 '$c' 隔开",
            "把{x}的字符串拼在一起，以 '$c' 分隔（没有则得空串）",
            "将{x}的所有字符串写成一个，每两个之间放上 '$c'",
        ),
    ),
    Family(
        "letters_at_$k",
        "list[str] -> str",
        """
out = ""
for word in words:
    out += word[$k:$k + 1]
return out
""",
        numbers(0, 1),
        english=(
            "join the characters at index $k, from 0, of the strings of {x}, short ones ignored",
            "take from each string of {x} the character at index $k (from 0), if any, and join them",
            "spell the characters that stand at index $k (from 0) in the strings of {x}, in order",
            "write one string of the characters of {x} with index $k in their string, counted from 0",
        ),
        chinese=(
            "连接{x}各字符串中下标为 $k（从 0 起）的字符，忽略太短的",
            "从{x}的每个字符串取下标 $k（从 0 起）的字符（若有），再连接起来",
            "按顺序拼出{x}各字符串中位于下标 $k（从 0 起）的字符",
            "用{x}中在各自字符串里下标为 $k（从 0 数起）的字符写成一个字符串",
        ),
    ),
    Family(
        "join_beginnings_of_$k",
        "list[str] -> str",
        """
out = ""
for word in words:
    out += word[:$k]
return out
""",
        numbers(2, 3),
        english=(
            "join the first $k characters of each string of {x} without spaces",
            "cut every string of {x} to its first $k characters and glue them together",
            "put the beginnings of $k characters of the strings of {x} (all if fewer) one after the other",
            "write the prefixes of length $k, or shorter, of the strings of {x} as one string",
        ),
        chinese=(
            "不加空格连接{x}中每个字符串的前 $k 个字符",
            "把{x}的每个字符串截到前 $k 个字符再拼在一起",
            "将{x}各字符串开头的 $k 个字符（不足则全取）依次相接",
            "把{x}各字符串长度为 $k（或更短）的前缀写成一个字符串",
        ),
    ),
)

_TO_STRINGS: tuple[Family, ...] = (
    Family(
        "add_to_words_$c",
        "list[str] -> list[str]",
        """return [word + "$c" for word in words]""",
        characters("s", "ing"),
        english=(
            "append '$c' to each string of {x}",
            "put '$c' after every string of {x}",
            "replace each string of {x} by itself with '$c' at the end",
            "list the strings of {x}, each joined to '$c' without a space",
        ),
        chinese=(
            "在{x}的每个字符串末尾追加 '$c'",
            "把 '$c' 放在{x}的每个字符串之后",
            "将{x}的每个字符串换成末尾加上 '$c' 的自身",
            "列出{x}的字符串，各与 '$c' 不加空格相接",
        ),
    ),
    Family(
        "keep_words_longer_than_$k",
        "list[str] -> list[str]",
        """
kept = []
for word in words:
    if len(word) > $k:
        kept.append(word)
return kept
""",
        numbers(2, 3),
        english=(
            "keep the strings of {x} that are longer than $k characters",
            "remove from {x} every string of length $k or less",
            "select the strings of {x} with more than $k characters, in order",
            "drop the strings of {x} that have at most $k characters",
        ),
        chinese=(
            "保留{x}中长于 $k 个字符的字符串",
            "从{x}中删去每个长度不超过 $k 的字符串",
            "按顺序选出{x}中多于 $k 个字符的字符串",
            "去掉{x}中至多有 $k 个字符的字符串",
        ),
    ),
    Family(
        "sort_by_count_of_$c",
        "list[str] -> list[str]",
        """return sorted(words, key=lambda word: word.count("$c"))""",
        characters("a", "e"),
        english=(
            "sort {x} by how often '$c' occurs in each string, fewest first, ties in order",
            "order the strings of {x} by rising number of '$c', keeping the order of equals",
            "arrange {x} by the count of '$c', lower case only, ties as they stand",
            "sort the strings of {x} ascending by their number of '$c', ties in original order",
        ),
        chinese=(
            "按每个字符串中 '$c' 出现的次数对{x}排序，少的在前，相同的保持原序",
            "将{x}的字符串按 '$c' 的个数递增排列，相等的保持顺序",
            "按 '$c' 的个数（只限小写）排列{x}，相同的照原样",
            "按 '$c' 的个数对{x}的字符串升序排序，相同的按原来的顺序",
        ),
    ),
)

_TO_NUMBERS: tuple[Family, ...] = (
    Family(
        "lengths_plus_$k",
        "list[str] -> list[int]",
        """
lengths = []
for word in words:
    lengths.append(len(word) + $k)
return lengths
""",
        numbers(1, 5),
        english=(
            "list the length of each string of {x} plus $k",
            "list for every string of {x} its number of characters and $k more",
            "replace each string of {x} by its length increased by $k",
            "give the lengths of the strings of {x} in order, $k added to each",
        ),
        chinese=(
            "列出{x}中每个字符串的长度加 $k",
            "对{x}的每个字符串，列出其字符数再加 $k",
            "把{x}的每个字符串换成其长度增加 $k 的值",
            "按顺序给出{x}中各字符串的长度，各加 $k",
        ),
    ),
    Family(
        "count_in_each_$c",
        "list[str] -> list[int]",
        """
counts = []
for word in words:
    counts.append(word.count("$c"))
return counts
""",
        characters("a", "e"),
        english=(
            "count the letter '$c' in each string of {x}, lower case only",
            "list for every string of {x} how many of its characters are '$c'",
            "replace each string of {x} by its number of '$c'",
            "give the counts of '$c' in the strings of {x} in order, capitals not counted",
        ),
        chinese=(
            "数出{x}的每个字符串中字母 '$c' 的个数，只限小写",
            "对{x}的每个字符串，列出其中有几个字符是 '$c'",
            "把{x}的每个字符串换成其中 '$c' 的个数",
            "按顺序给出{x}中各字符串里 '$c' 的个数，大写不算",
        ),
    ),
    Family(
        "total_length_times_$k",
        "list[str] -> nonneg_int",
        """
total = 0
for word in words:
    total += len(word)
return total * $k
""",
        numbers(2, 3),
        english=(
            "add up the lengths of the strings of {x} and multiply the sum by $k (0 if empty)",
            "count all characters in the strings of {x} and take $k times that number",
            "compute $k times the total length of the strings of {x} (0 if there are none)",
            "sum the number of characters over {x}, each counted $k times",
        ),
        chinese=(
            "将{x}中各字符串的长度相加，再乘以 $k（空则得 0）",
            "数出{x}的字符串中的所有字符，取该数的 $k 倍",
            "计算{x}中字符串总长度的 $k 倍（没有则得 0）",
            "对{x}求字符数之和，每个字符算 $k 次",
        ),
    ),
)

FAMILIES: tuple[Family, ...] = (*_TO_TEXT, *_TO_STRINGS, *_TO_NUMBERS)
