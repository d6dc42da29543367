"""The one moment that decides: approvals taken in, facts folded, the rule asked, and the outbox rows, all in one step.

Nothing else may put a row into the outbox. A forged file, an edited row or one signature never gets this far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from console.domain.actions import Action, Document
from console.domain.clock_doubt import ClockState, state_of
from console.domain.errors import Problem
from console.domain.profile import JsonValue
from console.domain.quorum import Signed, Verdict, quorum
from console.journal.rows import select_entries
from console.journal.tx import Tx
from console.journal.values import Draft, FeedSigner, Stored
from console.keys.roster import VerifiedRoster
from console.outbox import store
from console.outbox.facts import (
    CARRIERS,
    Held,
    Moments,
    good_entries,
    policy_of,
    prove_record,
    proven_records,
    read_document,
)
from console.outbox.item import Row
from console.outbox.reading import Reading
from console.outbox.rulings import by_ref, judge, note_found
from console.outbox.time import deciding
from console.providers.planned import from_disclosures

Outcome = Literal["authorised", "already", "waiting", "standing-by", "not-ours", "over"]
_OTHERS: Final = 2  # than whoever refused an earlier revision
Turns = Callable[[Tx, Held], tuple[int, ...]]
_KINDS: Final = {"action.v1": "dispatch", "redaction.v1": "redaction", "closing.v1": "closing"}


def no_turn(_tx: Tx, _held: Held) -> tuple[int, ...]:
    """Of one that stands by for nobody."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What became of one document here. `verdict` is null where the rule was not asked.

    `refused` says of each approval that was not taken in, why. `settled`: nothing can ever be decided about it here
    that was not by now.
    """

    doc: str
    op: str | None
    outcome: Outcome
    verdict: Verdict | None = None
    why: str = ""
    refused: tuple[str, ...] = ()
    settled: bool = False


def doc_type(document: Document) -> str:
    """The document's type word."""
    return "action.v1" if isinstance(document, Action) else document.doc_type


def authorise(tx: Tx, feed: FeedSigner, doc: str, turns: Turns = no_turn) -> Decision:  # noqa: PLR0911  one answer for each outcome
    """Decide about one document on this console, in the caller's transaction.

    `turns` gives the targets this console stands by for and whose turn has come (`console.outbox.turn`).

    Raises:
        UnknownDocument: when the document or its policy is not here.
        BadForm: when its bytes are no form this version knows.
    """
    held = read_document(tx.connection, doc)
    op: str | None = getattr(held.document, "op", None)
    word = _KINDS.get(doc_type(held.document))
    if word is None:
        return Decision(doc=doc, op=op, outcome="not-ours", why="It needs no dispatch.", settled=True)
    if _decided_here(tx, feed, f"{word}.authorised", doc, op):
        _stand_in(tx, held, turns(tx, held))
        return Decision(doc=doc, op=op, outcome="already", settled=not stands_by(held.document, feed))
    ours = own_targets(held.document, feed)
    if isinstance(held.document, Action) and not ours and not stands_by(held.document, feed):
        return Decision(doc=doc, op=op, outcome="not-ours", why="Another console dispatches it.", settled=True)
    roster = tx.roster()
    now_ms = tx.now_ms
    over = _is_over(tx, held, now_ms)
    if over:
        return Decision(doc=doc, op=op, outcome="over", why=over)
    records, refused = _receive(tx, feed, held, roster)
    moments = Moments(tx.connection, roster, policy_of(roster))
    facts = moments.now(doc, now_ms)
    clock = state_of(tx.clock_back_ms)
    signed = [one for _, one in records]
    by = deciding(tx.clocks, feed.feed, now_ms)
    verdict = quorum(doc, held.document, signed, facts, now_ms, doubtful=clock == "doubtful", deciding=by)
    if not verdict.met:
        late = op is None and getattr(held.document, "approve_by", now_ms) < now_ms
        why = "Its time to be signed has passed." if late else ""
        outcome: Outcome = "over" if late else "waiting"
        return Decision(doc=doc, op=op, outcome=outcome, verdict=verdict, why=why, refused=refused)
    refused_before = _after_refusal(tx, held, signed, roster)
    if refused_before:
        return Decision(doc=doc, op=op, outcome="waiting", verdict=verdict, why=refused_before, refused=refused)
    ours = (*ours, *turns(tx, held))
    if isinstance(held.document, Action) and not ours:
        why = "Another console dispatches it; this one stands by."
        return Decision(doc=doc, op=op, outcome="standing-by", verdict=verdict, why=why, refused=refused)
    missing = _not_here(held, ours)
    if missing:
        return Decision(doc=doc, op=op, outcome="waiting", verdict=verdict, why=missing, refused=refused)
    stored = _decide(tx, feed, held, moments, records, now_ms, f"{word}.authorised", clock)
    note_found(stored.id, holds=True)
    _enqueue(tx, held, ours, stored.entry.hlc[0])
    return Decision(doc=doc, op=op, outcome="authorised", verdict=verdict, refused=refused)


