"""The door: every entry from outside is proven here, and answered with one word (protocol.md section 4).

Nothing passes on the word of a transport. What cannot be proven yet is not kept; what must be seen is kept but does
not count (`standing`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from console.domain.errors import BadForm
from console.domain.forms import Entry
from console.journal import branches, envelope, own_feeds, rosters, whole
from console.journal.ledger import FeedHead, Ledger
from console.journal.segments import MAX_SIGNATURE_BYTES
from console.journal.values import MAX_AHEAD_MS, Answer, FeedFacts
from console.keys import canon
from console.keys.faults import BadPublicKey, BadSignature
from console.keys.roster import VerifiedRoster


@dataclass(frozen=True, slots=True)
class _Offer:
    entry: Entry
    id: str
    raw: bytes
    sig: bytes
    named: VerifiedRoster
    current: VerifiedRoster


def prove(ledger: Ledger, raw: bytes, sig: bytes) -> Entry | Answer:
    """Prove one entry by itself, without its place in the chain: sound, signed by a key the roster lists, not revoked.

    Nothing is kept. What comes back as an entry may be acted on as its writer's word, never as part of the record.
    """
    try:
        entry = envelope.read_entry(raw)
    except (BadForm, BadPublicKey):
        return Answer.malformed
    named = ledger.rosters.named(ledger.connection, entry)
    if named is None:
        return Answer.unknown_key
    ident, current = canon.sha256_hex(raw), ledger.rosters.current(ledger.connection)
    refused = _unproven(ledger, _Offer(entry, ident, raw, sig, named, current))
    if refused is not None:
        return refused
    if rosters.is_late(named, current, entry, ident):
        return Answer.after_revocation
    return _misplaced(ledger, entry) or entry


def _misplaced(ledger: Ledger, entry: Entry) -> Answer | None:
    """What speaks against an entry whatever came before it: another writer's feed, a fork, a time that is not yet."""
    head = ledger.head(entry.feed)
    if head.facts is not None and (head.facts.key, head.facts.author, head.facts.console) != (
        entry.key,
        entry.author,
        entry.console,
    ):
        return Answer.malformed
    if head.forked_at is not None and entry.seq >= head.forked_at:
        return Answer.forked
    return Answer.skewed if entry.hlc[0] > ledger.clock.wall_ms() + MAX_AHEAD_MS else None


def ingest(ledger: Ledger, raw: bytes, sig: bytes) -> Answer:
    """Prove one entry and keep it, inside an open transaction."""
    try:
        entry = envelope.read_entry(raw)
    except (BadForm, BadPublicKey):
        return Answer.malformed
    ident = canon.sha256_hex(raw)
    if ledger.connection.execute("SELECT 1 FROM entry WHERE id = ?", (ident,)).fetchone():
        return Answer.exists
    named = ledger.rosters.named(ledger.connection, entry)
    if named is None:
        return Answer.unknown_key
    offer = _Offer(entry, ident, raw, sig, named, ledger.rosters.current(ledger.connection))
    refused = _unproven(ledger, offer)
    return _place(ledger, offer) if refused is None else refused


def _unproven(ledger: Ledger, offer: _Offer) -> Answer | None:
    entry = offer.entry
    if entry.org != offer.current.roster.org:
        return Answer.malformed
    line = rosters.may_write(offer.named, entry)
    if line is None:
        return Answer.unknown_key
    if len(offer.sig) > MAX_SIGNATURE_BYTES:
        return Answer.bad_signature
    try:
        ledger.verifier(line, envelope.namespace_of(entry.org, entry.author)).verify(offer.raw, offer.sig)
    except BadSignature:
        return Answer.bad_signature
    return None


