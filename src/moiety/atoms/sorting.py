"""Sorting: ten atoms; the algorithms are written out, and each puts its elements in an order of its own.

No two of them agree in behaviour: where two algorithms would sort alike, their orders differ on purpose.
"""

from moiety.atoms.definition import Atom, atom

TOPIC = "sorting"


@atom(
    topic=TOPIC,
    quick=True,
    english=[
        "sort {x} in ascending order",
        "sort {x} from smallest to largest",
        "put the elements of {x} in increasing order",
        "arrange {x} so that its values never decrease",
        "order {x} by value, smallest first",
    ],
    chinese=[
        "把{x}按升序排序",
        "将{x}从小到大排列",
        "使{x}的元素按递增顺序排好",
        "重排{x}，使数值不下降",
        "按数值给{x}排序，最小的在前",
    ],
    examples=[(([],), []), (([3, -1, 2],), [-1, 2, 3]), (([2, 2, 1],), [1, 2, 2])],
)
def sort_ascending(xs: list[int]) -> list[int]:
    return sorted(xs)


@atom(
    topic=TOPIC,
    quick=True,
    english=[
        "do one ascending pass of bubble sort over {x}, left to right",
        "run through {x} once from the left, swapping neighbours that are out of ascending order",
        "scan {x} once from left to right and swap each descending adjacent pair",
        "make a single ascending bubble-sort pass through {x}",
        "move along {x} once, exchanging neighbours whenever the left one is larger",
    ],
    chinese=[
        "对{x}从左到右只做一趟升序的冒泡排序",
        "从左到右走一遍{x}，相邻元素若左大右小就交换",
        "从左到右扫描{x}一次，遇到降序的相邻对就交换",
        "让{x}只经过一趟升序冒泡，从左端开始",
        "从头沿{x}走一遍，左边较大时就与右邻交换",
    ],
    examples=[(([],), []), (([3, 1, 2],), [1, 2, 3]), (([4, 3, 2, 1],), [3, 2, 1, 4])],
)
def bubble_pass(xs: list[int]) -> list[int]:
    ys = list(xs)
    for i in range(len(ys) - 1):
        if ys[i] > ys[i + 1]:
            ys[i], ys[i + 1] = ys[i + 1], ys[i]
    return ys


@atom(
    topic=TOPIC,
    quick=True,
    english=[
        "sort {x} by last decimal digit, sign ignored, ties in original order",
        "order {x} stably by the last digit of each absolute value",
        "sort {x} by absolute value modulo ten, keeping ties in order",
        "arrange {x} by ones digit ignoring sign, equal digits in original order",
        "stable-sort {x} by the final decimal digit, ignoring signs",
    ],
    chinese=[
        "按个位数字给{x}升序排序（忽略符号），相同者保持原序",
        "依每个元素绝对值的个位，对{x}做升序稳定排序",
        "把{x}按绝对值模十升序排列，相等时次序不变",
        "按末位数字从小到大排列{x}，不计符号，并列者保持先后",
        "以个位（不看正负）为键对{x}做升序的稳定排序",
    ],
    examples=[(([],), []), (([27, 13, 41],), [41, 13, 27]), (([12, -2, 1],), [1, 12, -2])],
)
def sort_by_last_digit(xs: list[int]) -> list[int]:
    return sorted(xs, key=lambda x: abs(x) % 10)


@atom(
    topic=TOPIC,
    quick=True,
    english=[
        "replace each element of {x} by its rank among the distinct values of {x}, smallest 0",
        "count for each element of {x} the distinct values of {x} that are smaller",
        "map every element of {x} to its position from 0 among the sorted distinct values of {x}",
        "turn {x} into ranks: smallest value 0, next larger value 1, ties equal",
        "number the distinct values of {x} from 0, smallest first, and replace each element by its number",
    ],
    chinese=[
        "把{x}的每个元素换成它在{x}的不同值中从小到大的名次，最小值为 0",
        "对{x}的每个元素，数出{x}中比它小的不同值的个数",
        "将{x}的每个元素映射为它在{x}去重升序后的位置（从 0 起）",
        "把{x}变成名次：最小值为 0，次小值为 1，相等者相同",
        "把{x}的不同值从小到大由 0 起编号，用编号替换每个元素",
    ],
    examples=[(([],), []), (([30, 10, 20],), [2, 0, 1]), (([5, 5, -1],), [1, 1, 0])],
)
def rank_elements(xs: list[int]) -> list[int]:
    order = sorted(set(xs))
    return [order.index(x) for x in xs]


@atom(
    topic=TOPIC,
    english=[
        "sort {x} in descending order",
        "sort {x} from largest to smallest",
        "put the elements of {x} in decreasing order by insertion",
        "order {x} by value, largest first",
    ],
    chinese=[
        "把{x}按降序排序",
        "将{x}从大到小排列",
        "用插入法使{x}的元素按递减顺序排好",
        "按数值给{x}排序，最大的在前",
    ],
    examples=[(([],), []), (([1, 3, 2],), [3, 2, 1]), (([0, -1, 0],), [0, 0, -1])],
)
def insertion_sort_descending(xs: list[int]) -> list[int]:
    ys = list(xs)
    for i in range(1, len(ys)):
        j = i
        while j > 0 and ys[j - 1] < ys[j]:
            ys[j - 1], ys[j] = ys[j], ys[j - 1]
            j -= 1
    return ys