def _enqueue(tx: Tx, held: Held, targets: Iterable[int], since_ms: int) -> None:
    if isinstance(held.document, Action):
        for at in targets:
            store.enqueue(tx.connection, new_row(held.document, held.sha, at, since_ms))


def _stand_in(tx: Tx, held: Held, targets: Iterable[int]) -> None:
    """Put the targets of a decided document whose turn has come meanwhile beside those that were ours at once."""
    _enqueue(tx, held, [at for at in targets if store.find(tx.connection, held.sha, at) is None], tx.now_ms)


def _decided_here(tx: Tx, feed: FeedSigner, kind: str, doc: str, op: str | None) -> bool:
    where = "e.feed = ? AND e.kind = ? AND s.id IS NULL"
    values: tuple[str, ...] = (feed.feed, kind)
    index = "entry_told"
    if op is not None:  # every entry about an action names it, and by that name it is found at once
        where, values, index = f"e.subj = ? AND {where}", (op, *values), ""
    return any(one.entry.pub.get("doc") == doc for one in select_entries(tx.connection, where, values, index=index))


def new_row(action: Action, doc: str, at: int, since_ms: int) -> Row:
    """The row with which a target begins."""
    target = action.targets[at]
    return Row(
        doc=doc, target=at, op=action.op, inc=action.inc, instance=target.instance, direction=action.direction,
        by_hand=target.by_hand, state="queued", attempt=0, since_ms=since_ms, decided_ms=since_ms,
    )  # fmt: skip


def own_targets(document: Document, feed: FeedSigner) -> tuple[int, ...]:
    """The targets whose first dispatcher is this machine feed."""
    if not isinstance(document, Action):
        return ()
    return tuple(at for at, target in enumerate(document.targets) if target.dispatchers[0] == feed.feed)


def stands_by(document: Document, feed: FeedSigner) -> tuple[int, ...]:
    """The targets of containment for which this feed is named, and not first."""
    if not isinstance(document, Action) or document.direction != "contain":
        return ()
    return tuple(at for at, one in enumerate(document.targets) if feed.feed in one.dispatchers[1:])


def _is_over(tx: Tx, held: Held, now_ms: int) -> str:
    document = held.document
    if not isinstance(document, Action):
        return ""
    if now_ms > max(document.execute_by, document.execute_by_unreachable or 0):
        return "Its time has passed."
    return "A later revision was authorised." if superseded(tx, held.sha) else ""


def superseded(tx: Tx, doc: str) -> bool:
    """Whether a later revision of it was authorised anywhere, by the people it needs."""
    for stored in good_entries(tx.connection, ("dispatch.authorised",)):
        try:
            other = Reading.of(tx).document(str(stored.entry.pub["doc"]))
            if isinstance(other.document, Action) and other.document.supersedes == doc:
                judge(tx.connection, by_ref(tx.rosters()), other, stored)
                return True
        except Problem:
            continue
    return False


