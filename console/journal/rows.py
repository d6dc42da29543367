"""From database rows to values. Reads only; what is in a row is shown, never trusted beyond its signed digests."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast

import orjson

from console.domain.errors import BadForm
from console.domain.forms import Entry
from console.domain.profile import JsonValue
from console.journal import envelope
from console.journal.faults import Damaged
from console.journal.values import DocumentRow, FeedFacts, Standing, Stored

_ENTRY = (
    "SELECT e.n, e.id, e.feed, e.seq, e.raw, e.sig, e.received_ms, s.standing "
    "FROM entry e {by} LEFT JOIN standing s ON s.id = e.id"
)
_MANY = 400


def select_entries(
    connection: sqlite3.Connection, where: str, values: Sequence[object], order: str = "e.n", limit: int | None = None,
    *, index: str = "",
) -> list[Stored]:  # fmt: skip
    """Entries that satisfy `where` (alias `e`, our own text only), with the values present here.

    `index` names the one to read by, where SQLite would take one that leads through a whole incident; by `entry_told`
    it finds no notes.

    Raises:
        Damaged: when stored bytes are no entry any more.
    """
    by = f"INDEXED BY {index}" if index else ""
    only = "e.kind <> 'note' AND" if index == "entry_told" else ""
    sql = f"{_ENTRY.format(by=by)} WHERE {only} {where} ORDER BY {order}"
    if limit is not None:
        sql += f" LIMIT {int(limit)}"
    rows = connection.execute(sql, tuple(values)).fetchall()
    bodies = _said_in(connection, [row[0] for row in rows])
    return [_stored(row, bodies.get(row[0], ())) for row in rows]


def disclosures_of(connection: sqlite3.Connection, holders: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The disclosure strings held for each of these entries or documents."""
    found: dict[str, list[str]] = {}
    for at in range(0, len(holders), _MANY):
        some = holders[at : at + _MANY]
        marks = ",".join("?" * len(some))
        sql = f"SELECT holder, body FROM disclosure WHERE holder IN ({marks}) ORDER BY holder, digest"  # noqa: S608  marks only
        for holder, body in connection.execute(sql, tuple(some)):
            found.setdefault(holder, []).append(body)
    return {holder: tuple(texts) for holder, texts in found.items()}


def _said_in(connection: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, list[str]]:
    """The disclosure strings held for the entries of these local numbers."""
    found: dict[int, list[str]] = {}
    for at in range(0, len(numbers), _MANY):
        some = numbers[at : at + _MANY]
        sql = f"SELECT n, body FROM entry_value WHERE n IN ({','.join('?' * len(some))}) ORDER BY n, digest"  # noqa: S608  marks only
        for number, body in connection.execute(sql, tuple(some)):
            found.setdefault(number, []).append(body)
    return found


def open_bodies(bodies: Sequence[str], digests: Sequence[str] | frozenset[str]) -> tuple[dict[str, JsonValue], int]:
    """Values by name of those disclosures that the signed digests name, and how many others there were."""
    allowed = digests if isinstance(digests, frozenset) else frozenset(digests)
    values: dict[str, JsonValue] = {}
    wrong = 0
    for body in bodies:
        try:
            _, name, value = envelope.verify_disclosure(body, allowed)
        except BadForm:
            wrong += 1
            continue
        values[name] = value
    return values, wrong


def _stored(row: Sequence[Any], bodies: Sequence[str]) -> Stored:
    n, ident, feed, seq, raw, sig, received_ms, standing = row
    try:
        entry = Entry.parse(orjson.loads(raw))
    except (BadForm, orjson.JSONDecodeError):
        raise Damaged(f"entry {str(ident)[:16]} (feed {str(feed)[:16]}, number {seq})", "it is no entry") from None
    values, wrong = open_bodies(bodies, entry.sd) if bodies else ({}, 0)
    return Stored(
        n=n, id=ident, feed=feed, seq=seq, entry=entry, raw=raw, sig=sig, disclosed=values, received_ms=received_ms,
        standing=cast("Standing", standing or "good"), absent=len(entry.sd) - len(bodies) + wrong, damaged=wrong,
    )  # fmt: skip


