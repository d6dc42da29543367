"""What the journal holds, read as it travels: bytes and signatures, without opening what need not be opened.

A meeting looks at all of the history every time, so this is kept light. It reads only, and proves nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from console.domain.forms import Entry
from console.domain.ids import is_sha256
from console.domain.kinds import KINDS
from console.domain.profile import MAX_ENTRY_BYTES, JsonValue
from console.journal.reader import Reader
from console.journal.rows import select_entries
from console.journal.segments import Disclosed, Pair, encode_disclosures
from console.journal.values import Stored
from console.keys import canon

PROPOSALS: Final = ("correction.proposed", "document.proposed", "roster.proposed")
_LATELY: Final = 20_000  # the lane is fast however long the history is
VALUES_BYTES: Final = 4 * 1024 * 1024
_FILES: Final = tuple(name for name, kind in KINDS.items() if "blob" in kind.discloses)
_KNOWN: Final = tuple(KINDS)


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as it travels: its number, its id, its kind, and bytes with signature."""

    seq: int
    id: str
    kind: str
    raw: bytes
    sig: bytes

    @property
    def pair(self) -> Pair:
        """The bytes and their signature."""
        return self.raw, self.sig

    @property
    def weight(self) -> int:
        """Bytes it takes before it is spelled for a file."""
        return len(self.raw) + len(self.sig)

    def doc(self) -> str | None:
        """The document a proposal names; None for any other kind."""
        if self.kind not in PROPOSALS:
            return None
        named = read(self.raw).pub.get("doc")
        return named if isinstance(named, str) else None


def read(raw: bytes) -> Entry:
    """Stored bytes as an entry."""
    return Entry.parse(canon.decode(raw, limit=MAX_ENTRY_BYTES))


def lines(reader: Reader, feed: str, first: int = 0, last: int = 2**62) -> list[Line]:
    """A feed's entries from `first` to `last`, both included, every side of a fork too."""
    with reader.snapshot() as connection:
        rows = connection.execute(
            "SELECT seq, id, kind, raw, sig FROM entry WHERE feed = ? AND seq BETWEEN ? AND ? ORDER BY seq, id",
            (feed, first, last),
        ).fetchall()
    return [Line(*row) for row in rows]


def recent(reader: Reader, feed: str, kinds: Sequence[str], since_ms: int) -> list[Line]:
    """A feed's entries of these kinds whose own time is later, among its last few thousand."""
    with reader.snapshot() as connection:
        rows = connection.execute(
            "SELECT seq, id, kind, raw, sig FROM entry WHERE feed = ? "  # noqa: S608  marks only
            "AND seq > (SELECT max(seq) FROM entry WHERE feed = ?) - ? "
            f"AND hlc_ms > ? AND kind IN ({_marks(kinds)}) ORDER BY seq, id",
            (feed, feed, _LATELY, since_ms, *kinds),
        ).fetchall()
    return [Line(*row) for row in rows]


def named_lately(reader: Reader, kinds: Sequence[str]) -> list[tuple[str, str]]:
    """(document, feed) of the entries of these kinds, among the last few thousand that came here."""
    with reader.snapshot() as connection:
        rows = connection.execute(
            "SELECT raw, feed FROM entry WHERE n > (SELECT max(n) FROM entry) - ? "  # noqa: S608  marks only
            f"AND kind IN ({_marks(kinds)}) ORDER BY n",
            (_LATELY, *kinds),
        ).fetchall()
    return [(doc, feed) for raw, feed in rows if isinstance(doc := read(raw).pub.get("doc"), str)]


def lacking(reader: Reader) -> frozenset[str]:
    """Feeds that lately proposed a document that is not here."""
    named = named_lately(reader, PROPOSALS)
    with reader.snapshot() as connection:
        return frozenset(
            feed
            for doc, feed in named
            if connection.execute("SELECT 1 FROM document WHERE sha256 = ?", (doc,)).fetchone() is None
        )


def count(reader: Reader, feed: str, first: int, last: int) -> int:
    """How many entries are here between these numbers."""
    with reader.snapshot() as connection:
        found = connection.execute(
            "SELECT count(*) FROM entry WHERE feed = ? AND seq BETWEEN ? AND ?", (feed, first, last)
        ).fetchone()
    return int(found[0])


def value_lines(reader: Reader, found: Iterable[Line]) -> list[tuple[int, Disclosed]]:
    """(number, (holder, values)): each entry, then the document it proposes; with a feed's beginning, the rosters."""
    holders: list[tuple[int, str]] = []
    for one in found:
        holders.append((one.seq, one.id))
        doc = one.doc()
        if doc is not None:
            holders.append((one.seq, doc))
        if one.seq == 0:
            holders.extend((0, sha) for _, sha, _, _, _ in reader.roster_files())
    held = reader.disclosures([holder for _, holder in holders])
    return [(seq, (holder, held[holder])) for seq, holder in holders if held.get(holder)]


