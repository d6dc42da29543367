"""Who signs, and with what: session keys in process, approver keys in a short-lived child, FIDO2 keys by `ssh-keygen`.

Every signer knows what its key may sign and refuses the rest. An approver's seed is never in this process.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from console.keys import keyfile
from console.keys.approver_child import Answer, frame
from console.keys.faults import (
    BadKeyFile,
    BadPublicKey,
    BadSignature,
    KeyLocked,
    KeyRefuses,
    SigningFailed,
    WrongPassphrase,
)
from console.keys.keyfile import SINGLE_ROUNDS, KeyUse, SavedKey
from console.keys.publickey import PublicKey
from console.keys.sshsig import SignatureFacts, Stamp, dearmour, public_of, verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_CHILD_TIMEOUT_S: Final = 60.0
_TOUCH_TIMEOUT_S: Final = 180.0
# -I keeps the child from the caller's folder and PYTHON* variables; so it is told where this package lies.
_CHILD: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); from console.keys.approver_child import main; "
    "sys.exit(main(sys.stdin.buffer, sys.stdout.buffer, sys.stderr.buffer))"
)
_PACKAGE_ROOT: Final = Path(__file__).resolve().parents[2]
_KEPT_FROM_CHILD: Final = ("PYTHON", "LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT")


class Signer(Protocol):
    """Signs with one key, as often as asked while it may."""

    @property
    def public(self) -> PublicKey:
        """The key that the signatures prove."""
        ...

    def sign(self, namespace: str, message: bytes) -> bytes:
        """The raw SSHSIG over `message`; raises KeyRefuses or KeyLocked."""
        ...


class SessionSigner:
    """A writer or device key in memory between `unlock` and `lock`.

    `lock` forgets the key; Python cannot erase its bytes, which is why approver keys never come here.
    """

    __slots__ = ("_private", "_stamps", "_use", "public")

    def __init__(self, public: PublicKey, use: KeyUse) -> None:
        if use not in {"writer", "console"}:
            raise KeyRefuses(use, "a session")
        self.public = public
        self._use: KeyUse = use
        self._private: Ed25519PrivateKey | None = None
        self._stamps: dict[str, Stamp] = {}

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self._use} {self.public.fingerprint}, {'locked' if self.locked else 'unlocked'})"
        )

    @property
    def locked(self) -> bool:
        """Whether signing would raise KeyLocked."""
        return self._private is None

    def unlock(self, private: Ed25519PrivateKey) -> None:
        """Hold `private` until `lock`.

        Raises:
            BadKeyFile: when it is another key than the one this signer stands for.
        """
        if public_of(private) != self.public:
            raise BadKeyFile("it holds another key than the roster names")
        self._private = private

    def lock(self) -> None:
        """Forget the key. Locking twice does nothing."""
        self._private = None
        self._stamps = {}

    def sign(self, namespace: str, message: bytes) -> bytes:
        """The raw SSHSIG over `message`.

        Raises:
            KeyLocked: after `lock` and before `unlock`.
            KeyRefuses: for a purpose that is not this key's.
        """
        private = self._private
        if private is None:
            raise KeyLocked
        stamp = self._stamps.get(namespace)
        if stamp is None:
            keyfile.require_purpose(self._use, namespace)
            stamp = Stamp(private, namespace)
            if self._private is private:  # a lock meanwhile must not be undone by a remembered stamp
                self._stamps[namespace] = stamp
        return stamp.sign(message)


class WriterSigner(SessionSigner):
    """A person's writer key: entries, exports, requests to join, and rosters 0 and 1 of an organisation they found.

    It also opens what was encrypted to it for its person alone.
    """

    __slots__ = ()

    def __init__(self, public: PublicKey) -> None:
        super().__init__(public, "writer")

    def unseal(self, sealed: bytes) -> bytes:
        """What was encrypted to this key.

        Raises:
            KeyLocked: after `lock` and before `unlock`.
            NotForYou, SealDamaged: as their names say.
        """
        from console.keys.sealed import unseal  # noqa: PLC0415  few files are for few people

        if self._private is None:
            raise KeyLocked
        return unseal(sealed, self._private)


class DeviceSigner(SessionSigner):
    """An installation's device key: what the machine itself records. It carries no authority and never auto-locks."""

    __slots__ = ()

    def __init__(self, public: PublicKey) -> None:
        super().__init__(public, "console")


def create_approver_key(path: Path, use: KeyUse, passphrase: bytes, *, rounds: int = SINGLE_ROUNDS) -> SavedKey:
    """Make a passphrase-wrapped approver or recovery key in a child process and write it to `path` and `path.pub`.

    Raises:
        WrongUse: for a short passphrase or a use that is not made this way.
        BadKeyFile: where there is a key already.
        SigningFailed: when the child broke.
    """
    _require_child_use(use)
    keyfile.require_passphrase(passphrase)
    line = _ask_child(frame(b"create", use.encode(), os.fsencode(path), b"", passphrase, str(rounds).encode()), use)
    try:
        return SavedKey(path, PublicKey.parse(line.decode()), use)
    except (UnicodeDecodeError, BadPublicKey):
        raise SigningFailed("the key-making process answered nonsense") from None


