"""Arithmetic: ten atoms on single integers, most of them through decimal digits, bits or remainders."""

from moiety.atoms.definition import Atom, atom
from moiety.types import NonNegInt, SmallNat

TOPIC = "arithmetic"


@atom(
    topic=TOPIC,
    quick=True,
    english=[
        "multiply {x} by three and subtract one",
        "triple {x} and take one away",
        "take three times {x}, minus one",
        "compute one less than three times {x}",
        "scale {x} by three and decrease that by one",
    ],
    chinese=[
        "把{x}乘以三再减一",
        "求{x}的三倍减一",
        "将{x}变为三倍后减去一",
        "计算比{x}的三倍小一的数",
        "把{x}乘三，随后减去一",
    ],
    examples=[((0,), -1), ((7,), 20), ((-4,), -13)],
)
def triple_minus_one(n: int) -> int:
    return n * 3 - 1


@atom(
    topic=TOPIC,
    quick=True,
    english=[
        "add up the decimal digits of {x}, ignoring the sign",
        "sum the decimal digits of {x} without its sign",
        "compute the digit sum of the absolute value of {x}",
        "take the total of all decimal digits in {x}, sign ignored",
        "find the sum of the digits of {x}, disregarding any minus",
    ],
    chinese=[
        "把{x}的各位十进制数字相加，忽略符号",
        "求{x}的绝对值的各位数字之和",
        "不计符号，求{x}各位数字之和",
        "计算{x}所有十进制数字的总和，不管正负号",
        "取{x}的绝对值，把各位数字加起来",
    ],
    examples=[((0,), 0), ((472,), 13), ((-38,), 11)],
)
def digit_sum(n: int) -> NonNegInt:
    total, rest = 0, abs(n)
    while rest > 0:
        total += rest % 10
        rest //= 10
    return total


@atom(
    topic=TOPIC,
    quick=True,
    english=[
        "reverse the decimal digits of {x}, keeping the sign",
        "write the digits of {x} backwards as a number with the same sign",
        "flip the order of the decimal digits of {x}, sign unchanged",
        "read the digits of {x} from right to left, keeping its sign",
        "turn the digits of {x} around and leave the sign alone",
    ],
    chinese=[
        "反转{x}的十进制数字，保留符号",
        "把{x}的各位数字倒过来写成数，符号不变",
        "从右到左读{x}的数字，保持原来的正负号",
        "颠倒{x}的数字顺序，正负号照旧",
        "将{x}的十进制各位倒序组成新数，符号保留",
    ],
    examples=[((0,), 0), ((120,), 21), ((-345,), -543)],
)
def reverse_digits(n: int) -> int:
    sign = -1 if n < 0 else 1
    return sign * int(str(abs(n))[::-1])


@atom(
    topic=TOPIC,
    quick=True,
    english=[
        "halve {x} if it is even, else triple it and add one",
        "divide {x} by two if it is even, otherwise triple it and add one",
        "divide {x} by two when even, multiply it by three and add one when odd",
        "apply one Collatz step to {x}: half if even, else triple plus one",
        "take half of {x} when even, and three times it plus one when odd",
    ],
    chinese=[
        "把{x}减半（偶数时）或乘三再加一（奇数时）",
        "将{x}除以二（若为偶数），否则乘以三再加一",
        "对{x}做一步考拉兹变换：偶数减半，奇数乘三加一",
        "看{x}能否被二整除，能则取一半，不能则取三倍加一",
        "按奇偶变换{x}：是偶数就除以二，是奇数就乘三再加一",
    ],
    examples=[((0,), 0), ((8,), 4), ((7,), 22), ((-3,), -8)],
)
def halve_or_triple(n: int) -> int:
    return n // 2 if n % 2 == 0 else 3 * n + 1


@atom(
    topic=TOPIC,
    quick=True,
    english=[
        "exclusive-or {x} with itself shifted right by one bit",
        "shift {x} right by one bit and XOR what you get with {x}",
        "combine {x} with its half, rounded down, by bitwise XOR",
        "compute the Gray code of {x}: XOR it with its right shift by one",
        "take the bitwise XOR of {x} and the floor of its half",
    ],
    chinese=[
        "把{x}与其右移一位的值按位异或",
        "将{x}右移一位，再和{x}自身按位异或",
        "求{x}与其一半（向下取整）的按位异或",
        "计算{x}的格雷码：与自身右移一位异或",
        "对{x}和它除以二所得的商（向下取整）做按位异或",
    ],
    examples=[((0,), 0), ((6,), 5), ((9,), 13), ((-2,), 1)],
)
def gray_code(n: int) -> NonNegInt:
    return n ^ (n >> 1)


