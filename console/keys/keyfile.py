"""Private keys in OpenSSH's own file form, plain or wrapped with a passphrase (bcrypt and AES-256, as ssh-keygen does).

It never prints, logs or returns a passphrase, and it never opens a file twice to try several passphrases.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from console.domain.errors import WrongUse
from console.keys.faults import BadKeyFile, BadPublicKey, KeyRefuses, WrongPassphrase
from console.keys.publickey import PublicKey
from console.runtime import platform

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives import serialization

    from console.runtime.ids import Entropy

KeyUse = Literal["writer", "console", "approver", "recovery"]

# What each use may sign: the first word of the namespace. Enrolment is proof of possession and grants nothing.
PURPOSES: Final[dict[str, frozenset[str]]] = {
    "writer": frozenset({"entry.v1", "bundle.v1", "enrol.v1", "roster.v1"}),
    "console": frozenset({"machine.v1", "enrol.v1"}),
    "approver": frozenset({"approve.v1", "enrol.v1", "roster.v1"}),
    "recovery": frozenset({"enrol.v1", "roster.v1"}),
}

# 0.14 s a try for a key unlocked each session, 0.38 s for one unlocked for a single signature (measured, one core).
SESSION_ROUNDS: Final = 24
SINGLE_ROUNDS: Final = 64
MIN_PASSPHRASE_BYTES: Final = 8
_MAX_FILE_BYTES: Final = 16 * 1024
_SEED_BYTES: Final = 32
_PUBLIC_MODE: Final = 0o644
_FREED_FROM, _FREED_TO, _FREED_STEP, _FREED_EACH = 16, 480, 16, 16
_COMMENT: Final = "standdown "
_HELD: Final = " held by ssh-agent"


def require_purpose(use: str, namespace: str) -> None:
    """Refuse a namespace that a key of this use does not sign.

    Raises:
        KeyRefuses: also for a use that does not exist.
    """
    if namespace.partition("@")[0] not in PURPOSES.get(use, frozenset()):
        raise KeyRefuses(use, namespace)


@dataclass(frozen=True, slots=True)
class SavedKey:
    """A private key file on this machine, by path: what it is and what it may sign, never the key itself."""

    path: Path
    public: PublicKey
    use: KeyUse


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """The text of a private key file, with its public key."""

    public: PublicKey
    pem: bytes = field(repr=False)


def new_private(entropy: Entropy) -> Ed25519PrivateKey:
    """A new private key."""
    return Ed25519PrivateKey.from_private_bytes(entropy.token(_SEED_BYTES))


def require_passphrase(passphrase: bytes) -> None:
    """Refuse a passphrase that would protect nothing.

    Raises:
        WrongUse: under 8 bytes.
    """
    if len(passphrase) < MIN_PASSPHRASE_BYTES:
        raise WrongUse("The passphrase is too short.", f"Use at least {MIN_PASSPHRASE_BYTES} characters.")


def wrap(private: Ed25519PrivateKey, passphrase: bytes, *, rounds: int = SINGLE_ROUNDS) -> WrappedKey:
    """The key file of `private`, opened by `passphrase` alone.

    Raises:
        WrongUse: when the passphrase is too short.
    """
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  a locked profile opens without it

    require_passphrase(passphrase)
    lock = serialization.PrivateFormat.OpenSSH.encryption_builder().kdf_rounds(rounds).build(passphrase)
    return _file_of(private, lock)


def unwrapped(private: Ed25519PrivateKey) -> WrappedKey:
    """The key file of a device key, which opens with the profile: no passphrase, no authority."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  as in wrap

    return _file_of(private, serialization.NoEncryption())


def _file_of(private: Ed25519PrivateKey, lock: serialization.KeySerializationEncryption) -> WrappedKey:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  as in wrap

    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, lock)
    return WrappedKey(PublicKey.from_raw(private.public_key().public_bytes_raw()), pem)


def unwrap(pem: bytes, passphrase: bytes | None) -> Ed25519PrivateKey:
    """The private key in an OpenSSH key file; `passphrase` is None for an unprotected one.

    Raises:
        WrongPassphrase: when it does not open the file.
        BadKeyFile: when the file is unprotected though a passphrase was given, or is no Ed25519 key.
    """
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  as in wrap

    if not pem.startswith(b"-----BEGIN OPENSSH PRIVATE KEY-----"):
        raise BadKeyFile("it is not in OpenSSH form")
    try:
        found = serialization.load_ssh_private_key(pem, passphrase)
    except TypeError:
        if passphrase:
            raise BadKeyFile("it has no passphrase although it must have one") from None
        raise WrongPassphrase from None
    except ValueError as refused:
        if passphrase and "checksum" in str(refused):
            raise WrongPassphrase from None
        raise BadKeyFile("it is damaged") from None
    except UnsupportedAlgorithm:
        raise BadKeyFile("its kind or its encryption is not accepted here") from None
    finally:
        _overwrite_freed()
    if not isinstance(found, Ed25519PrivateKey):
        raise BadKeyFile("it is not an Ed25519 key")
    return found


