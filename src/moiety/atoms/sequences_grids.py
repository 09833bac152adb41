# ruff: noqa: B905, RUF007
"""Sequences and grids: ten atoms that build sequences, cut lists into rows, and read or turn tables.

Bodies are the text a model learns to write, so `zip` stands without `strict`. Tables are lists of lists, no arrays.
"""

from __future__ import annotations

from moiety.atoms.definition import Atom, atom
from moiety.types import Grid, NonEmptyInts, NonNegInt, Rows

TOPIC = "sequences and grids"


@atom(
    topic=TOPIC,
    english=[
        "cut {x} into rows, a new one starting wherever an element is smaller than the one before it",
        "split {x} into rows that never fall, each as long as possible, in order",
        "break {x} before every element that is less than its left neighbour and list the rows",
        "divide {x} into rows of rising or equal elements, as long as possible",
    ],
    chinese=[
        "将{x}切成若干行，元素小于前一个元素处开始新的一行",
        "按顺序把{x}分成从不下降的行，每行尽可能长",
        "在{x}中每个小于左邻的元素之前断开，列出各行",
        "将{x}分成若干行，行内元素不变小，每行尽量长",
    ],
    examples=[(([1, 3, 2, 2, 0],), [[1, 3], [2, 2], [0]]), (([],), []), (([5],), [[5]]), (([2, 1],), [[2], [1]])],
    quick=True,
)
def rising_runs(xs: list[int]) -> Rows:
    starts = [i for i, x in enumerate(xs) if i == 0 or x < xs[i - 1]]
    return [xs[a:b] for a, b in zip(starts, [*starts[1:], len(xs)])]


@atom(
    topic=TOPIC,
    english=[
        "read the rows of {x} into one list, every second row backwards, the first forwards",
        "join the rows of {x} into one list, reversing the second, fourth and so on",
        "list the cells of {x} in a zigzag, first row left to right, next row right to left and so on",
        "flatten {x} row by row, rows at odd indices (from 0) reversed",
    ],
    chinese=[
        "将{x}的各行读入一个列表，每隔一行倒读，第一行正读",
        "把{x}的各行连成一个列表，其中第二、第四等行反转",
        "以之字形走过{x}，第一行从左到右，下一行从右到左，列出各数",
        "逐行展平{x}，奇数下标（从 0 起）的行反转",
    ],
    examples=[(([[1, 2], [3, 4], [5]],), [1, 2, 4, 3, 5]), (([],), []), (([[], [2, 3]],), [3, 2]), (([[7]],), [7])],
    quick=True,
)
def zigzag_flatten(rows: Rows) -> list[int]:
    out = []
    for i, row in enumerate(rows):
        out.extend(row if i % 2 == 0 else row[::-1])
    return out


@atom(
    topic=TOPIC,
    english=[
        "compare neighbours of {x} and write in one string < for a rise, > for a fall, = for equal",
        "write one string of the signs <, > or = that hold between adjacent elements of {x}, in order",
        "spell in a string how {x} moves to each next element: < for up, > for down, = for equal",
        "spell the contour of {x} as a string, for each two neighbours < if rising, > if falling, else =",
    ],
    chinese=[
        "比较{x}的相邻元素：上升写 <，下降写 >，相等写 =，组成一个字符串",
        "写出一个字符串，依次为{x}中每两个相邻元素的大小关系 <、> 或 =",
        "用 <（升）、>（降）或 =（相等）组成的字符串描述{x}从每个元素到下一个的变化",
        "用一个字符串写出{x}的走势，对每对相邻元素依次写 <（升）、>（降）或 =（平）",
    ],
    examples=[(([1, 3, 3, 2],), "<=>"), (([],), ""), (([5],), ""), (([2, 1],), ">")],
    quick=True,
)
def contour(xs: list[int]) -> str:
    out = ""
    for a, b in zip(xs, xs[1:]):
        out += "<" if a < b else ">" if a > b else "="
    return out


