"""What one transaction shows, read once for every target that is asked about in it: documents, decisions, steps.

It lives as long as its transaction and sees what is entered in it. It must never be carried into another one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import orjson

from console.domain.profile import JsonValue
from console.journal.faults import Damaged
from console.journal.rows import select_entries
from console.journal.tx import Tx
from console.journal.values import Stored
from console.keys.roster import VerifiedRoster
from console.outbox.item import STEP_KINDS
from console.outbox.overlap import IN_ORDER, Authorised, authorised
from console.outbox.papers import Held, read_document
from console.outbox.rulings import had_its_people

_SAID = (
    "SELECT n, id, feed, raw FROM entry "  # noqa: S608  marks only
    f"WHERE subj = ? AND n > ? AND kind IN ({','.join('?' * len(STEP_KINDS))}) ORDER BY n"
)


@dataclass(frozen=True, slots=True)
class Step:
    """As much of one entered step as says how far its target is. `n` is the order in which they came here."""

    n: int
    id: str
    feed: str
    kind: str
    pub: dict[str, JsonValue]


class Reading:
    """Get it with `of`."""

    __slots__ = ("_authorised", "_connection", "_documents", "_rosters", "_steps")

    def __init__(self, connection: sqlite3.Connection, rosters: Callable[[], Sequence[VerifiedRoster]]) -> None:
        self._connection = connection
        self._rosters = rosters
        self._documents: dict[str, Held] = {}
        self._authorised: Authorised | None = None
        self._steps: dict[str, _Steps] = {}

    @classmethod
    def of(cls, tx: Tx) -> Reading:
        """The reading of this transaction. Whatever is entered in it but a step makes it begin anew."""
        found = tx.kept.get(cls)
        if not isinstance(found, cls):
            found = tx.kept[cls] = cls(tx.connection, tx.rosters)
        return found

    def document(self, sha: str) -> Held:
        """As `read_document`."""
        found = self._documents.get(sha)
        if found is None:
            found = self._documents[sha] = read_document(self._connection, sha)
        return found

    def authorised(self) -> Authorised:
        """As `overlap.authorised`."""
        if self._authorised is None:
            holds = partial(had_its_people, self._connection, self._rosters)
            self._authorised = authorised(self._connection, holds, self.document)
        return self._authorised

    def steps(self, op: str, doc: str, target: int) -> Sequence[Step]:
        """What every console entered about this target, in the order in which it came here."""
        found = self._steps.get(op)
        if found is None:
            found = self._steps[op] = _Steps(op)
        return found.about(self._connection, doc, target)

    def steps_of(self, op: str, doc: str, target: int) -> list[Stored]:
        """As `overlap.steps_of`, of all consoles."""
        ids = [one.id for one in self.steps(op, doc, target)]
        where = f"e.id IN ({','.join('?' * len(ids))}) AND s.id IS NULL"
        return select_entries(self._connection, where, ids, order=IN_ORDER) if ids else []


class _Steps:
    """The steps of one action, by document and target; what was entered since is read when it is asked again."""

    __slots__ = ("_found", "_op", "_upto")

    def __init__(self, op: str) -> None:
        self._op = op
        self._upto = 0
        self._found: dict[tuple[JsonValue, JsonValue], list[Step]] = {}

    def about(self, connection: sqlite3.Connection, doc: str, target: int) -> Sequence[Step]:
        newest = int(connection.execute("SELECT coalesce(max(n), 0) FROM entry").fetchone()[0])
        if newest > self._upto:
            for row in connection.execute(_SAID, (self._op, self._upto, *STEP_KINDS)):
                step = _step(*row)
                self._found.setdefault((_plain(step.pub.get("doc")), _plain(step.pub.get("target"))), []).append(step)
            self._upto = newest
        return self._found.get((doc, target), ())


def _step(n: int, ident: str, feed: str, raw: bytes) -> Step:
    try:
        value = orjson.loads(raw)
        return Step(n, ident, feed, str(value["kind"]), dict(value["pub"]))
    except (ValueError, LookupError, TypeError):
        raise Damaged(f"entry {str(ident)[:16]} (feed {str(feed)[:16]})", "it is no entry") from None


def _plain(value: JsonValue) -> JsonValue:
    """As a name: what is neither text nor a number names no target."""
    return value if isinstance(value, str | int) else None


__all__ = ["Reading", "Step"]
