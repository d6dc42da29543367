"""Read-only access to the journal for any thread: a small pool of connections that cannot write.

Every read is one snapshot. Big reads are windowed by key (`after`, `limit`).
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from console.journal import rows
from console.journal.faults import Damaged
from console.journal.ledger import connect
from console.journal.roster_tree import RosterTree
from console.journal.rosters import RosterChain
from console.journal.values import DocumentRow, FeedFacts, Stored
from console.keys import canon
from console.keys.roster import VerifiedRoster
from console.runtime.paths import ProfilePaths

# from one incident to the next in the index, so that a long one is not read through
_INCIDENTS = """
    WITH RECURSIVE known (inc) AS (
        SELECT min(inc) FROM entry WHERE inc > ''
        UNION ALL
        SELECT (SELECT min(e.inc) FROM entry e WHERE e.inc > known.inc) FROM known WHERE known.inc IS NOT NULL)
    SELECT inc FROM known WHERE inc IS NOT NULL ORDER BY (SELECT min(e.n) FROM entry e WHERE e.inc = known.inc)"""


def _read_only(path: Path) -> sqlite3.Connection:
    return connect(path, read_only=True)


class Reader:
    """Thread-safe. It opens connections as they are needed and keeps them until `release` or `close`."""

    def __init__(self, paths: ProfilePaths, opens: Callable[[Path], sqlite3.Connection] = _read_only) -> None:
        self._paths = paths
        self._opens = opens
        self._gate = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._chain = RosterChain()
        self._chain_gate = threading.Lock()

    @contextmanager
    def snapshot(self) -> Generator[sqlite3.Connection]:
        """A read-only connection inside one snapshot, for readers of further tables (outbox, projections)."""
        with self._gate:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = self._opens(self._paths.journal)
        try:
            connection.execute("BEGIN")
            yield connection
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            with self._gate:
                self._idle.append(connection)

    def entries(
        self, inc: str | None = None, *, org: bool = False, kinds: Sequence[str] | None = None,
        after: int | None = None, limit: int | None = None,
    ) -> list[Stored]:  # fmt: skip
        """Entries in order of receipt, which is a chain order: of one incident, of the organisation (`org`), or all.

        `kinds` keeps only those; `after` is the `n` of the last one seen; at most `limit`.
        """
        where, clauses = ["e.n > ?"], list[object]([after or 0])
        if inc is not None:
            where.append("e.inc = ?")
            clauses.append(inc)
        elif org:
            where.append("e.inc IS NULL")
        if kinds is not None:
            where.append(f"e.kind IN ({','.join('?' * len(kinds))})")
            clauses.extend(kinds)
        with self.snapshot() as connection:
            index = "entry_told" if kinds and "note" not in kinds else ""
            return rows.select_entries(connection, " AND ".join(where), clauses, limit=limit, index=index)

    def entry(self, ident: str) -> Stored | None:
        """One entry by id."""
        with self.snapshot() as connection:
            found = rows.select_entries(connection, "e.id = ?", (ident,))
        return found[0] if found else None

    def ids_beginning(self, digits: str, limit: int = 2) -> list[str]:
        """Ids of entries that begin with these hex digits, at most `limit`."""
        sql = "SELECT id FROM entry WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"
        with self.snapshot() as connection:
            return [row[0] for row in connection.execute(sql, (digits, digits + "g", limit))]

    def about(self, op: str, *, after: int | None = None) -> list[Stored]:
        """Entries whose subject is this action, in order of receipt."""
        with self.snapshot() as connection:
            return rows.select_entries(connection, "e.subj = ? AND e.n > ?", (op, after or 0))

    def feed(self, feed: str, from_seq: int = 0, to_seq: int | None = None) -> list[Stored]:
        """A feed's entries from `from_seq` to `to_seq` (both included), every side of a fork too."""
        last = 2**62 if to_seq is None else to_seq
        with self.snapshot() as connection:
            return rows.select_entries(
                connection, "e.feed = ? AND e.seq BETWEEN ? AND ?", (feed, from_seq, last), "e.seq, e.id"
            )

    def first_by(self, author: str, inc: str, *, from_ms: int, until_ms: int) -> list[Stored]:
        """Of each feed of a person: its first few good entries of an incident in that time (its own, both included).

        However long the record is: along a feed time only grows, so that the place in it is found by halving.
        """
        with self.snapshot() as connection:
            return rows.select_first_by(connection, author, inc, from_ms, until_ms)

    def feeds(self) -> list[FeedFacts]:
        """Every feed known here and who writes it."""
        with self.snapshot() as connection:
            return rows.select_feeds(connection)

    def heads(self) -> dict[str, tuple[int, str]]:
        """The last counting entry (seq, id) of every feed."""
        with self.snapshot() as connection:
            return rows.select_heads(connection)

    def forks(self) -> dict[str, int]:
        """Forked feeds and the number at which each first forked."""
        with self.snapshot() as connection:
            return dict(connection.execute("SELECT feed, seq FROM fork ORDER BY feed").fetchall())

    def disclosures(self, holders: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The disclosure strings held for these entries or documents, as they travel. A redacted one is never held."""
        with self.snapshot() as connection:
            return rows.disclosures_of(connection, holders)

    def tombstones(self) -> frozenset[str]:
        """Digests (and attachments) redacted for ever."""
        with self.snapshot() as connection:
            return frozenset(row[0] for row in connection.execute("SELECT digest FROM tombstone"))

    def burials(self) -> dict[str, str]:
        """What was redacted for ever, and by which document."""
        with self.snapshot() as connection:
            return dict(connection.execute("SELECT digest, doc FROM tombstone").fetchall())

    def document(self, sha256: str) -> DocumentRow | None:
        """A document by content, with the values present here."""
        with self.snapshot() as connection:
            return rows.select_document(connection, sha256)

    def documents_of(self, op: str) -> list[DocumentRow]:
        """Every document about this action, in order of receipt."""
        with self.snapshot() as connection:
            names = connection.execute("SELECT sha256 FROM document WHERE op = ? ORDER BY rowid", (op,)).fetchall()
            found = [rows.select_document(connection, name) for (name,) in names]
        return [row for row in found if row is not None]

    def documents(self) -> list[tuple[str, str, str | None]]:
        """All documents here: (sha256, type, entry that carried it)."""
        with self.snapshot() as connection:
            return connection.execute("SELECT sha256, type, carried_by FROM document ORDER BY rowid").fetchall()

    def blob(self, sha256: str) -> bytes | None:
        """An attachment's bytes; None where it is not here.

        Raises:
            Damaged: when the file is not what its name says.
        """
        path = self._paths.blob(sha256)
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            return None
        if canon.sha256_hex(raw) != sha256:
            raise Damaged(f"blob {sha256[:16]}", "its bytes do not have its hash")
        return raw

    def blobs(self) -> list[tuple[str, int]]:
        """All attachments here: (sha256, size in bytes)."""
        with self.snapshot() as connection:
            return connection.execute("SELECT sha256, size FROM blob ORDER BY sha256").fetchall()

    def incidents(self) -> list[str]:
        """Ids of all incidents with entries here, first heard first."""
        with self.snapshot() as connection:
            found = connection.execute(_INCIDENTS).fetchall()
        return [row[0] for row in found]

    def rosters(self) -> list[VerifiedRoster]:
        """All roster versions from 0 on, proven.

        Raises:
            Damaged: when a stored one does not prove itself.
        """
        with self._chain_gate, self.snapshot() as connection:
            return list(self._chain.load(connection))

    def roster_tree(self) -> RosterTree:
        """Every version here in its place, proven.

        Raises:
            Damaged: when a stored one does not prove itself.
        """
        with self._chain_gate, self.snapshot() as connection:
            return self._chain.tree(connection)

    def roster(self) -> VerifiedRoster:
        """The newest roster.

        Raises:
            NoRoster: when there is none.
        """
        with self._chain_gate, self.snapshot() as connection:
            return self._chain.current(connection)

    def roster_files(self) -> list[tuple[int, str, bytes, dict[str, bytes], bool]]:
        """Rosters as they travel: (n, sha256, raw, signatures by key fingerprint, whether it is a fork's rival)."""
        with self.snapshot() as connection:
            sigs: dict[str, dict[str, bytes]] = {}
            for sha, key, sig in connection.execute("SELECT sha256, key, sig FROM roster_sig ORDER BY sha256, key"):
                sigs.setdefault(sha, {})[key] = sig
            found = connection.execute("SELECT n, sha256, raw, rival FROM roster ORDER BY n, rival, sha256").fetchall()
        return [(n, sha, raw, sigs.get(sha, {}), bool(rival)) for n, sha, raw, rival in found]

    def release(self) -> None:
        """Close idle connections, so that the log can be wiped; new ones are opened as needed."""
        with self._gate:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def close(self) -> None:
        """Close all connections."""
        self.release()
