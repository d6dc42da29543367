"""The file that an entry names, by its class: open to everybody here, for named people alone, or held elsewhere.

Nothing in it is believed to be more than its author's word; what may leave a console is decided by class and bytes.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from console.domain.ids import is_id, is_sha256
from console.domain.profile import JsonValue

FileClass = Literal["open", "need-to-know", "held"]
SEALED_BEGINS: Final = b"age-encryption.org/v1\n"
"""What an encrypted file begins with."""

_KINDS: Final[dict[str, FileClass]] = {"need-to-know": "need-to-know", "held": "held"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFile:
    """A file as its entry names it. `sha256` and `size` are those of the bytes that are kept, encrypted where sealed.

    Sealed: `to` are the people it is for, `about` the encrypted line that says its true name, hash and size, `was`
    the first encryption of the same file where this one was made for more people. Held: by whom (`holder`), `place`.
    """

    kind: FileClass
    sha256: str
    size: int
    name: str = ""
    to: tuple[str, ...] = ()
    about: bytes = b""
    was: str | None = None
    holder: str = ""
    place: str = ""


def named_file(pub: Mapping[str, JsonValue], blob: JsonValue) -> NamedFile | None:
    """Read it from an entry's public part and its `blob`; None where that names no file."""
    fields = blob if isinstance(blob, dict) else {}
    sha, size, to, was = fields.get("sha256"), fields.get("size"), fields.get("to"), fields.get("was")
    if not isinstance(sha, str) or not is_sha256(sha):
        return None
    return NamedFile(
        kind=_KINDS.get(str(pub.get("class")), "open"), sha256=sha,
        size=size if type(size) is int and size >= 0 else 0, name=_text(fields.get("name")),
        to=tuple(str(one) for one in to if is_id(one, "p")) if isinstance(to, list) else (),
        about=_decoded(fields.get("about")), was=was if isinstance(was, str) and is_sha256(was) else None,
        holder=_text(fields.get("holder")), place=_text(fields.get("place")),
    )  # fmt: skip


def is_sealed(raw: bytes) -> bool:
    """Whether these bytes are an encrypted file."""
    return raw.startswith(SEALED_BEGINS)


def file_words(file: NamedFile, names: Mapping[str, str]) -> str:
    """The file in a few words for everybody; `names` by person."""
    if file.kind == "held":
        where = ", ".join(part for part in (f"held by {file.holder}" if file.holder else "", file.place) if part)
        return f"{file.name or 'a file'}, {where or 'held elsewhere'}, not copied, sha256 {file.sha256}"
    if file.kind == "need-to-know":
        who = ", ".join(names.get(one, one) for one in file.to) or "nobody it names"
        return f"need-to-know, for {who}: {file.size:,} bytes encrypted, sha256 {file.sha256}"
    return f"{file.name}, {file.size:,} bytes, sha256 {file.sha256}"


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else ""


def _decoded(value: JsonValue) -> bytes:
    try:
        return base64.b64decode(_text(value).encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return b""


__all__ = ["SEALED_BEGINS", "FileClass", "NamedFile", "file_words", "is_sealed", "named_file"]
