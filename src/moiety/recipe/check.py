"""What must hold between the fields of a recipe: arms that start from others, contrasts between arms, sizes that fit.

Each problem is a path and a sentence; all are found in one pass. Whether enough functions exist is `splits`' to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from moiety.errors import did_you_mean

if TYPE_CHECKING:
    from moiety.recipe.models import ArmRecipe, Recipe

Path = tuple[str | int, ...]
Problem = tuple[Path, str]
SHORTEST_HANDFUL_RATIO = 10


def problems(recipe: Recipe) -> list[Problem]:
    """Return every contradiction in a recipe whose fields are sound by themselves."""
    return [*_sizes(recipe), *_arms(recipe), *_cycles(recipe), *_contrasts(recipe)]


def _sizes(recipe: Recipe) -> Iterator[Problem]:
    shape, data = recipe.model, recipe.data
    if shape.heads % shape.kv_heads:
        yield ("model", "kv_heads"), f"need a divisor of heads = {shape.heads}, got {shape.kv_heads}"
    for table, length in (("pretrain", recipe.pretrain.length), ("sft", recipe.sft.length)):
        if length > shape.context:
            yield (table, "length"), f"need at most model.context = {shape.context}, got {length}"
    for table, tokens in (("rl", recipe.rl.max_new_tokens), ("evaluation", recipe.evaluation.max_new_tokens)):
        if tokens >= shape.context:
            yield (table, "max_new_tokens"), f"need less than model.context = {shape.context}, got {tokens}"
    rollouts = recipe.rl.prompts_per_step * recipe.rl.group_size
    if recipe.ppo.minibatches > rollouts:
        expected = f"need at most rl.prompts_per_step x rl.group_size = {rollouts}"
        yield ("ppo", "minibatches"), f"{expected}, got {recipe.ppo.minibatches}"
    too_large = [k for k in recipe.evaluation.pass_at_k if k > recipe.evaluation.num_samples]
    if too_large:
        expected = f"need at most num_samples = {recipe.evaluation.num_samples}"
        yield ("evaluation", "pass_at_k"), f"{expected}, got {too_large[0]}"
    for path, values in (
        (("seeds",), recipe.seeds),
        (("data", "train_depths"), data.train_depths),
        (("data", "deeper_depths"), data.deeper_depths),
        (("data", "retention_depths"), data.retention_depths),
    ):
        if len(set(values)) != len(values):
            yield path, f"need distinct values, got {list(values)}"
    files = [file.name for file in data.atom_files]
    if len(set(files)) != len(files):
        yield ("data", "atom_files"), f"need distinct names of files, got {', '.join(files)}"
    if data.atoms == ():
        yield ("data", "atoms"), "need 'quick', 'all' or at least one name"
    if min(data.deeper_depths) <= max(data.train_depths):
        yield ("data", "deeper_depths"), f"need depths above those of training, {list(data.train_depths)}"
    for field in ("clean_depth_weights", "exposed_depth_weights"):
        if not any(getattr(recipe.pretrain, field)):
            yield ("pretrain", field), "need one weight above 0"


def _arms(recipe: Recipe) -> Iterator[Problem]:
    by_name = {arm.name: arm for arm in recipe.arms}
    seen: set[str] = set()
    for index, arm in enumerate(recipe.arms):
        where: Path = ("arm", index)
        if arm.name in seen:
            yield (*where, "name"), f"a second arm is called {arm.name!r}"
        seen.add(arm.name)
        if arm.k > recipe.data.train_pool:
            yield (*where, "k"), f"need at most data.train_pool = {recipe.data.train_pool}, got {arm.k}"
        if list(arm.checkpoints) != sorted(set(arm.checkpoints)):
            yield (*where, "checkpoints"), f"need growing steps, got {list(arm.checkpoints)}"
        elif arm.algorithm != "base" and arm.match_flops is None:
            yield from _late_checkpoints(where, recipe, arm)
        for field in ("start", "match_flops"):
            other = getattr(arm, field)
            if other is not None:
                yield from _other_arm((*where, field), arm, other, by_name)
        yield from _training(where, arm)


def _late_checkpoints(where: Path, recipe: Recipe, arm: ArmRecipe) -> Iterator[Problem]:
    """Yield a checkpoint after an arm's last step: it would never be measured."""
    table = "sft" if arm.algorithm in ("sft", "rejection") else "rl"
    key, steps = ("steps", arm.steps) if arm.steps else (f"{table}.steps", getattr(recipe, table).steps)
    if arm.checkpoints and arm.checkpoints[-1] > steps:
        expected = f"need none after the last step of arm {arm.name!r}, {key} = {steps}"
        yield (*where, "checkpoints"), f"{expected}, got {arm.checkpoints[-1]}"


def _other_arm(path: Path, arm: ArmRecipe, other: str, by_name: dict[str, ArmRecipe]) -> Iterator[Problem]:
    if other not in by_name:
        yield path, f"no arm is called {other!r}{did_you_mean(other, list(by_name))}"
    elif by_name[other].base != arm.base:
        yield path, f"need an arm of base {arm.base!r}, and {other!r} is of {by_name[other].base!r}"


