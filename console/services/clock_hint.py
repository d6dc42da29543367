"""What other clocks tell of this console's own: those of providers that answer, and of colleagues whose entries came.

Only shown (`console.domain.clock_hint`): nothing that is decided or sent asks it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from sqlite3 import Connection
from typing import Final

from console.domain.clock_hint import KEPT_MS, TOLERANCE_MS, ClockHint, Voice, hint_of
from console.journal.readings import read_clocks
from console.providers.plane import Plane, Planes
from console.providers.poller import hear_the_time
from console.services.providers import instances_of
from console.services.session import Session

_ASKED_WITHIN_S: Final = 3.0
_LATELY: Final = 500  # local numbers looked at
_FRESH_MS: Final = 10 * 60_000


class _NoSecrets:
    """What is asked for the time is shown nothing."""

    def get(self, name: str) -> str | None:  # noqa: ARG002  whatever is asked for
        """None."""
        return None


class Colleagues:
    """Colleagues' consoles whose entries arrived here before they were written, by their own clock.

    Such an entry's time may have been pushed on by a third console's clock (entries never go back): so it is a hint
    like the rest.
    """

    def __init__(self, session: Session) -> None:
        self._console = session.settings.console
        self._clock = session.clock
        self._known: dict[str, Voice] = {}

    def read(self, connection: Connection, since: int) -> None:
        """Take in what came after the local number `since`."""
        now = read_clocks(self._clock)
        rows = connection.execute(
            "SELECT f.console, e.hlc_ms, e.received_ms FROM entry e JOIN feed f ON f.feed = e.feed AND f.mine = 0 "
            "WHERE e.n > max(?, (SELECT coalesce(max(n), 0) FROM entry) - ?) "
            "AND e.received_ms BETWEEN ? AND ? AND e.hlc_ms > e.received_ms + ?",
            (since, _LATELY, now.wall_ms - _FRESH_MS, now.wall_ms, TOLERANCE_MS),
        )
        for console, theirs_ms, received_ms in rows:
            at_ms = now.boot_ms - (now.wall_ms - received_ms)
            voice = Voice(whose="console", name=console, epoch_ms=theirs_ms - at_ms, slack_ms=0, at_ms=at_ms)
            known = self._known.get(console)
            lately = known is not None and now.boot_ms - known.at_ms <= KEPT_MS
            if console != self._console and not (lately and known is not None and known.epoch_ms > voice.epoch_ms):
                self._known[console] = voice

    def voices(self) -> tuple[Voice, ...]:
        """One for each such console."""
        return tuple(self._known.values())


def told_by(session: Session, planes: Iterable[Plane], colleagues: Colleagues) -> ClockHint | None:
    """What has been heard so far tells; nothing in a drill, whose simulators have this machine's clock."""
    if session.settings.world == "drill":
        return None
    now = read_clocks(session.clock)
    hosts: dict[str, Voice] = {}  # several instances at one host have one clock
    for plane in planes:
        for host, voice in plane.wire.dates.voices(plane.instance.name, now.boot_ms):
            hosts.setdefault(host, voice)
    return hint_of([*hosts.values(), *colleagues.voices()], now)


def ask_now(session: Session) -> ClockHint | None:
    """As `told_by`, where nothing was heard yet: ask every provider for nothing in particular, and look at the date.

    It shows no credential, so that it works while they are locked. Those that sign every call are passed over.
    """
    if session.settings.world == "drill":
        return None
    colleagues = Colleagues(session)
    with session.reader.snapshot() as connection:
        colleagues.read(connection, -1)
    planes = Planes.open(instances_of(session), _NoSecrets(), session.clock)

    async def ask() -> None:
        try:
            await asyncio.gather(*(hear_the_time(plane, _ASKED_WITHIN_S) for plane in planes.all()))
        finally:
            await planes.aclose()

    asyncio.run(ask())
    return told_by(session, planes.all(), colleagues)
