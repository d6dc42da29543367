"""The first contact with a place: what was written with this console's own keys and is not here is taken back first.

So a machine that was restored or copied as a whole is found before it writes. It proves every entry at the door, never
waits long for a place, and decides nothing: the journal sets a feed aside that came back from outside.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from console.domain.errors import Problem
from console.journal.store import JournalStore
from console.sync import incoming
from console.sync.folder import FolderPlace
from console.sync.report import Tally

PATIENCE_S: Final = 3.0  # the first write does not wait longer for a share that hangs


def take_back(store: JournalStore, places: Sequence[str], console: str, patience_s: float = PATIENCE_S) -> None:
    """Take own entries back from every place that answers in time; one that does not is met at the next sync."""
    done = threading.Event()

    def run() -> None:
        try:
            for folder in places:
                _take_back_from(store, folder, console)
        finally:
            done.set()

    threading.Thread(target=run, name="first contact", daemon=True).start()
    done.wait(patience_s)


def _take_back_from(store: JournalStore, folder: str, console: str) -> None:
    try:
        place = FolderPlace(Path(folder))
        own = [facts.feed for facts in store.reader().feeds() if facts.console == console]
        there = {feed: place.segments_of(feed) for feed in own}
        for item in place.relayed():  # what a colleague had by a stick may lie nowhere else
            if item.name.feed in there:
                there[item.name.feed].append(item)
        heads = store.reader().heads()  # after the listing: nothing is put there before it is in the journal
        news = [
            item
            for feed, items in there.items()
            for item in items
            if item.name.last > (heads[feed][0] if feed in heads else -1)
        ]
        if news:
            incoming.take_entries(incoming.Intake(place, store, news, Tally()))
    except (Problem, OSError, RuntimeError, sqlite3.Error):
        return  # gone, or the journal was closed meanwhile: the next sync tells