def _training(where: Path, arm: ArmRecipe) -> Iterator[Problem]:
    if arm.algorithm == "base":
        stated = arm.model_fields_set & {"start", "atoms", "k", "steps", "match_flops", "learning_rate", "checkpoints"}
        for field in sorted(stated):
            if getattr(arm, field) not in (None, False, 0, ()):
                yield (*where, field), "an arm of algorithm 'base' trains nothing and states no such key"
        return
    if not arm.atoms and arm.k == 0:
        yield where, f"arm {arm.name!r} trains on nothing: need atoms = true or k above 0"
    if arm.match_flops is not None and arm.algorithm != "sft":
        yield (*where, "match_flops"), f"need algorithm 'sft', got {arm.algorithm!r}"
    if arm.match_flops is not None and arm.steps is not None:
        yield (*where, "steps"), "need either steps or match_flops, got both"


def _cycles(recipe: Recipe) -> Iterator[Problem]:
    needs = {arm.name: {n for n in (arm.start, arm.match_flops) if n} for arm in recipe.arms}
    index_of = {arm.name: index for index, arm in enumerate(recipe.arms)}
    for name in needs:
        reached, frontier = set[str](), set(needs[name])
        while frontier:
            reached |= frontier
            frontier = {n for other in frontier for n in needs.get(other, ())} - reached
        if name in reached:
            yield ("arm", index_of[name]), f"arm {name!r} needs itself, by way of start or match_flops"


def _contrasts(recipe: Recipe) -> Iterator[Problem]:
    by_name = {arm.name: arm for arm in recipe.arms}
    contrasts = recipe.contrasts
    unknown = False
    for path, names in _named_in_contrasts(recipe):
        wrong = [name for name in names if name not in by_name]
        unknown = unknown or bool(wrong)
        for name in wrong:
            yield path, f"no arm is called {name!r}{did_you_mean(name, list(by_name))}"
        bases = {by_name[name].base for name in names if name in by_name}
        if len(bases) > 1:
            yield path, f"need arms of one base, got {', '.join(names)}"
    seen = set[str]()
    for index, extra in enumerate(contrasts.extra):
        if len({by_name[name].base for name in (extra.better, extra.worse) if name in by_name}) > 1:
            yield ("contrasts", "extra", index), f"need arms of one base, got {extra.better}, {extra.worse}"
        if extra.id in seen:
            yield ("contrasts", "extra", index, "id"), f"a second contrast has the id {extra.id!r}"
        seen.add(extra.id)
    if unknown:
        return
    doses = [by_name[name].k for name in contrasts.f1c]
    if doses != sorted(set(doses)) or not all(by_name[name].atoms for name in contrasts.f1c):
        yield ("contrasts", "f1c"), f"need arms with atoms, by growing k, got k = {doses}"
    with_atoms, without = (by_name[name] for name in contrasts.f1a)
    if not with_atoms.atoms or without.atoms or with_atoms.k != without.k:
        yield ("contrasts", "f1a"), "need an arm with atoms and k, then one with the same k and no atoms"
    if by_name[contrasts.f1b[1]].k:
        yield ("contrasts", "f1b"), f"need an arm of atoms alone as the second, got {contrasts.f1b[1]!r}"
    if contrasts.handful not in doses:
        yield ("contrasts", "handful"), f"need one of the k of f1c, {doses}, got {contrasts.handful}"
    elif contrasts.handful * SHORTEST_HANDFUL_RATIO > max(doses):
        yield ("contrasts", "handful"), f"need at most a tenth of the largest k, {max(doses)}, got {contrasts.handful}"
    yield from _same_training(recipe, by_name)


def _same_training(recipe: Recipe, by_name: dict[str, ArmRecipe]) -> Iterator[Problem]:
    f2, f3 = recipe.contrasts.f2, recipe.contrasts.f3
    for finding, first, others in (
        ("f2", f2.rl, (f2.sft, *((f2.sft_equal_flops,) if f2.sft_equal_flops else ()), *f2.controls)),
        ("f3", f3.rl, (f3.sft, *f3.controls)),
    ):
        rl = by_name[first]
        for name in others:
            other = by_name[name]
            if (other.start, other.atoms, other.k) != (rl.start, rl.atoms, rl.k):
                expected = f"need the start, atoms and k of {first!r}"
                yield ("contrasts", finding), f"{expected}, and {name!r} has others"
    if by_name[f2.rl].start is None:
        yield ("contrasts", "f2", "rl"), f"need an arm that continues another, and {f2.rl!r} has no start"
    if by_name[f3.rl].start is not None:
        yield ("contrasts", "f3", "rl"), f"need an arm from the base, and {f3.rl!r} has a start"


def _named_in_contrasts(recipe: Recipe) -> Iterator[tuple[Path, tuple[str, ...]]]:
    contrasts = recipe.contrasts
    f2, f3 = contrasts.f2, contrasts.f3
    yield ("contrasts", "f1a"), contrasts.f1a
    yield ("contrasts", "f1b"), contrasts.f1b
    yield ("contrasts", "f1c"), contrasts.f1c
    equal_flops = (f2.sft_equal_flops,) if f2.sft_equal_flops else ()
    yield ("contrasts", "f2"), (f2.rl, f2.sft, *equal_flops, *f2.controls)
    yield ("contrasts", "f3"), (f3.rl, f3.sft, *f3.controls)
    for index, extra in enumerate(contrasts.extra):
        yield ("contrasts", "extra", index, "better"), (extra.better,)
        yield ("contrasts", "extra", index, "worse"), (extra.worse,)
