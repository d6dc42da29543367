"""What stops giving back, and what cannot be reverted, and never containment (protocol.md 11, Emergency).

No guard here stops an emergency: of containment it only says what is to be known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from console.domain.actions import Action
from console.journal.tx import Tx
from console.outbox.gate import Authority
from console.outbox.item import Row
from console.outbox.turn import Lease

DAY_MS: Final = 24 * 3_600_000
MET_WITHIN_MS: Final = 60_000


def is_grave(action: Action, target: int) -> bool:
    """Whether the guards stop it: it gives back, or it cannot be reverted."""
    return action.direction == "restore" or action.targets[target].reversal == "none"


def why_it_waits(tx: Tx, authority: Authority, row: Row, lease: Lease) -> str:
    """Why something that gives back or cannot be reverted has to wait; empty where it may go, and of containment."""
    if not is_grave(authority.action, row.target):
        return ""
    if lease.kept and (lease.met_boot_ms is None or tx.clocks.boot_ms - lease.met_boot_ms > MET_WITHIN_MS):
        return "A shared place cannot be met: whoever cancelled it there could not be heard. It waits."
    told = roster_doubt(tx)
    return f"{told} It waits until another console is heard." if told else ""


def roster_doubt(tx: Tx) -> str:
    """Why the roster here may not be the newest one; empty where another console was heard within a day, or is none.

    Whoever writes under a newer roster is not taken in before that roster is: then nothing of theirs is heard.
    """
    here = {str(row[0]) for row in tx.connection.execute("SELECT DISTINCT console FROM feed WHERE mine = 1")}
    others = {one.console for one in tx.roster().roster.consoles if one.to_ms is None} - here
    if not others or tx.now_ms - max(_heard(tx, others), default=0) <= DAY_MS:
        return ""
    return "No other console was heard for more than a day: the roster here may be older than theirs."


def _heard(tx: Tx, consoles: Collection[str]) -> Iterator[int]:
    """When the last entry of each of their feeds came here."""
    for feed, console in tx.connection.execute("SELECT feed, console FROM feed WHERE mine = 0").fetchall():
        last = tx.connection.execute(
            "SELECT received_ms FROM entry WHERE feed = ? ORDER BY seq DESC LIMIT 1", (feed,)
        ).fetchone()
        if last is not None and console in consoles:
            yield int(last[0])


__all__ = ["is_grave", "roster_doubt", "why_it_waits"]
