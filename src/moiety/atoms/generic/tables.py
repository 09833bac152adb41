"""Generic operations from a list of integers to text or to a table, and on tables."""

from __future__ import annotations

from moiety.atoms.generic.family import Family, characters, numbers

_TO_TEXT: tuple[Family, ...] = (
    Family(
        "join_numbers_with_$name",
        "list[int] -> str",
        """return "$c".join(str(x) for x in xs)""",
        characters(",", "-"),
        english=(
            "write the elements of {x} in order with '$c' between them, as one string",
            "join the numbers of {x} by '$c' into a string (empty if there are none)",
            "spell {x} as a string, its elements separated by '$c'",
            "convert {x} to text, putting '$c' between every two elements",
        ),
        chinese=(
            "按顺序写出{x}的元素，中间用 '$c' 隔开，组成一个字符串",
            "用 '$c' 把{x}的数连接成字符串（没有则得空串）",
            "将{x}写成字符串，元素以 '$c' 分隔",
            "把{x}转换成文本，每两个元素之间放上 '$c'",
        ),
    ),
    Family(
        "mark_greater_than_$k",
        "list[int] -> str",
        """
out = ""
for x in xs:
    out += "#" if x > $k else "."
return out
""",
        numbers(0, 6),
        english=(
            "write # for each element of {x} greater than $k and . for the others, as one string",
            "replace every element of {x} by # if it exceeds $k, else by a dot, and join them",
            "spell {x} as a string, one # for an element more than $k and one . otherwise",
            "turn {x} into a string of # (greater than $k) and . (at most $k)",
        ),
        chinese=(
            "对{x}中大于 $k 的元素写 '#'，其他写 '.'，组成一个字符串",
            "将{x}的每个元素换成 '#'（超过 $k）或点（否则），再连接起来",
            "把{x}写成字符串，多于 $k 的元素写一个 '#'，否则写一个 '.'",
            "将{x}变为由 '#'（大于 $k）和 '.'（至多为 $k）组成的字符串",
        ),
    ),
    Family(
        "remainder_digits_$k",
        "list[int] -> str",
        """
digits = ""
for x in xs:
    digits += str(x % $k)
return digits
""",
        numbers(5, 10),
        english=(
            "write each element of {x} modulo $k as a digit and join them",
            "replace every number of {x} by its non-negative remainder by $k, giving a string of digits",
            "spell the remainders of the elements of {x} divided by $k as one string",
            "turn each element of {x} into the digit it leaves modulo $k, joined",
        ),
        chinese=(
            "将{x}的每个元素对 $k 取模写成一位数字，再连接起来",
            "把{x}的每个数换成除以 $k 的非负余数，得到一个数字串",
            "将{x}各元素除以 $k 的余数拼成一个字符串",
            "把{x}的每个元素变为它模 $k 的数字，连接起来",
        ),
    ),
)

_TO_ROWS: tuple[Family, ...] = (
    Family(
        "rows_of_$k",
        "list[int] -> list[list[int]]",
        """
out = []
for i in range(0, len(xs), $k):
    out.append(xs[i:i + $k])
return out
""",
        numbers(3, 4),
        english=(
            "cut {x} into rows of $k elements, the last row shorter if needed",
            "split {x} into rows of length $k, the rest in a last row",
            "break {x} after every $k elements and list the rows",
            "divide {x} into blocks of $k elements, what is left as a last row",
        ),
        chinese=(
            "将{x}切成每行 $k 个元素的行，最后一行可以较短",
            "把{x}分成长度为 $k 的行，其余放在最后一行",
            "在{x}中每 $k 个元素之后断开，列出各行",
            "将{x}分成 $k 个元素一块，剩下的作为最后一行",
        ),
    ),
    Family(
        "windows_of_$k",
        "list[int] -> list[list[int]]",
        """
windows = []
for i in range(len(xs) - $k + 1):
    windows.append(xs[i:i + $k])
return windows
""",
        numbers(2, 3),
        english=(
            "list every $k consecutive elements of {x} as a row, from left to right",
            "give all stretches of $k neighbours in {x} as rows (none if it is shorter)",
            "build a row from each element of {x} and those after it, $k in all, where there are enough",
            "write each segment of exactly $k adjacent elements of {x} as a row, in order",
        ),
        chinese=(
            "从左到右将{x}的每 $k 个连续元素列为一行",
            "以行给出{x}中所有由 $k 个相邻元素构成的段（不够长则没有）",
            "用{x}的每个元素及其后的元素共 $k 个组成一行，不够的不取",
            "按顺序把{x}中恰有 $k 个相邻元素的每一段写成一行",
        ),
    ),
    Family(
        "split_at_index_$k",
        "list[int] -> list[list[int]]",
        "return [xs[:$k], xs[$k:]]",
        numbers(2, 3),
        english=(
            "split {x} into two rows, the first $k elements and the rest",
            "cut {x} after $k elements and list both parts as rows, empty ones too",
            "put the first $k elements of {x} into one row and all others into a second",
            "break {x} before index $k, from 0, into exactly two rows",
        ),
        chinese=(
            "将{x}分成两行：前 $k 个元素和其余元素",
            "在 $k 个元素之后切开{x}，将两部分列为行，空的也列",
            "把{x}的前 $k 个元素放入一行，其他都放入第二行",
            "在下标 $k（从 0 起）之前把{x}断成恰好两行",
        ),
    ),
    Family(
        "cut_before_multiples_of_$k",
        "list[int] -> list[list[int]]",
        """
starts = [i for i, x in enumerate(xs) if i == 0 or x % $k == 0]
return [xs[a:b] for a, b in zip(starts, [*starts[1:], len(xs)])]
""",
        numbers(3, 4),
        english=(
            "cut {x} into rows, a new row starting wherever an element is a multiple of $k",
            "split {x} before every element that $k divides, in order",
            "break {x} into rows at each element whose remainder by $k is 0",
            "divide {x} into rows in which only the first element may be a multiple of $k",
        ),
        chinese=(
            "将{x}切成若干行，元素为 $k 的倍数处开始新的一行",
            "按顺序在{x}中每个能被 $k 整除的元素之前分开",
            "在{x}中每个除以 $k 余数为 0 的元素处断成行",
            "将{x}分成行，每行只有第一个元素可以是 $k 的倍数",
        ),
    ),
)

