"""Generic operations from a string to a string."""

from __future__ import annotations

from moiety.atoms.generic.family import Family, characters, numbers, pairs

_LETTERS: tuple[Family, ...] = (
    Family(
        "replace_${first}_with_$second",
        "str -> str",
        """return s.replace("$a", "$b")""",
        pairs(("a", "o"), ("e", "i"), (" ", "_")),
        english=(
            "replace each '$a' of {x} by '$b', other characters kept",
            "write '$b' in place of every '$a' in {x}",
            "turn all '$a' of {x} into '$b', the rest unchanged",
            "change every '$a' in {x} to '$b' and keep the others",
        ),
        chinese=(
            "将{x}中每个 '$a' 换成 '$b'，其他字符不变",
            "在{x}中把所有 '$a' 写成 '$b'",
            "将{x}的全部 '$a' 变为 '$b'，其余保持不变",
            "把{x}中每个 '$a' 改为 '$b'，保留其他字符",
        ),
    ),
    Family(
        "remove_$c",
        "str -> str",
        """
out = ""
for ch in s:
    if ch != "$c":
        out += ch
return out
""",
        characters("t", "s"),
        english=(
            "remove every '$c' from {x}, lower case only",
            "drop the letter '$c' from {x} wherever it occurs and keep the rest",
            "keep only the characters of {x} that are not '$c'",
            "delete all '$c' in {x}, but no capital",
        ),
        chinese=(
            "删除{x}中的每个 '$c'，只限小写",
            "去掉{x}中出现的所有字母 '$c'，其余保留",
            "只保留{x}中不是 '$c' 的字符",
            "从{x}中删去全部 '$c'，但不删大写",
        ),
    ),
    Family(
        "swap_${first}_and_$second",
        "str -> str",
        """
out = ""
for ch in s:
    out += "$b" if ch == "$a" else "$a" if ch == "$b" else ch
return out
""",
        pairs(("a", "b"), ("e", "o")),
        english=(
            "swap '$a' and '$b' in {x}, other characters kept",
            "replace each '$a' of {x} by '$b' and each '$b' by '$a', lower case only",
            "exchange the letters '$a' and '$b' wherever they occur in {x}",
            "turn '$a' into '$b' and '$b' into '$a' in {x}, the rest unchanged",
        ),
        chinese=(
            "在{x}中互换 '$a' 与 '$b'，其他字符不变",
            "将{x}中每个 '$a' 换成 '$b'，每个 '$b' 换成 '$a'，只限小写",
            "交换{x}中出现的字母 '$a' 和 '$b'",
            "把{x}中的 '$a' 变为 '$b'，'$b' 变为 '$a'，其余保持不变",
        ),
    ),
    Family(
        "shift_letters_by_$k",
        "str -> str",
        """
out = ""
for ch in s:
    out += chr((ord(ch) - 97 + $k) % 26 + 97) if "a" <= ch <= "z" else ch
return out
""",
        numbers(1, 3),
        english=(
            "move each lower case letter of {x} on by $k in the alphabet, after z comes a, others kept",
            "shift the lower case letters of {x} by $k in the alphabet, wrapping from z to a",
            "encode {x} by adding $k modulo 26 to each lower case letter, other characters unchanged",
            "replace each lower case letter of {x} by the one $k places after it, going round at z",
        ),
        chinese=(
            "将{x}中每个小写字母 a 到 z 在字母表中后移 $k 位，z 之后接 a，其他不变",
            "把{x}的小写字母在字母表中移动 $k 位，从 z 绕回 a",
            "编码{x}：每个小写字母 a 到 z 加 $k 后对 26 取模，其他字符保持不变",
            "将{x}中每个小写字母 a 到 z 换成其后第 $k 个字母，到 z 后绕回",
        ),
    ),
    Family(
        "upper_every_${k}th",
        "str -> str",
        """
out = ""
for i, ch in enumerate(s):
    out += ch.upper() if i % $k == 0 else ch
return out
""",
        numbers(3, 4),
        english=(
            "make the first character of {x} and each one $k places further upper case",
            "change the characters of {x} at indices 0, $k, twice $k and so on to upper case",
            "write in upper case every character of {x} whose index, from 0, is a multiple of $k",
            "put {x} into upper case in steps of $k, starting with the first character, the rest kept",
        ),
        chinese=(
            "将{x}的第一个字符及其后每隔 $k 个位置的字符变为大写",
            "把{x}中下标为 0、$k、两倍 $k 等处的字符改为大写",
            "将{x}中下标（从 0 起）为 $k 的倍数的每个字符写成大写",
            "从第一个字符起，以 $k 为步长把{x}的字符变为大写，其余不变",
        ),
    ),
)

