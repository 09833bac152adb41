"""Add an atomic function of your own, check it, and compose it with the catalogue."""

from moiety import atom, draw_tasks, quick_atoms
from moiety.atoms import check_atom


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


def main() -> None:
    """Print three tasks that use the new atom."""
    check_atom(squares, seed=0, num_samples=500)
    tasks = draw_tasks((*quick_atoms(), squares), count=150, depth=2, seed=0)
    for task in [task for task in tasks if "squares" in task.atoms][:3]:
        print(task.prompt)
        print(task.reference_solution)


if __name__ == "__main__":
    main()
