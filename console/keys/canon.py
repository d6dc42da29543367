"""Canonical JSON of the signed profile (protocol.md sections 3 and 12) and salted disclosures (RFC 9901's manner).

`decode` accepts exactly the bytes that `encode` makes, and nothing else; bytes are stored as they came, never made
again. The pure rules are `console.domain.profile`'s; a fast path here is only ever a proven short cut to them.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from typing import TYPE_CHECKING, Final, TypeGuard

import orjson

from console.domain.errors import BadForm
from console.domain.profile import MAX_DEPTH, MAX_DISCLOSURE_BYTES, MAX_INT, check_value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from console.domain.profile import JsonValue

_SALT_BYTES: Final = 16
_PARTS: Final = 3
_SORTED: Final = orjson.OPT_SORT_KEYS
_FIELD_NAME: Final = re.compile(r"[\x21-\x7e]{1,64}\Z")
_NAME_CHARS: Final = 64
# Canonical text writes TAB and LF as \t and \n, and escapes nothing else that is allowed but " and \.
_OTHER_ESCAPE: Final = re.compile(rb"\\[bfru]")
_ALL: Final = "all of it"
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
_FROM_URL: Final = bytes.maketrans(b"-_", b"+/")


def encode(value: JsonValue, unsure: JsonValue = _ALL) -> bytes:
    """The canonical bytes of `value`: sorted keys, no space, UTF-8.

    `unsure` is the one field of `value` whose numbers, nesting and names are not known to be sound; without it, all.

    Raises:
        BadForm: when the profile has no form for it (floats, large numbers, bad text, depth over 6).
    """
    try:
        raw = orjson.dumps(value, option=_SORTED)
    except orjson.JSONEncodeError:
        check_value(value)
        raise  # pragma: no cover - the rules refuse, with a reason, whatever orjson cannot write
    if not (_is_plain(raw) and (_is_sound(value, 1) if unsure is _ALL else _is_sound(unsure, 2))):
        check_value(value)
    return raw


def decode(raw: bytes, *, limit: int) -> JsonValue:
    """The value of canonical bytes of at most `limit` bytes.

    Raises:
        BadForm: when they are too many, are no JSON, break the profile, or are not the one spelling of their value.
    """
    if len(raw) > limit:
        raise BadForm("", f"it is longer than {limit} bytes")
    try:
        value: JsonValue = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise BadForm("", "it is not JSON in UTF-8") from None
    if not (_is_plain(raw) and _is_sound(value, 1)):
        check_value(value)
    if orjson.dumps(value, option=_SORTED) != raw:
        raise BadForm("", "it is not the canonical spelling of its value")
    return value


def _is_plain(raw: bytes) -> bool:
    """Whether no text in these (canonical) bytes can break a rule: ASCII without refused controls."""
    if not raw.isascii() or b"\x7f" in raw:
        return False
    return b"\\" not in raw or _OTHER_ESCAPE.search(raw) is None


def _is_sound(value: JsonValue, depth: int) -> bool:
    """Whether numbers, nesting and field names are sound; texts were judged with the bytes. False means: ask the rules.

    Asked for every field of every entry, so the commonest types come first.
    """
    if type(value) is dict:
        return depth <= MAX_DEPTH and _are_names(value) and _are_sound(value.values(), depth)
    if type(value) is list:
        return depth <= MAX_DEPTH and _are_sound(value, depth)
    return _are_sound((value,), depth - 1)


def _are_sound(items: Iterable[JsonValue], depth: int) -> bool:
    for item in items:
        if type(item) is str or item is None:
            continue
        if type(item) is int:
            if not -MAX_INT <= item <= MAX_INT:
                return False
        elif type(item) is dict or type(item) is list:
            if not _is_sound(item, depth + 1):
                return False
        elif type(item) is not bool:
            return False
    return True


def _are_names(fields: dict[str, JsonValue]) -> bool:
    """Whether every name is 1 to 64 printable ASCII characters, judged on all of them at once."""
    joined = "".join(fields)
    if not joined.isascii() or not joined.isprintable() or " " in joined or "" in fields:
        return False
    return len(joined) <= _NAME_CHARS or max(map(len, fields)) <= _NAME_CHARS


def sha256_hex(raw: bytes) -> str:
    """The name of signed bytes: an entry's or a document's id."""
    return hashlib.sha256(raw).hexdigest()


def to_base64url(data: bytes) -> str:
    """`data` in unpadded base64url."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """The bytes of unpadded base64url.

    Raises:
        BadForm: when `text` is not the one spelling of its bytes.
    """
    if text.isascii():
        try:
            data = binascii.a2b_base64(text.encode().translate(_FROM_URL) + b"=" * (-len(text) % 4))
        except binascii.Error:
            raise BadForm("", "it is not base64url") from None
        if to_base64url(data) == text:
            return data
    raise BadForm("", "it is not the one unpadded base64url spelling of its bytes")


def make_disclosure(salt16: bytes, name: str, value: JsonValue) -> str:
    """A named value beside signed bytes: unpadded base64url of the canonical array [salt, name, value].

    Raises:
        BadForm: when name or value break the profile, or it is longer than 64 KiB.
    """
    if len(salt16) != _SALT_BYTES:
        raise BadForm("salt", "it is not 16 bytes")
    if not _FIELD_NAME.match(name):
        raise BadForm("name", "it is not 1 to 64 printable ASCII characters")
    made = to_base64url(encode([to_base64url(salt16), name, value]))
    if len(made) > MAX_DISCLOSURE_BYTES:
        raise BadForm(name, "the disclosure is longer than 64 KiB")
    return made


def digest(disclosure: str) -> str:
    """What the signed bytes hold of a disclosure: unpadded base64url SHA-256 of its ASCII text."""
    return to_base64url(hashlib.sha256(disclosure.encode("ascii")).digest())


def open_disclosure(disclosure: str) -> tuple[bytes, str, JsonValue]:
    """Salt (16 bytes), name and value of a disclosure.

    Raises:
        BadForm: on anything `make_disclosure` would not have made.
    """
    if len(disclosure) > MAX_DISCLOSURE_BYTES:
        raise BadForm("", "the disclosure is longer than 64 KiB")
    parts = decode(from_base64url(disclosure), limit=MAX_DISCLOSURE_BYTES)
    if not _is_list(parts) or len(parts) != _PARTS:
        raise BadForm("", "a disclosure is [salt, name, value]")
    salt, name, value = parts
    if not isinstance(salt, str) or not isinstance(name, str) or not _FIELD_NAME.match(name):
        raise BadForm("", "a disclosure begins with its salt and its name")
    raw_salt = from_base64url(salt)
    if len(raw_salt) != _SALT_BYTES:
        raise BadForm("", "the salt is not 16 bytes")
    return raw_salt, name, value


def _is_list(value: JsonValue) -> TypeGuard[list[JsonValue]]:
    return isinstance(value, list)
