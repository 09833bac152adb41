"""Seeds by hashing a path of names.

Every random stream of moiety is derived from (seed, path) by SHA-256, never by adding an index to a seed:
neighbouring seeds then share nothing, and a stream does not depend on what was drawn before it.
Not a generator of its own: `random.Random` does the drawing.
"""

import hashlib
import random


def derive(seed: int, *path: str | int) -> int:
    """Return a 64-bit seed for the stream that `path` names under `seed`.

    Each part is written with its kind and length, so that ("a", "b") and ("ab",) or (1,) and ("1",) differ.
    """
    digest = hashlib.sha256()
    for part in (seed, *path):
        kind = "i" if isinstance(part, int) else "s"
        text = str(part).encode("utf-8", "surrogatepass")
        digest.update(f"{kind}{len(text)}:".encode() + text)
    return int.from_bytes(digest.digest()[:8], "big")


def stream(seed: int, *path: str | int) -> random.Random:
    """Return the random stream that `path` names under `seed`."""
    return random.Random(derive(seed, *path))
