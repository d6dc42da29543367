"""A window's surroundings around a real profile, for tests of its parts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from console.services.session import Session
from console.ui.bridge import Bridge
from console.ui.doer import Doer
from console.ui.room import Room
from console.ui.theme import Look
from console.viewmodels.commands import Commands
from console.viewmodels.desk import Desk


@contextmanager
def room_of(session: Session, look: Look) -> Iterator[Room]:
    """The desk reads and writes; no engine runs."""
    desk = Desk(session)
    bridge = Bridge(desk.outlet)
    desk.start()
    try:
        yield Room(desk, bridge, look, Commands(), Doer(desk, bridge, look))
    finally:
        bridge.close()
        desk.stop()
