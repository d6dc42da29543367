"""Which documents are decided, for every service of one session: each authorisation is judged again once."""

from __future__ import annotations

from collections.abc import Iterable

from console.journal.values import Stored
from console.outbox.rulings import Rulings
from console.services.session import Session


def rulings_of(session: Session) -> Rulings:
    """What this session knows of authorisations."""
    return session.once("rulings", lambda: Rulings(session.store))


def counted_steps(session: Session, told: Iterable[Stored]) -> list[Stored]:
    """These entries, but what a machine says of an action for which it entered no decision with signers enough.

    Nobody was shown by it that anything was sent or held (0189). What people entered is all there.
    """
    entries, rulings = list(told), rulings_of(session)
    with session.reader.snapshot() as connection:
        decided = {
            (str(one.entry.pub.get("doc")), one.feed) for one in entries
            if one.entry.kind == "dispatch.authorised" and rulings.enough(connection, None, one)
        }  # fmt: skip
    return [
        one for one in entries
        if not one.entry.kind.startswith("dispatch.") or (str(one.entry.pub.get("doc")), one.feed) in decided
    ]  # fmt: skip
