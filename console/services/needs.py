"""What needs this person now: signatures, attestations, decisions, lapses, offers of command, forks. It writes nothing.

Each need is one sentence and where to go; the most pressing come first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from console.domain.corrections import NEEDS_PEOPLE, QUEUED
from console.domain.errors import Problem
from console.domain.lists import PREFIX
from console.outbox.facts import read_document
from console.services import approvals, clocks, lodging, roster, waiting
from console.services.ahead import ahead
from console.services.clock_words import words_of
from console.services.fates import Sender, fate_of, left_lying_ms
from console.services.hand_undone import undone_by_hand
from console.services.incidents import IncidentLine
from console.services.session import Session
from console.services.standing import Standing, TargetStanding, held_roles

NeedKind = Literal["fork", "roster", "approve", "attest", "decide", "lapse", "review", "command", "declared", "clock"]
LAPSE_WARNING_MS: Final = 30 * 60_000
LYING_MS: Final = 3 * 60_000
REPORTERS: Final = frozenset({"commander", "deputy", "legal", "authority-liaison"})
_ORDER: Final = ("fork", "declared", "approve", "clock", "roster", "decide", "attest", "lapse", "command", "review")


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One thing. `doc`, `op`, `target`, `inc` say where it is done; `until_ms` when it is too late, if ever.

    `helps` says of what is to be decided which way on there is: propose it again (it fell, or was undone), or anew,
    because it reads back and does not bite; or take it over. What is "by-hand" was undone, and has no document.
    """

    kind: NeedKind
    text: str
    detail: str = ""
    inc: str | None = None
    doc: str | None = None
    op: str | None = None
    target: int | None = None
    until_ms: int | None = None
    helps: Literal["", "again", "undone", "bites", "take-over", "by-hand"] = ""


def needs(session: Session, standings: Sequence[Standing], lines: Sequence[IncidentLine]) -> tuple[Need, ...]:
    """Everything that needs this person, the most pressing first, then what lapses soonest."""
    now = session.clock.wall_ms()
    closed = {line.inc for line in lines if line.status == "closed"}
    live = [one for one in standings if one.inc not in closed]
    found: list[Need] = [
        *_forks(session),
        *_splits(session),
        *_rosters(session),
        *_documents(session, now),
        *_ahead(session, now),
        *_offers(session, lines),
        *_declared_twice(session, lines),
        *clock_needs(session, lines, now),
    ]
    found += [need for one in live if (need := _signature(session, one, now)) is not None]
    later: dict[tuple[str, str, str, str], int] = {}
    for one in live:
        for target in one.targets:
            later[_place(target)] = max(later.get(_place(target), 0), one.proposed_ms)
    found += _by_hand(session, standings, closed)
    known = waiting.senders(session, live)
    for one in live:
        found += _of_targets(one, later, now)
        found += _lying(one, known, now)
        if one.group == "in force" and one.review_by_ms is not None and one.review_by_ms - now < LAPSE_WARNING_MS:
            found.append(Need(kind="review", text=f"Review: {one.title}", detail="Its review time has come.",
                              inc=one.inc, doc=one.doc, op=one.op, until_ms=one.review_by_ms))  # fmt: skip
    return tuple(sorted(found, key=lambda need: (_ORDER.index(need.kind), need.until_ms or 2**62, need.text)))


def _signature(session: Session, one: Standing, now: int) -> Need | None:
    if one.group != "pending" or one.state != "proposed" or now > one.approve_by_ms:
        return None
    try:
        with session.reader.snapshot() as connection:
            held = read_document(connection, one.doc)
        verdict = approvals.judge(session, held).verdict
    except Problem:
        return None  # parts of it are not here yet
    if session.me not in verdict.can_sign:
        return None
    detail = f"{len(verdict.counted)} signed. {' '.join(verdict.missing)}".strip()
    return Need(kind="approve", text=f"Decide: {one.title}", detail=detail, inc=one.inc, doc=one.doc, op=one.op,
                until_ms=one.approve_by_ms)  # fmt: skip


_TITLES: Final = {
    "closing.v1": "Sign the closing of the incident",
    "redaction.v1": "Decide a redaction",
    "extension.v1": "Decide an extension",
    "clock.v1": "Confirm the time of a console whose clock went back",
    "ratification.v1": "Ratify what was done by break-glass",
}


