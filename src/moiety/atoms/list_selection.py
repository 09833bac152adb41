"""List selection: ten atoms that keep some elements of a list of integers, pick one, or test for some."""

from moiety.atoms.definition import Atom, atom

TOPIC = "list selection"


@atom(
    topic=TOPIC,
    quick=True,
    english=[
        "keep every other element of {x}, starting with the first",
        "take the first, third, fifth and so on of {x}",
        "keep the elements of {x} at even positions, counting from 0",
        "drop every second element of {x}, keeping the first",
        "pick alternate elements of {x}, beginning at its start",
    ],
    chinese=[
        "从第一个开始，每隔一个保留{x}的元素",
        "取{x}的第一、第三、第五个等元素",
        "保留{x}中偶数位置（从 0 数）的元素",
        "去掉{x}的第二、第四、第六个等元素",
        "从第一个元素起，取一个跳一个地选取{x}的元素",
    ],
    examples=[(([],), []), (([1, 2],), [1]), (([1, 2, 3, 4, 5],), [1, 3, 5])],
)
def every_other(xs: list[int]) -> list[int]:
    return xs[::2]


@atom(
    topic=TOPIC,
    quick=True,
    english=[
        "remove repeated values from {x}, keeping each first occurrence",
        "keep only the first occurrence of each value in {x}",
        "drop from {x} every element that already appeared earlier",
        "list the distinct values of {x} in order of first appearance",
        "make {x} free of duplicates, first occurrences kept, without changing its order",
    ],
    chinese=[
        "去掉{x}中的重复值，每个值只留首次出现的",
        "只保留{x}中每个值第一次出现的元素",
        "从{x}中删去前面已出现过的元素",
        "按首次出现的顺序列出{x}的不同值",
        "给{x}去重，保留首次出现的元素，不改变次序",
    ],
    examples=[(([],), []), (([2, 1, 2],), [2, 1]), (([3, 3, 3],), [3])],
)
def unique_in_order(xs: list[int]) -> list[int]:
    kept = xs[:1]
    for x in xs:
        if x not in kept:
            kept.append(x)
    return kept


@atom(
    topic=TOPIC,
    quick=True,
    english=[
        "keep the elements of {x} that are greater than the one before them",
        "select from {x} each element larger than its left neighbour",
        "take those elements of {x} that exceed their predecessor",
        "keep each element of {x} that rises above the one before it",
        "list the elements of {x} bigger than the element just before them",
    ],
    chinese=[
        "保留{x}中比前一个大的元素",
        "从{x}选出大于左邻的每个元素",
        "取{x}中超过其前一个元素的那些元素",
        "留下{x}中每个上升处的元素，即大于前一个的",
        "列出{x}里比紧挨前面那个更大的元素",
    ],
    examples=[(([],), []), (([5],), []), (([1, 3, 2, 2, 4],), [3, 4])],
)
def ascents(xs: list[int]) -> list[int]:
    risen = []
    for i in range(1, len(xs)):
        if xs[i] > xs[i - 1]:
            risen.append(xs[i])
    return risen


@atom(
    topic=TOPIC,
    quick=True,
    english=[
        "drop the first and the last element of {x}",
        "remove one element from each end of {x}",
        "cut off both end elements of {x}",
        "keep the inside of {x}, without its first and last element",
        "strip {x} of its first and its last element",
    ],
    chinese=[
        "去掉{x}的首尾两个元素",
        "从{x}的两端各删除一个元素",
        "切掉{x}两头各一个元素",
        "保留{x}的内部，不要第一个和最后一个元素",
        "剥去{x}的首元素与末元素",
    ],
    examples=[(([],), []), (([1, 2],), []), (([1, 2, 3, 4],), [2, 3])],
)
def drop_ends(xs: list[int]) -> list[int]:
    return xs[1:-1]


@atom(
    topic=TOPIC,
    quick=True,
    english=[
        "keep the elements of {x} that exceed all elements before them",
        "list the new record highs of {x}, its first element included",
        "keep each element of {x} that is larger than every earlier one",
        "select from {x} those elements that set a new maximum, the first included",
        "take the strict maxima of {x} from left to right, each above all before it",
    ],
    chinese=[
        "保留{x}中大于前面所有元素的元素",
        "列出{x}中不断刷新最高纪录的元素，含第一个元素",
        "留下{x}中比之前每一个都大的元素",
        "从{x}选出创下新最大值的那些元素，含第一个",
        "从左到右取{x}中严格大于此前最大值的元素，含第一个",
    ],
    examples=[(([],), []), (([2, 2, 1],), [2]), (([1, 3, 2, 5],), [1, 3, 5])],
)
def record_highs(xs: list[int]) -> list[int]:
    highs = xs[:1]
    for x in xs:
        if x > highs[-1]:
            highs.append(x)
    return highs


