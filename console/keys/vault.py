"""Where providers' secrets lie: the system's keyring, or one file encrypted with a passphrase. It says which.

Only keyrings known to encrypt are used, never a plain text or null one, however the machine is configured. A secret
never stands in a representation, a log line or an error. Which secret may go where is not decided here.
"""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from console.keys.faults import VaultUnusable, WrongPassphrase
from console.keys.keyfile import require_passphrase
from console.runtime import platform

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from console.runtime.ids import Entropy

_MAGIC: Final = b"standdown secrets v1\n"
_SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_HEAD_BYTES: Final = len(_MAGIC) + _SALT_BYTES
_KEY_BYTES: Final = 32
_SCRYPT_N: Final = 2**16  # 64 MiB and about 0.15 s a try (measured, one core)
_MAX_FILE_BYTES: Final = 4 * 1024 * 1024
WHAT: Final = "the secrets file"

# module and class, exactly: a subclass or a look-alike is somebody else's keyring
_ALLOWED: Final = {
    ("keyring.backends.SecretService", "Keyring"): "the Secret Service keyring",
    ("keyring.backends.libsecret", "Keyring"): "the Secret Service keyring",
    ("keyring.backends.kwallet", "DBusKeyring"): "KWallet",
    ("keyring.backends.macOS", "Keyring"): "the macOS keychain",
    ("keyring.backends.Windows", "WinVaultKeyring"): "the Windows credential vault",
}
_CHAINER: Final = ("keyring.backends.chainer", "ChainerBackend")


class Vault(Protocol):
    """Secrets by name."""

    @property
    def place(self) -> str:
        """One sentence for people: where these secrets lie."""
        ...

    def get(self, name: str) -> str | None:
        """The secret, or None where there is none of that name."""
        ...

    def put(self, name: str, secret: str) -> None:
        """Keep a secret, replacing one of the same name; durable when this returns."""
        ...

    def forget(self, name: str) -> None:
        """Delete a secret; one that is not there is no fault."""
        ...


class AskPassphrase(Protocol):
    """How the passphrase of the secrets file is had; `new` asks twice where a person types it."""

    def __call__(self, what: str, *, new: bool = False) -> bytes:
        """The passphrase for `what`."""
        ...


class Keyring(Protocol):
    """The part of a keyring backend that is used."""

    def get_password(self, service: str, username: str) -> str | None:
        """The secret, or None."""
        ...

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep it."""
        ...

    def delete_password(self, service: str, username: str) -> None:
        """Delete it."""
        ...


class KeyringVault:
    """Secrets in the system's keyring, one item each under `service`."""

    __slots__ = ("_keyring", "_service", "place")

    def __init__(self, keyring: Keyring, service: str, name: str) -> None:
        self._keyring = keyring
        self._service = service
        self.place = f"Secrets are kept in {name} of this machine."

    def __repr__(self) -> str:
        return f"KeyringVault({self._service})"

    def get(self, name: str) -> str | None:
        """The secret, or None.

        Raises:
            VaultUnusable: when the keyring is locked or gone.
        """
        try:
            return self._keyring.get_password(self._service, name)
        except Exception as fault:  # noqa: BLE001  each backend has exceptions of its own
            raise _closed(fault) from None

    def put(self, name: str, secret: str) -> None:
        """Keep a secret.

        Raises:
            VaultUnusable: when the keyring is locked or gone, or does not give the secret back.
        """
        try:
            self._keyring.set_password(self._service, name, secret)
            kept = self._keyring.get_password(self._service, name)
        except Exception as fault:  # noqa: BLE001  each backend has exceptions of its own
            raise _closed(fault) from None
        if kept != secret:
            raise VaultUnusable("The keyring did not keep the secret.", "Look into it, or use a secrets file.")

    def forget(self, name: str) -> None:
        """Delete a secret.

        Raises:
            VaultUnusable: when the keyring is locked or gone.
        """
        if self.get(name) is None:
            return
        try:
            self._keyring.delete_password(self._service, name)
        except Exception as fault:  # noqa: BLE001  each backend has exceptions of its own
            raise _closed(fault) from None


def _closed(fault: Exception) -> VaultUnusable:
    # only the kind: what a backend puts into its message is not ours to show
    return VaultUnusable(f"The keyring does not answer ({type(fault).__name__}).", "Unlock it and try again.")