@atom(
    topic=TOPIC,
    english=[
        "list the absolute value of {x}, then its half rounded down, half of that and so on, until at most 1",
        "list all values from the absolute value of {x} on, each half the last, rounded down, to 1 (0 gives just 0)",
        "give the sequence from the absolute value of {x} on, each next term half the last, rounded down, until 1 or 0",
        "halve the absolute value of {x} again and again, rounding down, and list it and all values down to 1 or 0",
    ],
    chinese=[
        "列出{x}的绝对值，以及由它不断折半（向下取整）所得的各值，直到不大于 1",
        "从{x}的绝对值本身开始，列出不断折半并向下取整的各值，直到 1（0 只得 0）",
        "给出以{x}的绝对值为首项的序列：每项是前一项折半并向下取整，到 1 或 0 为止",
        "将{x}的绝对值一再折半，向下取整，列出从该绝对值到 1 或 0 的所有值",
    ],
    examples=[((13,), [13, 6, 3, 1]), ((0,), [0]), ((-4,), [4, 2, 1]), ((1,), [1])],
)
def halving_sequence(n: int) -> NonEmptyInts:
    terms = [abs(n)]
    while terms[-1] > 1:
        terms.append(terms[-1] // 2)
    return terms


@atom(
    topic=TOPIC,
    english=[
        "add up each column of {x}, missing cells counting 0, and list the sums",
        "list the column sums of {x} from left to right, a row counting only as far as it reaches",
        "list the sums of {x} column by column, as wide as its longest row, absent cells as 0",
        "give for each index in the longest row of {x} the sum of that column, missing cells counting 0",
    ],
    chinese=[
        "求{x}每一列的和并依次列出，缺少的格子算 0",
        "从左到右列出{x}的各列之和，各行只算到其结束处",
        "逐列对{x}求和并列出，宽度取最长的行，没有的格子算 0",
        "对{x}最长行的每个下标，给出该列各格之和，缺少的算 0",
    ],
    examples=[(([[1, 2, 3], [4], [5, 6]],), [10, 8, 3]), (([],), []), (([[], [2]],), [2]), (([[-1, 1]],), [-1, 1])],
    quick=True,
)
def column_sums(rows: Rows) -> list[int]:
    width = max((len(row) for row in rows), default=0)
    return [sum(row[j] for row in rows if j < len(row)) for j in range(width)]


@atom(
    topic=TOPIC,
    english=[
        "list all beginnings of {x} as rows, from one element up to the whole",
        "write the first element of {x}, then the first two and so on to all, one row each",
        "give every non-empty prefix of {x} as a row, shortest first",
        "build rows out of the first 1, 2, 3 and more elements of {x}, up to all",
    ],
    chinese=[
        "把{x}的所有开头部分各写成一行，从一个元素直到全部",
        "写出{x}的第一个元素，再写前两个，直到全部，各占一行",
        "把{x}的每个非空前缀作为一行，最短的在前",
        "用{x}的前 1、2、3 等个元素组成各行，直到全部",
    ],
    examples=[(([1, 2, 3],), [[1], [1, 2], [1, 2, 3]]), (([],), []), (([5],), [[5]]), (([0, 0],), [[0], [0, 0]])],
)
def growing_prefixes(xs: list[int]) -> Rows:
    return [xs[:end] for end in range(1, len(xs) + 1)]


@atom(
    topic=TOPIC,
    english=[
        "turn {x} by a quarter clockwise",
        "rotate {x} 90 degrees to the right, the first column read upwards becoming the first row",
        "make each column of {x}, read from bottom to top, a row",
        "list the columns of {x} as rows, left to right, each from bottom to top",
    ],
    chinese=[
        "将{x}顺时针转四分之一圈",
        "把{x}向右旋转 90 度，第一列自下而上成为第一行",
        "将{x}的每一列自下而上读成一行",
        "从左到右把{x}的每一列写成一行，每列自下而上",
    ],
    examples=[(([[1, 2], [3, 4]],), [[3, 1], [4, 2]]), (([[7]],), [[7]]), (([[1, 2, 3]],), [[1], [2], [3]])],
)
def rotate_clockwise(rows: Grid) -> Grid:
    return [list(column) for column in zip(*rows[::-1])]


@atom(
    topic=TOPIC,
    english=[
        "read {x} in a clockwise spiral from the top left corner inwards",
        "list the cells of {x} along the spiral that starts right along the first row and turns inwards",
        "walk around {x} clockwise from its first cell, ring after ring inwards, and list the numbers",
        "unroll {x} into one list: first row, last column, last row back, first column up, then the inside likewise",
    ],
    chinese=[
        "从左上角开始按顺时针螺旋向内读{x}",
        "沿着从第一行向右开始并向内转的螺旋列出{x}的格子",
        "从第一个格子起顺时针一圈一圈向内绕{x}，列出各数",
        "将{x}展开为一个列表：首行、末列、倒着的末行、向上的首列，然后里面同样处理",
    ],
    examples=[
        (([[1, 2, 3], [4, 5, 6], [7, 8, 9]],), [1, 2, 3, 6, 9, 8, 7, 4, 5]),
        (([[7]],), [7]),
        (([[1, 2], [3, 4]],), [1, 2, 4, 3]),
    ],
)
def spiral_order(rows: Grid) -> NonEmptyInts:
    out = []
    left = [list(row) for row in rows]
    while left:
        out.extend(left.pop(0))
        left = [list(column) for column in zip(*left)][::-1]
    return out


@atom(
    topic=TOPIC,
    english=[
        "count the connected groups of cells of {x} that are not 0, neighbours being left, right, above and below",
        "count the islands of non-zero cells in {x}, joined by sides and not by corners",
        "tell how many separate areas of cells unequal 0 there are in {x}, linked across or down only",
        "give the number of regions of {x} made of non-zero cells that touch by a side",
    ],
    chinese=[
        "数出{x}中非 0 格子连成多少组，上下左右算相邻",
        "数出{x}中非零格子的岛屿数，以边相连，角不算",
        "求{x}中有多少块互相分开的非 0 区域，只有横竖相邻才算相连",
        "给出{x}中由边相接的非零格子构成的区域个数",
    ],
    examples=[(([[1, 0, 2], [1, 0, 0]],), 2), (([],), 0), (([[0]],), 0), (([[1, 0], [0, 1]],), 2)],
)
def count_islands(rows: Rows) -> NonNegInt:
    land = {(i, j) for i, row in enumerate(rows) for j, cell in enumerate(row) if cell != 0}
    count = 0
    while land:
        stack = [land.pop()]
        count += 1
        while stack:
            i, j = stack.pop()
            near = {(i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)} & land
            land -= near
            stack.extend(near)
    return count


@atom(
    topic=TOPIC,
    english=[
        "make the multiplication table of {x} and {y}: a row per element of {x}, a column per element of {y}",
        "list for each element of {x} a row of its products with the elements of {y}",
        "compute the outer product of {x} and {y} as rows, one for each element of {x}",
        "multiply every element of {x} by all of {y}, one row for each element of {x}",
    ],
    chinese=[
        "作{x}与{y}的乘法表：{x}的每个元素一行，{y}的每个元素一列",
        "对{x}的每个元素，列出它与{y}各元素之积组成的行",
        "计算{x}与{y}的外积，{x}的元素对应各行",
        "将{x}的每个元素与{y}的所有元素相乘，{x}的每个元素一行",
    ],
    examples=[(([1, 2], [3, 4]), [[3, 4], [6, 8]]), (([], [1]), []), (([5], []), [[]]), (([-1], [2]), [[-2]])],
)
def outer_product(xs: list[int], ys: list[int]) -> Rows:
    return [[x * y for y in ys] for x in xs]


ATOMS: tuple[Atom, ...] = (
    rising_runs,
    zigzag_flatten,
    contour,
    halving_sequence,
    column_sums,
    growing_prefixes,
    rotate_clockwise,
    spiral_order,
    count_islands,
    outer_product,
)