_FIRST_FEW = 20  # more than anybody writes in the millisecond in which something else was written


def select_first_by(connection: sqlite3.Connection, author: str, inc: str, from_ms: int, until_ms: int) -> list[Stored]:
    """As `Reader.first_by`."""
    found: list[Stored] = []
    for (feed,) in connection.execute("SELECT feed FROM feed WHERE author = ? ORDER BY feed", (author,)).fetchall():
        first, last = _seq_at(connection, feed, from_ms), _seq_at(connection, feed, until_ms + 1)
        where = "e.feed = ? AND e.seq >= ? AND e.seq < ? AND e.inc = ? AND s.id IS NULL"
        found += select_entries(
            connection, where, (feed, first, last, inc), "e.seq, e.id", _FIRST_FEW, index="entry_place"
        )
    return found


def _seq_at(connection: sqlite3.Connection, feed: str, at_ms: int) -> int:
    """The first number of a feed that was written then or later; one past its end where none was."""
    ends = connection.execute("SELECT coalesce(max(seq), -1) FROM entry WHERE feed = ?", (feed,)).fetchone()
    low, high = 0, int(ends[0]) + 1
    while low < high:
        middle = (low + high) // 2
        ask = "SELECT hlc_ms FROM entry WHERE feed = ? AND seq >= ? ORDER BY seq LIMIT 1"
        told = connection.execute(ask, (feed, middle)).fetchone()
        if told is None or told[0] >= at_ms:
            high = middle
        else:
            low = middle + 1
    return low


def select_document(connection: sqlite3.Connection, sha256: str) -> DocumentRow | None:
    """A document by its content name, with the values present here."""
    row = connection.execute(
        "SELECT raw, type, op, carried_by, received_ms FROM document WHERE sha256 = ?", (sha256,)
    ).fetchone()
    if row is None:
        return None
    raw, kind, op, carried_by, received_ms = row
    try:
        opened, strings = _opened(raw, tuple(disclosures_of(connection, [sha256]).get(sha256, ())))
    except orjson.JSONDecodeError:
        raise Damaged(f"document {sha256[:16]}", "it is no document") from None
    return DocumentRow(sha256, raw, kind, op, carried_by, received_ms, dict(opened), strings)


@lru_cache(maxsize=8)
def _opened(raw: bytes, bodies: tuple[str, ...]) -> tuple[dict[str, tuple[str, JsonValue]], tuple[str, ...]]:
    """The values among `bodies` that these bytes carry digests of, and their strings.

    A dispatch of 200 targets asks for one document thousands of times; the same bytes open to the same values.
    """
    digests = envelope.digests_in(orjson.loads(raw))
    opened: dict[str, tuple[str, JsonValue]] = {}
    strings: list[str] = []
    for body in bodies:
        try:
            digest, name, value = envelope.verify_disclosure(body, digests)
        except BadForm:
            continue
        opened[digest] = (name, value)
        strings.append(body)
    return opened, tuple(strings)


def select_feeds(connection: sqlite3.Connection) -> list[FeedFacts]:
    """Every feed known here."""
    rows = connection.execute("SELECT feed, key, author, console, opened FROM feed ORDER BY feed").fetchall()
    return [FeedFacts(*row) for row in rows]


def select_heads(connection: sqlite3.Connection) -> dict[str, tuple[int, str]]:
    """The last good entry of every feed (seq, id); of a feed without one, its last entry."""
    heads: dict[str, tuple[int, str]] = {}
    for (feed,) in connection.execute("SELECT feed FROM feed").fetchall():
        row = connection.execute(
            "SELECT e.seq, e.id FROM entry e WHERE e.feed = ? AND e.id NOT IN (SELECT id FROM standing) "
            "ORDER BY e.seq DESC LIMIT 1",
            (feed,),
        ).fetchone()
        if row is None:
            row = connection.execute(
                "SELECT seq, id FROM entry WHERE feed = ? ORDER BY seq DESC, id LIMIT 1", (feed,)
            ).fetchone()
        if row is not None:
            heads[feed] = (row[0], row[1])
    return heads
