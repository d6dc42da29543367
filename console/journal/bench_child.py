"""The process beside this one that verifies raw signatures for `standdown bench`: the floor of what two cores do."""

from __future__ import annotations

import time
from typing import cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_given: list[tuple[Ed25519PublicKey, list[tuple[bytes, bytes]]]] = []


def answer(question: object) -> float | None:
    """Take a public key and signed messages; asked with None, verify them all and say how many seconds that took."""
    if question is not None:
        key, signed = cast("tuple[bytes, list[tuple[bytes, bytes]]]", question)
        _given[:] = [(Ed25519PublicKey.from_public_bytes(key), signed)]
        return None
    key_there, messages = _given[0]
    verify = key_there.verify
    start = time.perf_counter()
    for sig, raw in messages:
        verify(sig, raw)
    return time.perf_counter() - start
