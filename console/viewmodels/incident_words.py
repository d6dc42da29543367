"""What the incident dialogs say and offer: severities, phases, statuses, roles, who is there, the briefing.

It writes nothing. Everything that reads does so for a lane, never for Qt's thread.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from console.domain.forms import ROLES
from console.domain.kinds import PHASES, STATUSES
from console.domain.words import role_word
from console.services import brief, standing
from console.services.session import Session
from console.services.standing import Standing

SEVERITY_MEANS: Final = {
    1: "Serious harm is happening, or may at any moment. Everybody is called.",
    2: "Serious harm is likely unless somebody acts today.",
    3: "Harm is limited, or more has to go wrong first.",
    4: "Something to be followed up; nobody is in danger.",
}
PHASE_WORDS: Final = {
    "preparation": "Preparation", "analysis": "Monitoring and analysis", "execution": "Execution",
    "recovery": "Recovery and follow-up",
}  # fmt: skip
PHASE_MEANS: Final = {
    "preparation": "Nothing has happened yet; plans, people and access are made ready.",
    "analysis": "What is it, how bad, who is reached, which correction fits?",
    "execution": "Corrections are decided, sent, and watched until they hold.",
    "recovery": "Cause, fix, re-test, staged lift, and what was learnt.",
}
STATUS_MEANS: Final = {
    "declared": "Declared; nobody has looked closer.",
    "analysing": "Being looked into.",
    "correcting": "Corrections are being decided or sent.",
    "holding": "Corrections hold; they are watched.",
    "recovering": "Corrections are being lifted step by step.",
}
SAID_STATUSES: Final = tuple(one for one in STATUSES if one in STATUS_MEANS)  # closed and reopened have their own way
INCIDENT_ROLES: Final = tuple(one for one in ROLES if one not in ("admin", "commander", "approver"))
NO_INCIDENT: Final = "No incident is chosen: choose one at the left, or declare one with Ctrl+I."
_SHOWN: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One person of the roster in one incident. `may_command`: the roster lets them."""

    person: str
    name: str
    me: bool
    may_command: bool
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Command as it was offered to this person: by whom, when (ms), with which briefing."""

    by: str
    at_ms: int
    briefing: str


def phase_word(phase: str) -> str:
    """A phase as people call it."""
    return PHASE_WORDS.get(phase, phase)


def members(session: Session, inc: str) -> tuple[Member, ...]:
    """Everybody of the roster in force, by name, with what they hold in this incident."""
    held = standing.held_roles(session, inc)
    found = [
        Member(
            person=one.person, name=session.name_of(one.person), me=one.person == session.me,
            may_command="commander" in one.roles, roles=tuple(sorted(held.get(one.person, frozenset()))),
        )
        for one in session.roster.roster.persons
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: (one.name.casefold(), one.person)))


def last_offer(session: Session, inc: str) -> Offer | None:
    """The last offer of command made to this person."""
    offers = [
        one for one in session.reader.entries(inc, kinds=("command.offered",))
        if one.entry.pub.get("to") == session.me and one.standing == "good"
    ]  # fmt: skip
    if not offers:
        return None
    last = offers[-1]
    return Offer(
        by=session.name_of(last.entry.author), at_ms=last.entry.hlc[0], briefing=str(last.disclosed.get("briefing", ""))
    )


def briefing(session: Session, inc: str) -> str:
    """A draft in the form of ICS-201 for whoever takes over: situation, objectives, actions, organisation."""
    told = brief.situation(session, inc, "internal")
    corrections = standing.corrections(session, inc)
    people = [one for one in members(session, inc) if one.roles]
    parts = [
        "1 SITUATION", *told.lines, "",
        "2 OBJECTIVES", "- ", "",
        "3 ACTIONS", *_actions(corrections), "",
        "4 ORGANISATION", *(f"- {one.name}: {', '.join(map(role_word, one.roles))}" for one in people), "",
        "5 WATCH FOR", "- ",
    ]  # fmt: skip
    return "\n".join(parts)


def _actions(corrections: Iterable[Standing]) -> list[str]:
    words = {"pending": "waits for signatures", "queued": "under way", "in force": "in force"}
    told = [f"- {one.title}: {words[one.group]} ({one.state})" for one in corrections if one.group in words]
    more = len(told) - _SHOWN
    return [*told[:_SHOWN], *([f"- and {more} more"] if more > 0 else [])] or ["- No correction is under way."]


__all__ = [
    "INCIDENT_ROLES", "NO_INCIDENT", "PHASES", "PHASE_MEANS", "PHASE_WORDS", "SAID_STATUSES",
    "SEVERITY_MEANS", "STATUS_MEANS", "Member", "Offer", "briefing", "last_offer", "members", "phase_word",
]  # fmt: skip
