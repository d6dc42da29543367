"""The transport forms of entries and disclosures (protocol.md sections 11, 12): `.seg` and `.dis` lines.

Reading is exact: one spelling, whole lines, limits first. It proves nothing about signatures: the door does.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable

from console.domain.errors import BadForm
from console.domain.ids import is_sha256
from console.domain.profile import MAX_DISCLOSURE_BYTES, MAX_ENTRY_BYTES, JsonValue
from console.journal.faults import BadSegment
from console.keys import canon

MAX_SEGMENT_BYTES = 4 * 1024 * 1024
MAX_SIGNATURE_BYTES = 2048
FLUSH_BYTES = 256 * 1024
_MAX_LINE_BYTES = (MAX_ENTRY_BYTES + MAX_SIGNATURE_BYTES) * 4 // 3 + 64
_MAX_IN_LINE = 4096
_LINE = re.compile(rb'\{"e":"([A-Za-z0-9+/]+={0,2})","s":"([A-Za-z0-9+/]+={0,2})"\}\Z')

Pair = tuple[bytes, bytes]
Disclosed = tuple[str, tuple[str, ...]]


def encode_segment(pairs: Iterable[Pair]) -> bytes:
    """Lines of (raw entry, raw SSHSIG), each ended by a line feed."""
    return b"".join(
        b'{"e":"' + base64.b64encode(raw) + b'","s":"' + base64.b64encode(sig) + b'"}\n' for raw, sig in pairs
    )


def decode_segment(data: bytes, *, limit: int = MAX_SEGMENT_BYTES) -> list[Pair]:
    """The pairs of a segment, in its order.

    Raises:
        BadSegment: naming the first line that is not the form; nothing is given back of a truncated file.
    """
    found: list[Pair] = []
    for number, line in _lines(data, limit):
        match = _LINE.match(line) if len(line) <= _MAX_LINE_BYTES else None
        if match is None:
            raise BadSegment(f"line {number}", "it is not an entry and its signature")
        raw, sig = _decode64(match[1], number), _decode64(match[2], number)
        if len(raw) > MAX_ENTRY_BYTES or len(sig) > MAX_SIGNATURE_BYTES:
            raise BadSegment(f"line {number}", "the entry or its signature is too long")
        found.append((raw, sig))
    return found


def encode_disclosures(lines: Iterable[Disclosed]) -> bytes:
    """Lines of (entry or document id, disclosure strings), canonical JSON, each ended by a line feed."""
    return b"".join(canon.encode({"d": list(texts), "id": holder}) + b"\n" for holder, texts in lines)


def decode_disclosures(data: bytes, *, limit: int = MAX_SEGMENT_BYTES) -> list[Disclosed]:
    """The (id, disclosures) lines of a `.dis` file, in its order.

    Raises:
        BadSegment: naming the first line that is not the form.
    """
    found: list[Disclosed] = []
    for number, line in _lines(data, limit):
        try:
            value = canon.decode(line, limit=limit)
        except BadForm as fault:
            raise BadSegment(f"line {number}", fault.why) from None
        if not isinstance(value, dict) or set(value) != {"d", "id"}:
            raise BadSegment(f"line {number}", "it is not an id and its disclosures")
        holder, texts = value["id"], value["d"]
        if not isinstance(holder, str) or not is_sha256(holder) or not isinstance(texts, list):
            raise BadSegment(f"line {number}", "it is not an id and its disclosures")
        found.append((holder, _texts(texts, number)))
    return found


def file_name(first: int, last: int, data: bytes, kind: str = "seg") -> str:
    """`<first>-<last>-<sha256>.seg` (or `.dis`): sequence numbers of the feed and the hash of these bytes."""
    return f"{first}-{last}-{canon.sha256_hex(data)}.{kind}"


def _texts(values: list[JsonValue], number: int) -> tuple[str, ...]:
    texts = tuple(text for text in values if isinstance(text, str) and text.isascii())
    if len(texts) != len(values) or len(texts) > _MAX_IN_LINE:
        raise BadSegment(f"line {number}", "a disclosure is ASCII text")
    if any(len(text) > MAX_DISCLOSURE_BYTES for text in texts):
        raise BadSegment(f"line {number}", "a disclosure is longer than 64 KiB")
    return texts


def _lines(data: bytes, limit: int) -> list[tuple[int, bytes]]:
    if len(data) > limit:
        raise BadSegment("", f"the file is longer than {limit} bytes")
    if data and not data.endswith(b"\n"):
        raise BadSegment("the last line", "the file ends inside a line")
    return list(enumerate(data.split(b"\n")[:-1], 1))


def _decode64(text: bytes, number: int) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise BadSegment(f"line {number}", "it is not base64") from None
    if base64.b64encode(data) != text:
        raise BadSegment(f"line {number}", "the base64 is not the one spelling of its bytes")
    return data
