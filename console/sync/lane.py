"""The fast lane of a meeting: what is open travels in files of its own, before any history (protocol.md section 8).

A file here can add nothing that the history could not, and take nothing away: one that is damaged, stale or hostile is
left where it is, and its gap is filled by the history.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final

from console.domain.errors import Problem
from console.journal.store import JournalStore
from console.keys import canon
from console.sync import early, held, layout, parcel, urgent
from console.sync.early import Machine
from console.sync.faults import FileRefused, FileVanished
from console.sync.folder import FolderPlace, Listed
from console.sync.report import Tally

_PER_FEED: Final = 4
_PER_MEETING: Final = 128


class Lane:
    """One meeting's use of the lane: `offer`, then `take`, `offer` again whenever something was written meanwhile."""

    def __init__(self, store: JournalStore, place: FolderPlace, console: str, tally: Tally) -> None:
        self._store = store
        self._place = place
        self._console = console
        self._tally = tally
        self._sent: dict[str, str | None] = {}
        self._heads: dict[str, int] = {}

    def offer(self) -> None:
        """Put each own feed's urgent file there, where one is needed and the feed went on since the last time."""
        heads = self._own_heads()
        if heads == self._heads:
            return
        now_ms = self._store.write(lambda tx: tx.now_ms)
        reader = self._store.reader()
        forked = reader.forks()
        objects: list[tuple[str, bytes]] = []
        for feed, seq in heads.items():
            if self._heads.get(feed) == seq:
                continue
            made = None if feed in forked else urgent.pack(reader, feed, now_ms)
            name = None if made is None else layout.now_name(feed, made[0], canon.sha256_hex(made[1]))
            if made is not None and name is not None and self._sent.get(feed) != name:
                objects.append((name, made[1]))
            self._sent[feed] = name
        place = self._place
        self._tally.sent += sum(place.together([partial(place.create, name, data) for name, data in objects]))
        self._heads = heads

    def take(self, machine: early.Machine | None) -> None:
        """Read what others put there and this console does not hold; then take own former files away."""
        listed: list[Listed] = []
        for _ in range(2):  # a second look where a file was replaced while it was read
            listed, refused = self._place.urgent()
            self._tally.faults += [str(fault) for fault in refused]
            if self._read(self._news(listed), machine):
                break
        self._tidy(listed)

    def _read(self, news: list[Listed], machine: Machine | None) -> bool:
        whole = True
        for item, data in zip(news, self._place.read_all([one.name for one in news]), strict=True):
            if isinstance(data, FileVanished):
                whole = False
                continue
            try:
                if isinstance(data, FileRefused):
                    raise data
                found = parcel.open_parcel(data)
            except FileRefused as fault:
                self._tally.faults.append(str(fault))
            except Problem as fault:
                self._tally.faults.append(str(FileRefused(item.name.path, fault.what.rstrip("."))))
            else:
                early.take_in(self._store, item.name.path, found, self._tally, machine)
        return whole

    def _news(self, listed: Iterable[Listed]) -> list[Listed]:
        """The newest files of others that tell something new; of feeds known here first, and never very many."""
        reader = self._store.reader()
        known = {facts.feed for facts in reader.feeds()}
        lacking = held.lacking(reader)
        mine = self._own_heads()
        looked: dict[str, int] = {}
        news: list[Listed] = []
        for item in sorted(listed, key=lambda one: (one.name.feed not in known, -one.name.first)):
            feed = item.name.feed or ""
            looked[feed] = looked.get(feed, 0) + 1
            if feed in mine or looked[feed] > _PER_FEED:
                continue
            if held.count(reader, feed, item.name.first, item.name.first) == 0 or feed in lacking:
                news.append(item)
            if len(news) == _PER_MEETING:
                break
        return news

    def _tidy(self, listed: Iterable[Listed]) -> None:
        """Own files that a newer one replaces, or that nothing open needs any more."""
        heads = self._own_heads()
        for item in listed:
            feed = item.name.feed or ""
            is_last = item.name.path == self._sent.get(feed)
            if feed not in heads or is_last or item.name.first > heads[feed]:
                continue
            try:
                self._place.remove(item.name.path)
            except FileRefused as fault:
                self._tally.faults.append(str(fault))

    def _own_heads(self) -> dict[str, int]:
        reader = self._store.reader()
        mine = {facts.feed for facts in reader.feeds() if facts.console == self._console}
        return {feed: seq for feed, (seq, _) in reader.heads().items() if feed in mine}
