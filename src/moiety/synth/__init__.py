"""Mass synthesis: from a recipe to any number of distinct, verified tasks in shards."""

from moiety.synth.run import synthesise

__all__ = ["synthesise"]
