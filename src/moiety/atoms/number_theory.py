"""Number theory: ten atoms from digits and remainders to the sieve; the costly ones take `small_nat`."""

from moiety.atoms.definition import Atom, atom
from moiety.types import NonEmptyInts, NonNegInt, SmallNat

TOPIC = "number theory"


@atom(
    topic=TOPIC,
    quick=True,
    english=[
        "list the decimal digits of {x} from left to right, ignoring the sign",
        "split {x} into a list of its decimal digits in order, without the sign",
        "write the absolute value of {x} as a list of decimal digits",
        "break {x} into a list of decimal digits, highest first, sign dropped",
        "make a list of the decimal digits of {x}, disregarding a minus",
    ],
    chinese=[
        "从左到右列出{x}的十进制数字，忽略符号",
        "把{x}按顺序拆成各位数字的列表，不含符号",
        "将{x}的绝对值写成十进制数字的列表",
        "依次取出{x}的每一位十进制数字组成列表，去掉正负号",
        "把{x}的各位数字从高位起列成列表，不计符号",
    ],
    examples=[((0,), [0]), ((472,), [4, 7, 2]), ((-50,), [5, 0])],
)
def digits(n: int) -> NonEmptyInts:
    return [int(d) for d in str(abs(n))]


@atom(
    topic=TOPIC,
    quick=True,
    english=[
        "list the bits of {x} from the highest to the lowest, ignoring the sign (0 gives one 0)",
        "write the absolute value of {x} in binary as a list of bits, highest first (a single 0 for 0)",
        "split {x}, without its sign, into a list of its binary digits, highest first (0 gives one 0)",
        "turn {x} into a list of its binary digits, highest first, sign dropped, 0 having one digit",
        "make a list of the base-two digits of the absolute value of {x}, highest first (one 0 for 0)",
    ],
    chinese=[
        "从高位到低位列出{x}的二进制位，忽略符号（0 得一个 0）",
        "把{x}的绝对值写成二进制位的列表，高位在前（0 得一个 0）",
        "将{x}（去掉符号）拆成二进制数字的列表，高位在前，0 只有一位",
        "把{x}转成二进制各位组成的列表，高位在前，不计正负号（0 得一个 0）",
        "列出{x}的绝对值以二为底的各位数字，从高位起，0 只有一位 0",
    ],
    examples=[((0,), [0]), ((6,), [1, 1, 0]), ((-5,), [1, 0, 1])],
)
def binary_digits(n: int) -> NonEmptyInts:
    bits, rest = [abs(n) % 2], abs(n) // 2
    while rest > 0:
        bits.insert(0, rest % 2)
        rest //= 2
    return bits


@atom(
    topic=TOPIC,
    quick=True,
    english=[
        "list the non-negative remainders of {x} divided by 2, 3, 4, 5, 6 and 7",
        "take {x} modulo each of 2 to 7 and list the remainders in order, none negative",
        "make a list of the remainders of {x} modulo 2, 3, 4, 5, 6, 7, none negative",
        "divide {x} by each number from 2 to 7 and list the non-negative remainders",
        "collect the six remainders, none negative, of {x} modulo 2 up to 7",
    ],
    chinese=[
        "列出{x}除以 2、3、4、5、6、7 的非负余数",
        "把{x}依次对 2 到 7 取模，列出各个非负余数",
        "写出由{x}模 2、3、4、5、6、7 的非负余数组成的列表",
        "用{x}分别除以 2 到 7 的每个数，列出非负余数",
        "按顺序收集{x}对 2 至 7 取模所得的六个非负余数",
    ],
    examples=[((0,), [0, 0, 0, 0, 0, 0]), ((11,), [1, 2, 3, 1, 5, 4]), ((-1,), [1, 2, 3, 4, 5, 6])],
)
def remainders(n: int) -> NonEmptyInts:
    left = []
    for divisor in range(2, 8):
        left.append(n % divisor)
    return left


@atom(
    topic=TOPIC,
    quick=True,
    english=[
        "count the ones in the binary form of {x}, ignoring the sign",
        "count the bits set in the absolute value of {x}",
        "find how many binary digits of {x} are 1, without the sign",
        "tell how many 1 bits the absolute value of {x} has",
        "write {x} in binary, sign dropped, and count the ones",
    ],
    chinese=[
        "数出{x}的二进制中 1 的个数，忽略符号",
        "统计{x}的绝对值有多少个为 1 的位",
        "求{x}的二进制数字里有几个 1，不计符号",
        "计算{x}的绝对值的二进制位中 1 的数目",
        "把{x}去掉符号写成二进制，数其中的 1",
    ],
    examples=[((0,), 0), ((7,), 3), ((-8,), 1)],
)
def bit_count(n: int) -> NonNegInt:
    count, rest = 0, abs(n)
    while rest > 0:
        count += rest % 2
        rest //= 2
    return count


@atom(
    topic=TOPIC,
    english=[
        "list the positive divisors of {x} in ascending order (none for 0)",
        "find all positive divisors of {x} from 1 upwards, none if it is 0",
        "list every number from 1 to {x} that divides it",
        "collect the numbers from 1 to {x} inclusive that divide it without remainder",
    ],
    chinese=[
        "按升序列出{x}的正因数（0 则得空列表）",
        "从 1 起依次找出{x}的所有正约数，0 则一个也没有",
        "列出 1 到{x}中能整除它的每个数",
        "收集从 1 到{x}（含两端）能整除它而无余数的数",
    ],
    examples=[((0,), []), ((1,), [1]), ((12,), [1, 2, 3, 4, 6, 12])],
)
def divisors(n: SmallNat) -> list[int]:
    return [d for d in range(1, n + 1) if n % d == 0]


