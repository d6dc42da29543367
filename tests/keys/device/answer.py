"""What the authenticator of `sk.c` computes: a key, or a FIDO2 signature, as hexadecimal digits."""

from __future__ import annotations

import hashlib
import os
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_COUNTER = 7


def main() -> None:
    """One answer."""
    what, seed, application, *rest = sys.argv[1:]
    if what == "make":
        fresh = os.urandom(32)
        raw = Ed25519PrivateKey.from_private_bytes(fresh).public_key().public_bytes_raw()
        print((fresh + raw).hex())  # noqa: T201  a program's answer
        return
    flags, message = rest
    tail = bytes.fromhex(flags) + _COUNTER.to_bytes(4, "big")
    signed = hashlib.sha256(bytes.fromhex(application)).digest() + tail
    signed += hashlib.sha256(bytes.fromhex(message)).digest()
    print(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed)).sign(signed).hex())  # noqa: T201  as above


main()
