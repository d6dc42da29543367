"""FIDO2 keys (`sk-ssh-ed25519`) by way of `ssh-keygen`: made with PIN and touch, and used for one signature each.

The private half never leaves the device; what lies in the profile is a handle that is worth nothing without it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from console.domain.errors import WrongUse
from console.keys import askpass, keyfile
from console.keys.faults import BadKeyFile, BadSignature, SigningFailed, WrongPin
from console.keys.keyfile import KeyUse, SavedKey
from console.keys.sshsig import dearmour
from console.runtime import platform

APPLICATION: Final = "ssh:standdown"
PIN: Final = "the PIN of your security key"
_MOST_SAID: Final = 160


def create(path: Path, use: KeyUse, pin: Callable[[], bytes], ssh_keygen: str = "ssh-keygen") -> SavedKey:
    """Make an approver key on the device that is plugged in, and its handle at `path`. PIN and touch are demanded.

    Raises:
        BadKeyFile: where there is a key already.
        WrongPin: for a wrong PIN.
        SigningFailed: without a device, without `ssh-keygen`, or when nobody touched it.
    """
    if use != "approver":
        raise WrongUse("Only an approver key is made on a security key.")
    if path.exists() or path.with_name(f"{path.name}.pub").exists():
        raise BadKeyFile("there is a key already; it is never overwritten")
    command = [
        ssh_keygen, "-q", "-t", "ed25519-sk", "-O", f"application={APPLICATION}", "-O", "verify-required",
        "-N", "", "-C", f"standdown {use}", "-f", str(path),
    ]  # fmt: skip
    done = askpass.run(command, pin)
    if done.status != 0:
        _refused(done)
    platform.make_private_file(path)
    return keyfile.read_saved(path, use)


def sign(key: SavedKey, namespace: str, message: bytes, pin: Callable[[], bytes], ssh_keygen: str) -> bytes:
    """One signature by the device: the raw SSHSIG, not verified yet.

    Raises:
        WrongPin: for a wrong PIN.
        SigningFailed: when the device is not there, nobody touched it, or what came back is no signature.
    """
    command = [ssh_keygen, "-Y", "sign", "-q", "-n", namespace, "-f", str(key.path)]
    done = askpass.run(command, pin, message)
    if done.status != 0:
        _refused(done)
    try:
        return dearmour(done.out.decode("ascii"))
    except (UnicodeDecodeError, BadSignature):
        raise SigningFailed("ssh-keygen answered something that is no signature") from None


def _refused(done: askpass.Done) -> None:
    said = " ".join(done.said.split())
    if done.again or "incorrect passphrase" in said or "PIN incorrect" in said:
        raise WrongPin
    lines = [line.strip() for line in done.said.splitlines() if line.strip() and "presence" not in line]
    why = lines[-1][:_MOST_SAID] if lines else "it gave no reason"
    if "device not found" in said or "invalid format" in said:
        raise SigningFailed("no security key answers: is it plugged in? (" + why + ")")
    raise SigningFailed(f"the security key or ssh-keygen refused ({why})")