_ON_ROWS: tuple[Family, ...] = (
    Family(
        "column_$k",
        "list[list[int]] -> list[int]",
        """
column = []
for row in rows:
    if len(row) > $k:
        column.append(row[$k])
return column
""",
        numbers(0, 1),
        english=(
            "list the cells of {x} in the column with index $k, from 0, short rows ignored",
            "take from each row of {x} the element at index $k (from 0), where there is one",
            "read column $k of {x} downwards, counting columns from 0, missing cells left out",
            "give the element at index $k of every row of {x} that has one, from 0",
        ),
        chinese=(
            "列出{x}中下标为 $k（从 0 起）的列的格子，忽略短行",
            "从{x}的每一行取下标 $k（从 0 起）的元素（若有）",
            "向下读{x}的第 $k 列，列从 0 数起，缺少的格子略过",
            "给出{x}中每一行下标为 $k 的元素（若有），从 0 数起",
        ),
    ),
    Family(
        "join_rows_with_$k",
        "list[list[int]] -> list[int]",
        """
out = []
for row in rows:
    out.extend([*row, $k])
return out
""",
        numbers(0, 9),
        english=(
            "read the rows of {x} into one list, writing $k after each row",
            "join the rows of {x}, each followed by $k",
            "flatten {x} row by row and put $k at the end of every row",
            "list the numbers of {x} row after row, with a $k after each",
        ),
        chinese=(
            "将{x}的各行读入一个列表，每行之后写 $k",
            "连接{x}的各行，每行后跟 $k",
            "逐行展平{x}，在每行末尾放上 $k",
            "一行接一行列出{x}的各数，每行之后加一个 $k",
        ),
    ),
    Family(
        "row_sums_plus_$k",
        "list[list[int]] -> list[int]",
        """
sums = []
for row in rows:
    sums.append(sum(row) + $k)
return sums
""",
        numbers(1, 10),
        english=(
            "add up each row of {x} and add $k to every sum",
            "list the row sums of {x} from top to bottom, each plus $k ($k for an empty row)",
            "sum {x} row by row, starting each row from $k",
            "give for each row of {x} the total of its cells and $k",
        ),
        chinese=(
            "求{x}每一行的和，并给每个和加 $k",
            "从上到下列出{x}的各行之和，各加 $k（空行得 $k）",
            "逐行对{x}求和，每行从 $k 起",
            "对{x}的每一行，给出其各格与 $k 的总和",
        ),
    ),
    Family(
        "cells_greater_than_$k",
        "list[list[int]] -> list[int]",
        "return [cell for row in rows for cell in row if cell > $k]",
        numbers(0, 4),
        english=(
            "list the cells of {x} that are greater than $k, row by row",
            "read {x} row by row and keep only the numbers that exceed $k",
            "flatten {x} and drop every element that is $k or less",
            "collect from the rows of {x} in order the elements larger than $k",
        ),
        chinese=(
            "逐行列出{x}中大于 $k 的格子",
            "逐行读{x}，只保留超过 $k 的数",
            "展平{x}并去掉每个不超过 $k 的元素",
            "按顺序从{x}的各行收集比 $k 大的元素",
        ),
    ),
    Family(
        "add_to_cells_$k",
        "list[list[int]] -> list[list[int]]",
        """
out = []
for row in rows:
    out.append([cell + $k for cell in row])
return out
""",
        numbers(1, 5),
        english=(
            "add $k to each cell of {x}",
            "increase every element in the rows of {x} by $k",
            "replace each number of {x} by $k more, rows kept",
            "write {x} again with each cell plus $k",
        ),
        chinese=(
            "将{x}的每个格子加 $k",
            "把{x}各行的每个元素都增加 $k",
            "将{x}的每个数换成比它大 $k 的数，行不变",
            "重写{x}，每个格子加 $k",
        ),
    ),
    Family(
        "count_cells_greater_than_$k",
        "list[list[int]] -> nonneg_int",
        """
count = 0
for row in rows:
    count += sum(1 for cell in row if cell > $k)
return count
""",
        numbers(0, 5),
        english=(
            "count the cells of {x} that are greater than $k (0 if there are none)",
            "tell how many numbers in the rows of {x} exceed $k",
            "give the number of elements larger than $k over all rows of {x}",
            "count, row by row, the cells of {x} with more than $k (0 if none)",
        ),
        chinese=(
            "数出{x}中大于 $k 的格子数（没有则得 0）",
            "求{x}各行中有多少个数超过 $k",
            "给出{x}所有行中比 $k 大的元素个数",
            "逐行数出{x}中多于 $k 的格子（没有则得 0）",
        ),
    ),
)

FAMILIES: tuple[Family, ...] = (*_TO_TEXT, *_TO_ROWS, *_ON_ROWS)
