"""Load and check atomic functions of your own, and compose them with the catalogue.

In a study: `moiety study quick 'data.atom_files=["examples/my_atoms.py"]'`, or that line under `[data]` in a recipe.
"""

from pathlib import Path

from moiety import draw_tasks, quick_atoms
from moiety.atoms import load_atoms


def main() -> None:
    """Print three tasks that use the new atom."""
    own = load_atoms(Path(__file__).parent / "my_atoms.py")
    tasks = draw_tasks((*quick_atoms(), *own), count=150, depth=2, seed=0)
    for task in [task for task in tasks if "squares" in task.atoms][:3]:
        print(task.prompt)
        print(task.reference_solution)


if __name__ == "__main__":
    main()
