"""Scores of one arm: unbiased pass@k, and a domain's score as the unweighted mean of its per-depth scores.

Not an interval: see `intervals`. Paper: Chen et al. 2021, arXiv 2107.03374 (pass@k).
"""

import math
from collections.abc import Sequence

import numpy as np


def pass_at_k(num_samples: int, num_correct: int, k: int) -> float:
    """Estimate without bias the chance that at least one of `k` completions passes, from n of which c are correct.

    1 - C(n - c, k) / C(n, k), in whole numbers: the share of the k-subsets that hold a correct one. The plug-in
    1 - (1 - c/n)^k is biased low (arXiv 2107.03374, section 2.1). k > n is refused: nothing in n samples tells it.
    """
    if not (0 <= num_correct <= num_samples and 1 <= k <= num_samples):
        raise ValueError(f"need 0 <= c <= n and 1 <= k <= n, got n={num_samples} c={num_correct} k={k}")
    return 1.0 - math.comb(num_samples - num_correct, k) / math.comb(num_samples, k)


def mean_pass_at_k(num_samples: Sequence[int], num_correct: Sequence[int], k: int) -> float:
    """Average pass@k over tasks; item i of both sequences is task i."""
    if len(num_samples) != len(num_correct) or not num_samples:
        raise ValueError(f"need one n and one c for at least one task, got {len(num_samples)} and {len(num_correct)}")
    return float(np.mean([pass_at_k(n, c, k) for n, c in zip(num_samples, num_correct, strict=True)]))


def depth_scores(scores: Sequence[float], depths: Sequence[int]) -> dict[int, float]:
    """Return the mean score at every depth that occurs, shallowest first; item i of both sequences is task i."""
    if len(scores) != len(depths) or not scores:
        raise ValueError(f"need one depth for each of at least one score, got {len(scores)} and {len(depths)}")
    by_depth: dict[int, list[float]] = {depth: [] for depth in sorted(set(depths))}
    for score, depth in zip(scores, depths, strict=True):
        by_depth[depth].append(score)
    return {depth: float(np.mean(found)) for depth, found in by_depth.items()}


def domain_score(scores: Sequence[float], depths: Sequence[int]) -> float:
    """Return the unweighted mean of the per-depth means, so that a depth with many tasks does not drown the others."""
    return float(np.mean(list(depth_scores(scores, depths).values())))