@atom(
    topic=TOPIC,
    english=[
        "round {x} to the nearest multiple of ten, a tie going to the larger one",
        "find the multiple of ten closest to {x}, the larger of two on a tie",
        "replace {x} by its nearest multiple of ten, the larger one on ties",
        "move {x} to the closest multiple of ten, to the larger when two are equally near",
    ],
    chinese=[
        "把{x}舍入到最近的十的倍数，居中时取较大者",
        "求离{x}最近的十的倍数，距离相等取大的",
        "将{x}换成最接近它的十的倍数，同样近时取较大的",
        "把{x}舍入到十位，恰在中间时取大的一边",
    ],
    examples=[((0,), 0), ((45,), 50), ((-45,), -40), ((13,), 10)],
)
def round_to_ten(n: int) -> int:
    return (n + 5) // 10 * 10


@atom(
    topic=TOPIC,
    english=[
        "add the digits of {x} repeatedly, sign ignored, until one digit remains",
        "sum the digits of the absolute value of {x} again and again until the sum is below ten",
        "compute the digital root of {x} without its sign: add up the digits until one is left",
        "replace {x}, sign ignored, by its digit sum until it has one digit",
    ],
    chinese=[
        "反复把{x}的各位数字相加（忽略符号），直到剩一位",
        "求{x}的绝对值的数根（反复求各位数字之和，直到剩一位）",
        "对{x}的绝对值不断求各位数字之和，直到小于十",
        "不计符号，反复用数字和代替{x}，直到只有一位数",
    ],
    examples=[((0,), 0), ((987,), 6), ((-38,), 2)],
)
def digital_root(n: int) -> SmallNat:
    root = abs(n)
    while root > 9:
        root = sum(int(d) for d in str(root))
    return root


@atom(
    topic=TOPIC,
    english=[
        "find the largest integer whose square is at most {x}",
        "take the square root of {x} rounded down to an integer",
        "compute the integer square root of {x}, rounding down",
        "return the floor of the square root of {x}",
    ],
    chinese=[
        "求平方不超过{x}的最大整数",
        "求{x}的平方根，向下取整",
        "计算{x}的整数平方根（舍去小数）",
        "取{x}开平方后的整数部分",
    ],
    examples=[((0,), 0), ((15,), 3), ((16,), 4), ((10**18,), 10**9)],
)
def integer_square_root(n: NonNegInt) -> NonNegInt:
    root = n
    while root * root > n:
        root = (root + n // root) // 2
    return root


@atom(
    topic=TOPIC,
    english=[
        "take the absolute difference of {x} and {y}",
        "find how far apart {x} and {y} are",
        "subtract {y} from {x} and drop the sign",
        "compute the distance between {x} and {y} on the number line",
    ],
    chinese=[
        "求{x}与{y}之差的绝对值",
        "求{x}和{y}相距多远",
        "用{x}减去{y}并去掉符号",
        "计算{x}与{y}在数轴上的距离",
    ],
    examples=[((3, 8), 5), ((-2, 4), 6), ((7, 7), 0)],
)
def absolute_difference(n: int, m: int) -> NonNegInt:
    return n - m if n > m else m - n


@atom(
    topic=TOPIC,
    english=[
        "raise {x} to the power of {y} and take the non-negative remainder modulo 1000 (0 to the 0 is 1)",
        "compute {x} to the power of {y} modulo 1000, never negative, 0 to the power of 0 being 1",
        "raise {x} to the power of {y}, divide by 1000 and give the non-negative remainder (power 0 gives 1)",
        "reduce {x} to the power of {y} modulo 1000, to a number from 0 to 999 (0 to the 0 is 1)",
    ],
    chinese=[
        "求以{x}为底、{y}为指数的幂除以 1000 的非负余数（0 的 0 次方为 1）",
        "计算乘方（底数为{x}，指数为{y}），再取除以 1000 的非负余数，0 的 0 次方算 1",
        "以{x}为底、{y}为指数求幂，再模 1000，得 0 到 999（指数为 0 时得 1）",
        "把{x}自乘，指数为{y}，再对 1000 取非负余数（指数为 0 时得 1）",
    ],
    examples=[((2, 10), 24), ((7, 0), 1), ((-1, 3), 999), ((0, 0), 1)],
)
def power_mod_1000(n: int, m: NonNegInt) -> SmallNat:
    result, base, exponent = 1, n % 1000, m
    while exponent > 0:
        if exponent % 2 == 1:
            result = result * base % 1000
        base = base * base % 1000
        exponent //= 2
    return result


ATOMS: tuple[Atom, ...] = (
    triple_minus_one,
    digit_sum,
    reverse_digits,
    halve_or_triple,
    gray_code,
    round_to_ten,
    digital_root,
    integer_square_root,
    absolute_difference,
    power_mod_1000,
)
