"""Assuming command: the holder is asked for a sign of life; after ten minutes without one, a qualified person may.

Everything is a signed entry that everybody sees. Who held command before may take it back (protocol.md section 6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from console.domain.assumed import ASKED, SILENCE_MS, Assumption, assumptions
from console.domain.command import ROLE_KINDS
from console.domain.errors import WrongUse
from console.domain.seen import Seen
from console.journal.seen import all_seen
from console.journal.values import Draft, Stored
from console.services import incidents
from console.services.session import Session
from console.services.standing import KINDS

RULE_WORDS: Final = {
    "kept": "as the rule wants", "not asked": "nobody had asked the holder for a sign of life",
    "too early": "before the ten minutes were over", "heard": "though the holder had written something since",
    "cannot be told": "whether the holder was asked cannot be told from what is here",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """How it stands with the holder of command: who, when somebody asked, when they were last heard after that.

    `from_ms` is when command may be assumed (null: not asked yet, or the holder answered); `why_not` says why this
    person may not now, empty where they may.
    """

    holder: str | None
    asked_ms: int | None
    heard_ms: int | None
    from_ms: int | None
    assumed_from: str | None
    why_not: str


def silence(session: Session, inc: str) -> Silence:
    """How it stands with the holder of command of an incident.

    Whoever holds it while somebody else declared it too may say so by their signature, and that settles it (0197).
    """
    line = next(one for one in incidents.list_incidents(session) if one.inc == inc)
    now, holder = session.clock.wall_ms(), line.commander
    moves = [one for one in session.reader.entries(inc, kinds=_TAKEN) if one.standing == "good"]
    taken = max((one.n for one in moves), default=0)
    told = session.reader.entries(inc, kinds=("communication",), after=taken)
    asked = next((one for one in told if one.standing == "good" and one.disclosed.get("source") == ASKED), None)
    later = [] if asked is None else session.reader.entries(inc, after=asked.n)
    heard = [one.entry.hlc[0] for one in later if one.entry.author == holder and one.standing == "good"]
    heard_ms = max(heard, default=None)
    # a clock that was set back makes nobody's ten minutes shorter
    asked_ms = None if asked is None else max(asked.entry.hlc[0], asked.received_ms)
    from_ms = None if asked_ms is None or heard_ms is not None else asked_ms + SILENCE_MS
    before = _displaced(session, inc, holder)
    return Silence(
        holder=holder, asked_ms=asked_ms, heard_ms=heard_ms, from_ms=from_ms, assumed_from=before,
        why_not="" if line.besides and holder == session.me else (
            _why_not(session, holder, from_ms, before, now, heard=heard_ms is not None)
        ),
    )  # fmt: skip


def assumed(session: Session, inc: str) -> tuple[Assumption, ...]:
    """Every time that command of an incident was assumed, and how that stands to the rule, by everybody's own times.

    Another program may have written it sooner than this one would: it counts, and it is a finding.
    """
    reader, roster = session.reader, session.roster.roster
    if not reader.entries(inc, kinds=("command.assumed",)):
        return ()
    told = all_seen(one for one in reader.entries(inc, kinds=_JUDGED) if one.standing == "good")
    # of what the asked ones wrote meanwhile only the first says something: the rest of the incident is not read
    known = {one.id for one in told}
    for one in assumptions(told, roster):
        if one.holder is not None and one.asked_ms is not None:
            heard = reader.first_by(one.holder, inc, from_ms=one.asked_ms, until_ms=one.at_ms)
            fresh = [entry for entry in all_seen(heard) if entry.id not in known]
            known |= {entry.id for entry in fresh}
            told += fresh
    return assumptions(told, roster)


def finding(session: Session, one: Assumption) -> str:
    """One assumption that was not as the rule wants, as a sentence; empty where it was."""
    if one.rule == "kept":
        return ""
    holder = session.name_of(one.holder)
    return f"{session.name_of(one.by)} assumed command from {holder}: {RULE_WORDS[one.rule]}."


_TAKEN = ("incident.declared", "command.accepted", "command.assumed")
_JUDGED = tuple(dict.fromkeys((*ROLE_KINDS, *_TAKEN, "communication")))


def _displaced(session: Session, inc: str, holder: str | None) -> str | None:
    """From whom the present holder assumed command, where nobody took it since."""
    from console.domain.command import fold_roles  # noqa: PLC0415  as small as the question

    seen = all_seen(one for one in session.reader.entries(inc, kinds=KINDS[:6]) if one.standing == "good")
    moves = sorted((one for one in seen if one.kind in _TAKEN), key=lambda one: one.hlc)
    if holder is None or not moves or moves[-1].kind != "command.assumed" or moves[-1].author != holder:
        return None

    def held_before(move: Seen) -> str | None:
        return fold_roles([one for one in seen if one.hlc < move.hlc], session.roster.roster).commander

    taken_back = len(moves) > 1 and moves[-2].kind == "command.assumed" and held_before(moves[-2]) == holder
    before = held_before(moves[-1])
    return None if taken_back or before == holder else before


def _why_not(
    session: Session, holder: str | None, from_ms: int | None, before: str | None, now: int, *, heard: bool
) -> str:
    granted = any(one.person == session.me and "commander" in one.roles for one in session.roster.roster.persons)
    name = session.name_of(holder) if holder is not None else ""
    if not granted:
        return "The roster does not let you command."
    if holder == session.me:
        return "You command it already."
    if holder is None or before == session.me:
        return ""
    if heard or from_ms is None:
        asks = f"{name} was heard since: ask them to hand it over."
        return asks if heard else f"Ask {name} for a sign of life first; ten minutes later you may."
    left_min = -((now - from_ms) // 60_000)  # a minute that was begun is left whole
    return "" if now >= from_ms else f"{name} has {left_min} min left to answer."


def ask(session: Session, inc: str) -> Stored:
    """Ask the holder of command for a sign of life: from now on ten minutes run, and they are called out.

    Raises:
        WrongUse: when nobody holds it, or one holds it oneself.
    """
    now = silence(session, inc)
    if now.holder is None:
        raise WrongUse("Nobody holds command.", "Assume it: `standdown command assume --reason ..`.")
    if now.holder == session.me:
        raise WrongUse("You command it yourself.", "Hand it over: `standdown incident hand-over`.")
    if now.from_ms is not None:
        raise WrongUse("They are asked already.", "Wait for the ten minutes, or for their answer.")
    text = f"{session.name_of(now.holder)} commands and is asked for a sign of life."
    return session.append(Draft("communication", inc, None, {}, {"text": text, "source": ASKED}))


def assume(session: Session, inc: str, reason: str) -> Stored:
    """Assume command: one signature, with the reason. The one who held it may take it back the same way, at once.

    Raises:
        WrongUse: without a reason, or while it may not be assumed.
    """
    if not reason.strip():
        raise WrongUse("Say why: everybody reads it.", "Give it with --reason.")
    now = silence(session, inc)
    if now.why_not:
        raise WrongUse(now.why_not, "Command stays where it is.")
    return session.append(Draft("command.assumed", inc, None, {}, {"reason": reason.strip()}))
