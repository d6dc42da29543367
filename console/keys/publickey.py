"""OpenSSH public keys of the two accepted kinds: Ed25519, and Ed25519 on a FIDO2 key.

One key has one accepted spelling here, so that the same key cannot be counted twice. It never sees a private key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from dataclasses import dataclass, field
from typing import Final, Literal

from console.keys.faults import BadPublicKey

KeyKind = Literal["ssh-ed25519", "sk-ssh-ed25519@openssh.com"]
PLAIN: Final = "ssh-ed25519"
SK: Final = "sk-ssh-ed25519@openssh.com"

_RAW_BYTES: Final = 32
_MAX_BLOB_BYTES: Final = 512
# A FIDO2 application other than ssh:... could belong to a web site, whose log-in replies must never count here.
_APPLICATION: Final = re.compile(rb"ssh:[\x21-\x7e]{0,128}\Z")
_P: Final = 2**255 - 19
# The y coordinates of the eight points of small order: under such a "key" one signature fits many messages.
_SMALL_ORDER_Y: Final = frozenset(
    {
        0,
        1,
        _P - 1,
        int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"),
        int.from_bytes(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"),
    }
)


def ssh_string(data: bytes) -> bytes:
    """`data` with its length in front: four bytes, big-endian (RFC 4251 section 5)."""
    return struct.pack(">I", len(data)) + data


def take_string(data: bytes, at: int) -> tuple[bytes, int]:
    """The length-prefixed string at `at`, and where the next field begins.

    Raises:
        ValueError: where the data ends too early.
    """
    start = at + 4
    if start > len(data):
        raise ValueError("it ends inside a length")
    end = start + int.from_bytes(data[at:start], "big")
    if end > len(data):
        raise ValueError("it ends inside a field")
    return data[start:end], end


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One public key. Equal keys have equal blobs.

    `blob` is the OpenSSH wire form, `line` the text form without a comment, `fingerprint` OpenSSH's unpadded
    "SHA256:...", `raw` the 32 bytes of the point, `application` the FIDO2 application (None for a plain key).
    """

    kind: KeyKind
    blob: bytes
    line: str = field(repr=False)
    fingerprint: str
    raw: bytes = field(repr=False)
    application: str | None = None

    @property
    def hardware(self) -> bool:
        """Whether the key lives in a FIDO2 authenticator."""
        return self.kind == SK

    @staticmethod
    def parse(line: str) -> PublicKey:
        """Read "kind base64" as a roster spells it: one space, no comment, no options, no line end.

        Raises:
            BadPublicKey: on any other spelling.
        """
        kind, space, encoded = line.partition(" ")
        try:
            blob = base64.b64decode(encoded.encode("ascii"), validate=True)
        except (UnicodeEncodeError, binascii.Error):
            raise BadPublicKey("it is not one kind and one base64 text") from None
        key = PublicKey.from_blob(blob)
        if not space or kind != key.kind or line != key.line:
            raise BadPublicKey("its text is not the one spelling of its bytes")
        return key

    @staticmethod
    def parse_file(text: str) -> PublicKey:
        """Read a `.pub` file, which may end in a comment and a line end.

        Raises:
            BadPublicKey: when it is not one key.
        """
        words = text.strip().split(" ", 2)
        if len(words) < 2 or "\n" in text.strip():  # noqa: PLR2004  kind and key
            raise BadPublicKey("the file does not hold one public key")
        return PublicKey.parse(f"{words[0]} {words[1]}")

    @staticmethod
    def from_raw(raw: bytes) -> PublicKey:
        """The plain Ed25519 key of this point.

        Raises:
            BadPublicKey: when the point is unfit.
        """
        return PublicKey.from_blob(ssh_string(PLAIN.encode()) + ssh_string(raw))

    @staticmethod
    def from_blob(blob: bytes) -> PublicKey:
        """Read the wire form, exact to the last byte.

        Raises:
            BadPublicKey: on another kind, a wrong length, trailing bytes, or an unfit point.
        """
        if len(blob) > _MAX_BLOB_BYTES:
            raise BadPublicKey("it is too long")
        application: bytes | None = None
        try:
            kind, at = take_string(blob, 0)
            if kind not in {PLAIN.encode(), SK.encode()}:
                raise BadPublicKey("its kind is not accepted here")
            raw, at = take_string(blob, at)
            if kind == SK.encode():
                application, at = take_string(blob, at)
        except ValueError as short:
            raise BadPublicKey(str(short)) from None
        if at != len(blob):
            raise BadPublicKey("bytes follow after its end")
        if application is not None and not _APPLICATION.match(application):
            raise BadPublicKey("its FIDO2 application is not of the form ssh:name")
        _require_fit_point(raw)
        name: KeyKind = PLAIN if application is None else SK
        return PublicKey(
            kind=name,
            blob=blob,
            line=f"{name} {base64.b64encode(blob).decode()}",
            fingerprint=fingerprint_of(blob),
            raw=raw,
            application=None if application is None else application.decode(),
        )


def fingerprint_of(blob: bytes) -> str:
    """OpenSSH's fingerprint of a public key's wire form."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def _require_fit_point(raw: bytes) -> None:
    if len(raw) != _RAW_BYTES:
        raise BadPublicKey("its point is not 32 bytes")
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if y >= _P:
        raise BadPublicKey("its point has a second spelling")
    if y in _SMALL_ORDER_Y:
        raise BadPublicKey("its point is of small order, so its signatures prove nothing")
