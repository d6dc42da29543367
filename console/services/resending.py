"""Send after all: end a hold, propose again what is left, give what another console was to send to this one.

What it proposes needs its signatures; nothing that was signed before carries over.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from console.domain.errors import WrongUse
from console.journal.tx import Tx
from console.outbox import store as table
from console.services import corrections, standing
from console.services.corrections import Proposal
from console.services.providers import instances_of
from console.services.session import Session

# what is not in effect, and could still be
_LEFT: Final = (
    "proposed", "approved", "queued", "dispatching", "unknown", "stale", "expired", "failed", "attention", "drifted",
)  # fmt: skip


def release(session: Session, named: str, target: int | None = None) -> int:
    """End the hold of every target (or of one) of a correction that waits after an outage; how many there were.

    It works beside whichever process dispatches.
    """
    doc = corrections.find_document(session, named).sha

    def work(tx: Tx) -> int:
        held = [
            one for one in table.load(tx.connection, doc)
            if one.state == "queued" and one.held and not one.by_hand and target in (None, one.target)
        ]  # fmt: skip
        for one in held:
            table.save(tx.connection, replace(one, not_before_ms=0))
        return len(held)

    return session.store.write(work)


def again(session: Session, named: str, reason: str = "") -> Proposal:
    """Propose what is left of a correction again, as its next revision, read anew and sent from here.

    Raises:
        WrongUse: when nothing of it is left.
        WaitsForConnection: when a provider that has to be read cannot be reached.
    """
    doc = corrections.find_document(session, named).sha
    return corrections.again(session, doc, left_of(session, doc), reason)


def left_of(session: Session, doc: str) -> list[int]:
    """The targets of a correction that are not in effect and could still be, by number."""
    return [
        target.index
        for one in standing.corrections(session) if one.doc == doc
        for target in one.targets if target.state in _LEFT and not target.by_hand
    ]  # fmt: skip


def take_over(session: Session, named: str, reason: str = "") -> Proposal:
    """As `again`, for a correction that another console was to send: its people sign that this one does.

    Raises:
        WrongUse: when this console sends it already, or has not connected its provider.
    """
    action = corrections.action_of(corrections.find_document(session, named))
    mine, here = session.device().feed, {one.id for one in instances_of(session).all()}
    if all(target.dispatchers[0] == mine for target in action.targets):
        raise WrongUse("This console sends it already.", "Run the outbox: `standdown outbox run`.")
    if any(target.instance not in here for target in action.targets if not target.by_hand):
        raise WrongUse("Its provider is not connected on this console.", "Connect it: `standdown provider add`.")
    return again(session, named, reason)