def _overwrite_freed() -> None:
    """Write over what the library held of the opened file: it frees those bytes as they are.

    Python hands out first what was freed last, of each size; the seed is in a text of some 150 bytes.
    """
    for size in range(_FREED_FROM, _FREED_TO, _FREED_STEP):
        _ = [bytes(size) for _ in range(_FREED_EACH)]


def save(path: Path, key: WrappedKey, use: KeyUse) -> SavedKey:
    """Write `path` (this user alone) and `path.pub`, durably and never over an existing key.

    Raises:
        BadKeyFile: where there is a key already.
    """
    if path.exists():
        raise BadKeyFile("there is a key already; it is never overwritten")
    platform.write_durably(_public_path(path), f"{key.public.line} {_COMMENT}{use}\n".encode(), _PUBLIC_MODE)
    try:
        platform.create_durably(path, key.pem)
    except FileExistsError:
        raise BadKeyFile("another process made a key there at the same time") from None
    return SavedKey(path, key.public, use)


def save_held(path: Path, public: PublicKey, use: KeyUse) -> SavedKey:
    """Write `path.pub` alone: the private half stays with an agent. Never over an existing key.

    Raises:
        BadKeyFile: where there is a key already.
    """
    if path.exists() or _public_path(path).exists():
        raise BadKeyFile("there is a key already; it is never overwritten")
    platform.write_durably(_public_path(path), f"{public.line} {_COMMENT}{use}{_HELD}\n".encode(), _PUBLIC_MODE)
    return SavedKey(path, public, use)


def is_held(saved: SavedKey) -> bool:
    """Whether an agent holds the private half of this key, as `save_held` wrote down."""
    return not saved.path.exists() and is_held_at(saved.path)


def is_held_at(path: Path) -> bool:
    """Whether `save_held` wrote down a key for `path`, and none lies there."""
    public = _public_path(path)
    return not path.exists() and public.exists() and read_pem(public).rstrip().endswith(_HELD.encode())


def read_private(path: Path, passphrase: bytes | None) -> Ed25519PrivateKey:
    """The private key in the file at `path`.

    Raises:
        BadKeyFile: when it is absent, unreadable or no key.
        WrongPassphrase: when the passphrase does not open it.
    """
    return unwrap(read_pem(path), passphrase)


def read_pem(path: Path) -> bytes:
    """The text of the key file at `path`.

    Raises:
        BadKeyFile: when it is absent, unreadable or too long.
    """
    try:
        with path.open("rb") as file:
            pem = file.read(_MAX_FILE_BYTES + 1)
    except OSError as fault:
        raise BadKeyFile(f"{path.name} cannot be read ({fault.strerror})") from None
    if len(pem) > _MAX_FILE_BYTES:
        raise BadKeyFile(f"{path.name} is too long to be a key")
    return pem


def read_saved(path: Path, use: KeyUse) -> SavedKey:
    """The saved key at `path`, by its public half; the private half is not opened.

    Raises:
        BadKeyFile: when `path.pub` is absent or no key, or says that the key is of another use.
    """
    public, marked = _read_public(path)
    if marked is not None and marked != use:
        raise BadKeyFile(f"{path.name} is a {marked} key, asked for as {use}")
    return SavedKey(path, public, use)


def _read_public(path: Path) -> tuple[PublicKey, str | None]:
    """The public half, and the use written into its comment by `save` (None for a key made elsewhere)."""
    public_path = _public_path(path)
    try:
        text = read_pem(public_path).decode("utf-8")
        public = PublicKey.parse_file(text)
    except (UnicodeDecodeError, BadPublicKey):
        raise BadKeyFile(f"{public_path.name} holds no accepted public key") from None
    comment = text.strip().split(" ", 2)[2:]
    marked = comment[0].removeprefix(_COMMENT).removesuffix(_HELD) if comment else ""
    return public, marked if marked in PURPOSES else None


def _public_path(path: Path) -> Path:
    return path.with_name(path.name + ".pub")
