"""Carries out what two people decided to forget: the decision proven again, then values, files, log and index wiped.

It may be broken off anywhere and begun again: `redact.done` is written last, when nothing of it is left here. It never
believes an authorisation whose people it has not counted itself, and deletes nothing that those bytes do not name.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal

from console.domain.actions import Redaction
from console.domain.errors import BadForm, Problem
from console.domain.ids import is_sha256
from console.domain.profile import JsonValue
from console.domain.quoting import Quotes, texts_of
from console.journal import envelope
from console.journal.projections import Projections
from console.journal.rows import select_entries
from console.journal.store import JournalStore
from console.journal.tx import Tx
from console.journal.values import Draft, FeedSigner
from console.outbox.papers import Held, good_entries, read_document
from console.outbox.rulings import Unproven, WithoutPeople, by_ref, judge
from console.runtime.drafts import Drafts
from console.runtime.ids import SystemEntropy

AUTHORISED: Final = "redaction.authorised"
DONE: Final = "redact.done"
_QUOTABLE_BYTES: Final = 256 * 1024
Outcome = Literal["done", "under way", "waiting", "refused"]


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What became of one redaction here, and what keeps it, as one sentence."""

    doc: str
    outcome: Outcome
    why: str = ""


class Redactions:
    """What this console still has to forget. Use it on one thread at a time, and on none that must not wait."""

    def __init__(self, store: JournalStore, feed: FeedSigner) -> None:
        self._store = store
        self._feed = feed
        self._upto = 0
        self._due: dict[str, int] = {}

    @property
    def open(self) -> bool:
        """Whether something is authorised and not reported done, as far as was looked."""
        return bool(self._due)

    def look(self) -> tuple[str, ...]:
        """Documents that some console authorised and that this machine feed has not reported done, oldest first."""
        where = "e.n > ? AND e.kind IN (?, ?) AND s.id IS NULL"
        with self._store.reader().snapshot() as connection:
            found = select_entries(connection, where, (self._upto, AUTHORISED, DONE), index="entry_told")
            self._upto = int(connection.execute("SELECT coalesce(max(n), 0) FROM entry").fetchone()[0])
        for stored in found:
            doc = str(stored.entry.pub.get("doc"))
            if stored.entry.kind == AUTHORISED and not self._is_done(doc):
                self._due.setdefault(doc, -1)
            elif stored.entry.kind == DONE and stored.feed == self._feed.feed:
                self._due.pop(doc, None)
        return tuple(self._due)

    def carry_out(self, stop: Callable[[], bool] = lambda: False, *, again: bool = False) -> tuple[Forgotten, ...]:
        """Carry out what is due, as far as it goes now; whatever is left is done by calling it again.

        What could not be proven is looked at anew when the record has grown (or `again`): it may be here by now.
        """
        told: list[Forgotten] = []
        for doc in self.look():
            if stop():
                break
            if self._due[doc] == self._upto and not again:
                continue
            one = _carry_out(self._store, self._feed, doc, stop)
            if one.outcome in ("done", "refused"):  # what had not its people then will not have had them later
                del self._due[doc]
            elif one.outcome == "waiting":
                self._due[doc] = self._upto
            told.append(one)
        return tuple(told)

    def _is_done(self, doc: str) -> bool:
        with self._store.reader().snapshot() as connection:
            return _is_done(connection, self._feed.feed, doc)


def _carry_out(store: JournalStore, feed: FeedSigner, doc: str, stop: Callable[[], bool]) -> Forgotten:
    try:
        held = prove(store, doc)
    except WithoutPeople as fault:
        return Forgotten(doc, "refused", fault.what)
    except Problem as fault:
        return Forgotten(doc, "waiting", fault.what)
    items = [(item.entry or item.doc or "", item.digests) for item in _redaction(held).items]
    removed = 0
    if not {digest for _, digests in items for digest in digests} <= store.reader().tombstones():
        removed = _remove_drafts(store, items)
        store.write(lambda tx: tx.bury(items, doc))
    if not store.scrub(_doomed_files(store)):
        return Forgotten(doc, "under way", "Another program still reads the journal; its log is wiped at the next try.")
    with Projections(store) as projections:
        while not (progress := projections.advance()).finished:
            if stop() or progress.elsewhere:
                return Forgotten(doc, "under way", "The index is being made anew.")
    store.write(lambda tx: _report(tx, feed, held))
    return Forgotten(doc, "done", _of_drafts(removed))