def _place(ledger: Ledger, offer: _Offer) -> Answer:
    entry = offer.entry
    head = ledger.head(entry.feed)
    if head.facts is None:
        if entry.seq != 0:
            return Answer.gap
        open_feed(ledger, entry, offer.id, mine=False)
        head = ledger.head(entry.feed)
    elif (head.facts.key, head.facts.author, head.facts.console) != (entry.key, entry.author, entry.console):
        return Answer.malformed
    elif (wrong := _chain_fault(ledger, head, entry)) is not None:
        return wrong
    rival = entry.seq <= head.seq and _has_other(ledger, entry)
    received_ms = ledger.clock.wall_ms()
    n = insert(ledger, entry, offer.id, offer.raw, offer.sig, received_ms)
    whole.note(ledger, entry, offer.id, n, mine=False)
    if rival or (head.forked_at is not None and entry.seq >= head.forked_at):
        _place_beside(ledger, offer, head.forked_at, rival=rival)
    if rival:
        return Answer.forked
    if head.mine and not head.aside:  # a later self wrote it, or a copy of this console
        own_feeds.set_aside(ledger.connection, entry.feed)
        ledger.forget()
    ledger.heard(entry.hlc, received_ms)
    if rosters.is_late(offer.named, offer.current, entry, offer.id):
        set_standing(ledger, offer.id, "quarantined")
        return Answer.after_revocation
    return Answer.skewed if entry.hlc[0] > received_ms + MAX_AHEAD_MS else Answer.inserted


def _place_beside(ledger: Ledger, offer: _Offer, forked_at: int | None, *, rival: bool) -> None:
    """An entry of a feed that forked, or forks with it: it does not count, and what is behind the fork does not either.

    Of a feed whose key is revoked, the branch that the revocation names goes on counting, whatever comes beside it.
    """
    entry, current = offer.entry, offer.current
    good = current.good(entry.key, entry.feed) if current.is_revoked(entry.key) else None
    is_settled = forked_at is not None and branches.is_here(ledger.connection, entry.feed, good, forked_at)
    if rival and not is_settled:
        mark_fork(ledger, entry.feed, entry.seq, before=forked_at)
    elif rival:
        note_fork(ledger, entry.feed, entry.seq)
    set_standing(ledger, offer.id, "forked")
    # a feed is read whole where its branch becomes known, and never for what comes beside it afterwards
    newly = good is not None and (good[1] == offer.id or (rival and not is_settled))
    if newly and branches.settle(ledger.connection, current, entry.feed):
        ledger.forget_head(entry.feed)


def _chain_fault(ledger: Ledger, head: FeedHead, entry: Entry) -> Answer | None:
    """gap where the entry before it is not here; malformed where the chain it claims contradicts what is here."""
    if entry.seq == 0:
        return None
    if entry.seq == head.seq + 1 and entry.prev == head.id and head.forked_at is None:
        before, last = head.hlc, ledger.last_in_incident(head, entry.feed, entry.inc)
    else:
        row = ledger.connection.execute(
            "SELECT hlc_ms, hlc_n FROM entry WHERE id = ? AND feed = ? AND seq = ?",
            (entry.prev, entry.feed, entry.seq - 1),
        ).fetchone()
        if row is None:
            return Answer.gap
        before = (row[0], row[1])
        last = ledger.ancestry.last_in_incident(ledger.connection, entry.prev, entry.inc)
    expected = (0, None) if last is None else (last[0] + 1, last[1])
    if entry.hlc <= before or (entry.iseq, entry.iprev) != expected:
        return Answer.malformed
    return None


def _has_other(ledger: Ledger, entry: Entry) -> bool:
    found = ledger.connection.execute(
        "SELECT 1 FROM entry WHERE feed = ? AND seq = ? LIMIT 1", (entry.feed, entry.seq)
    ).fetchone()
    return found is not None


def open_feed(ledger: Ledger, entry: Entry, ident: str, *, mine: bool) -> None:
    """Remember who writes a feed, from its `feed.open`."""
    facts = FeedFacts(entry.feed, entry.key, entry.author, entry.console, ident)
    ledger.connection.execute(
        "INSERT INTO feed (feed, key, author, console, opened, mine) VALUES (?, ?, ?, ?, ?, ?)",
        (facts.feed, facts.key, facts.author, facts.console, facts.opened, int(mine)),
    )
    ledger.forget_head(entry.feed)


