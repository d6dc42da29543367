"""What people are called here: by the roster's disclosures, else by their first self-test, else the end of their id.

Lists ask for every row, so names are kept. A redaction forgets them all; nothing redacted is shown again.
"""

from __future__ import annotations

import threading

from console.domain.called import told_apart
from console.domain.profile import JsonValue
from console.journal.rows import select_entries
from console.journal.store import JournalStore
from console.keys import canon
from console.runtime.clock import Clock

_TESTS = 20
_UNNAMED_AGAIN_MS = 5_000  # a name may arrive as a value, without any entry: whoever has none is looked up again


class Names:
    """The display names of one organisation. Any thread may ask."""

    def __init__(self, store: JournalStore, clock: Clock, me: str, my_name: str) -> None:
        self._store = store
        self._clock = clock
        self._me = me
        self._my_name = my_name
        self._gate = threading.Lock()
        self._mark: tuple[int, int] = (-1, -1)
        self._everybody: frozenset[str] = frozenset()
        self._listed: dict[str, str] = {}
        self._spoken: dict[str, str] = {}
        self._kept: dict[str, str] = {}
        self._unnamed: dict[str, int] = {}

    def of(self, person: str) -> str:
        """What this person is called; the end of the id where no name is here."""
        with self._gate:
            mark = self._read_mark()
            if mark != self._mark:
                self._mark, self._unnamed, self._spoken = mark, {}, {}
                self._listed = self._from_rosters()
                self._read_spoken(person)
            found = self._kept.get(person)
            if found is not None:
                return found
            now = self._clock.boot_ms()
            if now >= self._unnamed.get(person, now):
                self._unnamed[person] = now + _UNNAMED_AGAIN_MS
                self._listed = self._from_rosters()
                self._read_spoken(person)
            return self._kept.get(person, f"person ..{person[-4:]}")

    def _read_mark(self) -> tuple[int, int]:
        """What kept names depend on: a new roster version, and a redaction."""
        with self._store.reader().snapshot() as connection:
            found = connection.execute("SELECT (SELECT count(*) FROM roster), (SELECT count(*) FROM tombstone)")
            rosters, tombstones = found.fetchone()
        return int(rosters), int(tombstones)

    def _from_rosters(self) -> dict[str, str]:
        """The newest version's disclosed names first; oneself by the profile's own name where none is disclosed."""
        found: dict[str, str] = {}
        rosters = self._store.rosters()
        self._everybody = frozenset(one.person for version in rosters[-1:] for one in version.roster.persons)
        for version in reversed(rosters):
            texts = self._store.reader().disclosures([version.sha256]).get(version.sha256, ())
            opened = {canon.digest(text): canon.open_disclosure(text) for text in texts}
            for member in version.roster.persons:
                name = _name(opened, member.sd)
                if name is not None:
                    found.setdefault(member.person, name)
        found.setdefault(self._me, self._my_name)
        return found

    def _read_spoken(self, person: str) -> None:
        """What those whom no roster lists called themselves in the first self-test that counts; all are told apart.

        The first, so that nobody is somebody else later on: another name is given by a roster.
        """
        for one in sorted((self._everybody | {person}) - set(self._listed) - set(self._spoken)):
            name = self._said_by(one)
            if name is not None:
                self._spoken[one] = name
        self._kept = told_apart(self._listed, self._spoken)

    def _said_by(self, person: str) -> str | None:
        where = "e.feed IN (SELECT feed FROM feed WHERE author = ?) AND e.kind = 'self-test' AND s.id IS NULL"
        with self._store.reader().snapshot() as connection:
            found = select_entries(connection, where, (person,), order="e.hlc_ms", limit=_TESTS, index="entry_told")
        spoken = (stored.disclosed.get("speaker") for stored in found)
        return next((text for text in spoken if isinstance(text, str) and text.strip()), None)


def _name(opened: dict[str, tuple[bytes, str, JsonValue]], digests: tuple[str, ...]) -> str | None:
    for digest in digests:
        found = opened.get(digest)
        if found is not None and found[1] == "name" and isinstance(found[2], str):
            return found[2]
    return None