@atom(
    topic=TOPIC,
    quick=True,
    english=[
        "take the middle element of {x}, the later of two, 0 if empty",
        "pick the element halfway through {x}, the right one of two, or 0 if empty",
        "return the element of {x} at half its length rounded down, or 0 if empty",
        "find the central element of {x} (right of centre if even, 0 if empty)",
        "get the middle of {x}, or its right middle if even, or 0 if empty",
    ],
    chinese=[
        "取{x}的中间元素，有两个时取后一个，空则得 0",
        "选出{x}正中的元素，偶数个时取右边的，为空得 0",
        "返回{x}中下标为长度一半（向下取整）的元素，空则为 0",
        "找出{x}的中央元素（偶数时靠右，空则为 0）",
        "求{x}居中的元素，偶数时取靠后的，若为空取 0",
    ],
    examples=[(([],), 0), (([1, 9, 4],), 9), (([1, 2, 3, 4],), 3)],
)
def middle_element(xs: list[int]) -> int:
    middle = len(xs) // 2
    return xs[middle] if xs else 0


@atom(
    topic=TOPIC,
    english=[
        "keep the elements of {x} before its first negative one",
        "take elements from the start of {x} until one is negative",
        "cut {x} off just before its first element below zero",
        "keep the longest beginning of {x} without negative elements",
    ],
    chinese=[
        "保留{x}中第一个负数之前的元素",
        "从{x}开头取元素，遇到负数就停，不含该负数",
        "在{x}的第一个小于零的元素之前截断，只留前面部分",
        "保留{x}不含负数的最长开头部分",
    ],
    examples=[(([],), []), (([3, 0, -1, 5],), [3, 0]), (([-2, 1],), [])],
)
def take_until_negative(xs: list[int]) -> list[int]:
    taken = []
    for x in xs:
        if x < 0:
            break
        taken.append(x)
    return taken


@atom(
    topic=TOPIC,
    english=[
        "find the longest strictly rising run of neighbours in {x}, the first if tied",
        "take the longest consecutive stretch of {x} that strictly increases, earliest on ties",
        "keep only the longest stretch of {x} where each element exceeds the one before it, first if tied",
        "return the longest strictly ascending contiguous piece of {x}, the leftmost of equals",
    ],
    chinese=[
        "找出{x}中最长的严格上升连续段，并列取最先的",
        "取{x}里严格递增的最长连续一段，相同长度取最早者",
        "只保留{x}中逐个增大的最长连续部分，一样长取第一段",
        "返回{x}最长的严格升序连续片段，等长时取最左边的",
    ],
    examples=[(([],), []), (([3, 1, 2, 5, 4],), [1, 2, 5]), (([2, 2, 1],), [2])],
)
def longest_rising_run(xs: list[int]) -> list[int]:
    best: list[int] = []
    run: list[int] = []
    for x in xs:
        if run and x <= run[-1]:
            run = []
        run.append(x)
        if len(run) > len(best):
            best = list(run)
    return best


@atom(
    topic=TOPIC,
    english=[
        "tell whether the first element of {x} exceeds its last, false if empty",
        "check if {x} starts higher than it ends (false if empty)",
        "decide whether the last element of {x} is below its first, false if empty",
        "test if the front of {x} is strictly greater than its back, false when empty",
    ],
    chinese=[
        "判断{x}的首元素是否大于末元素，空则为假",
        "检查{x}的开头是否比结尾高（空则为假）",
        "判定{x}的最后一个元素是否小于第一个，空则为假",
        "测试{x}最前的元素是否严格大于最后的，若为空取假",
    ],
    examples=[(([],), False), (([3, 9, 1],), True), (([4],), False)],
)
def falls_overall(xs: list[int]) -> bool:
    return len(xs) > 0 and xs[0] > xs[-1]


@atom(
    topic=TOPIC,
    english=[
        "take the element of {x} whose index (from 0) is {y} modulo the length of {x}, 0 if {x} is empty",
        "use {y} as an index (from 0) into {x}, wrapping around at both ends, and give that element, 0 if {x} is empty",
        "walk cyclically from the start of {x} as many places as {y} says, back if negative, to an element, 0 if empty",
        "give the element of {x} at {y} as a cyclic index, counting from 0, or 0 if {x} is empty",
    ],
    chinese=[
        "以{y}对{x}的长度取模作下标（从 0 起），取{x}中该处的元素，空则得 0",
        "以{y}为下标（从 0 起，越界则循环）从{x}中选一个元素，为空得 0",
        "从{x}的第一个元素起循环前进，步数为{y}（负数则倒走），取到达的元素，空则得 0",
        "以{y}为下标（从 0 起）循环索引{x}，若{x}为空取 0",
    ],
    examples=[(([], 2), 0), (([5, 6, 7], 1), 6), (([5, 6, 7], -1), 7), (([5, 6, 7], 4), 6)],
)
def cyclic_element(xs: list[int], n: int) -> int:
    return xs[n % len(xs)] if xs else 0


ATOMS: tuple[Atom, ...] = (
    every_other,
    unique_in_order,
    ascents,
    drop_ends,
    record_highs,
    middle_element,
    take_until_negative,
    longest_rising_run,
    falls_overall,
    cyclic_element,
)
