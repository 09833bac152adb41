"""Near-duplicates between sets: equal texts are counted once a pair, and the sets of a study have their counts."""

import dataclasses
import itertools

from moiety.contamination import near_duplicates
from moiety.contamination.shingles import code_tokens, hash_tokens, jaccard, shingles, words
from moiety.splits import DataSet


def test_planted_near_duplicates_are_counted(small_data: DataSet) -> None:
    task = small_data.sets["deeper"][0]
    stray = dataclasses.replace(
        task,
        instruction=f"Please: {task.instruction}",
        reference_solution=task.reference_solution.replace("def f(", "def g("),
    )
    counts = near_duplicates({"left": [task, task], "right": [stray], "empty": []})
    nothing = {"instruction": 0, "code": 0}
    assert counts == {"left & right": {"instruction": 1, "code": 1}, "left & empty": nothing, "right & empty": nothing}


def test_counts_are_those_of_every_pair_looked_at(small_data: DataSet) -> None:
    sets = {name: small_data.sets[name] for name in ("validation", "recombined", "deeper")}
    counts = near_duplicates(sets, near=0.5)
    for a, b in itertools.combinations(sets, 2):
        programs = [[shingles(hash_tokens(code_tokens(t.reference_solution)), 3) for t in sets[n]] for n in (a, b)]
        said = [[shingles(hash_tokens(words(t.instruction)), 3) for t in sets[n]] for n in (a, b)]
        for side, pair in (("code", programs), ("instruction", said)):
            exact = sum(jaccard(x, y) >= 0.5 for x in pair[0] for y in pair[1])
            assert counts[f"{a} & {b}"][side] == exact
    assert sum(count["code"] for count in counts.values()) > 0