@atom(
    topic=TOPIC,
    english=[
        "count the Collatz steps (half if even, else triple plus one) from {x} to 1, 0 for 0 and 1",
        "halve {x} if even, else triple it and add one, again and again until at most 1, and count the steps",
        "apply the Collatz rule (half if even, triple plus one if odd) to {x} until at most 1 and count the steps",
        "find how many Collatz steps, halving even numbers and tripling odd ones plus one, bring {x} to 1 or below",
    ],
    chinese=[
        "数出{x}按考拉兹规则（偶数减半，奇数乘三加一）走到 1 的步数（0 和 1 得 0）",
        "对{x}反复变换（偶数减半，奇数乘三加一）直到不大于 1，求次数",
        "对{x}应用考拉兹变换（偶数减半，奇数乘三加一）直到不超过 1，统计步数",
        "求{x}最少经多少步考拉兹变换（偶数减半，奇数乘三加一）后不大于 1",
    ],
    examples=[((0,), 0), ((1,), 0), ((6,), 8), ((27,), 111)],
)
def collatz_steps(n: SmallNat) -> SmallNat:
    steps, value = 0, n
    while value > 1:
        value = value // 2 if value % 2 == 0 else 3 * value + 1
        steps += 1
    return steps


@atom(
    topic=TOPIC,
    english=[
        "list the prime factors of {x} with multiplicity, ascending (none below 2)",
        "factor {x} into primes listed from small to large, repeated ones kept, none if below 2",
        "write {x} as an ascending list of primes whose product it is, empty below 2",
        "break {x} into its prime factors, ascending, repeated ones included, empty for 0 and 1",
    ],
    chinese=[
        "按升序列出{x}的质因数，含重复（小于 2 则得空列表）",
        "把{x}分解成质数，从小到大列出（含重复），小于 2 时没有",
        "将{x}写成乘积等于它的质数升序列表，小于 2 则为空",
        "对{x}做质因数分解，升序列出并保留重复因子，0 和 1 得空列表",
    ],
    examples=[((0,), []), ((1,), []), ((12,), [2, 2, 3]), ((97,), [97])],
)
def prime_factors(n: SmallNat) -> list[int]:
    factors = []
    rest, divisor = n, 2
    while divisor * divisor <= rest:
        while rest % divisor == 0:
            factors.append(divisor)
            rest //= divisor
        divisor += 1
    if rest > 1:
        factors.append(rest)
    return factors


@atom(
    topic=TOPIC,
    english=[
        "list in order all prime numbers up to and including {x}",
        "list the primes from 2 to {x} in ascending order",
        "use a sieve to list the primes not greater than {x}, ascending",
        "find every prime number at most {x}, smallest first",
    ],
    chinese=[
        "从 2 起依次列出不超过{x}的所有质数",
        "按升序列出 2 到{x}的质数",
        "用筛法按升序求出不大于{x}的质数",
        "从小到大找出至多为{x}的每个质数",
    ],
    examples=[((1,), []), ((2,), [2]), ((20,), [2, 3, 5, 7, 11, 13, 17, 19])],
)
def sieve_primes(n: SmallNat) -> list[int]:
    is_candidate = [True] * (n + 1)
    primes = []
    for p in range(2, n + 1):
        if is_candidate[p]:
            primes.append(p)
            for multiple in range(p * p, n + 1, p):
                is_candidate[multiple] = False
    return primes


@atom(
    topic=TOPIC,
    english=[
        "tell whether {x} is a prime number",
        "check if {x} is prime (0 and 1 are not)",
        "decide whether {x} has exactly two positive divisors",
        "test whether {x} is at least 2 and divisible only by 1 and itself",
    ],
    chinese=[
        "判断{x}是否为质数",
        "检查{x}是不是素数（0 和 1 不是）",
        "判定{x}是否恰有两个正因数",
        "测试{x}是否至少为 2 且只能被 1 和自身整除",
    ],
    examples=[((0,), False), ((2,), True), ((91,), False), ((97,), True)],
)
def is_prime(n: SmallNat) -> bool:
    if n < 2:
        return False
    divisor = 2
    while divisor * divisor <= n:
        if n % divisor == 0:
            return False
        divisor += 1
    return True


@atom(
    topic=TOPIC,
    english=[
        "find the greatest common divisor of {x} and {y}, 0 if both are 0",
        "take the largest number dividing both {x} and {y} (0 if both are 0)",
        "apply Euclid's algorithm to {x} and {y}, ignoring signs, for their greatest common divisor (0 if both are 0)",
        "compute the non-negative gcd of {x} and {y}, with gcd(0, 0) = 0",
    ],
    chinese=[
        "求{x}与{y}的最大公约数，都为 0 时得 0",
        "取同时整除{x}和{y}的最大数（都为 0 则为 0）",
        "忽略符号，对{x}和{y}做辗转相除，求最大公因数（都为 0 得 0）",
        "计算{x}和{y}的非负最大公因数，规定两者都为 0 时得 0",
    ],
    examples=[((12, 18), 6), ((-4, 6), 2), ((0, 5), 5), ((0, 0), 0)],
)
def greatest_common_divisor(n: int, m: int) -> NonNegInt:
    a, b = abs(n), abs(m)
    while b > 0:
        a, b = b, a % b
    return a


ATOMS: tuple[Atom, ...] = (
    digits,
    binary_digits,
    remainders,
    bit_count,
    divisors,
    collatz_steps,
    prime_factors,
    sieve_primes,
    is_prime,
    greatest_common_divisor,
)