def prove(store: JournalStore, doc: str) -> Held:
    """The redaction of this name, if one console that counts authorised it with its people, as it saw them then.

    Raises:
        Problem: where none of the authorisations here holds: `WithoutPeople`, or something is not here (yet).
    """
    rosters = by_ref(store.rosters())
    with store.reader().snapshot() as connection:
        held = read_document(connection, doc)
        _redaction(held)
        fault: Problem | None = None
        for stored in good_entries(connection, (AUTHORISED,)):
            if stored.entry.pub.get("doc") != doc:
                continue
            try:
                judge(connection, rosters, held, stored, each=True)
            except Problem as found:  # one that lacks something may still come to hold: it is told before a false one
                fault = found if fault is None or isinstance(fault, WithoutPeople) else fault
                continue
            return held
    raise fault or Unproven("no console has authorised it")


def _redaction(held: Held) -> Redaction:
    if not isinstance(held.document, Redaction):
        raise Unproven("what was authorised is no redaction")
    return held.document


# -- wiping ------------------------------------------------------------------------------------------------------------


def _is_done(connection: sqlite3.Connection, feed: str, doc: str) -> bool:
    found = select_entries(connection, "e.feed = ? AND e.kind = ?", (feed, DONE), index="entry_told")
    return any(one.entry.pub.get("doc") == doc for one in found)


def _remove_drafts(store: JournalStore, items: Sequence[tuple[str, Sequence[str]]]) -> int:
    """Before the words are gone: drafts here that repeat them. A crash between only means that they went first."""
    held = store.reader().disclosures([holder for holder, _ in items])
    quotes = Quotes(SystemEntropy().token(16))
    for holder, digests in items:
        for body in held.get(holder, ()):
            try:
                _, name, value = envelope.verify_disclosure(body, frozenset(digests))
            except BadForm:  # one of the holder's other values
                continue
            quotes.add(texts_of(value))
            if name == "blob":
                quotes.add(_text_of_file(store, value))
    return Drafts(store.paths.root).forget(quotes.in_text)


def _text_of_file(store: JournalStore, value: JsonValue) -> list[str]:
    """What is written in an attachment that goes, where it is a text of a size that somebody would quote from."""
    fields = list(value.values()) if isinstance(value, dict) else [value]
    found: list[str] = []
    for sha in fields:
        data = store.reader().blob(sha) if isinstance(sha, str) and is_sha256(sha) else None
        if data is not None and len(data) <= _QUOTABLE_BYTES:
            with suppress(UnicodeDecodeError):
                found.append(data.decode())
    return found


def _of_drafts(removed: int) -> str:
    match removed:
        case 0:
            return ""
        case 1:
            return "A draft on this console repeated it, and was removed."
        case _:
            return f"{removed} drafts on this console repeated it, and were removed."


def _doomed_files(store: JournalStore) -> list[str]:
    """Attachments of any redaction whose files still lie here: a crash may have come between."""
    return [name for name in store.reader().tombstones() if is_sha256(name) and store.paths.blob(name).exists()]


def _report(tx: Tx, feed: FeedSigner, held: Held) -> None:
    if not _is_done(tx.connection, feed.feed, held.sha):  # another process of this profile may have been faster
        inc = _redaction(held).inc
        tx.append(feed, Draft(DONE, inc=inc, pub={"doc": held.sha}), roster=tx.roster().ref)


__all__ = ["AUTHORISED", "DONE", "Forgotten", "Outcome", "Redactions", "Unproven", "prove"]
