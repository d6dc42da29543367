"""Fingerprints as words that people can read to each other, and passphrases drawn from the same list.

Eight words carry the first 80 bits of a SHA-256: whoever wants other bytes with the same eight words must try some
2^80 of them. They do not hinder somebody who makes *both* texts (2^40 tries), so words compare what one party made.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from console.domain.errors import Problem, WrongUse
from console.domain.ids import is_sha256

if TYPE_CHECKING:
    from console.runtime.ids import Entropy

_LIST: Final = Path("resources") / "words" / "english-1024.txt"
_PACKAGE: Final = Path(__file__).resolve().parents[1]
_BITS: Final = 10
_COUNT: Final = 1 << _BITS
_MOST_WORDS: Final = 25
_LEAST_WORDS: Final = 4
_DIGEST_BITS: Final = 256
_BETWEEN: Final = re.compile(r"[\s,.;:/_-]+")


class OtherWords(Problem):
    """The words that were read out are not those of the fingerprint at hand."""

    def __init__(self) -> None:
        super().__init__(
            "The words are not the same.",
            "Read them again together; if they still differ, do not go on: tell your admins.",
        )


@functools.cache
def word_list() -> tuple[str, ...]:
    """The 1024 words, in their fixed order.

    Raises:
        Problem: when the installation lacks them.
    """
    for root in (_PACKAGE.parent, _PACKAGE):  # a checkout; an installed package, which carries the list inside
        path = root / _LIST
        if path.is_file():
            words = tuple(path.read_text(encoding="ascii").split())
            if len(words) == _COUNT:
                return words
    raise Problem("The list of fingerprint words is missing or damaged.", "Install Standdown again.")


def words_of(sha256_hex: str, n: int = 8) -> str:
    """The first `n` words (10 bits each, 4 to 25 words) of a SHA-256 in hex, with single spaces.

    Raises:
        WrongUse: for another text or another count.
    """
    if not is_sha256(sha256_hex) or not _LEAST_WORDS <= n <= _MOST_WORDS:
        raise WrongUse("Fingerprint words are made of a SHA-256 in 64 hex digits, 4 to 25 of them.")
    number = int(sha256_hex, 16)
    words = word_list()
    return " ".join(words[number >> (_DIGEST_BITS - _BITS * (at + 1)) & (_COUNT - 1)] for at in range(n))


def same_words(a: str, b: str) -> bool:
    """Whether two readings are the same words, whatever their case, spaces, commas and hyphens. No words are not."""
    one, other = _plain(a), _plain(b)
    return bool(one) and one == other


def require_words(sha256_hex: str, heard: str, n: int = 8) -> None:
    """Refuse what was heard unless it is exactly the `n` words of this fingerprint.

    Raises:
        OtherWords: when it is not.
    """
    if not same_words(words_of(sha256_hex, n), heard):
        raise OtherWords


def random_phrase(entropy: Entropy, n: int = 8) -> str:
    """A passphrase of `n` random words, 10 bits each."""
    words = word_list()
    return " ".join(words[int.from_bytes(entropy.token(2), "big") & (_COUNT - 1)] for _ in range(n))


def _plain(text: str) -> list[str]:
    return [word for word in _BETWEEN.split(text.casefold()) if word]
