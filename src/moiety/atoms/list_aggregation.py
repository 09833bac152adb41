# ruff: noqa: B905
"""List aggregation: ten atoms that bring a list down to one value.

Bodies are the text a model learns to write, so `zip` stands without `strict`. Not folds over other structures.
"""

from __future__ import annotations

from moiety.atoms.definition import Atom, atom
from moiety.types import NonNegInt

TOPIC = "list aggregation"


@atom(
    topic=TOPIC,
    english=[
        "add and subtract the elements of {x} in turn, adding the first (0 if empty)",
        "compute first minus second plus third element of {x} and so on (0 if empty)",
        "sum {x} at even indices (from 0) and subtract those at odd indices (0 if empty)",
        "take the alternating sum of {x}, starting with plus (0 if empty)",
    ],
    chinese=[
        "将{x}的元素依次交替相加、相减，第一个为加（空则得 0）",
        "计算{x}的第一个元素减第二个加第三个，依此类推（空则得 0）",
        "用{x}中偶数下标元素之和减去奇数下标元素之和（空则得 0）",
        "求{x}的交错和，以加号开始（空则得 0）",
    ],
    examples=[(([5, 2, 4],), 7), (([],), 0), (([-3],), -3), (([1, 1],), 0)],
    quick=True,
)
def alternating_sum(xs: list[int]) -> int:
    total = 0
    for i, x in enumerate(xs):
        total += x if i % 2 == 0 else -x
    return total


@atom(
    topic=TOPIC,
    english=[
        "multiply each element of {x} by its position from 1 and add up (0 if empty)",
        "add up {x}, its first element once, the second twice and so on (0 if empty)",
        "sum {x} with the weights 1, 2, 3 and so on (0 if empty)",
        "compute the sum of position times element over {x}, positions from 1 (0 if empty)",
    ],
    chinese=[
        "将{x}的每个元素乘以它的位置（从 1 数起）再求和（空则得 0）",
        "把{x}的元素相加，第一个算一次，第二个算两次，依此类推（空则得 0）",
        "以 1、2、3 等为权重对{x}求和（空则得 0）",
        "计算{x}中位置与元素乘积之和，位置从 1 起（空则得 0）",
    ],
    examples=[(([5, 2, 4],), 21), (([],), 0), (([-3],), -3), (([1, -1],), -1)],
    quick=True,
)
def position_weighted_sum(xs: list[int]) -> int:
    total = 0
    for i, x in enumerate(xs, start=1):
        total += i * x
    return total


@atom(
    topic=TOPIC,
    english=[
        "find the length of the longest run of equal neighbours in {x} (0 if empty)",
        "count the elements of the longest stretch of {x} that repeats one value (0 if empty)",
        "give the length of the longest block of adjacent equal elements in {x} (0 if empty)",
        "compute how many times in a row one element of {x} occurs at most (0 if empty)",
    ],
    chinese=[
        "求{x}中最长的一段相邻相等元素有多长（空则得 0）",
        "数出{x}中重复同一个值的最长一段有几个元素（空则得 0）",
        "给出{x}中最长一段连续相等元素的长度（空则得 0）",
        "计算{x}中同一元素最多连续出现几次（空则得 0）",
    ],
    examples=[(([1, 1, 2, 2, 2, 1],), 3), (([],), 0), (([4, 5],), 1), (([7, 7],), 2)],
    quick=True,
)
def longest_equal_run(xs: list[int]) -> NonNegInt:
    best = run = 0
    for i, x in enumerate(xs):
        run = run + 1 if i > 0 and xs[i - 1] == x else 1
        best = max(best, run)
    return best


@atom(
    topic=TOPIC,
    english=[
        "find the largest sum of consecutive elements of {x}, an empty stretch giving 0",
        "compute the greatest sum over all contiguous segments of {x}, the empty one with 0 included",
        "give the maximum total of a stretch of neighbours in {x}, at least 0",
        "take the best sum of any consecutive elements of {x} (0 if no sum is positive)",
    ],
    chinese=[
        "求{x}中连续元素的最大和，空段的和为 0",
        "计算{x}的所有连续段之和的最大值，包括和为 0 的空段",
        "给出{x}中一段相邻元素的最大总和，至少为 0",
        "取{x}中任意连续元素的最大和（没有正的和则得 0）",
    ],
    examples=[(([2, -3, 4, 5, -1],), 9), (([],), 0), (([-3, -1],), 0), (([3, -1, 3],), 5)],
    quick=True,
)
def max_segment_sum(xs: list[int]) -> NonNegInt:
    best = current = 0
    for x in xs:
        current = max(0, current + x)
        best = max(best, current)
    return best


@atom(
    topic=TOPIC,
    english=[
        "find the longest string in {x}, the first of several (empty if there is none)",
        "take the first of the longest strings of {x} (empty if there is none)",
        "pick the string of {x} with most characters, ties to the earlier (empty if none)",
        "give the element of {x} of greatest length, the earliest of equals (empty if none)",
    ],
    chinese=[
        "找出{x}中最长的字符串，有多个时取第一个（没有则得空串）",
        "取{x}中最长的字符串里的第一个，{x}为空则得空串",
        "选出{x}中字符最多的字符串，相同时取靠前的（没有则得空串）",
        "返回{x}中长度最大的元素，长度相等时取最早的（没有则得空串）",
    ],
    examples=[((["bb", "a", "cc"],), "bb"), (([],), ""), (([""],), ""), ((["a", "abc"],), "abc")],
    quick=True,
)
def longest_word(words: list[str]) -> str:
    best = ""
    for word in words:
        if len(word) > len(best):
            best = word
    return best


