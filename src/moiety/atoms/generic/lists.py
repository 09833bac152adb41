"""Generic operations from a list of integers to a number, or to a list of a value for each element."""

from __future__ import annotations

from moiety.atoms.generic.family import Family, numbers

_TO_NUMBER: tuple[Family, ...] = (
    Family(
        "sum_plus_$k",
        "list[int] -> int",
        """
total = $k
for x in xs:
    total += x
return total
""",
        numbers(10, 50),
        english=(
            "add up the elements of {x}, starting from $k ($k if empty)",
            "take the sum of {x} plus $k ($k if empty)",
            "start with $k and add every element of {x}",
            "compute $k more than the total of {x} ($k if empty)",
        ),
        chinese=(
            "从 $k 起将{x}的元素相加（空则得 $k）",
            "取{x}之和再加 $k（空则得 $k）",
            "从 $k 开始，加上{x}的每个元素",
            "计算比{x}的总和大 $k 的数（空则得 $k）",
        ),
    ),
    Family(
        "count_greater_than_$k",
        "list[int] -> nonneg_int",
        """
count = 0
for x in xs:
    if x > $k:
        count += 1
return count
""",
        numbers(0, 8),
        english=(
            "count the elements of {x} that are greater than $k (0 if empty)",
            "tell how many elements of {x} exceed $k (0 if none)",
            "give the number of elements of {x} larger than $k",
            "count how often an element of {x} is more than $k (0 if none)",
        ),
        chinese=(
            "数出{x}中大于 $k 的元素个数（空则得 0）",
            "求{x}中有几个元素超过 $k（没有则得 0）",
            "给出{x}中比 $k 大的元素的个数",
            "计算{x}中元素多于 $k 的次数（没有则得 0）",
        ),
    ),
    Family(
        "combine_base_$k",
        "list[int] -> int",
        """
total = 0
for x in xs:
    total = total * $k + x
return total
""",
        numbers(3, 10),
        english=(
            "start with 0 and for each element of {x} multiply by $k and add the element",
            "read {x} as digits in base $k, the first element highest (0 if empty)",
            "go through {x}, each time taking $k times the total so far plus the element (0 if empty)",
            "combine the elements of {x} into one number in base $k, last element as ones (0 if empty)",
        ),
        chinese=(
            "从 0 开始，对{x}的每个元素先乘以 $k 再加上该元素",
            "将{x}读作 $k 进制的各位数字，第一个元素为最高位（空则得 0）",
            "依次走过{x}，每次取目前总数的 $k 倍加上该元素（空则得 0）",
            "把{x}的元素合成一个 $k 进制的数，末元素为个位（空则得 0）",
        ),
    ),
    Family(
        "sum_of_largest_$k",
        "list[int] -> int",
        """
order = sorted(xs)
return sum(order[-$k:])
""",
        numbers(2, 3),
        english=(
            "add up the $k largest elements of {x} (all if there are fewer, 0 if empty)",
            "sort {x} and sum its last $k elements (all if fewer, 0 if empty)",
            "take the total of the $k greatest elements of {x}, repeated ones counted (0 if empty)",
            "give the sum of the top $k elements of {x}, or of all if fewer (0 if empty)",
        ),
        chinese=(
            "将{x}中最大的 $k 个元素相加（不足则全取，空则得 0）",
            "将{x}排序，求最后 $k 个元素之和（不足则全取，空则得 0）",
            "取{x}中最大的 $k 个元素的总和，重复的都算（空则得 0）",
            "给出{x}前 $k 大元素之和，不足则为全部之和（空则得 0）",
        ),
    ),
)

