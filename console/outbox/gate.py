"""What stands between a row and a call: the signed decision proven again, the rule asked again, time, the target.

It believes no row: a row that no signed decision stands for is refused, and what it claims is corrected by the chain.
What is the same for every target of a document is asked once in a transaction, and anew in the next one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from adapters.contract import Planned, ReadBack
from console.domain import shape
from console.domain.actions import Action
from console.domain.clock_doubt import WAITS, Deciding, decided_by, latest_ms, state_of, waits_while_doubtful
from console.domain.clock_doubt import Reading as Clocks
from console.domain.errors import Problem
from console.domain.forms import Head
from console.domain.overlap import Claim, InForce, covers, is_limit, same, strictest, value_of
from console.domain.profile import JsonValue
from console.domain.quorum import Facts, Signed, quorum, time_confirmed
from console.journal.envelope import verify_entry
from console.journal.rows import select_entries
from console.journal.tx import Tx
from console.journal.values import FeedSigner, Stored
from console.keys import canon
from console.keys.sshsig import Verifier
from console.outbox.authorise import superseded
from console.outbox.facts import (
    CARRIERS,
    Held,
    Moments,
    good_entries,
    policy_of,
    prove_record,
    proven_records,
)
from console.outbox.item import Row, State, state_told
from console.outbox.members import Members
from console.outbox.overlap import in_force_at, lift_of, place_of
from console.outbox.reading import Reading
from console.providers.planned import from_disclosures

Pre = Literal["same", "not-laxer", "unread"]


class Unauthorised(Problem):
    """A row of the outbox for which no valid decision of this console stands; it is never sent."""

    def __init__(self, why: str) -> None:
        """`why` is one clause."""
        super().__init__(
            f"A row in the outbox is not authorised: {why}.",
            "It was not sent. Somebody or something wrote into the database; run `standdown verify`.",
        )
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A proven decision about a document: the approvals that carried it, and what its console had seen.

    `since` are both clocks when it was decided, `deciding` the same as the rule is
    asked by, `doubtful` what was written of them then.
    """

    signed: tuple[Signed, ...]
    decided_ms: int
    since: Clocks
    doubtful: bool
    deciding: Deciding
    seen: tuple[Head, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """What one target may be sent by: the document, the plan of the target, and the decision."""

    held: Held
    action: Action
    planned: Planned
    decided: Decided

    @property
    def signed(self) -> tuple[Signed, ...]:
        """The approvals that carried it."""
        return self.decided.signed

    @property
    def decided_ms(self) -> int:
        """When it was decided."""
        return self.decided.decided_ms

    @property
    def since(self) -> Clocks:
        """Both clocks when it was decided."""
        return self.decided.since


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a row may not go, and the state it ends in."""

    state: State
    kind: str
    why: str


def prove(tx: Tx, feed: FeedSigner, row: Row) -> Authority:
    """Prove the decision behind a row from signed bytes alone.

    Raises:
        Unauthorised: when there is none, or the row says otherwise than it.
        Problem: when the document is not here or not readable.
    """
    held = Reading.of(tx).document(row.doc)
    action = held.document
    if not isinstance(action, Action) or not 0 <= row.target < len(action.targets):
        raise Unauthorised("its document has no such target")
    target = action.targets[row.target]
    claimed = (row.op, row.inc, row.instance, row.direction, row.by_hand)
    if claimed != (action.op, action.inc, target.instance, action.direction, target.by_hand):
        raise Unauthorised("it differs from the signed document")
    if feed.feed not in target.dispatchers:
        raise Unauthorised("another console dispatches this target")
    place = (Decided, feed.feed, row.op, row.doc)
    decided = tx.kept.get(place)
    if not isinstance(decided, Decided):
        decided = tx.kept[place] = _decided(tx, feed, row.op, row.doc)
    planned = from_disclosures(target, held.disclosed(row.target), action.direction)
    return Authority(held=held, action=action, planned=planned, decided=decided)


def _decided(tx: Tx, feed: FeedSigner, op: str, doc: str) -> Decided:
    """The decision about a document, and every approval it counts, each by its signature."""
    decision = _decision(tx, feed, op, doc)
    roster = tx.roster()
    signed: list[Signed] = []
    for ident in _texts(decision.entry.pub["records"]):
        stored = _own(tx, feed, ident)
        if stored.entry.pub.get("doc") != doc:
            raise Unauthorised("an approval of another document was counted")
        try:
            signed.append(prove_record(stored.entry.pub, roster, stored.entry.hlc[0]))
        except Problem as fault:
            raise Unauthorised(f"an approval does not hold ({fault.what.rstrip('.')})") from None
    now = decision.entry.pub["now"]
    decided_ms = now if isinstance(now, int) else 0
    return Decided(
        signed=tuple(signed),
        decided_ms=decided_ms,
        since=Clocks(wall_ms=decided_ms, boot_ms=decision.entry.mono, boot_id=decision.entry.boot),
        doubtful=decision.entry.pub["clock"] == "doubtful",
        deciding=decided_by(decision.entry, decided_ms),
        seen=shape.heads(decision.entry.pub["seen"], "seen"),
    )


def _texts(value: JsonValue) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _decision(tx: Tx, feed: FeedSigner, op: str, doc: str) -> Stored:
    where = "e.subj = ? AND e.feed = ? AND e.kind = 'dispatch.authorised' AND s.id IS NULL"
    for stored in select_entries(tx.connection, where, (op, feed.feed)):
        if stored.entry.pub.get("doc") == doc:
            return _proven(feed, stored)
    raise Unauthorised("no decision of this console names its document")


def _own(tx: Tx, feed: FeedSigner, ident: str) -> Stored:
    found = select_entries(
        tx.connection, "e.id = ? AND e.feed = ? AND e.kind = 'approval.received'", (ident, feed.feed)
    )
    if not found:
        raise Unauthorised("an approval it counts is not in this console's record")
    return _proven(feed, found[0])


def _proven(feed: FeedSigner, stored: Stored) -> Stored:
    """The entry, its signature by this console's own key verified."""
    try:
        entry = verify_entry(stored.raw, stored.sig, Verifier(feed.signer.public, feed.namespace))
    except Problem:
        raise Unauthorised("its decision is not signed by this console") from None
    if canon.sha256_hex(stored.raw) != stored.id or entry.feed != feed.feed:
        raise Unauthorised("its decision does not stand in this console's chain")
    return stored


def told(tx: Tx, feed: FeedSigner, row: Row) -> Row:
    """The row with state and attempt as this console's own entries tell them, whatever the table says."""
    steps = Reading.of(tx).steps(row.op, row.doc, row.target)
    state, attempt = state_told([(one.kind, one.pub) for one in steps if one.feed == feed.feed])
    return row if (row.state, row.attempt) == (state, attempt) else replace(row, state=state, attempt=attempt)


def recheck(tx: Tx, authority: Authority, row: Row, now_ms: int) -> Stop | None:
    """Ask the rule again with what is known by now; None where the row may go on.

    Roles and rehearsals count as they were when it was decided; revocations, forks, cancels and refusals as they are.
    Its time ends by the wall clock or by the boot clock since it was decided, whichever is earlier.
    """
    action = authority.action
    place = (_Ruling, row.doc)
    ruling = tx.kept.get(place)
    if not isinstance(ruling, _Ruling) or ruling.about is not authority.decided:
        ruling = tx.kept[place] = _ruling(tx, authority, row.doc)
    if ruling.over is not None:
        return ruling.over
    deadline = max(action.execute_by, ruling.extended_to)
    if row.outage and action.direction == "contain":
        deadline = max(deadline, action.execute_by_unreachable or 0)
    if latest_ms(replace(tx.clocks, wall_ms=now_ms), authority.since) > deadline:
        return Stop("expired", "dispatch.expired", "Its time to be carried out has passed; it was not sent.")
    missing = ruling.missing
    if state_of(tx.clock_back_ms) == "doubtful" and waits_while_doubtful(action):
        present = Deciding(feed=authority.decided.deciding.feed, reading=replace(tx.clocks, wall_ms=now_ms))
        confirmed = ruling.by_now is not None and time_confirmed(ruling.by_now, present, now_ms)
        missing = missing if confirmed else (*missing, WAITS)
    return Stop("attention", "dispatch.attention", " ".join(dict.fromkeys(missing))) if missing else None


@dataclass(frozen=True, slots=True)
class _Ruling:
    """What the rule says of a decision by now, whichever of its targets asks and whatever time it is.

    `over` ends it, `missing` is what it lacks, until `extended_to` it may be carried out. `by_now`: what is known now.
    """

    about: Decided
    over: Stop | None
    missing: tuple[str, ...] = ()
    extended_to: int = 0
    by_now: Facts | None = None


def _ruling(tx: Tx, authority: Authority, doc: str) -> _Ruling:
    decided, roster = authority.decided, tx.roster()
    moments = Moments(tx.connection, roster, policy_of(roster))
    then = moments.below(decided.seen, doc, decided.decided_ms)
    by_now = moments.now(doc, decided.decided_ms)
    facts = replace(
        then, bad_keys=by_now.bad_keys, forked=by_now.forked, cancelled=by_now.cancelled, extended_to=by_now.extended_to
    )
    if facts.cancelled:
        why = "It was cancelled before it was sent."
        return _Ruling(decided, Stop("cancelled", "dispatch.cancelled", why))
    refusals = [one for one in good_entries(tx.connection, CARRIERS) if one.entry.pub.get("doc") == doc]
    if any(one.record.decision == "refuse" for _, one in proven_records(refusals, roster)):
        return _Ruling(decided, Stop("cancelled", "dispatch.cancelled", "It was refused before it was sent."))
    if superseded(tx, doc):
        why = "A later revision was authorised before it was sent."
        return _Ruling(decided, Stop("cancelled", "dispatch.cancelled", why))
    verdict = quorum(
        doc, authority.action, decided.signed, facts, decided.decided_ms, doubtful=decided.doubtful,
        deciding=decided.deciding,
    )  # fmt: skip
    return _Ruling(decided, None, verdict.missing, facts.extended_to or 0, by_now)


def overlap(
    tx: Tx, authority: Authority, row: Row, seen: ReadBack, members: Members | None = None
) -> Stop | Literal["stands"] | None:
    """What other corrections in force at the same place say: never is sent what is laxer than the strictest of them.

    "stands" means that nothing has to be sent: it is as strict as this and everything else in force asks for.
    """
    planned, action = authority.planned, authority.action
    reading = Reading.of(tx)
    place = in_force_at(
        tx.connection, place_of(action, row.target, planned), reading.authorised(), but=row.doc, members=members,
        steps=reading.steps_of,
    )  # fmt: skip
    if action.direction == "contain":
        return _stricter_already(planned, seen, place)
    left = place.without(lift_of(action, planned, authority.decided_ms))
    loosened = [one for one in left if not covers(planned.wanted, one.wanted)]
    at = strictest([one.wanted for one in left])
    if loosened and at is not None and covers(seen.fields, left[at].wanted) and covers(left[at].wanted, seen.fields):
        return "stands"  # it is what has to be left: of two, the laxer one is given back
    if loosened:
        why = "Another correction is in force here, and this would loosen it: a lift has to leave that one standing."
        return Stop("stale", "dispatch.stale", f"{why} It is {loosened[0].doc[:16]}.")
    alone = len({one.record.person for one in authority.signed if one.record.decision == "approve"}) == 1
    if alone and not left and _was_otherwise(planned, place.base):
        why = "Somebody had set it otherwise before it was sent: what was signed as its revert is not how it was."
        return Stop("stale", "dispatch.stale", why)
    return None


def _was_otherwise(planned: Planned, base: Claim | None) -> bool:
    """Whether what restricted it first found it stricter than it was signed, and this would not give that back."""
    if base is None or base.found is None or covers(planned.wanted, base.found):
        return False
    return not all(same(value, base.signed_pre.get(name)) for name, value in base.found.items())


def _stricter_already(planned: Planned, seen: ReadBack, place: InForce) -> Stop | Literal["stands"] | None:
    """Containment where it is stricter already: by our own correction or as its signers saw it, nothing is sent."""
    if not covers(seen.fields, planned.wanted):
        return None
    ours = any(covers(one.wanted, seen.fields) for one in place.claims)
    if ours or all(same(seen.fields.get(name), planned.pre.get(name)) for name in planned.wanted):
        return "stands"
    return Stop("stale", "dispatch.stale", "Somebody else has set it stricter meanwhile; this would loosen it.")


def compare(planned: Planned, seen: ReadBack) -> Pre | None:
    """How the target stands against the signed pre-state, in what the lever writes; None means stale."""
    if seen.verdict == "cannot-tell" or not seen.fields:
        return "unread" if planned.direction == "contain" else None
    if all(same(seen.fields.get(name), value) for name, value in planned.pre.items()):
        return "same"
    if planned.direction == "contain" and all(
        _not_laxer(seen.fields.get(name), planned.pre.get(name), wanted) for name, wanted in planned.wanted.items()
    ):
        return "not-laxer"
    return None


def changed(planned: Planned, seen: ReadBack) -> str:
    """What differs from what was signed, field by field, for people to read."""
    odd = [name for name in {**planned.pre, **seen.fields} if not same(seen.fields.get(name), planned.pre.get(name))]
    told = [
        f"{name} was {planned.pre.get(name, 'absent')}, is {seen.fields.get(name, 'absent')},"
        f" and was to become {planned.wanted.get(name, 'what it was')}"
        for name in sorted(odd) if name in planned.pre or name in planned.wanted
    ]  # fmt: skip
    return "; ".join(told) or "the provider does not say how it is"


def _not_laxer(now: str | None, pre: str | None, wanted: str) -> bool:
    """Whether writing `wanted` over `now` cannot loosen anything. In doubt it is not so."""
    if now is None:
        return False
    if same(now, wanted) or same(now, pre):
        return True
    present, after = value_of(now), value_of(wanted)
    if present is None:
        return is_limit(after)
    return is_limit(present) and is_limit(after) and after <= present
