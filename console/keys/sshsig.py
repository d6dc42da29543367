"""SSHSIG signatures (OpenSSH PROTOCOL.sshsig) made and verified in process, byte-equal to `ssh-keygen -Y`.

Accepted: version 1, sha512, ssh-ed25519 and sk-ssh-ed25519. One signature has one spelling. Verifying raises on any
doubt and never returns a bool. It reads no files and asks nobody for a passphrase.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from console.domain.ids import require_id
from console.keys.faults import (
    BadPublicKey,
    BadSignature,
    MalformedSignature,
    OtherKey,
    OtherNamespace,
    SignatureMismatch,
    UnsupportedSignature,
    UserNotPresent,
)
from console.keys.publickey import PublicKey, ssh_string, take_string

__all__ = [
    "ParsedSignature", "PublicKey", "SignatureFacts", "Stamp", "Verifier", "approve_ns", "armour", "assemble",
    "bundle_ns", "dearmour", "enrol_ns", "entry_ns", "machine_ns", "parse_blob", "public_of", "roster_ns", "sign_blob",
    "signed_bytes", "verify",
]  # fmt: skip

_MAGIC: Final = b"SSHSIG"
_VERSION: Final = b"\x00\x00\x00\x01"
_HASH: Final = b"sha512"
_SIGNATURE_BYTES: Final = 64
_SK_TAIL_BYTES: Final = 5  # flags, then a counter of four bytes
_USER_PRESENT: Final = 0x01
_USER_VERIFIED: Final = 0x04
_NAMESPACE: Final = re.compile(r"[\x21-\x7e]{1,128}\Z")
_MAX_BLOB_BYTES: Final = 2048

_BEGIN: Final = "-----BEGIN SSH SIGNATURE-----\n"
_END: Final = "-----END SSH SIGNATURE-----\n"
_LINE_CHARS: Final = 70
_MAX_ARMOUR_CHARS: Final = 4096


def entry_ns(org: str) -> str:
    """A person's entries, signed by a writer key."""
    return f"entry.v1@{require_id(org, 'od', 'org')}"


def machine_ns(org: str) -> str:
    """A console's own entries, signed by its device key; no authority."""
    return f"machine.v1@{require_id(org, 'od', 'org')}"


def approve_ns(org: str) -> str:
    """Approval records, signed by an approver key."""
    return f"approve.v1@{require_id(org, 'od', 'org')}"


def roster_ns(org: str) -> str:
    """Roster versions, signed by admins' approver or recovery keys, and rosters 0 and 1 by the founder's writer key."""
    return f"roster.v1@{require_id(org, 'od', 'org')}"


def bundle_ns(org: str) -> str:
    """An export's manifest, signed by the exporter's writer key."""
    return f"bundle.v1@{require_id(org, 'od', 'org')}"


def enrol_ns(org: str) -> str:
    """A request to join, signed by every key it names: proof of possession, no authority."""
    return f"enrol.v1@{require_id(org, 'od', 'org')}"


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """What a verified signature proves beyond the bytes.

    `hardware`: made by a FIDO2 key, touched by a person. `user_verified`: that person gave a PIN or a finger.
    `counter`: the authenticator's own count, None for a plain key.
    """

    fingerprint: str
    hardware: bool = False
    user_verified: bool = False
    counter: int | None = None


@dataclass(frozen=True, slots=True)
class ParsedSignature:
    """The fields of a canonical SSHSIG. Nothing in it is proven yet: only `Verifier` proves."""

    key: PublicKey
    namespace: str
    signature: bytes
    flags: int
    counter: int


def signed_bytes(namespace: str, message: bytes) -> bytes:
    """The bytes a key signs for `message`: magic, namespace, reserved, hash name, SHA-512 of the message."""
    return _signed_prefix(namespace) + hashlib.sha512(message).digest()


def _signed_prefix(namespace: str) -> bytes:
    if not _NAMESPACE.match(namespace):
        raise MalformedSignature("its namespace is not 1 to 128 printable characters")
    name = ssh_string(namespace.encode())
    return _MAGIC + name + ssh_string(b"") + ssh_string(_HASH) + (64).to_bytes(4, "big")


