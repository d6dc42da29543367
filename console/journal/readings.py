"""What this console's own record tells of its clocks: the readings that prove a wall clock wrong when it goes back.

It believes no colleague's clock, and it looks at the last entries only.
"""

from __future__ import annotations

import sqlite3
from typing import Final

import orjson

from console.domain.clock_doubt import Reading, back_ms
from console.journal.faults import Damaged
from console.runtime.clock import Clock

_LATELY: Final = 2_000  # local numbers looked at when a journal is opened


def read_clocks(clock: Clock) -> Reading:
    """Both clocks now."""
    return Reading(wall_ms=clock.wall_ms(), boot_ms=clock.boot_ms(), boot_id=clock.boot_id())


class Readings:
    """Lives on the writer thread. Of each boot only the reading that asks most of the wall clock is kept."""

    __slots__ = ("_clock", "_known", "_strongest")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._strongest: dict[str, Reading] = {}
        self._known = False
        self._take(read_clocks(clock))

    def note(self, wall_ms: int, boot_ms: int, boot_id: str) -> None:
        """Keep a reading that an entry was written with."""
        kept = self._strongest.get(boot_id)
        if kept is None or wall_ms - boot_ms > kept.wall_ms - kept.boot_ms:
            self._strongest[boot_id] = Reading(wall_ms=wall_ms, boot_ms=boot_ms, boot_id=boot_id)

    def back_ms(self, connection: sqlite3.Connection) -> int:
        """By how much the wall clock lags behind what the own entries and this run have seen; 0 where it does not."""
        if not self._known:
            self._learn(connection)
            self._known = True
        now = read_clocks(self._clock)
        lag = back_ms(now, self._strongest.values())
        self._take(now)
        return lag

    def _learn(self, connection: sqlite3.Connection) -> None:
        rows = connection.execute(
            "SELECT e.received_ms, e.raw FROM entry e JOIN feed f ON f.feed = e.feed AND f.mine = 1 "
            "WHERE e.n > (SELECT coalesce(max(n), 0) FROM entry) - ? ORDER BY e.n",
            (_LATELY,),
        ).fetchall()
        for received_ms, raw in rows:
            try:
                told = orjson.loads(raw)
                mono, boot = int(told["mono"]), str(told["boot"])
            except (ValueError, LookupError, TypeError):
                raise Damaged("an entry of this console", "it is no entry") from None
            self._take(Reading(wall_ms=received_ms, boot_ms=mono, boot_id=boot))

    def _take(self, reading: Reading) -> None:
        self.note(reading.wall_ms, reading.boot_ms, reading.boot_id)
