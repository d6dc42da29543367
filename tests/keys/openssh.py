"""Real `ssh-keygen` for tests, and FIDO2 signatures built as OpenSSH builds them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from console.keys import sshsig
from console.keys.publickey import SK, PublicKey, ssh_string

KEYGEN = shutil.which("ssh-keygen") or "ssh-keygen"


def run(*arguments: str | Path, given: bytes = b"", ok: bool = True) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run([KEYGEN, *map(str, arguments)], input=given, capture_output=True, check=False, timeout=60)
    if ok:
        assert done.returncode == 0, (done.stdout, done.stderr)
    return done


def private_key(seed: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"test key %d" % seed).digest())


def hardware_key(private: Ed25519PrivateKey, application: str = "ssh:") -> PublicKey:
    raw = private.public_key().public_bytes_raw()
    return PublicKey.from_blob(ssh_string(SK.encode()) + ssh_string(raw) + ssh_string(application.encode()))


def hardware_sign(
    private: Ed25519PrivateKey,
    namespace: str,
    message: bytes,
    *,
    flags: int = 0x05,
    counter: int = 7,
    app: str = "ssh:",
) -> bytes:
    key = hardware_key(private, app)
    tail = bytes([flags]) + counter.to_bytes(4, "big")
    inner = hashlib.sha256(sshsig.signed_bytes(namespace, message)).digest()
    signature = private.sign(hashlib.sha256(app.encode()).digest() + tail + inner)
    wrapped = ssh_string(SK.encode()) + ssh_string(signature) + tail
    return (
        b"SSHSIG\x00\x00\x00\x01" + ssh_string(key.blob) + ssh_string(namespace.encode()) + ssh_string(b"")
        + ssh_string(b"sha512") + ssh_string(wrapped)
    )  # fmt: skip


def allowed(tmp_path: Path, key: PublicKey, who: str = "someone", options: str = "") -> Path:
    file = tmp_path / "allowed_signers"
    file.write_text(f"{who} {options + ' ' if options else ''}{key.line}\n")
    return file