_EACH: tuple[Family, ...] = (
    Family(
        "add_to_each_$k",
        "list[int] -> list[int]",
        "return [x + $k for x in xs]",
        numbers(2, 5),
        english=(
            "add $k to each element of {x}",
            "increase every element of {x} by $k",
            "replace each element of {x} by $k more than it",
            "list the elements of {x}, each plus $k",
        ),
        chinese=(
            "将{x}的每个元素加 $k",
            "把{x}的各元素都增加 $k",
            "将{x}的每个元素换成比它大 $k 的数",
            "列出{x}的元素，各加 $k",
        ),
    ),
    Family(
        "multiply_each_by_$k",
        "list[int] -> list[int]",
        """
products = []
for x in xs:
    products.append(x * $k)
return products
""",
        numbers(3, 10),
        english=(
            "multiply each element of {x} by $k",
            "replace every element of {x} by $k times itself",
            "list $k times each element of {x}",
            "list the products of the elements of {x} with $k",
        ),
        chinese=(
            "将{x}的每个元素乘以 $k",
            "把{x}的各元素换成其 $k 倍",
            "列出{x}每个元素的 $k 倍",
            "列出{x}的元素与 $k 的积",
        ),
    ),
    Family(
        "add_index_times_$k",
        "list[int] -> list[int]",
        """
moved = []
for i, x in enumerate(xs):
    moved.append(x + $k * i)
return moved
""",
        numbers(2, 3),
        english=(
            "add $k times its index, counted from 0, to each element of {x}",
            "increase the elements of {x} by 0, $k, twice $k and so on in order",
            "replace each element of {x} by itself plus $k times its position from 0",
            "raise every next element of {x} by $k more than the one before, the first by 0",
        ),
        chinese=(
            "给{x}的每个元素加上其下标（从 0 数起）的 $k 倍",
            "将{x}的元素依次增加 0、$k、两倍 $k，依此类推",
            "把{x}的每个元素换成它自身加位置（从 0 起）的 $k 倍",
            "使{x}中每个元素的增量比前一个多 $k，第一个增加 0",
        ),
    ),
    Family(
        "replace_negatives_with_$k",
        "list[int] -> list[int]",
        """
out = []
for x in xs:
    out.append($k if x < 0 else x)
return out
""",
        numbers(0, 9),
        english=(
            "replace the negative elements of {x} by $k",
            "write $k in place of every element of {x} below 0",
            "turn each element of {x} that is less than 0 into $k, others kept",
            "list {x} with $k instead of its negative values",
        ),
        chinese=(
            "将{x}中的负数元素换成 $k",
            "把{x}中小于 0 的每个元素改写为 $k",
            "将{x}中每个小于 0 的元素变为 $k，其他不变",
            "列出{x}，其中负值以 $k 代替",
        ),
    ),
    Family(
        "subtract_element_${k}_before",
        "list[int] -> list[int]",
        """
steps = []
for i in range($k, len(xs)):
    steps.append(xs[i] - xs[i - $k])
return steps
""",
        numbers(2, 3),
        english=(
            "list each element of {x} minus the one $k places before it, where there is one",
            "list the differences in {x} between elements $k places apart, later minus earlier",
            "compare each element of {x} to the one $k before and list by how much it is greater",
            "from the element at index $k on, subtract from each element of {x} the one $k earlier",
        ),
        chinese=(
            "列出{x}的每个元素减去其前面第 $k 个元素的差（若有）",
            "列出{x}中相隔 $k 个位置的元素之差，后减前",
            "将{x}的每个元素与前面第 $k 个比较，列出大了多少",
            "从下标 $k 的元素起，将{x}的每个元素减去前面第 $k 个",
        ),
    ),
    Family(
        "negate_every_${k}th",
        "list[int] -> list[int]",
        """
ys = list(xs)
for i in range(0, len(ys), $k):
    ys[i] = -ys[i]
return ys
""",
        numbers(2, 3),
        english=(
            "change the sign of every element of {x} whose index from 0 is a multiple of $k",
            "negate the first element of {x} and each one $k places further, keeping the others",
            "turn the sign of the elements of {x} around in steps of $k, starting with the first",
            "replace each element of {x} at an index divisible by $k (from 0) by its negative",
        ),
        chinese=(
            "将{x}中下标（从 0 起）为 $k 的倍数的元素变号",
            "把{x}的第一个元素及其后每隔 $k 个位置的元素取负，其他不变",
            "从第一个起，以 $k 为步长将{x}的元素变号",
            "将{x}中下标（从 0 起）能被 $k 整除的元素换成其相反数",
        ),
    ),
    Family(
        "running_largest_from_$k",
        "list[int] -> list[int]",
        """
best, highs = $k, []
for x in xs:
    best = max(best, x)
    highs.append(best)
return highs
""",
        numbers(0, 5),
        english=(
            "replace each element of {x} by the largest of $k and all elements up to it",
            "list the maximum of {x} so far at each place, but at least $k",
            "go through {x} and give at each element the greatest value yet, starting from $k",
            "list for every beginning of {x} its largest element, or $k if that is greater",
        ),
        chinese=(
            "将{x}的每个元素换成 $k 与到它为止所有元素中的最大者",
            "列出{x}在每个位置上目前的最大值，但至少为 $k",
            "依次走过{x}，在每个元素处给出至今的最大值，从 $k 开始",
            "对{x}的每个开头部分列出其最大元素，若 $k 更大则为 $k",
        ),
    ),
)

FAMILIES: tuple[Family, ...] = (*_TO_NUMBER, *_EACH)
