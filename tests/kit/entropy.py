"""Randomness that is the same in every run."""

from __future__ import annotations

import hashlib


class SeededEntropy:
    """SHA-256 of seed and counter: equal seeds give equal bytes, call by call."""

    def __init__(self, seed: int | str = 0) -> None:
        self._seed = str(seed).encode()
        self._count = 0

    def token(self, n: int) -> bytes:
        found = b""
        while len(found) < n:
            found += hashlib.sha256(b"%s:%d" % (self._seed, self._count)).digest()
            self._count += 1
        return found[:n]
