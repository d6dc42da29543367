"""What an entry is about, in words: the target of a step, the title of what was proposed or signed, a task.

Pure reading. It says what the signed document says; where that is not here yet, it says nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from console.domain.actions import Action
from console.domain.errors import Problem
from console.domain.tasks import words_of
from console.journal.values import Stored
from console.outbox.facts import read_document
from console.services.approvals import names_here
from console.services.places_told import KINDS as PLACES
from console.services.places_told import told_of_place
from console.services.providers import instances_of
from console.services.session import Session

_OF_CORRECTIONS = ("correction.", "dispatch.", "approval.")
_TASK = "task"
# a page of rows is read while somebody scrolls: only what names the target, and no value is opened for it
_NAMES = (
    "SELECT id, kind, json_extract(CAST(raw AS TEXT), '$.pub.doc'), json_extract(CAST(raw AS TEXT), '$.pub.target'), "
    "subj, feed, seq FROM entry WHERE id IN"
)
_SEEN = (
    "SELECT json_extract(CAST(raw AS TEXT), '$.pub.seen') FROM entry WHERE subj = ? AND kind = 'dispatch.authorised' "
    "AND json_extract(CAST(raw AS TEXT), '$.pub.doc') = ?"
)
_ENDS = ("correction.cancelled", "correction.refused")
LATE = "after it was decided: it stops only what had not gone"
_MOST = 500  # names of documents that are kept; the oldest is read again when it is wanted


@dataclass(frozen=True, slots=True)
class _Told:
    """One action: each target in words, and the whole in a line."""

    targets: tuple[str, ...]
    title: str


class Targets:
    """For one timeline, on one thread: documents never change, so each is read once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, _Told] = {}
        self._buried = 0

    @staticmethod
    def concerns(kind: str) -> bool:
        """Whether entries of this kind are about a correction."""
        return kind.startswith(_OF_CORRECTIONS)

    def by_id(self, ids: Iterable[str]) -> Mapping[str, str]:
        """As `of`, for entries by their ids; one that is about no target is left out."""
        wanted = list(ids)
        if not wanted:
            return {}
        with self._session.reader.snapshot() as connection:
            self._forget_if(int(connection.execute("SELECT count(*) FROM tombstone").fetchone()[0]))
            found = connection.execute(f"{_NAMES} ({','.join('?' * len(wanted))})", wanted).fetchall()
            late = {
                ident for ident, kind, doc, _, *place in found if kind in _ENDS and _is_late(connection, doc, *place)
            }
        told = {str(ident): self._about(str(kind), doc, target) for ident, kind, doc, target, *_ in found}
        told |= {
            str(ident): self._task(self._session.reader.entry(ident)) for ident, kind, *_ in found if kind == _TASK
        }
        told |= self._places([str(ident) for ident, kind, *_ in found if str(kind).startswith(PLACES)])
        return {
            ident: f"{words} ({LATE})" if ident in late else words for ident, words in told.items() if words
        }  # fmt: skip

    def of(self, stored: Stored) -> str:
        """What this entry is about: one target, or a whole correction; empty where it is neither or not here."""
        pub, kind = stored.entry.pub, stored.entry.kind
        if kind == _TASK:
            return self._task(stored)
        words = self._about(kind, pub.get("doc"), pub.get("target"))
        if not words or kind not in _ENDS:
            return words
        with self._session.reader.snapshot() as connection:
            late = _is_late(connection, pub.get("doc"), stored.entry.subj, stored.feed, stored.seq)
        return f"{words} ({LATE})" if late else words

    def _task(self, stored: Stored | None) -> str:
        """The task that an entry says something of, in its own words; nothing for a task itself."""
        names = stored.entry.pub.get("of") if stored is not None else None
        first = self._session.reader.entry(str(names[0])) if isinstance(names, list) and names else None
        text = first.disclosed.get("text") if first is not None and first.entry.kind == _TASK else None
        return words_of(text).rstrip(".") if isinstance(text, str) else ""

    def _places(self, ids: list[str]) -> dict[str, str]:
        names = names_here(self._session) if ids else {}
        entries = [(ident, self._session.reader.entry(ident)) for ident in ids]
        return {ident: told_of_place(stored, names) for ident, stored in entries if stored is not None}

    def _about(self, kind: str, doc: object, target: object) -> str:
        if not self.concerns(kind) or not isinstance(doc, str):
            return ""
        told = self._known.get(doc) or self._read(doc)
        if told is None:
            return ""
        if isinstance(target, int) and 0 <= target < len(told.targets):
            return told.targets[target]
        return told.title

    def _forget_if(self, buried: int) -> None:
        """A name that was redacted may not live on here."""
        if buried != self._buried:
            self._known, self._buried = {}, buried

    def _read(self, doc: str) -> _Told | None:
        try:
            with self._session.reader.snapshot() as connection:
                held = read_document(connection, doc)
        except Problem:
            return None
        if not isinstance(held.document, Action):
            return None
        names = names_here(self._session)
        registry = instances_of(self._session).registry
        targets: list[str] = []
        for at, one in enumerate(held.document.targets):
            try:
                lever = registry.manifest(one.adapter.split("/", 1)[0]).lever(one.lever).title
            except (Problem, LookupError):
                lever = one.lever
            name = held.disclosed(at).get("name")
            if not isinstance(name, str):
                return None  # its values are not here yet, or are redacted
            where = names.get(one.instance, f"provider ..{one.instance[-4:]}")
            targets.append(f"{lever}: {name} at {where}{' (canary)' if one.canary else ''}")
        real = [words for one, words in zip(held.document.targets, targets, strict=True) if not one.canary] or targets
        more = f" and {len(real) - 1} more" if len(real) > 1 else ""
        lift = "Lift: " if held.document.direction == "restore" else ""
        made = _Told(tuple(f"{lift}{words}" for words in targets), f"{lift}{real[0] if real else 'nothing'}{more}")
        if len(self._known) >= _MOST:
            del self._known[next(iter(self._known))]
        self._known[doc] = made
        return made


def _is_late(connection: sqlite3.Connection, doc: object, subj: object, feed: str, seq: int) -> bool:
    """Whether a console that sends it had decided before it had seen this cancel or refusal."""
    if subj is None or not isinstance(doc, str):
        return False
    for (seen,) in connection.execute(_SEEN, (subj, doc)):
        heads = {str(head[0]): int(head[1]) for head in json.loads(seen or "[]")}
        if heads.get(feed, -1) < seq:
            return True
    return False
