"""Seeds by hashing a path of names.

Every random stream of moiety is derived from (seed, path) by SHA-256, never by adding an index to a seed:
neighbouring seeds then share nothing, and a stream does not depend on what was drawn before it.
Not a generator of its own: `random.Random` does the drawing. Where nothing may be drawn twice, a `Permutation` gives
any place of a seeded order without those before it.
"""

import hashlib
import math
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


class Permutation:
    """A seeded order of the numbers below `size`, each place computed by itself.

    A Feistel network over pairs of numbers below the root of `size`; what falls outside is sent through again (Black
    and Rogaway 2002, "Ciphers with arbitrary finite domains"). Not for secrets.
    """

    ROUNDS = 6

    def __init__(self, size: int, seed: int, *path: str | int) -> None:
        self._size, self._root = size, math.isqrt(max(size - 1, 0)) + 1
        key = derive(seed, *path).to_bytes(8, "big")
        self._rounds = [hashlib.blake2b(key=key, salt=bytes([number]), digest_size=16) for number in range(self.ROUNDS)]

    def __getitem__(self, place: int) -> int:
        """Return the number at a place. Raises IndexError for a place that is not there."""
        if not 0 <= place < self._size:
            raise IndexError(f"need 0 <= place < {self._size}, got {place}")
        number = self._sent(place)
        while number >= self._size:
            number = self._sent(number)
        return number

    def _sent(self, number: int) -> int:
        left, right = divmod(number, self._root)
        for keyed in self._rounds:
            digest = keyed.copy()
            digest.update(right.to_bytes(16, "big"))
            left, right = right, (left + int.from_bytes(digest.digest(), "big")) % self._root
        return left * self._root + right
