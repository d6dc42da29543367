"""One meeting of this console with a shared place: take in, give out (protocol.md section 8). Merging is union.

It never decides what counts (the journal's door does) and never waits: a place that is gone is said at once.
"""

from __future__ import annotations

from console.journal.store import JournalStore
from console.sync import incoming, outgoing
from console.sync.folder import FolderPlace
from console.sync.report import SyncReport, Tally


def sync_once(store: JournalStore, place: FolderPlace, console: str) -> SyncReport:
    """Meet `place` once. `console` is this installation's id: feeds it opened are the only ones it writes there.

    Rosters come first both ways, then entries, documents and values. Running it again changes nothing.

    Raises:
        PlaceGone: when the place is not there (any more). What was taken in until then is kept.
        PlaceFull: when it cannot be written.
    """
    tally = Tally()
    listed, refused = place.objects()
    tally.faults += [str(fault) for fault in refused]
    intake = incoming.Intake(place, store, listed, tally)
    incoming.take_rosters(intake)
    incoming.take_entries(intake)
    incoming.take_objects(intake)
    incoming.take_values(intake)
    incoming.take_objects(intake)  # again: a file is named by a value, and a document's values need the document
    offer = outgoing.Offer(place, store.reader(), listed, tally)
    outgoing.offer_rosters(offer)
    for facts in store.reader().feeds():
        if facts.console == console:
            outgoing.offer_feed(offer, facts.feed)
    return tally.report(place.label)