@atom(
    topic=TOPIC,
    english=[
        "sort {x} by absolute value, smallest first, ties in original order",
        "order {x} stably by distance from zero, nearest first",
        "repeatedly move the element of {x} nearest to zero, the first of equals, to a new list until none is left",
        "arrange {x} by magnitude ascending, keeping the order of equal magnitudes",
    ],
    chinese=[
        "按绝对值从小到大给{x}排序，相同者保持原序",
        "依到零的距离对{x}做稳定排序，近的在前",
        "反复从{x}中取出最接近零的元素（并列取最先的），依次组成新列表",
        "按不计符号的大小升序排列{x}，相等时次序不变",
    ],
    examples=[(([],), []), (([-3, 1, 2],), [1, 2, -3]), (([2, -2, -1],), [-1, 2, -2])],
)
def selection_sort_by_magnitude(xs: list[int]) -> list[int]:
    rest = list(xs)
    ys = []
    while rest:
        smallest = min(rest, key=abs)
        rest.remove(smallest)
        ys.append(smallest)
    return ys


@atom(
    topic=TOPIC,
    english=[
        "sort {x} in ascending order and keep each value once",
        "list the distinct values of {x} from smallest to largest",
        "merge-sort {x} upwards, dropping repeated values",
        "remove duplicates from {x} and sort what is left ascending",
    ],
    chinese=[
        "把{x}按升序排序，每个值只留一次",
        "从小到大列出{x}的不同值",
        "对{x}做升序归并排序，去掉重复值",
        "去掉{x}中的重复，再把剩下的升序排列",
    ],
    examples=[(([],), []), (([3, 1, 3, 2],), [1, 2, 3]), (([4, 4],), [4])],
)
def merge_sort_distinct(xs: list[int]) -> list[int]:
    if len(xs) < 2:
        return list(xs)
    middle = len(xs) // 2
    left, right = merge_sort_distinct(xs[:middle]), merge_sort_distinct(xs[middle:])
    merged = []
    while left and right:
        smaller = left if left[0] <= right[0] else right
        if left[0] == right[0]:
            right.pop(0)
        merged.append(smaller.pop(0))
    merged.extend(left + right)
    return merged


@atom(
    topic=TOPIC,
    english=[
        "rearrange {x} stably around its first element: smaller, equal, then larger ones",
        "list the elements of {x} smaller than its first, those equal to it and those larger, each in order",
        "reorder {x} with its first element as pivot: smaller, equal, larger, each in order",
        "do one quicksort partition of {x} by its first element (smaller, equal, larger), keeping order inside parts",
    ],
    chinese=[
        "以{x}的首元素为界稳定重排{x}：先小于它的，再等于它的，后大于它的",
        "把{x}中小于首元素的放前面，接着相等的，最后更大的，各自保持原序",
        "以{x}的第一个元素为枢轴重排{x}：先小，再等，后大，各部分内次序不变",
        "按首元素对{x}做一次快速排序划分（先小、再等、后大），各部分内保持先后",
    ],
    examples=[(([],), []), (([3, 5, 1, 3, 2],), [1, 2, 3, 3, 5]), (([2, 4, 3, 1, 0],), [1, 0, 2, 4, 3])],
)
def pivot_partition(xs: list[int]) -> list[int]:
    pivot = xs[0] if xs else 0
    smaller = [x for x in xs if x < pivot]
    equal = [x for x in xs if x == pivot]
    larger = [x for x in xs if x > pivot]
    return smaller + equal + larger


@atom(
    topic=TOPIC,
    english=[
        "tell whether {x} never decreases from left to right (true if empty)",
        "check if {x} is sorted in ascending order, equal neighbours allowed (true if empty)",
        "decide whether every element of {x} is at least the one before it (true if empty)",
        "test whether sorting {x} upwards would leave it unchanged (true if empty)",
    ],
    chinese=[
        "判断{x}从左到右是否从不下降（空则为真）",
        "检查{x}是否已按升序排好，允许相邻相等（空则为真）",
        "判定{x}的每个元素是否都不小于前一个（空则为真）",
        "测试把{x}升序排序后是否不变（空则为真）",
    ],
    examples=[(([],), True), (([1, 1, 2],), True), (([2, 1],), False)],
)
def is_ascending(xs: list[int]) -> bool:
    return all(xs[i] <= xs[i + 1] for i in range(len(xs) - 1))


@atom(
    topic=TOPIC,
    english=[
        "merge {x} and {y}, always taking the smaller head, that of {x} on ties",
        "merge {x} with {y} as in merge sort, by comparing their first elements, {x} winning ties",
        "until both are empty, move the smaller front element of {x} and {y} to a new list, that of {x} when equal",
        "combine {x} and {y} by always taking the smaller front element, that of {x} on ties",
    ],
    chinese=[
        "合并{x}与{y}，总取较小的首元素，相等时取{x}的",
        "像归并排序那样合并{x}和{y}，每次比较首元素，相等时{x}优先",
        "反复把{x}和{y}中较小的首元素移到新列表，相等先移{x}的，直到两者都空",
        "每次从{x}和{y}的开头取较小者来归并，并列时取{x}的",
    ],
    examples=[(([1, 4], [2, 3]), [1, 2, 3, 4]), (([], [2, 1]), [2, 1]), (([3, 1], [2]), [2, 3, 1])],
)
def merge_heads(xs: list[int], ys: list[int]) -> list[int]:
    merged = []
    i = j = 0
    while i < len(xs) and j < len(ys):
        if xs[i] <= ys[j]:
            merged.append(xs[i])
            i += 1
        else:
            merged.append(ys[j])
            j += 1
    return merged + xs[i:] + ys[j:]


ATOMS: tuple[Atom, ...] = (
    sort_ascending,
    bubble_pass,
    sort_by_last_digit,
    rank_elements,
    insertion_sort_descending,
    selection_sort_by_magnitude,
    merge_sort_distinct,
    pivot_partition,
    is_ascending,
    merge_heads,
)
