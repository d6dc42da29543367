"""Files for named people: encrypted with age to their writer keys, opened with one of these (decision 0156).

The age format and its library do all of it; here are only the keys, the header's recipients and the faults by name.
Nothing that was opened is kept.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from console.domain.errors import Problem, WrongUse
from console.domain.named_file import SEALED_BEGINS
from console.keys.publickey import PublicKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MOST_KEYS: Final = 100
"""A file's names for its readers must fit a disclosure."""

MOST_HEADER_BYTES: Final = 64 * 1024
_TAG_BYTES: Final = 4
_STANZA: Final = b"-> "
_SSH: Final = b"ssh-ed25519"
_GREASE: Final = b"-grease"  # what programs add so that no reader relies on knowing every stanza


class NotForYou(Problem):
    """The file is encrypted, and not to this key."""

    exit_code = 3

    def __init__(self) -> None:
        super().__init__(
            "The file is not encrypted to this key.", "Somebody who can open it can pass it on to you (also-to)."
        )


class SealDamaged(Problem):
    """The encrypted file was changed, or is not one."""

    def __init__(self) -> None:
        super().__init__("The encrypted file is damaged, or is none.", "Ask whoever attached it to attach it again.")


def tag_of(key: PublicKey) -> str:
    """How age names this key in a file's header: the first four bytes of its hash, unpadded base64."""
    return base64.b64encode(hashlib.sha256(key.blob).digest()[:_TAG_BYTES]).decode().rstrip("=")


def seal(raw: bytes, keys: Iterable[PublicKey]) -> bytes:
    """`raw` as an age file that each of these keys opens.

    Raises:
        WrongUse: for no key, too many, or one that lives in a security key (it signs, and opens nothing).
    """
    import pyrage  # noqa: PLC0415  few files are for few people

    lines = list(dict.fromkeys(key.line for key in keys if not key.hardware))
    if not lines or len(lines) > MOST_KEYS:
        raise WrongUse(
            f"A file is encrypted to 1 to {MOST_KEYS} keys that can open one; these are {len(lines)}.",
            "Name people with a writer key that is a file or in an ssh-agent.",
        )
    return pyrage.encrypt(raw, [pyrage.ssh.Recipient.from_str(line) for line in lines])


def unseal(sealed: bytes, private: Ed25519PrivateKey) -> bytes:
    """What was encrypted.

    Raises:
        NotForYou: where it is encrypted to other keys.
        SealDamaged: where it was changed, or is no age file.
    """
    import pyrage  # noqa: PLC0415  as above
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  as in keyfile

    from console.keys.sshsig import public_of  # noqa: PLC0415  as above

    if tag_of(public_of(private)) not in recipients(sealed):
        raise NotForYou
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    try:
        return pyrage.decrypt(sealed, [pyrage.ssh.Identity.from_buffer(pem)])
    except pyrage.DecryptError as fault:
        raise (NotForYou if "matching" in str(fault) else SealDamaged) from None


def recipients(sealed: bytes) -> frozenset[str]:
    """Whom the header names: the tag of each SSH key, and the bare kind of every other way in (a passphrase, say).

    Raises:
        SealDamaged: where it has no header.
    """
    head, found, _ = sealed[:MOST_HEADER_BYTES].partition(b"\n--- ")
    if not found or not head.startswith(SEALED_BEGINS):
        raise SealDamaged
    named: set[str] = set()
    for line in head.split(b"\n"):
        kind, *words = line.removeprefix(_STANZA).split(b" ")
        if line.startswith(_STANZA) and not kind.endswith(_GREASE):
            named.add((words[0] if kind == _SSH and words else kind).decode("ascii", "replace"))
    return frozenset(named)


__all__ = ["MOST_HEADER_BYTES", "MOST_KEYS", "NotForYou", "SealDamaged", "recipients", "seal", "tag_of", "unseal"]
