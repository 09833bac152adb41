"""`moiety split`: from a recipe, or from a folder of tasks, to proved train, validation and test files.

Read in this order: plan, gather, tables, keys, proof, make, refile; listing stands alone.
"""

from moiety.splitting.listing import proof_text
from moiety.splitting.make import split_recipe
from moiety.splitting.refile import split_folder

__all__ = ["proof_text", "split_folder", "split_recipe"]
