"""What people wrote in an incident that may be quoted, and to whom; and the next update that was promised.

Only entries that count, as amended last, never retracted, never privileged. It quotes nothing on its own: callers do.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from console.domain.clocks import is_aside
from console.domain.kinds import KINDS
from console.journal.rows import select_entries
from console.journal.schema import MARKED
from console.journal.values import Draft, Stored
from console.services.session import Session

Audience = Literal["internal", "exec", "customer"]
AUDIENCES: Final[tuple[Audience, ...]] = ("internal", "exec", "customer")
DECISIONS: Final = ("decision", "decision.not-to-act")
MOST: Final = 200
_ALL_OF: Final = ("incident.declared", "knowledge.fact")
_CHANGES: Final = ("amendment", "retraction")  # two, as `_later` asks
_AT_ONCE: Final = 400
_KEPT_IN: Final[dict[Audience, tuple[str, ...]]] = {
    "internal": ("red",),
    "exec": ("red",),
    "customer": ("red", "amber+strict"),
}
_ZONE: Final = r"(?:\s*(?P<zone>[A-Z]{1,5}\b|[+-]\d{2}:?\d{2}))?"
_PROMISE: Final = re.compile(
    r"\bnext update\b(?: is| will be)?(?: due)?(?: at| by)?:?\s+(?:(?P<day>\d{4}-\d{2}-\d{2})[ T])?"
    rf"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::\d{{2}})?{_ZONE}",
    re.IGNORECASE,
)
_NO_MORE: Final = re.compile(r"\bno (?:further|more) updates?\b", re.IGNORECASE)
_UTC_NAMES: Final = ("", "UTC", "Z", "GMT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One entry's words as they stand now. `at_ms` is when it was recorded; `entries` name it and what amended it.

    `shareable` holds only where the entry and its last amendment are both marked so.
    """

    entries: tuple[str, ...]
    kind: str
    at_ms: int
    author: str | None
    speaker: str
    title: str
    text: str
    shareable: bool
    privileged: bool
    quoted: bool
    tlp: str
    since_ms: int | None = None

    def may_go_to(self, audience: Audience) -> bool:
        """Whether its words may be quoted to these people."""
        if self.privileged or self.tlp in _KEPT_IN[audience]:
            return False
        return audience == "internal" or self.shareable


@dataclass(frozen=True, slots=True)
class NextUpdate:
    """An update that was promised: due when, and in which entry."""

    due_ms: int
    entry: str


def said_in(session: Session, inc: str, *, marked: bool = True) -> tuple[Said, ...]:
    """What may be quoted to somebody, in order of hybrid time: decisions, facts, communications, what is marked.

    Of decisions, communications and marked entries only the `MOST` received last. Without `marked`, notes are left
    out.
    """
    with session.reader.snapshot() as connection:
        return _as_it_stands(connection, inc, _wanted(connection, inc, marked=marked))


def promised_in(session: Session, inc: str) -> NextUpdate | None:
    """The update promised last in an incident: what `next_update` finds, of communications alone."""
    with session.reader.snapshot() as connection:
        return next_update(_as_it_stands(connection, inc, _newest(connection, inc, "communication")))


def _as_it_stands(connection: sqlite3.Connection, inc: str, numbers: Sequence[int]) -> tuple[Said, ...]:
    """These entries as amended last, without what was taken back, in order of hybrid time."""
    read = _read(connection, numbers)
    later = _later(connection, inc, {one.id for one in read})
    gone = {name for one in later if one.entry.kind == "retraction" for name in _about(one)}
    amended: dict[str, Stored] = {}
    for one in sorted(later, key=_order):
        if one.entry.kind == "amendment" and one.id not in gone:
            amended.update(dict.fromkeys(_about(one), one))
    return tuple(
        _said(one, amended.get(one.id))
        for one in sorted(read, key=_order)
        if one.id not in gone and one.entry.kind in KINDS
    )


_TOLD: Final = (
    "SELECT e.n FROM entry e INDEXED BY {by} WHERE e.inc = ? AND {what} AND e.id NOT IN (SELECT id FROM standing)"
)
_NEWEST: Final = f" ORDER BY e.n DESC LIMIT {MOST}"


def _wanted(connection: sqlite3.Connection, inc: str, *, marked: bool) -> list[int]:
    """The numbers of the entries to read, each kind by its own index: however long the incident is."""
    of_kind = _TOLD.format(by="entry_told", what="e.kind <> 'note' AND e.kind = ?")
    taken = {row[0] for kind in _ALL_OF for row in connection.execute(of_kind, (inc, kind))}
    taken.update(sorted(number for kind in DECISIONS for number in _newest(connection, inc, kind))[-MOST:])
    taken.update(_newest(connection, inc, "communication"))
    if marked:
        others = (*_ALL_OF, *DECISIONS, "communication", *_CHANGES)
        what = f"{MARKED.replace('raw', 'e.raw')} AND e.kind NOT IN ({','.join('?' * len(others))})"
        sql = _TOLD.format(by="entry_marked", what=what) + _NEWEST
        taken.update(row[0] for row in connection.execute(sql, (inc, *others)))
    return sorted(taken)


def _newest(connection: sqlite3.Connection, inc: str, kind: str) -> list[int]:
    sql = _TOLD.format(by="entry_told", what="e.kind <> 'note' AND e.kind = ?") + _NEWEST
    return [row[0] for row in connection.execute(sql, (inc, kind))]