def _blob_prefix(key: PublicKey, namespace: str) -> bytes:
    """All of a blob that is fixed by key and namespace: everything up to the 64 bytes of the signature."""
    _signed_prefix(namespace)
    kind = ssh_string(key.kind.encode())
    inner = len(kind) + 4 + _SIGNATURE_BYTES + (_SK_TAIL_BYTES if key.hardware else 0)
    return (
        _MAGIC + _VERSION + ssh_string(key.blob) + ssh_string(namespace.encode()) + ssh_string(b"")
        + ssh_string(_HASH) + inner.to_bytes(4, "big") + kind + _SIGNATURE_BYTES.to_bytes(4, "big")
    )  # fmt: skip


def public_of(private: Ed25519PrivateKey) -> PublicKey:
    """The public key of a plain private key."""
    return PublicKey.from_raw(private.public_key().public_bytes_raw())


def assemble(key: PublicKey, namespace: str, signature: bytes) -> bytes:
    """The raw SSHSIG blob of a signature that a plain key made over `signed_bytes` elsewhere. It proves nothing.

    Raises:
        MalformedSignature: when it is not 64 bytes, or the key is no plain one.
    """
    if len(signature) != _SIGNATURE_BYTES or key.hardware:
        raise MalformedSignature("it is no plain Ed25519 signature")
    return _blob_prefix(key, namespace) + signature


class Stamp:
    """Signs many messages with one plain key in one namespace; what is constant is computed once."""

    __slots__ = ("_blob_prefix", "_sign", "_signed_prefix", "key", "namespace")

    def __init__(self, private: Ed25519PrivateKey, namespace: str) -> None:
        self.key = public_of(private)
        self.namespace = namespace
        self._blob_prefix = _blob_prefix(self.key, namespace)
        self._signed_prefix = _signed_prefix(namespace)
        self._sign = private.sign

    def sign(self, message: bytes) -> bytes:
        """The raw SSHSIG blob over `message`."""
        return self._blob_prefix + self._sign(self._signed_prefix + hashlib.sha512(message).digest())


def sign_blob(private: Ed25519PrivateKey, namespace: str, message: bytes) -> bytes:
    """The raw SSHSIG blob over `message`, as `ssh-keygen -Y sign` makes it."""
    return Stamp(private, namespace).sign(message)


class Verifier:
    """Verifies many signatures of one key in one namespace.

    A canonical blob is fixed up to its last 64 (FIDO2: 69) bytes, so one comparison replaces the parser; the parser
    runs only to say what is wrong.
    """

    __slots__ = ("_blob_prefix", "_facts", "_length", "_signed_prefix", "_sk_prefix", "_verify", "key", "namespace")

    def __init__(self, key: PublicKey, namespace: str) -> None:
        self.key = key
        self.namespace = namespace
        self._blob_prefix = _blob_prefix(key, namespace)
        self._length = len(self._blob_prefix) + _SIGNATURE_BYTES + (_SK_TAIL_BYTES if key.hardware else 0)
        self._signed_prefix = _signed_prefix(namespace)
        self._sk_prefix = None if key.application is None else hashlib.sha256(key.application.encode()).digest()
        self._verify = Ed25519PublicKey.from_public_bytes(key.raw).verify
        self._facts = SignatureFacts(key.fingerprint)

    def verify(self, message: bytes, sshsig_blob: bytes) -> SignatureFacts:
        """Prove that this key signed `message` in this namespace.

        Raises:
            BadSignature: the subclass says why.
        """
        if len(sshsig_blob) != self._length or not sshsig_blob.startswith(self._blob_prefix):
            raise self._explain(sshsig_blob)
        signed = self._signed_prefix + hashlib.sha512(message).digest()
        if self._sk_prefix is not None:
            return self._verify_hardware(self._sk_prefix, signed, sshsig_blob)
        try:
            self._verify(sshsig_blob[-_SIGNATURE_BYTES:], signed)
        except InvalidSignature:
            raise SignatureMismatch("the message or the signature was changed") from None
        return self._facts

    def _verify_hardware(self, application_sha256: bytes, signed: bytes, blob: bytes) -> SignatureFacts:
        tail = blob[-_SK_TAIL_BYTES:]
        signature = blob[-_SK_TAIL_BYTES - _SIGNATURE_BYTES : -_SK_TAIL_BYTES]
        try:
            self._verify(signature, application_sha256 + tail + hashlib.sha256(signed).digest())
        except InvalidSignature:
            raise SignatureMismatch("the message or the signature was changed") from None
        if not tail[0] & _USER_PRESENT:
            raise UserNotPresent("nobody touched the security key")
        return SignatureFacts(
            fingerprint=self.key.fingerprint,
            hardware=True,
            user_verified=bool(tail[0] & _USER_VERIFIED),
            counter=int.from_bytes(tail[1:], "big"),
        )

    def _explain(self, blob: bytes) -> BadSignature:
        try:
            found = parse_blob(blob)
        except BadSignature as fault:
            return fault
        if found.key != self.key:
            return OtherKey(f"it was made by {found.key.fingerprint}, not by {self.key.fingerprint}")
        return OtherNamespace(f"it was made for {found.namespace}, not for {self.namespace}")


