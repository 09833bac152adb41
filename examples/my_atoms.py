"""Atomic functions of one's own; a recipe names the file: `data.atom_files = ["my_atoms.py"]`."""

from moiety import atom


@atom(
    topic="list transformation",
    english=[
        "replace each element of {x} by its square",
        "square every element of {x}",
        "multiply each element of {x} by itself",
        "turn {x} into the list of its elements' squares",
    ],
    chinese=["把{x}的每个元素换成它的平方", "将{x}的每个元素平方", "把{x}的每个元素乘以自身", "求{x}各元素的平方"],
    examples=[(([],), []), (([3],), [9]), (([-2, 0, 5],), [4, 0, 25])],
)
def squares(xs: list[int]) -> list[int]:
    """Square every element."""
    return [x * x for x in xs]
