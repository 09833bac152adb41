"""Generic operations on a number."""

from __future__ import annotations

from moiety.atoms.generic.family import Family, characters, numbers

FAMILIES: tuple[Family, ...] = (
    Family(
        "add_$k",
        "int -> int",
        "return n + $k",
        numbers(3, 7, 12),
        english=(
            "add $k to {x}",
            "increase {x} by $k",
            "compute $k more than {x}",
            "take the sum of {x} and $k",
        ),
        chinese=("将{x}加上 $k", "把{x}增加 $k", "计算比{x}大 $k 的数", "求{x}与 $k 的和"),
    ),
    Family(
        "multiply_by_$k",
        "int -> int",
        "return n * $k",
        numbers(2, 5, 10),
        english=(
            "multiply {x} by $k",
            "take $k times {x}",
            "give the product of {x} and $k",
            "compute {x} times $k",
        ),
        chinese=("将{x}乘以 $k", "取{x}的 $k 倍", "给出{x}与 $k 的积", "计算 $k 乘以{x}"),
    ),
    Family(
        "remainder_by_$k",
        "int -> small_nat",
        "return n % $k",
        numbers(4, 10),
        english=(
            "take the remainder of {x} divided by $k, at least 0",
            "reduce {x} modulo $k",
            "divide {x} by $k, rounding down, and keep only what is left",
            "give the non-negative remainder of {x} modulo $k",
        ),
        chinese=(
            "取{x}除以 $k 的余数，不小于 0",
            "将{x}对 $k 取模",
            "将{x}除以 $k 向下取整，只保留余数",
            "给出{x}模 $k 的非负余数",
        ),
    ),
    Family(
        "divide_by_$k",
        "int -> int",
        "return n // $k",
        numbers(3, 10),
        english=(
            "divide {x} by $k, rounding down",
            "take the whole part, rounded down, of {x} over $k",
            "find how many times $k goes into {x}, rounded down",
            "split {x} into $k equal parts, rounding down, and give one",
        ),
        chinese=(
            "将{x}除以 $k，向下取整",
            "取{x}与 $k 之商的整数部分，向下取整",
            "求{x}含有多少个 $k，向下取整",
            "把{x}分成 $k 等份，向下取整，给出一份",
        ),
    ),
    Family(
        "distance_to_$k",
        "int -> nonneg_int",
        "return abs(n - $k)",
        numbers(6, 20),
        english=(
            "take the absolute value of {x} minus $k",
            "give the distance between {x} and $k",
            "compute how far {x} is from $k, without sign",
            "subtract $k from {x} and drop the sign",
        ),
        chinese=(
            "取{x}减 $k 的绝对值",
            "给出{x}与 $k 之间的距离",
            "计算{x}与 $k 相差多少，不带符号",
            "从{x}减去 $k 并舍去符号",
        ),
    ),
    Family(
        "divisions_by_$k",
        "int -> nonneg_int",
        """
count, rest = 0, abs(n)
while rest > 0:
    count += 1
    rest //= $k
return count
""",
        numbers(4, 5),
        english=(
            "count how often {x} without its sign can be divided by $k, rounding down, until it is 0",
            "divide the absolute value of {x} by $k again and again, rounding down, and count the steps to 0",
            "tell how many digits {x} has in base $k, sign ignored (0 has none)",
            "count the divisions by $k, each rounded down, that bring {x} without sign to 0",
        ),
        chinese=(
            "数出{x}去掉符号后除以 $k（向下取整）多少次才变为 0",
            "将{x}的绝对值一再除以 $k，向下取整，数出到 0 的步数",
            "求{x}在 $k 进制下有几位数字，忽略符号（0 没有）",
            "数出把{x}去掉符号后变为 0 所需的除以 $k（每次向下取整）的次数",
        ),
    ),
    Family(
        "add_or_subtract_$k",
        "int -> int",
        """
step = $k if n % 2 == 0 else -$k
return n + step
""",
        numbers(3, 8),
        english=(
            "add $k to {x} if it is even, else subtract $k",
            "increase {x} by $k if even and decrease it by $k if odd",
            "subtract $k from {x} if it is odd, otherwise add $k",
            "move {x} by $k: up for an even number, down for an odd one",
        ),
        chinese=(
            "将{x}加 $k（偶数时）或减 $k（奇数时）",
            "把{x}在偶数时增加 $k，在奇数时减少 $k",
            "将{x}减去 $k（若为奇数），否则加上 $k",
            "将{x}移动 $k：偶数向上，奇数向下",
        ),
    ),
    Family(
        "multiples_to_$k",
        "int -> nonempty list[int]",
        """
terms = []
for i in range(1, $k + 1):
    terms.append(n * i)
return terms
""",
        numbers(3, 4),
        english=(
            "list the first $k multiples of {x}, starting with itself",
            "list {x} times each number from 1 to $k",
            "multiply {x} by 1, 2 and so on up to $k and list the products",
            "give {x} once, twice and so on to $k times as a list",
        ),
        chinese=(
            "列出{x}的前 $k 个倍数，从它本身开始",
            "列出{x}乘以 1 到 $k 的每个数所得的值",
            "将{x}乘以 1、2 直到 $k，列出各积",
            "以列表给出{x}的一倍、两倍直到 $k 倍",
        ),
    ),
    Family(
        "divide_with_rest_$k",
        "int -> nonempty list[int]",
        """
quotient, rest = divmod(n, $k)
return [quotient, rest]
""",
        numbers(3, 10),
        english=(
            "divide {x} by $k, rounding down, and list the quotient and the remainder",
            "list how many times $k goes into {x}, rounded down, and what is left",
            "split {x} into its quotient by $k and its remainder, as a list of two",
            "give the list of {x} divided by $k, rounded down, and {x} modulo $k",
        ),
        chinese=(
            "将{x}除以 $k 并向下取整，列出商和余数",
            "列出{x}含有多少个 $k（向下取整）以及剩下多少",
            "把{x}拆成除以 $k 的商和余数，组成两项的列表",
            "给出由{x}除以 $k 向下取整的值和{x}模 $k 的值组成的列表",
        ),
    ),
    Family(
        "add_repeatedly_$k",
        "int -> nonempty list[int]",
        """
terms = [n]
for _ in range(4):
    terms.append(terms[-1] + $k)
return terms
""",
        numbers(2, 6),
        english=(
            "start with {x}, add $k four times and list all five values",
            "list {x} and the next four numbers in steps of $k",
            "give the sequence of five numbers from {x}, each $k more than the one before",
            "list five values: {x}, then each time $k more",
        ),
        chinese=(
            "从{x}开始，加四次 $k，列出全部五个值",
            "列出{x}及其后以 $k 为步长的四个数",
            "给出从{x}起的五个数的序列，每个比前一个大 $k",
            "列出五个值：{x}，然后每次多 $k",
        ),
    ),
    Family(
        "pad_digits_to_$k",
        "int -> nonempty_str",
        """
digits = str(abs(n))
return digits.zfill($k)
""",
        numbers(4, 6),
        english=(
            "write {x} without its sign as a string of at least $k digits, with zeros in front",
            "give the decimal digits of {x}, sign dropped, filled with zeros on the left to $k characters",
            "spell {x} with zeros in front up to $k digits, ignoring the sign",
            "convert the absolute value of {x} to text and fill it with zeros in front to length $k",
        ),
        chinese=(
            "将{x}去掉符号后写成至少 $k 位的字符串，前面补零",
            "给出{x}的十进制数字，舍去符号，左边用零补到 $k 个字符",
            "写出{x}，前面补零到 $k 位，忽略符号",
            "把{x}的绝对值转换成文本，前面用零补到长度 $k",
        ),
    ),
    Family(
        "join_digits_with_$name",
        "int -> nonempty_str",
        """return "$c".join(str(abs(n)))""",
        characters("-", "."),
        english=(
            "write the decimal digits of {x} with '$c' between them, ignoring the sign",
            "join the digits of {x} by '$c', sign dropped",
            "put '$c' between every two neighbouring digits of {x}, without its sign",
            "spell the absolute value of {x} digit by digit, separated by '$c'",
        ),
        chinese=(
            "写出{x}的十进制数字，中间用 '$c' 隔开，忽略符号",
            "用 '$c' 连接{x}的各位数字，舍去符号",
            "在{x}每两个相邻数字之间放上 '$c'，不带符号",
            "逐位写出{x}的绝对值，以 '$c' 分隔",
        ),
    ),
    Family(
        "mark_digits_from_$k",
        "int -> nonempty_str",
        """
out = ""
for digit in str(abs(n)):
    out += "#" if int(digit) >= $k else "."
return out
""",
        numbers(3, 6),
        english=(
            "replace each decimal digit of {x} by # if it is at least $k, else by a dot, sign ignored",
            "write # for every digit of {x} that is $k or more and . for the others, without its sign",
            "turn the digits of the absolute value of {x} into # from $k up and . below",
            "spell {x} with # for digits not less than $k and . for smaller ones, sign dropped",
        ),
        chinese=(
            "将{x}的每位十进制数字换成 '#'（不小于 $k）或点（否则），忽略符号",
            "将{x}中每个 $k 或以上的数字写作 '#'，其余写作 '.'，不带符号",
            "把{x}的绝对值的各位数字变为 '#'（$k 起）或 '.'（以下）",
            "写出{x}，不小于 $k 的数字写 '#'，较小的写 '.'，舍去符号",
        ),
    ),
)
