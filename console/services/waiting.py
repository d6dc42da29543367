"""What becomes of everything that waits when a connection comes back: said beforehand, so that nothing surprises.

It reads the record and the outbox; it sends nothing. What was shown failed or expired is never sent later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from console.domain.corrections import PENDING, QUEUED
from console.services import standing
from console.services.fates import FATES, Fate, Help, Sender, answered, fate_of, newest_at, waits
from console.services.session import Session
from console.services.standing import Standing, TargetStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One target that was not carried out. Times are wall-clock ms; `at_ms` is when it goes, where that is known.

    `goes`: as soon as its engine runs. `held`: after a visible hold, at `at_ms`. `connection`: held once its provider
    answers. `turn`: another console sends it. `back`: returns to people as soon as its provider answers. `unknown`: its
    answer was lost, and it is read back first. `again`: its people confirm it again, it lapsed within a day or changed
    meanwhile. `anew`: it has to be decided anew. `help` is the one thing that a person can do about it.
    """

    op: str
    doc: str
    target: int
    title: str
    where: str
    state: str
    fate: Fate
    at_ms: int | None
    until_ms: int
    why: str
    next_step: str
    help: Help = ""


def waiting(session: Session) -> tuple[Waiting, ...]:
    """Everything decided or lapsed that was not carried out, what goes first first."""
    everything = standing.corrections(session)
    return of(everything, session.clock.wall_ms(), senders(session, everything))


def of(everything: Sequence[Standing], now_ms: int, known: Mapping[str, Sender]) -> tuple[Waiting, ...]:
    """As `waiting`, of what was read already. `known` names the consoles that are to send, by their machine feeds."""
    later = newest_at(everything)
    found = [
        _one(one, target, now_ms, known)
        for one in everything if one.state not in ("refused", "cancelled", "superseded")
        for target in one.targets if waits(one, target, now_ms, known) and not answered(one, target, later)
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda line: (FATES.index(line.fate), line.at_ms or line.until_ms, line.title)))


def senders(session: Session, everything: Sequence[Standing]) -> Mapping[str, Sender]:
    """Who is to send what this console does not, by machine feed: only where something is under way there."""
    feeds = sorted({
        target.dispatchers[0]
        for one in everything if one.authorised_ms is not None or one.group == "pending"
        for target in one.targets
        if target.row is None and target.dispatchers and not target.by_hand and target.state in (*PENDING, *QUEUED)
    })  # fmt: skip
    if not feeds:
        return {}
    marks = ",".join("?" * len(feeds))
    with session.reader.snapshot() as connection:
        heard: dict[str, int] = dict(
            connection.execute(
                f"SELECT feed, max(received_ms) FROM entry WHERE feed IN ({marks}) GROUP BY feed",  # noqa: S608  marks
                feeds,
            ).fetchall()
        )
    consoles = {one.feed: one.console for one in session.reader.feeds()}
    whose = {
        key.console: person.person
        for person in session.roster.roster.persons for key in person.keys if key.console is not None
    }  # fmt: skip
    mine = session.settings.console
    return {
        feed: Sender(_called(session, consoles.get(feed), whose), heard.get(feed), consoles.get(feed) == mine)
        for feed in feeds
    }


def _called(session: Session, console: str | None, whose: Mapping[str, str]) -> str:
    if console == session.settings.console:
        return "this console"
    if console is not None and console in whose:
        return f"the console of {session.name_of(whose[console])}"
    return "another console" if console is None else f"console ..{console[-4:]}"


def _one(one: Standing, target: TargetStanding, now_ms: int, known: Mapping[str, Sender]) -> Waiting:
    away = target.row is not None and (target.row.outage or target.row.missed)
    until_ms = one.execute_until_ms if away and one.direction == "contain" else one.execute_by_ms
    found = fate_of(one, target, now_ms, known)
    return Waiting(
        op=one.op, doc=one.doc, target=target.index, title=f"{target.lever_title}: {target.name}",
        where=target.instance_name, state=target.state, fate=found.fate, at_ms=found.at_ms, until_ms=until_ms,
        why=found.why, next_step=_COMMANDS[found.help].format(doc=one.doc[:16]), help=found.help,
    )  # fmt: skip


_COMMANDS: Final[Mapping[Help, str]] = {
    "": "", "now": "`standdown outbox now {doc}` ends the hold.",
    "again": "`standdown outbox again {doc}` proposes it again and keeps its reason; "
             "`standdown outbox changed {doc}` says what changed.",
    "take-over": "`standdown outbox take-over {doc}` gives it to this one.",
    "cancel": "`standdown correct cancel {doc}` takes it back.",
}  # fmt: skip
