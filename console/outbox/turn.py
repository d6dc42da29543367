"""Whose turn it is to send a target: whoever is named first, a stand-by after silence, or who took it over.

No key of a provider protects against two dispatchers: what cannot be sent twice safely is sent by one at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from adapters.contract import Lever
from console.domain.actions import Action, Target
from console.domain.clock_doubt import latest_ms
from console.domain.errors import Problem
from console.journal.tx import Tx
from console.journal.values import FeedSigner
from console.outbox.authorise import stands_by
from console.outbox.facts import Held, good_entries, read_document
from console.outbox.gate import Authority, Stop
from console.outbox.item import Row, state_told
from console.outbox.overlap import place_of, steps_of, targets_at

SILENCE_MS: Final = 60_000
LEASE_MS: Final = 15 * 60_000
# the same signed bytes sent by two consoles come to the same as sent by one
TWICE_IS_ONCE: Final = frozenset({"key", "conditional", "desired-state"})
_NOT_BEGUN: Final = frozenset({"queued", "dispatching", "unknown"})
CanStandIn = Callable[[Action, Target], bool]


@dataclass(slots=True)
class Lease:
    """When the engine met every shared place (boot clock); `kept` is False where there is none to meet.

    `told` says of each document that waits for another's lease when a meeting first told the others of it.
    """

    kept: bool = False
    met_boot_ms: int | None = None
    told: dict[str, int | None] = field(default_factory=dict[str, "int | None"])

    def meet(self, began_boot_ms: int) -> None:
        """Every shared place was met, by a meeting that began then."""
        self.met_boot_ms = began_boot_ms
        self.told = {doc: began_boot_ms if at is None else at for doc, at in self.told.items()}


def may_stand_in(action: Action, target: Target, lever: Lever) -> bool:
    """Whether two consoles may send these very bytes: containment that can be reverted, and twice is once."""
    return action.direction == "contain" and target.reversal != "none" and lever.idempotency in TWICE_IS_ONCE


def is_careful(action: Action, target: Target, lever: Lever) -> bool:
    """Whether a later revision has to wait for the lease of whoever was to send the former one.

    Another revision is other bytes: its key is another key. Only containment that sets a state may be sent over.
    """
    return action.direction == "restore" or target.reversal == "none" or lever.idempotency != "desired-state"


def turns(tx: Tx, feed: FeedSigner, held: Held, able: CanStandIn) -> tuple[int, ...]:
    """The targets this console stands by for and whose turn has come.

    Nothing was heard of anybody named before it for a minute each, counted from when its people had signed here, and
    nothing they entered says that the target has been settled.
    """
    action = held.document
    if not isinstance(action, Action):
        return ()
    found = [at for at in stands_by(action, feed) if able(action, action.targets[at])]
    if not found:
        return ()
    ready_ms = _ready_ms(tx, feed, held.sha)
    return tuple(at for at in found if ready_ms is not None and _is_silent(tx, feed, held, action, at, ready_ms))


def _ready_ms(tx: Tx, feed: FeedSigner, doc: str) -> int | None:
    """When the last approval was taken in here."""
    times = [
        one.received_ms for one in good_entries(tx.connection, ("approval.received",))
        if one.feed == feed.feed and one.entry.pub.get("doc") == doc
    ]  # fmt: skip
    return max(times, default=None)


def _is_silent(tx: Tx, feed: FeedSigner, held: Held, action: Action, at: int, ready_ms: int) -> bool:
    line = action.targets[at].dispatchers
    before = line[: line.index(feed.feed)]
    for place, name in enumerate(before, start=1):
        steps = [(one.entry.kind, one.entry.pub) for one in steps_of(tx.connection, action.op, held.sha, at, name)]
        if steps and state_told(steps)[0] not in _NOT_BEGUN:
            return False
        heard = tx.connection.execute("SELECT max(received_ms) FROM entry WHERE feed = ?", (name,)).fetchone()[0]
        if tx.now_ms - max(heard or 0, ready_ms) < SILENCE_MS * place:
            return False
    return True


def fence(tx: Tx, authority: Authority, row: Row, lever: Lever, lease: Lease) -> Stop | None:
    """Whether somebody may have taken it over unseen: it waited a lease long and met no shared place since."""
    action = authority.action
    if not lease.kept or not is_careful(action, action.targets[row.target], lever):
        return None
    waited_ms = latest_ms(tx.clocks, authority.since) - authority.decided_ms
    if lease.met_boot_ms is not None:
        waited_ms = min(waited_ms, tx.clocks.boot_ms - lease.met_boot_ms)
    if waited_ms <= LEASE_MS:
        return None
    why = "It waited here for 15 minutes without meeting a shared place: another console may have taken it over."
    return Stop("stale", "dispatch.stale", why)


def waits_ms(tx: Tx, authority: Authority, row: Row, lever: Lever, lease: Lease, settle_ms: int) -> int:
    """How long (ms) a revision that was taken over from another console has to wait for that one's lease to end.

    0 where it may go: containment that can be sent twice safely, or where the other one is known to be done with it.
    The lease ends 15 minutes after the others could first read of it: until then one that was only slow may send.
    """
    action = authority.action
    careful = is_careful(action, action.targets[row.target], lever)
    if action.supersedes is None or not careful or not _others_may_send(tx, authority, row):
        return 0
    now = tx.clocks
    if lease.kept:
        told_ms = lease.told.setdefault(row.doc, None)
        return LEASE_MS if told_ms is None else max(0, told_ms + LEASE_MS + settle_ms - now.boot_ms)
    since = authority.since
    waited_ms = now.wall_ms - since.wall_ms
    if now.boot_id == since.boot_id:  # whoever sets the clock forward ends nobody's lease
        waited_ms = min(waited_ms, now.boot_ms - since.boot_ms)
    return max(0, LEASE_MS + settle_ms - waited_ms)


def _others_may_send(tx: Tx, authority: Authority, row: Row) -> bool:
    mine = authority.action.targets[row.target].dispatchers[0]
    try:
        before = read_document(tx.connection, str(authority.action.supersedes))
    except Problem:
        return True
    if not isinstance(before.document, Action):
        return True
    place = place_of(authority.action, row.target, authority.planned)
    for at, _planned in targets_at(place, before, before.document):
        for name in before.document.targets[at].dispatchers:
            steps = steps_of(tx.connection, before.document.op, before.sha, at, name)
            state, _ = state_told([(one.entry.kind, one.entry.pub) for one in steps])
            if name != mine and state in _NOT_BEGUN:
                return True
    return False


__all__ = [
    "LEASE_MS", "SILENCE_MS", "CanStandIn", "Lease", "fence", "is_careful", "may_stand_in", "turns", "waits_ms",
]  # fmt: skip