_PARTS: tuple[Family, ...] = (
    Family(
        "repeat_each_character_$k",
        "str -> str",
        """
out = ""
for ch in s:
    out += ch * $k
return out
""",
        numbers(2, 3),
        english=(
            "repeat each character of {x} $k times in a row",
            "write every character of {x} $k times, one after the other",
            "replace each character of {x} by a run of $k of it",
            "spell {x} with $k equal neighbouring characters in place of each",
        ),
        chinese=(
            "将{x}的每个字符连续重复 $k 次",
            "把{x}的各字符依次各写 $k 次",
            "将{x}的每个字符换成 $k 个它组成的段",
            "写出{x}，每个字符以 $k 个相邻的相同字符代替",
        ),
    ),
    Family(
        "drop_first_${k}_characters",
        "str -> str",
        "return s[$k:]",
        numbers(2, 3),
        english=(
            "drop the first $k characters of {x}",
            "remove $k characters from the front of {x} (all if fewer)",
            "keep {x} without its first $k characters",
            "take the characters of {x} from index $k on, counting from 0",
        ),
        chinese=(
            "去掉{x}的前 $k 个字符",
            "从{x}的开头删去 $k 个字符（不足则全删）",
            "保留{x}中前 $k 个以外的字符",
            "取{x}中从下标 $k 起的字符，从 0 数起",
        ),
    ),
    Family(
        "add_suffix_$c",
        "str -> nonempty_str",
        """return s + "$c\"""",
        characters("ing", "er"),
        english=(
            "append '$c' to {x}",
            "put '$c' after the last character of {x}",
            "add '$c' at the end of {x}",
            "join {x} and '$c' without a space",
        ),
        chinese=(
            "在{x}末尾追加 '$c'",
            "把 '$c' 放在{x}的最后一个字符之后",
            "在{x}的末尾加上 '$c'",
            "不加空格连接{x}与 '$c'",
        ),
    ),
    Family(
        "insert_${name}_between",
        "str -> str",
        """return "$c".join(s)""",
        characters("-", "."),
        english=(
            "put '$c' between every two neighbouring characters of {x}",
            "join the characters of {x} by '$c'",
            "write {x} character by character, separated by '$c'",
            "insert '$c' after each character of {x} but the last",
        ),
        chinese=(
            "在{x}每两个相邻字符之间放上 '$c'",
            "用 '$c' 连接{x}的各个字符",
            "逐字符写出{x}，以 '$c' 分隔",
            "在{x}除最后一个外的每个字符之后插入 '$c'",
        ),
    ),
    Family(
        "reverse_first_${k}_characters",
        "str -> str",
        """
head = s[:$k]
return head[::-1] + s[$k:]
""",
        numbers(3, 4),
        english=(
            "reverse the first $k characters of {x} (all if fewer), the rest stays",
            "write the first $k characters of {x} backwards, then the others as they stand",
            "turn the first $k characters of {x} around, keeping the rest",
            "read the first $k characters of {x} from back to front and join what is left",
        ),
        chinese=(
            "反转{x}的前 $k 个字符（不足则全部），其余不变",
            "把{x}的前 $k 个字符倒着写，其余照原样",
            "将{x}的前 $k 个字符颠倒过来，保留其余",
            "从后往前读{x}的前 $k 个字符，再接上剩下的",
        ),
    ),
    Family(
        "rotate_words_by_$k",
        "str -> str",
        """
words = s.split()
return " ".join(words[$k:] + words[:$k])
""",
        numbers(1, 2),
        english=(
            "split {x} at whitespace, rotate the words left by $k and join them with spaces",
            "cut {x} into words, drop $k from the front, append them at the end, join with a space",
            "rotate the words of {x} (cut at whitespace) to the left by $k, single spaces between them",
            "write the words of {x} from index $k on, then those before, one space between each two",
        ),
        chinese=(
            "在空白处切分{x}，将单词左移 $k 位并用空格连接",
            "把{x}切成单词，从开头去掉 $k 个并接到末尾，用一个空格连接",
            "将{x}的单词（按空白切分）向左轮转 $k 位，中间各一个空格",
            "写出{x}中下标 $k 起的单词，再写之前的，每两个之间一个空格",
        ),
    ),
)

FAMILIES: tuple[Family, ...] = (*_LETTERS, *_PARTS)