def _after_refusal(tx: Tx, held: Held, signed: Sequence[Signed], roster: VerifiedRoster) -> str:
    """What a refused earlier revision asks of this one: of containment two others, of giving back a new action."""
    action = held.document
    refusers: set[str] = set()
    before = action.supersedes if isinstance(action, Action) else None
    while before is not None:
        carried = [one for one in good_entries(tx.connection, CARRIERS) if one.entry.pub.get("doc") == before]
        proven = (one.record for _, one in proven_records(carried, roster))
        refusers |= {one.person for one in proven if one.decision == "refuse"}
        try:
            document = read_document(tx.connection, before).document
        except Problem:
            break
        before = document.supersedes if isinstance(document, Action) else None
    if not refusers or not isinstance(action, Action):
        return ""
    if action.direction == "restore":
        return "It was refused, and that ends giving back by this action. Propose a new one."
    others = {one.record.person for one in signed if one.record.decision == "approve"} - refusers
    return "" if len(others) >= _OTHERS else "It was refused before: two others than whoever refused it have to sign."


def _receive(
    tx: Tx, feed: FeedSigner, held: Held, roster: VerifiedRoster
) -> tuple[list[tuple[str, Signed]], tuple[str, ...]]:
    """Take in every proven approval of any feed as `approval.received` on our own; those taken in before count on."""
    found: list[tuple[str, Signed]] = []
    refused: list[str] = []
    known: set[str] = set()
    for stored in good_entries(tx.connection, ("approval.received",)):
        if stored.feed == feed.feed and stored.entry.pub.get("doc") == held.sha:
            known.add(str(stored.entry.pub["record"]))
            try:
                found.append((stored.id, prove_record(stored.entry.pub, roster, stored.entry.hlc[0])))
            except Problem as fault:
                refused.append(fault.what)
    for stored in good_entries(tx.connection, CARRIERS):
        pub = stored.entry.pub
        if pub.get("doc") != held.sha or str(pub["record"]) in known:
            continue
        try:
            prove_record(pub, roster, tx.now_ms)
        except Problem as fault:
            refused.append(fault.what)
            continue
        known.add(str(pub["record"]))
        received = _record(tx, feed, held, stored, roster)
        found.append((received.id, prove_record(received.entry.pub, roster, received.entry.hlc[0])))
    return found, tuple(refused)


def _record(tx: Tx, feed: FeedSigner, held: Held, carrier: Stored, roster: VerifiedRoster) -> Stored:
    pub: dict[str, JsonValue] = {
        "doc": held.sha, "record": carrier.entry.pub["record"], "sig": carrier.entry.pub["sig"],
        "carried_by": carrier.id,
    }  # fmt: skip
    draft = Draft("approval.received", inc=carrier.entry.inc, subj=carrier.entry.subj, pub=pub)
    return tx.append(feed, draft, roster=roster.ref)


def _not_here(held: Held, ours: tuple[int, ...]) -> str:
    """Why some of our targets cannot be dispatched from here yet."""
    if isinstance(held.document, Action):
        for at in ours:
            try:
                from_disclosures(held.document.targets[at], held.disclosed(at), held.document.direction)
            except Problem as fault:
                return fault.what
    return ""


def _decide(
    tx: Tx,
    feed: FeedSigner,
    held: Held,
    moments: Moments,
    records: list[tuple[str, Signed]],
    now_ms: int,
    kind: str,
    clock: ClockState,
) -> Stored:
    """Write down exactly what was asked: whoever evaluates the rule with this gets the same answer."""
    heads: list[JsonValue] = [[name, seq, ident] for name, seq, ident in moments.now_heads]
    ids: list[JsonValue] = [ident for ident, _ in records]
    roster = moments.roster
    pub: dict[str, JsonValue] = {
        "doc": held.sha, "records": ids, "roster": list(roster.ref), "policy": policy_of(roster), "now": now_ms,
        "clock": clock, "seen": heads, "verdict": "approved",
    }  # fmt: skip
    op: str | None = getattr(held.document, "op", None)
    inc: str | None = getattr(held.document, "inc", None)
    return tx.append(feed, Draft(kind, inc=inc, subj=op, pub=pub), roster=roster.ref)
