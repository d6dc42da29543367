"""Says in this console's own feed that a feed has forked, once for each (feed, number), with the entries as proof.

It never judges which side is true: both are kept, and nothing from that key counts from there on.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from console.domain.errors import Problem
from console.domain.profile import MAX_DISCLOSURE_BYTES, JsonValue
from console.journal.faults import WrongFeed
from console.journal.store import JournalStore
from console.journal.tx import Tx
from console.journal.values import Draft, FeedSigner
from console.keys import canon
from console.sync.held import read
from console.sync.report import Fork

_PROOF_BYTES: Final = MAX_DISCLOSURE_BYTES // 2  # the value is spelled in base64 once more
_MOST: Final = 16


def known_forks(store: JournalStore, console: str) -> tuple[Fork, ...]:
    """Every fork known here, and the entry of this console's own feed that proves it."""
    reader = store.reader()
    facts = {one.feed: one for one in reader.feeds()}
    proofs: dict[tuple[str, int], str] = {}
    for one in reader.entries(kinds=("fork.proof",)):
        feed, seq = one.entry.pub.get("feed"), one.entry.pub.get("seq")
        if one.entry.console == console and one.standing == "good" and isinstance(feed, str) and isinstance(seq, int):
            proofs.setdefault((feed, seq), one.id)
    return tuple(
        Fork(feed, seq, facts[feed].author, facts[feed].console, proofs.get((feed, seq)))
        for feed, seq in reader.forks().items()
        if feed in facts
    )


def take_proofs(store: JournalStore) -> None:
    """Offer the door what colleagues' proofs carry: who saw only one side of a fork must not count it any longer.

    A proof is a hint where the other side lies, and nothing more: each side proves itself, or is not taken.
    """
    reader = store.reader()
    for one in reader.entries(kinds=("fork.proof",)):
        sides = one.disclosed.get("entries")
        for raw, sig in filter(None, map(_side, sides if isinstance(sides, list) else [])):
            if reader.entry(canon.sha256_hex(raw)) is None:
                _ingest(store, raw, sig)


def _ingest(store: JournalStore, raw: bytes, sig: bytes) -> None:
    store.write(lambda tx: tx.ingest(raw, sig))


def _side(told: JsonValue) -> tuple[bytes, bytes] | None:
    raw, sig = (told.get("e"), told.get("s")) if isinstance(told, dict) else (None, None)
    if not isinstance(raw, str) or not isinstance(sig, str):
        return None
    try:
        return base64.b64decode(raw, validate=True), base64.b64decode(sig, validate=True)
    except ValueError:
        return None


def write_proofs(store: JournalStore, console: str, machine: Callable[[], FeedSigner]) -> int:
    """Write the proofs that are missing into the feed `machine` gives; how many were written.

    Raises:
        Problem: when this console cannot write yet (it is in no roster, or its key is not to be had).
    """
    lacking = [one for one in known_forks(store, console) if one.proof is None]
    if not lacking:
        return 0
    feed = machine()
    try:
        return store.write(lambda tx: sum(_write(tx, feed, one) for one in lacking))
    except WrongFeed:
        # it is this very feed that has forked, as after a restored copy: a new one begins
        anew = store.open_feed(
            feed.signer, org=feed.org, console=feed.console, author=feed.author, roster=store.roster().ref
        )
        return store.write(lambda tx: sum(_write(tx, anew, one) for one in lacking))


def _write(tx: Tx, feed: FeedSigner, fork: Fork) -> bool:
    found = tx.connection.execute(
        "SELECT id, raw, sig FROM entry WHERE feed = ? AND seq = ? ORDER BY id LIMIT ?", (fork.feed, fork.seq, _MOST)
    ).fetchall()
    if len(found) < 2 or _is_said(tx, feed.console, fork):  # noqa: PLR2004  a fork has two sides
        return False
    ids: list[JsonValue] = [row[0] for row in found]
    sides: list[JsonValue] = [{"e": _b64(raw), "s": _b64(sig)} for _, raw, sig in found[:2]]
    small = sum(len(raw) + len(sig) for _, raw, sig in found[:2]) * 4 // 3 < _PROOF_BYTES
    draft = Draft(
        "fork.proof",
        pub={"feed": fork.feed, "seq": fork.seq, "ids": ids},
        disclosures={"entries": sides} if small else {},
    )
    tx.append(feed, draft, roster=tx.roster().ref)
    return True


def _is_said(tx: Tx, console: str, fork: Fork) -> bool:
    """Whether another process of this profile was quicker."""
    rows = tx.connection.execute(
        "SELECT e.raw FROM entry e INDEXED BY entry_told LEFT JOIN standing s ON s.id = e.id "
        "WHERE e.kind <> 'note' AND e.kind = 'fork.proof' AND s.id IS NULL"
    )
    said = (read(raw) for (raw,) in rows)
    return any((one.console, one.pub["feed"], one.pub["seq"]) == (console, fork.feed, fork.seq) for one in said)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def note_forks(store: JournalStore, console: str, machine: Callable[[], FeedSigner] | None) -> tuple[Fork, ...]:
    """Write what is missing, as far as this console can write, and give every fork known here."""
    if machine is not None:
        with suppress(Problem):  # each fork then says that its proof is not written yet
            write_proofs(store, console, machine)
    return known_forks(store, console)
