"""The atomic functions: what one is, the catalogue of one hundred, and how to bring one's own.

Reading order: `definition`, any topic module, `collection`, `checking`, `own`.
"""

from moiety.atoms.checking import check_atom
from moiety.atoms.collection import atom_named, catalogue, quick_atoms
from moiety.atoms.definition import Atom, atom
from moiety.atoms.own import load_atoms

__all__ = ["Atom", "atom", "atom_named", "catalogue", "check_atom", "load_atoms", "quick_atoms"]
