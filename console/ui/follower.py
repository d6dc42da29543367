"""Reads something of the record for a part of the window: while it is seen, again when the record grew, one at a time.

It never waits and keeps nothing alive. What cannot be read is told by the window.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtWidgets import QWidget

from console.services.session import Session
from console.ui.room import Room
from console.viewmodels.shell import GROWN, SHELL

T = TypeVar("T")


class Follower(Generic[T]):
    """One for each part. `touch` reads now where the part is seen, else when it is next shown."""

    def __init__(
        self, room: Room, owner: QWidget, read: Callable[[Session], T], take: Callable[[T], None]
    ) -> None:  # fmt: skip
        self._room, self._owner, self._read, self._take = room, owner, read, take
        self._busy = self._again = False
        self._stale = True
        room.bridge.on(GROWN, lambda _grown: self.touch(), owner)
        room.bridge.on(SHELL, lambda _shell: self.touch(), owner)

    def shown(self) -> None:
        """The part is seen: what went stale meanwhile is read."""
        if self._stale:
            self.touch()

    def touch(self) -> None:
        """Something may have changed."""
        self._stale = True
        if not self._owner.isVisible():
            return
        if self._busy:
            self._again = True
            return
        self._busy, self._again, self._stale = True, False, False
        self._room.bridge.when_done(self._room.desk.do(self._read, "aside"), self._done, self._lost, self._owner)

    def _done(self, found: T) -> None:
        self._busy = False
        self._take(found)
        if self._again:
            self.touch()

    def _lost(self, fault: BaseException) -> None:
        self._busy = False
        self._room.doer.troubled.emit(self._room.doer.trouble_of(fault))


__all__ = ["Follower"]
