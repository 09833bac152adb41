"""Shingles and MinHash: literals in, literals out; the estimate agrees with the exact similarity."""

import os
import subprocess
import sys

import numpy as np
import pytest

from moiety.contamination.shingles import (
    PERMUTATIONS,
    NearIndex,
    ShareIndex,
    code_tokens,
    hash_tokens,
    jaccard,
    shingles,
    signature,
    words,
)


def test_words_and_tokens() -> None:
    assert words("Don't STOP, it's 3 x; 排序。") == ["don't", "stop", "it's", "3", "x", "排", "序"]
    assert code_tokens("x = 'a # b'  # note\nif x!=2.5:\n\treturn x") == [
        *("x", "=", "'a # b'", "if", "x", "!", "=", "2.5", ":", "return", "x"),
    ]  # fmt: skip


@pytest.mark.parametrize(("width", "count"), [(1, 3), (2, 4), (3, 4), (5, 2), (6, 1), (9, 1)])
def test_shingles_are_the_distinct_runs(width: int, count: int) -> None:
    tokens = hash_tokens(["a", "b", "a", "b", "c", "a"])
    found = shingles(tokens, width)
    assert len(found) == count
    assert (np.diff(found) > 0).all()


def test_order_counts_in_a_run() -> None:
    assert shingles(hash_tokens(["a", "b"]), 2) != shingles(hash_tokens(["b", "a"]), 2)


@pytest.mark.parametrize("shared", [0, 100, 300, 390, 400])
def test_minhash_estimates_the_jaccard_similarity(shared: int) -> None:
    names = [str(n) for n in range(1000)]
    a = shingles(hash_tokens(names[:400]), 1)
    b = shingles(hash_tokens([*names[:shared], *names[600 : 1000 - shared]]), 1)
    exact = shared / (800 - shared)
    assert jaccard(a, b) == pytest.approx(exact)
    estimate = float((signature(a) == signature(b)).mean())
    assert estimate == pytest.approx(exact, abs=4 * (exact * (1 - exact) / PERMUTATIONS) ** 0.5 + 1e-9)


def test_near_sets_are_candidates_and_far_ones_are_not() -> None:
    names = [str(n) for n in range(2000)]
    sets = [shingles(hash_tokens(names[start : start + 200]), 1) for start in range(0, 1800, 200)]
    index = NearIndex([*(signature(found) for found in sets), None], least=0.8)
    near = shingles(hash_tokens([*names[410:600], "new"]), 1)
    assert index.candidates(signature(near)) == [2]
    assert index.candidates(signature(shingles(hash_tokens(names[1800:]), 1))) == []


def test_shares_are_counted_per_owner() -> None:
    index = ShareIndex([shingles(hash_tokens(list(text)), 1) for text in ("abc", "bcd", "", "xyz")])
    found = shingles(hash_tokens(list("bcz")), 1)
    assert index.sharing(found, 0.01) == [(0, 2, 3), (1, 2, 3), (3, 1, 3)]
    assert index.sharing(found, 0.6) == [(0, 2, 3), (1, 2, 3)]
    assert index.sharing(shingles(hash_tokens(list("x")), 1), 1.0) == [(3, 1, 1)]
    assert index.sharing(shingles(hash_tokens(list("q")), 1), 0.01) == []
    assert ShareIndex([]).sharing(found, 0.01) == []


def test_signatures_do_not_depend_on_the_process() -> None:
    script = (
        "from moiety.contamination.shingles import hash_tokens, shingles, signature, words\n"
        "print(signature(shingles(hash_tokens(words('take the list and sort it')), 3)).tolist())"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert printed == {f"{signature(shingles(hash_tokens(words('take the list and sort it')), 3)).tolist()}\n"}