class FileVault:
    """Secrets in one file: scrypt of the passphrase, ChaCha20-Poly1305 over all of them, written whole and durably.

    The passphrase is asked for at the first secret that is needed, once a session; only the derived key is kept.
    """

    __slots__ = ("_ask", "_entropy", "_key", "_n", "_path", "_salt", "place")

    def __init__(self, path: Path, ask: AskPassphrase, entropy: Entropy, *, scrypt_n: int = _SCRYPT_N) -> None:
        self._path = path
        self._ask = ask
        self._entropy = entropy
        self._n = scrypt_n
        self._salt = b""
        self._key = b""
        self.place = f"Secrets are kept in {path.name} in the profile, encrypted with a passphrase."

    def __repr__(self) -> str:
        return f"FileVault({self._path.name}, {'open' if self._key else 'closed'})"

    def get(self, name: str) -> str | None:
        """The secret, or None; nothing is asked where there is no file yet.

        Raises:
            WrongPassphrase: when it does not open the file.
            VaultUnusable: when the file is damaged or unreadable.
        """
        return self._read().get(name)

    def put(self, name: str, secret: str) -> None:
        """Keep a secret; the first one makes the file and its passphrase.

        Raises:
            WrongPassphrase, VaultUnusable: as for `get`; WrongUse: when a new passphrase is too short.
        """
        self._change(name, secret)

    def forget(self, name: str) -> None:
        """Delete a secret; raises as `put`."""
        if self._read().get(name) is not None:
            self._change(name, None)

    def lock(self) -> None:
        """Forget the derived key; the next secret asks again."""
        self._key = b""

    def _change(self, name: str, secret: str | None) -> None:
        lock = platform.FileLock.try_take(self._path.with_name(self._path.name + ".lock"))
        if lock is None:
            raise VaultUnusable("Another process is writing the secrets file.", "Try again in a moment.")
        with lock:
            secrets = self._read()
            if secret is None:
                secrets.pop(name, None)
            else:
                secrets[name] = secret
            if not self._key:
                passphrase = self._ask(WHAT, new=True)
                require_passphrase(passphrase)
                self._derive(self._entropy.token(_SALT_BYTES), passphrase)
            head = _MAGIC + self._salt
            nonce = self._entropy.token(_NONCE_BYTES)
            sealed = ChaCha20Poly1305(self._key).encrypt(nonce, json.dumps(secrets).encode(), head)
            platform.write_durably(self._path, head + nonce + sealed)

    def _read(self) -> dict[str, str]:
        if not self._path.exists():
            self._key = b""
            return {}
        try:
            raw = self._path.read_bytes()
        except OSError as fault:
            raise VaultUnusable(f"The secrets file cannot be read ({fault.strerror}).", "Check its rights.") from None
        if len(raw) > _MAX_FILE_BYTES or len(raw) <= _HEAD_BYTES + _NONCE_BYTES or not raw.startswith(_MAGIC):
            raise VaultUnusable("The secrets file is damaged.", "Put back a copy, or remove it and enter them again.")
        salt = raw[len(_MAGIC) : _HEAD_BYTES]
        fresh = not self._key or salt != self._salt
        if fresh:
            self._derive(salt, self._ask(WHAT))
        nonce, sealed = raw[_HEAD_BYTES : _HEAD_BYTES + _NONCE_BYTES], raw[_HEAD_BYTES + _NONCE_BYTES :]
        try:
            opened = ChaCha20Poly1305(self._key).decrypt(nonce, sealed, raw[:_HEAD_BYTES])
        except InvalidTag:
            self._key = b""
            if fresh:
                raise WrongPassphrase("secrets file") from None
            raise VaultUnusable("The secrets file was changed by something else.", "Put back a copy.") from None
        return cast("dict[str, str]", json.loads(opened))

    def _derive(self, salt: bytes, passphrase: bytes) -> None:
        self._salt = salt
        self._key = Scrypt(salt=salt, length=_KEY_BYTES, n=self._n, r=8, p=1).derive(passphrase)


def open_vault(
    path: Path, service: str, ask: AskPassphrase, entropy: Entropy, *, keyring_allowed: bool = True
) -> Vault:
    """The place for one profile's secrets: the file where there is one, else a usable keyring, else a new file.

    `path` is the profile's secrets file, `service` names the profile in the keyring. A drill passes
    `keyring_allowed=False`: it must not reach real secrets.
    """
    if keyring_allowed and not path.exists():
        found = usable_keyring(service)
        if found is not None:
            return KeyringVault(found[0], service, found[1])
    return FileVault(path, ask, entropy)


def usable_keyring(service: str) -> tuple[Keyring, str] | None:
    """The configured keyring if it is one known to encrypt and it answers, with its name for people."""
    try:
        keyring: Any = importlib.import_module("keyring")  # late: it costs start-up time and wakes the session bus
        configured: Any = keyring.get_keyring()
    except Exception:  # noqa: BLE001  whatever is wrong with a machine's keyring, the file serves
        return None
    for backend in _unchained(configured):
        name = _ALLOWED.get(_kind(backend))
        if name is not None and _answers(backend, service):
            return backend, name
    return None


def _kind(backend: object) -> tuple[str, str]:
    return type(backend).__module__, type(backend).__qualname__


def _unchained(configured: Any) -> Iterator[Any]:  # noqa: ANN401  a backend is whatever the machine has
    if _kind(configured) == _CHAINER:
        yield from configured.backends
    else:
        yield configured


def _answers(backend: Keyring, service: str) -> bool:
    try:
        backend.get_password(service, "probe")
    except Exception:  # noqa: BLE001  locked, absent, refused: all mean that it cannot be used now
        return False
    return True