def sign_once(key: SavedKey, namespace: str, message: bytes, passphrase: bytes) -> bytes:
    """One signature by a wrapped approver or recovery key, made and forgotten in a child process: the raw SSHSIG.

    Raises:
        WrongPassphrase: when it does not open the file.
        KeyRefuses: for a purpose that is not this key's.
        BadKeyFile: when the file is unusable.
        SigningFailed: when the child broke, or signed something else.
    """
    _require_child_use(key.use)
    keyfile.require_purpose(key.use, namespace)
    fields = (b"sign", key.use.encode(), os.fsencode(key.path), namespace.encode(), passphrase, message)
    blob = _ask_child(frame(*fields), key.use)
    _require_signature(key.public, namespace, message, blob)
    return blob


def sign_single(
    key: SavedKey, namespace: str, message: bytes, unlock: Callable[[], bytes], ssh_keygen: str = "ssh-keygen"
) -> bytes:
    """One signature by an approver key of either kind: the raw SSHSIG.

    `unlock` gives the passphrase of a wrapped key. A FIDO2 key signs through `ssh-keygen` and wants to be touched;
    where it asks for its PIN, `unlock` gives that.

    Raises:
        WrongPassphrase, KeyRefuses, BadKeyFile, SigningFailed: as `sign_once` and `sign_with_ssh_keygen`.
    """
    if not key.public.hardware:
        return sign_once(key, namespace, message, unlock())
    if sys.platform == "win32":  # pragma: no cover - it has no sockets of the kind by which a PIN is handed over
        return sign_with_ssh_keygen(key, namespace, message, ssh_keygen)
    from console.keys import hardware  # noqa: PLC0415  few keys are in hardware

    keyfile.require_purpose(key.use, namespace)
    blob = hardware.sign(key, namespace, message, unlock, ssh_keygen)
    _require_signature(key.public, namespace, message, blob)
    return blob


def sign_typed(
    pem: bytes, public: PublicKey, use: KeyUse, namespace: str, message: bytes, passphrase: bytes
) -> bytes:  # fmt: skip
    """As `sign_once`, by a key file that was typed or scanned off paper: it is written nowhere.

    Raises:
        WrongPassphrase, KeyRefuses, BadKeyFile, SigningFailed: as `sign_once`.
    """
    _require_child_use(use)
    keyfile.require_purpose(use, namespace)
    blob = _ask_child(frame(b"sign-typed", use.encode(), pem, namespace.encode(), passphrase, message), use)
    _require_signature(public, namespace, message, blob)
    return blob


def sign_with_ssh_keygen(key: SavedKey, namespace: str, message: bytes, ssh_keygen: str = "ssh-keygen") -> bytes:
    """One signature by `ssh-keygen -Y sign`: the raw SSHSIG. It asks for PIN, touch or passphrase on the terminal.

    The route for FIDO2 keys; it also serves any key file or agent key that `ssh-keygen -f` can use.

    Raises:
        KeyRefuses: for a purpose that is not this key's.
        SigningFailed: when `ssh-keygen` is absent, refused, or signed something else.
    """
    import subprocess  # noqa: PLC0415  a window that starts asks no child for anything

    keyfile.require_purpose(key.use, namespace)
    command = [ssh_keygen, "-Y", "sign", "-q", "-n", namespace, "-f", str(key.path)]
    try:
        done = subprocess.run(command, input=message, stdout=subprocess.PIPE, check=False, timeout=_TOUCH_TIMEOUT_S)
    except FileNotFoundError:
        raise SigningFailed("there is no ssh-keygen on this machine") from None
    except subprocess.TimeoutExpired:
        raise SigningFailed(f"ssh-keygen gave no answer within {_TOUCH_TIMEOUT_S:.0f} s") from None
    if done.returncode != 0:
        raise SigningFailed("ssh-keygen refused; its reason stands above")
    try:
        blob = dearmour(done.stdout.decode("ascii"))
    except (UnicodeDecodeError, BadSignature):
        raise SigningFailed("ssh-keygen answered something that is no signature") from None
    _require_signature(key.public, namespace, message, blob)
    return blob


def _require_child_use(use: str) -> None:
    if use not in {"approver", "recovery"}:
        raise KeyRefuses(use, "a single signature")


def _require_signature(public: PublicKey, namespace: str, message: bytes, blob: bytes) -> SignatureFacts:
    try:
        return verify(public, namespace, message, blob)
    except BadSignature as fault:
        raise SigningFailed(fault.what.rstrip(".")) from None


def _ask_child(request: bytes, use: str) -> bytes:
    import subprocess  # noqa: PLC0415  as in sign_with_ssh_keygen

    command = [sys.executable, "-I", "-c", _CHILD, str(_PACKAGE_ROOT)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_KEPT_FROM_CHILD)}
    try:
        done = subprocess.run(
            command, input=request, capture_output=True, check=False, timeout=_CHILD_TIMEOUT_S, env=environment
        )
    except (OSError, subprocess.TimeoutExpired):
        # the exception would carry the request, passphrase and all
        raise SigningFailed("the signing process did not start or did not answer") from None
    said = done.stderr.decode("utf-8", "replace")
    match done.returncode:
        case Answer.DONE:
            return done.stdout
        case Answer.WRONG_PASSPHRASE:
            raise WrongPassphrase(f"{use} key file")
        case Answer.BAD_KEY_FILE:
            raise BadKeyFile(said.partition(": ")[2].rstrip(".") or "it is damaged")
        case Answer.REFUSED:
            raise SigningFailed(said.rstrip("."))
        case _:
            raise SigningFailed("the signing process broke")
