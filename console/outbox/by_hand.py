"""What people did by hand and watched once: where it is read, whether it stood when last read, since when.

Folded from entries alone: what was done is an attestation without a document, and each reading names it in `of`. It
judges nothing of what was sent from here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from console.domain.profile import JsonValue
from console.journal.rows import select_entries
from console.journal.values import Stored

LEVER: Final = "watched.lever"  # among a reading's fields: what was pulled there, so that it can be read again
_INDEX: Final = "entry_told"  # by kind: where there is none of it, nothing else is looked through
Stands = Literal["stands", "undone", "never"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """One correction by hand that was read where it should stand.

    `stands` is "never" as long as no reading showed it. `since_ms` is when this was first read so, `results` how many
    further readings said the same, `read_ms` when the newest was. `console` is the one that reads it again.
    """

    entry: str
    inc: str | None
    text: str
    done_ms: int
    instance: str
    surface: str
    lever: str
    selector: str
    name: str
    console: str
    stands: Stands
    since_ms: int
    read_ms: int
    results: int = 0
    why: str = ""

    @property
    def place(self) -> tuple[str, str, str, str]:
        """What is restricted where, as an action's target says it."""
        return self.instance, self.surface, self.lever, self.selector


def read_by_hand(connection: sqlite3.Connection, console: str | None = None) -> list[ByHand]:
    """Every one in the record, by all readings or by those of one console."""
    done = select_entries(connection, "e.kind = 'correction.attested'", (), index=_INDEX)
    if not any(one.entry.pub.get("doc") is None for one in done):
        return []
    seen = select_entries(connection, "e.kind = 'reading.observed' AND e.subj IS NULL", (), index=_INDEX)
    back = select_entries(connection, "e.kind = 'retraction'", (), index=_INDEX)
    return by_hand(done, [one for one in seen if console in (None, one.entry.console)], back)


def by_hand(done: Iterable[Stored], readings: Iterable[Stored], taken_back: Iterable[Stored] = ()) -> list[ByHand]:
    """Every correction by hand that was watched and is neither taken back nor given back by hand.

    Entries are given in order of receipt.
    """
    gone = {each for one in taken_back if one.standing == "good" for each in texts_of(one.entry.pub.get("of"))}
    attested = [
        one for one in done if one.entry.pub.get("doc") is None and one.standing == "good" and one.id not in gone
    ]
    found: dict[str, ByHand] = {}
    about = {one.id: one for one in attested if one.entry.pub["direction"] == "contain"}
    for reading in readings:
        if reading.standing == "good" and reading.entry.pub["what"] == "read-back":
            for of in texts_of(reading.entry.pub.get("of")):
                if of in about:
                    _read(found, about[of], reading)
    back = [one for one in attested if one.entry.pub["direction"] == "restore"]
    return [one for one in found.values() if not any(_gives_back(each, one) for each in back)]


def texts_of(value: JsonValue) -> Sequence[str]:
    """The texts of a list; nothing where it is none."""
    return [str(each) for each in value] if isinstance(value, list) else ()


def _read(found: dict[str, ByHand], done: Stored, reading: Stored) -> None:
    fields, pub = reading.disclosed.get("fields"), reading.entry.pub
    lever = fields.get(LEVER) if isinstance(fields, dict) else None
    before, verdict, at_ms = found.get(done.id), pub["verdict"], reading.entry.hlc[0]
    if not isinstance(lever, str) or verdict == "cannot-tell":
        return
    stands: Stands = "stands" if verdict == "in-effect" else "never"
    if stands == "never" and before is not None and before.stands != "never":
        stands = "undone"
    now = ByHand(
        entry=done.id, inc=done.entry.inc, text=_word(done.disclosed, "text"), done_ms=_whole(done, "done_ms"),
        instance=str(pub["instance"]), surface=str(pub["surface"] or ""), lever=lever,
        selector=_word(reading.disclosed, "selector"), name=_word(reading.disclosed, "name"),
        console=reading.entry.console, stands=stands, since_ms=at_ms, read_ms=at_ms,
        why=_word(reading.disclosed, "text"),
    )  # fmt: skip
    if before is not None and (before.stands, before.place) == (now.stands, now.place):
        now = replace(now, since_ms=before.since_ms, results=before.results + 1, why=now.why or before.why)
    found[done.id] = now


def _gives_back(restored: Stored, one: ByHand) -> bool:
    """Whether people recorded later that they gave this back: the same account, at the same provider if one is said."""
    said = restored.entry.pub.get("instance")
    same = _word(restored.disclosed, "selector") in {one.selector, one.name} and said in (None, one.instance)
    return same and _whole(restored, "done_ms") >= one.done_ms


def _word(disclosed: Mapping[str, JsonValue], name: str) -> str:
    told = disclosed.get(name)
    return told if isinstance(told, str) else ""


def _whole(one: Stored, name: str) -> int:
    told = one.entry.pub[name]
    return told if isinstance(told, int) else 0
