"""Where snapshots come out: the latest by topic, and who wants to hear. Any thread may post; none ever waits here.

It keeps no history: whoever listens late gets the latest.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Topic(Generic[T]):
    """The name under which one kind of immutable snapshot is posted; `T` is its type.

    `often` says that it nearly always differs and is large: then nobody compares it with the one before.
    """

    name: str
    often: bool = False


Listener = Callable[[str, object], None]


class Outlet:
    """The latest snapshot of every topic. Listeners are called on the posting thread and must only take note."""

    def __init__(self) -> None:
        self._gate = threading.Lock()
        self._latest: dict[str, object] = {}
        self._listeners: list[Listener] = []

    def post(self, topic: Topic[T], snapshot: T) -> None:
        """Make it the latest, and tell the listeners; an equal one tells nobody."""
        with self._gate:
            if not topic.often and topic.name in self._latest and self._latest[topic.name] == snapshot:
                return
            self._latest[topic.name] = snapshot
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener(topic.name, snapshot)

    def latest(self, topic: Topic[T]) -> T | None:
        """The latest, or None where nothing was posted yet."""
        with self._gate:
            return cast("T | None", self._latest.get(topic.name))

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Hear of every later post; call what is returned to stop."""
        with self._gate:
            self._listeners.append(listener)

        def stop() -> None:
            with self._gate:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return stop
