"""The shapes of identifiers (protocol.md section 11) and the label people say aloud. It never makes an id."""

from __future__ import annotations

import re
from collections.abc import Iterable

from console.domain.errors import BadForm

# prefix -> what it names
PREFIXES = {
    "o": "organisation",
    "d": "drill organisation",
    "p": "person",
    "c": "console",
    "i": "incident",
    "a": "action",
    "g": "provider instance",
    "t": "surface",
}

# 26 Crockford characters hold 130 bits; an id has 128, so the first character is 0 to 7.
_ID = re.compile(r"([odpciagt])-[0-7][0-9a-hjkmnp-tv-z]{25}\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_HEX32 = re.compile(r"[0-9a-f]{32}\Z")
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}\Z")
_DIGEST = re.compile(r"[A-Za-z0-9_-]{43}\Z")


def is_id(text: object, prefixes: str) -> bool:
    """Whether `text` is an id whose prefix is one of the letters in `prefixes`."""
    return isinstance(text, str) and bool(_ID.match(text)) and text[0] in prefixes


def require_id(text: object, prefixes: str, where: str = "") -> str:
    """Return `text` if it is an id with one of `prefixes`.

    Raises:
        BadForm: naming what was expected.
    """
    if isinstance(text, str) and is_id(text, prefixes):
        return text
    raise BadForm(where, f"expected the id of a {' or '.join(PREFIXES[letter] for letter in prefixes)}")


def is_sha256(text: object) -> bool:
    """Whether `text` is 64 lower-case hex digits."""
    return isinstance(text, str) and bool(_SHA256.match(text))


def is_nonce(text: object) -> bool:
    """Whether `text` is 32 lower-case hex digits (nonces and boot ids)."""
    return isinstance(text, str) and bool(_HEX32.match(text))


def is_fingerprint(text: object) -> bool:
    """Whether `text` is an OpenSSH SHA-256 key fingerprint."""
    return isinstance(text, str) and bool(_FINGERPRINT.match(text))


def is_digest(text: object) -> bool:
    """Whether `text` is the unpadded base64url SHA-256 of a disclosure."""
    return isinstance(text, str) and bool(_DIGEST.match(text))


def incident_label(incident: str, year: int, others: Iterable[str] = ()) -> str:
    """`INC-2026-` and the last four characters of the id, longer while another incident of the year ends alike."""
    tail = 4
    rivals = [other for other in others if other != incident]
    while tail < len(incident) - 2 and any(rival[-tail:] == incident[-tail:] for rival in rivals):
        tail += 1
    return f"INC-{year}-{incident[-tail:]}"
