"""Generic operations from a list of integers to a number or to another list of integers."""

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
        chinese=("从 $k 起将{x}的元素相加(空则得 $k)", "取{x}之和再加 $k(空则得 $k)", "从 $k 开始,加上{x}的每个元素", "计算比{x}的总和大 $k 的数(空则得 $k)"),
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
        chinese=("数出{x}中大于 $k 的元素个数(空则得 0)", "求{x}中有几个元素超过 $k(没有则得 0)", "给出{x}中比 $k 大的元素的个数", "计算{x}中元素多于 $k 的次数(没有则得 0)"),
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
        chinese=("从 0 开始,对{x}的每个元素先乘以 $k 再加上该元素", "将{x}读作 $k 进制的各位数字,第一个元素为最高位(空则得 0)", "依次走过{x},每次取目前总数的 $k 倍加上该元素(空则得 0)", "把{x}的元素合成一个 $k 进制的数,末元素为个位(空则得 0)"),
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
        chinese=("将{x}中最大的 $k 个元素相加(不足则全取,空则得 0)", "将{x}排序,求最后 $k 个元素之和(不足则全取,空则得 0)", "取{x}中最大的 $k 个元素的总和,重复的都算(空则得 0)", "给出{x}前 $k 大元素之和,不足则为全部之和(空则得 0)"),
    ),
)

_EACH: tuple[Family, ...] = (
    Family(
        "add_to_each_$k",
        "list[int] -> list[int]",
        "return [x + $k for x in xs]",
        numbers(2, 5, 9),
        english=(
            "add $k to each element of {x}",
            "increase every element of {x} by $k",
            "replace each element of {x} by $k more than it",
            "list the elements of {x}, each plus $k",
        ),
        chinese=("将{x}的每个元素加 $k", "把{x}的各元素都增加 $k", "将{x}的每个元素换成比它大 $k 的数", "列出{x}的元素,各加 $k"),
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
        chinese=("将{x}的每个元素乘以 $k", "把{x}的各元素换成其 $k 倍", "列出{x}每个元素的 $k 倍", "列出{x}的元素与 $k 的积"),
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
        chinese=("给{x}的每个元素加上其下标(从 0 数起)的 $k 倍", "将{x}的元素依次增加 0、$k、两倍 $k,依此类推", "把{x}的每个元素换成它自身加位置(从 0 起)的 $k 倍", "{x}中每个元素的增量比前一个多 $k,第一个增加 0"),
    ),
    Family(
        "replace_negatives_with_$k",
        "list[int] -> list[int]",
        "return [$k if x < 0 else x for x in xs]",
        numbers(0, 9),
        english=(
            "replace the negative elements of {x} by $k",
            "write $k in place of every element of {x} below 0",
            "turn each element of {x} that is less than 0 into $k, others kept",
            "list {x} with $k instead of its negative values",
        ),
        chinese=("将{x}中的负数元素换成 $k", "把{x}中小于 0 的每个元素改写为 $k", "将{x}中每个小于 0 的元素变为 $k,其他不变", "列出{x},其中负值以 $k 代替"),
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
        chinese=("列出{x}的每个元素减去其前面第 $k 个元素的差(若有)", "列出{x}中相隔 $k 个位置的元素之差,后减前", "将{x}的每个元素与前面第 $k 个比较,列出大了多少", "从下标 $k 的元素起,将{x}的每个元素减去前面第 $k 个"),
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
        chinese=("将{x}中下标(从 0 起)为 $k 的倍数的元素变号", "把{x}的第一个元素及其后每隔 $k 个位置的元素取负,其他不变", "从第一个起,以 $k 为步长将{x}的元素变号", "将{x}中下标(从 0 起)能被 $k 整除的元素换成其相反数"),
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
        chinese=("将{x}的每个元素换成 $k 与到它为止所有元素中的最大者", "列出{x}在每个位置上目前的最大值,但至少为 $k", "依次走过{x},在每个元素处给出至今的最大值,从 $k 开始", "对{x}的每个开头部分列出其最大元素,若 $k 更大则为 $k"),
    ),
)

