"""A key revocation list in OpenSSH's own form, made by OpenSSH's own tool. It decides nothing about who is revoked."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from console.domain.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

_TIMEOUT_S: Final = 30.0


class NoRevocationList(Problem):
    """`ssh-keygen` is absent or refused to make a revocation list."""


def make_krl(fingerprints: Iterable[str], ssh_keygen: str = "ssh-keygen") -> bytes:
    """The revocation list of these keys (fingerprints as OpenSSH writes them), for `ssh-keygen -Y verify -r`.

    It holds the time it was made, so two lists of the same keys differ.

    Raises:
        NoRevocationList: when `ssh-keygen` cannot be run or refuses.
    """
    with tempfile.TemporaryDirectory() as folder:
        listed, made = Path(folder, "revoked"), Path(folder, "krl")
        listed.write_text("".join(f"hash: {one}\n" for one in sorted(set(fingerprints))), encoding="ascii")
        command = [ssh_keygen, "-k", "-q", "-f", str(made), str(listed)]
        try:
            done = subprocess.run(command, capture_output=True, check=False, timeout=_TIMEOUT_S)
        except (OSError, subprocess.TimeoutExpired):
            raise NoRevocationList("ssh-keygen cannot be run here.", "Install OpenSSH and try again.") from None
        if done.returncode != 0:
            raise NoRevocationList("ssh-keygen made no revocation list.", "Install OpenSSH 8.9 or later.")
        return made.read_bytes()
