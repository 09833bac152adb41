"""Identity: what leaves a key alone and what changes it."""

from moiety.atoms import atom_named
from moiety.synthesis.bank import Evaluator, bank
from moiety.synthesis.graph import chain
from moiety.synthesis.keys import canonical_code, source_key, structure_key
from moiety.synthesis.store import Store


def test_renaming_and_annotating_change_nothing() -> None:
    head = 'def f(xs: list[int]) -> int:\n    """Doc."""\n    total: int = 0\n'
    a = head + "    for x in xs:\n        total += x\n    return total\n"
    b = "def g(items):\n    t = 0\n    for i in items:\n        t += i\n    return t\n"
    assert canonical_code(a) == canonical_code(b)


def test_another_constant_or_builtin_is_another_source() -> None:
    assert canonical_code("def f(x):\n    return x + 1\n") != canonical_code("def f(x):\n    return x + 2\n")
    assert canonical_code("def f(x):\n    return min(x)\n") != canonical_code("def f(x):\n    return max(x)\n")


def test_order_of_calls_matters_for_structure() -> None:
    a, b = atom_named("reverse_list"), atom_named("prefix_sums")
    assert structure_key(chain([a, b])) != structure_key(chain([b, a]))
    assert source_key(chain([a, b])) != source_key(chain([b, a]))


def test_equal_behaviour_gives_equal_keys() -> None:
    evaluator = Evaluator()
    sort, reverse = atom_named("sort_ascending"), atom_named("reverse_list")
    assert evaluator.behaviour(chain([reverse, sort])).key == evaluator.behaviour(chain([sort])).key
    assert evaluator.behaviour(chain([sort, reverse])).key != evaluator.behaviour(chain([sort])).key


def test_the_bank_is_fixed() -> None:
    key = Evaluator().behaviour(chain([atom_named("sort_ascending")])).key
    assert key == Evaluator(Store(share=0)).behaviour(chain([atom_named("sort_ascending")])).key
    assert len(bank(chain([atom_named("sort_ascending")]).inputs)) == 64
