"""One meeting of this console with a shared place: take in, give out (protocol.md section 8). Merging is union.

It never decides what counts (the journal's door does) and never waits: a place that is gone is said at once.
"""

from __future__ import annotations

from collections.abc import Callable

from console.journal.store import JournalStore
from console.journal.values import FeedSigner
from console.sync import incoming, outgoing, relay
from console.sync.folder import FolderPlace
from console.sync.forks import note_forks, take_proofs
from console.sync.lane import Lane
from console.sync.report import SyncReport, Tally
from console.sync.unseen import unseen


def sync_once(
    store: JournalStore, place: FolderPlace, console: str, machine: Callable[[], FeedSigner] | None = None
) -> SyncReport:
    """Meet `place` once. `console` is this installation's id: it writes under prefixes of feeds that it opened only.

    What is open goes and comes first; then rosters both ways, entries, documents and values, and last what the place
    lacks of others. Running it again changes nothing. `machine` opens the console's own feed, for approvals that came
    ahead of their history and for fork proofs.

    Raises:
        PlaceGone: when the place is not there (any more). What was taken in until then is kept.
        PlaceFull: when it cannot be written.
    """
    tally = Tally()
    lane = Lane(store, place, console, tally)
    lane.offer()
    lane.take(machine)
    intake, whole = _take_history(store, place, tally, lane)
    if not whole:  # a file was replaced while it was read
        intake, _ = _take_history(store, place, tally, lane)
    forks = note_forks(store, console, machine)
    tally.faults += [one.sentence for one in unseen(store)]
    lane.offer()
    offer = outgoing.Offer(place, store.reader(), intake.listed, tally)
    outgoing.offer_rosters(offer)
    feeds = store.reader().feeds()
    own = [facts.feed for facts in feeds if facts.console == console]
    for feed in own:
        outgoing.offer_feed(offer, feed)
    relay.offer_others(offer, own, [facts.feed for facts in feeds if facts.console != console], intake.here)
    return tally.report(place.label, forks)


def _take_history(store: JournalStore, place: FolderPlace, tally: Tally, lane: Lane) -> tuple[incoming.Intake, bool]:
    """Everything others put there; the place as it was found, and whether all of it could be read."""
    listed, refused = place.objects()
    lane.offer()
    tally.faults += [str(fault) for fault in refused]
    intake = incoming.Intake(place, store, listed, tally)
    incoming.take_rosters(intake)
    whole = incoming.take_entries(intake, lane.offer)
    incoming.take_objects(intake)
    whole &= incoming.take_values(intake)
    take_proofs(store)
    incoming.take_objects(intake)  # again: a file is named by a value, and a document's values need the document
    return intake, whole


def sync_open(
    store: JournalStore, place: FolderPlace, console: str, machine: Callable[[], FeedSigner] | None = None
) -> SyncReport:
    """Exchange only what is open, without any history: for the moment after somebody signed or refused.

    Raises:
        PlaceGone, PlaceFull: as `sync_once`.
    """
    tally = Tally()
    lane = Lane(store, place, console, tally)
    lane.offer()
    lane.take(machine)
    lane.offer()
    return tally.report(place.label, note_forks(store, console, machine))
