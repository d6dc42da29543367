"""The only source of randomness, and the spelling of new ids. It must never judge an id: `console.domain.ids` does."""

from __future__ import annotations

import os
from typing import Final, Protocol

_CROCKFORD: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_ID_BYTES: Final = 16
_ID_CHARACTERS: Final = 26
_BITS_PER_CHARACTER: Final = 5


class Entropy(Protocol):
    """Where random bytes come from."""

    def token(self, n: int) -> bytes:
        """`n` unpredictable bytes."""
        ...


class SystemEntropy:
    """The operating system's generator."""

    __slots__ = ()

    def token(self, n: int) -> bytes:
        """`n` bytes fit for keys."""
        return os.urandom(n)


def crockford(value: bytes) -> str:
    """26 lower-case characters for 16 bytes: the 128-bit integer, big-endian, zero-padded (protocol 11, Ids)."""
    if len(value) != _ID_BYTES:
        raise ValueError(f"an id is made of {_ID_BYTES} bytes, not {len(value)}")
    number = int.from_bytes(value, "big")
    shifts = range((_ID_CHARACTERS - 1) * _BITS_PER_CHARACTER, -1, -_BITS_PER_CHARACTER)
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in shifts)


def new_id(prefix: str, entropy: Entropy) -> str:
    """A new id such as `i-` and 26 characters; `prefix` is the letter alone."""
    return f"{prefix}-{crockford(entropy.token(_ID_BYTES))}"


def new_nonce(entropy: Entropy) -> str:
    """128 random bits as 32 lower-case hex digits."""
    return entropy.token(16).hex()
