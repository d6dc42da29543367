"""The values beside signed bytes, one by one under their digests: what can be redacted, and what signers of it read.

What cannot be shown cannot be signed: a digest that nobody signed, or a value that is not here, stops it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from console.domain.actions import Redaction
from console.domain.errors import BadForm, Problem
from console.domain.ids import is_sha256
from console.domain.named_file import file_words, named_file
from console.domain.profile import MAX_DOCUMENT_BYTES, JsonValue
from console.domain.sheet import NotAllHere, leaves
from console.journal import envelope
from console.keys import canon
from console.outbox.facts import Held
from console.services.session import Session

WHOLE_CHARS: Final = 600
_WINDOW: Final = 500
_OF_ENTRIES: Final = (
    "SELECT v.n, e.id, v.digest, v.body FROM entry_value v JOIN entry e ON e.n = v.n "
    "WHERE (v.n, v.digest) > (?, ?) ORDER BY v.n, v.digest LIMIT ?"
)
_OF_DOCUMENTS: Final = (
    "SELECT holder, holder, digest, body FROM document_value "
    "WHERE (holder, digest) > (?, ?) ORDER BY holder, digest LIMIT ?"
)


class TakesMore(Problem):
    """A redaction would delete a file that something else names, too, without saying so."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"It would also delete a file that {what} names, and says nothing of it; it cannot be signed.",
            "Leave it to lapse, and propose anew what is to be forgotten: all that names the file goes with it.",
        )


@dataclass(frozen=True, slots=True)
class Value:
    """One value here: its digest, its name, its text as people read it, and the files it names, where it names any."""

    digest: str
    name: str
    text: str
    files: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Source:
    """An entry or a document with the values held of it. `gone` counts its redacted values, `absent` those not here."""

    holder: str
    is_document: bool
    title: str
    inc: str | None
    values: tuple[Value, ...]
    gone: int = 0
    absent: int = 0


def source(session: Session, holder: str) -> Source | None:
    """The entry or document of this id with its values; None where it is not here."""
    found = _signed(session, holder)
    if found is None:
        return None
    is_document, title, inc, digests = found
    values = tuple(_values(session, holder, digests))
    gone = len(digests & session.reader.tombstones())
    order = {"text": 0, "reason": 1, "name": 2}
    return Source(
        holder=holder, is_document=is_document, title=title, inc=inc,
        values=tuple(sorted(values, key=lambda one: (order.get(one.name, 9), one.name))),
        gone=gone, absent=len(digests) - len(values) - gone,
    )  # fmt: skip


def shown_values(session: Session, held: Held) -> dict[str, str]:
    """What the signer of a redaction reads for each entry, document and digest that it names; nothing for others.

    Raises:
        NotAllHere: where one of them is not here, or its signed bytes do not name such a value.
        TakesMore: where a file would go that something else names, of which the redaction says nothing.
    """
    if not isinstance(held.document, Redaction):
        return {}
    buried = session.reader.tombstones()
    told: dict[str, str] = {}
    doomed: set[str] = set()
    for item in held.document.items:
        holder = item.entry or item.doc or ""
        found = source(session, holder)
        signed = _signed(session, holder)
        if found is None or signed is None:
            raise NotAllHere("What is to be redacted", [f"{'entry' if item.entry else 'document'} {holder[:16]}"])
        told[holder] = f"{found.title} ({holder})"
        here = {one.digest: one for one in found.values}
        for digest in item.digests:
            if digest not in signed[3]:
                raise NotAllHere("What is to be redacted", [f"a value that {holder[:16]} names ({digest[:12]})"])
            one = here.get(digest)
            if one is None and digest not in buried:
                raise NotAllHere("What is to be redacted", [f"a value of {found.title}"])
            told[digest] = f"{digest}: redacted already" if one is None else f"{one.name} = {one.text} ({digest})"
            doomed |= frozenset() if one is None else one.files
    _require_no_more(session, doomed, {digest for item in held.document.items for digest in item.digests})
    return told


def _require_no_more(session: Session, doomed: set[str], named: set[str]) -> None:
    """A file dies with any value that names it, and anybody can name any file: nothing else may rest on these."""
    if not doomed:
        return
    for holder, digest, body in rows_of(session):
        if digest in named:
            continue
        _, name, value = canon.open_disclosure(body)
        if files_of(name, value) & doomed:
            found = _signed(session, holder)
            raise TakesMore("something here" if found is None else f"{found[1]} ({holder[:16]})")


def rows_of(session: Session) -> Iterator[tuple[str, str, str]]:
    """Holder, digest and body of every value here, in windows."""
    for sql in (_OF_ENTRIES, _OF_DOCUMENTS):
        after: tuple[object, str] = ("", "") if sql is _OF_DOCUMENTS else (0, "")
        while True:
            with session.reader.snapshot() as connection:
                rows = connection.execute(sql, (*after, _WINDOW)).fetchall()
            if not rows:
                break
            yield from ((holder, digest, body) for _, holder, digest, body in rows)
            after = (rows[-1][0], rows[-1][2])


def _signed(session: Session, holder: str) -> tuple[bool, str, str | None, frozenset[str]] | None:
    """Whether it is a document, what it is called, its incident, and the digests its signed bytes name."""
    stored = session.reader.entry(holder)
    if stored is not None:
        at = datetime.fromtimestamp(stored.entry.hlc[0] / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        title = f"{stored.entry.kind} by {session.name_of(stored.entry.author)}, {at}"
        return False, title, stored.entry.inc, frozenset(stored.entry.sd)
    row = session.reader.document(holder)
    if row is None:
        return None
    value = canon.decode(row.raw, limit=MAX_DOCUMENT_BYTES)
    inc = value.get("inc") if isinstance(value, dict) else None
    title = f"document {row.type}" + (f" of {row.op}" if row.op else "")
    return True, title, inc if isinstance(inc, str) else None, envelope.digests_in(value)


def _values(session: Session, holder: str, digests: frozenset[str]) -> Iterator[Value]:
    for body in session.reader.disclosures([holder]).get(holder, ()):
        try:
            digest, name, value = envelope.verify_disclosure(body, digests)
        except BadForm:
            continue
        text = in_words(value)
        if name == "blob" and isinstance(value, dict) and "about" in value:  # an encrypted line is no text
            sealed = named_file({"class": "need-to-know"}, value)
            text = text if sealed is None else file_words(sealed, {one: session.name_of(one) for one in sealed.to})
        yield Value(digest, name, text, files_of(name, value))


def in_words(value: JsonValue, *, whole: bool = False) -> str:
    """A value as text; a long one, unless `whole`, by its beginning and how much more there is."""
    text = (
        value if isinstance(value, str) else "; ".join(f"{path.strip()} {word}".strip() for path, word in leaves(value))
    )
    more = len(text) - WHOLE_CHARS
    return text if whole or more <= 0 else f"{text[:WHOLE_CHARS]} ... and {more} more characters"


def files_of(name: str, value: JsonValue) -> frozenset[str]:
    """The SHA-256 of each attachment a value names (one encrypted again names the first too); they die with it."""
    if name != "blob":
        return frozenset()
    fields: Iterable[JsonValue] = value.values() if isinstance(value, dict) else [value]
    return frozenset(one for one in fields if isinstance(one, str) and is_sha256(one))


__all__ = ["Source", "TakesMore", "Value", "files_of", "in_words", "rows_of", "shown_values", "source"]
