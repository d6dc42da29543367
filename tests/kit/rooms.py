"""A window's surroundings on a real profile, for tests of its parts: a desk, a bridge, a doer, and what they say."""

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
from console.viewmodels.shell import Trouble


@contextmanager
def room_of(session: Session, look: Look) -> Iterator[Room]:
    """A running room without an engine; ends with everything it began."""
    desk = Desk(session)
    bridge = Bridge(desk.outlet)
    doer = Doer(desk, bridge, look)
    desk.start()
    try:
        yield Room(desk, bridge, look, Commands(), doer)
    finally:
        bridge.close()
        desk.stop()


def troubles_of(room: Room) -> list[Trouble]:
    """What nobody showed, as it comes."""
    found: list[Trouble] = []
    room.doer.troubled.connect(found.append)
    return found