def _later(connection: sqlite3.Connection, inc: str, about: Collection[str]) -> list[Stored]:
    """What was amended or taken back of these entries, and of that in turn, in order of receipt."""
    named = dict[int, tuple[str, list[str]]]()
    sql = (
        "SELECT e.n, e.id, iif(json_valid(CAST(e.raw AS TEXT)), json_extract(CAST(e.raw AS TEXT), '$.pub.of'), '[]') "
        "FROM entry e INDEXED BY entry_told WHERE e.kind <> 'note' AND e.inc = ? AND e.kind IN (?, ?) "
        "AND e.id NOT IN (SELECT id FROM standing)"
    )
    for number, ident, of in connection.execute(sql, (inc, *_CHANGES)):
        named[number] = (ident, _names(of))
    known, found = set(about), set[int]()
    while more := {n for n, (_, of) in named.items() if n not in found and not known.isdisjoint(of)}:
        found |= more
        known |= {named[n][0] for n in more}
    return _read(connection, sorted(found))


def _names(of: str | None) -> list[str]:
    try:
        told: object = json.loads(of or "[]")
    except ValueError:
        return []
    return [str(name) for name in told] if isinstance(told, list) else []


def _read(connection: sqlite3.Connection, numbers: Sequence[int]) -> list[Stored]:
    found: list[Stored] = []
    for at in range(0, len(numbers), _AT_ONCE):
        some = numbers[at : at + _AT_ONCE]
        found += select_entries(connection, f"e.n IN ({','.join('?' * len(some))})", some)
    return found


def _order(one: Stored) -> tuple[tuple[int, int], str, int]:
    return (one.entry.hlc, one.feed, one.seq)


def _said(one: Stored, amended: Stored | None) -> Said:
    marks = [one.entry.pub, *([amended.entry.pub] if amended is not None else [])]
    tlps = [str(found) for pub in marks if (found := pub.get("tlp"))]
    since = one.entry.pub.get("since_ms")
    return Said(
        entries=(one.id,) if amended is None else (one.id, amended.id),
        kind=one.entry.kind,
        at_ms=one.entry.hlc[0],
        author=one.entry.author,
        speaker=_text(one, "speaker"),
        title=_text(one, "title"),
        text=_text(one, "text") if amended is None else _text(amended, "text"),
        shareable=all(pub.get("shareable") is True for pub in marks),
        privileged=any(pub.get("privileged") is True for pub in marks),
        quoted=one.entry.pub.get("quoted") is True,
        tlp="red" if "red" in tlps else tlps[-1] if tlps else "",
        since_ms=since if isinstance(since, int) else None,
    )


def _text(one: Stored, name: str) -> str:
    found = one.disclosed.get(name)
    return found if isinstance(found, str) else ""


def _about(one: Stored) -> list[str]:
    found = one.entry.pub.get("of")
    return [str(name) for name in found] if isinstance(found, list) else []


# -- the next update ---------------------------------------------------------------------------------------------------


def announce(
    session: Session, inc: str | None, due_ms: int | None, text: str = "", *, shareable: bool = False
) -> Stored:
    """Promise the next update for a moment, or (None) say that none follows; a `communication` in plain words."""
    sentence = "No further update is planned."
    if due_ms is not None:
        sentence = f"Next update due {datetime.fromtimestamp(due_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC."
    words = f"{text.strip()} {sentence}".strip()
    return session.append(Draft("communication", inc, None, {"shareable": True} if shareable else {}, {"text": words}))


def next_update(said: Iterable[Said]) -> NextUpdate | None:
    """The update promised last, met or not. It is due until a later communication promises another, or says none."""
    found: NextUpdate | None = None
    for one in said:
        if one.kind != "communication" or one.quoted:
            continue
        if _NO_MORE.search(one.text):
            found = None
        elif (due_ms := promised_ms(one.text, one.at_ms)) is not None:
            found = NextUpdate(due_ms, one.entries[0])
    return found


def promised_ms(text: str, said_ms: int) -> int | None:
    """The moment in "next update 14:30" (UTC, the first such after it was said) or "next update 2026-11-24 14:30 UTC".

    A time in another zone is not guessed at: None, as for text without a promise.
    """
    found = _PROMISE.search(text)
    if found is None or (found["zone"] or "").upper() not in _UTC_NAMES:
        return None
    spoken = datetime.fromtimestamp(said_ms / 1000, UTC)
    at = spoken.replace(hour=int(found["hour"]), minute=int(found["minute"]), second=0, microsecond=0)
    if found["day"]:
        try:
            day = datetime.fromisoformat(found["day"])
        except ValueError:
            return None
        at = at.replace(year=day.year, month=day.month, day=day.day)
    elif at < spoken.replace(second=0, microsecond=0):
        at += timedelta(days=1)
    return round(at.timestamp() * 1000)


def last_decision(said: Sequence[Said], audience: Audience) -> Said | None:
    """The decision made last among those that these people may be told."""
    # a redacted one says nothing; what sets a reporting clock aside is told with the clocks
    told = (one for one in reversed(said) if one.kind in DECISIONS and one.text and not is_aside(one.text))
    return next((one for one in told if one.may_go_to(audience)), None)
