"""What a verification proves besides entries: rosters set aside, marks of forks and standing, documents, attachments.

It reads only, and nothing whole that could be large.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace

from console.domain.errors import BadForm
from console.domain.ids import is_id
from console.domain.profile import MAX_DOCUMENT_BYTES, JsonValue
from console.journal import envelope
from console.journal.prover import Link, Row, Unsound, check_values, values_of, where
from console.journal.roster_tree import RosterTree
from console.journal.verified import Upto
from console.keys import canon
from console.keys.roster import VerifiedRoster
from console.runtime.paths import ProfilePaths
from console.runtime.plain import NotPlain, open_plain

_PIECE_BYTES = 1024 * 1024
_MANY = 64


def check_rosters(connection: sqlite3.Connection, tree: RosterTree) -> None:
    """Each is proven where they are loaded; here, that none is set aside but a true rival of one in force.

    Raises:
        Unsound: naming the roster.
    """
    for n, rival in connection.execute("SELECT n, rival FROM roster ORDER BY n, sha256"):
        if rival not in (0, 1):
            raise Unsound(f"roster {n}", "its row says neither that it is in force nor that it is not")
    in_force = [one.sha256 for one in tree.chain]
    for one in (*tree.open, *tree.everything()):
        at: VerifiedRoster | None = one
        while at is not None and at.sha256 not in in_force:
            at = tree.get(at.roster.prev)
        if one.sha256 not in in_force and (at is None or at.sha256 == in_force[-1]):
            raise Unsound(f"roster {one.roster.n}", "it is set aside, but no other stands in its place")
    stray = connection.execute("SELECT 1 FROM roster_sig WHERE sha256 NOT IN (SELECT sha256 FROM roster)").fetchone()
    if stray is not None:
        raise Unsound("the rosters", "there are signatures of a roster that is not here")


def facts_of(connection: sqlite3.Connection, feed: str) -> tuple[str, str | None, str, str, int] | None:
    """Key, author, console, first entry of a feed, and whether it is written here, as its row says."""
    found: tuple[str, str | None, str, str, int] | None = connection.execute(
        "SELECT key, author, console, opened, mine FROM feed WHERE feed = ?", (feed,)
    ).fetchone()
    return found


def check_refs(connection: sqlite3.Connection, window: Sequence[Row], entries: Sequence[Link]) -> None:
    """What this console's own entries say they had seen was here: it has to be here still.

    Raises:
        Unsound: naming the entry that had seen what is gone.
    """
    seen = sorted({ref for entry in entries for ref in entry.refs})
    here: set[str] = set()
    for at in range(0, len(seen), _MANY):
        some = seen[at : at + _MANY]
        sql = f"SELECT id FROM entry WHERE id IN ({','.join('?' * len(some))})"  # noqa: S608  marks only
        here.update(row[0] for row in connection.execute(sql, some))
    for row, entry in zip(window, entries, strict=False):
        if gone := [ref for ref in entry.refs if ref not in here]:
            raise Unsound(where(row), f"the entry {gone[0][:16]} was here when it was written, and is gone")


def check_marks(connection: sqlite3.Connection, forks: dict[str, int]) -> dict[str, int]:
    """Every mark has its cause; gives how many entries are quarantined and forked.

    Raises:
        Unsound: for a fork of one entry only, and for a mark or a feed of nothing.
    """
    for feed, seq in sorted(forks.items()):
        if _one(connection, "SELECT count(*) FROM entry WHERE feed = ? AND seq = ?", feed, seq) < 2:  # noqa: PLR2004  a fork has two sides
            raise Unsound(
                f"feed {feed[:16]}", f"it is marked as forked at number {seq}, but only one entry stands there"
            )
    counts: dict[str, int] = dict(
        connection.execute(
            "SELECT s.standing, count(*) FROM standing s JOIN entry e ON e.id = s.id GROUP BY s.standing"
        ).fetchall()
    )
    if _one(connection, "SELECT count(*) FROM standing") != sum(counts.values()):
        raise Unsound("the standings", "one of them belongs to no entry")
    if _one(connection, "SELECT count(*) FROM feed WHERE opened NOT IN (SELECT id FROM entry)"):
        raise Unsound("the feeds", "one of them has lost the entry it began with")
    return counts


def check_documents(
    connection: sqlite3.Connection, tombstones: frozenset[str], upto: Upto, stop: Callable[[], bool]
) -> tuple[Upto, bool]:
    """Documents behind `upto` and their values; gives how far, and whether that is all.

    Raises:
        Unsound: naming the document.
    """
    sql = "SELECT rowid, sha256, type, op, raw FROM document WHERE rowid > ? ORDER BY rowid LIMIT ?"
    while window := connection.execute(sql, (upto.document, _MANY)).fetchall():
        values = values_of(connection, [row[1] for row in window])
        for _, sha, kind, op, raw in window:
            place = f"document {sha[:16]}"
            value = _document(place, sha, raw)
            told = (value.get("type"), value.get("op")) if isinstance(value, dict) else (None, None)
            # anybody may propose an action that names no op: its row names none either
            lost = op is None and kind == "action.v1" and is_id(told[1], "a")
            if told[0] != kind or lost or (op is not None and op != told[1]):
                raise Unsound(place, "its row says something else than its bytes")
            check_values(place, envelope.digests_in(value), values.get(sha, ()), tombstones)
        upto = replace(
            upto, document=window[-1][0], documents=upto.documents + len(window),
            document_values=upto.document_values + sum(map(len, values.values())),
        )  # fmt: skip
        if stop():
            return upto, False
    return upto, True


def _document(place: str, sha: str, raw: bytes) -> JsonValue:
    if canon.sha256_hex(raw) != sha:
        raise Unsound(place, "its bytes were changed: they do not have its hash")
    try:
        return canon.decode(raw, limit=MAX_DOCUMENT_BYTES)
    except BadForm as fault:
        raise Unsound(place, fault.why) from None


def check_blobs(
    connection: sqlite3.Connection, paths: ProfilePaths, upto: Upto, stop: Callable[[], bool]
) -> tuple[Upto, bool]:
    """Attachments: those received behind `upto` byte by byte, earlier ones by their size; gives how far.

    Raises:
        Unsound: naming the attachment.
    """
    known = connection.execute(
        "SELECT sha256, size FROM blob WHERE (received_ms, sha256) <= (?, ?)", (upto.blobs_ms, upto.blob)
    ).fetchall()
    if len(known) != upto.blobs:  # one came between them
        known, upto = [], replace(upto, blobs=0, blobs_ms=-1, blob="")
    for sha, size in known:
        _blob(paths, sha, size, whole=False)
    sql = "SELECT sha256, size, received_ms FROM blob WHERE (received_ms, sha256) > (?, ?) ORDER BY received_ms, sha256"
    for sha, size, received_ms in connection.execute(sql, (upto.blobs_ms, upto.blob)).fetchall():
        _blob(paths, sha, size, whole=True)
        upto = replace(upto, blobs=upto.blobs + 1, blobs_ms=received_ms, blob=sha)
        if stop():
            return upto, False
    return upto, True


def _blob(paths: ProfilePaths, sha: str, size: int, *, whole: bool) -> None:
    place = f"blob {sha[:16]}"
    try:
        with open_plain(paths.blob(sha)) as file:
            if file.seek(0, 2) != size:
                raise Unsound(place, "its file has another size")
            if not whole:
                return
            file.seek(0)
            found = hashlib.sha256()
            while piece := file.read(_PIECE_BYTES):
                found.update(piece)
    except FileNotFoundError:
        raise Unsound(place, "its file is missing") from None
    except NotPlain:
        raise Unsound(place, "it is a link or no plain file") from None
    except (OSError, ValueError) as fault:
        raise Unsound(place, f"its file cannot be read ({fault})") from None
    if found.hexdigest() != sha:
        raise Unsound(place, "its bytes were changed: they do not have its hash")


def _one(connection: sqlite3.Connection, sql: str, *values: object) -> int:
    return int(connection.execute(sql, values).fetchone()[0])
