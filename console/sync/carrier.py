"""The form of what is carried by hand: a document or approvals, with what proves them, as one run of bytes (0096).

Parts of a named sort and a said length, a check sum at the end. Documents, entries and values lie in it as they were
written, so that it packs well. Reading is exact and proves nothing about signatures: the journal's door does.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from console.domain.errors import BadForm, Problem
from console.domain.ids import is_id, is_sha256
from console.domain.lists import MAX_BYTES as MAX_LIST_BYTES
from console.domain.profile import MAX_DISCLOSURE_BYTES, MAX_DOCUMENT_BYTES, MAX_ENTRY_BYTES
from console.journal.segments import MAX_SIGNATURE_BYTES, Disclosed, Pair
from console.keys import canon
from console.sync.layout import LIMIT_BYTES
from console.sync.parcel import Parcel

MARK: Final = b"standdown.carried.v1\n"
MAX_CARRIED_BYTES: Final = MAX_LIST_BYTES + 8 * 1024 * 1024
MAX_RECORD_BYTES: Final = 16 * 1024
MAX_RECORDS: Final = 64
MAX_REMARK_BYTES: Final = 4 * 1024
_MAX_PARTS: Final = 20_000
_MAX_HEAD: Final = 1_024
_MAX_DIGITS: Final = 8
_CHECK_DIGITS: Final = 16
_FINGERPRINT_BYTES: Final = 64
_HASH_BYTES: Final = 64


class NotCarried(Problem):
    """What was brought cannot be read; nothing of it was taken in."""

    def __init__(self, why: str) -> None:
        """`why` is one clause."""
        super().__init__(f"What was brought is not readable: {why}.", "Nothing was taken in; have it made again.")


@dataclass(frozen=True, slots=True)
class Record:
    """An approval record with its SSHSIG, and what its signer said with it (nobody signed that)."""

    raw: bytes
    sig: bytes
    remark: str = ""


@dataclass(slots=True)
class Load:
    """What is carried: of which organisation, about which document; entries and documents; approvals; lines of lists.

    `asks` says that a signature is asked for; otherwise it brings signatures that were asked for.
    """

    org: str
    doc: str
    asks: bool
    parcel: Parcel = field(default_factory=Parcel)
    records: list[Record] = field(default_factory=list[Record])
    lists: list[bytes] = field(default_factory=list[bytes])


# -- writing -----------------------------------------------------------------------------------------------------------


def encode(load: Load) -> bytes:
    """The bytes of it."""
    parts = [MARK, _part("about", canon.encode({"asks": load.asks, "doc": load.doc, "org": load.org}))]
    for raw, signatures in load.parcel.rosters:
        parts.append(_part("roster", raw, *_flat(signatures)))
    parts += [_part("entry", raw, sig) for raw, sig in load.parcel.entries]
    parts += [_part("document", raw) for raw in load.parcel.documents]
    for holder, texts in load.parcel.values:
        parts += [_part("value", holder.encode(), _open(text)) for text in texts]
    parts += [_part("record", one.raw, one.sig, one.remark.encode()) for one in load.records]
    parts += [_part("list", raw) for raw in load.lists]
    made = b"".join(parts)
    return made + b"end " + _check(made) + b"\n"


def _flat(signatures: Mapping[str, bytes]) -> Iterable[bytes]:
    for name, blob in signatures.items():
        yield name.encode()
        yield blob


def _part(sort: str, *fields: bytes) -> bytes:
    head = " ".join((sort, *(str(len(one)) for one in fields)))
    return head.encode() + b"\n" + b"".join(fields) + b"\n"


def _check(made: bytes) -> bytes:
    return hashlib.sha256(made).hexdigest()[:_CHECK_DIGITS].encode()


def _open(disclosure: str) -> bytes:
    """The array a disclosure spells: it packs far better than its base64."""
    return base64.urlsafe_b64decode(disclosure + "=" * (-len(disclosure) % 4))


# -- reading -----------------------------------------------------------------------------------------------------------


def decode(data: bytes) -> Load:
    """What the bytes hold.

    Raises:
        NotCarried: when they are not exactly the form; nothing is given back of what is truncated or altered.
    """
    if len(data) > MAX_CARRIED_BYTES:
        raise NotCarried("it is longer than anything that can be carried")
    if not data.startswith(MARK):
        raise NotCarried("it is not what Standdown makes to be carried, or a newer version made it")
    end = data.rfind(b"end ")
    if end < len(MARK) or data[end:] != b"end " + _check(data[:end]) + b"\n":
        raise NotCarried("its end is missing, or it was altered on the way")
    parts = _parts(data[:end], len(MARK))
    if not parts or parts[0][0] != "about":
        raise NotCarried("it does not say what it is about")
    try:
        load = _about(parts[0][1])
        for sort, fields in parts[1:]:
            _TAKES.get(sort, _unknown)(load, fields)
    except (BadForm, binascii.Error, UnicodeError) as fault:
        raise NotCarried(fault.why if isinstance(fault, BadForm) else "a part of it is no text") from None
    return load


def _parts(data: bytes, at: int) -> list[tuple[str, tuple[bytes, ...]]]:
    found: list[tuple[str, tuple[bytes, ...]]] = []
    while at < len(data):
        stop = data.find(b"\n", at, at + _MAX_HEAD)
        words = data[at:stop].split(b" ")
        if stop < 0 or len(found) == _MAX_PARTS or not all(_is_length(word) for word in words[1:]):
            raise NotCarried("it is not made of parts of a said length")
        at = stop + 1
        fields: list[bytes] = []
        for length in map(int, words[1:]):
            fields.append(data[at : at + length])
            at += length
        if data[at : at + 1] != b"\n":  # also where the lengths reach beyond the end
            raise NotCarried("a part of it does not end where it says")
        at += 1
        found.append((words[0].decode("ascii", "replace"), tuple(fields)))
    return found


def _is_length(word: bytes) -> bool:
    return word.isdigit() and len(word) <= _MAX_DIGITS and (word == b"0" or not word.startswith(b"0"))


def _about(fields: tuple[bytes, ...]) -> Load:
    (raw,) = _exactly(fields, _MAX_HEAD)
    value = canon.decode(raw, limit=_MAX_HEAD)
    if not isinstance(value, dict) or set(value) != {"asks", "doc", "org"}:
        raise BadForm("", "it does not say what it is about")
    org, doc, asks = value["org"], value["doc"], value["asks"]
    right = (is_id(org, "o") or is_id(org, "d")) and is_sha256(doc) and isinstance(asks, bool)
    if not right or not isinstance(org, str) or not isinstance(doc, str):
        raise BadForm("", "it does not say what it is about")
    return Load(org, doc, bool(asks))


def _exactly(fields: tuple[bytes, ...], *most: int) -> tuple[bytes, ...]:
    if len(fields) != len(most) or any(len(one) > limit for one, limit in zip(fields, most, strict=True)):
        raise BadForm("", "a part of it is too long, or lacks something")
    return fields


def _roster(load: Load, fields: tuple[bytes, ...]) -> None:
    if len(fields) % 2 == 0 or len(fields) > 2 * MAX_RECORDS + 1:
        raise BadForm("", "a roster in it lacks something")
    pairs = zip(fields[1::2], fields[2::2], strict=True)
    signatures = {_text(name, _FINGERPRINT_BYTES): _exactly((blob,), MAX_SIGNATURE_BYTES)[0] for name, blob in pairs}
    load.parcel.rosters.append((_exactly(fields[:1], LIMIT_BYTES["roster"])[0], signatures))


def _entry(load: Load, fields: tuple[bytes, ...]) -> None:
    raw, sig = _exactly(fields, MAX_ENTRY_BYTES, MAX_SIGNATURE_BYTES)
    pair: Pair = (raw, sig)
    load.parcel.entries.append(pair)


def _document(load: Load, fields: tuple[bytes, ...]) -> None:
    load.parcel.documents += _exactly(fields, MAX_DOCUMENT_BYTES)


def _value(load: Load, fields: tuple[bytes, ...]) -> None:
    named, array = _exactly(fields, _HASH_BYTES, MAX_DISCLOSURE_BYTES)
    holder = _text(named, _HASH_BYTES)
    text = base64.urlsafe_b64encode(array).rstrip(b"=").decode()
    if not is_sha256(holder) or len(text) > MAX_DISCLOSURE_BYTES:
        raise BadForm("", "a value in it belongs to nothing, or is too long")
    values = load.parcel.values
    before: Disclosed = values.pop() if values and values[-1][0] == holder else (holder, ())
    values.append((holder, (*before[1], text)))


def _record(load: Load, fields: tuple[bytes, ...]) -> None:
    raw, sig, remark = _exactly(fields, MAX_RECORD_BYTES, MAX_SIGNATURE_BYTES, MAX_REMARK_BYTES)
    if len(load.records) == MAX_RECORDS:
        raise BadForm("", "more approvals are in it than anybody needs")
    load.records.append(Record(raw, sig, remark.decode()))


def _list(load: Load, fields: tuple[bytes, ...]) -> None:
    load.lists += _exactly(fields, MAX_LIST_BYTES)


def _unknown(_load: Load, _fields: tuple[bytes, ...]) -> None:
    raise BadForm("", "a newer version made it: bring this console up to date")


def _text(raw: bytes, most: int) -> str:
    return _exactly((raw,), most)[0].decode("ascii")


_TAKES: Final[Mapping[str, Callable[[Load, tuple[bytes, ...]], None]]] = {
    "roster": _roster, "entry": _entry, "document": _document, "value": _value, "record": _record, "list": _list,
}  # fmt: skip
