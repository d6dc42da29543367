"""What can be wrong with a key, a signature, a passphrase or a roster, named by the fact.

No text here ever carries a secret, a passphrase or a signed message.
"""

from __future__ import annotations

from console.domain.errors import Problem, WrongUse

_ASK_AGAIN = "It was not accepted; ask its sender for a sound copy."


class BadPublicKey(Problem):
    """A public key line or blob that is not exactly an Ed25519 or FIDO2 Ed25519 key in OpenSSH form."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The public key cannot be used: {why}.", "Use an ssh-ed25519 or sk-ssh-ed25519 key.")


class BadSignature(Problem):
    """A signature that does not prove what it was offered for. The subclasses name the fact."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The signature does not hold: {why}.", _ASK_AGAIN)


class MalformedSignature(BadSignature):
    """The bytes are not a canonical SSHSIG of the accepted kind."""


class UnsupportedSignature(BadSignature):
    """A sound SSHSIG of a version, hash or key type that is not accepted here."""


class OtherKey(BadSignature):
    """A signature by another key than the one asked about."""


class OtherNamespace(BadSignature):
    """A signature made for another purpose or another organisation."""


class SignatureMismatch(BadSignature):
    """Right key and purpose, but the message (or the signature) was changed."""


class UserNotPresent(BadSignature):
    """A FIDO2 signature without the touch of a person."""


class BadRoster(Problem):
    """A roster version that may not follow, or may not begin, an organisation's roster."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The roster is refused: {why}.", "The roster in force stays in force.")


class TooFewSigners(BadRoster):
    """Fewer distinct admins signed than the threshold asks for."""


class BadEnrolment(Problem):
    """A request to join that does not prove what it claims."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The request to join is refused: {why}.", "Ask the newcomer to make it again.")


class KeyLocked(Problem):
    """The session's key was locked: by a person, by sleep, or by idleness."""

    def __init__(self) -> None:
        super().__init__("The key is locked.", "Unlock it; what you wrote is kept as a draft until then.")


class KeyRefuses(WrongUse):
    """The key was made for another purpose and may not sign for that one."""

    def __init__(self, use: str, namespace: str) -> None:
        super().__init__(f"The {use} key does not sign {namespace.partition('@')[0]}.", "Use the key made for it.")


class WrongPassphrase(Problem):
    """The passphrase does not open the key file or the secrets file."""

    def __init__(self, what: str = "key file") -> None:
        super().__init__(f"The passphrase does not open the {what}.", "Nothing was signed or changed; try again.")


class WrongPin(WrongPassphrase):
    """The PIN does not open the FIDO2 security key."""

    def __init__(self) -> None:
        Problem.__init__(
            self, "The PIN does not open the security key.",
            "Nothing was signed or changed. Try again with care: after a few wrong ones it locks itself.",
        )  # fmt: skip


class BadKeyFile(Problem):
    """A private key file that is absent, unreadable, or no Ed25519 key in OpenSSH form."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The key file cannot be used: {why}.", "Check its path, or use your spare key.")


class SigningFailed(Problem):
    """The short-lived signing process gave no signature."""

    def __init__(self, why: str) -> None:
        super().__init__(f"No signature was made: {why}.", "Nothing was signed; try again.")


class VaultUnusable(Problem):
    """The place for secrets cannot be opened or written."""
