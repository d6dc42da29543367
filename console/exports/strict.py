"""Reading signed bytes with the standard library alone, so that an auditor's Python is enough (protocol.md 3, 12).

The same profile as `console.keys.canon`, slower and without a library. It proves no signature.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import NoReturn

from console.domain.errors import BadForm
from console.domain.profile import MAX_DISCLOSURE_BYTES, JsonValue, check_value

_SALT_BYTES = 16
_PARTS = 3
_LINE_CHARS = 70
_BEGIN = "-----BEGIN SSH SIGNATURE-----\n"
_END = "-----END SSH SIGNATURE-----\n"


def sha256(data: bytes) -> str:
    """64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def decode(raw: bytes) -> JsonValue:
    """The value of canonical bytes.

    Raises:
        BadForm: when they are not exactly the one spelling of a value the profile allows.
    """
    try:
        value: JsonValue = json.loads(raw.decode("utf-8"), parse_float=_refuse, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise BadForm("", "it is not JSON of the signed profile") from None
    check_value(value)
    if encode(value) != raw:
        raise BadForm("", "it is not the canonical spelling of its value")
    return value


def _refuse(text: str) -> NoReturn:
    raise ValueError(text)


def encode(value: JsonValue) -> bytes:
    """Sorted keys, no space, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(disclosure: str) -> str:
    """What signed bytes hold of a disclosure."""
    return to_base64url(hashlib.sha256(disclosure.encode("ascii")).digest())


def to_base64url(data: bytes) -> str:
    """Unpadded."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def open_disclosure(disclosure: str) -> tuple[str, JsonValue]:
    """Name and value.

    Raises:
        BadForm: when it is no disclosure.
    """
    if len(disclosure) > MAX_DISCLOSURE_BYTES:
        raise BadForm("", "the disclosure is longer than 64 KiB")
    try:
        raw = base64.urlsafe_b64decode(disclosure.encode("ascii") + b"=" * (-len(disclosure) % 4))
    except (binascii.Error, UnicodeEncodeError):
        raise BadForm("", "it is not base64url") from None
    if to_base64url(raw) != disclosure:
        raise BadForm("", "it is not the one spelling of its bytes")
    parts = decode(raw)
    if not isinstance(parts, list) or len(parts) != _PARTS:
        raise BadForm("", "a disclosure is [salt, name, value]")
    salt, name, value = parts
    if not isinstance(salt, str) or not isinstance(name, str):
        raise BadForm("", "a disclosure begins with its salt and its name")
    if len(base64.urlsafe_b64decode(salt + "=" * (-len(salt) % 4))) != _SALT_BYTES:
        raise BadForm("", "the salt is not 16 bytes")
    return name, value


def digests_in(value: JsonValue) -> frozenset[str]:
    """Every disclosure digest that signed bytes name, at any depth."""
    found: set[str] = set()
    waiting: list[JsonValue] = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            for name, inner in item.items():
                if name == "_sd" and isinstance(inner, list):
                    found.update(text for text in inner if isinstance(text, str))
                elif name.endswith("_sd") and isinstance(inner, str):
                    found.add(inner)
                else:
                    waiting.append(inner)
        elif isinstance(item, list):
            waiting.extend(item)
    return frozenset(found)


def armour(blob: bytes) -> str:
    """A raw SSHSIG as `ssh-keygen` writes it."""
    text = base64.b64encode(blob).decode()
    lines = [text[at : at + _LINE_CHARS] + "\n" for at in range(0, len(text), _LINE_CHARS)]
    return _BEGIN + "".join(lines) + _END


def dearmour(text: str) -> bytes:
    """The raw SSHSIG of an armoured one.

    Raises:
        BadForm: when the text is not its one spelling.
    """
    try:
        blob = base64.b64decode("".join(text.split("\n")[1:-2]).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise BadForm("", "the signature is not base64") from None
    if armour(blob) != text:
        raise BadForm("", "the signature is not armoured as ssh-keygen does")
    return blob


def user_verified(line: str, blob: bytes) -> bool:
    """Whether a FIDO2 signature says that its user gave a PIN or a finger (flag 4 of the five bytes at its end)."""
    return line.startswith("sk-") and len(blob) > 5 and bool(blob[-5] & 0x04)  # noqa: PLR2004  flags byte, then a 4-byte counter