def _documents(session: Session, now: int) -> Iterable[Need]:
    """Documents other than actions that this person can still sign."""
    for proposed in session.reader.entries(kinds=("document.proposed",)):
        doc, kind = str(proposed.entry.pub.get("doc")), str(proposed.entry.pub.get("doc_type"))
        if kind not in _TITLES or proposed.standing != "good":
            continue
        try:
            with session.reader.snapshot() as connection:
                held = read_document(connection, doc)
            until = getattr(held.document, "approve_by", None)
            if until is not None and until < now:
                continue
            judged = approvals.judge(session, held)
            if session.me in judged.verdict.can_sign and not judged.authorised:
                yield Need(kind="approve", text=_TITLES[kind], inc=proposed.entry.inc, doc=doc, until_ms=until)
        except Problem:
            continue


def _ahead(session: Session, now: int) -> Iterable[Need]:
    """What was brought by hand, or came first of all: no incident here knows it yet."""
    for one in ahead(session, now):
        yield Need(kind="approve", text=one.title, detail=one.detail, doc=one.doc, until_ms=one.until_ms)


def _of_targets(one: Standing, later: dict[tuple[str, str, str, str], int], now: int) -> Iterable[Need]:
    for target in one.targets:
        what = f"{target.lever_title}: {target.name} at {target.instance_name}"
        if target.state in NEEDS_PEOPLE:
            if later.get(_place(target), 0) <= one.proposed_ms and not (target.state == "expired" and one.undoes):
                need = _about(one, target, "decide", f"{what} {_fell(target)}", target.detail, None)
                yield replace(need, helps=_helps(target))
        elif target.by_hand and target.state == "queued":
            told = "By hand; it waits for an attestation."
            yield _about(one, target, "attest", f"Say what became of: {what}", told, one.execute_until_ms)
        elif target.state in QUEUED and one.execute_until_ms - now < LAPSE_WARNING_MS:
            yield _about(one, target, "lapse", f"{what} lapses soon", target.detail, one.execute_until_ms)


def _by_hand(session: Session, standings: Sequence[Standing], closed: set[str]) -> Iterable[Need]:
    """What people did by hand, and somebody undid."""
    for one in undone_by_hand(session, standings):
        if one.inc not in closed:
            yield Need(kind="decide", text=f"Done by hand: {one.name or one.selector} was undone",
                       detail=f"{one.text} {one.why}".strip(), inc=one.inc, helps="by-hand")  # fmt: skip


def _lying(one: Standing, known: Mapping[str, Sender], now: int) -> Iterable[Need]:
    """What another console was to send and says nothing of, longer than a stand-by would have needed."""
    for target in one.targets:
        if target.state not in NEEDS_PEOPLE and left_lying_ms(one, target, now, known) >= LYING_MS:
            what = f"{target.lever_title}: {target.name} at {target.instance_name}"
            detail = fate_of(one, target, now, known).why
            need = _about(one, target, "decide", f"{what} lies with a silent console", detail, one.execute_until_ms)
            yield replace(need, helps="take-over")


_FELL: Final = {
    "attention": "needs a person", "failed": "failed", "stale": "is stale", "expired": "lapsed",
    "drifted": "was undone",
}  # fmt: skip


def _fell(target: TargetStanding) -> str:
    if target.state == "attention" and target.passes:
        return "reads back and does not bite"
    return _FELL.get(target.state, f"is {target.state}")


def _helps(target: TargetStanding) -> Literal["", "again", "undone", "bites"]:
    if target.state == "attention" and target.passes:
        return "bites"
    if target.by_hand or target.state == "unknown" or target.selector.startswith(PREFIX):
        return ""
    return "undone" if target.state == "drifted" else "again"


def _about(one: Standing, target: TargetStanding, kind: NeedKind, text: str, detail: str, until_ms: int | None) -> Need:
    return Need(
        kind=kind, text=text, detail=detail, inc=one.inc, doc=one.doc, op=one.op, target=target.index, until_ms=until_ms
    )


def _place(target: TargetStanding) -> tuple[str, str, str, str]:
    return target.instance, target.surface, target.lever, target.selector