def verify(key: PublicKey, namespace: str, message: bytes, sshsig_blob: bytes) -> SignatureFacts:
    """Prove that `key` signed `message` in `namespace`. For many signatures of one key keep a `Verifier`.

    Raises:
        BadSignature: the subclass says why.
    """
    return Verifier(key, namespace).verify(message, sshsig_blob)


def parse_blob(blob: bytes) -> ParsedSignature:
    """Read a raw SSHSIG, exact to the last byte. It proves nothing.

    Raises:
        MalformedSignature: on any departure from the canonical bytes.
        UnsupportedSignature: on another version, hash or key type.
    """
    if len(blob) > _MAX_BLOB_BYTES:
        raise MalformedSignature("it is too long")
    if not blob.startswith(_MAGIC):
        raise MalformedSignature("it does not begin with SSHSIG")
    at = len(_MAGIC) + len(_VERSION)
    if len(blob) < at:
        raise MalformedSignature("it ends inside its version")
    if blob[len(_MAGIC) : at] != _VERSION:
        raise UnsupportedSignature("its version is not 1")
    try:
        key_blob, at = take_string(blob, at)
        namespace, at = take_string(blob, at)
        reserved, at = take_string(blob, at)
        hash_name, at = take_string(blob, at)
        signature, at = take_string(blob, at)
    except ValueError as short:
        raise MalformedSignature(str(short)) from None
    if at != len(blob):
        raise MalformedSignature("bytes follow after its end")
    if reserved:
        raise MalformedSignature("its reserved field is not empty")
    if hash_name != _HASH:
        raise UnsupportedSignature("its hash is not sha512")
    return _parse_inner(key_blob, namespace, signature)


def _parse_inner(key_blob: bytes, namespace: bytes, signature: bytes) -> ParsedSignature:
    try:
        key = PublicKey.from_blob(key_blob)
    except BadPublicKey as fault:
        raise UnsupportedSignature(f"its key is refused ({fault.what.rstrip('.')})") from None
    name = namespace.decode("ascii", "replace")
    if not _NAMESPACE.match(name):
        raise MalformedSignature("its namespace is not 1 to 128 printable characters")
    try:
        kind, at = take_string(signature, 0)
        value, at = take_string(signature, at)
    except ValueError as short:
        raise MalformedSignature(str(short)) from None
    tail = signature[at:]
    if kind != key.kind.encode():
        raise UnsupportedSignature("its algorithm is not its key's")
    if len(value) != _SIGNATURE_BYTES or len(tail) != (_SK_TAIL_BYTES if key.hardware else 0):
        raise MalformedSignature("its inner signature has a wrong length")
    return ParsedSignature(
        key=key,
        namespace=name,
        signature=value,
        flags=tail[0] if tail else 0,
        counter=int.from_bytes(tail[1:], "big"),
    )


def armour(blob: bytes) -> str:
    """The text form of a raw SSHSIG, byte for byte as `ssh-keygen` writes it."""
    text = base64.b64encode(blob).decode()
    lines = [text[at : at + _LINE_CHARS] + "\n" for at in range(0, len(text), _LINE_CHARS)]
    return _BEGIN + "".join(lines) + _END


def dearmour(text: str) -> bytes:
    """The raw SSHSIG of a text form that is canonical to the last character.

    Raises:
        MalformedSignature: on other line lengths, line ends, padding, text before or after.
    """
    if len(text) > _MAX_ARMOUR_CHARS or not (text.startswith(_BEGIN) and text.endswith(_END)):
        raise MalformedSignature("its text is not one armoured SSH signature")
    body = text[len(_BEGIN) : -len(_END)]
    try:
        blob = base64.b64decode(body.replace("\n", "").encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise MalformedSignature("its text is not base64") from None
    if armour(blob) != text:
        raise MalformedSignature("its text is not the one spelling of its bytes")
    return blob
