"""What a session has read of the entries that move corrections: each reading takes in only what is new.

For screens; it decides nothing (decision 0155). Where anything else than new entries came (values, a redaction, a
standing, a roster, a document that was awaited), all is read anew; where one belongs before others, its incident is.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from console.domain.actions import Action, Document
from console.domain.corrections import CorrectionState
from console.domain.corrections_on import CorrectionsOn
from console.domain.errors import Problem
from console.domain.seen import Seen
from console.journal.rows import select_entries
from console.journal.seen import seen
from console.journal.values import Stored
from console.outbox.facts import Held, read_document
from console.services.rulings import rulings_of
from console.services.session import Session

_DOCUMENTS: Final = 32
_READINGS: Final = 4
# whose entries say that somebody ended a revision, when and why
_NAMED: Final = ("correction.approved", "correction.refused", "correction.cancelled", "approval.received")


@dataclass(frozen=True, slots=True)
class Reading:
    """The corrections of each incident as folded now, the documents that are here, and who ended what."""

    corrections: tuple[CorrectionState, ...]
    held: Mapping[str, Held]
    named: Mapping[str, Stored]


@dataclass(slots=True)
class _Read:
    """All that was read so far. `wanted`: documents named; `lacking`: how many values an incomplete entry has here."""

    stamp: tuple[str, int, int, int]
    n: int = 0
    folds: dict[str, CorrectionsOn] = field(default_factory=dict[str, CorrectionsOn])
    documents: dict[str, Document] = field(default_factory=dict[str, Document])
    wanted: set[str] = field(default_factory=set[str])
    lacking: dict[str, int] = field(default_factory=dict[str, int])
    named: dict[str, Stored] = field(default_factory=dict[str, Stored])
    decisions: list[Stored] = field(default_factory=list[Stored])
    false: frozenset[str] = frozenset()


class Told:
    """One session's readings, of one incident or of all. Thread-safe."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._gate = threading.Lock()
        self._read: OrderedDict[str | None, _Read] = OrderedDict()
        self._held: OrderedDict[str, tuple[int, Held]] = OrderedDict()

    def read(self, inc: str | None, kinds: Sequence[str]) -> Reading:
        """What is told of these kinds now. Always the same kinds: it remembers what it read of them."""
        with self._gate, self._session.reader.snapshot() as connection:
            stamp = self._stamp(connection)
            read = self._read.pop(inc, None)
            found = None
            if read is not None and read.stamp == stamp and read.lacking == _here(connection, read.lacking):
                found = self._onwards(connection, read, inc, kinds)
            if read is None or found is None:
                read = _Read(stamp)
                found = self._onwards(connection, read, inc, kinds)
            if found is None:
                raise RuntimeError("a reading from the beginning goes on from nothing, and so always goes on")
            self._read[inc] = read
            while len(self._read) > _READINGS:
                self._read.popitem(last=False)
            return found

    def _stamp(self, connection: sqlite3.Connection) -> tuple[str, int, int, int]:
        """What changes how entries count that are here already, in numbers: a hostile colleague may bring thousands.

        Under one roster entries only ever come to count no more, but where a forked feed is settled as more of it
        arrives (`branches.settle`): then some count again and others no more, and there are more entries in such feeds.
        """
        (uncounted,) = connection.execute("SELECT count(*) FROM standing").fetchone()
        (forked,) = connection.execute(
            "SELECT count(*) FROM fork CROSS JOIN entry ON entry.feed = fork.feed"
        ).fetchone()
        (buried,) = connection.execute("SELECT count(*) FROM tombstone").fetchone()
        return self._session.roster.sha256, uncounted, forked, buried

    def _onwards(
        self, connection: sqlite3.Connection, read: _Read, inc: str | None, kinds: Sequence[str]
    ) -> Reading | None:
        """Take in what came since; None where that does not go on from what was read, which is then worth nothing."""
        fresh = _entries(connection, inc, kinds, read.n)
        decisions = [one for one in fresh if one.entry.kind == "dispatch.authorised"]
        wanted = {str(one.entry.pub.get("doc")) for one in fresh if "doc" in one.entry.pub} - read.wanted
        held = self._documents(connection, (*read.wanted, *sorted(wanted)))
        if read.documents.keys() != held.keys() & read.wanted:
            return None
        false = self._without_people(connection, (*read.decisions, *decisions), held)
        if false - {one.id for one in decisions} != read.false:
            return None
        read.documents.update({sha: one.document for sha, one in held.items() if sha not in read.documents})
        by_inc: dict[str, list[Seen]] = {}
        for one in fresh:
            if one.entry.inc is not None and one.id not in false:
                by_inc.setdefault(one.entry.inc, []).append(seen(one))
        for name, told in by_inc.items():
            before = read.folds.get(name)
            if before is not None and before.goes_on(told):
                before.take(told)
                continue
            # where something belongs before others this incident is read anew, and no other
            again = () if before is None else _entries(connection, name, kinds, 0)
            whole = [seen(one) for one in again if one.id not in false] or told
            read.folds[name] = CorrectionsOn(whole, read.documents, self._session.roster.roster, name)
        read.n = fresh[-1].n if fresh else read.n
        read.wanted |= wanted
        read.false = false
        read.decisions += decisions
        read.named.update({one.id: one for one in fresh if one.entry.kind in _NAMED})
        read.lacking.update(_here(connection, [one.id for one in fresh if one.absent]))
        corrections = tuple(one for fold in read.folds.values() for one in fold.states())
        return Reading(corrections, held, dict(read.named))

    def _documents(self, connection: sqlite3.Connection, wanted: Iterable[str]) -> dict[str, Held]:
        """Those that are here and are actions; read again where they have another number of values now."""
        found: dict[str, Held] = {}
        for sha in wanted:
            count = _here(connection, (sha,))[sha]
            kept = self._held.pop(sha, None)
            if kept is None or kept[0] != count:
                try:
                    kept = count, read_document(connection, sha)
                except Problem:
                    continue
            self._held[sha] = kept
            if isinstance(kept[1].document, Action):
                found[sha] = kept[1]
        while len(self._held) > _DOCUMENTS:
            self._held.popitem(last=False)
        return found

    def _without_people(
        self, connection: sqlite3.Connection, decisions: Iterable[Stored], held: Mapping[str, Held]
    ) -> frozenset[str]:
        """Decisions that had not their people: judged while it may be sent, and by its signers once it is over."""
        now, rulings = self._session.clock.wall_ms(), rulings_of(self._session)
        open_ones = {
            sha for sha, one in held.items()
            if isinstance(one.document, Action)
            and now <= max(one.document.execute_by, one.document.execute_by_unreachable or 0)
        }  # fmt: skip
        false: set[str] = set()
        for one in decisions:
            doc = str(one.entry.pub.get("doc"))
            about = held.get(doc)
            if about is not None and isinstance(about.document, Action):
                stands = rulings.holds(connection, one) if doc in open_ones else rulings.enough(connection, about, one)
                false |= set() if stands else {one.id}
        return frozenset(false)


def told_of(session: Session) -> Told:
    """What this session has read."""
    return session.once("told", lambda: Told(session))


def _entries(connection: sqlite3.Connection, inc: str | None, kinds: Sequence[str], after: int) -> list[Stored]:
    where, values = f"e.n > ? AND e.kind IN ({','.join('?' * len(kinds))})", [after, *kinds]
    if inc is not None:
        where, values = f"{where} AND e.inc = ?", [*values, inc]
    return select_entries(connection, where, values, index="entry_told")


def _here(connection: sqlite3.Connection, holders: Iterable[str]) -> dict[str, int]:
    """How many values of each are here."""
    sql = "SELECT count(*) FROM disclosure WHERE holder = ?"
    return {holder: connection.execute(sql, (holder,)).fetchone()[0] for holder in holders}
