"""What can be done inside one write transaction of the journal. It exists only while that transaction is open.

Everything in it commits together or not at all, with whatever the caller writes through `connection`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from console.domain.actions import DOC_TYPES
from console.domain.clock_doubt import Reading
from console.domain.errors import BadForm
from console.domain.forms import Entry, Head, RosterRef
from console.domain.ids import is_id, is_sha256
from console.domain.kinds import check_kind
from console.domain.profile import MAX_DOCUMENT_BYTES, JsonValue
from console.journal import door, envelope, own_feeds, rosters, whole
from console.journal.faults import Redacted, WrongFeed
from console.journal.ledger import Ledger
from console.journal.readings import read_clocks
from console.journal.rows import open_bodies
from console.journal.schema import VALUE_TABLES, VALUES
from console.journal.values import Admitted, Answer, Draft, FeedSigner, Stored
from console.keys import canon
from console.keys.roster import VerifiedRoster
from console.keys.signer import Signer
from console.runtime import platform
from console.runtime.ids import new_nonce

T = TypeVar("T")
MAX_BLOB_BYTES = 256 * 1024 * 1024
_MANY = 400


class Tx:
    """One open write transaction, on the writer thread.

    `kept` is for what was read in it and is asked for again; it goes with it, and whatever is written here empties it.
    """

    __slots__ = ("_ledger", "kept")

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.kept: dict[object, object] = {}

    def apart(self, work: Callable[[], T]) -> T:
        """Do `work` so that what it raises undoes its own part only, and the rest of the transaction stands.

        Where the disk failed nothing stands any more: `connection.in_transaction` says so.
        """
        self.connection.execute("SAVEPOINT apart")
        try:
            found = work()
        except BaseException:
            self.kept.clear()
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK TO apart")
                self.connection.execute("RELEASE apart")
                self._ledger.forget()
                self._ledger.rosters.forget()
            raise
        self.connection.execute("RELEASE apart")
        return found

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection, for the rows of another package. Never BEGIN, COMMIT or ROLLBACK on it."""
        return self._ledger.connection

    @property
    def now_ms(self) -> int:
        """The wall clock of this journal."""
        return self._ledger.clock.wall_ms()

    @property
    def clocks(self) -> Reading:
        """Both clocks of this journal now."""
        return read_clocks(self._ledger.clock)

    @property
    def clock_back_ms(self) -> int:
        """By how much the wall clock lags behind what this console has seen; `clock_doubt.state_of` judges it."""
        return self._ledger.readings.back_ms(self.connection)

    # -- own feeds -----------------------------------------------------------------------------------------------------

    def lacking(self) -> dict[str, tuple[int, int]]:
        """Own feeds written further than this journal knows: (last number here or -1, number that was written)."""
        return self._ledger.watermark.lacking(self.connection)

    def set_own_aside(self) -> None:
        """Never resume the feeds opened here so far: new ones continue them as far as they are here."""
        self.kept.clear()
        own_feeds.set_all_aside(self.connection)
        self._ledger.forget()

    # -- entries -------------------------------------------------------------------------------------------------------

    def append(self, feed: FeedSigner, draft: Draft, *, roster: RosterRef) -> Stored:
        """Sign a draft as the next entry of `feed` and store it with its values.

        Raises:
            BadForm: when kind, public part or a disclosure is not its form.
            WrongFeed: when the kind belongs into the other feed, or the feed is forked or not open here.
            KeyLocked: when the feed's key is locked.
        """
        known = check_kind(draft.kind, draft.pub, tuple(draft.disclosures))
        if known is not None and known.writer != "either" and (known.writer == "console") != (feed.author is None):
            raise WrongFeed(f"A {draft.kind} entry does not belong into this feed.", f"It is the {known.writer}'s.")
        if draft.kind == "feed.open":
            raise WrongFeed("A feed is opened once, when it begins.", "Use open_feed.")
        return self._append(feed, draft, roster)

    def open_feed(
        self, signer: Signer, *, org: str, console: str, author: str | None, roster: RosterRef,
        continues: Head | None = None, fresh: bool = False,
    ) -> FeedSigner:  # fmt: skip
        """Resume the feed this key last opened on this console, or begin a new one with `feed.open`.

        A person feed has an `author`, a console's own feed has none. `fresh` begins anew (after a restored backup).

        Raises:
            OlderThanWritten: when the journal is older than what this console has written.
        """
        key = signer.public
        namespace = envelope.namespace_of(org, author)
        if not fresh:
            self._ledger.watermark.require(self.connection)
        if not fresh and continues is None:
            place = (key.fingerprint, console, author)
            found = own_feeds.resumable(self.connection, *place)
            if found is not None:
                return FeedSigner(found, author, console, signer, org, namespace)
            continues = own_feeds.to_continue(self.connection, *place)
        nonce = new_nonce(self._ledger.entropy)
        feed = FeedSigner(envelope.feed_id(org, key.fingerprint, nonce), author, console, signer, org, namespace)
        pub: dict[str, JsonValue] = {
            "key": key.line, "console": console, "nonce": nonce,
            "continues": None if continues is None else list(continues),
        }  # fmt: skip
        self._append(feed, Draft("feed.open", pub=pub), roster)
        return feed

    def ingest(self, raw: bytes, sig: bytes) -> Answer:
        """Offer one entry from outside to the door. On `forked` the caller records a `fork.proof` (see `rivals`)."""
        self.kept.clear()
        return door.ingest(self._ledger, raw, sig)

    def prove(self, raw: bytes, sig: bytes) -> Entry | Answer:
        """An entry from outside proven by itself and not kept: what comes before it in its feed is not here yet."""
        return door.prove(self._ledger, raw, sig)

    def rivals(self, raw: bytes) -> tuple[str, int, tuple[str, ...]]:
        """Feed, number and ids of all entries that stand at the same place as this one: what a fork proof names."""
        entry = envelope.read_entry(raw)
        rows = self.connection.execute(
            "SELECT id FROM entry WHERE feed = ? AND seq = ? ORDER BY id LIMIT 16", (entry.feed, entry.seq)
        ).fetchall()
        return entry.feed, entry.seq, tuple(row[0] for row in rows)

    # -- values, documents, blobs --------------------------------------------------------------------------------------

    def add_disclosures(self, holder: str, texts: Sequence[str]) -> Admitted:
        """Take in values of an entry, a document or a roster: only those its signed bytes name, and none redacted."""
        self.kept.clear()
        found = self._digests_of(holder)
        if found is None:
            return Admitted(0, 0, holder_known=False)
        number, digests = found
        into = "entry_value (n" if number is not None else "document_value (holder"
        kept = 0
        for text in texts:
            try:
                digest, _, _ = envelope.verify_disclosure(text, digests)
            except BadForm:
                continue
            if self._is_buried(digest):
                continue
            self.connection.execute(
                f"INSERT INTO {into}, digest, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",  # noqa: S608  our own names
                (holder if number is None else number, digest, text),
            )
            kept += 1
        return Admitted(kept, len(texts) - kept, holder_known=True)

    def put_document(
        self, raw: bytes, disclosures: Sequence[str] = (), carried_by: str | None = None, *, sha256: str | None = None
    ) -> str:
        """Keep a canonical document by content, with its values; gives its SHA-256. A known one is left as it is.

        Raises:
            BadForm: when the bytes are not canonical, too long, without a type, or not the hash they were named by.
        """
        self.kept.clear()
        found = canon.sha256_hex(raw)
        if sha256 is not None and sha256 != found:
            raise BadForm("", "the document is not the one it was named as")
        value = canon.decode(raw, limit=MAX_DOCUMENT_BYTES)
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(kind, str):
            raise BadForm("type", "a document is an object with a type")
        op = value.get("op") if kind in DOC_TYPES else None
        self.connection.execute(
            "INSERT INTO document (sha256, type, op, carried_by, received_ms, raw) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            (found, kind, op if is_id(op, "a") else None, carried_by, self.now_ms, raw),
        )
        if disclosures:
            self.add_disclosures(found, disclosures)
        return found

    def put_blob(self, raw: bytes, *, sha256: str | None = None) -> str:
        """Keep a file's bytes by content, durably before the transaction commits; gives its SHA-256.

        Raises:
            BadForm: when it is too long, or not the hash it was named by.
            Redacted: when this content was redacted.
        """
        found = canon.sha256_hex(raw)
        if (sha256 is not None and sha256 != found) or len(raw) > MAX_BLOB_BYTES:
            raise BadForm("", "the file is not the one it was named as, or longer than 256 MiB")
        if self._is_buried(found):
            raise Redacted
        path = self._ledger.paths.blob(found)
        for folder in (self._ledger.paths.blobs, path.parent):
            if not folder.is_dir():
                platform.make_private_directory(folder)
                platform.sync_directory(folder.parent)
        if path.exists() and canon.sha256_hex(path.read_bytes()) == found:
            platform.sync_directory(path.parent)  # whoever put it may have ended before its name was durable
        else:
            platform.write_durably(path, raw)
        self.connection.execute(
            "INSERT INTO blob (sha256, size, received_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (found, len(raw), self.now_ms),
        )
        return found

    def bury(self, items: Sequence[tuple[str, Sequence[str]]], doc: str) -> tuple[str, ...]:
        """Carry out a quorate redaction: (holder, digests). Tombstones stay for ever, values go, in this transaction.

        Digests of holders not known here are buried all the same. Gives the SHA-256 of attachments that die with
        them; `JournalStore.scrub` then removes their files and wipes the WAL. Whether it is quorate the caller proves.
        """
        self.kept.clear()
        doomed: set[str] = set()
        gone = 0
        digests = {digest for _, named in items for digest in named}
        for digest in sorted(digests):
            self._bury_one(digest, doc)
        # by digest alone: a later revision of a document may carry the very same value
        for at in range(0, len(digests), _MANY):
            some = sorted(digests)[at : at + _MANY]
            which = f"digest IN ({','.join('?' * len(some))})"
            held = self.connection.execute(f"SELECT body, digest FROM disclosure WHERE {which}", some).fetchall()  # noqa: S608  marks only
            for body, digest in held:
                doomed |= _blobs_named(body, digest)
            for table in VALUE_TABLES:
                gone += self.connection.execute(f"DELETE FROM {table} WHERE {which}", some).rowcount  # noqa: S608  marks only
        for sha in doomed:
            self._bury_one(sha, doc)
            self.connection.execute("DELETE FROM blob WHERE sha256 = ?", (sha,))
        if gone:
            self._make_values_anew()
        return tuple(sorted(doomed))

    def _make_values_anew(self) -> None:
        """Secure delete wipes a row where it lies, but not the copies that page splits left behind: those go so."""
        self.connection.execute("DROP VIEW disclosure")
        for table, words in VALUE_TABLES.items():
            self.connection.execute(f"ALTER TABLE {table} RENAME TO value_before")
            self.connection.execute(words)
            self.connection.execute(f"INSERT INTO {table} SELECT * FROM value_before ORDER BY 1, 2")  # noqa: S608  our own names
            self.connection.execute("DROP TABLE value_before")
        self.connection.execute(VALUES)

    # -- rosters -------------------------------------------------------------------------------------------------------

    def pin_genesis(self, sha256: str) -> None:
        """Trust this fingerprint of roster 0, once and for all; compared out of band or made here.

        Raises:
            BadRoster: when another is pinned.
        """
        self.kept.clear()
        rosters.pin_genesis(self.connection, sha256)

    def put_roster(self, raw: bytes, sigs: Mapping[str, bytes], *, pinned: str | None = None) -> Answer:
        """Prove a roster version against the chain and keep it: inserted, exists, gap (retry later) or forked.

        `sigs` maps key fingerprints to raw SSHSIG blobs. For roster 0 a genesis must be pinned, here or before.
        What its revoked keys wrote too late is quarantined in the same transaction.

        Raises:
            BadRoster: when it is not validly signed or may not follow.
            NoGenesis: for roster 0 when nothing is pinned.
        """
        self.kept.clear()
        if pinned is not None:
            self.pin_genesis(pinned)
        answer = rosters.add_roster(self.connection, self._ledger.rosters, raw, sigs, self.now_ms)
        if answer is Answer.inserted:
            self.put_document(raw)
            door.quarantine_revoked(self._ledger)
        return answer

    def roster(self) -> VerifiedRoster:
        """The newest roster, as this transaction sees it.

        Raises:
            NoRoster: when there is none.
        """
        return self._ledger.rosters.current(self.connection)

    def rosters(self) -> tuple[VerifiedRoster, ...]:
        """Every version from 0 on, as this transaction sees them."""
        return self._ledger.rosters.load(self.connection)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _append(self, feed: FeedSigner, draft: Draft, roster: RosterRef) -> Stored:
        self.kept.clear()
        ledger = self._ledger
        head = ledger.head(feed.feed)
        opening = draft.kind == "feed.open"
        if (head.facts is None) != opening or head.forked_at is not None or head.aside:
            raise WrongFeed("This feed cannot be written here: it is not open, or forked.", "Open a new feed.")
        if rosters.has_ended(ledger.rosters.load(self.connection), feed.signer.public.fingerprint, self.now_ms):
            raise WrongFeed("The roster in force ended or revoked this feed's key.", "Join again with a new key.")
        values = envelope.salted(draft.disclosures, ledger.entropy)
        last = ledger.last_in_incident(head, feed.feed, draft.inc)
        refs = ledger.newly_seen(head, feed.feed)
        clock = ledger.clock
        entry = Entry(
            sd=tuple(sorted(values)), author=feed.author, boot=clock.boot_id(), console=feed.console, feed=feed.feed,
            hlc=ledger.tick(), inc=draft.inc, iprev=None if last is None else last[1],
            iseq=0 if last is None else last[0] + 1, key=feed.signer.public.fingerprint, kind=draft.kind,
            mono=clock.boot_ms(), org=feed.org, prev=head.id, pub=draft.pub, refs=tuple(ref[2] for ref in refs),
            roster=roster, seq=head.seq + 1, subj=draft.subj,
        )  # fmt: skip
        raw, sig = envelope.build(entry, feed.signer)
        ident = canon.sha256_hex(raw)
        received_ms = clock.wall_ms()
        if opening:
            door.open_feed(ledger, entry, ident, mine=True)
        n = door.insert(ledger, entry, ident, raw, sig, received_ms)
        whole.note(ledger, entry, ident, n, mine=True)
        ledger.watermark.wrote()
        ledger.readings.note(received_ms, entry.mono, entry.boot)
        if values:
            self.connection.executemany(
                "INSERT INTO entry_value (n, digest, body) VALUES (?, ?, ?)",
                [(n, digest, text) for digest, text in values.items()],
            )
        return Stored(
            n=n, id=ident, feed=feed.feed, seq=entry.seq, entry=entry, raw=raw, sig=sig,
            disclosed=dict(draft.disclosures), received_ms=received_ms, standing="good",
        )  # fmt: skip

    def _digests_of(self, holder: str) -> tuple[int | None, frozenset[str]] | None:
        """An entry's local number (None: it is a document) and the digests its signed bytes name."""
        row = self.connection.execute("SELECT n, raw FROM entry WHERE id = ?", (holder,)).fetchone()
        if row is not None:
            return row[0], frozenset(envelope.read_entry(row[1]).sd)
        row = self.connection.execute("SELECT raw FROM document WHERE sha256 = ?", (holder,)).fetchone()
        return None if row is None else (None, envelope.digests_in(canon.decode(row[0], limit=MAX_DOCUMENT_BYTES)))

    def _is_buried(self, name: str) -> bool:
        return self.connection.execute("SELECT 1 FROM tombstone WHERE digest = ?", (name,)).fetchone() is not None

    def _bury_one(self, name: str, doc: str) -> None:
        self.connection.execute(
            "INSERT INTO tombstone (digest, doc, at_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (name, doc, self.now_ms),
        )


def _blobs_named(body: str, digest: str) -> set[str]:
    """The attachments a `blob` disclosure names: every SHA-256 in its value."""
    values, _ = open_bodies([body], [digest])
    value = values.get("blob")
    fields = list(value.values()) if isinstance(value, dict) else [value]
    return {text for text in fields if isinstance(text, str) and is_sha256(text)}
