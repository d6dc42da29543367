"""Whether a text repeats another that is to be forgotten, without keeping that other: windows of it, as keyed hashes.

Letters' case and the width of spaces do not matter. A long text is found by any passage of it, a short one as a whole,
a very short one as a word of its own; what has fewer than three characters is found nowhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from console.domain.profile import JsonValue

PASSAGE: Final = 24
_SHORT: Final = 6
_LEAST: Final = 3
_LEAST_WITHIN: Final = 8  # inside a table the short words are its own vocabulary: a kind, a unit, a lever


class Quotes:
    """What is to be forgotten, as far as it takes to know it again. Without `key`, 16 random bytes, nothing is told."""

    __slots__ = ("_hashes", "_key")

    def __init__(self, key: bytes, texts: Iterable[str] = ()) -> None:
        self._key = key
        self._hashes: dict[int, set[bytes]] = {}
        self.add(texts)

    def add(self, texts: Iterable[str]) -> None:
        """Know these too."""
        for text in texts:
            plain = _plain(text)
            size = min(len(plain), PASSAGE)
            if size >= _LEAST:
                windows = (plain[at : at + size] for at in range(len(plain) - size + 1))
                self._hashes.setdefault(size, set()).update(map(self._hash, windows))

    def in_text(self, text: str) -> bool:
        """Whether the text repeats any of them."""
        plain = _plain(text) if self._hashes else ""
        return any(
            self._hash(plain[at : at + size]) in known and (size >= _SHORT or _stands_alone(plain, at, size))
            for size, known in self._hashes.items()
            for at in range(len(plain) - size + 1)
        )

    def _hash(self, window: str) -> bytes:
        return hashlib.blake2b(window.encode("utf-8", "surrogatepass"), key=self._key, digest_size=12).digest()


def texts_of(value: JsonValue) -> list[str]:
    """The texts in a value by which somebody would quote it."""
    return [value] if isinstance(value, str) else [one for one in _leaves(value) if len(one) >= _LEAST_WITHIN]


def _leaves(value: JsonValue) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.values() for text in _leaves(one)]
    if isinstance(value, list):
        return [text for one in value for text in _leaves(one)]
    return [value] if isinstance(value, str) else []


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _stands_alone(text: str, at: int, size: int) -> bool:
    around = text[at - 1 : at] + text[at + size : at + size + 1]
    return not any(one.isalnum() for one in around)


__all__ = ["PASSAGE", "Quotes", "texts_of"]
