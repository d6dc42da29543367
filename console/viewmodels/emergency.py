"""When one person has to act, on screen: what may be sent alone, what waits for ratification, who commands. No rule."""

from __future__ import annotations

from dataclasses import dataclass

from console.domain.deceit import shown
from console.domain.errors import Problem
from console.services import assumption, extension, glass
from console.services.session import Session
from console.services.standing import Standing
from console.viewmodels.times import both


@dataclass(frozen=True, slots=True)
class Choice:
    """One correction that may be meant, and why it may not be; empty where it may."""

    doc: str
    title: str
    why_not: str


@dataclass(frozen=True, slots=True)
class GlassLine:
    """One correction that was sent alone, in words; `ask`: its ratification can be asked for or signed here."""

    doc: str
    title: str
    told: str
    icon: str
    tone: str
    ask: bool


@dataclass(frozen=True, slots=True)
class CommandPage:
    """How it stands with command: a sentence, and why this person may not ask or assume; empty where they may."""

    sentence: str
    why_not_ask: str
    why_not_assume: str


def may_break(session: Session, standings: tuple[Standing, ...]) -> tuple[Choice, ...]:
    """The waiting containments, with why one may not be sent alone. For a lane."""
    found: list[Choice] = []
    for one in standings:
        if one.group == "pending" and one.direction == "contain":
            try:
                why = glass.why_not(session, one.doc)
            except Problem as fault:
                why = fault.what
            found.append(Choice(one.doc, shown(one.title), why))
    return tuple(sorted(found, key=lambda one: bool(one.why_not)))


def may_extend(standings: tuple[Standing, ...]) -> tuple[Choice, ...]:
    """The containments that are on their way, soonest lapse first."""
    some = sorted(
        (one for one in standings if one.group == "queued" and one.direction == "contain"),
        key=lambda one: one.execute_by_ms,
    )
    return tuple(Choice(one.doc, f"{shown(one.title)}, until {both(one.execute_by_ms)}", "") for one in some)


def extend(session: Session, doc: str) -> str:
    """Ask for as much time as may be; the document to sign."""
    return extension.extend(session, doc)


def glasses(session: Session, inc: str | None) -> tuple[GlassLine, ...]:
    """What was sent alone. For a lane."""
    found: list[GlassLine] = []
    for one in glass.broken(session, inc):
        told = f"{shown(session.name_of(one.by))} alone, {both(one.at_ms)}: {shown(one.reason)}. "
        if one.state == "ratified":
            told += f"Ratified by {shown(session.name_of(one.ratified_by))}."
            icon, tone = "check", "good"
        elif one.state == "due":
            told += f"To be ratified until {both(one.until_ms)}."
            icon, tone = "hourglass", "waiting"
        else:
            told += f"OPEN FINDING: nobody ratified it until {both(one.until_ms)}."
            icon, tone = "octagon-alert", "alarm"
        found.append(GlassLine(one.doc, shown(one.title), told, icon, tone, one.state != "ratified"))
    return tuple(found)


def command(session: Session, inc: str) -> CommandPage:
    """Who commands, and whether they were asked and heard. For a lane."""
    now = assumption.silence(session, inc)
    if now.holder is None:
        return CommandPage("Nobody commands.", "There is nobody to ask.", now.why_not)
    name = shown(session.name_of(now.holder))
    told = f"{name} commands."
    if now.assumed_from is not None:
        told = f"{name} assumed command from {shown(session.name_of(now.assumed_from))}, who may take it back."
    if now.heard_ms is not None:
        told += f" Heard {both(now.heard_ms)}, after the question."
    elif now.asked_ms is not None and now.from_ms is not None:
        told += f" Asked for a sign of life {both(now.asked_ms)}; it may be assumed from {both(now.from_ms)}."
    told += "".join(f" FINDING: {shown(why)}" for one in assumption.assumed(session, inc)
                    if (why := assumption.finding(session, one)))  # fmt: skip
    asks = "You command it yourself." if now.holder == session.me else "Asked already." if now.from_ms else ""
    return CommandPage(told, asks, now.why_not)
