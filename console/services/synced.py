"""How far this console's own feeds are known to lie on any shared place: what is beyond exists here only.

A lower bound, kept beside the profile between starts; losing it says too little, never too much.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from contextlib import suppress

from console.services.session import Session

FILE_NAME = "synced.json"
_GATE = threading.Lock()


def own_heads(session: Session) -> dict[str, int]:
    """The last number of each feed of this console."""
    heads = session.reader.heads()
    mine = (one.feed for one in session.reader.feeds() if one.console == session.settings.console)
    return {feed: heads[feed][0] for feed in mine if feed in heads}


def keep(session: Session, heads: Mapping[str, int]) -> None:
    """A place has been given everything up to these numbers. Written only where that is more than was known."""
    with _GATE:
        known = _read(session)
        more = {feed: seq for feed, seq in heads.items() if seq > known.get(feed, -1)}
        if not more:
            return
        path = session.paths.root / FILE_NAME
        beside = path.with_suffix(".new")
        with suppress(OSError):  # the meeting was whole; on a full disk less is known of it later
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                json.dump({**known, **more}, stream)
            beside.replace(path)


class SyncedUpto:
    """For one timeline: called for each page of rows, and reads the file only when it has changed.

    Gives nothing where the profile has no place: there, everything is only here, and nobody has to be told row by row.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._stamp: tuple[int, int] | None = None
        self._known: dict[str, int] = {}

    def __call__(self) -> Mapping[str, int]:
        """The last number of each own feed that any place is known to have; -1 where none is."""
        if not self._session.settings.places:
            return {}
        stamp = self._look()
        if stamp != self._stamp:
            self._known, self._stamp = _read(self._session), stamp
        return {feed: self._known.get(feed, -1) for feed in own_heads(self._session)}

    def _look(self) -> tuple[int, int] | None:
        try:
            found = (self._session.paths.root / FILE_NAME).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino


def _read(session: Session) -> dict[str, int]:
    try:
        found: object = json.loads((session.paths.root / FILE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(feed): seq for feed, seq in found.items() if type(seq) is int} if isinstance(found, dict) else {}
