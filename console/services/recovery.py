"""After a restored backup: fetch what was written from every place, then go on in new feeds (protocol 3, 11 Profile).

It never rewrites or removes an entry, and it never lets go of what is missing while a place that may have it is away,
unless a person says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from console.domain.errors import Problem, WaitsForConnection
from console.journal.faults import OlderThanWritten
from console.journal.tx import Tx
from console.outbox.time import clock_words
from console.services.session import Session
from console.sync.folder import FolderPlace
from console.sync.session import sync_once


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """One own feed that was written further than it is here: last number here (-1: nothing), number written."""

    feed: str
    here: int
    written: int

    @property
    def entries(self) -> int:
        """How many are missing, at least."""
        return self.written - self.here


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What came of it: entries fetched, what is still missing for good, places that could not be met."""

    was_behind: bool
    received: int
    lost: tuple[Lack, ...]
    away: tuple[str, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """The whole result in words."""
        if not self.was_behind:
            return ("Nothing to recover: this record is not older than what this console has written.",)
        lines = [f"{self.received} entries were fetched. The record goes on here in new feeds, from the next entry on."]
        lines += [
            f"{one.entries} entries of the feed {one.feed[:16]} (numbers {one.here + 1} to {one.written}) are in no "
            "place that was met: they are missing here until a colleague's console or a backup brings them."
            for one in self.lost
        ]
        lines += [f"This place could not be met: {one}" for one in self.away]
        lines.append("Corrections that were still to be sent from the old feed are not sent: look, and propose again.")
        return tuple(lines)


def lacks(session: Session) -> tuple[Lack, ...]:
    """Own feeds that were written further than this record knows: then nothing is written here."""
    found = session.store.write(lambda tx: tx.lacking())
    return tuple(Lack(feed=feed, here=here, written=written) for feed, (here, written) in sorted(found.items()))


def recover(session: Session, *, alone: bool = False) -> Recovered:
    """Fetch from every place, then let the record go on in new feeds. Where nothing is missing it changes nothing.

    `alone` goes on although a place could not be met.

    Raises:
        WaitsForConnection: when something is missing still and a place could not be met.
        OSError: when the mark cannot be written; then it is as before.
    """
    if not lacks(session):
        return Recovered(was_behind=False, received=0, lost=(), away=())
    received, away = 0, list[str]()
    for folder in session.settings.places:
        try:
            report = sync_once(session.store, FolderPlace(Path(folder)), session.settings.console)
        except Problem:
            away.append(folder)
        else:
            received += report.received
    lost = lacks(session)
    if lost and away and not alone:
        raise WaitsForConnection(
            f"{sum(one.entries for one in lost)} entries are missing still, and {away[0]} could not be met.",
            "Bring it back and do this again; or go on without it: `standdown doctor --recover --alone`.",
        )
    session.store.start_anew()
    return Recovered(was_behind=True, received=received, lost=lost, away=tuple(away))


def alarm_of(tx: Tx) -> tuple[str, str]:
    """What is wrong with this console itself, and what to do. Empty where nothing is."""
    lacking = tx.lacking()
    if lacking:
        fault = OlderThanWritten(sum(written - here for here, written in lacking.values()))
        return fault.what, fault.next_step
    return clock_words(tx)
