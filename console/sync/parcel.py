"""The form of an urgent file: a few rosters, entries, documents and values in at most 200 KiB (decision 0063).

Lines of canonical JSON, each of one sort: {"r","s"} roster, {"e","s"} entry, {"o"} document, {"d","id"} values.
Reading is exact and proves nothing about signatures: the door does.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field

from console.domain.errors import BadForm
from console.domain.ids import is_sha256
from console.domain.profile import MAX_DISCLOSURE_BYTES, MAX_DOCUMENT_BYTES, MAX_ENTRY_BYTES, JsonValue
from console.journal.faults import BadSegment
from console.journal.segments import MAX_SIGNATURE_BYTES, Disclosed, Pair
from console.keys import canon
from console.sync.layout import LIMIT_BYTES

_MAX_SIGNATURES = 64
_MAX_FINGERPRINT = 64


@dataclass(slots=True)
class Parcel:
    """What an urgent file holds, in the order it was packed."""

    rosters: list[tuple[bytes, dict[str, bytes]]] = field(default_factory=list[tuple[bytes, dict[str, bytes]]])
    entries: list[Pair] = field(default_factory=list[Pair])
    documents: list[bytes] = field(default_factory=list[bytes])
    values: list[Disclosed] = field(default_factory=list[Disclosed])


def roster_line(raw: bytes, signatures: Mapping[str, bytes]) -> bytes:
    """A roster version with its signatures by key fingerprint."""
    return _line({"r": _b64(raw), "s": {name: _b64(blob) for name, blob in signatures.items()}})


def entry_line(pair: Pair) -> bytes:
    """An entry and its signature."""
    return _line({"e": _b64(pair[0]), "s": _b64(pair[1])})


def document_line(raw: bytes) -> bytes:
    """A document."""
    return _line({"o": _b64(raw)})


def value_line(values: Disclosed) -> bytes:
    """Values of an entry, a document or a roster."""
    return _line({"d": list(values[1]), "id": values[0]})


def open_parcel(data: bytes) -> Parcel:
    """What the file's bytes hold.

    Raises:
        BadSegment: naming the first line that is not the form; nothing is given back of a truncated file.
    """
    if len(data) > LIMIT_BYTES["now"] or not data.endswith(b"\n"):
        raise BadSegment("the last line", "the file ends inside a line, or is too long")
    found = Parcel()
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        try:
            value = canon.decode(line, limit=len(line))
            _add(found, value if isinstance(value, dict) else {})
        except (BadForm, binascii.Error) as fault:
            why = fault.why if isinstance(fault, BadForm) else "it is not base64"
            raise BadSegment(f"line {number}", why) from None
    return found


def _add(found: Parcel, line: dict[str, JsonValue]) -> None:
    names = set(line)
    if names == {"e", "s"}:
        found.entries.append((_bytes(line["e"], MAX_ENTRY_BYTES), _bytes(line["s"], MAX_SIGNATURE_BYTES)))
    elif names == {"o"}:
        found.documents.append(_bytes(line["o"], MAX_DOCUMENT_BYTES))
    elif names == {"d", "id"}:
        found.values.append(_values(line["id"], line["d"]))
    elif names == {"r", "s"} and isinstance(line["s"], dict) and len(line["s"]) <= _MAX_SIGNATURES:
        if any(len(name) > _MAX_FINGERPRINT for name in line["s"]):
            raise BadForm("s", "it is no key's fingerprint")
        signatures = {name: _bytes(blob, MAX_SIGNATURE_BYTES) for name, blob in line["s"].items()}
        found.rosters.append((_bytes(line["r"], LIMIT_BYTES["roster"]), signatures))
    else:
        raise BadForm("", "it is none of the sorts of line there are")


def _values(holder: JsonValue, texts: JsonValue) -> Disclosed:
    if not isinstance(holder, str) or not is_sha256(holder) or not isinstance(texts, list):
        raise BadForm("", "it is not an id and its values")
    found = tuple(text for text in texts if isinstance(text, str) and text.isascii())
    if len(found) != len(texts) or any(len(text) > MAX_DISCLOSURE_BYTES for text in found):
        raise BadForm("d", "a value is not ASCII, or too long")
    return holder, found


def _line(value: dict[str, JsonValue]) -> bytes:
    return canon.encode(value) + b"\n"


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: JsonValue, limit: int) -> bytes:
    if not isinstance(text, str) or not text.isascii():
        raise BadForm("", "it is not base64")
    data = base64.b64decode(text, validate=True)
    if len(data) > limit or _b64(data) != text:
        raise BadForm("", "it is too long, or not the one spelling of its bytes")
    return data
