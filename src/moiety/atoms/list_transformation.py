"""List transformation: ten atoms that turn a list of integers into another one, element by element or by place."""

from moiety.atoms.definition import Atom, atom
from moiety.types import Rows

TOPIC = "list transformation"


@atom(
    topic=TOPIC,
    quick=True,
    english=[
        "reverse the order of the elements of {x}",
        "turn {x} around, last element first",
        "list the elements of {x} from last to first",
        "read {x} from back to front",
        "put the elements of {x} in the opposite order",
    ],
    chinese=[
        "反转{x}中元素的顺序",
        "把{x}倒过来，最后的元素放在最前",
        "从最后到最前列出{x}的元素",
        "从后往前读{x}",
        "将{x}的元素按相反的次序排列",
    ],
    examples=[(([],), []), (([1],), [1]), (([1, 2, 3],), [3, 2, 1])],
)
def reverse_list(xs: list[int]) -> list[int]:
    return xs[::-1]


@atom(
    topic=TOPIC,
    quick=True,
    english=[
        "replace each element of {x} by the sum of all up to and including it",
        "compute the prefix sums of {x}, each including its own element",
        "turn {x} into its running totals from the left",
        "accumulate {x}: each place gets the total of the elements so far",
        "list the cumulative sums of {x} in order",
    ],
    chinese=[
        "把{x}的每个元素换成到它为止的总和",
        "求{x}的前缀和，每项都含该处的元素",
        "将{x}变成从左起的累计总和",
        "对{x}逐个累加：每处放上到此为止（含自身）的和",
        "按顺序列出{x}的累积和",
    ],
    examples=[(([],), []), (([1, 2, 3],), [1, 3, 6]), (([5, -5, 2],), [5, 0, 2])],
)
def prefix_sums(xs: list[int]) -> list[int]:
    total, sums = 0, []
    for x in xs:
        total += x
        sums.append(total)
    return sums


@atom(
    topic=TOPIC,
    quick=True,
    english=[
        "list the differences between neighbours in {x}, each next minus previous",
        "subtract from every element of {x} the one before it, skipping the first",
        "take the adjacent differences of {x}, right element minus left",
        "list how much {x} changes from each element to the next",
        "compute each step of {x}: the following element minus the one at hand",
    ],
    chinese=[
        "列出{x}中相邻元素之差，后一个减前一个",
        "跳过首个元素，把{x}的每个元素减去它前面那个",
        "求{x}的相邻差，右边减左边",
        "列出{x}从每个元素到下一个元素的变化量",
        "计算{x}的每一步变化：下一个元素减它前面的元素",
    ],
    examples=[(([],), []), (([4],), []), (([1, 4, 2],), [3, -2])],
)
def adjacent_differences(xs: list[int]) -> list[int]:
    steps = []
    for i in range(1, len(xs)):
        steps.append(xs[i] - xs[i - 1])
    return steps


@atom(
    topic=TOPIC,
    quick=True,
    english=[
        "rotate {x} left by one place",
        "move the first element of {x} to its end",
        "shift {x} one place to the left, the first element going last",
        "take the first element of {x} and put it at the back",
        "cycle {x} by one place so that its second element comes first",
    ],
    chinese=[
        "把{x}向左旋转一位",
        "将{x}的第一个元素移到末尾",
        "使{x}左移一位，首元素放到最后",
        "取出{x}的首个元素，放到最后面",
        "循环移动{x}一位，让第二个元素成为第一个",
    ],
    examples=[(([],), []), (([1],), [1]), (([1, 2, 3],), [2, 3, 1])],
)
def rotate_left(xs: list[int]) -> list[int]:
    return xs[1:] + xs[:1]


@atom(
    topic=TOPIC,
    quick=True,
    english=[
        "swap the elements of {x} in pairs from the start, an odd last one staying",
        "exchange the first and second elements of {x}, third and fourth, and so on",
        "swap each pair of neighbours in {x}: first two, next two, and onwards",
        "go through {x} by twos and switch both elements of each full pair",
        "switch the elements of {x} at places 0 and 1, 2 and 3, and so on",
    ],
    chinese=[
        "把{x}的元素从头起两两交换，落单的末尾不动",
        "交换{x}的第一与第二个元素，第三与第四个，依此类推",
        "对{x}中相邻成对的元素互换：前两个，再两个，如此继续",
        "两个一组走过{x}，调换每个完整组里的两个元素",
        "在{x}中交换位置 0 和 1 的元素、2 和 3 的元素，依此类推",
    ],
    examples=[(([],), []), (([1, 2, 3],), [2, 1, 3]), (([1, 2, 3, 4],), [2, 1, 4, 3])],
)
def swap_pairs(xs: list[int]) -> list[int]:
    ys = list(xs)
    for i in range(0, len(ys) - 1, 2):
        ys[i], ys[i + 1] = ys[i + 1], ys[i]
    return ys


