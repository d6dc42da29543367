"""OpenSSH key revocation lists (PROTOCOL.krl), so that `ssh-keygen -r` refuses what a revoked key signs from now on.

Written here, not by a child, so that the same revocations give the same bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final

from console.keys.publickey import PublicKey, ssh_string

_MAGIC: Final = 0x5353484B524C0A00  # "SSHKRL\n\0"
_FORMAT: Final = 1
_EXPLICIT_KEYS: Final = 2


def make_krl(revoked: Iterable[PublicKey], made_ms: int) -> bytes:
    """A list of these keys; `made_ms` is only for information."""
    blobs = sorted({key.blob for key in revoked})
    head = struct.pack(">QIQQQ", _MAGIC, _FORMAT, 0, made_ms // 1000, 0) + ssh_string(b"") + ssh_string(b"")
    if not blobs:
        return head
    return head + bytes([_EXPLICIT_KEYS]) + ssh_string(b"".join(ssh_string(blob) for blob in blobs))