def insert(ledger: Ledger, entry: Entry, ident: str, raw: bytes, sig: bytes, received_ms: int) -> int:
    """Keep the bytes and move the remembered head; gives the local order of receipt."""
    done = ledger.connection.execute(
        "INSERT INTO entry (id, feed, seq, inc, iseq, kind, subj, hlc_ms, hlc_n, received_ms, raw, sig) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            ident, entry.feed, entry.seq, entry.inc, entry.iseq, entry.kind, entry.subj, entry.hlc[0], entry.hlc[1],
            received_ms, raw, sig,
        ),
    )  # fmt: skip
    n = cast("int", done.lastrowid)  # an inserted row has a number
    head = ledger.head(entry.feed)
    ledger.inserted(n)
    if entry.seq == head.seq + 1 and head.forked_at is None:
        head.seq, head.id, head.n, head.hlc = entry.seq, ident, n, entry.hlc
        head.incidents[entry.inc] = (entry.iseq, ident)
    elif head.id != ident:
        ledger.forget_head(entry.feed)
    return n


def mark_fork(ledger: Ledger, feed: str, seq: int, *, before: int | None = None) -> None:
    """From the earliest fork on nothing in this feed counts; every side is kept and shown.

    `before`: where it had forked already, so that what lies behind that is marked.
    """
    note_fork(ledger, feed, seq)
    ledger.connection.execute(
        "INSERT INTO standing (id, standing) SELECT id, 'forked' FROM entry WHERE feed = ? AND seq >= ? AND seq < ? "
        "ON CONFLICT (id) DO NOTHING",
        (feed, seq, 2**62 if before is None else before),
    )


def note_fork(ledger: Ledger, feed: str, seq: int) -> None:
    """Where the feed forks first, as far as it is known here."""
    ledger.connection.execute(
        "INSERT INTO fork (feed, seq) VALUES (?, ?) ON CONFLICT (feed) DO UPDATE SET seq = min(seq, excluded.seq)",
        (feed, seq),
    )
    ledger.forget_head(feed)


def set_standing(ledger: Ledger, ident: str, standing: str) -> None:
    """Say that a kept entry does not count."""
    ledger.connection.execute(
        "INSERT INTO standing (id, standing) VALUES (?, ?) ON CONFLICT (id) DO NOTHING", (ident, standing)
    )


def quarantine_revoked(ledger: Ledger) -> int:
    """After a new roster: what revoked keys wrote behind their last good entry, or ended ones late, counts no more."""
    current = ledger.rosters.current(ledger.connection)
    count = 0
    for name, facts in current.keys().items():
        if facts.to_ms is not None:
            count += ledger.connection.execute(
                "INSERT INTO standing (id, standing) SELECT e.id, 'quarantined' FROM entry e JOIN feed f "
                "ON f.feed = e.feed WHERE f.key = ? AND e.hlc_ms >= ? ON CONFLICT (id) DO NOTHING",
                (name, facts.to_ms),
            ).rowcount
    for revoked in current.roster.revoked:
        for (feed,) in ledger.connection.execute("SELECT feed FROM feed WHERE key = ?", (revoked.key,)).fetchall():
            good = current.good(revoked.key, feed)
            seq, ident = (-1, "") if good is None else good
            count += ledger.connection.execute(
                "INSERT INTO standing (id, standing) SELECT id, 'quarantined' FROM entry "
                "WHERE feed = ? AND (seq > ? OR (seq = ? AND id <> ?)) ON CONFLICT (id) DO NOTHING",
                (feed, seq, seq, ident),
            ).rowcount
    if branches.settle(ledger.connection, current):
        ledger.forget()
    return count