_PICK: tuple[Family, ...] = (
    Family(
        "keep_greater_than_$k",
        "list[int] -> list[int]",
        """
kept = []
for x in xs:
    if x > $k:
        kept.append(x)
return kept
""",
        numbers(0, 4, 10),
        english=(
            "keep the elements of {x} that are greater than $k",
            "remove from {x} every element that is $k or less",
            "select the elements of {x} that exceed $k, in order",
            "drop the elements of {x} that are at most $k",
        ),
        chinese=("保留{x}中大于 $k 的元素", "从{x}中删去每个不超过 $k 的元素", "按顺序选出{x}中超过 $k 的元素", "去掉{x}中至多为 $k 的元素"),
    ),
    Family(
        "drop_multiples_of_$k",
        "list[int] -> list[int]",
        "return [x for x in xs if x % $k != 0]",
        numbers(2, 3),
        english=(
            "drop the elements of {x} that are multiples of $k, 0 too",
            "keep the elements of {x} that $k does not divide",
            "remove every element of {x} whose remainder by $k is 0",
            "list the elements of {x} that leave a remainder when divided by $k",
        ),
        chinese=("去掉{x}中 $k 的倍数,0 也去掉", "保留{x}中不能被 $k 整除的元素", "删除{x}中除以 $k 余数为 0 的每个元素", "列出{x}中除以 $k 有余数的元素"),
    ),
    Family(
        "drop_first_$k",
        "list[int] -> list[int]",
        "return xs[$k:]",
        numbers(2, 3),
        english=(
            "drop the first $k elements of {x}",
            "remove $k elements from the front of {x} (all if fewer)",
            "keep {x} without its first $k elements",
            "take the elements of {x} from index $k on, counting from 0",
        ),
        chinese=("去掉{x}的前 $k 个元素", "从{x}的开头删去 $k 个元素(不足则全删)", "保留{x}中前 $k 个以外的元素", "取{x}中从下标 $k 起的元素,从 0 数起"),
    ),
    Family(
        "keep_last_$k",
        "list[int] -> list[int]",
        "return xs[-$k:]",
        numbers(3, 4),
        english=(
            "keep the last $k elements of {x}",
            "take $k elements from the end of {x}, in order (all if fewer)",
            "drop all but the last $k elements of {x}",
            "list the final $k elements of {x} as they stand",
        ),
        chinese=("保留{x}的最后 $k 个元素", "从{x}的末尾取 $k 个元素,保持顺序(不足则全取)", "除最后 $k 个外,去掉{x}的所有元素", "照原样列出{x}末尾的 $k 个元素"),
    ),
    Family(
        "every_${k}th",
        "list[int] -> list[int]",
        "return xs[::$k]",
        numbers(3, 4),
        english=(
            "take the first element of {x} and each one $k places further",
            "keep the elements of {x} whose index, from 0, is a multiple of $k",
            "go through {x} in steps of $k, starting with the first element",
            "list the elements of {x} at the indices 0, $k, twice $k and so on",
        ),
        chinese=("取{x}的第一个元素及其后每隔 $k 个位置的元素", "保留{x}中下标(从 0 起)为 $k 的倍数的元素", "从第一个元素起,以 $k 为步长走过{x}", "列出{x}中下标为 0、$k、两倍 $k 等处的元素"),
    ),
)

_MOVE: tuple[Family, ...] = (
    Family(
        "repeat_each_$k",
        "list[int] -> list[int]",
        """
out = []
for x in xs:
    out.extend([x] * $k)
return out
""",
        numbers(2, 3),
        english=(
            "repeat each element of {x} $k times in a row",
            "write every element of {x} $k times, one after the other",
            "list {x} with $k equal neighbours in place of each element",
            "replace each element of {x} by $k of it",
        ),
        chinese=("将{x}的每个元素连续重复 $k 次", "把{x}的各元素依次各写 $k 次", "列出{x},每个元素以 $k 个相等的相邻元素代替", "将{x}的每个元素换成 $k 个它"),
    ),
    Family(
        "rotate_right_by_$k",
        "list[int] -> list[int]",
        "return xs[-$k:] + xs[:-$k]",
        numbers(2, 3),
        english=(
            "move the last $k elements of {x} to the front, keeping their order",
            "put the final $k elements of {x} before the others (unchanged if fewer)",
            "cut the last $k elements off {x} and place them first",
            "take {x} from $k before its end, then join the elements left in front",
        ),
        chinese=("将{x}的最后 $k 个元素移到最前,顺序不变", "把{x}末尾的 $k 个元素放到其他元素之前(不足则不变)", "切下{x}的最后 $k 个元素并放在开头", "取{x}倒数第 $k 个起的元素,再接上前面剩下的元素"),
    ),
    Family(
        "append_$k",
        "list[int] -> nonempty list[int]",
        "return [*xs, $k]",
        numbers(0, 7),
        english=(
            "append $k to {x}",
            "put $k after the last element of {x}",
            "add $k to {x} as a new last element",
            "list the elements of {x} and then $k",
        ),
        chinese=("在{x}末尾追加 $k", "把 $k 放在{x}的最后一个元素之后", "将 $k 作为新的末元素加入{x}", "列出{x}的元素,然后是 $k"),
    ),
    Family(
        "sort_by_remainder_$k",
        "list[int] -> list[int]",
        "return sorted(xs, key=lambda x: x % $k)",
        numbers(3, 5),
        english=(
            "sort {x} by the remainder modulo $k, from 0 up, ties in original order",
            "order the elements of {x} by what is left after division by $k, equals as they stand",
            "arrange {x} by non-negative remainder of division by $k, keeping the order of equals",
            "sort {x} ascending by element modulo $k, equal ones in their order",
        ),
        chinese=("按对 $k 取模的余数从 0 起对{x}排序,相同者保持原序", "将{x}的元素按除以 $k 的余数排列,相等者照原样", "按除以 $k 的非负余数排列{x},相等者保持顺序", "按元素模 $k 的值对{x}升序排序,相等的按原来的顺序"),
    ),
    Family(
        "reverse_first_$k",
        "list[int] -> list[int]",
        """
head = xs[:$k]
return head[::-1] + xs[$k:]
""",
        numbers(3, 4),
        english=(
            "reverse the first $k elements of {x} (all if fewer), the rest stays",
            "read the first $k elements of {x} backwards, then the others as they stand",
            "turn the order of the first $k elements of {x} around, keeping the rest",
            "write the first $k elements of {x} from back to front and join what is left",
        ),
        chinese=("反转{x}的前 $k 个元素(不足则全部),其余不变", "倒读{x}的前 $k 个元素,其余照原样", "将{x}前 $k 个元素的顺序颠倒,保留其余", "从后往前写{x}的前 $k 个元素,再接上剩下的"),
    ),
)

FAMILIES: tuple[Family, ...] = (*_TO_NUMBER, *_EACH, *_PICK, *_MOVE)
