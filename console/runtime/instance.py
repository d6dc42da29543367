"""Who is the engine of a profile: the one process that polls, syncs and dispatches (protocol 11, Profile).

It must never stop anybody from appending: only the engine's work is exclusive.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from console.runtime.clock import Clock
from console.runtime.paths import ProfilePaths
from console.runtime.platform import FileLock


@dataclass(frozen=True, slots=True)
class EngineHolder:
    """Who holds the lock, for messages only: it is a note, not proof that the process still lives."""

    pid: int
    since_ms: int


class EngineLock:
    """Held while this process is the profile's engine; a context manager, given back at the latest when it ends."""

    __slots__ = ("_lock", "holder")

    def __init__(self, lock: FileLock, holder: EngineHolder) -> None:
        self._lock = lock
        self.holder = holder

    @classmethod
    def acquire(cls, paths: ProfilePaths, clock: Clock) -> Self | None:
        """The lock, or None while another engine holds it: then `read_holder` says which."""
        lock = FileLock.try_take(paths.engine_lock)
        if lock is None:
            return None
        holder = EngineHolder(pid=os.getpid(), since_ms=clock.wall_ms())
        lock.write_note(json.dumps({"pid": holder.pid, "since_ms": holder.since_ms}) + "\n")
        return cls(lock, holder)

    def release(self) -> None:
        """Let another process become the engine; a second call does nothing."""
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.release()


def read_holder(paths: ProfilePaths) -> EngineHolder | None:
    """Who last took the lock; None where nobody did or the note is not readable (it may just be being written)."""
    try:
        note: object = json.loads(paths.engine_lock.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(note, dict):
        return None
    pid, since_ms = note.get("pid"), note.get("since_ms")
    if isinstance(pid, int) and isinstance(since_ms, int):
        return EngineHolder(pid=pid, since_ms=since_ms)
    return None
