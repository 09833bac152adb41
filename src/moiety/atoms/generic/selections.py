"""Generic operations that pick, repeat or move the elements of a list of integers."""

from __future__ import annotations

from moiety.atoms.generic.family import Family, numbers

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
        chinese=(
            "保留{x}中大于 $k 的元素",
            "从{x}中删去每个不超过 $k 的元素",
            "按顺序选出{x}中超过 $k 的元素",
            "去掉{x}中至多为 $k 的元素",
        ),
    ),
    Family(
        "drop_multiples_of_$k",
        "list[int] -> list[int]",
        """
kept = []
for x in xs:
    if x % $k != 0:
        kept.append(x)
return kept
""",
        numbers(2, 3),
        english=(
            "drop the elements of {x} that are multiples of $k, 0 too",
            "keep the elements of {x} that $k does not divide",
            "remove every element of {x} whose remainder by $k is 0",
            "list the elements of {x} that leave a remainder when divided by $k",
        ),
        chinese=(
            "去掉{x}中 $k 的倍数，0 也去掉",
            "保留{x}中不能被 $k 整除的元素",
            "删除{x}中除以 $k 余数为 0 的每个元素",
            "列出{x}中除以 $k 有余数的元素",
        ),
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
        chinese=(
            "去掉{x}的前 $k 个元素",
            "从{x}的开头删去 $k 个元素（不足则全删）",
            "保留{x}中前 $k 个以外的元素",
            "取{x}中从下标 $k 起的元素，从 0 数起",
        ),
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
        chinese=(
            "保留{x}的最后 $k 个元素",
            "从{x}的末尾取 $k 个元素，保持顺序（不足则全取）",
            "去掉{x}中除最后 $k 个外的所有元素",
            "照原样列出{x}末尾的 $k 个元素",
        ),
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
        chinese=(
            "取{x}的第一个元素及其后每隔 $k 个位置的元素",
            "保留{x}中下标（从 0 起）为 $k 的倍数的元素",
            "从第一个元素起，以 $k 为步长走过{x}",
            "列出{x}中下标为 0、$k、两倍 $k 等处的元素",
        ),
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
        chinese=(
            "将{x}的每个元素连续重复 $k 次",
            "把{x}的各元素依次各写 $k 次",
            "列出{x}，每个元素以 $k 个相等的相邻元素代替",
            "将{x}的每个元素换成 $k 个它",
        ),
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
        chinese=(
            "将{x}的最后 $k 个元素移到最前，顺序不变",
            "把{x}末尾的 $k 个元素放到其他元素之前（不足则不变）",
            "切下{x}的最后 $k 个元素并放在开头",
            "取{x}倒数第 $k 个起的元素，再接上前面剩下的元素",
        ),
    ),
    Family(
        "swap_first_with_index_$k",
        "list[int] -> list[int]",
        """
ys = list(xs)
if len(ys) > $k:
    ys[0], ys[$k] = ys[$k], ys[0]
return ys
""",
        numbers(2, 3),
        english=(
            "swap the first element of {x} with the one at index $k, from 0, if there is one",
            "exchange the elements of {x} at the indices 0 and $k ({x} unchanged if too short)",
            "switch the element of {x} at index $k, counted from 0, with the first, if any",
            "put the first element of {x} in place $k (from 0) and that one first, if there is one",
        ),
        chinese=(
            "将{x}的第一个元素与下标 $k（从 0 起）的元素互换（若有）",
            "交换{x}中下标 0 和 $k 的元素（太短则{x}不变）",
            "把{x}中下标 $k（从 0 数起）的元素与第一个对调（若有）",
            "把{x}的第一个元素放到位置 $k（从 0 起），那里的元素放到最前，其他不变（太短则不变）",
        ),
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
        chinese=(
            "在{x}末尾追加 $k",
            "把 $k 放在{x}的最后一个元素之后",
            "将 $k 作为新的末元素加入{x}",
            "列出{x}的元素，然后是 $k",
        ),
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
        chinese=(
            "按对 $k 取模的余数从 0 起对{x}排序，相同者保持原序",
            "将{x}的元素按除以 $k 的余数排列，相等者照原样",
            "按除以 $k 的非负余数排列{x}，相等者保持顺序",
            "按元素模 $k 的值对{x}升序排序，相等的按原来的顺序",
        ),
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
        chinese=(
            "反转{x}的前 $k 个元素（不足则全部），其余不变",
            "倒读{x}的前 $k 个元素，其余照原样",
            "将{x}前 $k 个元素的顺序颠倒，保留其余",
            "从后往前写{x}的前 $k 个元素，再接上剩下的",
        ),
    ),
)

FAMILIES: tuple[Family, ...] = (*_PICK, *_MOVE)
