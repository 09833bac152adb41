"""Student's t distribution: two-sided p-values and quantiles, from the incomplete beta function alone.

Not a statistics library: the core must not need scipy, so the one distribution the study uses is worked out here
and checked against scipy in the tests. Paper: Lentz 1976 for the continued fraction, in the form of Abramowitz and
Stegun 26.5.8 (10.1364/AO.15.000668).
"""

import math
from functools import lru_cache

_TINY = 1e-300
_MAX_TERMS = 100_000


def regularised_incomplete_beta(a: float, b: float, x: float) -> float:
    """Return I_x(a, b), the share of a Beta(a, b) variable at or below x."""
    if not (a > 0 and b > 0 and 0 <= x <= 1):
        raise ValueError(f"need a > 0, b > 0 and 0 <= x <= 1, got a={a} b={b} x={x}")
    if x in (0.0, 1.0):
        return x
    if x > (a + 1) / (a + b + 2):  # the fraction converges fast only below the mean
        return 1.0 - regularised_incomplete_beta(b, a, 1.0 - x)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(log_front) * _beta_fraction(a, b, x) / a


def _beta_fraction(a: float, b: float, x: float) -> float:
    """Sum the continued fraction of the incomplete beta function from the front (modified Lentz)."""
    c = 1.0
    d = 1.0 / _away_from_zero(1.0 - (a + b) * x / (a + 1))
    total = d
    for m in range(1, _MAX_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for numerator in (even, odd):
            d = 1.0 / _away_from_zero(1.0 + numerator * d)
            c = _away_from_zero(1.0 + numerator / c)
            total *= c * d
        if abs(c * d - 1.0) < 1e-15:
            return total
    raise ArithmeticError(f"the incomplete beta fraction did not converge for a={a} b={b} x={x}")


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def two_sided_p(t: float, df: float) -> float:
    """Return P(|T| >= |t|) for Student's t with `df` degrees of freedom (need not be whole)."""
    if not (df > 0 and math.isfinite(df)):
        raise ValueError(f"need finite degrees of freedom above 0, got df={df}")
    if math.isinf(t):
        return 0.0
    if t * t < 1.0:  # near 0 the centre is the accurate part: df / (df + t*t) would round to 1
        return 1.0 - regularised_incomplete_beta(0.5, df / 2, t * t / (df + t * t))
    return regularised_incomplete_beta(df / 2, 0.5, df / (df + t * t))


@lru_cache(maxsize=65_536)
def t_quantile(probability: float, df: float) -> float:
    """Return the t below which Student's t with `df` degrees of freedom falls with `probability`.

    Newton steps kept inside a bracket that every step narrows, so that it cannot run away in the heavy tails.
    """
    if not 0 < probability < 1:
        raise ValueError(f"need 0 < probability < 1, got {probability}")
    if probability < 0.5:
        return -t_quantile(1.0 - probability, df)
    tails = 2.0 * (1.0 - probability)
    low, high = 0.0, 1.0
    while two_sided_p(high, df) > tails:
        low, high = high, 2.0 * high
    log_scale = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - 0.5 * math.log(df * math.pi)
    t = (low + high) / 2
    for _ in range(200):
        excess = two_sided_p(t, df) - tails
        low, high = (t, high) if excess > 0 else (low, t)
        density = math.exp(log_scale - (df + 1) / 2 * math.log1p(t * t / df))
        step = t + excess / (2.0 * density)
        following = step if low < step < high else (low + high) / 2
        if abs(following - t) <= 1e-13 * max(1.0, t):
            return following
        t = following
    return t