def _offers(session: Session, lines: Sequence[IncidentLine]) -> Iterable[Need]:
    """Offers of command to this person that were not answered, where somebody else still commands."""
    for line in lines:
        if line.status == "closed" or line.commander == session.me:
            continue
        offered = [
            one for one in session.reader.entries(line.inc, kinds=("command.offered",))
            if one.entry.pub.get("to") == session.me and one.standing == "good"
        ]  # fmt: skip
        answered = {
            str(name)
            for one in session.reader.entries(line.inc, kinds=("command.accepted",))
            for name in _texts(one.entry.pub.get("of"))
        }
        if offered and offered[-1].id not in answered:
            who = session.name_of(offered[-1].entry.author)
            yield Need(kind="command", text=f"{who} offers you command of {line.label}", inc=line.inc)


def _declared_twice(session: Session, lines: Sequence[IncidentLine]) -> Iterable[Need]:
    """An incident that several people declared who may command: everybody has to know who does.

    Which comes first is told by the entries' own times; when each arrived here is told beside, for one may be wrong.
    """
    for line in lines:
        if line.status == "closed" or not line.besides:
            continue
        told = sorted(
            (one for one in session.reader.entries(line.inc, kinds=("incident.declared",))
             if one.standing == "good" and one.entry.author in (line.commander, *line.besides)),
            key=lambda one: one.n,
        )  # fmt: skip
        first = list(dict.fromkeys(session.name_of(one.entry.author) for one in told))
        others = " and ".join(session.name_of(one) for one in line.besides)
        yield Need(
            kind="declared", text=f"{others} declared {line.label} too: {session.name_of(line.commander)} commands",
            detail=f"Here they arrived in this order: {', '.join(first)}. Agree who commands, and hand it over or "
            "assume it: that settles it.", inc=line.inc,
        )  # fmt: skip


def clock_needs(session: Session, lines: Sequence[IncidentLine], now: int) -> Iterable[Need]:
    """Reports that are owed and about to be too late, for whoever deals with them; of closed incidents too."""
    for line in lines:
        try:
            found = clocks.pressing(clocks.clocks_in(session, line.inc), now)
        except Problem as fault:  # a file that somebody edited stops nothing else
            yield Need(kind="clock", text="The reporting clocks cannot be told", detail=fault.what, inc=line.inc)
            return
        held = held_roles(session, line.inc) if found else {}
        if not found or not _reports(session.me, held):
            continue
        for one in found:
            told = words_of(one, now)
            how = ", provisional" if one.state == "provisional" else ""
            detail = f"{one.report.name[:1].upper()}{one.report.name[1:]}; {told.detail}{how}."
            yield Need(kind="clock", text=f"Report: {told.title} ({line.label})", detail=detail, inc=line.inc,
                       op=one.key, until_ms=one.due_ms)  # fmt: skip


def _reports(me: str, held: Mapping[str, frozenset[str]]) -> bool:
    """Whether it is this person's to report; where nobody holds such a role, it is everybody's."""
    theirs = [person for person, roles in held.items() if roles & REPORTERS]
    return not theirs or me in theirs


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _forks(session: Session) -> Iterable[Need]:
    feeds = {one.feed: one for one in session.reader.feeds()}
    for feed, seq in session.reader.forks().items():
        if feed in feeds and session.roster.is_revoked(feeds[feed].key):
            continue  # the revocation says what of it is good
        who = session.name_of(feeds[feed].author if feed in feeds else None)
        yield Need(
            kind="fork", text=f"The feed of {who} has forked at number {seq}",
            detail="Nothing that key signed after it counts. Revoke the key or find out how it came about.",
        )  # fmt: skip


def _splits(session: Session) -> Iterable[Need]:
    for split in lodging.splits(session):
        yield Need(
            kind="fork", text=f"Two rosters {split.n} were validly signed",
            detail="Consoles may follow different ones, and only containment goes on. Agree with the admins which one "
            "is meant; where it is in force, `standdown org settle` proposes the version that ends the split.",
        )  # fmt: skip


def _rosters(session: Session) -> Iterable[Need]:
    for sha, n, proposer, reason in roster.asked(session):
        why = f": {reason}" if reason else "."
        yield Need(kind="roster", text=f"Roster {n} waits for signatures ({sha[:8]})",
                   detail=f"{session.name_of(proposer)} proposes it{why}")  # fmt: skip