@atom(
    topic=TOPIC,
    quick=True,
    english=[
        "interleave the two halves of {x}, the first half longer if odd",
        "riffle {x}: alternate elements of its first half, longer if odd, and second half",
        "cut {x} in the middle, an extra element going to the first part, and alternate from both, first part first",
        "shuffle {x} perfectly: first half and second half by turns, first half larger if odd",
        "take elements by turns from the first half of {x}, its length rounded up, and the second half",
    ],
    chinese=[
        "交错排列{x}的前后两半，前半在先，奇数时前半多一个",
        "对{x}洗牌：轮流取前半（奇数时较长）和后半的元素",
        "从中间切开{x}，多的归前半，从前半起轮流取两边的元素",
        "完美洗牌{x}：前半与后半的元素依次交替，奇数时前半多一个",
        "轮流从{x}的前半（长度向上取整）与后半取元素",
    ],
    examples=[(([],), []), (([1, 2, 3, 4],), [1, 3, 2, 4]), (([1, 2, 3, 4, 5],), [1, 4, 2, 5, 3])],
)
def interleave_halves(xs: list[int]) -> list[int]:
    half = (len(xs) + 1) // 2
    ys = list(xs)
    ys[::2] = xs[:half]
    ys[1::2] = xs[half:]
    return ys


@atom(
    topic=TOPIC,
    quick=True,
    english=[
        "split {x} into rows of two, an odd last element in a row alone",
        "cut {x} into rows of two consecutive elements, the last row shorter if needed",
        "group {x} by twos into rows, a single one in the last row if odd",
        "break {x} into rows of length two, the rest in a last row",
        "chunk {x} into rows of two elements, the last row maybe of one",
    ],
    chinese=[
        "把{x}的元素每两个分成一行，奇数时末尾单独一行",
        "将{x}依次切成每行两个元素，最后一行可以较短",
        "按两个一组把{x}分行，落单的最后自成一行",
        "把{x}拆成长度为二的行，剩余的放在末行",
        "将{x}分块，每两个元素为一行，最后一行可能只有一个",
    ],
    examples=[(([],), []), (([1, 2, 3],), [[1, 2], [3]]), (([4, 5],), [[4, 5]])],
)
def chunk_pairs(xs: list[int]) -> Rows:
    pairs = []
    for i in range(0, len(xs), 2):
        pairs.append(xs[i : i + 2])
    return pairs


@atom(
    topic=TOPIC,
    english=[
        "list the lengths of the runs of equal neighbours in {x}",
        "count how long each run of equal adjacent elements of {x} is",
        "give the run lengths of {x} from left to right, a run being equal neighbours",
        "group equal consecutive elements of {x} and list how many are in each group",
    ],
    chinese=[
        "列出{x}中相邻相等元素的各段长度",
        "数出{x}里每段连续相同元素有多长",
        "从左到右给出{x}的游程长度（相邻相等的元素为一段）",
        "把{x}中连续相等的元素分组，列出各组的元素个数",
    ],
    examples=[(([],), []), (([7, 7, 1],), [2, 1]), (([1, 2, 1],), [1, 1, 1])],
)
def run_lengths(xs: list[int]) -> list[int]:
    lengths: list[int] = []
    for i, x in enumerate(xs):
        if i > 0 and x == xs[i - 1]:
            lengths[-1] += 1
        else:
            lengths.append(1)
    return lengths


@atom(
    topic=TOPIC,
    english=[
        "rotate {x} to the right, {y} giving the number of places (to the left if negative)",
        "take {y} as a count and move the last element of {x} to the front that often, backwards if negative",
        "cycle {x} to the right by as many positions as {y} says, to the left if that is negative",
        "shift {x} cyclically towards its end by {y}, one place per unit, towards its start if that is negative",
    ],
    chinese=[
        "把{x}向右旋转，位数为{y}，为负则向左旋转",
        "将{x}的末元素移到最前，次数为{y}，负数则反向",
        "使{x}循环右移，移动的位数是{y}，为负就左移",
        "让{x}朝末尾方向循环移动，位数等于{y}，负数则朝开头方向",
    ],
    examples=[(([], 3), []), (([1, 2, 3], 1), [3, 1, 2]), (([1, 2, 3], -1), [2, 3, 1]), (([1, 2, 3], 6), [1, 2, 3])],
)
def rotate_by(xs: list[int], n: int) -> list[int]:
    cut = len(xs) - n % max(1, len(xs))
    return xs[cut:] + xs[:cut]


@atom(
    topic=TOPIC,
    english=[
        "add {x} and {y} element by element, up to the shorter length",
        "sum {x} and {y} place by place, ignoring extra elements",
        "list the sums of elements of {x} and {y} at equal places, as far as both reach",
        "add the elements of {y} to those of {x} pairwise, dropping any surplus",
    ],
    chinese=[
        "把{x}与{y}逐个元素相加，到较短者为止",
        "将{x}和{y}按位置求和，多余的元素忽略",
        "列出{x}与{y}同一位置元素之和，直到其中之一用完",
        "把{y}的元素一一加到{x}的元素上，舍去多出的部分",
    ],
    examples=[(([1, 2], [10, 20]), [11, 22]), (([1, 2, 3], [5]), [6]), (([], [1]), [])],
)
def elementwise_sum(xs: list[int], ys: list[int]) -> list[int]:
    return [xs[i] + ys[i] for i in range(min(len(xs), len(ys)))]


ATOMS: tuple[Atom, ...] = (
    reverse_list,
    prefix_sums,
    adjacent_differences,
    rotate_left,
    swap_pairs,
    interleave_halves,
    chunk_pairs,
    run_lengths,
    rotate_by,
    elementwise_sum,
)
