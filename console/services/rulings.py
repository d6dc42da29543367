"""Which documents are decided, for every service of one session: each authorisation is judged again once."""

from __future__ import annotations

from console.outbox.rulings import Rulings
from console.services.session import Session


def rulings_of(session: Session) -> Rulings:
    """What this session knows of authorisations."""
    return session.once("rulings", lambda: Rulings(session.store))