@atom(
    topic=TOPIC,
    english=[
        "count the pairs of positions in {x} whose earlier element is greater than the later one",
        "compute the number of inversions of {x}, equal elements not counted",
        "tell how many pairs of elements of {x} stand in strictly falling order",
        "count, over all elements of {x}, the smaller elements that come after",
    ],
    chinese=[
        "数出{x}中前面的元素大于后面元素的位置对的个数",
        "计算{x}的逆序对数，相等的元素不算",
        "给出{x}中有多少对元素严格按从大到小排列",
        "对{x}的每个元素，数出其后比它小的元素，求总数",
    ],
    examples=[(([3, 1, 2],), 2), (([],), 0), (([2, 2],), 0), (([3, 2, 1],), 3)],
)
def count_inversions(xs: list[int]) -> NonNegInt:
    count = 0
    for i, x in enumerate(xs):
        count += sum(1 for y in xs[i + 1 :] if y < x)
    return count


@atom(
    topic=TOPIC,
    english=[
        "find the most frequent element of {x}, the smallest of several (0 if empty)",
        "take the value that occurs most often in {x}, ties to the smaller (0 if empty)",
        "return the mode of {x}, the least one if there are more (0 if empty)",
        "pick the smallest of the elements of {x} with the highest count (0 if empty)",
    ],
    chinese=[
        "找出{x}中出现最多的元素，有多个时取最小的（空则得 0）",
        "取{x}中出现次数最多的值，次数相同取较小者（空则得 0）",
        "返回{x}的众数，不止一个时取最小的（空则得 0）",
        "在{x}中计数最高的元素里选最小的（空则得 0）",
    ],
    examples=[(([3, 1, 3, 1, 2],), 1), (([],), 0), (([-4],), -4), (([5, 2, 5],), 5)],
)
def most_frequent(xs: list[int]) -> int:
    counts: dict[int, int] = {}
    for x in xs:
        counts[x] = counts.get(x, 0) + 1
    return min(counts, key=lambda x: (-counts[x], x), default=0)


@atom(
    topic=TOPIC,
    english=[
        "find the length of the longest strictly rising subsequence of {x} (0 if empty)",
        "compute how many elements of {x} can be kept at most so that they strictly rise",
        "give the greatest number of elements of {x} that strictly increase in order, gaps allowed",
        "tell the length of the longest strictly increasing selection from {x}, order kept (0 if empty)",
    ],
    chinese=[
        "求{x}的最长严格上升子序列的长度（空则得 0）",
        "计算{x}中最多能保留多少个元素使它们严格递增",
        "给出{x}中按顺序严格递增的元素最多有几个，可以跳过元素",
        "求从{x}中按原顺序选出的最长严格递增序列的长度（空则得 0）",
    ],
    examples=[(([3, 1, 2, 5, 4],), 3), (([],), 0), (([2, 2],), 1), (([3, 2, 1],), 1)],
)
def longest_rising_subsequence(xs: list[int]) -> NonNegInt:
    tails: list[int] = []
    for x in xs:
        place = sum(1 for tail in tails if tail < x)
        if place == len(tails):
            tails.append(x)
        else:
            tails[place] = x
    return len(tails)


@atom(
    topic=TOPIC,
    english=[
        "multiply {x} and {y} element by element and add up, the rest of the longer one ignored",
        "compute the dot product of {x} and {y}, cut to the shorter length (0 if one is empty)",
        "sum the products of the elements of {x} and {y} at equal indices, as far as both go",
        "pair the elements of {x} and {y} by index, multiply each pair and sum, extra elements dropped",
    ],
    chinese=[
        "将{x}与{y}逐个元素相乘再求和，较长者多出的部分忽略",
        "计算{x}与{y}的点积，按较短的长度截断（有一个为空则得 0）",
        "求{x}与{y}相同下标元素的乘积之和，到较短者结束为止",
        "按下标将{x}与{y}的元素配对，每对相乘后求和，多余元素舍去",
    ],
    examples=[(([1, 2, 3], [4, 5, 6]), 32), (([], [1]), 0), (([2, 9], [-3]), -6), (([0, 1], [7, 7]), 7)],
)
def dot_product(xs: list[int], ys: list[int]) -> int:
    total = 0
    for x, y in zip(xs, ys):
        total += x * y
    return total


@atom(
    topic=TOPIC,
    english=[
        "tell whether some element of {x} occurs more than once (false if empty)",
        "check whether {x} holds two equal elements (false if empty)",
        "decide whether any value is repeated in {x}, adjacent or not (false if empty)",
        "tell whether {x} has fewer distinct elements than elements (false if empty)",
    ],
    chinese=[
        "判断{x}中是否有元素出现不止一次（空则为假）",
        "检查{x}中是否有两个相等的元素（空则为假）",
        "判定{x}中是否有值重复，不论是否相邻（空则为假）",
        "判断{x}的不同元素个数是否少于元素总数（空则为假）",
    ],
    examples=[(([1, 2, 1],), True), (([],), False), (([2, 3],), False), (([5, 5],), True)],
)
def has_repeats(xs: list[int]) -> bool:
    return len(set(xs)) < len(xs)


ATOMS: tuple[Atom, ...] = (
    alternating_sum,
    position_weighted_sum,
    longest_equal_run,
    max_segment_sum,
    longest_word,
    count_inversions,
    most_frequent,
    longest_rising_subsequence,
    dot_product,
    has_repeats,
)