def value_files(reader: Reader, entries: Sequence[Line]) -> list[tuple[int, int, bytes]]:
    """The values of these entries as files: (first, last, bytes), cut where one would grow too large to be taken."""
    files: list[tuple[int, int, bytes]] = []
    first, data, spoken = entries[0].seq, b"", set[str]()
    for seq, (holder, texts) in value_lines(reader, entries):
        line = encode_disclosures([(holder, texts)])
        if seq > first and len(data) + len(line) > VALUES_BYTES:
            files.append((first, seq - 1, data))
            first, data, spoken = seq, b"", set[str]()
        if holder not in spoken:
            data += line
            spoken.add(holder)
    return [*files, (first, entries[-1].seq, data)] if data else files


def blob_name(value: JsonValue) -> str | None:
    """The SHA-256 that a `blob` disclosure names, None where it names none."""
    fields = list(value.values()) if isinstance(value, dict) else [value]
    return next((text for text in fields if is_sha256(text) and isinstance(text, str)), None)


def file_names(reader: Reader, feed: str | None = None) -> list[tuple[Stored, str]]:
    """Entries that name a file (of one feed or of all), each with the file's SHA-256."""
    known, files = _marks(_KNOWN), _marks(_FILES)
    where = f"(e.kind IN ({files}) OR e.kind NOT IN ({known}))"
    values: list[object] = [*_FILES, *_KNOWN]
    if feed is not None:
        where, values = f"e.feed = ? AND {where}", [feed, *values]
    with reader.snapshot() as connection:
        found = select_entries(connection, where, values)
    named = [(one, blob_name(one.disclosed.get("blob"))) for one in found]
    return [(one, sha) for one, sha in named if sha is not None]


def missing_documents(reader: Reader) -> dict[str, str | None]:
    """Documents that an entry or a roster here names and that are not here, with the entry that names each first."""
    with reader.snapshot() as connection:
        found: dict[str, str | None] = {}
        for field in ("doc", "policy"):
            for sha, ident in _named(connection, field):
                found.setdefault(sha, ident)
        for raw in _roster_bytes(connection):
            policy = policy_of(raw)
            if policy is not None:
                found[policy] = None
        here = {row[0] for row in connection.execute("SELECT sha256 FROM document")}
    return {sha: ident for sha, ident in found.items() if sha not in here}


def _named(connection: sqlite3.Connection, field: str) -> Iterable[tuple[str, str]]:
    """Every (SHA-256, entry) where an entry's public part has this field, in order of receipt."""
    path = f"$.pub.{field}"
    sql = "SELECT json_extract(CAST(raw AS TEXT), ?), id FROM entry WHERE instr(raw, ?) > 0 ORDER BY n"
    for sha, ident in connection.execute(sql, (path, f'"{field}":"'.encode())):
        if isinstance(sha, str) and is_sha256(sha):
            yield sha, ident


def policies(reader: Reader) -> list[str]:
    """The policies that rosters here name: those in force or before, and those that wait for signatures."""
    with reader.snapshot() as connection:
        found = [policy_of(raw) for raw in _roster_bytes(connection)]
    return [sha for sha in found if sha is not None]


def _roster_bytes(connection: sqlite3.Connection) -> Iterable[bytes]:
    """A roster that was only proposed is a document: who is asked to sign it has to read the policy it names."""
    sql = "SELECT raw FROM (SELECT raw, n, sha256 FROM roster ORDER BY n, sha256)"
    for (raw,) in connection.execute(f"{sql} UNION ALL SELECT raw FROM document WHERE type = 'roster.v1'"):  # noqa: S608  our own words
        yield raw


def policy_of(raw: bytes) -> str | None:
    """The policy a stored roster names."""
    value = canon.decode(raw, limit=len(raw))
    policy = value.get("policy") if isinstance(value, dict) else None
    return policy if isinstance(policy, str) and is_sha256(policy) else None


def travelling(found: Iterable[tuple[Stored, str]]) -> dict[str, bool]:
    """Which of the named files travel at all, and whether only encrypted: where no entry calls it open.

    What somebody holds elsewhere is never copied.
    """
    told: dict[str, bool] = {}
    for one, sha in found:
        kind = one.entry.pub.get("class", "open")
        if kind in ("open", "need-to-know"):
            told[sha] = told.get(sha, True) and kind != "open"
    return told


def missing_files(reader: Reader) -> dict[str, bool]:
    """Files that travel and that an entry here names, neither here nor redacted; whether only encrypted."""
    named = travelling(file_names(reader))
    gone = {sha for sha, _ in reader.blobs()} | reader.tombstones()
    return {sha: sealed for sha, sealed in named.items() if sha not in gone}


def _marks(values: Sequence[str]) -> str:
    return ",".join("?" * len(values))
